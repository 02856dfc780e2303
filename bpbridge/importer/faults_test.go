package importer_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	gomysql "github.com/go-sql-driver/mysql"

	"parley/bench/bpseed"
	"parley/bpbridge/importer"
	"parley/internal/testdb"
	"parley/messaging/store"
)

func TestTablesThatAreMissing(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.exec("DROP TABLE wp_bp_messages_meta")
	s.exec("DROP TABLE wp_bp_notifications")
	if r := s.imported(); len(r.Inventory.Notes) != 2 {
		t.Errorf("%q", r.Inventory.Notes)
	}
	s.exec("ALTER TABLE wp_bp_messages_recipients DROP COLUMN sender_only")
	if _, err := s.pass(); err == nil || !strings.Contains(err.Error(), "wp_bp_messages_recipients has no column sender_only") {
		t.Errorf("%v", err)
	}
	s.exec("DROP TABLE wp_bp_messages_recipients")
	if _, err := s.pass(); err == nil || !strings.Contains(err.Error(), "there is no table wp_bp_messages_recipients") || !strings.Contains(err.Error(), "--source-prefix") {
		t.Errorf("%v", err)
	}
}

// TestRightsToReadAreEnough reads through a user who may not do anything else.
func TestRightsToReadAreEnough(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	cfg, err := gomysql.ParseDSN(s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	user := "reader_" + cfg.DBName[len(cfg.DBName)-8:]
	s.exec("CREATE USER " + user + "@'%' IDENTIFIED BY 'pw'")
	defer s.exec("DROP USER " + user + "@'%'")
	s.exec("GRANT SELECT ON " + cfg.DBName + ".wp_bp_messages_messages TO " + user + "@'%'")
	cfg.User, cfg.Passwd = user, "pw"
	s.source = cfg.FormatDSN()
	if _, err := s.pass(); err == nil || !strings.Contains(err.Error(), user) || !strings.Contains(err.Error(), "may not read table wp_bp_messages_recipients") {
		t.Errorf("%v", err)
	}
	for _, table := range []string{"recipients", "meta"} {
		s.exec("GRANT SELECT ON " + cfg.DBName + ".wp_bp_messages_" + table + " TO " + user + "@'%'")
	}
	s.exec("GRANT SELECT ON " + cfg.DBName + ".wp_bp_notifications TO " + user + "@'%'")
	s.imported()
	s.mustThread(bob, 4)
}

// TestTextsOfOldTables reads tables of every charset old sites have: what is stored as
// UTF-8 is taken as UTF-8, whatever the table says, and nothing is encoded twice.
func TestTextsOfOldTables(t *testing.T) {
	for _, charset := range []string{"utf8mb3", "latin1", "cp1251", "binary"} {
		t.Run(charset, func(t *testing.T) {
			s := newSite(t)
			s.conversation(4)
			s.message(42, 4, bob, "Caf\u00e9", "gr\u00fc\u00dfe \u2026 \u0434\u0430", 43)
			texts := map[int64]string{42: "gr\u00fc\u00dfe \u2026 \u0434\u0430"}
			findings := map[importer.Finding]int{}
			change := "ALTER TABLE wp_bp_messages_messages CONVERT TO CHARACTER SET " + charset
			switch charset {
			case "utf8mb3":
				s.exec(change)
			case "latin1", "binary":
				// As a dump and a reload with the wrong charset leave them.
				s.exec("ALTER TABLE wp_bp_messages_messages MODIFY subject VARBINARY(200), MODIFY message LONGBLOB")
				s.exec("INSERT INTO wp_bp_messages_messages VALUES (43, 4, 3, 'x', x'67FC6E', '2026-01-06'), (44, 4, 3, 'x', x'67C3BC6EC3BC20E282', '2026-01-07')")
				texts[43], texts[44] = "g\u00fcn", "g\u00fcn\u00fc \ufffd"
				findings[importer.TextsConverted], findings[importer.BytesReplaced] = 1, 1
				if charset == "binary" {
					texts[43] = "g\ufffdn"
					findings[importer.TextsConverted], findings[importer.BytesReplaced] = 0, 2
					break
				}
				s.exec("ALTER TABLE wp_bp_messages_messages MODIFY subject VARCHAR(200) CHARACTER SET latin1, MODIFY message LONGTEXT CHARACTER SET latin1")
			case "cp1251":
				s.exec("UPDATE wp_bp_messages_messages SET subject = 'x', message = '\u0434\u0430' WHERE id = 42")
				texts[42] = "\u0434\u0430"
				s.exec(change)
			}
			r := s.imported()
			for id, want := range texts {
				var got string
				if err := s.db.Get(&got, "SELECT content FROM wp_parley_messages WHERE id = ?", id); err != nil || got != want {
					t.Errorf("message %d is %q, want %q, %v", id, got, want, err)
				}
			}
			for kind, n := range findings {
				if got := finding(r, kind); got != n {
					t.Errorf("%s: %d, want %d", kind, got, n)
				}
			}
			before := state(t, s.db.DB)
			s.imported()
			sameState(t, "again", before, state(t, s.db.DB))
		})
	}
}

func TestTwoImportsAtOnce(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	other, err := s.store.LockImport(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.pass(); err == nil || !strings.Contains(err.Error(), "another parley import works on these tables") {
		t.Errorf("%v", err)
	}
	if err := s.store.UnlockImport(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	s.imported()
}

// meddler changes the source between two readings.
type meddler struct {
	importer.Source
	once sync.Once
	do   func()
}

func (m *meddler) Read(ctx context.Context, scope importer.Scope, after int64) (importer.Batch, error) {
	b, err := m.Source.Read(ctx, scope, after)
	m.once.Do(m.do)
	return b, err
}

// TestTheSourceChangesWhileItIsRead: what was read already is left out of the checks and
// comes with the next pass.
func TestTheSourceChangesWhileItIsRead(t *testing.T) {
	s := newSite(t)
	for id := int64(1); id <= 5; id++ {
		s.conversation(id)
	}
	r := s.imported(func(o *importer.Options) {
		o.Source = &meddler{Source: o.Source, do: func() {
			s.reply(900, 2, bob, "meanwhile", 600)
			s.message(901, 6, carol, "new", "meanwhile too", 601)
			s.recipient(901, 6, dave, 1)
			s.exec("DELETE FROM wp_bp_messages_messages WHERE thread_id = 3")
			s.exec("DELETE FROM wp_bp_messages_recipients WHERE thread_id = 3")
		}}
	})
	if !strings.Contains(r.Checks[0].Note, "3 threads") {
		t.Errorf("%+v", r.Checks[0])
	}
	r = s.imported()
	if r.Pass.New != 1 || r.Pass.Changed != 1 || r.Pass.Removed != 1 || r.Checks[0].Note != "" {
		t.Errorf("%+v, %+v", r.Pass, r.Checks[0])
	}
}

// seeded fills a server's database with a few thousand messages beside a site.
func seeded(t *testing.T, server *testdb.Server, threads int) *site {
	t.Helper()
	dsn := server.Database(t)
	testdb.LoadSite(t, dsn)
	db := testdb.Connect(t, dsn)
	if _, err := bpseed.Write(context.Background(), db, bpseed.Options{Threads: threads, Messages: 5 * threads}); err != nil {
		t.Fatal(err)
	}
	return siteOn(t, dsn)
}

// TestTheDatabaseGoesAwayAndComesBack kills the server in the middle of a pass, which
// goes on by itself.
func TestTheDatabaseGoesAwayAndComesBack(t *testing.T) {
	server := testdb.NewServer(t)
	s := seeded(t, server, 6000)
	var once sync.Once
	var said []string
	var mu sync.Mutex
	s.imported(func(o *importer.Options) {
		o.Progress = func(p importer.Progress) {
			if p.Messages > p.OfMessages/4 && p.Messages > 0 {
				once.Do(func() {
					server.Kill(t)
					server.Start(t)
				})
			}
		}
		o.Say = func(text string) { mu.Lock(); said = append(said, text); mu.Unlock() }
	})
	if len(said) == 0 {
		t.Error("nobody was told")
	}
	// A server that stays away ends the pass, and the next one goes on.
	s.exec("UPDATE wp_bp_messages_recipients SET unread_count = unread_count + 1")
	once = sync.Once{}
	_, err := s.pass(func(o *importer.Options) {
		o.Patience = time.Second
		o.Progress = func(p importer.Progress) {
			if p.Messages > 0 {
				once.Do(func() { server.Stop(t) })
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "run the same command again") {
		t.Errorf("%v", err)
	}
	server.Start(t)
	s.imported()
}

// TestAFullDisk: the pass ends with a sentence, and no thread is there in part.
func TestAFullDisk(t *testing.T) {
	server := testdb.NewServer(t, "--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:52M")
	s := seeded(t, server, 6000)
	_, err := s.pass()
	if err == nil || !strings.Contains(err.Error(), "is full") || !strings.Contains(err.Error(), "run the same command again") {
		t.Fatalf("%v", err)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_conversations"); n == 0 || n == 4000 {
		t.Errorf("%d conversations", n)
	}
	for what, query := range map[string]string{
		"threads in part": `SELECT COUNT(*) FROM wp_parley_conversations c WHERE
			message_count <> (SELECT COUNT(*) FROM wp_bp_messages_messages b WHERE b.thread_id = c.id)
			OR message_count <> (SELECT COUNT(*) FROM wp_parley_messages m WHERE m.conversation_id = c.id)`,
		"threads without a journal": `SELECT COUNT(*) FROM wp_parley_conversations c WHERE NOT EXISTS
			(SELECT 1 FROM wp_parley_import_threads t WHERE t.conversation_id = c.id)`,
	} {
		if n := s.number(query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// TestCountersOutliveTheServer: what was kept for the source stays kept (rule 5).
func TestCountersOutliveTheServer(t *testing.T) {
	server := testdb.NewServer(t)
	s := seeded(t, server, 50)
	s.imported()
	before, err := s.store.Counters(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Start(t)
	var after store.Counters
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		// The pool's old connections fail once.
		if after, err = s.store.Counters(context.Background()); err == nil {
			break
		}
	}
	if err != nil || after != before || before.Message <= 10_000 {
		t.Errorf("%+v before, %+v after, %v", before, after, err)
	}
}
