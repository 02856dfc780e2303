//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"parley/internal/testdb"
	"parley/schema"
)

// realtimeParts are the benchmarks of the stream, by the names -only takes; "realtime"
// is all of them.
var realtimeParts = []struct {
	name string
	run  func(*testing.T, *realtimeSite)
}{
	{"realtime memory", benchMemory},
	{"realtime memory of event streams", benchEventStreams},
	{"realtime memory at most", benchMost},
	{"realtime memory of bare servers", benchBare},
	{"realtime send", benchSend},
	{"realtime fan-out", benchFanOut},
	{"realtime nodes", benchNodes},
	{"realtime return", benchReturn},
}

// wanted reports whether -only selects a benchmark: by its name, by the first word of
// it, or by not being there.
func wanted(name string) bool {
	group, _, _ := strings.Cut(name, " ")
	list := strings.Split(*only, ",")
	return *only == "" || slices.Contains(list, name) || group == "realtime" && slices.Contains(list, group)
}

// realtimeSite is a site with more members than a machine has connections for.
type realtimeSite struct {
	dsn    string
	db     *sqlx.DB
	tables schema.Tables
	data   *seeded
	echo   string // the program of ./echo
	group  int64  // a conversation of groupSize members
	dbPID  int
}

const (
	// crowdSize is the members that can be connected at once.
	crowdSize = 42_000
	// groupSize is how many are in the conversation of "realtime fan-out".
	groupSize = 1000
	groupID   = 1_000_000
)

func TestRealtime(t *testing.T) {
	some := false
	for _, p := range realtimeParts {
		some = some || wanted(p.name)
	}
	if !some {
		return
	}
	s := newRealtimeSite(t)
	for _, p := range realtimeParts {
		if !wanted(p.name) {
			continue
		}
		began := time.Now()
		load, _ := os.ReadFile("/proc/loadavg")
		fmt.Printf("\n%s (load %.4s)\n", p.name, load)
		t.Run(strings.TrimPrefix(p.name, "realtime "), func(t *testing.T) { p.run(t, s) })
		fmt.Printf("(%s took %.0f s)\n", p.name, time.Since(began).Seconds())
	}
}

func newRealtimeSite(t *testing.T) *realtimeSite {
	t.Helper()
	ctx := context.Background()
	began := time.Now()
	dsn, db := benchDatabase(t)
	s := &realtimeSite{dsn: dsn, db: db, tables: schema.Names("wp_parley_"), group: groupID}
	if _, err := schema.Up(ctx, db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	var err error
	size := sizeFor(1)
	size.members = crowdSize
	if s.data, err = seed(ctx, db, s.tables, token, size, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.seedGroup(t)
	s.echo = filepath.Join(t.TempDir(), "echo")
	goBuild(t, "echo", s.echo, ".")
	var version, pidFile string
	if err := db.QueryRow("SELECT VERSION(), @@pid_file").Scan(&version, &pidFile); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(pidFile); err != nil {
		t.Fatal(err)
	} else if s.dbPID, err = strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nMachine: %s; %s; MariaDB/MySQL %s, durable commits, 2 GiB buffer pool; clients, service and database on the same cores.\n", machine(), runtime.Version(), version)
	fmt.Printf("Data: %d members, %d conversations, %d messages, and a group of %d (made in %.0f s).\n",
		s.data.members, s.data.conversations, s.data.messages, groupSize, time.Since(began).Seconds())
	fmt.Printf("Command: make bench BENCH_ARGS=\"-only %s -duration %s\"\n", *only, *duration)
	return s
}

// benchDatabase is a server whose commits are durable, with WordPress's tables.
func benchDatabase(t *testing.T) (dsn string, db *sqlx.DB) {
	t.Helper()
	// On a disk: commits to memory would flatter.
	disk, err := filepath.Abs("../build/bench")
	if err == nil {
		err = os.MkdirAll(disk, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", disk)
	server := testdb.NewServer(t, "--innodb-buffer-pool-size=2G", "--innodb-log-file-size=512M", "--max-connections=500",
		"--innodb-flush-method=O_DIRECT", "--innodb-flush-log-at-trx-commit=1", "--debug-no-sync=0", "--local-infile=1")
	dsn = server.Database(t)
	loadSite(t, dsn)
	// Loading the data may take longer than any statement of the service.
	slow, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	slow.ReadTimeout = 10 * time.Minute
	return dsn, testdb.Connect(t, slow.FormatDSN())
}

// seedGroup makes the conversation everybody looks at when a fan-out is measured.
func (s *realtimeSite) seedGroup(t *testing.T) {
	t.Helper()
	now := stamp(time.Now())
	s.db.MustExec(`INSERT INTO `+s.tables.Conversations+` (id, type, title, created_by, last_seq, message_count, last_message_at, last_message_preview, last_activity_at, created_at)
		VALUES (?, 2, 'Everybody', ?, 0, 0, ?, '', ?, ?)`, groupID, firstMember, now, now, now)
	var rows []string
	for i := range groupSize {
		rows = append(rows, fmt.Sprintf("(%d,%d,0,'%s',0,0,0,'%s','%s')", groupID, groupMember(i), now, now, now))
	}
	s.db.MustExec(`INSERT INTO ` + s.tables.Participants + ` (conversation_id,user_id,folder,last_activity_at,unread_count,has_unread,last_read_seq,last_read_at,joined_at) VALUES ` + strings.Join(rows, ","))
}

// groupMember is the i-th of the group, who are spread over the site.
func groupMember(i int) int64 { return firstMember + 1 + int64(i)*(crowdSize/groupSize) }

// members are n of the site from the i-th on; the first, whose mailbox is large, is not
// among them.
func (s *realtimeSite) members(i, n int) []int64 {
	out := make([]int64, n)
	for k := range out {
		out[k] = firstMember + 1 + int64(i+k)
	}
	return out
}

// table prints aligned rows when it is flushed.
func table(columns ...string) *tabwriter.Writer {
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	return w
}

// tabbed joins cells: whole numbers as they are, others with two places.
func tabbed(cells ...any) string {
	out := make([]string, len(cells))
	for i, c := range cells {
		switch v := c.(type) {
		case float64:
			out[i] = strconv.FormatFloat(v, 'f', 2, 64)
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(out, "\t")
}
