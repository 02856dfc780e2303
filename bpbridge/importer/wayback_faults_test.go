package importer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bench/bpseed"
	"parley/bpbridge/importer"
	"parley/internal/mysql"
	"parley/messaging"
	"parley/messaging/store"
	"parley/schema"
)

// TestExportWithoutRights names what is missing, and leaves nothing half done.
func TestExportWithoutRights(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	_, err := s.Send(context.Background(), messaging.Actor{ID: 2, Login: "alice", Bypass: true}, messaging.SendInput{Conversation: 1, Content: "New"})
	check(t, err)
	name := s.text("SELECT DATABASE()")
	user := "way_" + name[max(0, len(name)-20):]
	s.exec("CREATE USER '" + user + "'@'%' IDENTIFIED BY 'secret'")
	t.Cleanup(func() { _, _ = s.db.Exec("DROP USER '" + user + "'@'%'") })
	s.exec("GRANT SELECT ON `" + name + "`.* TO '" + user + "'@'%'")
	for _, table := range strings.Fields(s.text("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'wp\\_parley\\_%'")) {
		s.exec("GRANT INSERT, UPDATE, DELETE ON `" + name + "`.`" + table + "` TO '" + user + "'@'%'")
	}
	dsn, err := otherUser(s.dsn, user, "secret")
	check(t, err)
	db, err := mysql.Open(context.Background(), mysql.Options{DSN: dsn})
	check(t, err)
	defer db.Close()
	before := s.rows()
	r, err := importer.ExportBuddyPress(context.Background(), importer.ExportOptions{DB: db, Prefix: "wp_", Users: s.site.Tables().Users, Write: true,
		Store: store.New(db.DB, schema.Names("wp_parley_"), s.site.Tables(), s.site.Features())})
	if err == nil || !strings.Contains(err.Error(), "GRANT") || !strings.Contains(err.Error(), "run the same command again") {
		t.Errorf("without rights: %v, %+v", err, r)
	}
	same(t, "rows", s.rows(), before)
	if r := s.back(); r.Threads.Changed != 1 {
		t.Errorf("with them: %+v", r.Threads)
	}
}

// TestExportBreaksOff stops an export in the middle, once by its context and once by
// killing its connection: what was written is whole, and the same export again writes
// the rest.
func TestExportBreaksOff(t *testing.T) {
	s := openShop(t, "")
	if _, err := bpseed.Write(context.Background(), s.db.DB, bpseed.Options{Threads: 150, Messages: 600, Members: 40, Clean: true}); err != nil {
		t.Fatal(err)
	}
	s.bring()
	before := s.rows()
	for _, c := range []struct {
		name string
		stop func(cancel func(), connection int64)
	}{
		{"cancelled", func(cancel func(), _ int64) { cancel() }},
		{"killed", func(_ func(), connection int64) { s.exec(fmt.Sprintf("KILL %d", connection)) }},
	} {
		for _, name := range []string{"messages", "recipients", "meta"} {
			s.exec("TRUNCATE TABLE wp_bp_messages_" + name)
		}
		if err := s.brokenOff(120, c.stop); err == nil || !strings.Contains(err.Error(), "run the same command again") {
			t.Errorf("%s: %v", c.name, err)
		}
		// Two transactions of fifty threads came to their end, the third did not.
		if n := s.number("SELECT COUNT(DISTINCT thread_id) FROM wp_bp_messages_messages"); n != 100 {
			t.Errorf("%s: %d threads are there", c.name, n)
		}
		if n := s.number(`SELECT COUNT(*) FROM (SELECT thread_id, COUNT(*) AS n FROM wp_bp_messages_messages GROUP BY thread_id) m
			JOIN wp_parley_import_threads t ON t.source_thread = m.thread_id WHERE t.messages <> m.n`); n != 0 {
			t.Errorf("%s: %d threads are half written", c.name, n)
		}
		if r := s.back(); r.Threads.New != 50 || r.Threads.Unchanged != 100 {
			t.Errorf("%s, and again: %+v", c.name, r.Threads)
		}
		same(t, c.name, s.rows(), before)
	}
}

// brokenOff starts an export that has to wait for a conversation, stops it there, and
// returns its error.
func (s *shop) brokenOff(conversation int64, stop func(cancel func(), connection int64)) error {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tx := s.db.MustBegin()
	defer func() { _ = tx.Rollback() }()
	tx.MustExec("SELECT 1 FROM wp_parley_conversations WHERE id = ? FOR UPDATE", conversation)
	ended := make(chan error, 1)
	go func() {
		_, err := importer.ExportBuddyPress(ctx, importer.ExportOptions{DB: s.db, Prefix: "wp_", Users: s.site.Tables().Users, Write: true, Store: s.store})
		ended <- err
	}()
	// Whoever holds the lock of imports is the export. When two groups are written, what
	// it locks next holds the conversation.
	for end := time.Now().Add(time.Minute); ; {
		var waiting []int64
		if err := s.db.Select(&waiting, `SELECT id FROM information_schema.processlist
			WHERE id = IS_USED_LOCK(CONCAT('parley import ', LEFT(SHA1(CONCAT(DATABASE(), ' wp_parley_conversations')), 32)))
			AND info LIKE '%wp\_parley\_conversations%FOR UPDATE'
			AND 100 = (SELECT COUNT(DISTINCT thread_id) FROM wp_bp_messages_messages)`); err != nil {
			s.t.Fatal(err)
		}
		if len(waiting) == 1 {
			stop(cancel, waiting[0])
			return <-ended
		}
		select {
		case err := <-ended:
			s.t.Fatalf("the export did not wait: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.t.Fatal("the export never waited for the conversation")
		}
	}
}

// TestExportIntoOldTables writes into tables of other character sets and engines.
func TestExportIntoOldTables(t *testing.T) {
	for _, c := range []struct{ name, change string }{
		{"utf8mb3", "CONVERT TO CHARACTER SET utf8mb3"},
		{"latin1", "CONVERT TO CHARACTER SET latin1"},
		{"MyISAM", "ENGINE=MyISAM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openShop(t, "../testdata/import/small.sql")
			s.bring()
			before := s.rows()
			for _, name := range []string{"messages", "recipients", "meta"} {
				s.exec("TRUNCATE TABLE wp_bp_messages_" + name)
				s.exec("ALTER TABLE wp_bp_messages_" + name + " " + c.change)
			}
			r := s.back()
			same(t, "rows", s.rows(), before)
			if noted := len(r.Notes) > 0; noted != (c.name == "MyISAM") {
				t.Errorf("notes: %q", r.Notes)
			}
			if p := s.bring().Pass; p.New+p.Changed+p.Removed+p.Kept != 0 {
				t.Errorf("an import afterwards: %+v", p)
			}
		})
	}
}

// TestExportBesideAnImport: an import at work, and one that was broken off, are said.
func TestExportBesideAnImport(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	lock, err := s.store.LockImport(context.Background(), 0)
	check(t, err)
	if _, err := s.export(true); err == nil || !strings.Contains(err.Error(), "another parley import or export") {
		t.Errorf("beside an import: %v", err)
	}
	if _, err := s.export(false); err != nil {
		t.Errorf("looking beside an import: %v", err)
	}
	check(t, s.store.UnlockImport(context.Background(), lock))
	s.exec("UPDATE wp_parley_import_sources SET state = 'running'")
	if _, err := s.export(true); err == nil || !strings.Contains(err.Error(), "not come to its end") {
		t.Errorf("after half an import: %v", err)
	}
}
