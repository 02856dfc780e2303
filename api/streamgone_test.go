package api_test

import (
	"testing"
	"time"

	"parley/realtime"
	"parley/wpauth"
)

// TestWhatWasLetGoUnreadIsNotPassedOver has events go that a node has not read yet, as
// happens when a clock runs a month ahead: whoever is connected there has missed them, and
// so has whoever comes to a node that starts later, however few positions there are.
func TestWhatWasLetGoUnreadIsNotPassedOver(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	c.as("alice").start("hello", "bob")
	c.settled()
	bob := c.connect("bob", "")
	begin := bob.last
	tx := c.db.MustBegin()
	tx.MustExec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', 1, 4, '{"value":true}', '2026-03-02 17:49:00' FROM seq_1_to_3`)
	var last int64
	if err := tx.Get(&last, "SELECT MAX(id) FROM wp_parley_events"); err != nil {
		t.Fatal(err)
	}
	tx.MustExec("UPDATE wp_parley_events SET kind = 'pruned' WHERE id = ?", last)
	tx.MustExec("DELETE FROM wp_parley_events WHERE id < ?", last)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	bob.ends(1001, "renew")
	c.open("?since="+begin, appPassword("bob")).expect("reset")

	id, _, err := c.site.Authenticate(t.Context(), wpauth.Credentials{Method: "GET", HTTPS: true, Header: appPassword("bob")})
	if err != nil || !id.LoggedIn() {
		t.Fatal(err)
	}
	later := c.node(realtime.DefaultLimits())
	c.eventually("a node that starts later says so, too", func() bool {
		a, err := later.Poll(t.Context(), id, begin, time.Second, false)
		return err == nil && len(a.Frames) == 1 && a.Frames[0].Type == "reset"
	})
}
