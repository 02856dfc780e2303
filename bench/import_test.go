//go:build bench

package bench

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"parley/bench/bpseed"
	"parley/internal/testdb"
	"parley/schema"
)

var importThreads = flag.Int("threads", 100_000, "threads of the case \"import\"; there are ten messages for each")

// importCase is the name -only takes for this.
const importCase = "import"

// TestImport imports a BuddyPress site with the real command, beside copying the same
// rows from table to table by INSERT … SELECT alone.
func TestImport(t *testing.T) {
	if !wanted(importCase) {
		return
	}
	ctx := context.Background()
	dsn, db := importServer(t)
	began := time.Now()
	sum, err := bpseed.Write(ctx, db, bpseed.Options{Threads: *importThreads, Accounts: true})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nMachine: %s; %s; durable commits, 1 GiB buffer pool; the database on the same cores.\n", machine(), runtime.Version())
	fmt.Printf("Source: %d threads, the longest with %d messages; %d messages, %d recipient rows, %d rows of meta (written in %.0f s).\n",
		sum.Threads, sum.Largest, sum.Messages, sum.Recipients, sum.Meta, time.Since(began).Seconds())

	dir := t.TempDir()
	bin := filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", bin, "parley/cmd/parley").CombinedOutput(); err != nil {
		t.Fatalf("building parley: %v\n%s", err, out)
	}
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PARLEY_DATABASE_DSN="+dsn, "PARLEY_WORDPRESS_TABLE_PREFIX=wp_")
		for name, value := range siteKeys() {
			cmd.Env = append(cmd.Env, "PARLEY_WORDPRESS_"+name+"="+value)
		}
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		return cmd
	}
	if err := command("migrate", "up").Run(); err != nil {
		t.Fatalf("migrate up: %v", err)
	}
	first := timed(t, db, command("import", "buddypress", "--json"))
	again := timed(t, db, command("import", "buddypress", "--json"))
	back := timed(t, db, command("export", "buddypress", "--json"))
	for _, name := range []string{"messages", "recipients", "meta"} {
		db.MustExec("TRUNCATE TABLE wp_bp_messages_" + name)
	}
	whole := timed(t, db, command("export", "buddypress", "--write", "--json"))
	bare := copyRows(t, db)

	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tseconds\tmessages/s\tpeak MiB\tCPU s")
	line := func(what string, r timedRun, seconds float64) {
		fmt.Fprintf(w, "%s\t%.1f\t%.0f\t%.0f\t%.1f\n", what, seconds, float64(sum.Messages)/seconds, float64(r.peakKiB)/1024, r.cpu.Seconds())
	}
	walked := first.samples[len(first.samples)-1].at - first.samples[0].at
	line("import, threads alone", first, walked.Seconds())
	line("import, whole (with looking and verification)", first, first.took.Seconds())
	line("the same again: nothing to do", again, again.took.Seconds())
	line("export, looking: nothing to do", back, back.took.Seconds())
	line("export into empty tables", whole, whole.took.Seconds())
	fmt.Fprintf(w, "bare INSERT … SELECT of the rows\t%.1f\t%.0f\t-\t-\n", bare.Seconds(), float64(sum.Messages)/bare.Seconds())
	w.Flush()
	fmt.Printf("Ratio of the import to the bare copy: %.2f.\nMessages/s by tenth of the messages:", bare.Seconds()/walked.Seconds())
	for _, rate := range tenths(t, db, first.samples) {
		fmt.Printf(" %.0f", rate)
	}
	fmt.Println()
	if first.peakKiB > 200<<10 {
		t.Errorf("the import took %d MiB", first.peakKiB>>10)
	}
}

// importServer is a server whose commits are durable, with WordPress's tables.
func importServer(t *testing.T) (dsn string, db *sqlx.DB) {
	t.Helper()
	disk, err := filepath.Abs("../build/bench")
	if err == nil {
		err = os.MkdirAll(disk, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", disk)
	server := testdb.NewServer(t, "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M",
		"--innodb-flush-method=O_DIRECT", "--innodb-flush-log-at-trx-commit=1", "--debug-no-sync=0")
	dsn = server.Database(t)
	loadSite(t, dsn)
	slow, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	slow.ReadTimeout = time.Hour
	return dsn, testdb.Connect(t, slow.FormatDSN())
}

type timedRun struct {
	took, cpu time.Duration
	peakKiB   int64
	samples   []importSample
}

// importSample is how far an import was.
type importSample struct {
	at     time.Duration
	thread int64
}

// timed runs a command and watches the journal meanwhile.
func timed(t *testing.T, db *sqlx.DB, cmd *exec.Cmd) timedRun {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout = out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r := timedRun{}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-tick.C:
			var thread int64
			if db.Get(&thread, "SELECT last_thread FROM wp_parley_import_sources WHERE state = 'running'") != nil {
				continue
			}
			// The first moment is when the walk begins: the journal is there then.
			if n := len(r.samples); n == 0 || r.samples[n-1].thread != thread {
				r.samples = append(r.samples, importSample{time.Since(began), thread})
			}
		}
	}
	r.took = time.Since(began)
	if err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Fatalf("%v: %v\n%s", cmd.Args[1:], err, text)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.peakKiB, r.cpu = usage.Maxrss, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	var report struct {
		OK bool `json:"ok"`
	}
	if text, err := os.ReadFile(out.Name()); err != nil || json.Unmarshal(text, &report) != nil || !report.OK {
		t.Fatalf("%v: the report is not ok: %v\n%s", cmd.Args[1:], err, text)
	}
	return r
}

// tenths are the rates of an import over each tenth of its messages.
func tenths(t *testing.T, db *sqlx.DB, samples []importSample) []float64 {
	t.Helper()
	rows, err := db.Query("SELECT thread_id, COUNT(*) FROM wp_bp_messages_messages GROUP BY thread_id ORDER BY thread_id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var threads, upTo []int64
	total := int64(0)
	for rows.Next() {
		var thread, n int64
		if err := rows.Scan(&thread, &n); err != nil {
			t.Fatal(err)
		}
		total += n
		threads, upTo = append(threads, thread), append(upTo, total)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	done := func(thread int64) int64 { // messages of the threads up to one
		i := sort.Search(len(threads), func(i int) bool { return threads[i] > thread })
		if i == 0 {
			return 0
		}
		return upTo[i-1]
	}
	var out []float64
	from := samples[0]
	for tenth := int64(1); tenth <= 10; tenth++ {
		i := slices.IndexFunc(samples, func(s importSample) bool { return done(s.thread) >= total*tenth/10 })
		if i < 0 {
			i = len(samples) - 1
		}
		to := samples[i]
		if took := (to.at - from.at).Seconds(); took > 0 {
			out = append(out, float64(done(to.thread)-done(from.thread))/took)
		}
		from = to
	}
	return out
}

// copyRows copies what was imported into tables like Parley's, in the order and with the
// transactions an import has, and says how long that took.
func copyRows(t *testing.T, db *sqlx.DB) time.Duration {
	t.Helper()
	ctx := context.Background()
	names := schema.Names("wp_parley_")
	tables := map[string]string{names.Conversations: "id", names.Participants: "conversation_id", names.Messages: "conversation_id",
		names.MessageText: "conversation_id", names.Stars: "conversation_id", names.MessageMeta: "conversation_id", names.ImportThreads: "conversation_id"}
	for table := range tables {
		if _, err := db.Exec("CREATE TABLE bare_" + table[1:len(table)-1] + " LIKE " + table); err != nil {
			t.Fatal(err)
		}
	}
	var last int64
	if err := db.Get(&last, "SELECT MAX(id) FROM "+names.Conversations); err != nil {
		t.Fatal(err)
	}
	const step = 200
	began := time.Now()
	for from := int64(0); from < last; from += step {
		tx, err := db.BeginTxx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for table, column := range tables {
			if _, err := tx.Exec(fmt.Sprintf("INSERT INTO bare_%s SELECT * FROM %s WHERE %s > %d AND %s <= %d",
				table[1:len(table)-1], table, column, from, column, from+step)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began)
}
