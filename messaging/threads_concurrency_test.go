package messaging_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"parley/messaging"
)

// TestThreadsUnderParallelUse has members write, read, delete and star on both
// surfaces and in two processes at once. Nothing may be lost, and nothing may fail but
// for what the rules refuse.
func TestThreadsUnderParallelUse(t *testing.T) {
	h := open(t, unhurried)
	other := h.service(unhurried)
	id := h.thread(mona, "T", "start", alice, bob, carol).ID
	ctx := context.Background()
	var sent atomic.Int64
	allowed := func(err error) {
		switch messaging.ReasonOf(err) {
		case messaging.NotParticipant, messaging.Left:
		default:
			if err != nil {
				t.Error(err)
			}
		}
	}
	// alice never deletes, so the thread lives on.
	who := []messaging.Actor{alice, bob, carol, mona}
	together(8, func(i int) {
		s, a := h.Service, who[i%4]
		if i >= 4 {
			s = other
		}
		for n := range 12 {
			var err error
			switch (i + n) % 6 {
			case 0, 1:
				if _, err = s.ReplyThread(ctx, a, id, messaging.ThreadReply{Content: fmt.Sprint(i, n)}); err == nil {
					sent.Add(1)
				}
			case 2:
				if _, err = s.Send(ctx, a, messaging.SendInput{Conversation: id, Content: fmt.Sprint(i, n)}); err == nil {
					sent.Add(1)
				}
			case 3:
				_, err = s.UpdateThread(ctx, a, id, messaging.ThreadUpdate{Viewer: a.ID, Read: n%2 == 0, Unread: n%2 == 1})
			case 4:
				if a.ID != alice.ID {
					_, err = s.DeleteThread(ctx, a, id, messaging.ThreadDelete{Viewer: a.ID})
				}
			case 5:
				var p messaging.MessagePage
				if p, err = s.Messages(ctx, a, id, messaging.MessagesQuery{Limit: 5, MarkRead: true}); err == nil {
					_, err = s.ToggleStar(ctx, a, p.Messages[0].ID, nil)
				}
			}
			allowed(err)
		}
	})
	th := h.seen(alice, id)
	if th.MessageTotal != 1+sent.Load() || int64(len(th.Messages)) != th.MessageTotal {
		t.Errorf("%d messages, %d shown, want %d", th.MessageTotal, len(th.Messages), 1+sent.Load())
	}
	h.mark(alice, id) // may have marked it unread before anybody else wrote
	h.both(who...)
}

// TestTheLastTwoDeleteAtOnce: whoever comes last removes the thread, and a reply that
// comes between brings it back whole.
func TestTheLastTwoDeleteAtOnce(t *testing.T) {
	h := open(t, unhurried)
	ctx := context.Background()
	for range 10 {
		id := h.thread(alice, "T", "x", bob, carol).ID
		h.remove(carol, id)
		var replied atomic.Bool
		together(3, func(i int) {
			var err error
			switch i {
			case 0, 1:
				a := []messaging.Actor{alice, bob}[i]
				_, err = h.DeleteThread(ctx, a, id, messaging.ThreadDelete{Viewer: a.ID})
			case 2:
				_, err = h.ReplyThread(ctx, alice, id, messaging.ThreadReply{Content: "wait"})
				replied.Store(err == nil)
			}
			switch messaging.ReasonOf(err) {
			case messaging.NotParticipant, messaging.NotFound:
			default:
				if err != nil {
					t.Error(err)
				}
			}
		})
		if n := h.number(`SELECT COUNT(*) FROM wp_parley_conversations WHERE id = ?`, id); !replied.Load() && n != 0 {
			t.Errorf("thread %d is left by everybody and still there", id)
		}
		h.both(alice, bob, carol)
	}
}
