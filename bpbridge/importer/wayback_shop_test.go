package importer_test

import (
	"context"
	"os"
	"strings"
	"testing"

	gomysql "github.com/go-sql-driver/mysql"

	"parley/bpbridge/importer"
	"parley/config"
	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/messaging/store"
	"parley/schema"
	"parley/wpauth"
)

// shop is a site with messages of other software in it, and Parley's tables.
type shop struct {
	t     *testing.T
	dsn   string
	db    *mysql.DB
	store *store.Store
	*messaging.Service
	site *wpauth.Site
}

// openShop loads a dump into a database of its own.
func openShop(t *testing.T, dump string) *shop {
	t.Helper()
	s := &shop{t: t, dsn: testdb.SiteDSN(t)}
	if dump != "" {
		text, err := os.ReadFile(dump)
		if err != nil {
			t.Fatal(err)
		}
		testdb.Load(t, s.dsn, string(text))
	}
	s.open()
	return s
}

func (s *shop) open() {
	t, ctx := s.t, context.Background()
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	s.db, err = mysql.Open(ctx, mysql.Options{DSN: s.dsn})
	must(err)
	t.Cleanup(func() { _ = s.db.Close() })
	_, err = schema.Up(ctx, s.db.DB, "wp_parley_")
	must(err)
	s.site, err = wpauth.NewSite(ctx, s.db.DB, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_"}})
	must(err)
	t.Cleanup(s.site.Close)
	tables := schema.Names("wp_parley_")
	s.store = store.New(s.db.DB, tables, s.site.Tables(), s.site.Features())
	s.Service, err = messaging.New(messaging.Options{DB: s.db, Tables: tables, Directory: s.site, MinTrustLevel: 0})
	must(err)
}

func (s *shop) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

func (s *shop) number(query string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.db.Get(&n, query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// text is one column of a query, lines.
func (s *shop) text(query string, args ...any) string {
	s.t.Helper()
	var lines []string
	if err := s.db.Select(&lines, query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, "\n")
}

// bring makes a pass of BuddyPress's tables that must come to its end.
func (s *shop) bring() *importer.Report {
	s.t.Helper()
	r, err := importer.Run(context.Background(), importer.Options{DB: s.db, Store: s.store, Threads: s.Service,
		Source: importer.NewBuddyPress(s.db.DB, "wp_", func(context.Context, []int64) (int, error) { return 0, nil })})
	if err != nil {
		for _, c := range r.Checks {
			s.t.Logf("%+v", c)
		}
		s.t.Fatalf("the import: %v", err)
	}
	return r
}

func (s *shop) export(write bool) (*importer.ExportReport, error) {
	s.t.Helper()
	return importer.ExportBuddyPress(context.Background(), importer.ExportOptions{DB: s.db, Store: s.store, Prefix: "wp_",
		Users: s.site.Tables().Users, Write: write})
}

// back makes an export that must come to its end.
func (s *shop) back() *importer.ExportReport {
	s.t.Helper()
	r, err := s.export(true)
	if err != nil {
		s.t.Fatalf("the export: %v\n%+v", err, r.Conflicts)
	}
	return r
}

const (
	messageRows   = "SELECT CONCAT_WS(':', id, thread_id, sender_id, HEX(subject), HEX(message), date_sent) FROM wp_bp_messages_messages ORDER BY id"
	recipientRows = `SELECT CONCAT_WS(':', r.id, user_id, thread_id, unread_count, sender_only, is_deleted) FROM wp_bp_messages_recipients r
		WHERE EXISTS (SELECT 1 FROM wp_bp_messages_messages m WHERE m.thread_id = r.thread_id)
		AND NOT EXISTS (SELECT 1 FROM wp_bp_messages_recipients d WHERE d.thread_id = r.thread_id AND d.user_id = r.user_id AND d.id > r.id) ORDER BY r.id`
	metaRows = `SELECT CONCAT_WS(':', x.message_id, COALESCE(meta_key, 'NULL'), COALESCE(meta_value, 'NULL')) FROM wp_bp_messages_meta x
		JOIN wp_bp_messages_messages m ON m.id = x.message_id WHERE meta_key NOT LIKE '\_oembed\_%'
		AND (meta_key <> 'starred_by_user' OR EXISTS (SELECT 1 FROM wp_bp_messages_recipients r WHERE r.thread_id = m.thread_id AND r.user_id = x.meta_value))
		ORDER BY x.message_id, meta_key, meta_value`
	// sumV7 is the sum of contract 4.4.
	sumV7 = "SELECT SUM(CRC32(CONCAT_WS(':',id,thread_id,sender_id,subject,message,date_sent))) FROM wp_bp_messages_messages"
)

// rows are all rows an import takes over.
func (s *shop) rows() string {
	s.t.Helper()
	return s.text(messageRows) + "\n--\n" + s.text(recipientRows) + "\n--\n" + s.text(metaRows)
}

// same fails on the first line in which two texts differ.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			t.Fatalf("%s: %q is missing", what, b[i])
		case i >= len(b):
			t.Fatalf("%s: %q is too much", what, a[i])
		case a[i] != b[i]:
			t.Fatalf("%s: %q, want %q", what, a[i], b[i])
		}
	}
}

// otherUser is a DSN for somebody else.
func otherUser(dsn, user, password string) (string, error) {
	c, err := gomysql.ParseDSN(dsn)
	if err != nil {
		return "", err
	}
	c.User, c.Passwd = user, password
	return c.FormatDSN(), nil
}
