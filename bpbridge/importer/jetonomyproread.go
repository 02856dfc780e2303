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

// The rows of Jetonomy Pro's tables, texts and dates as stored. A missing column is
// NULL in every row.
type (
	jpConversation struct {
		id, createdBy   int64
		title           []byte
		kind, createdAt string
	}
	jpMessage struct {
		id, conversation, sender int64
		content                  []byte
		escaped                  bool // content is plain text
		system                   bool
		date                     string
	}
	jpPerson struct {
		conversation, user       int64
		muted, archived, blocked bool
		lastRead, joined, left   string
	}
)

// jpThread is a conversation as it was read, second ones of its pair included.
type jpThread struct {
	source   *JetonomyPro
	id       int64
	also     []int64
	rows     []jpConversation // by id; none where messages alone name the conversation
	messages []jpMessage      // by id
	people   []jpPerson       // by conversation and user
}

// Read implements Source. All statements of a batch see the tables at one moment.
func (s *JetonomyPro) Read(ctx context.Context, scope Scope, after int64) (Batch, error) {
	if err := s.ready(ctx); err != nil {
		return Batch{}, err
	}
	scope, err := s.resolve(ctx, scope)
	if err != nil {
		return Batch{}, err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Batch{}, err
	}
	defer func() { _ = tx.Rollback() }()
	list, last, done, err := s.next(ctx, tx, scope, after)
	if err != nil {
		return Batch{}, err
	}
	if err := s.fill(ctx, tx, list); err != nil {
		return Batch{}, err
	}
	b := Batch{Last: last, Done: done}
	for _, t := range list {
		b.Threads = append(b.Threads, SourceThread{ID: t.id, Messages: len(t.messages), Fingerprint: t.fingerprint(), Build: t.build})
	}
	return b, nil
}

// next chooses the next conversations, and says how far it looked: ids of second
// conversations of a pair are passed over.
func (s *JetonomyPro) next(ctx context.Context, tx *sqlx.Tx, scope Scope, after int64) (list []*jpThread, last int64, done bool, err error) {
	within, args := s.within(scope, "id")
	alone, more := s.within(scope, "conversation_id")
	args = append(append([]any{after}, args...), threadsPerRead)
	args = append(append(append(args, after), more...), threadsPerRead, threadsPerRead)
	// Both are ranges of an index, however many there are.
	rows, err := tx.QueryxContext(ctx, `SELECT x.id, (SELECT COUNT(*) FROM `+s.messages.quoted()+` n WHERE n.conversation_id = x.id)
		FROM ((SELECT id FROM `+s.conversations.quoted()+` WHERE id > ?`+within+` ORDER BY id LIMIT ?)
		UNION (SELECT DISTINCT conversation_id FROM `+s.messages.quoted()+` WHERE conversation_id > ?`+alone+` ORDER BY conversation_id LIMIT ?)) x
		ORDER BY x.id LIMIT ?`, args...)
	if err != nil {
		return nil, after, false, err
	}
	defer rows.Close()
	last = after
	looked, total, full := 0, 0, false
	for rows.Next() {
		var id int64
		var count int
		if err := rows.Scan(&id, &count); err != nil {
			return nil, after, false, err
		}
		looked++
		if full = full || total > 0 && total+count > messagesPerRead; full {
			continue
		}
		last = id
		if _, second := s.merged[id]; second {
			continue
		}
		total += count
		list = append(list, &jpThread{source: s, id: id, also: s.also[id]})
	}
	return list, last, looked < threadsPerRead && !full, rows.Err()
}

// fill reads everything of the chosen conversations.
func (s *JetonomyPro) fill(ctx context.Context, tx *sqlx.Tx, list []*jpThread) error {
	if len(list) == 0 {
		return nil
	}
	byID := map[int64]*jpThread{}
	var ids []any
	for _, t := range list {
		for _, id := range append([]int64{t.id}, t.also...) {
			byID[id] = t
			ids = append(ids, id)
		}
	}
	in := ` IN (?` + strings.Repeat(`,?`, len(ids)-1) + `)`
	for _, read := range []func(context.Context, *sqlx.Tx, map[int64]*jpThread, string, []any) error{s.readRows, s.readMessages, s.readPeople} {
		if err := read(ctx, tx, byID, in, ids); err != nil {
			return err
		}
	}
	for _, t := range list {
		slices.SortFunc(t.rows, func(a, b jpConversation) int { return cmp.Compare(a.id, b.id) })
		slices.SortFunc(t.messages, func(a, b jpMessage) int { return cmp.Compare(a.id, b.id) })
		slices.SortStableFunc(t.people, func(a, b jpPerson) int {
			return cmp.Or(cmp.Compare(a.conversation, b.conversation), cmp.Compare(a.user, b.user))
		})
	}
	return s.forgetMissing(ctx, list)
}

// or is a column where the table has it, else what stands for it.
func (t *table) or(alias, column, otherwise string) string {
	if t.has(column) {
		return alias + ".`" + column + "`"
	}
	return otherwise
}

// date is a column of dates as text, "" for NULL and for a column that is not there.
func (t *table) date(alias, column string) string {
	return `COALESCE(CAST(` + t.or(alias, column, "NULL") + ` AS CHAR), '')`
}

func (s *JetonomyPro) readRows(ctx context.Context, tx *sqlx.Tx, byID map[int64]*jpThread, in string, ids []any) error {
	t := s.conversations
	title := "NULL"
	if t.has("title") {
		title = t.bytesOf("c", "title")
	}
	return each(ctx, tx, `SELECT c.id, `+title+`, COALESCE(`+t.or("c", "type", "NULL")+`, ''), COALESCE(`+t.or("c", "created_by", "NULL")+`, 0), `+
		t.date("c", "created_at")+` FROM `+t.quoted()+` c WHERE c.id`+in, ids, func(rows *sqlx.Rows) error {
		var c jpConversation
		err := rows.Scan(&c.id, &c.title, &c.kind, &c.createdBy, &c.createdAt)
		byID[c.id].rows = append(byID[c.id].rows, c)
		return err
	})
}

func (s *JetonomyPro) readMessages(ctx context.Context, tx *sqlx.Tx, byID map[int64]*jpThread, in string, ids []any) error {
	t, column := s.messages, "content"
	if !t.has(column) {
		column = "content_plain"
	}
	return each(ctx, tx, `SELECT m.id, m.conversation_id, m.sender_id, `+t.bytesOf("m", column)+`, COALESCE(`+t.or("m", "is_system", "0")+`, 0) <> 0, `+
		t.date("m", "created_at")+` FROM `+t.quoted()+` m`+force(s.threadIndex)+` WHERE m.id > 0 AND m.conversation_id`+in, ids, func(rows *sqlx.Rows) error {
		m := jpMessage{escaped: column != "content"}
		err := rows.Scan(&m.id, &m.conversation, &m.sender, &m.content, &m.system, &m.date)
		if t := byID[m.conversation]; t != nil {
			t.messages = append(t.messages, m)
		}
		return err
	})
}

func (s *JetonomyPro) readPeople(ctx context.Context, tx *sqlx.Tx, byID map[int64]*jpThread, in string, ids []any) error {
	t := s.people
	flag := func(name string) string { return `COALESCE(` + t.or("p", name, "0") + `, 0) <> 0` }
	return each(ctx, tx, `SELECT p.conversation_id, p.user_id, `+flag("is_muted")+`, `+flag("is_archived")+`, `+flag("is_blocked")+`, `+
		t.date("p", "last_read_at")+`, `+t.date("p", "joined_at")+`, `+t.date("p", "left_at")+`
		FROM `+t.quoted()+` p`+force(s.rowIndex)+` WHERE p.conversation_id`+in, ids, func(rows *sqlx.Rows) error {
		var p jpPerson
		err := rows.Scan(&p.conversation, &p.user, &p.muted, &p.archived, &p.blocked, &p.lastRead, &p.joined, &p.left)
		if t := byID[p.conversation]; t != nil {
			t.people = append(t.people, p)
		}
		return err
	})
}

// forgetMissing makes senders and creators without an account nobody (4.7).
func (s *JetonomyPro) forgetMissing(ctx context.Context, list []*jpThread) error {
	var users []int64
	for _, t := range list {
		for i := range t.messages {
			users = append(users, t.messages[i].sender)
		}
		for i := range t.rows {
			users = append(users, t.rows[i].createdBy)
		}
	}
	slices.Sort(users)
	missing, err := s.missing(ctx, slices.Compact(users))
	if err != nil {
		return err
	}
	for _, t := range list {
		for i := range t.messages {
			if m := &t.messages[i]; missing[m.sender] || m.sender < 0 {
				m.sender = 0
			}
		}
		for i := range t.rows {
			if c := &t.rows[i]; missing[c.createdBy] || c.createdBy < 0 {
				c.createdBy = 0
			}
		}
	}
	return nil
}

// fingerprint is made of every value an import takes over.
func (t *jpThread) fingerprint() []byte {
	h := sha256.New()
	var b [8]byte
	number := func(n int64) {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		_, _ = h.Write(b[:])
	}
	text := func(s string) {
		number(int64(len(s)))
		_, _ = h.Write([]byte(s))
	}
	flags := func(list ...bool) {
		n := int64(0)
		for _, on := range list {
			n <<= 1
			if on {
				n |= 1
			}
		}
		number(n)
	}
	number(int64(len(t.rows)))
	for _, c := range t.rows {
		number(c.id)
		number(c.createdBy)
		text(string(c.title))
		text(c.kind)
		text(c.createdAt)
	}
	number(int64(len(t.messages)))
	for i := range t.messages {
		m := &t.messages[i]
		number(m.id)
		number(m.conversation)
		number(m.sender)
		text(string(m.content))
		flags(m.system)
		text(m.date)
	}
	number(int64(len(t.people)))
	for _, p := range t.people {
		number(p.conversation)
		number(p.user)
		flags(p.muted, p.archived, p.blocked)
		text(p.lastRead)
		text(p.joined)
		text(p.left)
	}
	return h.Sum(nil)[:16]
}
