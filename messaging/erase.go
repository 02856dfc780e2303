package messaging

import (
	"context"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// Erasures in the audit log.
const (
	AuditMemberErase   = store.AuditErased
	AuditErasePreview  = "member.erase_preview"
	AuditMemberExport  = "member.export"
	erasedPerStatement = 2000
	erasedPerPage      = 200
)

// Traces is how much of a member is kept.
type Traces = store.Traces

// Erasure is what an erasure did.
type Erasure struct {
	// Conversations the member was taken out of; Removed of them had nobody else and
	// are gone.
	Conversations, Removed int64
	// Messages that are nobody's now.
	Messages int64
}

// TracesOf counts what is kept of a member, for an operator who is about to erase it.
func (s *Service) TracesOf(ctx context.Context, operator Actor, member wpauth.UserID) (Traces, error) {
	if err := mayOversee(operator); err != nil {
		return Traces{}, err
	}
	if err := s.oversee(ctx, operator, store.Audit{Action: AuditErasePreview, Member: int64(member)}, nil); err != nil {
		return Traces{}, err
	}
	t, err := s.store.Traces(ctx, int64(member))
	return t, s.fault(ctx, err)
}

// KeepsAnything tells whether anything is kept of a user, whose account may be gone. It
// tells nothing else, and needs no row in the audit log.
func (s *Service) KeepsAnything(ctx context.Context, operator Actor, member wpauth.UserID) (bool, error) {
	if err := mayOversee(operator); err != nil {
		return false, err
	}
	t, err := s.store.Traces(ctx, int64(member))
	return !t.Empty(), s.fault(ctx, err)
}

// Erase takes a member out of everything (contract 4.8): their messages stay as those
// of a deleted user, without a name, so that the others can go on reading; their places,
// stars, blocks, preferences and notifications go, and what others were notified of in
// their name. Conversations nobody else is in are removed. It works through one
// conversation after the other, in transactions of bounded size: ended at any point, it
// is finished by calling it again, and calling it once too often does nothing. each,
// when not nil, is told how far it is.
//
// The account itself is WordPress's: who still has one can write again afterwards.
func (s *Service) Erase(ctx context.Context, operator Actor, member wpauth.UserID, each func(Erasure)) (Erasure, error) {
	var sum Erasure
	if err := mayOversee(operator); err != nil {
		return sum, err
	}
	if member <= 0 {
		return sum, Refuse(Invalid, "There is no such member.")
	}
	if err := s.oversee(ctx, operator, store.Audit{Action: AuditMemberErase, Member: int64(member)}, nil); err != nil {
		return sum, err
	}
	err := s.conversationsOf(ctx, member, func(id int64) error {
		if err := s.eraseFrom(ctx, id, int64(member), &sum); err != nil {
			return err
		}
		if each != nil {
			each(sum)
		}
		return nil
	})
	if err == nil {
		err = s.store.EraseRest(ctx, int64(member))
	}
	s.dropMailbox(member)
	s.preferences.drop(member)
	return sum, s.fault(ctx, err)
}

// conversationsOf walks through every conversation a member takes part in, wrote in or
// began, some at a time.
func (s *Service) conversationsOf(ctx context.Context, member wpauth.UserID, each func(id int64) error) error {
	outside, err := s.store.WrittenOutside(ctx, int64(member))
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		ids, err := s.store.ConversationsOf(ctx, int64(member), after, erasedPerPage)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			if err := each(id); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
	for _, id := range outside {
		if err := each(id); err != nil {
			return err
		}
	}
	return nil
}

// eraseFrom takes a member out of one conversation: first the name off the messages,
// some in each transaction, then the place, and with the last of them the event.
func (s *Service) eraseFrom(ctx context.Context, id, member int64, sum *Erasure) error {
	for {
		var did erasedStep
		err := s.inTx(ctx, func(tx *sqlx.Tx) (err error) {
			did, err = s.eraseStep(ctx, tx, id, member)
			return err
		})
		if err != nil {
			return err
		}
		sum.Messages += int64(did.messages)
		if !did.done {
			continue
		}
		if did.found {
			sum.Conversations++
		}
		if did.removed {
			sum.Removed++
		}
		s.dropMailbox(did.members...)
		s.dropText(ConversationID(id))
		return nil
	}
}

type erasedStep struct {
	found, removed, done bool
	messages             int
	members              []wpauth.UserID
}

func (s *Service) eraseStep(ctx context.Context, tx *sqlx.Tx, id, member int64) (did erasedStep, err error) {
	c, people, found, err := s.store.LockPeople(ctx, tx, id)
	if err != nil || !found {
		return erasedStep{done: true}, err
	}
	did.found = true
	others := false
	ids := make([]int64, 0, len(people)+1)
	for i := range people {
		ids = append(ids, people[i].User)
		others = others || people[i].User != member && people[i].User != 0
	}
	did.members = users(ids)
	if !others {
		if _, _, err := s.store.Purge(ctx, tx, id); err != nil {
			return did, err
		}
		did.removed, did.done, did.messages = true, true, int(c.Count)
		return did, s.record(ctx, tx, s.now(), event{EventPurged, ConversationID(id), 0, 0, Purged{Members: did.members}})
	}
	did.messages, err = s.store.EraseMessages(ctx, tx, id, member, erasedPerStatement, wpauth.DeletedUserName+leftNotice)
	if err != nil || did.messages == erasedPerStatement {
		return did, err
	}
	did.done = true
	if err := s.store.ErasePlace(ctx, tx, id, member, append(ids, member), Type(c.Type) == Direct); err != nil {
		return did, err
	}
	return did, s.record(ctx, tx, s.now(), event{EventErased, ConversationID(id), 0, 0, Erased{Members: did.members}})
}
