package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// Audit is a row of the audit log. Conversation and Member are 0 when the action is
// about none; Detail is a JSON object or "".
type Audit struct {
	ID           int64
	Actor        int64
	ActorLogin   string
	Action       string
	Conversation int64
	Member       int64
	Detail       string
	IP           string
	RequestID    string
	At           time.Time
}

// WriteAudit appends a row, on its own or in a transaction.
func (s *Store) WriteAudit(ctx context.Context, db sqlx.ExecerContext, a Audit) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO `+s.t.AuditLog+`
		  (actor_id, actor_login, action, conversation_id, member_id, detail, ip, request_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.Actor, a.ActorLogin, a.Action, nullID(a.Conversation), nullID(a.Member),
		sql.NullString{String: a.Detail, Valid: a.Detail != ""}, a.IP, a.RequestID, a.At)
	return err
}

// AuditPage returns a page of the log, newest first, and how many rows there are.
func (s *Store) AuditPage(ctx context.Context, limit, offset int) ([]Audit, int, error) {
	var total int
	if err := s.db.GetContext(ctx, &total, `SELECT COUNT(*) FROM `+s.t.AuditLog); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, actor_id, actor_login, action, COALESCE(conversation_id, 0), COALESCE(member_id, 0),
		       COALESCE(detail, ''), ip, request_id, created_at
		  FROM `+s.t.AuditLog+`
		 ORDER BY id DESC LIMIT ? OFFSET ?`, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var out []Audit
	for rows.Next() {
		var a Audit
		if err := rows.Scan(&a.ID, &a.Actor, &a.ActorLogin, &a.Action, &a.Conversation, &a.Member,
			&a.Detail, &a.IP, &a.RequestID, &a.At); err != nil {
			return nil, 0, err
		}
		out = append(out, a)
	}
	return out, total, rows.Err()
}

func nullID(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
