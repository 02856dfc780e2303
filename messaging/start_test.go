package messaging_test

import (
	"context"
	"testing"

	"parley/messaging"
)

func TestStartMakesADirectThreadAndReusesIt(t *testing.T) {
	h := open(t)
	first := h.start(alice, "Hello Bob", bob)
	c := first.Conversation
	if first.Reused || c.ID <= 0 || first.Message <= 0 || c.Type != messaging.Direct || c.CreatedBy != alice.ID {
		t.Fatalf("got %+v", first)
	}
	if len(c.Participants) != 2 || c.Participants[0].User != alice.ID || c.Participants[1].User != bob.ID {
		t.Fatalf("participants: %+v", c.Participants)
	}
	if c.Preview != "Hello Bob" || c.MessageCount != 1 || c.LastAt.IsZero() || c.LastSeq != 1 || c.Me.Unread != 0 || c.Me.LastReadSeq != 1 {
		t.Fatalf("got %+v", c)
	}
	if h.unread(bob) != 1 || h.unread(alice) != 0 {
		t.Fatal("unread")
	}
	again := h.start(bob, "Hello Alice", alice)
	if !again.Reused || again.Conversation.ID != c.ID || again.Message <= first.Message || again.Conversation.MessageCount != 2 {
		t.Fatalf("got %+v", again)
	}
	if h.unread(bob) != 0 || h.unread(alice) != 1 {
		t.Fatal("unread")
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 1 {
		t.Fatalf("%d conversations", n)
	}
	if got := h.list(alice, ""); got != "1" {
		t.Fatalf("list: %q", got)
	}
	p := h.read(alice, c.ID)
	if len(p.Messages) != 2 || p.Messages[0].Content != "Hello Alice" || p.Messages[0].Member.DisplayName != bob.DisplayName || p.Total != 2 || p.HasMore {
		t.Fatalf("page: %+v", p)
	}
	if h.unread(alice) != 0 {
		t.Fatal("unread after reading")
	}
	m, err := h.Send(context.Background(), bob, messaging.SendInput{Conversation: c.ID, Content: "a < b & c"})
	if err != nil || m.Plain != "a < b & c" || m.Seq != 3 {
		t.Fatalf("%+v %v", m, err)
	}
}
