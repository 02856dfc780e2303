package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
)

// acks says that everything up to a position was received, and waits until that was heard.
func (s *socket) acks(position string) {
	s.t.Helper()
	s.say(object{"type": "ack", "position": position})
	s.say(object{"type": "ping"})
	s.expect("pong")
}

// gets reads until a message comes, and acknowledges it.
func (s *socket) gets(text string) told {
	s.t.Helper()
	f := s.until(text, func(f told) bool { return f.text() == text })
	s.acks(f.Position)
	return f
}

// hears reads until the next receipt or message of somebody else comes and compares it:
// "delivered 17:2 bob", "read 17:2 bob" or a message's text.
func (s *socket) hears(want ...string) {
	s.t.Helper()
	for _, w := range want {
		f := s.until(w, func(f told) bool { return f.Type == "delivered" || f.Type == "read" || f.Type == "message.created" })
		if got := receiptOf(s.t, f); got != w {
			s.t.Fatalf("%s heard %q, want %q", s.name, got, w)
		}
	}
}

func receiptOf(t testing.TB, f told) string {
	t.Helper()
	if f.Type == "message.created" {
		return f.text()
	}
	for login, p := range testdb.Cast() {
		if p.ID == f.Member {
			var message int64
			if err := json.Unmarshal(f.Message, &message); err != nil || message == 0 {
				t.Errorf("%s names no message", f.raw)
			}
			return fmt.Sprintf("%s %d:%d %s", f.Type, f.Conversation, f.Seq, login)
		}
	}
	t.Fatalf("%s is about nobody", f.raw)
	return ""
}

func receiptsPath(id int64) string { return "/wp-json/parley/v1" + conv(id) + "/receipts" }

func TestMembersAreToldWhatArrivedAndWasRead(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("one", "bob")
	c.settled()
	alice, bob, device, dave := c.connect("alice", ""), c.connect("bob", ""), c.connect("bob", ""), c.connect("dave", "")
	delivered := func(seq int) string { return fmt.Sprintf("delivered %d:%d bob", ab, seq) }
	c.as("alice").send(ab, "two")
	two := bob.gets("two")
	alice.hears("two", delivered(2))
	last := c.as("alice").send(ab, "three")
	bob.gets("three")
	alice.hears("three", delivered(3))
	// Not once more by the other device, nothing when it goes back, and nothing by the
	// sender's own devices.
	device.gets("three")
	bob.acks(two.Position)
	alice.acks(alice.last)
	c.as("alice").send(ab, "four")
	bob.gets("four")
	alice.hears("four", delivered(4))
	four := c.as("bob").get(receiptsPath(ab)).want(200)
	if got, want := four.raw, fmt.Sprintf(`{"data":[{"member":%d,"delivered":{"seq":4,"message":%d},"read":{"seq":4,"message":%d,"at":"2026-03-02T17:49:00Z"}}]}`,
		testdb.Alice, last+1, last+1); string(got) != want {
		t.Errorf("bob sees %s, want %s", got, want)
	}
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data.0.member", testdb.Bob).eq("data.0.delivered.seq", 4).
		eq("data.0.read", object{"seq": 0, "message": 0, "at": nil})

	// What was read was delivered: that is told alone. Everybody's own devices hear it.
	c.as("alice").send(ab, "five")
	bob.until("five", func(f told) bool { return f.text() == "five" })
	c.as("bob").post(conv(ab)+"/read", nil).want(200)
	bob.acks(bob.until("read", func(f told) bool { return f.Type == "read" }).Position)
	read := fmt.Sprintf("read %d:5 bob", ab)
	alice.hears("five", read)
	device.hears("four", "five", read)
	c.as("alice").send(ab, "six")
	bob.gets("six")
	alice.hears("six", delivered(6))
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data.0.delivered.seq", 6).eq("data.0.read.seq", 5).eq("data.0.read.message", last+2)

	c.as("dave").get(receiptsPath(ab)).want(http.StatusForbidden)
	c.as("dave").get(receiptsPath(ab+1)).refused(http.StatusNotFound, "jetonomy_not_found")
	c.nobody().get(receiptsPath(ab)).refused(http.StatusUnauthorized, "rest_not_logged_in")
	dave.say(object{"type": "ping"})
	dave.until("a pong", func(f told) bool {
		if f.Conversation != 0 {
			t.Errorf("dave was told %s", f.raw)
		}
		return f.Type == "pong"
	})
}

// TestWhoComesAnewAcknowledgesWhatTheyLoaded has a device that never was connected.
func TestWhoComesAnewAcknowledgesWhatTheyLoaded(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("one", "bob")
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	bob.acks(bob.last)
	alice.hears(fmt.Sprintf("delivered %d:1 bob", ab))
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data.0.delivered.seq", 1)
}

// TestPollsAndEventStreamsAcknowledgeByComingBack has clients that cannot say anything.
func TestPollsAndEventStreamsAcknowledgeByComingBack(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	g := c.as("alice").start("one", "bob", "carol")
	c.settled()
	alice := c.connect("alice", "")
	bob, carol := c.poll("bob", "").Position, c.poll("carol", "").Position
	c.as("alice").send(g, "two")
	alice.hears("two")
	answer := c.poll("bob", bob)
	for len(answer.Events) == 0 {
		answer = c.poll("bob", answer.Position)
	}
	alice.hears(fmt.Sprintf("delivered %d:1 bob", g)) // which bob had when he asked
	c.poll("bob", answer.Position)
	alice.hears(fmt.Sprintf("delivered %d:2 bob", g))
	events, _ := c.listen(appPassword("carol"), "?since="+carol)
	events.event("message.created")
	alice.hears(fmt.Sprintf("delivered %d:1 carol", g))
	again := appPassword("carol")
	again.Set("Last-Event-ID", events.last)
	c.listen(again, "")
	alice.hears(fmt.Sprintf("delivered %d:2 carol", g))

	// A WebSocket that comes back, too, and then goes on in its own way.
	c.as("alice").send(g, "three")
	alice.hears("three")
	first := c.connect("bob", answer.Position)
	first.until("three", func(f told) bool { return f.text() == "three" })
	second := c.connect("bob", first.last)
	alice.hears(fmt.Sprintf("delivered %d:3 bob", g))
	c.as("alice").send(g, "four")
	second.gets("four")
	alice.hears("four", fmt.Sprintf("delivered %d:4 bob", g))
	// Missed, and acknowledged after coming back.
	at := second.last
	_ = second.conn.Close()
	_ = first.conn.Close()
	c.as("alice").send(g, "five")
	c.as("alice").send(g, "six")
	c.connect("bob", at).gets("six")
	alice.hears("five", "six", fmt.Sprintf("delivered %d:6 bob", g))
}

// TestReceiptsStayWithThoseWhoMaySeeThem switches them off, blocks and leaves. What must
// not be told would come before what is expected next: rounds follow one another.
func TestReceiptsStayWithThoseWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), noMinuteLimit)
	ab, g := c.as("alice").start("to bob", "bob"), c.as("alice").start("to all", "bob", "carol", "dave")
	c.settled()
	c.poll("bob", c.poll("bob", "").Position) // bob has what was sent
	c.eventually("it is recorded", func() bool { return c.count("SELECT COUNT(*) FROM wp_parley_deliveries") == 2 })
	sockets := map[string]*socket{}
	for _, login := range []string{"alice", "bob", "carol", "dave"} {
		sockets[login] = c.connect(login, "")
	}
	alice, begin := sockets["alice"], sockets["alice"].last
	seq := int64(1)
	// round has alice write to all, bob and carol receive it, bob read it, and then dave
	// receive it twice: the second time all that came before has been told.
	round := func(hears ...string) {
		t.Helper()
		seq++
		text := fmt.Sprint("message ", seq)
		c.as("alice").send(g, text)
		sockets["bob"].gets(text)
		if sockets["carol"] != nil {
			sockets["carol"].gets(text)
		}
		c.as("bob").post(conv(g)+"/read", nil).want(200)
		sockets["dave"].gets(text)
		seq++
		want := map[string]bool{}
		for _, h := range hears {
			want[h] = true
		}
		dave := fmt.Sprintf("delivered %d:%d dave", g, seq-1)
		alice.until(dave, func(f told) bool { return told1(t, f, want) == dave })
		text = fmt.Sprint("message ", seq)
		c.as("alice").send(g, text)
		sockets["dave"].gets(text)
		dave = fmt.Sprintf("delivered %d:%d dave", g, seq)
		alice.until(dave, func(f told) bool { return told1(t, f, want) == dave })
		for h, missing := range want {
			if missing {
				t.Errorf("alice was not told %q", h)
			}
		}
	}
	read := func(login string) string { return fmt.Sprintf("read %d:%d %s", g, seq+1, login) }
	delivered := func(login string) string { return fmt.Sprintf("delivered %d:%d %s", g, seq+1, login) }
	round(read("bob"), delivered("carol"))

	// Bob switches them off: nothing of him, nothing to him.
	c.as("bob").patch(preferences, object{"receipts": false}).want(200)
	sockets["bob"].expect("preferences")
	round(delivered("carol"))
	c.as("bob").get(receiptsPath(g)).want(200).eq("data", []any{})
	if ids := c.as("alice").get(receiptsPath(g)).want(200).raw; strings.Contains(string(ids), fmt.Sprintf(`"member":%d`, testdb.Bob)) {
		t.Errorf("alice sees %s", ids)
	}
	sockets["bob"].say(object{"type": "ping"})
	sockets["bob"].until("a pong", func(f told) bool {
		if f.Type == "delivered" || f.Type == "read" && f.Member != testdb.Bob {
			t.Errorf("bob was told %s", f.raw)
		}
		return f.Type == "pong"
	})
	// Nor when somebody comes back: what bob read before is his alone now.
	for _, f := range c.poll("alice", begin).Events {
		if f.Type == "read" && f.Member == testdb.Bob {
			t.Errorf("alice came back and was told %s", f.raw)
		}
	}
	own := 0
	for _, f := range c.poll("bob", begin).Events {
		if f.Type == "read" {
			own++
		}
	}
	if own != 2 {
		t.Errorf("bob's device came back and was told %d of his own read positions", own)
	}
	c.as("bob").patch(preferences, object{"receipts": nil}).want(200)
	sockets["bob"].expect("preferences")
	round(read("bob"), delivered("carol"))

	// A block of the community hides both sides everywhere, and is not noticed.
	c.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, NOW())", testdb.Bob, testdb.Alice)
	round(delivered("carol"))
	c.exec("DELETE FROM wp_jt_blocked_users")
	// Who left is not told of, whatever they say.
	carol := sockets["carol"]
	carol.acks(carol.last)
	delete(sockets, "carol")
	c.as("carol").post(conv(g)+"/leave", nil).want(200)
	carol.expect("member.left")
	seq++ // the notice
	carol.acks(carol.last)
	round(read("bob"))
	c.wantCount(0, "SELECT COUNT(*) FROM wp_parley_deliveries WHERE user_id = ?", testdb.Carol)

	// A block in the direct conversation.
	c.as("bob").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	c.as("bob").post(conv(ab)+"/read", nil).want(200)
	sockets["bob"].acks(sockets["bob"].until("read", func(f told) bool { return f.Type == "read" && f.Conversation == ab }).Position)
	round(read("bob"))
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data", []any{})

	// What a node wrote of her while she left goes when it is told of a departure.
	c.exec("INSERT INTO wp_parley_deliveries VALUES (?, ?, 1, '2026-03-02 09:00:00')", g, testdb.Carol)
	round(read("bob")) // and is not seen by anybody
	c.as("dave").post(conv(g)+"/leave", nil).want(200)
	c.eventually("it is swept up", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_deliveries WHERE conversation_id = ? AND user_id = ?", g, testdb.Carol) == 0
	})
}

// told1 names a receipt that must be one of want, or of dave; it is checked off there.
func told1(t *testing.T, f told, want map[string]bool) string {
	t.Helper()
	if f.Type != "delivered" && f.Type != "read" {
		return ""
	}
	got := receiptOf(t, f)
	_, wasRead := want[strings.Replace(got, "delivered", "read", 1)]
	if _, expected := want[got]; expected {
		want[got] = false
	} else if f.Member != testdb.Dave && !wasRead { // before it was read it was delivered
		t.Errorf("alice was told %q", got)
	}
	return got
}

func TestReceiptsAreSwitchedOffByTheOwner(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), switchedOff(messaging.Preferences{Receipts: true}))
	ab := c.as("alice").start("one", "bob")
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	c.as("alice").send(ab, "two")
	bob.gets("two")
	c.as("bob").post(conv(ab)+"/read", nil).want(200)
	bob.hears(fmt.Sprintf("read %d:2 bob", ab))
	c.connect("bob", bob.last)
	c.as("alice").send(ab, "three")
	alice.hears("two", "three")
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data", []any{})
	detail := c.as("alice").get(conv(ab)).want(200)
	for i := range 2 {
		if own := detail.num(fmt.Sprintf("participants.%d.user_id", i)) == testdb.Alice; (detail.at(fmt.Sprintf("participants.%d.last_read_at", i)) != nil) != own {
			t.Errorf("alice sees %s", detail.raw)
		}
	}
	c.wantCount(0, "SELECT COUNT(*) FROM wp_parley_deliveries")
}

func TestAcknowledgementsThatAreNone(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("one", "bob")
	c.settled()
	at := realtime.NewPositions(c.site.Secret("realtime position"))
	foreign := realtime.NewPositions(c.site.Secret("of another site"))
	for _, row := range []struct {
		ack    any
		code   int
		reason string
	}{
		{object{"type": "ack"}, 4400, "bad_frame"},
		{object{"type": "ack", "position": nil}, 4400, "bad_frame"},
		{object{"type": "ack", "position": 17}, 4400, "bad_frame"},
		{object{"type": "ack", "position": []string{at.Token(1)}}, 4400, "bad_frame"},
		{object{"type": "ack", "position": ""}, 4410, "position"},
		{object{"type": "ack", "position": "garbage"}, 4410, "position"},
		{object{"type": "ack", "position": strings.Repeat("A", 22)}, 4410, "position"},
		{object{"type": "ack", "position": strings.Repeat("A", 4000)}, 4410, "position"},
		{object{"type": "ack", "position": foreign.Token(1)}, 4410, "position"},
		{object{"type": "ack", "position": at.Token(1_000_000)}, 4410, "position"},
		{object{"type": "ack", "position": at.Token(1<<63 - 1)}, 4410, "position"},
	} {
		s := c.connect("bob", "")
		s.name = fmt.Sprint(row.ack)
		s.say(row.ack)
		s.ends(row.code, row.reason)
	}
	c.as("alice").get(receiptsPath(ab)).want(200).eq("data.0.delivered.seq", 0)
	// Again and again the same, and old ones: nothing to object to, and told once.
	alice, s := c.connect("alice", ""), c.connect("bob", "")
	for range 3 {
		s.acks(s.last)
		s.acks(at.Token(0))
	}
	alice.hears(fmt.Sprintf("delivered %d:1 bob", ab))
	c.as("alice").send(ab, "two")
	s.gets("two")
	alice.hears("two", fmt.Sprintf("delivered %d:2 bob", ab))
}

// TestReceiptsAndPreferencesOnTwoNodes has alice on one node and bob on another.
func TestReceiptsAndPreferencesOnTwoNodes(t *testing.T) {
	t.Parallel()
	dsn := testdb.CastDSN(t)
	on := func(s *setup) { s.dsn = dsn }
	first := newCommunity(t, on, present(quick()), noMinuteLimit)
	ab := first.as("alice").start("one", "bob")
	first.settled()
	second := newCommunity(t, on, present(quick()))
	second.settled()
	alice, bob, device := first.connect("alice", ""), second.connect("bob", ""), first.connect("bob", "")
	// The first node hears of the second within five seconds; until then hints are lost.
	seq := 1
	for heard := false; !heard; {
		seq++
		if seq > 60 {
			t.Fatal("the first node hears nothing of the second")
		}
		first.as("alice").send(ab, fmt.Sprint("message ", seq))
		bob.gets(fmt.Sprint("message ", seq))
		second.eventually("it is recorded", func() bool {
			return second.count("SELECT COUNT(*) FROM wp_parley_deliveries WHERE user_id = ? AND delivered_seq = ?", testdb.Bob, seq) == 1
		})
		alice.say(object{"type": "ping"})
		for {
			f := alice.until("a pong", func(f told) bool { return f.Type == "delivered" || f.Type == "pong" })
			if f.Type == "pong" {
				break
			}
			heard = heard || f.Member == testdb.Bob
		}
	}
	// Switched off at one node, it is off at the other: at once for the member's devices,
	// and for everybody with the event.
	second.as("bob").patch(preferences, object{"receipts": false}).want(200)
	device.expectPreferences(true, false, true)
	first.as("alice").get(receiptsPath(ab)).want(200).eq("data", []any{})
	second.as("bob").post(conv(ab)+"/read", nil).want(200)
	device.until("read", func(f told) bool { return f.Type == "read" && f.Member == testdb.Bob })
	first.as("bob").patch(preferences, object{"receipts": true}).want(200)
	bob.expectPreferences(true, false, true)
	bob.expectPreferences(true, true, true)
	seq++
	first.as("alice").send(ab, "the end")
	bob.gets("the end")
	alice.until("bob's receipt", func(f told) bool {
		if f.Type == "read" && f.Member == testdb.Bob {
			t.Errorf("alice was told %s", f.raw)
		}
		return f.Type == "delivered" && f.Seq == int64(seq)
	})
	first.as("alice").get(receiptsPath(ab)).want(200).eq("data.0.delivered.seq", seq)
}
