package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/schema"
	"parley/wpauth"
)

// presenceSite has 40 000 members on two nodes that are alive and one that is not, 40 000
// more who were seen, and their profiles.
func presenceSite(t *testing.T) *Store {
	t.Helper()
	db := testdb.CastSite(t)
	if _, err := schema.Up(t.Context(), db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	s := New(db, schema.Names("wp_parley_"), castTables, wpauth.Features{Jetonomy: true})
	s.mustExec(t, `INSERT INTO wp_parley_nodes (id, name, version, started_at, seen_at) VALUES
		(1, 'one', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 25 SECOND), (2, 'two', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 25 SECOND),
		(3, 'dead', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) - INTERVAL 31 SECOND), (4, 'ahead', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 HOUR)`)
	s.mustExec(t, `INSERT INTO wp_parley_presence (user_id, node_id, state) SELECT seq, 1 + seq % 3, 1 + seq % 2 FROM seq_1001_to_41000`)
	s.mustExec(t, `INSERT INTO wp_parley_last_seen (user_id, seen_at) SELECT seq, '2026-03-02 09:00:00' FROM seq_1001_to_41000`)
	s.mustExec(t, `INSERT INTO wp_jt_user_profiles (user_id, last_seen_at, created_at) SELECT seq, '2026-03-02 09:30:00', '2026-01-01' FROM seq_1001_to_41000`)
	s.mustExec(t, `INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) SELECT 1001 + seq % 5000, 2000 + seq, NOW() FROM seq_1_to_20000`)
	s.mustExec(t, `ANALYZE TABLE wp_parley_presence, wp_parley_nodes, wp_parley_last_seen, wp_jt_user_profiles, wp_jt_blocked_users`)
	return s
}

func TestStatementsOfPresence(t *testing.T) {
	s := presenceSite(t)
	plain := New(s.db, s.t, s.wp, wpauth.Features{})
	var ids []int64
	for id := int64(1001); id <= 1500; id++ {
		ids = append(ids, id)
	}
	drop, dropArgs := s.dropPresenceText(1, ids)
	for _, tt := range []struct {
		name, text string
		args       []any
		table, key string
		rows       float64
	}{
		{"presence", s.presenceText(len(ids)), anys(ids), "p", "PRIMARY", 1500},
		{"who went", drop, dropArgs, "wp_parley_presence", "PRIMARY", 1500},
		{"rows of a node", s.presenceByNodeText(), nil, "p", "node", 45_000},
		{"last seen, of profiles", s.lastSeenText(len(ids)), anys(ids), "p", "", 1500},
		{"last seen", plain.lastSeenText(len(ids)), anys(ids), "l", "PRIMARY", 1500},
		{"blocks", s.blocksByText(len(ids)), anys(ids), "b", "", 5000},
	} {
		plan := testdb.Explain(t, s.db, tt.text, tt.args...)
		found := false
		for _, step := range plan {
			if step.Table != tt.table {
				continue
			}
			found = true
			if step.Type == "ALL" || tt.key != "" && step.Key != tt.key || step.Rows > tt.rows || strings.Contains(step.Extra, "filesort") {
				t.Errorf("%s: %s", tt.name, step)
			}
		}
		if !found {
			t.Errorf("%s: %v", tt.name, plan)
		}
	}

	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	states := map[int64]int{}
	for _, id := range ids {
		states[id] = PresentAway
	}
	for name, do := range map[string]func() error{
		"reading":         func() error { _, err := s.PresenceOf(t.Context(), ids); return err },
		"reading of whom": func() error { _, err := s.LastSeen(t.Context(), ids); return err },
		"writing":         func() error { return s.WritePresence(t.Context(), 2, states) },
		"removing":        func() error { return s.DropPresence(t.Context(), 2, ids) },
		"counting":        func() error { _, err := s.PresenceByNode(t.Context()); return err },
		"noting":          func() error { return plain.SeeMembers(t.Context(), ids, at) },
		"blocks":          func() error { _, err := s.BlocksBy(t.Context(), ids); return err },
	} {
		if n := testdb.CountStatements(t, s.db, func() {
			if err := do(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}); n.Data != 1 {
			t.Errorf("%s: %d statements", name, n.Data)
		}
	}
}

func TestTheBestOfTheNodesThatAreAliveCounts(t *testing.T) {
	s := bare(t)
	ctx := t.Context()
	s.mustExec(t, `INSERT INTO wp_parley_nodes (id, name, version, started_at, seen_at) VALUES
		(1, 'one', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 25 SECOND), (2, 'two', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 25 SECOND),
		(3, 'dead', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) - INTERVAL 31 SECOND), (4, 'ahead', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 HOUR)`)
	write := func(node int64, states map[int64]int) {
		t.Helper()
		if err := s.WritePresence(ctx, node, states); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, want map[int64]int) {
		t.Helper()
		got, err := s.PresenceOf(ctx, []int64{1, 2, 3, 4, 5, 6})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	write(1, map[int64]int{1: PresentOnline, 2: PresentAway, 3: PresentAway})
	write(2, map[int64]int{1: PresentAway, 2: PresentAway, 3: PresentOnline})
	write(3, map[int64]int{3: PresentOnline, 4: PresentOnline})
	write(4, map[int64]int{5: PresentOnline})
	write(9, map[int64]int{6: PresentOnline}) // never was in the registry
	want("at first", map[int64]int{1: PresentOnline, 2: PresentAway, 3: PresentOnline})
	if err := s.DropPresence(ctx, 2, []int64{2, 3}); err != nil {
		t.Fatal(err)
	}
	want("gone from one", map[int64]int{1: PresentOnline, 2: PresentAway, 3: PresentAway})

	nodes, err := s.PresenceByNode(ctx)
	if err != nil || fmt.Sprint(nodes) != "[{1 3 true} {2 1 true} {3 2 false} {4 1 false} {9 1 false}]" {
		t.Errorf("by node %v, %v", nodes, err)
	}
	for _, n := range nodes {
		if err := s.DropNode(ctx, n.Node, true); err != nil {
			t.Error(err)
		}
	}
	if nodes, err = s.PresenceByNode(ctx); err != nil || fmt.Sprint(nodes) != "[{1 3 true} {2 1 true}]" {
		t.Errorf("after the dead were removed: %v, %v", nodes, err)
	}
	if err := s.DropNode(ctx, 1, false); err != nil {
		t.Error(err)
	}
	want("one node alone", map[int64]int{1: PresentAway})
}

func TestWhenMembersWereSeen(t *testing.T) {
	s := bare(t)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	see := func(at time.Time, ids ...int64) {
		t.Helper()
		if err := s.SeeMembers(t.Context(), ids, at); err != nil {
			t.Fatal(err)
		}
	}
	see(at, 1, 2)
	see(at.Add(59*time.Second), 2) // at most once a minute
	see(at.Add(time.Minute), 1, 3)
	got, err := s.LastSeen(t.Context(), []int64{1, 2, 3, 4})
	if err != nil || len(got) != 3 || !got[1].Equal(at.Add(time.Minute)) || !got[2].Equal(at) || !got[3].Equal(at.Add(time.Minute)) {
		t.Errorf("last seen %v, %v", got, err)
	}
}
