package messaging_test

import (
	"context"
	"errors"
	"testing"

	"parley/internal/mysql"
	"parley/messaging"
)

// TestDatabaseAwayIsUnavailable: a request whose database goes away gets a refusal
// that tells it when to come back, from every use case.
func TestDatabaseAwayIsUnavailable(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(mysql.ErrUnavailable)
	for name, use := range map[string]func() error{
		"Admit": func() error { return h.Admit(ctx, alice, messaging.GateWrite) },
		"List":  func() error { _, err := h.List(ctx, alice, messaging.ListQuery{Limit: 1}); return err },
		"Start": func() error {
			_, err := h.Start(ctx, alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi"})
			return err
		},
		"Get":      func() error { _, err := h.Get(ctx, alice, id); return err },
		"Update":   func() error { _, err := h.Update(ctx, alice, id, messaging.Patch{Muted: yes}); return err },
		"Messages": func() error { _, err := h.Messages(ctx, alice, id, messaging.MessagesQuery{Limit: 1}); return err },
		"Send": func() error {
			_, err := h.Send(ctx, alice, messaging.SendInput{Conversation: id, Content: "Hi"})
			return err
		},
		"Send, blank": func() error { _, err := h.Send(ctx, alice, messaging.SendInput{Conversation: id}); return err },
		"MarkRead":    func() error { _, err := h.MarkRead(ctx, alice, id); return err },
		"SetMuted":    func() error { _, err := h.SetMuted(ctx, alice, id, nil); return err },
		"SetArchived": func() error { _, err := h.SetArchived(ctx, alice, id, nil); return err },
		"SetBlocked":  func() error { _, err := h.SetBlocked(ctx, alice, id, nil); return err },
		"Leave":       func() error { _, err := h.Leave(ctx, alice, id); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := use()
			refused(t, err, messaging.Unavailable, "")
			var e *messaging.Error
			if errors.As(err, &e); e.RetryAfter <= 0 {
				t.Error("nobody is told when to come back")
			}
		})
	}
	h.check()
}
