package importer_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/bpbridge/importer"
	"parley/config"
	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/messaging/store"
	"parley/schema"
	"parley/wpauth"
)

// The members of the recorded site.
const (
	admin, alice, bob, carol, dave, erin = 1, 2, 3, 4, 5, 6
	gone                                 = 99 // whose account was deleted
)

// site is a WordPress site with BuddyPress's tables, and Parley beside it.
type site struct {
	t     testing.TB
	dsn   string
	db    *mysql.DB
	store *store.Store
	wp    *wpauth.Site
	*messaging.Service
	source string // DSN to read from
}

func newSite(t testing.TB) *site {
	t.Helper()
	return siteOn(t, testdb.SiteDSN(t))
}

func siteOn(t testing.TB, dsn string) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{t: t, dsn: dsn, source: dsn}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	s.db, err = mysql.Open(ctx, mysql.Options{DSN: dsn, Logger: slog.New(slog.DiscardHandler)})
	must(err)
	t.Cleanup(func() { _ = s.db.Close() })
	_, err = schema.Up(ctx, s.db.DB, "wp_parley_")
	must(err)
	s.wp, err = wpauth.NewSite(ctx, s.db.DB, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_"}})
	must(err)
	t.Cleanup(s.wp.Close)
	tables := schema.Names("wp_parley_")
	s.store = store.New(s.db.DB, tables, s.wp.Tables(), s.wp.Features())
	s.Service = s.service()
	return s
}

// service is a new one, which has nothing in its caches.
func (s *site) service() *messaging.Service {
	s.t.Helper()
	limits := messaging.DefaultLimits()
	limits.MessagesPerMinute, limits.NewPerDay = 0, [5]int{}
	svc, err := messaging.New(messaging.Options{DB: s.db, Tables: schema.Names("wp_parley_"), Directory: s.wp, Limits: limits})
	if err != nil {
		s.t.Fatal(err)
	}
	return svc
}

// pass makes a pass with some options changed.
func (s *site) pass(change ...func(*importer.Options)) (*importer.Report, error) {
	s.t.Helper()
	source := testdb.Connect(s.t, s.source)
	o := importer.Options{DB: s.db, Store: s.store, Threads: s.service(),
		Source: importer.NewBuddyPress(source, "wp_", func(ctx context.Context, users []int64) (n int, err error) {
			for _, u := range users {
				if u >= gone {
					n++
				}
			}
			return n, nil
		})}
	for _, f := range change {
		f(&o)
	}
	return importer.Run(context.Background(), o)
}

// imported makes a pass that must succeed, its verification included.
func (s *site) imported(change ...func(*importer.Options)) *importer.Report {
	s.t.Helper()
	r, err := s.pass(change...)
	if err != nil {
		for _, c := range r.Checks {
			if !c.OK {
				s.t.Errorf("%s %s: %q", c.Name, c.What, c.Rows)
			}
		}
		s.t.Fatalf("the pass: %v", err)
	}
	return r
}

func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

func (s *site) number(query string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.db.Get(&n, query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// message writes a row as BuddyPress does; at is minutes after midnight.
func (s *site) message(id, thread, sender int64, subject, text string, at int) {
	s.t.Helper()
	s.exec(`INSERT INTO wp_bp_messages_messages (id, thread_id, sender_id, subject, message, date_sent) VALUES (?, ?, ?, ?, ?, ?)`,
		id, thread, sender, subject, text, moment(at))
}

// recipient writes a row; state is unread count, sender only, deleted.
func (s *site) recipient(id, thread, user int64, state ...int) {
	s.t.Helper()
	state = append(state, 0, 0, 0)
	s.exec(`INSERT INTO wp_bp_messages_recipients (id, thread_id, user_id, unread_count, sender_only, is_deleted) VALUES (?, ?, ?, ?, ?, ?)`,
		id, thread, user, state[0], state[1], state[2])
}

func (s *site) star(message, user int64) {
	s.t.Helper()
	s.exec(`INSERT INTO wp_bp_messages_meta (message_id, meta_key, meta_value) VALUES (?, 'starred_by_user', ?)`, message, user)
}

// reply does to the tables what BuddyPress does: a row, and everybody else's state.
func (s *site) reply(id, thread, sender int64, text string, at int) {
	s.t.Helper()
	s.message(id, thread, sender, "Re: x", text, at)
	s.exec(`UPDATE wp_bp_messages_recipients SET unread_count = unread_count + 1, sender_only = 0, is_deleted = 0
		WHERE thread_id = ? AND user_id <> ?`, thread, sender)
}

func moment(minute int) time.Time {
	return time.Date(2026, 1, 5, 0, minute, 0, 0, time.UTC)
}

// conversation writes alice's and bob's thread: two messages, bob has one unread.
func (s *site) conversation(thread int64) {
	s.t.Helper()
	first := thread * 10
	s.message(first, thread, alice, "Trip", "Shall we go?", int(first))
	s.message(first+1, thread, bob, "Re: Trip", "Gladly", int(first)+1)
	s.recipient(first, thread, bob, 1)
	s.recipient(first+1, thread, alice, 1)
}

// member acts without special rights.
func member(id wpauth.UserID) messaging.Actor {
	return messaging.Actor{ID: id, Login: fmt.Sprint("user", id)}
}

// thread reads a thread as a member.
func (s *site) thread(who wpauth.UserID, id int64) (*messaging.Thread, error) {
	return s.service().GetThread(context.Background(), member(who), messaging.ConversationID(id), messaging.ThreadQuery{Viewer: who})
}

func (s *site) mustThread(who wpauth.UserID, id int64) *messaging.Thread {
	s.t.Helper()
	t, err := s.thread(who, id)
	if err != nil {
		s.t.Fatalf("thread %d for %d: %v", id, who, err)
	}
	return t
}

// texts are the contents of a thread's messages in order.
func texts(t *messaging.Thread) string {
	var out []string
	for _, m := range t.Messages {
		out = append(out, m.Content)
	}
	return strings.Join(out, "|")
}

// parleyTables are compared by state; what tells of time and passes is left out.
var parleyTables = []struct{ name, columns, order string }{
	{"conversations", "*", "id"}, {"participants", "*", "conversation_id, user_id"}, {"messages", "*", "conversation_id, id"},
	{"message_text", "*", "conversation_id, message_id"}, {"stars", "*", "user_id, conversation_id, message_id"},
	{"message_meta", "conversation_id, message_id, meta_key, meta_value", "message_id, meta_key, meta_value"},
	{"import_threads", "source_id, source_thread, conversation_id, fingerprint, state, messages, people, findings", "source_thread"},
	{"import_originals", "*", "source_message"},
	{"import_sources", "name, conversation_kept, conversation_next, row_kept, row_next, message_kept", "id"},
	{"reports", "*", "id"}, {"audit_log", "*", "id"},
}

// state is everything Parley holds, for comparing.
func state(t testing.TB, db *sqlx.DB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range parleyTables {
		rows, err := db.Queryx("SELECT " + table.columns + " FROM wp_parley_" + table.name + " ORDER BY " + table.order)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for rows.Next() {
			values, err := rows.SliceScan()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if text, ok := v.([]byte); ok {
					sum := sha256.Sum256(text)
					v = hex.EncodeToString(sum[:6])
				}
				fmt.Fprint(&b, v, " ")
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		out[table.name] = b.String()
	}
	return out
}

// sameState fails where two states differ.
func sameState(t testing.TB, what string, before, after map[string]string) {
	t.Helper()
	for _, table := range parleyTables {
		was, is := strings.Split(before[table.name], "\n"), strings.Split(after[table.name], "\n")
		if slices.Equal(was, is) {
			continue
		}
		for i := range max(len(was), len(is)) {
			if i >= len(was) || i >= len(is) || was[i] != is[i] {
				t.Errorf("%s: %s differs in row %d of %d and %d:\n\t%s\n\t%s", what, table.name, i, len(was), len(is),
					was[min(i, len(was)-1)], is[min(i, len(is)-1)])
				break
			}
		}
	}
}

// finding is how often a report has a finding.
func finding(r *importer.Report, kind importer.Finding) int {
	for _, f := range r.Findings {
		if f.Kind == kind {
			return f.Count
		}
	}
	return 0
}
