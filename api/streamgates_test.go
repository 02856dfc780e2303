package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/realtime"
)

// TestNothingIsToldBehindALeaveOrABlock has members leave and block while everybody
// writes: by every way in, what they hear ends exactly there.
func TestNothingIsToldBehindALeaveOrABlock(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), noMinuteLimit)
	g := c.as("alice").start("all of us", "bob", "carol", "sid")
	ab := c.as("alice").start("the two of us", "bob")
	c.settled()
	var leavers, stayers, blocked, blockers []*ear
	for _, way := range ways {
		leavers = append(leavers, c.listenAs("carol", way, appPassword("carol"), ""))
		stayers = append(stayers, c.listenAs("sid", way, appPassword("sid"), ""))
		blocked = append(blocked, c.listenAs("bob", way, appPassword("bob"), ""))
		blockers = append(blockers, c.listenAs("alice", way, appPassword("alice"), ""))
	}
	ch := c.chatAll(map[int64][]string{g: {"alice", "bob"}, ab: {"alice", "bob"}})
	ch.going(c, g, 20)
	ch.going(c, ab, 10)
	c.as("carol").post(conv(g)+"/leave", nil).want(200)
	c.as("alice").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	ch.going(c, g, 20)
	c.as("alice").post(conv(ab)+"/read", nil).want(200) // which bob is not told
	c.as("bob").post(conv(ab)+"/read", nil).want(200)   // nor alice
	ch.stop()
	left := c.count("SELECT MAX(id) FROM wp_parley_events WHERE kind = 'conversation_left' AND conversation_id = ?", g)
	block := c.count("SELECT MAX(id) FROM wp_parley_events WHERE kind = 'conversation_blocked' AND conversation_id = ?", ab)
	end := c.as("alice").start("the end", "bob", "carol", "sid")
	over := func(f told) bool { return f.Type == "message.created" && f.Conversation == end }

	var notice int64
	for _, e := range stayers {
		e.waitFor(t, "the end", over)
		if first, last := e.messages(t, g); first != 2 || last != c.count("SELECT MAX(seq) FROM wp_parley_messages WHERE conversation_id = ?", g) {
			t.Errorf("%s heard messages %d to %d", e.name, first, last)
		}
		notice = e.frames(func(f told) bool { return f.Type == "member.left" })[0].Seq
	}
	for _, e := range leavers {
		e.waitFor(t, "the end", over)
		if first, last := e.messages(t, g); first != 2 || last != notice {
			t.Errorf("%s heard messages %d to %d, and left with %d", e.name, first, last, notice)
		}
		// The notice is the one row behind the leave, of the same transaction.
		for _, f := range e.frames(func(f told) bool { return f.Conversation == g && f.Position != "" }) {
			if at := c.position(f.Position); at > left && !(f.Type == "message.created" && f.Seq == notice) {
				t.Errorf("%s heard behind the leave: %s", e.name, f.raw)
			}
		}
	}
	written := c.count("SELECT MAX(seq) FROM wp_parley_messages WHERE conversation_id = ?", ab)
	for who, ears := range map[string][]*ear{"the blocked": blocked, "the blocker": blockers} {
		for _, e := range ears {
			e.waitFor(t, "the end", over)
			if !e.open() {
				t.Errorf("%s: the connection of %s ended", e.name, who)
			}
			if first, last := e.messages(t, ab); first != 2 || last != written {
				t.Errorf("%s heard messages %d to %d of %d", e.name, first, last, written)
			}
			for _, f := range e.frames(func(f told) bool { return f.Conversation == ab && f.Position != "" }) {
				at := c.position(f.Position)
				own := f.Member == testdb.Cast()[strings.Fields(e.name)[0]].ID
				switch {
				case who == "the blocked" && f.Type == "settings", at > block && !own && f.Type != "settings":
					t.Errorf("%s heard of the block, or behind it: %s", e.name, f.raw)
				}
			}
		}
	}
	for login, a := range ch.refused {
		a.refused(403, "jetonomy_cannot_send")
		if login != "alice" && login != "bob" {
			t.Errorf("%s was refused", login)
		}
	}
}

// TestConnectionsEndWithTheirCredentialsWhileEventsFlow ends credentials in every way, on
// every way in, while messages come in: who is shut out heard everything up to there
// without a gap, is told within a second, and nobody else notices.
func TestConnectionsEndWithTheirCredentialsWhileEventsFlow(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), noMinuteLimit)
	// Members with the password, or the session, of others: all of it is in their meta.
	c.recruit(4)
	lend := func(recruit int, from, key string) {
		c.exec(`INSERT INTO wp_usermeta (user_id, meta_key, meta_value) SELECT ?, meta_key, meta_value FROM wp_usermeta WHERE user_id = ? AND meta_key = ?`,
			1000+recruit, testdb.Cast()[from].ID, key)
	}
	for n := range 4 {
		lend(n, "bob", "_application_passwords")
	}
	byPassword := func(n int) credentials {
		h := appPassword("bob")
		h.Set("Authorization", basic(fmt.Sprintf("recruit%d", n), testdb.Cast()["bob"].AppPassword))
		return credentials{name: fmt.Sprintf("recruit%d", n), header: h}
	}
	byCookie := func(login string) credentials { return credentials{login, c.cookie(login), c.nonce(login)} }
	g := c.as("mona").start("all of us", "alice", "bob", "carol", "dave", "sid")
	recruits := c.as("mona").post("/conversations", object{"recipient_ids": []int64{testdb.Alice, 1000, 1001, 1002, 1003}, "message": "recruits"}).
		want(201).id()
	meta := func(id int64, key, value string) func() {
		return func() {
			c.exec("UPDATE wp_usermeta SET meta_value = ? WHERE user_id = ? AND meta_key = ?", value, id, key)
		}
	}
	second := strings.Repeat("s", 43) // another session's token
	sum := sha256.Sum256([]byte(second))
	other := fmt.Sprintf(`a:1:{s:64:"%s";a:2:{s:10:"expiration";i:2087802000;s:5:"login";i:1772442000;}}`, hex.EncodeToString(sum[:]))
	ban := func(id int64) func() {
		return func() {
			c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01 00:00:00')", id)
		}
	}
	c.settled()
	steps := []struct {
		what   string
		who    credentials
		change func()
		code   int
		reason string
		status int
	}{
		{"logout", byCookie("bob"), meta(testdb.Bob, "session_tokens", "a:0:{}"), 4402, "logged_out", 401},
		{"a session destroyed from elsewhere", byCookie("carol"), meta(testdb.Carol, "session_tokens", other), 4402, "logged_out", 401},
		{"a new password", byCookie("sid"), func() { c.exec("UPDATE wp_users SET user_pass = '$P$new' WHERE ID = ?", testdb.Sid) }, 4402, "logged_out", 401},
		{"sessions that are gone altogether", byCookie("dave"), func() {
			c.exec("DELETE FROM wp_usermeta WHERE user_id = ? AND meta_key = 'session_tokens'", testdb.Dave)
		}, 4402, "logged_out", 401},
		{"a revoked application password", byPassword(0), meta(1000, "_application_passwords", "a:0:{}"), 4402, "logged_out", 401},
		{"a ban", byPassword(1), ban(1001), 4403, "banned", 403},
		{"a deleted account", byPassword(2), func() { c.exec("DELETE FROM wp_users WHERE ID = 1002") }, 4402, "logged_out", 401},
	}
	ears := make([][]*ear, len(steps))
	for i, s := range steps {
		for _, way := range ways {
			ears[i] = append(ears[i], c.listenAs(s.who.name, way, s.who.header, s.who.nonce))
		}
	}
	// What does not end a connection: a new account password for who came with an
	// application password, silence, and a ban that is over.
	var stay []*ear
	for _, way := range ways {
		stay = append(stay, c.listenAs("recruit3", way, byPassword(3).header, ""), c.listenAs("mona", way, appPassword("mona"), ""))
	}
	c.exec("UPDATE wp_users SET user_pass = '$P$new' WHERE ID = 1003")
	c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (1003, 'silence', 1, '2026-01-01 00:00:00')")
	c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at, expires_at) VALUES (1003, 'global_ban', 1, '2026-01-01 00:00:00', '2026-01-02 00:00:00')")

	ch := c.chatAll(map[int64][]string{g: {"alice", "mona"}, recruits: {"alice", "mona"}})
	ch.going(c, g, 20)
	for i, s := range steps {
		begun := time.Now()
		s.change()
		for _, e := range ears[i] {
			e.ended(t, s.code, s.reason, s.status)
		}
		// Within a second on a machine that is not busy with other tests.
		if took := time.Since(begun); took > 4*time.Second {
			t.Errorf("%s: closed after %v", s.what, took)
		}
		conversation := g
		if s.who.nonce == "" {
			conversation = recruits
		}
		for _, e := range ears[i] {
			if first, last := e.messages(t, conversation); first != 2 || last < 3 {
				t.Errorf("%s, %s: heard %d to %d", s.what, e.name, first, last)
			}
		}
	}
	ch.going(c, g, 20)
	ch.stop()
	newest := c.count("SELECT MAX(seq) FROM wp_parley_messages WHERE conversation_id = ?", recruits)
	for _, e := range stay {
		e.waitFor(t, "the end", func(f told) bool { return f.Conversation == recruits && f.Seq == newest && f.Type == "message.created" })
		if first, last := e.messages(t, recruits); first != 2 || last != newest || !e.open() {
			t.Errorf("%s heard %d to %d of %d", e.name, first, last, newest)
		}
	}
	for login, a := range ch.refused {
		t.Errorf("%s could not send: %s", login, a.raw)
	}
}

// credentials are what somebody connects with.
type credentials struct {
	name   string
	header http.Header
	nonce  string
}
