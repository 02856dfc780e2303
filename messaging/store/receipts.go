package store

import (
	"context"
	"strings"
	"time"

	"parley/internal/mysql"
)

// MessagesAt hands to each the message at a place (conversation and sequence), for those
// there is one at: sequences have no gaps.
func (s *Store) MessagesAt(ctx context.Context, places [][2]int64, each func(conversation, seq, message int64)) error {
	if len(places) == 0 {
		return nil
	}
	text, args := s.messagesAtText(places)
	return mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) { each(r.Int(0), r.Int(1), r.Int(2)) })
}

func (s *Store) messagesAtText(places [][2]int64) (string, []any) {
	args := make([]any, 0, 2*len(places))
	for _, p := range places {
		args = append(args, p[0], p[1])
	}
	return `SELECT m.conversation_id, m.seq, m.id
		FROM (SELECT CAST(? AS UNSIGNED) AS conversation, CAST(? AS UNSIGNED) AS seq` +
		strings.Repeat(` UNION ALL SELECT ?, ?`, len(places)-1) + `) w
		STRAIGHT_JOIN ` + s.t.Messages + ` m FORCE INDEX (seq) ON m.conversation_id = w.conversation AND m.seq = w.seq`, args
}

// Reached is up to where messages of a conversation reached a device of a member.
type Reached struct {
	Conversation, User, Seq int64
	Message                 int64 // at Seq; 0: none
}

// NewReached are those of reached that nobody knows yet, with their messages: further than
// what was delivered and read before, of members who are still there. Keys must be unique.
func (s *Store) NewReached(ctx context.Context, reached []Reached) ([]Reached, error) {
	if len(reached) == 0 {
		return nil, nil
	}
	text, args := s.newReachedText(reached)
	var out []Reached
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, Reached{r.Int(0), r.Int(1), r.Int(2), r.Int(3)})
	})
	return out, err
}

// newReachedText is one look at a unique key of each table for each of them.
func (s *Store) newReachedText(reached []Reached) (string, []any) {
	args := make([]any, 0, 3*len(reached))
	for _, r := range reached {
		args = append(args, r.Conversation, r.User, r.Seq)
	}
	return `SELECT w.conversation, w.user, w.seq, m.id
		FROM (SELECT CAST(? AS UNSIGNED) AS conversation, CAST(? AS UNSIGNED) AS user, CAST(? AS UNSIGNED) AS seq` +
		strings.Repeat(` UNION ALL SELECT ?, ?, ?`, len(reached)-1) + `) w
		STRAIGHT_JOIN ` + s.t.Participants + ` p ON p.conversation_id = w.conversation AND p.user_id = w.user
		LEFT JOIN ` + s.t.Deliveries + ` d ON d.conversation_id = w.conversation AND d.user_id = w.user
		LEFT JOIN ` + s.t.Messages + ` m FORCE INDEX (seq) ON m.conversation_id = w.conversation AND m.seq = w.seq
		WHERE p.left_at IS NULL AND p.deleted_at IS NULL AND w.seq > p.last_read_seq AND w.seq > COALESCE(d.delivered_seq, 0)`, args
}

// ReachedOf reads how far members are of whom something was delivered; of reached only the
// members and conversations count.
func (s *Store) ReachedOf(ctx context.Context, reached []Reached) ([]Reached, error) {
	if len(reached) == 0 {
		return nil, nil
	}
	text, args := s.reachedOfText(reached)
	var out []Reached
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, Reached{r.Int(0), r.Int(1), r.Int(2), r.Int(3)})
	})
	return out, err
}

func (s *Store) reachedOfText(reached []Reached) (string, []any) {
	args := make([]any, 0, 2*len(reached))
	for _, r := range reached {
		args = append(args, r.Conversation, r.User)
	}
	return `SELECT d.conversation_id, d.user_id, d.delivered_seq, m.id
		FROM (SELECT CAST(? AS UNSIGNED) AS conversation, CAST(? AS UNSIGNED) AS user` +
		strings.Repeat(` UNION ALL SELECT ?, ?`, len(reached)-1) + `) w
		STRAIGHT_JOIN ` + s.t.Deliveries + ` d ON d.conversation_id = w.conversation AND d.user_id = w.user
		LEFT JOIN ` + s.t.Messages + ` m FORCE INDEX (seq) ON m.conversation_id = w.conversation AND m.seq = d.delivered_seq`, args
}

// SaveReached keeps how far messages were delivered, with one statement; never back.
func (s *Store) SaveReached(ctx context.Context, reached []Reached, at time.Time) error {
	if len(reached) == 0 {
		return nil
	}
	args := make([]any, 0, 4*len(reached))
	for _, r := range reached {
		args = append(args, r.Conversation, r.User, r.Seq, at)
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO `+s.t.Deliveries+` (conversation_id, user_id, delivered_seq, delivered_at)
		VALUES `+tuples(len(reached), 4)+`
		ON DUPLICATE KEY UPDATE delivered_at = IF(VALUES(delivered_seq) > delivered_seq, VALUES(delivered_at), delivered_at),
			delivered_seq = GREATEST(delivered_seq, VALUES(delivered_seq))`, args...)
	return err
}

// Receipt is how far a member is with a conversation: the sequences, and the messages
// there (0: none).
type Receipt struct {
	User                       int64
	ReadSeq, ReadMessage       int64
	ReadAt                     time.Time // zero: never
	ReachedSeq, ReachedMessage int64
}

// Receipts reads how far everybody who takes part is. What was read was delivered.
func (s *Store) Receipts(ctx context.Context, conversation int64) ([]Receipt, error) {
	var out []Receipt
	err := mysql.Query(ctx, s.db.DB, s.receiptsText(), []any{conversation}, func(r mysql.Row) {
		out = append(out, Receipt{r.Int(0), r.Int(1), r.Int(2), r.Time(3), r.Int(4), r.Int(5)})
	})
	return out, err
}

func (s *Store) receiptsText() string {
	// What was delivered cannot be beyond the end, whatever an import did to sequences.
	const reached = `GREATEST(p.last_read_seq, LEAST(COALESCE(d.delivered_seq, 0), c.last_seq))`
	return `SELECT p.user_id, p.last_read_seq, r.id, p.last_read_at, ` + reached + `, m.id
		FROM ` + s.t.Conversations + ` c
		STRAIGHT_JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id
		LEFT JOIN ` + s.t.Deliveries + ` d ON d.conversation_id = c.id AND d.user_id = p.user_id
		LEFT JOIN ` + s.t.Messages + ` r FORCE INDEX (seq) ON r.conversation_id = c.id AND r.seq = p.last_read_seq
		LEFT JOIN ` + s.t.Messages + ` m FORCE INDEX (seq) ON m.conversation_id = c.id AND m.seq = ` + reached + `
		WHERE c.id = ? AND p.left_at IS NULL AND p.deleted_at IS NULL
		ORDER BY p.user_id`
}

// SweepReached removes what is kept of members of some conversations who are no longer in
// them: of a delivery that was written while somebody left.
func (s *Store) SweepReached(ctx context.Context, conversations []int64) error {
	if len(conversations) == 0 {
		return nil
	}
	// Found without a lock first: there is hardly ever one.
	var strays [][2]int64
	err := mysql.Query(ctx, s.db.DB, s.straysText(len(conversations)), anys(conversations), func(r mysql.Row) {
		strays = append(strays, [2]int64{r.Int(0), r.Int(1)})
	})
	for _, d := range strays {
		if err == nil {
			_, err = s.db.ExecContext(ctx, `DELETE FROM `+s.t.Deliveries+` WHERE conversation_id = ? AND user_id = ?`, d[0], d[1])
		}
	}
	return err
}

func (s *Store) straysText(n int) string {
	return `SELECT d.conversation_id, d.user_id FROM ` + s.t.Deliveries + ` d
		LEFT JOIN ` + s.t.Participants + ` p ON p.conversation_id = d.conversation_id AND p.user_id = d.user_id
			AND p.left_at IS NULL AND p.deleted_at IS NULL
		WHERE d.conversation_id IN (` + marks(n) + `) AND p.id IS NULL`
}

// forgetReached is the part of taking a member out of a conversation that removes how far
// its messages reached them.
func (s *Store) forgetReached(conversation, user int64) statement {
	return statement{`DELETE FROM ` + s.t.Deliveries + ` WHERE conversation_id = ? AND user_id = ?`, []any{conversation, user}}
}
