package messaging

import (
	"context"

	"github.com/jmoiron/sqlx"

	"parley/wpauth"
)

// SetBlocked implements Messenger. The flag stands on the other side's row, so that
// each side's block is its own (contract 1.3, 11).
func (s *Service) SetBlocked(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error) {
	now := s.now()
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		c, people, found, err := s.store.LockPeople(ctx, tx, int64(id))
		me, err := refusePeople(a, people, found, err)
		switch {
		case err != nil:
			return err
		case !people[me].LeftAt.IsZero():
			return hasLeft()
		case Type(c.Type) != Direct:
			return Refuse(Invalid, "Only direct conversations can be blocked.")
		case len(people) != 2:
			return Refuse(Invalid, "There is nobody to block in this conversation.")
		}
		other := people[1-me]
		blocked, changed := toOrToggle(to).next(other.Blocked)
		if !changed {
			return nil
		}
		if err := s.store.SetBlocked(ctx, tx, int64(id), other.User, blocked); err != nil {
			return err
		}
		return s.record(ctx, tx, now, event{EventBlocked, id, 0, a.ID,
			BlockChanged{Other: wpauth.UserID(other.User), Value: blocked}})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, a, id)
}
