package importer

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Meta keys of BuddyPress (contract 4.1).
const (
	starKey     = "starred_by_user"
	embedPrefix = "_oembed_"
)

// BuddyPress is the source BuddyPress's messages component leaves in a database.
type BuddyPress struct {
	db      *sqlx.DB
	prefix  string
	missing func(ctx context.Context, users []int64) (int, error)

	messages, recipients *table
	meta, notifications  *table // nil: there is none
	// threadIndex and rowIndex are the indexes on thread_id.
	threadIndex, rowIndex string
	// perRead is how many messages the next Read brings.
	perRead int
}

// NewBuddyPress makes the source whose tables are {prefix}bp_messages_… of a database
// that may be read only; it is for one goroutine at a time. missing counts which of some users have no account.
func NewBuddyPress(db *sqlx.DB, prefix string, missing func(ctx context.Context, users []int64) (int, error)) *BuddyPress {
	return &BuddyPress{db: db, prefix: prefix, missing: missing}
}

// Name implements Source.
func (s *BuddyPress) Name() string { return "buddypress:" + s.prefix }

// tables finds the tables, once.
func (s *BuddyPress) tables(ctx context.Context) error {
	if s.messages != nil {
		return nil
	}
	need := func(name string, columns ...string) (*table, error) {
		t, missing, err := findTable(ctx, s.db, s.prefix+name, columns...)
		if missing {
			return nil, fmt.Errorf("there is no table %s%s: BuddyPress's private messages were never switched on on this site, or its tables have another prefix (--source-prefix)", s.prefix, name)
		}
		return t, err
	}
	messages, err := need("bp_messages_messages", "id", "thread_id", "sender_id", "subject", "message", "date_sent")
	if err != nil {
		return err
	}
	recipients, err := need("bp_messages_recipients", "id", "user_id", "thread_id", "unread_count", "sender_only", "is_deleted")
	if err != nil {
		return err
	}
	if s.meta, _, err = findTable(ctx, s.db, s.prefix+"bp_messages_meta", "id", "message_id", "meta_key", "meta_value"); err != nil {
		return err
	}
	if s.notifications, _, err = findTable(ctx, s.db, s.prefix+"bp_notifications", "item_id", "component_name", "component_action"); err != nil {
		return err
	}
	if s.threadIndex, err = indexOn(ctx, s.db, messages, "thread_id"); err != nil {
		return err
	}
	if s.rowIndex, err = indexOn(ctx, s.db, recipients, "thread_id"); err != nil {
		return err
	}
	s.messages, s.recipients = messages, recipients
	return nil
}

// where is the condition of a scope on the thread ids of a table, beginning with AND.
func (s *BuddyPress) where(scope Scope, alias string) (text string, args []any) {
	if scope.Threads != nil {
		text = ` AND ` + alias + `.thread_id IN (NULL` + strings.Repeat(`,?`, len(scope.Threads)) + `)`
		for _, id := range scope.Threads {
			args = append(args, id)
		}
	}
	if !scope.Since.IsZero() {
		text += ` AND EXISTS (SELECT 1 FROM ` + s.messages.quoted() + ` since
			WHERE since.thread_id = ` + alias + `.thread_id AND since.date_sent >= ?)`
		args = append(args, scope.Since.UTC())
	}
	return text, args
}

// Inspect implements Source.
func (s *BuddyPress) Inspect(ctx context.Context, scope Scope) (*Inventory, error) {
	if err := s.tables(ctx); err != nil {
		return nil, err
	}
	v := &Inventory{Findings: Findings{}, Notes: s.notes()}
	var below, without int
	for _, q := range []struct {
		into         *int64
		table, value string
	}{{&v.MaxThread, s.messages.quoted(), "thread_id"}, {&v.MaxMessage, s.messages.quoted(), "id"}, {&v.MaxRecipient, s.recipients.quoted(), "id"}} {
		if err := s.db.GetContext(ctx, q.into, `SELECT COALESCE(MAX(`+q.value+`), 0) FROM `+q.table); err != nil {
			return nil, err
		}
	}
	where, args := s.where(scope, "m")
	err := s.db.QueryRowxContext(ctx, `SELECT COUNT(*), COUNT(DISTINCT m.thread_id), COUNT(DISTINCT IF(m.thread_id < 1, m.thread_id, NULL)),
			COALESCE(SUM(m.id < 1), 0)
		FROM `+s.messages.quoted()+` m WHERE 1`+where, args...).Scan(&v.Messages, &v.Threads, &v.MadeThreads, &below)
	if err != nil {
		return nil, err
	}
	v.Findings.Add(MessageIDs, below)
	has := ` EXISTS (SELECT 1 FROM ` + s.messages.quoted() + ` m WHERE m.thread_id = r.thread_id)`
	where, args = s.where(scope, "r")
	err = s.db.QueryRowxContext(ctx, `SELECT COUNT(*), COALESCE(SUM(NOT`+has+`), 0)
		FROM `+s.recipients.quoted()+` r WHERE 1`+where, args...).Scan(&v.Recipients, &without)
	if err != nil {
		return nil, err
	}
	v.Findings.Add(RowsWithoutThread, without)
	if err := s.inspectMore(ctx, scope, v); err != nil {
		return nil, err
	}
	return v, s.inspectUsers(ctx, scope, v)
}

func (s *BuddyPress) inspectMore(ctx context.Context, scope Scope, v *Inventory) error {
	where, args := s.where(scope, "m")
	err := s.db.GetContext(ctx, &v.MadeRows, `SELECT COUNT(*) FROM (SELECT DISTINCT m.thread_id, m.sender_id FROM `+s.messages.quoted()+` m
			WHERE m.sender_id > 0`+where+`) d
		WHERE NOT EXISTS (SELECT 1 FROM `+s.recipients.quoted()+` r WHERE r.thread_id = d.thread_id AND r.user_id = d.sender_id)`, args...)
	if err != nil {
		return err
	}
	if s.meta != nil {
		err = s.db.GetContext(ctx, &v.Stars, `SELECT COUNT(*) FROM `+s.meta.quoted()+` x
			JOIN `+s.messages.quoted()+` m ON m.id = x.message_id WHERE x.meta_key = ?`+where, append([]any{starKey}, args...)...)
		if err != nil {
			return err
		}
	}
	if s.notifications != nil {
		err = s.db.GetContext(ctx, &v.MaxNotified, `SELECT COALESCE(MAX(item_id), 0) FROM `+s.notifications.quoted()+`
			WHERE component_name = 'messages' AND component_action = 'new_message'`)
	}
	return err
}

// inspectUsers counts who takes part and has no account.
func (s *BuddyPress) inspectUsers(ctx context.Context, scope Scope, v *Inventory) error {
	var users []int64
	senders, args := s.where(scope, "m")
	receivers, more := s.where(scope, "r")
	err := s.db.SelectContext(ctx, &users, `SELECT DISTINCT m.sender_id FROM `+s.messages.quoted()+` m WHERE m.sender_id > 0`+senders+`
		UNION SELECT DISTINCT r.user_id FROM `+s.recipients.quoted()+` r WHERE r.user_id > 0`+receivers, append(args, more...)...)
	if err != nil {
		return err
	}
	n, err := s.missing(ctx, users)
	v.Findings.Add(MissingUsers, n)
	return err
}

// notes say in sentences what is special about the tables.
func (s *BuddyPress) notes() []string {
	notes := []string{}
	for _, name := range []string{"subject", "message"} {
		c := s.messages.columns[name]
		switch {
		case c.Charset == nil || strings.HasPrefix(*c.Charset, "utf8"):
		case *c.Charset == latin1:
			notes = append(notes, fmt.Sprintf("Column %s of %s is declared latin1: texts whose bytes are UTF-8 are taken as UTF-8, others as latin1.", name, s.messages.name))
		default:
			notes = append(notes, fmt.Sprintf("Column %s of %s is stored in %s and converted.", name, s.messages.name, *c.Charset))
		}
	}
	if !strings.EqualFold(s.messages.engine, "InnoDB") {
		notes = append(notes, fmt.Sprintf("Table %s is stored by %s, which shows no steady picture to a reader: what changes while a thread is read arrives with the next pass.", s.messages.name, s.messages.engine))
	}
	if s.meta == nil {
		notes = append(notes, fmt.Sprintf("There is no table %sbp_messages_meta: BuddyPress had no stars then.", s.prefix))
	}
	if s.notifications == nil {
		notes = append(notes, fmt.Sprintf("There is no table %sbp_notifications.", s.prefix))
	}
	if s.threadIndex == "" || s.rowIndex == "" {
		notes = append(notes, "An index on thread_id is missing: reading will be slow.")
	}
	return notes
}

// Existing implements Source.
func (s *BuddyPress) Existing(ctx context.Context, scope Scope, kind string, ids []int64) (found []int64, err error) {
	if err := s.tables(ctx); err != nil {
		return nil, err
	}
	column, t := "id", s.messages
	switch kind {
	case KindThread:
		column = "thread_id"
	case KindRecipient:
		t = s.recipients
	}
	where, args := s.where(scope, "m")
	args = append(args, make([]any, len(ids))...)
	for i, id := range ids {
		args[len(args)-len(ids)+i] = id
	}
	err = s.db.SelectContext(ctx, &found, `SELECT DISTINCT m.`+column+` FROM `+t.quoted()+` m WHERE 1`+where+`
		AND m.`+column+` IN (NULL`+strings.Repeat(`,?`, len(ids))+`)`, args...)
	return found, err
}

// firstThread is below every thread id.
const firstThread = math.MinInt64
