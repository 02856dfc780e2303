package store

import (
	"context"
	"database/sql"
	"time"

	"parley/internal/mysql"
)

// formatBuddyPress is messages.format of what BuddyPress's filters left.
const formatBuddyPress = 1

// Message is a row of the messages table. Plain is filled even where the table keeps
// it only once.
type Message struct {
	ID           int64
	Conversation int64
	Seq          int64
	Sender       int64
	Kind         int
	Format       int
	Subject      string
	Content      string
	Plain        string
	CreatedAt    time.Time
}

const messageColumns = `m.id, m.conversation_id, m.seq, m.sender_id, m.kind, m.format, m.subject,
	m.content, m.plain, m.created_at`

func (m *Message) scan(rows interface{ Scan(...any) error }) error { return m.scanAnd(rows) }

// scanAnd reads the columns of a message, and more behind them.
func (m *Message) scanAnd(rows interface{ Scan(...any) error }, more ...any) error {
	var subject, plain sql.NullString
	into := append(make([]any, 0, 12), &m.ID, &m.Conversation, &m.Seq, &m.Sender, &m.Kind, &m.Format, &subject,
		&m.Content, &plain, &m.CreatedAt)
	if err := rows.Scan(append(into, more...)...); err != nil {
		return err
	}
	m.Subject, m.Plain = subject.String, m.Content
	if plain.Valid {
		m.Plain = plain.String
	}
	return nil
}

// read is scan for the statements of pages.
func (m *Message) read(r mysql.Row) {
	m.ID, m.Conversation, m.Seq, m.Sender = r.Int(0), r.Int(1), r.Int(2), r.Int(3)
	m.Kind, m.Format, m.Subject = int(r.Int(4)), int(r.Int(5)), r.Text(6)
	m.Content, m.CreatedAt = r.Text(7), r.Time(9)
	if m.Plain = m.Content; !r.Null(8) {
		m.Plain = r.Text(8)
	}
}

// ThreadQuery selects a page of a thread. Before and After are exclusive bounds on
// the id, UpTo an inclusive one on the sequence; 0 = none.
type ThreadQuery struct {
	Conversation  int64
	Before, After int64
	UpTo          int64
	// Oldest takes the old end of the range and answers oldest first; else the new
	// end, newest first.
	Oldest bool
	Limit  int
}

// Thread reads a page: one range of the primary key, forwards or backwards.
func (s *Store) Thread(ctx context.Context, q ThreadQuery) ([]Message, error) {
	text, args := s.threadText(q)
	out := make([]Message, 0, q.Limit)
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, Message{})
		out[len(out)-1].read(r)
	})
	return out, err
}

func (s *Store) threadText(q ThreadQuery) (string, []any) {
	text := `SELECT ` + messageColumns + ` FROM ` + s.t.Messages + ` m FORCE INDEX (PRIMARY) WHERE m.conversation_id = ?`
	args := []any{q.Conversation}
	if q.After > 0 {
		text, args = text+` AND m.id > ?`, append(args, q.After)
	}
	if q.Before > 0 {
		text, args = text+` AND m.id < ?`, append(args, q.Before)
	}
	if q.UpTo > 0 {
		// The id of the last visible row bounds the range; the sequence decides.
		text += ` AND m.seq <= ? AND m.id <= (SELECT MAX(l.id) FROM ` + s.t.Messages + ` l
			WHERE l.conversation_id = ? AND l.seq = ?)`
		args = append(args, q.UpTo, q.Conversation, q.UpTo)
	}
	if q.Oldest {
		text += ` ORDER BY m.id LIMIT ?`
	} else {
		text += ` ORDER BY m.id DESC LIMIT ?`
	}
	return text, append(args, q.Limit)
}

// MessageByClientID finds the message a sender's client id was first used for.
func (s *Store) MessageByClientID(ctx context.Context, sender int64, clientID string) (m Message, found bool, err error) {
	err = m.scan(s.db.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM `+s.t.Messages+` m
		WHERE m.sender_id = ? AND m.client_id = ?`, sender, []byte(clientID)))
	if err == sql.ErrNoRows {
		return m, false, nil
	}
	return m, err == nil, err
}
