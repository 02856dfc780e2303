package messaging

import (
	"context"
	"html"
	"slices"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// Leave implements Messenger. The notice it leaves behind is the last row the actor
// may see (contract 1.3, 10).
func (s *Service) Leave(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	card, err := s.sender(ctx, a)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	now := s.now()
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		c, people, found, err := s.store.LockPeople(ctx, tx, int64(id))
		me, err := refusePeople(a, people, found, err)
		switch {
		case err != nil:
			return err
		case Type(c.Type) != Group:
			return Refuse(Invalid, "You can only leave group conversations.")
		case !people[me].LeftAt.IsZero():
			return nil
		}
		if _, err := s.store.AdvanceNotice(ctx, tx, int64(id)); err != nil {
			return err
		}
		// The name is text: what a member calls themselves must not become markup.
		plain := card.Name() + leftNotice
		seq := c.LastSeq + 1
		notice, err := s.store.InsertMessage(ctx, tx, store.NewMessage{Conversation: int64(id), Seq: seq,
			Sender: int64(a.ID), Kind: int(KindSystem), Content: html.EscapeString(plain), Plain: plain, At: now})
		if err != nil {
			return err
		}
		if err := s.store.Leave(ctx, tx, int64(id), int64(a.ID), seq, now); err != nil {
			return err
		}
		if bell := people[me].BellID; bell != 0 && s.bells() {
			if err := s.store.ReadBell(ctx, tx, bell, int64(a.ID)); err != nil {
				return err
			}
		}
		rest := active(people, a.ID)
		return s.record(ctx, tx, now,
			event{EventLeft, id, MessageID(notice), a.ID, MemberLeft{Seq: seq, Members: rest}},
			event{EventMessageSent, id, MessageID(notice), a.ID, MessageSent{Seq: seq, Recipients: rest, System: true}})
	})
	if err != nil {
		return nil, err
	}
	s.dropMailbox(a.ID)
	return s.Get(ctx, a, id)
}

// leftNotice is the notice of leaving, behind the member's name.
const leftNotice = " left the conversation"

// refusePeople finds the actor among everybody of a conversation, or refuses.
func refusePeople(a Actor, people []store.Participant, found bool, err error) (me int, _ error) {
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, noConversation()
	}
	me = slices.IndexFunc(people, func(p store.Participant) bool { return p.User == int64(a.ID) })
	if me < 0 || !people[me].DeletedAt.IsZero() {
		return 0, notParticipant()
	}
	return me, nil
}

// active are the members who did not leave, but one.
func active(people []store.Participant, but wpauth.UserID) []wpauth.UserID {
	var out []wpauth.UserID
	for i := range people {
		if id := wpauth.UserID(people[i].User); id != but && people[i].LeftAt.IsZero() {
			out = append(out, id)
		}
	}
	return out
}

func users(ids []int64) []wpauth.UserID {
	out := make([]wpauth.UserID, len(ids))
	for i, id := range ids {
		out[i] = wpauth.UserID(id)
	}
	return out
}
