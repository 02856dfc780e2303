package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// BuddyPress keeps one row of bp_notifications for each member and message (its
// messages component, action new_message), new until the thread is read.
const noticeOf = `n.component_name = 'messages' AND n.component_action = 'new_message'`

// InsertNotices tells members of a message, with one statement. It writes nothing on
// a site without BuddyPress.
func (s *Store) InsertNotices(ctx context.Context, tx *sqlx.Tx, users []int64, message, sender int64, at time.Time) error {
	if !s.features.BuddyPress || len(users) == 0 {
		return nil
	}
	args := make([]any, 0, 4*len(users))
	for _, u := range users {
		args = append(args, u, message, sender, at.Truncate(time.Second))
	}
	row := `(?, ?, ?, 'messages', 'new_message', ?, 1)`
	_, err := tx.ExecContext(ctx, `INSERT INTO `+s.wp.BPNotifications+`
		(user_id, item_id, secondary_item_id, component_name, component_action, date_notified, is_new)
		VALUES `+repeated(row, len(users)), args...)
	return err
}

// ReadNotices makes a member's notifications about a conversation old, up to a
// sequence. It goes through the member's new notifications.
func (s *Store) ReadNotices(ctx context.Context, tx *sqlx.Tx, conversation, user, seq int64) error {
	if !s.features.BuddyPress {
		return nil
	}
	text, args := s.readNoticesText(conversation, user, seq)
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

func (s *Store) readNoticesText(conversation, user, seq int64) (string, []any) {
	// Left to itself the server may look through everybody's new notifications (an
	// intersection of two keys).
	key := ``
	if s.features.BuddyPressKey {
		key = ` FORCE INDEX (useritem)`
	}
	return `UPDATE ` + s.wp.BPNotifications + ` n` + key + ` STRAIGHT_JOIN ` + s.t.Messages + ` m FORCE INDEX (PRIMARY) ON m.id = n.item_id
		SET n.is_new = 0
		WHERE n.user_id = ? AND n.is_new = 1 AND ` + noticeOf + ` AND m.conversation_id = ? AND m.seq <= ?`,
		[]any{user, conversation, seq}
}

// DeleteNotices removes a member's notifications about a conversation (decision D13).
func (s *Store) DeleteNotices(ctx context.Context, tx *sqlx.Tx, conversation, user int64) error {
	if !s.features.BuddyPress {
		return nil
	}
	text, args := s.deleteNoticesText(conversation, user)
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

func (s *Store) deleteNoticesText(conversation, user int64) (string, []any) {
	return `DELETE n FROM ` + s.wp.BPNotifications + ` n STRAIGHT_JOIN ` + s.t.Messages + ` m FORCE INDEX (PRIMARY) ON m.id = n.item_id
		WHERE n.user_id = ? AND ` + noticeOf + ` AND m.conversation_id = ?`, []any{user, conversation}
}

// purgeNotices removes everybody's notifications about a conversation, some messages
// at a time, so that no statement is long.
func (s *Store) purgeNotices(ctx context.Context, tx *sqlx.Tx, conversation int64) error {
	if !s.features.BuddyPress {
		return nil
	}
	const step = purgePerStatement / 10
	var last int64
	err := tx.GetContext(ctx, &last, `SELECT last_seq FROM `+s.t.Conversations+` WHERE id = ?`, conversation)
	for from := int64(0); from < last && err == nil; from += step {
		text, args := s.purgeNoticesText(conversation, from, from+step)
		_, err = tx.ExecContext(ctx, text, args...)
	}
	return err
}

func (s *Store) purgeNoticesText(conversation, from, to int64) (string, []any) {
	return `DELETE n FROM ` + s.t.Messages + ` m FORCE INDEX (seq)
		STRAIGHT_JOIN ` + s.wp.BPNotifications + ` n ON n.item_id = m.id AND ` + noticeOf + `
		WHERE m.conversation_id = ? AND m.seq > ? AND m.seq <= ?`, []any{conversation, from, to}
}
