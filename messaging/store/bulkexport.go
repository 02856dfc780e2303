package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// Exportable is everything of a conversation that can be handed to other software.
type Exportable struct {
	Conversation
	Messages []HeldMessage // in the order of their sequence, notices included
	People   []BulkPerson  // with their stars
	Meta     []BulkMeta
	// Journal are the threads of the source the conversation was made of or handed to,
	// and Originals what of that source's values the messages do not hold, by message.
	Journal   []ImportThread
	Originals map[int64]Original
}

// ConversationIDs returns ids of conversations above one, in order, and how many
// messages each has.
func (s *Store) ConversationIDs(ctx context.Context, after int64, limit int) (ids, messages []int64, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, message_count FROM `+s.t.Conversations+` WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, nil, err
		}
		ids, messages = append(ids, id), append(messages, n)
	}
	return ids, messages, rows.Err()
}

// MessageTotal is how many messages there are, notices left out.
func (s *Store) MessageTotal(ctx context.Context) (n int64, err error) {
	err = s.db.GetContext(ctx, &n, `SELECT COALESCE(SUM(message_count), 0) FROM `+s.t.Conversations)
	return n, err
}

// Exportables reads conversations by id, in order of their ids; one that is gone is left
// out. With lock it holds the conversations' rows until the transaction ends. source
// is whose journal is read, 0 for none.
func (s *Store) Exportables(ctx context.Context, tx *sqlx.Tx, source int64, ids []int64, lock bool) ([]*Exportable, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in, args := ` IN (`+marks(len(ids))+`)`, anys(ids)
	text := `SELECT ` + conversationColumns + ` FROM ` + s.t.Conversations + ` c WHERE c.id` + in + ` ORDER BY c.id`
	if lock {
		text += ` FOR UPDATE`
	}
	var list []*Exportable
	byID := map[int64]*Exportable{}
	err := scanRows(ctx, tx, text, args, func(rows *sql.Rows) error {
		x := &Exportable{Originals: map[int64]Original{}}
		err := x.Conversation.scan(rows)
		list, byID[x.ID] = append(list, x), x
		return err
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	for _, read := range []func(context.Context, *sqlx.Tx, map[int64]*Exportable, string, []any) error{
		s.exportMessages, s.exportPeople, s.exportMeta} {
		if err := read(ctx, tx, byID, in, args); err != nil {
			return nil, err
		}
	}
	if source == 0 {
		return list, nil
	}
	return list, s.exportJournal(ctx, tx, byID, source, in, args)
}

func scanRows(ctx context.Context, tx *sqlx.Tx, text string, args []any, each func(*sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Store) exportMessages(ctx context.Context, tx *sqlx.Tx, byID map[int64]*Exportable, in string, args []any) error {
	return scanRows(ctx, tx, `SELECT `+messageColumns+`, COALESCE(m.imported_from, 0)
		FROM `+s.t.Messages+` m FORCE INDEX (seq) WHERE m.conversation_id`+in+` ORDER BY m.conversation_id, m.seq`, args, func(rows *sql.Rows) error {
		var m HeldMessage
		err := m.Message.scanAnd(rows, &m.From)
		if x := byID[m.Conversation]; x != nil {
			x.Messages = append(x.Messages, m)
		}
		return err
	})
}

func (s *Store) exportPeople(ctx context.Context, tx *sqlx.Tx, byID map[int64]*Exportable, in string, args []any) error {
	type place struct{ conversation, user int64 }
	stars := map[place][]int64{}
	err := scanRows(ctx, tx, `SELECT conversation_id, user_id, message_id FROM `+s.t.Stars+` WHERE conversation_id`+in, args, func(rows *sql.Rows) error {
		var at place
		var message int64
		err := rows.Scan(&at.conversation, &at.user, &message)
		stars[at] = append(stars[at], message)
		return err
	})
	if err != nil {
		return err
	}
	return scanRows(ctx, tx, `SELECT `+importedPersonColumns+`, p.conversation_id FROM `+s.t.Participants+` p
		WHERE p.conversation_id`+in+` ORDER BY p.conversation_id, p.id`, args, func(rows *sql.Rows) error {
		var p BulkPerson
		var conversation int64
		state, err := p.scan(rows, &conversation)
		if x := byID[conversation]; x != nil {
			p.Stars = stars[place{conversation, p.User}]
			p.judge(state)
			x.People = append(x.People, p)
		}
		return err
	})
}

func (s *Store) exportMeta(ctx context.Context, tx *sqlx.Tx, byID map[int64]*Exportable, in string, args []any) error {
	return scanRows(ctx, tx, `SELECT conversation_id, message_id, meta_key, meta_value FROM `+s.t.MessageMeta+`
		WHERE conversation_id`+in+` ORDER BY id`, args, func(rows *sql.Rows) error {
		var conversation int64
		var m BulkMeta
		err := rows.Scan(&conversation, &m.Message, &m.Key, &m.Value)
		if x := byID[conversation]; x != nil {
			x.Meta = append(x.Meta, m)
		}
		return err
	})
}

func (s *Store) exportJournal(ctx context.Context, tx *sqlx.Tx, byID map[int64]*Exportable, source int64, in string, args []any) error {
	args = append(slices.Clone(args), source)
	err := scanRows(ctx, tx, `SELECT source_id, source_thread, conversation_id, fingerprint, state, messages, people, findings, imported_at
		FROM `+s.t.ImportThreads+` WHERE conversation_id`+in+` AND source_id = ? ORDER BY source_thread`, args, func(rows *sql.Rows) error {
		var t ImportThread
		err := rows.Scan(&t.Source, &t.SourceThread, &t.Conversation, &t.Fingerprint, &t.State, &t.Messages, &t.People, &t.Findings, &t.ImportedAt)
		if x := byID[t.Conversation]; x != nil {
			x.Journal = append(x.Journal, t)
		}
		return err
	})
	if err != nil {
		return err
	}
	return scanRows(ctx, tx, `SELECT conversation_id, message_id, source_message, sender_id, date_sent, subject, content
		FROM `+s.t.ImportOriginals+` WHERE conversation_id`+in+` AND source_id = ?`, args, func(rows *sql.Rows) error {
		o := Original{Source: source}
		var conversation int64
		err := rows.Scan(&conversation, &o.Message, &o.SourceMessage, &o.Sender, &o.DateSent, &o.Subject, &o.Content)
		if x := byID[conversation]; x != nil {
			x.Originals[o.Message] = o
		}
		return err
	})
}

// Exported is what is noted of a conversation whose rows other software has now.
type Exported struct {
	Thread    ImportThread
	Messages  []int64      // the conversation's that it has now
	People    []BulkPerson // as they were handed over
	Originals []Original   // the values it has where the message holds others
}

// NoteExported writes the journal of conversations that were handed to a source's
// tables: from now on they are known as if they had come from there.
func (s *Store) NoteExported(ctx context.Context, tx *sqlx.Tx, list []Exported) error {
	var threads []ImportThread
	b := bulkWriter{ctx: ctx, tx: tx}
	b.table(s.t.ImportOriginals, `(source_id, source_message, conversation_id, message_id, sender_id, date_sent, subject, content)`, 8)
	b.onDuplicate("conversation_id", "message_id", "sender_id", "date_sent", "subject", "content")
	for i := range list {
		x := &list[i]
		threads = append(threads, x.Thread)
		for chunk := range slices.Chunk(x.Messages, bulkRows) {
			if _, err := tx.ExecContext(ctx, `UPDATE `+s.t.Messages+` SET imported_from = ? WHERE conversation_id = ? AND id IN (`+marks(len(chunk))+`)`,
				append([]any{x.Thread.Source, x.Thread.Conversation}, anys(chunk)...)...); err != nil {
				return err
			}
		}
		for _, p := range x.People {
			if !p.Own && !p.Touched {
				continue // as it was noted before
			}
			state := p.Digest()
			if _, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+` SET imported_state = ? WHERE conversation_id = ? AND user_id = ?`,
				state[:], x.Thread.Conversation, p.User); err != nil {
				return err
			}
		}
		for _, o := range x.Originals {
			b.row(len(o.Content)+len(o.Subject), o.Source, o.SourceMessage, x.Thread.Conversation, o.Message, o.Sender, o.DateSent, o.Subject, o.Content)
		}
	}
	if b.flush(); b.err != nil {
		return b.err
	}
	return s.SaveImportThreads(ctx, tx, threads)
}

// JournalGone reads the journal of threads whose conversation was removed, above a
// thread, in order.
func (s *Store) JournalGone(ctx context.Context, tx *sqlx.Tx, source, after int64, limit int) (list []ImportThread, err error) {
	err = sqlx.SelectContext(ctx, tx, &list, `SELECT t.source_id, t.source_thread, t.conversation_id, t.fingerprint, t.state, t.messages, t.people, t.findings, t.imported_at
		FROM `+s.t.ImportThreads+` t LEFT JOIN `+s.t.Conversations+` c ON c.id = t.conversation_id
		WHERE t.source_id = ? AND t.source_thread > ? AND c.id IS NULL ORDER BY t.source_thread LIMIT ?`, source, after, limit)
	return list, err
}

// Remapped reads the ids a source's rows have that were given others here: by kind and
// the id here.
func (s *Store) Remapped(ctx context.Context, source int64) (map[string]map[int64]int64, error) {
	out := map[string]map[int64]int64{}
	rows, err := s.db.QueryContext(ctx, `SELECT kind, from_id, to_id FROM `+s.t.ImportRemap+` WHERE source_id = ?`, source)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var from, to int64
		if err := rows.Scan(&kind, &from, &to); err != nil {
			return nil, err
		}
		if out[kind] == nil {
			out[kind] = map[int64]int64{}
		}
		out[kind][to] = from
	}
	return out, rows.Err()
}

// BeginExportJournal makes the journal of a source nothing was ever imported from.
func (s *Store) BeginExportJournal(ctx context.Context, tx *sqlx.Tx, name string, now time.Time) (ImportSource, error) {
	id, err := s.AddImportSource(ctx, tx, name, now)
	if err != nil {
		return ImportSource{}, err
	}
	src := ImportSource{ID: id, Name: name, State: ImportComplete, StartedAt: now, FinishedAt: sql.NullTime{Time: now, Valid: true}}
	return src, s.SaveImportSource(ctx, tx, src)
}
