package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/bench/bpseed"
	"parley/internal/testdb"
)

// importing makes the process that imports BuddyPress's threads.
func importing(t *testing.T, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.Command(self, append([]string{"import", "buddypress"}, args...)...)
	cmd.Env = append(os.Environ(), actAsParley+"=1")
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// rowsOf is everything an import writes, as text; times of the import itself left out.
func rowsOf(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{
		"SELECT * FROM wp_parley_conversations ORDER BY id", "SELECT * FROM wp_parley_participants ORDER BY id",
		"SELECT * FROM wp_parley_messages ORDER BY id", "SELECT * FROM wp_parley_message_text ORDER BY message_id",
		"SELECT * FROM wp_parley_stars ORDER BY user_id, message_id",
		"SELECT conversation_id, message_id, meta_key, meta_value FROM wp_parley_message_meta ORDER BY message_id, meta_key, meta_value",
		`SELECT source_thread, conversation_id, HEX(fingerprint), state, messages, people, findings FROM wp_parley_import_threads ORDER BY source_thread`,
		"SELECT * FROM wp_parley_import_originals ORDER BY source_message",
		`SELECT name, state, conversation_kept, conversation_next, conversation_last, row_kept, row_next, row_last, message_kept, row_first,
			message_first FROM wp_parley_import_sources`,
	} {
		rows, err := db.Queryx(q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.SliceScan()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprintf(&b, "%s ", v)
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// kills is how often the import is killed, chain how often in a row before it may end.
const kills, chain = 50, 10

// TestAKilledImportGoesOn kills the process with SIGKILL at random points, of a first
// run and of runs that go on, and compares every row with those of an import nobody
// disturbed (contract I8).
func TestAKilledImportGoesOn(t *testing.T) {
	dsn := testdb.SiteDSN(t)
	siteConfig(t, dsn)
	db := testdb.Connect(t, dsn)
	if _, err := bpseed.Write(context.Background(), db, bpseed.Options{Threads: 400, Messages: 2000}); err != nil {
		t.Fatal(err)
	}
	// Every oddity there is, as on an old site.
	db.MustExec("SET SESSION sql_mode = ''")
	db.MustExec("UPDATE wp_bp_messages_messages SET date_sent = '0000-00-00' WHERE id % 97 = 0")
	db.MustExec("UPDATE wp_bp_messages_messages SET thread_id = -thread_id WHERE thread_id % 101 = 0")
	db.MustExec("DELETE FROM wp_bp_messages_recipients WHERE thread_id % 37 = 0")
	db.MustExec("DELETE r FROM wp_bp_messages_recipients r WHERE r.id % 13 = 0")
	db.MustExec("INSERT INTO wp_bp_messages_recipients (thread_id, user_id, unread_count) SELECT thread_id, user_id, 1 FROM wp_bp_messages_recipients WHERE id % 17 = 0")

	cmd, stdout, stderr := importing(t)
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	took := time.Since(began)
	want := rowsOf(t, db)
	var tables []string
	if err := db.Select(&tables, `SELECT table_name AS table_name FROM information_schema.tables WHERE table_schema = DATABASE()
		AND table_name LIKE 'wp\_parley\_%' AND table_name NOT LIKE '%migrations'`); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	died := 0
	for died < kills {
		for _, name := range tables {
			db.MustExec("TRUNCATE TABLE " + name)
		}
		for range chain {
			cmd, _, _ := importing(t)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// Somewhere in the time it takes, or when so many threads are there.
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }()
			if random.IntN(2) == 0 {
				select {
				case <-ended:
				case <-time.After(time.Duration(random.Int64N(int64(took)))):
				}
			} else {
				waitForThreads(db, int64(random.IntN(400)), ended)
			}
			_ = cmd.Process.Kill()
			<-ended
			if cmd.ProcessState.ExitCode() == -1 {
				died++
			}
		}
		if out := halves(t, db); out != "" {
			t.Fatalf("seed %d: after a kill: %s", seed, out)
		}
		cmd, stdout, stderr := importing(t)
		if err := cmd.Run(); err != nil {
			t.Fatalf("seed %d: %v\n%s%s", seed, err, stdout, stderr)
		}
		if got := rowsOf(t, db); got != want {
			was, is := strings.Split(want, "\n"), strings.Split(got, "\n")
			for i := range min(len(was), len(is)) {
				if was[i] != is[i] {
					t.Fatalf("seed %d: row %d of %d:\n\twant %s\n\tgot  %s", seed, i, len(was), was[i], is[i])
				}
			}
			t.Fatalf("seed %d: %d rows, want %d", seed, len(is), len(was))
		}
	}
}

// waitForThreads returns when the journal has so many threads, or the process ended.
func waitForThreads(db *sqlx.DB, n int64, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		default:
		}
		var have int64
		if db.Get(&have, "SELECT COUNT(*) FROM wp_parley_import_threads") == nil && have >= n {
			return
		}
	}
}

// halves tells of threads that are there in part.
func halves(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var n []int64
	if err := db.Select(&n, `SELECT t.source_thread FROM wp_parley_import_threads t LEFT JOIN wp_parley_conversations c ON c.id = t.conversation_id
		WHERE c.id IS NULL OR c.message_count <> (SELECT COUNT(*) FROM wp_bp_messages_messages b WHERE b.thread_id = t.source_thread)
		UNION SELECT c.id FROM wp_parley_conversations c WHERE NOT EXISTS (SELECT 1 FROM wp_parley_import_threads t WHERE t.conversation_id = c.id)`); err != nil {
		t.Fatal(err)
	}
	if len(n) > 0 {
		return fmt.Sprintf("threads %v are there in part", n)
	}
	return ""
}

func tablesOfParley(t *testing.T, db *sqlx.DB) (tables []string) {
	t.Helper()
	if err := db.Select(&tables, `SHOW TABLES LIKE 'wp\_parley\_%'`); err != nil {
		t.Fatal(err)
	}
	return tables
}

func TestImportAtTheConsole(t *testing.T) {
	c := openConsole(t)
	dump, err := os.ReadFile("../../bpbridge/testdata/import/small.sql")
	if err != nil {
		t.Fatal(err)
	}
	testdb.Load(t, c.dsn, string(dump))
	for _, bad := range [][]string{{"--only-since=yesterday"}, {"--threads=a"}, {"--remap=/nowhere"}, {"--source-prefix=a-b"}, {"--dry-run", "--verify-only"}, {"now"}} {
		c.run(exitUsage, append([]string{"import", "buddypress"}, bad...)...)
	}
	c.run(exitUsage, "import")
	dry := func() string {
		out, errs := c.run(exitOK, "import", "buddypress", "--dry-run")
		if !strings.Contains(out, "41 threads with 110 messages would be imported") || strings.Contains(out, "Verification") || !strings.Contains(errs, "looking") {
			t.Errorf("dry run: %s%s", out, errs)
		}
		return out
	}
	withTables := dry()
	db := testdb.Connect(t, c.dsn)
	for _, table := range tablesOfParley(t, db) {
		if _, err := db.Exec("DROP TABLE " + table); err != nil {
			t.Fatal(err)
		}
	}
	if without := dry(); without != withTables {
		t.Errorf("a dry run before Parley has tables:\n%s\nwith tables:\n%s", without, withTables)
	}
	if tables := tablesOfParley(t, db); len(tables) > 0 {
		t.Errorf("a dry run made %v", tables)
	}
	out, errs := c.run(exitOK, "import", "buddypress")
	for _, want := range []string{"41 threads with 110 messages imported", "V1  ok     conversations: 41", "V10 ok", "only oversight can open them (threads 901)"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
	if !strings.Contains(errs, "importing 100 %  110 of 110 messages") {
		t.Errorf("progress: %q", errs)
	}
	out, _ = c.run(exitOK, "import", "buddypress", "--json", "--verify-only")
	var report struct {
		OK     bool
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.OK || len(report.Checks) != 10 {
		t.Errorf("%v: %s", err, out)
	}
	db.MustExec("UPDATE wp_parley_messages SET content = 'forged' WHERE id = 1")
	out, errs = c.run(exitFailed, "import", "buddypress", "--verify-only")
	if !strings.Contains(out, "V7  FAILED") || !strings.Contains(out, "thread 1: the sum is") || !strings.Contains(errs, "see the checks") {
		t.Errorf("forged: %s%s", out, errs)
	}
	if _, errs := c.run(exitFailed, "import", "buddypress", "--source-prefix=other_"); !strings.Contains(errs, "there is no table other_bp_messages_messages") {
		t.Errorf("other prefix: %s", errs)
	}
}
