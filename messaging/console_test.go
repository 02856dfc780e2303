package messaging_test

import (
	"context"
	"testing"
	"time"

	"parley/messaging"
)

func TestAConversationWithoutAMessage(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	empty := func(a messaging.Actor, to ...messaging.Actor) messaging.StartResult {
		t.Helper()
		return must[messaging.StartResult](t)(h.StartEmpty(ctx, a, messaging.StartInput{Recipients: ids(to...)}))
	}
	direct := empty(alice, bob)
	if c := direct.Conversation; direct.Reused || direct.Message != 0 || c.Type != messaging.Direct || len(c.Participants) != 2 ||
		c.MessageCount != 0 || c.LastSeq != 0 || !c.LastAt.IsZero() {
		t.Errorf("got %+v, %+v", direct, c)
	}
	if again := empty(bob, alice); !again.Reused || again.Conversation.ID != direct.Conversation.ID {
		t.Errorf("the pair's conversation is not reused: %+v", again)
	}
	if group := empty(alice, bob, carol); group.Reused || group.Conversation.Type != messaging.Group {
		t.Errorf("got %+v", group)
	}
	h.check()
	if n := h.unread(bob); n != 0 {
		t.Errorf("%d unread before any message", n)
	}
	if got := h.list(bob, messaging.FilterActive); got == "" {
		t.Error("the conversation is in no list")
	}
	if n := h.number("SELECT COUNT(*) FROM wp_jt_notifications"); n != 0 {
		t.Errorf("%d bell rows without a message", n)
	}
	h.send(alice, direct.Conversation.ID, "First")
	if n := h.unread(bob); n != 1 {
		t.Errorf("%d unread after one message", n)
	}
	h.check()
	started := h.start(bob, "An answer", alice) // a member's own start finds it too
	if !started.Reused || started.Conversation.ID != direct.Conversation.ID {
		t.Errorf("got %+v", started)
	}
	h.check()
}

func TestStartEmptyHoldsTheRulesOfStarting(t *testing.T) {
	h := open(t, withLimits(func(l *messaging.Limits) { l.NewPerDay = [5]int{0, 1, 0, 0, 0} }))
	ctx := context.Background()
	empty := func(a messaging.Actor, to ...messaging.Actor) error {
		_, err := h.StartEmpty(ctx, a, messaging.StartInput{Recipients: ids(to...)})
		return err
	}
	refused(t, empty(dave, alice), messaging.TrustTooLow, trustText)
	refused(t, empty(alice, erin), messaging.OutOfScope, scopeText)
	refused(t, empty(alice, zed), messaging.CannotSend, sendText)
	refused(t, empty(alice), messaging.Invalid, "")
	refused(t, empty(alice, alice), messaging.Invalid, "")
	h.nothingWritten()
	if err := empty(alice, bob); err != nil {
		t.Fatal(err)
	}
	refused(t, empty(alice, carol), messaging.RateLimited, "")
}

func TestSimultaneousEmptyStartsMakeOneConversation(t *testing.T) {
	h := open(t)
	type outcome struct {
		r   messaging.StartResult
		err error
	}
	done := make(chan outcome)
	for i := range 8 {
		from, to := alice, bob
		if i%2 == 1 {
			from, to = bob, alice
		}
		go func() {
			r, err := h.StartEmpty(context.Background(), from, messaging.StartInput{Recipients: ids(to)})
			done <- outcome{r, err}
		}()
	}
	made := 0
	for range 8 {
		o := <-done
		if o.err != nil || o.r.Conversation.ID == 0 {
			t.Fatalf("%+v, %v", o.r, o.err)
		}
		if !o.r.Reused {
			made++
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 1 || made != 1 {
		t.Errorf("%d conversations, %d told to have made one", n, made)
	}
	h.check()
}

func TestWhatIsDoneAtTheConsoleIsWrittenDown(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	refused(t, h.Console(ctx, alice, messaging.AuditConsoleRead, bob.ID, 1), messaging.Forbidden, "")
	operator := messaging.Operator("console:root")
	if err := h.Console(ctx, operator, messaging.AuditConsoleRead, bob.ID, 7); err != nil {
		t.Fatal(err)
	}
	p := must[messaging.AuditPage](t)(h.Audit(ctx, admin, messaging.AuditQuery{Page: 1, PerPage: 5}))
	if p.Total != 2 {
		t.Fatalf("%d rows", p.Total)
	}
	if e := p.Entries[1]; e.Actor != 0 || e.ActorLogin != "console:root" || e.Action != messaging.AuditConsoleRead ||
		e.Member != bob.ID || e.Conversation != 7 {
		t.Errorf("got %+v", e)
	}
}

func TestPurgeQuietLeavesWhatIsInUse(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id := h.direct(alice, bob)
	h.clock.pass(48 * time.Hour)
	cut := h.clock.Now().Add(-24 * time.Hour)
	_, err := h.PurgeQuiet(ctx, alice, id, cut)
	refused(t, err, messaging.Forbidden, "")
	h.send(bob, id, "Still here")
	if purged, err := h.PurgeQuiet(ctx, admin, id, cut); purged || err != nil {
		t.Errorf("purged %v, %v", purged, err)
	}
	h.check()
	h.clock.pass(48 * time.Hour)
	if purged, err := h.PurgeQuiet(ctx, admin, id, h.clock.Now().Add(-24*time.Hour)); !purged || err != nil {
		t.Errorf("purged %v, %v", purged, err)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_messages"); n != 0 {
		t.Errorf("%d messages left", n)
	}
	_, err = h.PurgeQuiet(ctx, admin, id, h.clock.Now())
	refused(t, err, messaging.NotFound, "")
}
