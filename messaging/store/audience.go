package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Seat is one member's place in a conversation, as far as it decides who is told what.
type Seat struct {
	Conversation int64
	Type         int
	User         int64
	// Blocked is set on the row of the member who is blocked in a direct thread.
	Blocked bool
}

// Seats reads who takes part in conversations at this moment, in the order of the
// conversations; those who left or deleted theirs are not among them.
func (s *Store) Seats(ctx context.Context, conversations []int64) ([]Seat, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	var out []Seat
	err := mysql.Query(ctx, s.lane.DB, s.seatsText(len(conversations)), anys(conversations), func(r mysql.Row) {
		out = append(out, Seat{Conversation: r.Int(0), Type: int(r.Int(1)), User: r.Int(2), Blocked: r.Int(3) != 0})
	})
	return out, err
}

// seatsText is a range of the participants' primary key for each conversation.
func (s *Store) seatsText(n int) string {
	return `SELECT p.conversation_id, c.type, p.user_id, p.is_blocked
		  FROM ` + s.t.Conversations + ` c
		  JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id
		 WHERE c.id IN (` + marks(n) + `) AND p.left_at IS NULL AND p.deleted_at IS NULL
		 ORDER BY p.conversation_id, p.user_id`
}

// BlockedPairs reads which of some members blocked another of them for the whole
// community: blocker first. Without Jetonomy there are none.
func (s *Store) BlockedPairs(ctx context.Context, users []int64) (pairs [][2]int64, err error) {
	if !s.features.Jetonomy || len(users) < 2 {
		return nil, nil
	}
	err = mysql.Query(ctx, s.lane.DB, `SELECT b.blocker_id, b.blocked_id FROM `+s.wp.JTBlockedUsers+` b
		 WHERE b.blocker_id IN (`+marks(len(users))+`) AND b.blocked_id IN (`+marks(len(users))+`)`,
		append(anys(users), anys(users)...), func(r mysql.Row) {
			pairs = append(pairs, [2]int64{r.Int(0), r.Int(1)})
		})
	return pairs, err
}

// MessagesByID reads messages wherever they are, by the unique key id; those that are
// gone are missing.
func (s *Store) MessagesByID(ctx context.Context, ids []int64) ([]Message, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out := make([]Message, 0, len(ids))
	err := mysql.Query(ctx, s.lane.DB, `SELECT `+messageColumns+` FROM `+s.t.Messages+` m WHERE m.id IN (`+marks(len(ids))+`)`,
		anys(ids), func(r mysql.Row) {
			out = append(out, Message{})
			out[len(out)-1].read(r)
		})
	return out, err
}

// CountUnreadOf is CountUnread for several members in one statement; who has none is
// missing.
func (s *Store) CountUnreadOf(ctx context.Context, users []int64) (map[int64]int, error) {
	out := make(map[int64]int, len(users))
	if len(users) == 0 {
		return out, nil
	}
	query, args, err := sqlx.In(`SELECT p.user_id, COUNT(*) FROM `+s.t.Participants+` p
		 WHERE p.user_id IN (?) AND p.folder = 0 AND p.has_unread = 1 GROUP BY p.user_id`, users)
	if err != nil {
		return nil, err
	}
	err = mysql.Query(ctx, s.lane.DB, query, args, func(r mysql.Row) { out[r.Int(0)] = int(r.Int(1)) })
	return out, err
}

// OldestEvent returns the smallest position a reader may begin behind without having
// missed anything: that of the floor, else the one before the first event; 0 without any.
func (s *Store) OldestEvent(ctx context.Context) (int64, error) {
	var rows []Event
	err := s.lane.SelectContext(ctx, &rows, `
		SELECT id, kind, conversation_id, message_id, actor_id, payload, created_at
		  FROM `+s.t.Events+` ORDER BY id LIMIT 1`)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if rows[0].Kind == floor {
		return rows[0].Position, nil
	}
	// Position 1 may still be at work or have been rolled back: without a floor nothing
	// was ever pruned.
	return 0, nil
}
