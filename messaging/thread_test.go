package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/messaging"
)

func (h *house) page(a messaging.Actor, id messaging.ConversationID, q messaging.MessagesQuery) messaging.MessagePage {
	h.t.Helper()
	return must[messaging.MessagePage](h.t)(h.Messages(context.Background(), a, id, q))
}

func plains(p messaging.MessagePage) string {
	var out []string
	for _, m := range p.Messages {
		out = append(out, m.Plain)
	}
	return strings.Join(out, " ")
}

func TestPagesOfAThread(t *testing.T) {
	h := open(t, unhurried)
	id := h.start(alice, "1", bob).Conversation.ID
	for i := 2; i <= 7; i++ {
		h.send(alice, id, fmt.Sprint(i))
		h.start(carol, "elsewhere", dave) // ids in between belong to other threads
	}
	all := h.page(bob, id, messaging.MessagesQuery{Limit: 100}).Messages
	no := func(n int) messaging.MessageID { return all[7-n].ID } // message "n"
	for _, tt := range []struct {
		name string
		q    messaging.MessagesQuery
		want string
		more bool
	}{
		{"newest first", messaging.MessagesQuery{Limit: 3}, "7 6 5", true},
		{"all", messaging.MessagesQuery{Limit: 7}, "7 6 5 4 3 2 1", false},
		{"newest page, ascending", messaging.MessagesQuery{Limit: 3, Ascending: true}, "5 6 7", true},
		{"before", messaging.MessagesQuery{Limit: 3, Before: no(5)}, "4 3 2", true},
		{"before, last page", messaging.MessagesQuery{Limit: 4, Before: no(5)}, "4 3 2 1", false},
		{"before the first", messaging.MessagesQuery{Limit: 4, Before: no(1)}, "", false},
		{"after", messaging.MessagesQuery{Limit: 2, After: no(3), FromOldest: true, Ascending: true}, "4 5", true},
		{"after, last page", messaging.MessagesQuery{Limit: 4, After: no(3), FromOldest: true, Ascending: true}, "4 5 6 7", false},
		{"after, descending", messaging.MessagesQuery{Limit: 2, After: no(3), FromOldest: true}, "5 4", true},
		{"after the last", messaging.MessagesQuery{Limit: 2, After: no(7), FromOldest: true, Ascending: true}, "", false},
		{"both", messaging.MessagesQuery{Limit: 2, After: no(2), Before: no(6)}, "5 4", true},
		{"both, all", messaging.MessagesQuery{Limit: 3, After: no(2), Before: no(6)}, "5 4 3", false},
		{"a number between ids", messaging.MessagesQuery{Limit: 2, Before: no(5) - 1}, "4 3", true},
		{"a number beyond all", messaging.MessagesQuery{Limit: 2, Before: 1 << 60}, "7 6", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := h.page(bob, id, tt.q)
			if plains(p) != tt.want || p.HasMore != tt.more || p.Total != 7 {
				t.Errorf("got %q more=%v total=%d, want %q more=%v", plains(p), p.HasMore, p.Total, tt.want, tt.more)
			}
		})
	}
	for _, q := range []messaging.MessagesQuery{{Limit: 0}, {Limit: 101}, {Limit: 1, Before: -1}, {Limit: 1, After: -1}} {
		_, err := h.Messages(context.Background(), bob, id, q)
		refused(t, err, messaging.Invalid, "")
	}
}

func TestReadingMovesOnlyForward(t *testing.T) {
	h := open(t, unhurried)
	id := h.direct(alice, bob)
	for i := range 9 {
		h.send(alice, id, fmt.Sprint(i))
	}
	other := h.direct(alice, carol)
	position := func() string {
		me := h.get(bob, id).Me
		return fmt.Sprintf("%d read, %d unread", me.LastReadSeq, me.Unread)
	}
	want := func(s string) {
		t.Helper()
		if got := position(); got != s {
			t.Errorf("got %s, want %s", got, s)
		}
		h.check()
	}
	want("0 read, 10 unread")
	all := h.page(bob, id, messaging.MessagesQuery{Limit: 100}) // without MarkRead
	want("0 read, 10 unread")
	h.get(bob, id)
	want("0 read, 10 unread")
	h.page(bob, id, messaging.MessagesQuery{Limit: 4, Before: all.Messages[5].ID, MarkRead: true})
	want("4 read, 6 unread")
	h.page(bob, id, messaging.MessagesQuery{Limit: 2, After: all.Messages[6].ID, FromOldest: true, Ascending: true, MarkRead: true})
	want("6 read, 4 unread")
	h.page(bob, id, messaging.MessagesQuery{Limit: 2, Before: all.Messages[6].ID, MarkRead: true})
	want("6 read, 4 unread")
	if h.unread(bob) != 1 {
		t.Error("the badge counts threads that are partly read")
	}
	h.page(bob, id, messaging.MessagesQuery{Limit: 1, MarkRead: true})
	want("10 read, 0 unread")
	if h.unread(bob) != 0 {
		t.Error("the badge stays")
	}
	h.send(bob, id, "My own are read")
	want("11 read, 0 unread")
	if n := h.get(alice, id).Me.Unread; n != 1 {
		t.Errorf("alice has %d unread", n)
	}
	if receipt := h.get(alice, id).Participants[1]; receipt.User != bob.ID || receipt.LastReadAt.IsZero() {
		t.Error("alice sees no receipt")
	}
	c := must[*messaging.Conversation](t)(h.MarkRead(context.Background(), alice, id))
	if c.Me.Unread != 0 || c.Me.LastReadSeq != 11 {
		t.Errorf("got %+v", c.Me)
	}
	for _, use := range []func(messaging.ConversationID) error{
		func(c messaging.ConversationID) error {
			_, err := h.MarkRead(context.Background(), bob, c)
			return err
		},
		func(c messaging.ConversationID) error {
			_, err := h.Messages(context.Background(), bob, c, messaging.MessagesQuery{Limit: 1, MarkRead: true})
			return err
		},
	} {
		refused(t, use(other), messaging.NotParticipant, "You are not a participant in this conversation.")
		refused(t, use(999), messaging.NotFound, "Conversation not found.")
		refused(t, use(0), messaging.NotFound, "")
	}
}

func TestReadingTheSameAgainWritesOnceAMinute(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	read := func() { h.page(bob, id, messaging.MessagesQuery{Limit: 30, MarkRead: true}) }
	read()
	at := h.get(bob, id).Me.LastReadAt
	if got := h.counted(read).Control; got != 0 {
		t.Errorf("%d transactions", got)
	}
	h.clock.pass(time.Minute)
	read()
	if again := h.get(bob, id).Me.LastReadAt; again.Sub(at) < time.Minute {
		t.Errorf("last read %v, then %v", at, again)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_events WHERE kind = 'conversation_read'"); n != 1 {
		t.Errorf("%d events: the position moved once", n)
	}
}

func TestMessageAndReadWithinOneMoment(t *testing.T) {
	h := open(t)
	id := h.direct(bob, alice)
	h.read(alice, id)
	for range 5 {
		h.send(bob, id, "Hi")
		if h.unread(alice) != 1 {
			t.Fatal("not unread")
		}
		h.read(alice, id)
		if h.unread(alice) != 0 {
			t.Fatal("still unread")
		}
	}
}

func TestUnreadCountsThreadsThatMatter(t *testing.T) {
	h := open(t, unhurried)
	ctx := context.Background()
	yes := true
	if h.unread(alice) != 0 {
		t.Fatal("nothing yet")
	}
	a, b, g := h.direct(bob, alice), h.direct(carol, alice), h.group(bob, alice, carol)
	for range 3 {
		h.send(bob, a, "more")
	}
	if got := h.unread(alice); got != 3 {
		t.Errorf("got %d, want 3", got)
	}
	must[*messaging.Conversation](t)(h.SetMuted(ctx, alice, a, &yes))
	if got := h.unread(alice); got != 3 {
		t.Errorf("muted threads count: got %d", got)
	}
	must[*messaging.Conversation](t)(h.SetArchived(ctx, alice, b, &yes))
	if got := h.unread(alice); got != 2 {
		t.Errorf("archived threads do not: got %d", got)
	}
	must[*messaging.Conversation](t)(h.Leave(ctx, alice, g))
	if got := h.unread(alice); got != 1 {
		t.Errorf("left threads do not: got %d", got)
	}
	_, cached, err := h.UnreadCount(ctx, alice)
	if err != nil || !cached {
		t.Errorf("cached %v, %v", cached, err)
	}
	if got := h.unread(bob); got != 0 {
		t.Errorf("own messages: got %d", got)
	}
	h.check()
}
