package messaging

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/wpauth"
)

// askedMax bounds how many recipients are looked up for one thread.
const askedMax = 1000

// StartThread implements Threads.
func (s *Service) StartThread(ctx context.Context, a Actor, in ThreadStart) (*Thread, error) {
	t, err := checkThreadText(in.Content)
	if err != nil {
		return nil, err
	}
	if t.subject, err = subjectOf(in.Subject, noSubject); err != nil {
		return nil, err
	}
	p := beginning{text: t, thread: true}
	if p.others, p.toSelf, err = receivers(a, in.Recipients); err != nil {
		return nil, err
	}
	if in.Subject != "" {
		p.title = threadTitle(t.subject, s.limits.TitleRunes)
	}
	id, err := s.startThread(ctx, a, p, in.Fields)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out, err := s.thread(ctx, id, ThreadQuery{Viewer: a.ID, Fields: in.ShowFields})
	return out, s.fault(ctx, err)
}

// receivers are the recipients without repetitions, and without the actor unless they
// write to nobody else (2.5, D7).
func receivers(a Actor, asked []wpauth.UserID) (out []int64, toSelf bool, err error) {
	seen := map[wpauth.UserID]bool{}
	for _, id := range asked {
		if id > 0 && !seen[id] {
			seen[id] = true
			if id != a.ID {
				out = append(out, int64(id))
			}
		}
	}
	switch {
	case len(seen) == 0:
		return nil, false, nobodyToWriteTo()
	case len(out) == 0:
		return []int64{int64(a.ID)}, true, nil
	case len(out) > askedMax:
		return nil, false, tooMany()
	}
	return out, false, nil
}

func nobodyToWriteTo() error { return Refuse(Invalid, "Please choose at least one recipient.") }

func tooMany() error { return Refuse(TooLarge, "A conversation cannot have that many members.") }

func (s *Service) startThread(ctx context.Context, a Actor, p beginning, fields map[string]string) (ConversationID, error) {
	leave, err := s.senders.enter(ctx, a.ID)
	if err != nil {
		return 0, err
	}
	defer leave()
	now := s.now()
	facts, err := s.store.StartFacts(ctx, int64(a.ID), p.others, now.Add(-day), now.Add(-time.Minute), now)
	if err != nil {
		return 0, err
	}
	if p, facts, err = s.existing(p, facts); err != nil {
		return 0, err
	}
	if err := s.mayStart(a, p, facts); err != nil {
		return 0, err
	}
	out, err := s.outgoing(ctx, a, p.text, now)
	if err != nil {
		return 0, err
	}
	r, err := s.create(ctx, a, p, facts, out)
	if mysql.IsDuplicate(err, "direct_pair") {
		// Somebody else made the pair's conversation meanwhile: this is one beside it.
		facts.Candidates[0].Pair = pairTaken
		r, err = s.create(ctx, a, p, facts, out)
	}
	if err != nil {
		return 0, err
	}
	return r.Conversation.ID, s.setFields(ctx, r.Conversation.ID, r.Message, fields)
}

// pairTaken stands for the id of a pair's conversation where only that there is one matters.
const pairTaken = -1

// existing drops recipients that are no accounts (2.5), and decides the type by those
// who remain.
func (s *Service) existing(p beginning, f store.StartFacts) (beginning, store.StartFacts, error) {
	p.others = nil
	var known []store.Candidate
	for _, c := range f.Candidates {
		if c.Exists {
			known, p.others = append(known, c), append(p.others, c.User)
		}
	}
	f.Candidates = known
	switch {
	case len(known) == 0:
		return p, f, nobodyToWriteTo()
	case len(known) >= s.limits.Members:
		return p, f, tooMany()
	case len(known) > 1:
		p.typ = Group
	default:
		p.typ, p.title = Direct, ""
	}
	return p, f, nil
}

// setFields writes fields of a message that was just sent, in a transaction of its own
// as BuddyPress does.
func (s *Service) setFields(ctx context.Context, id ConversationID, message MessageID, fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	return s.inTx(ctx, func(tx *sqlx.Tx) error {
		if found, err := s.store.Lock(ctx, tx, int64(id)); err != nil || !found {
			return err
		}
		return s.store.SetFields(ctx, tx, int64(id), int64(message), fields)
	})
}
