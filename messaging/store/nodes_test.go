package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/schema"
	"parley/wpauth"
)

// bare is a store on Parley's own tables alone.
func bare(t *testing.T) *Store {
	t.Helper()
	db := testdb.Open(t)
	if _, err := schema.Up(t.Context(), db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	return New(db, schema.Names("wp_parley_"), wpauth.Tables{}, wpauth.Features{})
}

func (s *Store) mustExec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestOneLookAtTheOtherNodesReadsLittle(t *testing.T) {
	s := bare(t)
	const digits = `(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
		UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`
	s.mustExec(t, `INSERT INTO wp_parley_signals (node_id, kind, body, created_at)
		SELECT a.d, 'typing', '{"conversation":1,"member":2}', UTC_TIMESTAMP(6) - INTERVAL a.d SECOND
		  FROM `+digits+` a, `+digits+` b, `+digits+` c, `+digits+` e`)
	s.mustExec(t, `INSERT INTO wp_parley_nodes (name, version, started_at, seen_at)
		SELECT 'old', '1', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) - INTERVAL 1 + a.d + 10 * b.d + 100 * c.d HOUR
		  FROM `+digits+` a, `+digits+` b, `+digits+` c`)
	s.mustExec(t, `ANALYZE TABLE wp_parley_signals, wp_parley_nodes`)
	var newest int64
	if err := s.db.Get(&newest, `SELECT MAX(id) FROM wp_parley_signals`); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		args       []any
		key        string
		rows       float64
	}{
		{"signals", s.signalsText(), []any{1, newest - 20, 500}, "PRIMARY", 40},
		{"nodes", s.otherNodesText(), []any{1}, "seen", 5},
	} {
		plan := testdb.Explain(t, s.db, tt.text, tt.args...)
		if len(plan) != 1 || plan[0].Key != tt.key || plan[0].Type != "range" || plan[0].Rows > tt.rows {
			t.Errorf("%s: %v", tt.name, plan)
		}
	}
	for name, look := range map[string]func() error{
		"signals": func() error { _, err := s.Signals(t.Context(), 1, newest-20, 500); return err },
		"nodes":   func() error { _, err := s.OtherNodes(t.Context(), 1); return err },
		"writing": func() error {
			return s.AddSignals(t.Context(), 1, []Signal{{Kind: "typing", Body: []byte("{}")}, {Kind: "presence", Body: []byte("{}")}})
		},
	} {
		n := testdb.CountStatements(t, s.db, func() {
			if err := look(); err != nil {
				t.Fatal(err)
			}
		})
		if n.Data != 1 {
			t.Errorf("%s: %d statements: %s", name, n.Data, strings.Join(n.Log, "; "))
		}
	}
}

func TestSignalsLiveForSeconds(t *testing.T) {
	s := bare(t)
	for _, kind := range []string{"typing", "presence", "delivered"} {
		if err := s.AddSignals(t.Context(), 7, []Signal{{Kind: kind, Body: []byte(`"` + kind + `"`)}}); err != nil {
			t.Fatal(err)
		}
	}
	s.mustExec(t, `UPDATE wp_parley_signals SET created_at = created_at - INTERVAL 1 MINUTE WHERE kind <> 'presence'`)
	if err := s.PruneSignals(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := s.Signals(t.Context(), 8, 0, 10)
	// The newest stays for the table's counter, however old it is.
	if err != nil || len(left) != 2 || left[0].Kind != "presence" || string(left[0].Body) != `"presence"` || left[1].Kind != "delivered" || left[1].Node != 7 {
		t.Errorf("left are %+v, %v", left, err)
	}
	if own, err := s.Signals(t.Context(), 7, 0, 10); err != nil || len(own) != 2 || len(own[0].Body) != 0 {
		t.Errorf("one's own are %+v, %v", own, err)
	}
	if last, err := s.LastSignal(t.Context()); err != nil || last != left[1].ID {
		t.Errorf("the last is %d, %v", last, err)
	}
}

func TestNodesAreAliveWhileTheyAreSeen(t *testing.T) {
	s := bare(t)
	ctx := context.Background()
	began := time.Date(2026, 3, 2, 9, 0, 0, 123000, time.UTC)
	add := func(id int64, name string) int64 {
		t.Helper()
		got, err := s.AddNode(ctx, id, name, "1.2.3", began)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	others := func(of int64, want ...int64) {
		t.Helper()
		got, err := s.OtherNodes(ctx, of)
		if err != nil || len(got) != len(want) {
			t.Fatalf("others of %d are %v, %v; want %v", of, got, err, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("others of %d are %v, want %v", of, got, want)
			}
		}
	}
	see := func(id int64, name string, want bool) {
		t.Helper()
		if known, err := s.SeeNode(ctx, id, name, began); err != nil || known != want {
			t.Errorf("%s is known: %v, %v", name, known, err)
		}
	}
	a, b := add(0, "a"), add(0, "b")
	others(a, b)
	others(b, a)
	seen := func(id int64, ago string) {
		t.Helper()
		s.mustExec(t, `UPDATE wp_parley_nodes SET seen_at = UTC_TIMESTAMP(6) - INTERVAL `+ago+` WHERE id = ?`, id)
	}
	seen(b, "31 SECOND")
	others(a)
	seen(b, "-1 HOUR") // before the clock was set back
	others(a)
	see(b, "b", true)
	others(a, b)

	// A row that vanished is written again under its id; one that became somebody else's is not taken.
	s.mustExec(t, `DELETE FROM wp_parley_nodes WHERE id = ?`, b)
	see(b, "b", false)
	if again := add(b, "b"); again != b {
		t.Errorf("b came back as %d, was %d", again, b)
	}
	see(b, "another", false)
	if c := add(b, "another"); c == b || c == a {
		t.Errorf("another node got the id %d", c)
	} else {
		others(a, b, c)
		seen(c, "61 MINUTE")
	}
	seen(b, "2 HOUR")
	s.mustExec(t, `INSERT INTO wp_parley_presence (user_id, node_id, state) VALUES (3, ?, 1)`, b)
	if err := s.PruneNodes(ctx); err != nil {
		t.Fatal(err)
	}
	var left []int64
	if err := s.db.Select(&left, `SELECT id FROM wp_parley_nodes ORDER BY id`); err != nil || len(left) != 2 || left[0] != a || left[1] != b {
		t.Errorf("left are %v, %v: b's member is still to be taken care of", left, err)
	}
}
