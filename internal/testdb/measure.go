package testdb

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Step is one row of EXPLAIN: how one table of a statement is read. NULLs are "".
type Step struct {
	Table string
	// Type is the access method: const, ref, range, index (a full scan of an index), ALL.
	Type string
	// Key is the chosen index.
	Key string
	// Rows is the optimizer's guess of the rows read.
	Rows float64
	// Extra holds words such as "Using index" or "Using filesort".
	Extra string
}

// Explain returns the plan the server chooses for a statement. Plans follow the
// data: fill the tables and run ANALYZE TABLE first.
func Explain(t testing.TB, db *sqlx.DB, query string, args ...any) []Step {
	t.Helper()
	rows, err := db.Queryx("EXPLAIN "+query, args...)
	if err != nil {
		t.Fatalf("testdb: explain: %v", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("testdb: explain: %v", err)
	}
	var out []Step
	for rows.Next() {
		// MariaDB and MySQL agree on these columns and differ in others.
		var s Step
		var table, typ, key, count, extra sql.NullString
		into := make([]any, len(columns))
		for i, c := range columns {
			switch strings.ToLower(c) {
			case "table":
				into[i] = &table
			case "type":
				into[i] = &typ
			case "key":
				into[i] = &key
			case "rows":
				into[i] = &count
			case "extra":
				into[i] = &extra
			default:
				into[i] = new(sql.RawBytes)
			}
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("testdb: explain: %v", err)
		}
		// MariaDB writes "4 (0%)" where it filters by a second index.
		leading, _, _ := strings.Cut(count.String, " ")
		s.Rows, _ = strconv.ParseFloat(leading, 64) // none: NULL
		s.Table, s.Type, s.Key, s.Extra = table.String, typ.String, key.String, extra.String
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("testdb: explain: %v", err)
	}
	return out
}

// String shows a step the way a failing test wants it.
func (s Step) String() string {
	return fmt.Sprintf("%s: type=%s key=%s rows=%g extra=%q", s.Table, s.Type, s.Key, s.Rows, s.Extra)
}

// Counts are the statements some code sent: Data are those it wrote, Control are
// BEGIN, COMMIT and ROLLBACK. Log holds the text of all, in order.
type Counts struct {
	Data, Control int
	Log           []string
}

// CountStatements runs f and counts what the pool sent meanwhile, whichever
// connection it went through. It counts at the driver, so other pools and other
// tests do not disturb it, but other users of this pool do. The pool must come
// from this package or from mysql.Open; only one count at a time may run on it.
func CountStatements(t testing.TB, db *sqlx.DB, f func()) Counts {
	t.Helper()
	var mu sync.Mutex
	var c Counts
	before, _ := mysql.CountsOf(db.DB)
	stop, ok := mysql.Log(db.DB, func(statement string) {
		mu.Lock()
		defer mu.Unlock()
		c.Log = append(c.Log, statement)
	})
	if !ok {
		t.Fatal("testdb: this pool does not count its statements")
	}
	defer stop()
	f()
	stop()
	after, _ := mysql.CountsOf(db.DB)
	n := after.Sub(before)
	mu.Lock()
	defer mu.Unlock()
	c.Data, c.Control = int(n.Data), int(n.Control)
	return c
}

// CountAtMost counts like CountStatements, up to five times, until f sent no more than
// most: what is done once in a while, such as reading a site's settings again, may fall
// into a call, not into every one. It returns the last count.
func CountAtMost(t testing.TB, db *sqlx.DB, most int, f func()) Counts {
	t.Helper()
	var n Counts
	for range 5 {
		if n = CountStatements(t, db, f); n.Data <= most {
			break
		}
	}
	return n
}
