package messaging

import (
	"context"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// ReplyThread implements Threads. Who may not write is told before what was written is
// looked at (1.2).
func (s *Service) ReplyThread(ctx context.Context, a Actor, id ConversationID, in ThreadReply) (*Thread, error) {
	t, err := s.replyThread(ctx, a, id, in)
	return t, s.fault(ctx, err)
}

func (s *Service) replyThread(ctx context.Context, a Actor, id ConversationID, in ThreadReply) (*Thread, error) {
	o, err := s.mayView(ctx, a, id, a.ID, false)
	if err != nil {
		return nil, err
	}
	t, err := checkThreadText(in.Content)
	if err != nil {
		return nil, err
	}
	if t.subject, err = subjectOf(in.Subject, replyTo+firstSubject(o.head.Title, o.head.First)); err != nil {
		return nil, err
	}
	leave, err := s.turn(ctx, a.ID, "")
	if err != nil {
		return nil, err
	}
	defer leave()
	out, err := s.outgoing(ctx, a, t, s.now())
	if err != nil {
		return nil, err
	}
	out.thread = true
	var sent store.Message
	var to audience
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if sent, to, err = s.append(ctx, tx, id, out); err != nil || !o.foreign {
			return err
		}
		entry, err := s.auditEntry(a, s.foreign(AuditThreadReply, a, id, a.ID), nil)
		if err != nil {
			return err
		}
		return s.store.WriteAudit(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	s.dropMailbox(append(to.recipients, a.ID)...)
	if err := s.setFields(ctx, id, MessageID(sent.ID), in.Fields); err != nil {
		return nil, err
	}
	return s.thread(ctx, id, ThreadQuery{Viewer: a.ID, Fields: in.ShowFields})
}
