package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/internal/testredis"
	"parley/messaging"
	"parley/realtime"
	"parley/realtime/redis"
	"parley/wpauth"
)

// relayed makes the service one of the site's nodes. With a server hints go by Redis.
func relayed(dsn string, server *testredis.Server) option {
	return func(s *setup) {
		s.dsn = dsn
		live(realtime.DefaultLimits())(s)
		s.hub = append(s.hub, func(c *community, o *realtime.Options) {
			c.enrol(o, quick())
			if server == nil {
				return
			}
			bus, err := redis.New(redis.Options{URL: server.URL(), Channel: redis.Channel(c.site.Secret("realtime channel")),
				Silence: realtime.BusSilence})
			if err != nil {
				c.t.Fatal(err)
			}
			c.t.Cleanup(bus.Close)
			o.Relay = realtime.NewBusRelay(bus, o.Node, slog.New(slog.DiscardHandler))
		})
	}
}

// twoNodes are two services on one site that hear each other; everybody in awake is
// connected to both.
func twoNodes(t *testing.T, server *testredis.Server, awake string, options ...option) (one, two *community) {
	t.Helper()
	dsn := testdb.CastDSN(t)
	nodes := [2]*community{}
	for i := range nodes {
		nodes[i] = newCommunity(t, append([]option{noDailyLimit, noMinuteLimit, relayed(dsn, server)}, options...)...)
	}
	want := realtime.ByTable
	if server != nil {
		want = realtime.ByBus
	}
	for i, c := range nodes {
		c.connect(awake, "")
		c.patiently("the nodes know of each other", func() bool { return c.hub.Stats().Signals.Way == want })
		c.patiently("hints arrive", func() bool {
			nodes[1-i].hub.Relay.Publish(realtime.Signal{Kind: "warm"})
			return c.hub.Stats().Signals.Received > 0
		})
	}
	return nodes[0], nodes[1]
}

// hints are both ways hints take.
func hints(t *testing.T, test func(t *testing.T, server *testredis.Server)) {
	t.Run("mysql", func(t *testing.T) { t.Parallel(); test(t, nil) })
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, testredis.New(t)) })
}

func TestTwoNodesAreOneSite(t *testing.T) {
	t.Parallel()
	hints(t, func(t *testing.T, server *testredis.Server) {
		one, two := twoNodes(t, server, "erin")
		g := one.as("alice").start("the four of us", "bob", "carol", "dave")
		one.settled()
		two.settled()
		alice, bob := one.connect("alice", ""), two.connect("bob", "")
		carol, _ := two.listen(appPassword("carol"), "")
		carol.event("hello")
		stands := two.poll("dave", "").Position
		polled := make(chan polled, 1)
		go func() {
			a, err := two.tryPoll("dave", stands, 25)
			if err != nil {
				t.Error(err)
			}
			polled <- a
		}()
		two.patiently("dave waits", func() bool { return two.hub.Stats().Polls == 1 })
		alice.say(object{"type": "typing", "conversation": g})
		for name, f := range map[string]told{"bob": bob.expect("typing"), "carol": carol.event("typing")} {
			if f.Conversation != g || f.Member != testdb.Alice {
				t.Errorf("%s was told %s", name, f.raw)
			}
		}
		if a := <-polled; len(a.Events) != 1 || a.Events[0].Type != "typing" || a.Events[0].Member != testdb.Alice {
			t.Errorf("dave was told %+v", a)
		}
		// Back, by one who cannot send frames.
		two.as("carol").post("/wp-json/parley/v1/typing", object{"conversation": g}).want(200).eq("typing", true)
		if f := alice.expect("typing"); f.Member != testdb.Carol {
			t.Errorf("alice was told %s", f.raw)
		}
		// At most once in three seconds, on both nodes together.
		begun := time.Now()
		again := one.connect("carol", "")
		again.say(object{"type": "typing", "conversation": g})
		one.as("dave").post("/wp-json/parley/v1/typing", object{"conversation": g}).want(200)
		if f := bob.until("typing", func(f told) bool { return f.Type == "typing" && f.Member != testdb.Carol }); f.Member != testdb.Dave {
			t.Errorf("bob was told %s", f.raw)
		}
		if f := alice.expect("typing"); f.Member == testdb.Carol && time.Since(begun) < 2*time.Second {
			t.Errorf("alice was told once more %s", f.raw)
		}

		const many = 30
		n := 0
		talk := func(until int) {
			t.Helper()
			for ; n < until; n++ {
				sender, reader, from := one, bob, "alice"
				if n%2 == 1 {
					sender, reader, from = two, alice, "bob"
				}
				want := fmt.Sprint("message ", n)
				sender.as(from).send(g, want)
				if f := reader.until("a message from "+from, func(f told) bool { return f.Type == "message.created" && f.text() == want }); f.Seq != int64(n)+2 {
					t.Errorf("%s", f.raw)
				}
			}
		}
		talk(many / 3)
		if server != nil {
			server.Kill(t)
			talk(2 * many / 3)
			one.patiently("hints go through the database", func() bool { return one.hub.Stats().Signals.Way == realtime.ByTable })
			server.Start(t)
			for _, c := range []*community{one, two} {
				c.patiently("redis is back", func() bool { return c.hub.Stats().Signals.Way == realtime.ByBus })
			}
		}
		talk(many)
	})
}

// Nobody is told of the typing of somebody they may not hear of, whichever node either is
// on, whoever says so.
func TestTypingOnAnotherNodeIsToldToNobodyElse(t *testing.T) {
	t.Parallel()
	hints(t, func(t *testing.T, server *testredis.Server) {
		one, two := twoNodes(t, server, "erin")
		start := func(from, title string, with ...string) int64 { return one.as(from).start(title, with...) }
		plain, direct := start("alice", "plain", "bob", "carol"), start("alice", "hello", "bob")
		blocked, left := start("carol", "hello", "bob"), start("alice", "for three", "bob", "carol", "dave")
		muted, dave, sid := start("alice", "four", "bob", "dave", "carol"), start("bob", "hello", "dave"), start("bob", "hello", "sid")
		strange := start("alice", "without bob", "carol", "dave")
		two.as("bob").post(conv(direct)+"/block", object{"blocked": true}).want(200)
		one.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, '2026-01-01')", testdb.Bob, testdb.Carol)
		two.as("bob").post(conv(muted)+"/mute", nil).want(200)
		one.as("dave").post(conv(left)+"/leave", nil).want(200)
		for _, c := range []*community{one, two} {
			c.settled()
		}
		bob, there := two.connect("bob", ""), two.connect("dave", "")
		relay := one.hub.Relay

		// What other nodes say without right: a blocked one, one who left, a stranger, nonsense.
		forged := func(conversation, member int64) {
			relay.Publish(realtime.Signal{Kind: realtime.SignalTyping,
				Body: fmt.Appendf(nil, `{"conversation":%d,"member":%d,"to":[%d,%d]}`, conversation, member, testdb.Bob, testdb.Dave)})
		}
		forged(direct, testdb.Alice)
		forged(blocked, testdb.Carol)
		forged(left, testdb.Dave)
		forged(strange, testdb.Alice) // bob is not in it
		forged(strange, testdb.Bob)
		forged(plain, testdb.Erin)
		forged(1<<40, testdb.Alice)
		for _, body := range []string{`null`, `[]`, `{"conversation":"x"}`, `{"conversation":-1,"member":3}`, `"` + string(make([]byte, 0)) + `"`} {
			relay.Publish(realtime.Signal{Kind: realtime.SignalTyping, Body: []byte(body)})
		}

		// What members say themselves.
		types := func(c *community, login string, conversation int64, status int) {
			t.Helper()
			c.as(login).post("/wp-json/parley/v1/typing", object{"conversation": conversation}).want(status)
		}
		types(one, "alice", direct, 200)
		types(one, "carol", blocked, 200)
		types(one, "dave", left, 403)
		types(one, "erin", plain, 403)
		types(one, "erin", 1<<40, 404)
		types(one, "erin", 0, 400)
		one.as("sid").post("/wp-json/parley/v1/typing", object{"conversation": sid}).refused(403, "silenced")
		silenced := one.connect("sid", "")
		silenced.say(object{"type": "typing", "conversation": sid})
		silenced.say(object{"type": "ping"})
		silenced.expect("pong")
		one.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01')", testdb.Dave)
		types(one, "dave", dave, 403)
		there.ends(4403, "banned")

		// The next one bob hears of is one he may: signals keep their order.
		types(one, "alice", muted, 200)
		if f := bob.expect("typing"); f.Conversation != muted || f.Member != testdb.Alice {
			t.Errorf("bob was told %s", f.raw)
		}

		// Who switched it off is neither told nor told of.
		one.as("alice").patch("/wp-json/parley/v1/me/preferences", object{"typing": false}).want(200)
		one.as("alice").post("/wp-json/parley/v1/typing", object{"conversation": plain}).want(200).eq("typing", false)
		two.patiently("node two knows", func() bool {
			p, err := two.svc.PreferencesOf(context.Background(), []wpauth.UserID{testdb.Alice})
			return err == nil && !p[testdb.Alice].Typing
		})
		forged(plain, testdb.Alice)
		carol := two.connect("carol", "")
		two.as("bob").post("/wp-json/parley/v1/typing", object{"conversation": plain}).want(200)
		alice := one.connect("alice", "")
		fence := one.as("admin").start("a fence", "bob", "alice")
		bob.until("the fence", func(f told) bool { return f.Conversation == fence && f.Type == "message.created" })
		types(one, "admin", fence, 200)
		if f := bob.expect("typing"); f.Conversation != fence {
			t.Errorf("bob was told %s", f.raw)
		}
		alice.silent("typing")
		carol.silent("typing") // apart from bob
	})
}

// silent checks that nothing of a kind was told before the answer to a ping.
func (s *socket) silent(kind string) {
	s.t.Helper()
	s.say(object{"type": "ping"})
	if f := s.until("a pong", func(f told) bool { return f.Type == "pong" || f.Type == kind }); f.Type == kind {
		s.t.Errorf("%s was told %s", s.name, f.raw)
	}
}

func TestTheOwnerSwitchesTypingOff(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), func(s *setup) { s.off = messaging.Preferences{Typing: true} })
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	alice.say(object{"type": "typing", "conversation": ab})
	alice.silent("typing")
	c.as("alice").post("/wp-json/parley/v1/typing", object{"conversation": ab}).want(200).eq("typing", false)
	bob.silent("typing")
}

// patiently is eventually, for what nodes look for every few seconds.
func (c *community) patiently(what string, ok func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within a minute: %s", what)
		}
	}
}
