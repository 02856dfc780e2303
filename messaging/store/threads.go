package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// MarkUnread leaves a member with exactly one unread message: the newest of somebody
// else, or, where nobody else wrote, one of their own. LockPlace must have locked the
// member's row.
func (s *Store) MarkUnread(ctx context.Context, tx *sqlx.Tx, conversation, user int64) error {
	var newest sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT seq FROM `+s.t.Messages+` FORCE INDEX (seq)
		WHERE conversation_id = ? AND kind = 0 AND sender_id <> ? ORDER BY seq DESC LIMIT 1`,
		conversation, user).Scan(&newest)
	if err != nil && err != sql.ErrNoRows {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+s.t.Participants+`
		SET unread_count = 1, has_unread = 1, last_read_seq = COALESCE(? - 1, last_read_seq)
		WHERE conversation_id = ? AND user_id = ?`, newest, conversation, user)
	return err
}

// SetDeleted takes a conversation out of a member's lists until somebody else writes.
func (s *Store) SetDeleted(ctx context.Context, tx *sqlx.Tx, conversation, user int64, at time.Time) error {
	return run(ctx, tx, []statement{{`UPDATE ` + s.t.Participants + `
		SET deleted_at = ?, folder = 2, bell_id = NULL
		WHERE conversation_id = ? AND user_id = ?`, []any{at, conversation, user}},
		s.forgetReached(conversation, user)})
}

// RecordOutsider keeps somebody who wrote into a conversation without taking part as a
// participant who left with that message.
func (s *Store) RecordOutsider(ctx context.Context, tx *sqlx.Tx, conversation, user, seq int64, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO `+s.t.Participants+`
		(conversation_id, user_id, folder, last_activity_at, last_read_seq, last_read_at, joined_at, left_at, left_seq)
		VALUES (?, ?, 2, ?, ?, ?, ?, ?, ?)
		ON DUPLICATE KEY UPDATE left_at = ?, left_seq = ?, last_read_seq = ?, last_read_at = ?, unread_count = 0, has_unread = 0`,
		conversation, user, at, seq, at, at, at, seq, at, seq, seq, at)
	return err
}

// ToggleStar takes a member's star from a message, or gives it one; it returns whether
// the message has it then. The conversation must be locked.
func (s *Store) ToggleStar(ctx context.Context, tx *sqlx.Tx, m Message, user int64) (starred bool, err error) {
	gone, err := affected(tx.ExecContext(ctx, `DELETE FROM `+s.t.Stars+`
		WHERE user_id = ? AND conversation_id = ? AND message_id = ?`, user, m.Conversation, m.ID))
	if err != nil || gone {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+s.t.Stars+` (user_id, conversation_id, message_id, message_at)
		VALUES (?, ?, ?, ?)`, user, m.Conversation, m.ID, m.CreatedAt)
	return true, err
}

// SetFields gives a message exactly one value for each key.
func (s *Store) SetFields(ctx context.Context, tx *sqlx.Tx, conversation, message int64, fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	keys := []any{message}
	var rows []any
	for key, value := range fields {
		keys = append(keys, key)
		rows = append(rows, conversation, message, key, value)
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.MessageMeta+`
		WHERE message_id = ? AND meta_key IN (`+marks(len(fields))+`)`, keys...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+s.t.MessageMeta+` (conversation_id, message_id, meta_key, meta_value)
		VALUES `+tuples(len(fields), 4), rows...)
	return err
}

// MessageForFields finds the message of a conversation whose fields are to change, the
// newest for id 0, and its sender. Notices are none.
func (s *Store) MessageForFields(ctx context.Context, tx *sqlx.Tx, conversation, id int64) (message, sender int64, err error) {
	text, args := `SELECT id, sender_id FROM `+s.t.Messages+` m WHERE m.conversation_id = ? AND m.kind = 0`, []any{conversation}
	if id != 0 {
		text, args = text+` AND m.id = ?`, append(args, id)
	} else {
		text += ` ORDER BY m.seq DESC LIMIT 1`
	}
	err = tx.QueryRowContext(ctx, text, args...).Scan(&message, &sender)
	if err == sql.ErrNoRows {
		return 0, 0, nil
	}
	return message, sender, err
}
