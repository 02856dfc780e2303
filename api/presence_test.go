package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
)

// quick are spans of presence for tests: nobody lingers, and what changes is told at once.
func quick() realtime.PresenceTimes {
	return realtime.PresenceTimes{Pause: 10 * time.Millisecond, Grace: time.Millisecond, PollGrace: time.Millisecond, Sweep: 50 * time.Millisecond}
}

// present makes the node one of the site's, with presence.
func present(times realtime.PresenceTimes) option {
	return func(s *setup) {
		l := realtime.DefaultLimits()
		s.realtime = &l
		s.hub = append(s.hub, func(c *community, o *realtime.Options) { c.enrol(o, times) })
	}
}

// enrol puts a node into the registry, where it stays alive until the test ends.
func (c *community) enrol(o *realtime.Options, times realtime.PresenceTimes) {
	c.t.Helper()
	node, err := c.svc.RegisterNode(context.Background(), "test", "1.2.3")
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); node.Run(ctx) }()
	c.t.Cleanup(func() { stop(); <-done })
	o.Node, o.Presence = node, times
	o.Relay = realtime.NewTableRelay(node, slog.New(slog.DiscardHandler))
}

// seen are the members of a frame or an answer, as "3 online" or "3 offline at 17:49".
func seen(t testing.TB, members json.RawMessage) string {
	t.Helper()
	var list []realtime.Present
	if err := json.Unmarshal(members, &list); err != nil {
		t.Fatalf("%s: %v", members, err)
	}
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = fmt.Sprintf("%d %s", m.Member, m.State)
		if m.LastSeen != nil {
			at, err := time.Parse(time.RFC3339, *m.LastSeen)
			if err != nil || at.Second() != 0 {
				t.Errorf("last seen %q", *m.LastSeen)
			}
			out[i] += at.Format(" at 15:04")
		}
	}
	return strings.Join(out, ", ")
}

// is is how a member is there, as seen writes it.
func is(login, state string) string { return fmt.Sprintf("%d %s", testdb.Cast()[login].ID, state) }

// watches has a socket watch conversations and checks what it is told first.
func (s *socket) watches(want string, conversations ...int64) {
	s.t.Helper()
	s.say(object{"type": "watch", "conversations": conversations})
	s.sees(want)
}

// sees reads until presence is told, and checks it.
func (s *socket) sees(want string) {
	s.t.Helper()
	if got := seen(s.t, s.expect("presence").Members); got != want {
		s.t.Fatalf("%s sees %q, want %q", s.name, got, want)
	}
}

// seesNothing checks that no presence was told so far, but what a pong overtakes.
func (s *socket) seesNothing() {
	s.t.Helper()
	s.say(object{"type": "ping"})
	s.until("a pong", func(f told) bool {
		if f.Type == "presence" {
			s.t.Errorf("%s was told %s", s.name, f.raw)
		}
		return f.Type == "pong"
	})
}

// there asks who is there.
func (cl client) there(conversations ...int64) string {
	cl.c.t.Helper()
	a := cl.get(presenceOf(conversations...)).want(200)
	var body struct{ Members json.RawMessage }
	if err := json.Unmarshal(a.raw, &body); err != nil {
		cl.c.t.Fatal(err)
	}
	return seen(cl.c.t, body.Members)
}

func presenceOf(conversations ...int64) string {
	return "/wp-json/parley/v1/presence?conversations=" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(conversations)), ","), "[]")
}

// becomes waits until somebody is seen as wanted by asking.
func (cl client) becomes(want string, conversations ...int64) {
	cl.c.t.Helper()
	cl.c.eventually("it is "+want, func() bool { return cl.there(conversations...) == want })
}

func TestMembersSeeWhoIsThere(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	g := c.as("alice").start("the three of us", "bob", "carol")
	c.settled()
	alice, dave := c.connect("alice", ""), c.connect("dave", "")
	alice.watches(is("bob", "offline")+", "+is("carol", "offline"), ab, g)

	bob := c.connect("bob", "")
	alice.sees(is("bob", "online"))
	bob.say(object{"type": "state", "state": "away"})
	alice.sees(is("bob", "away"))
	second := c.open("?state=away", appPassword("bob"))
	second.expect("hello")
	second.say(object{"type": "state", "state": "online"})
	alice.sees(is("bob", "online"))
	second.say(object{"type": "state", "state": "away"})
	alice.sees(is("bob", "away"))
	bob.say(object{"type": "state", "state": "online"})
	alice.sees(is("bob", "online"))
	_ = bob.conn.Close()
	alice.sees(is("bob", "away")) // on the other device
	_ = second.conn.Close()
	if got := seen(t, alice.expect("presence").Members); !strings.HasPrefix(got, is("bob", "offline")) {
		t.Errorf("bob went and is %s", got)
	}

	// By server-sent events and long polls as well.
	events, _ := c.listen(appPassword("carol"), "?state=away")
	alice.sees(is("carol", "away"))
	_ = events.body.Close()
	alice.expect("presence")
	done := make(chan error)
	go func() {
		_, err := c.tryPoll("carol", c.poll("carol", "").Position, 5)
		done <- err
	}()
	alice.until("carol's poll", func(f told) bool { return f.Type == "presence" && seen(t, f.Members) == is("carol", "online") })
	if got := c.as("alice").there(g); !strings.Contains(got, is("carol", "online")) {
		t.Errorf("asked, it is %s", got)
	}
	c.as("alice").send(g, "enough")
	if err := <-done; err != nil {
		t.Error(err)
	}
	dave.seesNothing()
	c.as("dave").get(presenceOf(ab)).refused(403, "jetonomy_forbidden")
	c.as("dave").get(presenceOf(ab, 4711)).refused(403, "jetonomy_forbidden")
	c.as("dave").get(presenceOf(4711)).refused(404, "jetonomy_not_found")
	c.as("dave").get("/wp-json/parley/v1/presence?conversations=x").refused(400, "rest_invalid_param")
	c.as("dave").get("/wp-json/parley/v1/presence").refused(400, "rest_missing_callback_param")
	c.as("dave").get(presenceOf(upTo(101)...)).refused(400, "rest_invalid_param")
	c.nobody().get(presenceOf(ab)).refused(401, "rest_not_logged_in")
}

// upTo are the numbers from 1.
func upTo(n int64) (out []int64) {
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

func TestWatchesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	bystander := c.connect("alice", "")
	bystander.watches(is("bob", "offline"), ab)
	for _, row := range []struct {
		frame  any
		code   int
		reason string
	}{
		{object{"type": "watch", "conversations": []int64{ab}}, 4404, "no_conversation"},
		{object{"type": "watch", "conversations": []int64{4711}}, 4404, "no_conversation"},
		{object{"type": "watch", "conversations": []int64{-1}}, 4404, "no_conversation"},
		{object{"type": "watch", "conversations": upTo(101)}, 4400, "bad_frame"},
		{object{"type": "watch", "conversations": []string{"x"}}, 4400, "bad_frame"},
		{object{"type": "watch"}, 4400, "bad_frame"},
		{object{"type": "state"}, 4400, "bad_frame"},
		{object{"type": "state", "state": "offline"}, 4400, "bad_frame"},
	} {
		dave := c.connect("dave", "")
		dave.say(row.frame)
		dave.ends(row.code, row.reason)
	}
	bystander.seesNothing()
}

// What is told is what is allowed at that moment.
func TestPresenceEndsWithWhatItRestsOn(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()), noMinuteLimit)
	alice, bob := c.as("alice"), c.as("bob")
	ab := alice.start("hello", "bob")
	g := alice.start("all of us", "bob", "carol", "dave")
	c.settled()
	watcher := c.connect("alice", "")
	watcher.watches(is("bob", "offline")+", "+is("carol", "offline")+", "+is("dave", "offline at 17:49"), ab, g)
	device := c.connect("bob", "")
	watcher.sees(is("bob", "online"))

	// Blocked in the direct thread: they are offline for each other, also in others that
	// are watched beside it, and nothing more is told.
	device.watches(is("alice", "online"), ab)
	bob.post(conv(ab)+"/block", object{"blocked": true}).want(200)
	watcher.sees(is("bob", "offline"))
	device.sees(is("alice", "offline"))
	if got := alice.there(ab); got != is("bob", "offline") {
		t.Errorf("asked, it is %s", got)
	}
	flicker := func(s *socket) {
		s.say(object{"type": "state", "state": "away"})
		c.eventually("it is written", func() bool {
			return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE state = 2 AND user_id = ?", testdb.Cast()[s.name].ID) == 1
		})
		s.say(object{"type": "state", "state": "online"})
		c.eventually("it is written", func() bool {
			return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE state = 1 AND user_id = ?", testdb.Cast()[s.name].ID) == 1
		})
	}
	flicker(device)
	carol := c.connect("carol", "")
	watcher.sees(is("carol", "online")) // and nothing of bob before that
	bob.post(conv(ab)+"/block", object{"blocked": false}).want(200)
	watcher.sees(is("bob", "online"))
	device.sees(is("alice", "online"))

	// For the whole community: within a sweep.
	c.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, NOW())", testdb.Carol, testdb.Alice)
	watcher.sees(is("carol", "offline"))
	flicker(carol)
	carol.watches(is("alice", "offline")+", "+is("bob", "online")+", "+is("dave", "offline at 17:49"), g)
	flicker(watcher)
	carol.seesNothing()
	c.exec("DELETE FROM wp_jt_blocked_users WHERE blocker_id = ?", testdb.Carol)
	watcher.sees(is("carol", "online"))
	carol.sees(is("alice", "online"))

	// Who leaves is told nothing, and nobody is told of them.
	dave := c.connect("dave", "")
	watcher.sees(is("dave", "online"))
	carol.sees(is("dave", "online"))
	dave.watches(is("alice", "online")+", "+is("bob", "online")+", "+is("carol", "online"), g)
	c.as("dave").post(conv(g)+"/leave", nil).want(200)
	dave.expect("member.left")
	watcher.expect("member.left")
	flicker(dave)
	flicker(carol)
	dave.seesNothing()
	watcher.sees(is("carol", "away"))
	watcher.sees(is("carol", "online"))

	// Banned: gone at once, and not told of anybody.
	c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01 00:00:00')", testdb.Carol)
	carol.ends(4403, "banned")
	if got := seen(t, watcher.expect("presence").Members); !strings.HasPrefix(got, is("carol", "offline")) {
		t.Errorf("carol was banned and is %s", got)
	}
	c.eventually("nothing is written of carol", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ?", testdb.Carol) == 0
	})
}

func TestPresenceIsSwitchedOff(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	c.as("alice").becomes(is("bob", "online"), ab)
	alice.watches(is("bob", "online"), ab)
	bob.watches(is("alice", "online"), ab)
	c.as("bob").patch(preferences, object{"presence": false}).want(200)
	alice.sees(is("bob", "offline")) // and never was seen
	if got := c.as("bob").there(ab); got != "" {
		t.Errorf("who switched it off is told %s", got)
	}
	c.eventually("nothing is written of bob", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ?", testdb.Bob) == 0
	})
	alice.say(object{"type": "state", "state": "away"})
	c.eventually("alice is away", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE state = 2 AND user_id = ?", testdb.Alice) == 1
	})
	bob.seesNothing()
	c.as("bob").patch(preferences, object{"presence": nil}).want(200)
	alice.sees(is("bob", "online"))
	bob.sees(is("alice", "away"))

	off := newCommunity(t, present(quick()), switchedOff(messaging.Preferences{Presence: true}))
	ab = off.as("alice").start("hello", "bob")
	off.settled()
	alice, bob = off.connect("alice", ""), off.connect("bob", "")
	alice.say(object{"type": "watch", "conversations": []int64{ab}})
	bob.say(object{"type": "state", "state": "away"})
	bob.seesNothing()
	alice.seesNothing()
	if got := off.as("alice").there(ab); got != "" {
		t.Errorf("where it is switched off, %s", got)
	}
	off.wantCount(0, "SELECT COUNT(*) FROM wp_parley_presence")
}
