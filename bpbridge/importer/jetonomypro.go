package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Findings of this source alone.
const (
	NoConversationRow Finding = "messages_without_a_conversation" // conversations made of messages
	ErasedSenders     Finding = "messages_of_deleted_users"       // sender 0
	EmptySeats        Finding = "direct_conversations_with_one_member"
	WrongType         Finding = "direct_conversations_with_many_members" // groups
)

// JetonomyPro is the source Jetonomy Pro's private messaging leaves in a database
// (Jetonomy contract 4.7). Its tables are known from the outside only, so every column
// that is not needed may be missing.
type JetonomyPro struct {
	db     *sqlx.DB
	prefix string
	// missing tells which of some users have no account.
	missing func(ctx context.Context, users []int64) (map[int64]bool, error)

	conversations, people, messages *table
	// threadIndex and rowIndex are the indexes on conversation_id.
	threadIndex, rowIndex string
	// merged are direct conversations of a pair that has several: each names the oldest,
	// which has all of them.
	merged map[int64]int64
	also   map[int64][]int64
	scopes map[string]Scope // as resolved
}

// NewJetonomyPro makes the source whose tables are {prefix}jt_pro_… of a database that
// may be read only. missing tells which of some users have no account.
func NewJetonomyPro(db *sqlx.DB, prefix string, missing func(ctx context.Context, users []int64) (map[int64]bool, error)) *JetonomyPro {
	return &JetonomyPro{db: db, prefix: prefix, missing: missing}
}

// Name implements Source.
func (s *JetonomyPro) Name() string { return "jetonomy-pro:" + s.prefix }

// tables finds the tables, once.
func (s *JetonomyPro) tables(ctx context.Context) error {
	if s.messages != nil {
		return nil
	}
	find := func(name string, columns ...string) (*table, error) {
		t, missing, err := findTable(ctx, s.db, s.prefix+"jt_pro_"+name, columns...)
		if missing {
			return nil, fmt.Errorf("there is no table %sjt_pro_%s: Jetonomy Pro's private messaging was never switched on on this site, or its tables have another prefix (--source-prefix)", s.prefix, name)
		}
		return t, err
	}
	var err error
	if s.conversations, err = find("conversations", "id"); err != nil {
		return err
	}
	if s.people, err = find("conversation_participants", "conversation_id", "user_id"); err != nil {
		return err
	}
	messages, err := find("messages", "id", "conversation_id", "sender_id", "created_at")
	if err != nil {
		return err
	}
	if !messages.has("content") && !messages.has("content_plain") {
		return fmt.Errorf("table %s has neither a column content nor content_plain: it is not the table it is taken for", messages.name)
	}
	if s.threadIndex, err = indexOn(ctx, s.db, messages, "conversation_id"); err != nil {
		return err
	}
	if s.rowIndex, err = indexOn(ctx, s.db, s.people, "conversation_id"); err != nil {
		return err
	}
	s.messages = messages
	return nil
}

// ready is tables, and the pairs of the pass.
func (s *JetonomyPro) ready(ctx context.Context) error {
	if err := s.tables(ctx); err != nil || s.merged != nil {
		return err
	}
	return s.pairs(ctx)
}

// pairs finds direct conversations of the same two members, anew for each pass.
func (s *JetonomyPro) pairs(ctx context.Context) error {
	s.merged, s.also, s.scopes = map[int64]int64{}, map[int64][]int64{}, map[string]Scope{}
	direct := `1`
	if s.conversations.has("type") {
		direct = `c.type = 'direct'`
	}
	oldest := map[[2]int64]int64{}
	return each(ctx, s.db, `SELECT c.id, MIN(p.user_id), MAX(p.user_id) FROM `+s.conversations.quoted()+` c
		JOIN `+s.people.quoted()+` p ON p.conversation_id = c.id
		WHERE c.id > 0 AND `+direct+` GROUP BY c.id HAVING COUNT(DISTINCT p.user_id) = 2 AND MIN(p.user_id) > 0 ORDER BY c.id`, nil,
		func(rows *sqlx.Rows) error {
			var id int64
			var pair [2]int64
			if err := rows.Scan(&id, &pair[0], &pair[1]); err != nil {
				return err
			}
			if first, known := oldest[pair]; known {
				s.merged[id] = first
				s.also[first] = append(s.also[first], id)
			} else {
				oldest[pair] = id
			}
			return nil
		})
}

// resolve makes a scope of conversation ids of one that selects otherwise, and of one
// that names a second conversation of a pair: those go where the oldest goes.
func (s *JetonomyPro) resolve(ctx context.Context, scope Scope) (Scope, error) {
	if scope.Whole() {
		return scope, nil
	}
	key := fmt.Sprint(scope)
	if known, ok := s.scopes[key]; ok {
		return known, nil
	}
	ids := scope.Threads
	if !scope.Since.IsZero() {
		var recent []int64
		if err := s.db.SelectContext(ctx, &recent, `SELECT DISTINCT conversation_id FROM `+s.messages.quoted()+` WHERE created_at >= ?`, scope.Since.UTC()); err != nil {
			return scope, err
		}
		if scope.Threads != nil {
			recent = slices.DeleteFunc(recent, func(id int64) bool { return !slices.Contains(scope.Threads, id) })
		}
		ids = recent
	}
	out := Scope{Threads: []int64{}}
	for _, id := range ids {
		if first, second := s.merged[id]; second {
			id = first
		}
		out.Threads = append(out.Threads, id)
	}
	slices.Sort(out.Threads)
	out.Threads = slices.Compact(out.Threads)
	s.scopes[key] = out
	return out, nil
}

// within is the condition of a resolved scope on a column of conversation ids, beginning
// with AND; second conversations of pairs are within where the oldest is.
func (s *JetonomyPro) within(scope Scope, column string) (text string, args []any) {
	if scope.Threads == nil {
		return "", nil
	}
	for _, id := range scope.Threads {
		args = append(args, id)
		for _, second := range s.also[id] {
			args = append(args, second)
		}
	}
	return ` AND ` + column + ` IN (NULL` + strings.Repeat(`,?`, len(args)) + `)`, args
}

// threads is a table of all conversation ids: those with a row, and those messages name.
func (s *JetonomyPro) threads() string {
	return `(SELECT id FROM ` + s.conversations.quoted() + ` UNION SELECT conversation_id FROM ` + s.messages.quoted() + `)`
}

// Inspect implements Source.
func (s *JetonomyPro) Inspect(ctx context.Context, scope Scope) (*Inventory, error) {
	if err := s.tables(ctx); err != nil {
		return nil, err
	}
	if err := s.pairs(ctx); err != nil {
		return nil, err
	}
	scope, err := s.resolve(ctx, scope)
	if err != nil {
		return nil, err
	}
	v := &Inventory{Findings: Findings{}, Notes: s.notes()}
	if err := s.db.QueryRowxContext(ctx, `SELECT (SELECT COALESCE(MAX(x.id), 0) FROM `+s.threads()+` x), (SELECT COALESCE(MAX(id), 0) FROM `+s.messages.quoted()+`)`).
		Scan(&v.MaxThread, &v.MaxMessage); err != nil {
		return nil, err
	}
	where, args := s.within(scope, "x.id")
	err = s.db.QueryRowxContext(ctx, `SELECT COUNT(*), COALESCE(SUM(x.id < 1), 0) FROM `+s.threads()+` x WHERE 1`+where, args...).Scan(&v.Threads, &v.MadeThreads)
	if err != nil {
		return nil, err
	}
	where, args = s.within(scope, "m.conversation_id")
	var below int
	err = s.db.QueryRowxContext(ctx, `SELECT COUNT(*), COALESCE(SUM(m.id < 1), 0) FROM `+s.messages.quoted()+` m WHERE 1`+where, args...).Scan(&v.Messages, &below)
	if err != nil {
		return nil, err
	}
	v.Findings.Add(MessageIDs, below)
	where, args = s.within(scope, "p.conversation_id")
	known := `EXISTS (SELECT 1 FROM ` + s.threads() + ` x WHERE x.id = p.conversation_id)`
	var without int
	err = s.db.QueryRowxContext(ctx, `SELECT COUNT(*), COUNT(*) - COALESCE(SUM(`+known+`), 0) FROM `+s.people.quoted()+` p WHERE 1`+where, args...).
		Scan(&v.Recipients, &without)
	if err != nil {
		return nil, err
	}
	v.Findings.Add(RowsWithoutThread, without)
	return v, s.inspectMore(ctx, scope, v)
}

// inspectMore counts the rows Parley has to give ids to, for the tables have none for
// people, and who has no account.
func (s *JetonomyPro) inspectMore(ctx context.Context, scope Scope, v *Inventory) error {
	where, args := s.within(scope, "u.conversation_id")
	people := `(SELECT conversation_id, user_id FROM ` + s.people.quoted() + `
		UNION SELECT conversation_id, sender_id FROM ` + s.messages.quoted() + `) u`
	if err := s.db.GetContext(ctx, &v.MadeRows, `SELECT COUNT(*) FROM `+people+` WHERE 1`+where, args...); err != nil {
		return err
	}
	v.MadeRows += v.Threads // the seat of somebody who is gone
	var users []int64
	if err := s.db.SelectContext(ctx, &users, `SELECT DISTINCT u.user_id FROM `+people+` WHERE u.user_id > 0`+where, args...); err != nil {
		return err
	}
	missing, err := s.missing(ctx, users)
	v.Findings.Add(MissingUsers, len(missing))
	return err
}

// notes say in sentences what is special about the tables.
func (s *JetonomyPro) notes() []string {
	notes := []string{}
	for _, t := range []struct {
		*table
		optional []string
	}{
		{s.conversations, []string{"title", "type", "created_by", "created_at"}},
		{s.people, []string{"last_read_at", "is_muted", "joined_at", "is_archived", "left_at", "is_blocked"}},
		{s.messages, []string{"content", "is_system"}},
	} {
		var lacking []string
		for _, name := range t.optional {
			if !t.has(name) {
				lacking = append(lacking, name)
			}
		}
		if lacking != nil {
			notes = append(notes, fmt.Sprintf("Table %s has no column %s, as an older version left it.", t.name, strings.Join(lacking, ", ")))
		}
	}
	if !strings.EqualFold(s.messages.engine, "InnoDB") {
		notes = append(notes, fmt.Sprintf("Table %s is stored by %s, which shows no steady picture to a reader: what changes while a conversation is read arrives with the next pass.", s.messages.name, s.messages.engine))
	}
	if s.threadIndex == "" || s.rowIndex == "" {
		notes = append(notes, "An index on conversation_id is missing: reading will be slow.")
	}
	if n := len(s.merged); n > 0 {
		notes = append(notes, fmt.Sprintf("%d direct conversations are second ones of the same two members and go into the oldest.", n))
	}
	return notes
}
