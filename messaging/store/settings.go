package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// LockPeople locks a conversation and everybody's rows in it, and reads them.
func (s *Store) LockPeople(ctx context.Context, tx *sqlx.Tx, conversation int64) (c Conversation, people []Participant, found bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+conversationColumns+`, `+participantColumns+`
		FROM `+s.t.Conversations+` c
		LEFT JOIN `+s.t.Participants+` p ON p.conversation_id = c.id
		WHERE c.id = ? FOR UPDATE`, conversation)
	if err != nil {
		return c, nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		found = true
		var p nullParticipant
		if err := c.scan(rows, p.into()...); err != nil {
			return c, nil, false, err
		}
		if v := p.value(); v != nil {
			people = append(people, *v)
		}
	}
	return c, people, found, rows.Err()
}

// SetMuted changes a member's own row.
func (s *Store) SetMuted(ctx context.Context, tx *sqlx.Tx, conversation, user int64, muted bool) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+` SET is_muted = ?
		WHERE conversation_id = ? AND user_id = ?`, muted, conversation, user)
	return err
}

// SetArchived changes a member's own row; what was left or deleted stays where it is.
func (s *Store) SetArchived(ctx context.Context, tx *sqlx.Tx, conversation, user int64, archived bool) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+`
		SET is_archived = ?, folder = IF(folder = 2, 2, ?)
		WHERE conversation_id = ? AND user_id = ?`, archived, archived, conversation, user)
	return err
}

// SetBlocked sets the block on the row of the member who is blocked.
func (s *Store) SetBlocked(ctx context.Context, tx *sqlx.Tx, conversation, blocked int64, to bool) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+` SET is_blocked = ?
		WHERE conversation_id = ? AND user_id = ?`, to, conversation, blocked)
	return err
}

// SetTitle gives a conversation its title, "" none.
func (s *Store) SetTitle(ctx context.Context, tx *sqlx.Tx, conversation int64, title string) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Conversations+` SET title = ? WHERE id = ?`,
		sql.NullString{String: title, Valid: title != ""}, conversation)
	return err
}

// Leave takes a member out of a conversation; seq is the last row they may see.
func (s *Store) Leave(ctx context.Context, tx *sqlx.Tx, conversation, user, seq int64, at time.Time) error {
	return run(ctx, tx, []statement{{`UPDATE ` + s.t.Participants + `
		SET left_at = ?, left_seq = ?, folder = 2, bell_id = NULL
		WHERE conversation_id = ? AND user_id = ?`, []any{at, seq, conversation, user}},
		s.forgetReached(conversation, user)})
}

// MoveRead sets a member's read position and counts again what is unread behind it;
// last is the conversation's newest sequence. The bell row is forgotten: the caller
// marks it read. LockPlace must have locked the member's row.
func (s *Store) MoveRead(ctx context.Context, tx *sqlx.Tx, conversation, user, seq, last int64, at time.Time) error {
	unread := int64(0)
	if seq < last {
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+s.t.Messages+`
			WHERE conversation_id = ? AND seq > ? AND kind = 0 AND sender_id <> ?`, conversation, seq, user).Scan(&unread)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+`
		SET last_read_seq = ?, last_read_at = ?, unread_count = ?, has_unread = ?, bell_id = NULL
		WHERE conversation_id = ? AND user_id = ?`, seq, at, unread, unread > 0, conversation, user)
	return err
}

// Members returns the ids of everybody still in a conversation.
func (s *Store) Members(ctx context.Context, tx *sqlx.Tx, conversation int64) (ids []int64, err error) {
	err = tx.SelectContext(ctx, &ids, `SELECT user_id FROM `+s.t.Participants+`
		WHERE conversation_id = ? AND left_at IS NULL`, conversation)
	return ids, err
}

// Lock locks a conversation. found is false when there is none.
func (s *Store) Lock(ctx context.Context, tx *sqlx.Tx, conversation int64) (found bool, err error) {
	var ids []int64
	err = tx.SelectContext(ctx, &ids, `SELECT id FROM `+s.t.Conversations+` WHERE id = ? FOR UPDATE`, conversation)
	return len(ids) > 0, err
}
