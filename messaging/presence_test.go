package messaging_test

import (
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
	"parley/wpauth"
)

// Everybody comes back at once after a restart: it is a statement for every 500.
func TestManyMembersAreWrittenDownTogether(t *testing.T) {
	h := open(t)
	node := must[*messaging.Node](t)(h.RegisterNode(t.Context(), "test", "1.2.3"))
	const crowd = 20_000
	states, ids := map[wpauth.UserID]messaging.PresenceState{}, make([]wpauth.UserID, crowd)
	for i := range ids {
		ids[i] = wpauth.UserID(100_000 + i)
		states[ids[i]] = messaging.Online
	}
	count := func(what string, most int, do func() error) {
		t.Helper()
		if n := testdb.CountStatements(t, h.db.DB, func() {
			if err := do(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}); n.Data > most {
			t.Errorf("%s: %d statements, want at most %d", what, n.Data, most)
		}
	}
	count("coming", crowd/500, func() error { return h.RecordPresence(t.Context(), node.ID(), states) })
	if n := h.number("SELECT COUNT(*) FROM wp_parley_presence WHERE state = 1"); n != crowd {
		t.Errorf("%d rows", n)
	}
	count("being looked at", 3*crowd/500, func() error {
		got, err := h.PresenceOf(t.Context(), ids)
		if len(got) != crowd || got[ids[crowd-1]].State != messaging.Online {
			t.Errorf("%d are there", len(got))
		}
		return err
	})
	count("being noted", crowd/500, func() error { return h.SeeMembers(t.Context(), ids) })
	for id := range states {
		states[id] = messaging.Offline
	}
	count("going", crowd/500, func() error { return h.RecordPresence(t.Context(), node.ID(), states) })
	if n := h.number("SELECT COUNT(*) FROM wp_parley_presence"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestErasureTakesPresenceAway(t *testing.T) {
	h := open(t)
	h.exec("INSERT INTO wp_parley_presence (user_id, node_id, state) VALUES (?, 1, 1), (?, 2, 2), (?, 1, 1)", alice.ID, alice.ID, bob.ID)
	h.exec("INSERT INTO wp_parley_last_seen (user_id, seen_at) VALUES (?, ?), (?, ?)", alice.ID, time.Now(), bob.ID, time.Now())
	must[messaging.Erasure](t)(h.Erase(t.Context(), admin, alice.ID, nil))
	if n := h.number("SELECT (SELECT COUNT(*) FROM wp_parley_presence) * 10 + (SELECT COUNT(*) FROM wp_parley_last_seen)"); n != 11 {
		t.Errorf("left are %d", n)
	}
}
