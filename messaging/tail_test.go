package messaging_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
)

func TestUnreadCountIsExactAtOnceAndCached(t *testing.T) {
	h := open(t, unhurried)
	ask := func(who messaging.Actor, want int, wantCached bool) {
		t.Helper()
		n, cached, err := h.UnreadCount(t.Context(), who)
		if err != nil || n != want || cached != wantCached {
			t.Errorf("%s: %d, cached %v, %v; want %d, %v", who.Login, n, cached, err, want, wantCached)
		}
	}
	ask(bob, 0, false)
	ask(bob, 0, true)
	ab := h.direct(alice, bob)
	ask(bob, 1, false)
	ask(bob, 1, true)
	ask(alice, 0, false) // one's own do not count
	cb := h.direct(carol, bob)
	h.send(carol, cb, "more")
	ask(bob, 2, false) // conversations, not messages
	if _, err := h.SetMuted(t.Context(), bob, ab, new(true)); err != nil {
		t.Fatal(err)
	}
	ask(bob, 2, true) // the muted count
	if _, err := h.SetArchived(t.Context(), bob, ab, new(true)); err != nil {
		t.Fatal(err)
	}
	ask(bob, 1, false)
	h.read(bob, cb)
	ask(bob, 0, false)
	g := h.group(alice, bob, carol)
	ask(bob, 1, false)
	if _, err := h.Leave(t.Context(), bob, g); err != nil {
		t.Fatal(err)
	}
	ask(bob, 0, false)
	h.send(alice, ab, "back from the archive")
	ask(bob, 1, false)
}

func TestUnreadCountReadsItsIndexAlone(t *testing.T) {
	h := open(t, unhurried)
	h.direct(alice, bob)
	h.exec("ANALYZE TABLE wp_parley_participants")
	count := func() {
		if _, _, err := h.UnreadCount(t.Context(), bob); err != nil {
			t.Fatal(err)
		}
	}
	n := testdb.CountStatements(t, h.db.DB, count)
	if n.Data != 1 {
		t.Fatalf("%d statements", n.Data)
	}
	for _, step := range testdb.Explain(t, h.db.DB, n.Log[0], bob.ID) {
		if step.Key != "badge" || step.Type != "ref" || !strings.Contains(step.Extra, "Using index") {
			t.Error(step)
		}
	}
	if n := testdb.CountStatements(t, h.db.DB, count); n.Data != 0 {
		t.Errorf("%d statements for a cached count", n.Data)
	}
}

// TestUnreadCountNeverLagsBehindOnesOwnView has others ask all the time, so that
// readings begin before a change and end after it.
func TestUnreadCountNeverLagsBehindOnesOwnView(t *testing.T) {
	h := open(t, unhurried)
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range 2 {
		asking.Add(1)
		go func() {
			defer asking.Done()
			for ; ctx.Err() == nil; runtime.Gosched() {
				if _, _, err := h.UnreadCount(ctx, bob); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		}()
	}
	c := h.direct(alice, bob)
	for n := range 30 {
		if got := h.unread(bob); got != 1 {
			t.Errorf("round %d: %d after a message", n, got)
		}
		h.read(bob, c)
		if got := h.unread(bob); got != 0 {
			t.Errorf("round %d: %d after reading", n, got)
		}
		h.send(alice, c, "again")
	}
	cancel()
	asking.Wait()
}

// within waits until a condition holds on another node.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look, deadline := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func TestAnotherNodeLearnsOfChangesByItsTail(t *testing.T) {
	h := open(t, unhurried)
	early := h.direct(carol, bob)
	other := h.service(unhurried)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() { other.Tail(ctx); close(stopped) }()
	t.Cleanup(func() { cancel(); <-stopped })

	unread := func(who messaging.Actor) int {
		n, _, err := other.UnreadCount(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	finds := func(term string) int {
		page, err := other.List(ctx, bob, messaging.ListQuery{Limit: 20, Search: term})
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	total := func(who messaging.Actor) int {
		page, err := other.List(ctx, who, messaging.ListQuery{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return page.Total
	}
	within(t, "what was there", func() bool { return unread(bob) == 1 && total(bob) == 1 && finds("trip") == 0 })
	g := h.group(alice, bob, carol)
	within(t, "a new group", func() bool { return unread(bob) == 2 && total(bob) == 2 && total(alice) == 1 && finds("trip") == 1 })
	if _, err := h.Update(ctx, carol, g, messaging.Patch{Title: new("Journey")}); err != nil {
		t.Fatal(err)
	}
	within(t, "a rename", func() bool { return finds("trip") == 0 && finds("journey") == 1 })
	h.read(bob, early)
	within(t, "a reading", func() bool { return unread(bob) == 1 })
	if _, err := h.SetArchived(ctx, bob, early, new(true)); err != nil {
		t.Fatal(err)
	}
	within(t, "an archiving", func() bool { return total(bob) == 1 })
	if err := h.Purge(ctx, admin, g); err != nil {
		t.Fatal(err)
	}
	within(t, "a purge", func() bool { return unread(bob) == 0 && total(carol) == 1 && finds("journey") == 0 })
}

func TestTheTailLetsOldEventsGo(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	h.clock.pass(31 * 24 * time.Hour)
	h.send(alice, c, "a month later")
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() { h.Tail(ctx); close(stopped) }()
	t.Cleanup(func() { cancel(); <-stopped })
	var events []messaging.Event
	within(t, "pruning", func() bool {
		var err error
		if events, err = h.Events(ctx, 0, 100); err != nil {
			t.Fatal(err)
		}
		return len(events) == 2
	})
	if events[0].Kind != messaging.EventsGone || events[1].Kind != messaging.EventMessageSent || events[1].Conversation != c {
		t.Errorf("left is %+v", events)
	}
}

func TestEventsTellWhatWasDoneInOrder(t *testing.T) {
	h := open(t, unhurried)
	c := h.group(alice, bob, carol)
	h.send(bob, c, "hello")
	h.read(carol, c)
	for _, change := range []func() error{
		func() error { _, err := h.SetMuted(t.Context(), bob, c, nil); return err },
		func() error { _, err := h.SetArchived(t.Context(), bob, c, nil); return err },
		func() error { _, err := h.Leave(t.Context(), carol, c); return err },
		func() error { return h.Purge(t.Context(), admin, c) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	events, err := h.Events(t.Context(), 0, 5000)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, e := range events {
		kinds = append(kinds, string(e.Kind))
		if e.Conversation != c || e.At.IsZero() || i > 0 && e.Position <= events[i-1].Position || strings.Contains(string(e.Payload), "ello") {
			t.Errorf("event %d: %+v %s", i, e, e.Payload)
		}
	}
	if got, want := strings.Join(kinds, " "), "conversation_created message_sent message_sent conversation_read conversation_muted conversation_archived conversation_left message_sent conversation_purged"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again, err := h.Events(t.Context(), events[3].Position, 2)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(events[4:6]) {
		t.Errorf("from the middle: %v, %v", again, err)
	}
}
