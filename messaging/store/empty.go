package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
)

// InsertEmpty makes a conversation that holds no message yet, with its people: of c,
// the preview does not count. The error is mysql.IsDuplicate of key direct_pair when
// the pair has one.
func (s *Store) InsertEmpty(ctx context.Context, tx *sqlx.Tx, c NewConversation, people []int64) (int64, error) {
	pair := func(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: c.Low != 0} }
	id, err := inserted(tx.ExecContext(ctx, `INSERT INTO `+s.t.Conversations+`
		(type, title, created_by, direct_low, direct_high, last_activity_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.Type, sql.NullString{String: c.Title, Valid: c.Title != ""}, c.CreatedBy, pair(c.Low), pair(c.High), c.At, c.At))
	if err != nil {
		return 0, err
	}
	// Nobody has received anything: sender_only falls with the first message of another.
	args := make([]any, 0, 5*len(people))
	for _, u := range people {
		args = append(args, id, u, c.At, c.At, 1)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+s.t.Participants+`
		(conversation_id, user_id, last_activity_at, joined_at, sender_only)
		VALUES `+tuples(len(people), 5), args...)
	return id, err
}

// LockQuiet locks a conversation and reports whether nothing happened in it since a
// moment; one that is not there is quiet.
func (s *Store) LockQuiet(ctx context.Context, tx *sqlx.Tx, conversation int64, since time.Time) (bool, error) {
	var quiet bool
	err := tx.GetContext(ctx, &quiet, `SELECT last_activity_at < ? FROM `+s.t.Conversations+`
		WHERE id = ? FOR UPDATE`, since, conversation)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return quiet, err
}
