package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Reportable is what a report is decided on: the conversation, the reporter's place
// in it, and the person the report would be about.
type Reportable struct {
	Type        int           `db:"type"`
	Participant bool          `db:"participant"`
	LeftSeq     sql.NullInt64 `db:"left_seq"`
	// Other is the other side of a direct thread, 0 when there is none or the account is gone.
	Other int64 `db:"other"`
	// Sender, Seq and Kind are of the message asked about; Seq is 0 when the
	// conversation has no such message. Sender is 0 when the account is gone.
	Sender int64 `db:"sender"`
	Seq    int64 `db:"seq"`
	Kind   int   `db:"kind"`
}

// LockReportable reads it and keeps the conversation from being purged until the
// transaction ends. found is false when there is no such conversation.
func (s *Store) LockReportable(ctx context.Context, tx *sqlx.Tx, conversation, user, message int64) (r Reportable, found bool, err error) {
	var locked int64
	err = tx.GetContext(ctx, &locked, `SELECT id FROM `+s.t.Conversations+` WHERE id = ? LOCK IN SHARE MODE`, conversation)
	if err == nil {
		err = tx.GetContext(ctx, &r, s.reportable(), user, user, message, conversation)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// reportable takes no lock: the accounts are WordPress's.
func (s *Store) reportable() string {
	return `
		SELECT c.type, me.user_id IS NOT NULL AS participant, me.left_seq,
		       COALESCE(peer.ID, 0) AS other,
		       COALESCE(author.ID, 0) AS sender, COALESCE(m.seq, 0) AS seq, COALESCE(m.kind, 0) AS kind
		  FROM ` + s.t.Conversations + ` c
		  LEFT JOIN ` + s.t.Participants + ` me ON me.conversation_id = c.id AND me.user_id = ?
		  LEFT JOIN ` + s.t.Participants + ` o ON o.conversation_id = c.id AND o.user_id <> ? AND c.type = 1
		  LEFT JOIN ` + s.wp.Users + ` peer ON peer.ID = o.user_id
		  LEFT JOIN ` + s.t.Messages + ` m ON m.conversation_id = c.id AND m.id = ?
		  LEFT JOIN ` + s.wp.Users + ` author ON author.ID = m.sender_id
		 WHERE c.id = ?
		 LIMIT 1`
}

// Report is a row of the reports table.
type Report struct {
	Reporter, Reported, Conversation, Message int64 // Message 0: the conversation
	Reason, Description                       string
	At                                        time.Time
}

// InsertReport returns the report's id. created is false, and nothing is written,
// when the reporter reported the same message or conversation before.
func (s *Store) InsertReport(ctx context.Context, tx *sqlx.Tx, r Report) (id int64, created bool, err error) {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO `+s.t.Reports+`
		  (reporter_id, reported_id, conversation_id, message_id, reason, description, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.Reporter, r.Reported, r.Conversation, r.Message, r.Reason, r.Description, r.At)
	if mysql.IsDuplicate(err, "once") {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	id, err = done.LastInsertId()
	return id, err == nil, err
}

// InsertFlag tells Jetonomy's moderators of a report with a row of jt_flags about the
// person, unless one by the same reporter is waiting for them already, and notes its
// id in the report (contract 4.5).
func (s *Store) InsertFlag(ctx context.Context, tx *sqlx.Tx, report int64, r Report) error {
	done, err := tx.ExecContext(ctx, `
		INSERT INTO `+s.wp.JTFlags+` (reporter_id, object_type, object_id, reason, description, status, created_at)
		SELECT ?, 'user', ?, ?, ?, 'pending', ?
		  FROM DUAL
		 WHERE NOT EXISTS (SELECT 1 FROM `+s.wp.JTFlags+` f
		                    WHERE f.reporter_id = ? AND f.object_type = 'user' AND f.object_id = ?
		                      AND f.status = 'pending')`,
		r.Reporter, r.Reported, r.Reason, r.Description, r.At.Truncate(time.Second), r.Reporter, r.Reported)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	flag, err := done.LastInsertId()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+s.t.Reports+` SET flag_id = ? WHERE id = ?`, flag, report)
	return err
}
