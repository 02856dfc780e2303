package api_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/realtime"
)

func TestMessagesArriveTheMomentTheyAreSent(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	bob, carol := c.connect("bob", ""), c.connect("carol", "")
	if f := bob.expect("unread"); f.Count != 0 {
		t.Errorf("at first %s", f.raw)
	}
	ab := c.as("alice").start("hello bob", "bob")
	if f := bob.expect("conversation.created"); f.Conversation != ab || string(f.Members) != fmt.Sprint("[", testdb.Alice, ",", testdb.Bob, "]") {
		t.Errorf("created: %s", f.raw)
	}
	f := bob.expect("message.created")
	page := c.as("bob").get(messages(ab) + "?mark_read=false").want(200)
	if f.Conversation != ab || f.Seq != 1 || f.text() != "hello bob" || f.Position == "" {
		t.Errorf("message: %s", f.raw)
	}
	sameJSON(t, f.Message, page.at("data.0"))
	if f := bob.expect("unread"); f.Count != 1 {
		t.Errorf("after a message %s", f.raw)
	}

	// Everything of the inbox, on the devices of those it concerns.
	alice := c.connect("alice", "")
	c.as("bob").post(conv(ab)+"/read", nil).want(200)
	if f := alice.expect("read"); f.Member != testdb.Bob || f.Seq != 1 || f.Conversation != ab {
		t.Errorf("read: %s", f.raw)
	}
	if f := bob.until("no unread", func(f told) bool { return f.Type == "unread" && f.Count == 0 }); f.Count != 0 {
		t.Errorf("unread: %s", f.raw)
	}
	g := c.as("alice").start("the three of us", "bob", "carol")
	c.as("alice").patch(conv(g), object{"title": "Trip"}).want(200)
	if f := carol.expect("conversation.changed"); f.Conversation != g || f.Change != "title" {
		t.Errorf("renamed: %s", f.raw)
	}
	c.as("bob").post(conv(g)+"/mute", nil).want(200)
	if f := bob.expect("settings"); f.Conversation != g || f.Setting != "muted" || !f.Value {
		t.Errorf("muted: %s", f.raw)
	}
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	if f := carol.expect("member.left"); f.Conversation != g || f.Member != testdb.Bob {
		t.Errorf("left: %s", f.raw)
	}
	if f := carol.expect("message.created"); f.text() != "Bob Martinez left the conversation" {
		t.Errorf("notice: %s", f.raw)
	}
	c.as("admin").del("/wp-json/parley/v1/admin" + conv(g)).want(200)
	if f := carol.until("removed", func(f told) bool { return f.Change == "removed" }); f.Conversation != g {
		t.Errorf("removed: %s", f.raw)
	}
}

func TestNobodyHearsWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("for bob", "bob")
	g := c.as("alice").start("for both", "bob", "carol")
	last := c.as("alice").start("to carol", "carol")
	c.settled()
	begin := c.connect("carol", "").last
	sockets := map[string]*socket{"carol": c.connect("carol", ""), "bob": c.connect("bob", ""), "dave": c.connect("dave", "")}

	c.as("alice").send(ab, "one")
	c.as("alice").send(g, "two")
	c.as("bob").post(conv(ab)+"/mute", nil).want(200)
	c.as("bob").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	c.as("carol").post(conv(g)+"/leave", nil).want(200)
	c.as("alice").send(g, "three")
	c.as("bob").post(conv(g)+"/report", object{"reason": "spam", "message_id": 2}).want(201)
	c.as("alice").send(last, "the end")

	var seen []string
	for {
		f, err := sockets["carol"].next(patience)
		if err != nil {
			t.Fatal(err)
		}
		if f.Conversation == ab || f.text() == "three" {
			t.Errorf("carol was told %s", f.raw)
		}
		if f.Type == "message.created" {
			seen = append(seen, f.text())
		}
		if f.text() == "the end" {
			break
		}
	}
	if want := "[two Carol Čapková left the conversation the end]"; fmt.Sprint(seen) != want {
		t.Errorf("carol heard %v, want %s", seen, want)
	}
	// The same when she comes back later, and for somebody who is in none of it.
	again := c.connect("carol", begin)
	if f := again.expect("message.created"); f.text() != "two" {
		t.Errorf("resumed with %s", f.raw)
	}
	if f := again.expect("member.left"); f.Conversation != g {
		t.Errorf("resumed with %s", f.raw)
	}
	for _, want := range []string{"Carol Čapková left the conversation", "the end"} {
		if f := again.expect("message.created"); f.text() != want {
			t.Errorf("resumed with %s", f.raw)
		}
	}
	sockets["dave"].say(object{"type": "ping"})
	for _, want := range []string{"unread", "pong"} {
		if f, err := sockets["dave"].next(patience); err != nil || f.Type != want {
			t.Errorf("dave was told %s, %v", f.raw, err)
		}
	}
	// Alice does not learn that she is blocked; bob's other device does.
	if f := sockets["bob"].until("block", func(f told) bool { return f.Setting == "blocked" }); f.Conversation != ab || !f.Value {
		t.Errorf("bob was told %s", f.raw)
	}
	for _, f := range c.poll("alice", begin).Events {
		if f.Setting != "" || f.Type == "read" && f.Conversation == ab {
			t.Errorf("alice was told %s", f.raw)
		}
	}
}

// TestEverythingOnceInOrderOverReconnects has members send while others hang up and come
// back at random, by all three ways in. What a reader got is then compared with the
// thread.
func TestEverythingOnceInOrderOverReconnects(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()), noMinuteLimit)
	g := c.as("alice").start("begin", "bob", "carol", "sid")
	c.settled()
	begin := c.connect("sid", "").last
	const each = 60
	var senders sync.WaitGroup
	for _, login := range []string{"alice", "bob", "carol"} {
		senders.Go(func() {
			for n := range each {
				a, err := c.as(login).try("POST", messages(g), object{"content": fmt.Sprintf("%s %d", login, n)})
				if err != nil || a.status != 201 {
					t.Errorf("%s: %d, %v", login, a.status, err)
					return
				}
			}
		})
	}
	var readers sync.WaitGroup
	for _, way := range []string{"websocket", "mixed", "poll"} {
		readers.Go(func() {
			r := reader{c: c, way: way, position: begin, want: 1 + 3*each}
			if err := r.run(); err != nil {
				t.Errorf("%s: %v", way, err)
			}
		})
	}
	senders.Wait()
	readers.Wait()
}

// reader reads the messages of one conversation as sid, and checks that their sequence
// has neither a gap nor a repetition.
type reader struct {
	c        *community
	way      string
	position string
	seq      int64
	want     int64
}

func (r *reader) run() error {
	r.seq = 1
	for r.seq < r.want {
		var err error
		switch {
		case r.way == "poll" || r.way == "mixed" && rand.N(2) == 0:
			err = r.poll()
		default:
			err = r.listen()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take takes in one frame, with its position.
func (r *reader) take(f told) error {
	if f.Position != "" {
		r.position = f.Position
	}
	if f.Type == "reset" {
		return errors.New("reset")
	}
	if f.Type != "message.created" {
		return nil
	}
	if f.Seq != r.seq+1 {
		return fmt.Errorf("message %d after %d", f.Seq, r.seq)
	}
	r.seq = f.Seq
	return nil
}

// listen reads some frames from a WebSocket and hangs up.
func (r *reader) listen() error {
	s, err := r.c.dial("?since="+r.position, appPassword("sid"))
	if err != nil {
		return err
	}
	defer func() { _ = s.conn.Close() }()
	for range rand.N(20) + 1 {
		f, err := s.next(patience)
		if err != nil {
			return err
		}
		if err := r.take(f); err != nil {
			return err
		}
		if r.seq >= r.want {
			return nil
		}
	}
	return nil
}

func (r *reader) poll() error {
	a, err := r.c.tryPoll("sid", r.position, 5)
	if err != nil {
		return err
	}
	for _, f := range a.Events {
		if err := r.take(f); err != nil {
			return err
		}
	}
	r.position = a.Position
	return nil
}

func TestALongPollWakesAtOnce(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	first := c.poll("bob", "")
	if len(first.Events) != 0 || first.Unread != 1 || first.Position == "" {
		t.Fatalf("first answer: %+v", first)
	}
	done := make(chan polled)
	go func() {
		a, err := c.tryPoll("bob", first.Position, 25)
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	c.eventually("bob waits", func() bool { return c.hub.Stats().Polls == 1 })
	begun := time.Now()
	c.as("alice").send(ab, "wake up")
	a := <-done
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("woke after %v", took)
	}
	if len(a.Events) != 1 || a.Events[0].text() != "wake up" || a.Unread != 1 || a.More {
		t.Errorf("answer: %+v", a)
	}
	if a, err := c.tryPoll("bob", a.Position, 0); err != nil || len(a.Events) != 0 {
		t.Errorf("then: %+v, %v", a, err)
	}
	if c.hub.Stats().Polls != 0 {
		t.Errorf("%d polls are left", c.hub.Stats().Polls)
	}
}

func TestServerSentEventsResumeBehindTheLastEventID(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	nonce := "?_wpnonce=" + testdb.Cast()["bob"].Nonce(c.clock.Now())
	e, res := c.listen(c.cookie("bob"), nonce)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	e.event("hello")
	c.as("alice").send(ab, "one")
	if f := e.event("message.created"); f.text() != "one" {
		t.Errorf("got %s", f.raw)
	}
	_ = e.body.Close()
	c.as("alice").send(ab, "two")
	c.as("alice").send(ab, "three")
	header := c.cookie("bob")
	header.Set("Last-Event-ID", e.last)
	again, _ := c.listen(header, nonce+"&since=garbage")
	for _, want := range []string{"two", "three"} {
		if f := again.event("message.created"); f.text() != want {
			t.Errorf("got %s, want %s", f.raw, want)
		}
	}
}
