package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// BellText is what a bell row says. Bell rows are jt_notifications about a conversation
// (contract 4.2): at most one unread one for each member and conversation.
type BellText struct {
	Type         string // of new rows; those there are keep theirs
	Conversation int64
	Actor        int64
	Text         string // at most 500 code points
	At           time.Time
}

// Bells is what Deliver does about the bell rows of a message.
type Bells struct {
	// Inserted are the new rows, by member.
	Inserted map[int64]int64
	// Refresh are unread rows that get the newest text; Done is the sender's own, which
	// becomes read. 0 = none.
	Refresh []int64
	Done    int64
	Text    BellText
}

// present are the rows that were there before the message.
func (b *Bells) present() []int64 {
	if b.Done == 0 {
		return b.Refresh
	}
	return append(append(make([]int64, 0, len(b.Refresh)+1), b.Refresh...), b.Done)
}

// InsertBells writes a bell row for each member with one statement and returns the
// rows' ids by member. step is SendFacts.IDStep.
func (s *Store) InsertBells(ctx context.Context, tx *sqlx.Tx, users []int64, step int64, b BellText) (map[int64]int64, error) {
	if len(users) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 7*len(users))
	for _, u := range users {
		args = append(args, u, b.Actor, b.Type, "message", b.Conversation, b.Text, b.At)
	}
	first, err := inserted(tx.ExecContext(ctx, `INSERT INTO `+s.wp.JTNotifications+`
		(user_id, actor_id, type, object_type, object_id, message, created_at)
		VALUES `+tuples(len(users), 7), args...))
	if err != nil {
		return nil, err
	}
	// A statement whose number of rows is known gets consecutive ids in every mode of
	// innodb_autoinc_lock_mode, step apart.
	ids := make(map[int64]int64, len(users))
	for i, u := range users {
		ids[u] = first + int64(i)*step
	}
	return ids, nil
}

// ReadBell marks a member's bell row as read.
func (s *Store) ReadBell(ctx context.Context, tx *sqlx.Tx, id, user int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.wp.JTNotifications+`
		SET is_read = 1 WHERE id = ? AND user_id = ? AND is_read = 0`, id, user)
	return err
}
