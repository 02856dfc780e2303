package importer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// What one Read brings: threads until there are so many messages, and one thread at
// least however long it is. The first reads of a pass bring little, so that something is
// there soon, and a small site comes in several steps as well.
const (
	threadsPerRead  = 1000
	messagesPerRead = 5000
	messagesAtFirst = 100
	growthOfReads   = 2
)

// The rows of BuddyPress's tables, texts as stored.
type (
	bpMessage struct {
		id, sender       int64
		subject, content []byte
		date             string
	}
	bpRecipient struct {
		id, user, unread    int64
		senderOnly, deleted bool
	}
	bpMeta struct {
		id, message int64
		key, value  []byte // nil: NULL
	}
)

// bpThread is a thread as it was read.
type bpThread struct {
	source     *BuddyPress
	id         int64
	messages   []bpMessage   // by id
	recipients []bpRecipient // by id
	meta       []bpMeta      // by id
	// dateBefore is the date to use where no message of the thread has one.
	dateBefore string
}

// Read implements Source. All statements of a batch see the tables at one moment.
func (s *BuddyPress) Read(ctx context.Context, scope Scope, after int64) (Batch, error) {
	if err := s.tables(ctx); err != nil {
		return Batch{}, err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Batch{}, err
	}
	defer func() { _ = tx.Rollback() }()
	if after == firstThread || s.perRead == 0 {
		s.perRead = messagesAtFirst
	}
	threads, done, err := s.readThreads(ctx, tx, scope, after)
	s.perRead = min(s.perRead*growthOfReads, messagesPerRead)
	if err != nil {
		return Batch{}, err
	}
	b := Batch{Last: after, Done: done}
	for _, t := range threads {
		b.Last = t.id
		if len(t.messages) == 0 {
			continue // all of them had ids nothing can have
		}
		if err := s.dateNearby(ctx, tx, t); err != nil {
			return Batch{}, err
		}
		b.Threads = append(b.Threads, SourceThread{ID: t.id, Messages: len(t.messages), Fingerprint: t.fingerprint(), Build: t.build})
	}
	return b, nil
}

// readThreads reads the rows of the next threads.
func (s *BuddyPress) readThreads(ctx context.Context, tx *sqlx.Tx, scope Scope, after int64) (list []*bpThread, done bool, err error) {
	where, args := s.where(scope, "m")
	rows, err := tx.QueryxContext(ctx, `SELECT m.thread_id, COUNT(*) FROM `+s.messages.quoted()+` m`+force(s.threadIndex)+`
		WHERE m.thread_id > ?`+where+` GROUP BY m.thread_id ORDER BY m.thread_id LIMIT ?`,
		append(append([]any{after}, args...), threadsPerRead)...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	byID, total, looked := map[int64]*bpThread{}, 0, 0
	for rows.Next() {
		var id int64
		var count int
		if err := rows.Scan(&id, &count); err != nil {
			return nil, false, err
		}
		looked++
		if len(list) < looked-1 || total > 0 && total+count > s.perRead {
			continue // enough before it
		}
		total += count
		byID[id] = &bpThread{source: s, id: id, messages: make([]bpMessage, 0, count)}
		list = append(list, byID[id])
	}
	if err := rows.Err(); err != nil || len(list) == 0 {
		return nil, err == nil, err
	}
	done = looked < threadsPerRead && len(list) == looked
	chosen, args := s.chosen(scope, list)
	for _, read := range []func(context.Context, *sqlx.Tx, map[int64]*bpThread, string, []any) error{s.readMessages, s.readRecipients, s.readMeta} {
		if err := read(ctx, tx, byID, chosen, args); err != nil {
			return nil, false, err
		}
	}
	return list, done, nil
}

// chosen is the condition on thread_id for some threads that follow each other.
func (s *BuddyPress) chosen(scope Scope, list []*bpThread) (text string, args []any) {
	if scope.Whole() {
		return `BETWEEN ? AND ?`, []any{list[0].id, list[len(list)-1].id}
	}
	for _, t := range list {
		args = append(args, t.id)
	}
	return `IN (` + strings.TrimSuffix(strings.Repeat(`?,`, len(list)), `,`) + `)`, args
}

func (s *BuddyPress) readMessages(ctx context.Context, tx *sqlx.Tx, byID map[int64]*bpThread, chosen string, args []any) error {
	err := each(ctx, tx, `SELECT m.thread_id, m.id, m.sender_id, `+s.messages.bytesOf("m", "subject")+`, `+s.messages.bytesOf("m", "message")+`,
			CAST(m.date_sent AS CHAR)
		FROM `+s.messages.quoted()+` m`+force(s.threadIndex)+` WHERE m.thread_id `+chosen, args, func(rows *sqlx.Rows) error {
		var thread int64
		var m bpMessage
		var subject, content, date sql.RawBytes
		if err := rows.Scan(&thread, &m.id, &m.sender, &subject, &content, &date); err != nil {
			return err
		}
		if t := byID[thread]; t != nil && m.id > 0 {
			m.subject, m.content, m.date = slices.Clone(subject), slices.Clone(content), string(date)
			t.messages = append(t.messages, m)
		}
		return nil
	})
	for _, t := range byID {
		slices.SortFunc(t.messages, func(a, b bpMessage) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}

func (s *BuddyPress) readRecipients(ctx context.Context, tx *sqlx.Tx, byID map[int64]*bpThread, chosen string, args []any) error {
	err := each(ctx, tx, `SELECT r.thread_id, r.id, r.user_id, r.unread_count, r.sender_only <> 0, r.is_deleted <> 0
		FROM `+s.recipients.quoted()+` r`+force(s.rowIndex)+` WHERE r.thread_id `+chosen, args, func(rows *sqlx.Rows) error {
		var thread int64
		var r bpRecipient
		if err := rows.Scan(&thread, &r.id, &r.user, &r.unread, &r.senderOnly, &r.deleted); err != nil {
			return err
		}
		if t := byID[thread]; t != nil {
			t.recipients = append(t.recipients, r)
		}
		return nil
	})
	for _, t := range byID {
		slices.SortFunc(t.recipients, func(a, b bpRecipient) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}

func (s *BuddyPress) readMeta(ctx context.Context, tx *sqlx.Tx, byID map[int64]*bpThread, chosen string, args []any) error {
	if s.meta == nil {
		return nil
	}
	err := each(ctx, tx, `SELECT m.thread_id, x.id, x.message_id, `+s.meta.bytesOf("x", "meta_key")+`, `+s.meta.bytesOf("x", "meta_value")+`
		FROM `+s.messages.quoted()+` m`+force(s.threadIndex)+`
		STRAIGHT_JOIN `+s.meta.quoted()+` x ON x.message_id = m.id
		WHERE m.thread_id `+chosen, args, func(rows *sqlx.Rows) error {
		var thread int64
		var x bpMeta
		var key, value sql.RawBytes
		if err := rows.Scan(&thread, &x.id, &x.message, &key, &value); err != nil {
			return err
		}
		if t := byID[thread]; t != nil && !strings.HasPrefix(string(key), embedPrefix) {
			x.key, x.value = slices.Clone(key), slices.Clone(value)
			t.meta = append(t.meta, x)
		}
		return nil
	})
	for _, t := range byID {
		slices.SortFunc(t.meta, func(a, b bpMeta) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}

// dateNearby looks for the date of a message next to a thread in which none has one.
func (s *BuddyPress) dateNearby(ctx context.Context, tx *sqlx.Tx, t *bpThread) error {
	for i := range t.messages {
		if _, ok := parseDate(t.messages[i].date); ok {
			return nil
		}
	}
	first := t.messages[0].id
	for _, near := range []string{`m.id < ? AND m.date_sent > '1000-01-01' ORDER BY m.id DESC`, `m.id > ? AND m.date_sent > '1000-01-01' ORDER BY m.id`} {
		err := tx.QueryRowxContext(ctx, `SELECT CAST(m.date_sent AS CHAR) FROM `+s.messages.quoted()+` m WHERE `+near+` LIMIT 1`, first).Scan(&t.dateBefore)
		if err != sql.ErrNoRows {
			return err
		}
	}
	return nil
}

// each runs f for every row of a statement.
func each(ctx context.Context, q sqlx.QueryerContext, text string, args []any, f func(*sqlx.Rows) error) error {
	rows, err := q.QueryxContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fingerprint is made of every value an import takes over (rule 4).
func (t *bpThread) fingerprint() []byte {
	h := sha256.New()
	var b [8]byte
	number := func(n int64) {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		_, _ = h.Write(b[:])
	}
	text := func(s []byte) {
		number(int64(len(s)))
		_, _ = h.Write(s)
	}
	number(int64(len(t.messages)))
	for i := range t.messages {
		m := &t.messages[i]
		number(m.id)
		number(m.sender)
		text(m.subject)
		text(m.content)
		text([]byte(m.date))
	}
	number(int64(len(t.recipients)))
	for _, r := range t.recipients {
		state := r.unread << 2
		if r.senderOnly {
			state |= 1
		}
		if r.deleted {
			state |= 2
		}
		number(r.id)
		number(r.user)
		number(state)
	}
	for _, x := range t.meta {
		number(x.message)
		text(x.key)
		text(x.value)
	}
	return h.Sum(nil)[:16]
}
