package api_test

import (
	"testing"
	"time"

	"parley/internal/testdb"
)

// Whoever is connected is online for Jetonomy as well (contract 4.1).
func TestWhoIsConnectedIsOnlineOnTheSite(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	seenAt := func(login string) string {
		t.Helper()
		var at string
		if err := c.db.Get(&at, "SELECT COALESCE(MAX(CAST(last_seen_at AS CHAR)), '') FROM wp_jt_user_profiles WHERE user_id = ?",
			testdb.Cast()[login].ID); err != nil {
			t.Fatal(err)
		}
		return at
	}
	online := func(viewer, other string, want bool) {
		t.Helper()
		c.eventually(other+" is seen", func() bool {
			a := c.as(viewer).get(conv(ab)).want(200)
			for i := range a.at("participants").([]any) {
				p := a.at("participants").([]any)[i].(object)
				if p["login"] == other {
					return p["is_online"] == want
				}
			}
			return false
		})
	}
	c.exec("DELETE FROM wp_jt_user_profiles WHERE user_id = ?", testdb.Bob)
	bob := c.connect("bob", "")
	c.eventually("bob is noted, with a profile", func() bool { return seenAt("bob") == "2026-03-02 17:49:00" })
	online("alice", "bob", true)
	c.clock.advance(10 * time.Minute)
	c.eventually("bob is noted again", func() bool { return seenAt("bob") == "2026-03-02 17:59:00" })
	online("alice", "bob", true)

	// Away from the screen, but for requests.
	bob.say(object{"type": "state", "state": "away"})
	c.eventually("bob is away", func() bool { return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE state = 2") == 1 })
	c.clock.advance(10 * time.Minute)
	online("alice", "bob", false)
	if at := seenAt("bob"); at != "2026-03-02 17:59:00" {
		t.Errorf("bob is away and was seen at %s", at)
	}
	online("bob", "alice", true)
	online("alice", "bob", true)

	// Switched off, nobody is told, and nothing is noted.
	c.as("bob").patch(preferences, object{"presence": false}).want(200)
	online("alice", "bob", false)
	online("bob", "alice", false)
	before := seenAt("bob")
	bob.say(object{"type": "state", "state": "online"})
	c.clock.advance(10 * time.Minute)
	c.as("bob").get("/conversations").want(200)
	if at := seenAt("bob"); at != before {
		t.Errorf("bob hides and was seen at %s, before %s", at, before)
	}
	c.as("bob").patch(preferences, object{"presence": true}).want(200)
	c.clock.advance(time.Minute) // a minute's turn was his while he hid
	online("alice", "bob", true)

	// Between members apart by a block, neither way.
	c.as("alice").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	online("alice", "bob", false)
	online("bob", "alice", false)
	c.as("alice").post(conv(ab)+"/block", object{"blocked": false}).want(200)
	online("bob", "alice", true)
	c.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, NOW())", testdb.Bob, testdb.Alice)
	online("alice", "bob", false)
	online("bob", "alice", false)
}

// Large conversations are left out, and who had deleted one is there again when somebody
// writes.
func TestWhatIsWatched(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	g := c.as("alice").start("many of us", "bob", "carol")
	c.exec(`INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at)
		SELECT ?, seq, '2026-03-02', '2026-03-02' FROM seq_2001_to_2048`, g)
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	c.as("alice").becomes(is("bob", "online"), ab)
	alice.watches(is("bob", "online"), ab, g)
	if got := c.as("alice").there(g, ab); got != is("bob", "online") {
		t.Errorf("asked, it is %s", got)
	}
	if got := c.as("alice").there(g); got != "" {
		t.Errorf("of the large one alone, %s", got)
	}
	c.exec("UPDATE wp_parley_participants SET deleted_at = NOW(6), folder = 2 WHERE conversation_id = ? AND user_id = ?", ab, testdb.Bob)
	c.as("alice").becomes("", ab)
	alice.watches("", ab)
	bob.say(object{"type": "state", "state": "away"})
	c.as("alice").send(ab, "are you there?")
	alice.until("bob", func(f told) bool { return f.Type == "presence" && seen(t, f.Members) == is("bob", "away") })
	alice.say(object{"type": "watch", "conversations": []int64{}})
	bob.say(object{"type": "state", "state": "online"})
	c.as("alice").becomes(is("bob", "online"), ab)
	alice.seesNothing()
}
