package messaging_test

import (
	"context"
	"fmt"
	"testing"

	"parley/messaging"
)

// BenchmarkHotPaths measures the use cases of every page view by themselves, without
// HTTP. Allocations are what to watch: the time is the database's for the most part.
func BenchmarkHotPaths(b *testing.B) {
	h := open(b, unhurried)
	crowd := h.members(30)
	ctx := context.Background()
	var id messaging.ConversationID
	for i := range 60 {
		id = h.start(alice, "Shall we meet tomorrow, or is another day better for everybody?", crowd[i%30], crowd[(i*7+1)%30]).Conversation.ID
	}
	for i := range 100 {
		h.send(alice, id, fmt.Sprint("Message ", i, " of a thread with a text of the usual length, which is not long."))
	}
	direct := h.direct(alice, bob)
	h.read(alice, id)
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("inbox of 20", func() error {
		_, err := h.List(ctx, alice, messaging.ListQuery{Limit: 20})
		return err
	})
	run("thread of 50", func() error {
		_, err := h.Messages(ctx, alice, id, messaging.MessagesQuery{Limit: 50, MarkRead: true})
		return err
	})
	run("details", func() error {
		_, err := h.Get(ctx, alice, id)
		return err
	})
	run("send", func() error {
		_, err := h.Send(ctx, alice, messaging.SendInput{Conversation: direct, Content: "On my way"})
		return err
	})
}
