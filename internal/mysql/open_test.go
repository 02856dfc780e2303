package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/mysql"
	"parley/internal/testdb"
)

func open(t *testing.T, dsn string) *mysql.DB {
	t.Helper()
	db, err := mysql.Open(t.Context(), mysql.Options{DSN: dsn, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSessionIsWhatTheStatementsRelyOn(t *testing.T) {
	t.Parallel()
	db := open(t, testdb.DSN(t))
	for variable, want := range map[string]string{
		"time_zone": "+00:00", "character_set_client": "utf8mb4", "character_set_results": "utf8mb4",
		"collation_connection": mysql.Collation, "innodb_lock_wait_timeout": "5",
		"sql_mode": "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
	} {
		var name, got string
		if err := db.QueryRow("SHOW SESSION VARIABLES LIKE '"+variable+"'").Scan(&name, &got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", variable, got, err, want)
		}
	}
	// The variable's name differs between MariaDB and MySQL.
	var name, level string
	err := db.QueryRow("SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation','transaction_isolation')").Scan(&name, &level)
	if err != nil || level != "READ-COMMITTED" {
		t.Errorf("isolation: %q, %v", level, err)
	}
}

func TestTheServerStopsAStatementNobodyReads(t *testing.T) {
	t.Parallel()
	dsn := testdb.DSN(t)
	db := testdb.Connect(t, dsn+separator(dsn)+"readTimeout=1500ms")
	watch := testdb.Connect(t, dsn)
	// What this answers depends on who gives up first; that the server ends it is the point.
	_ = db.Get(new(int), "SELECT 4711 FROM (SELECT SLEEP(60)) AS s")
	eventually(t, time.Now(), 10*time.Second, "the server has stopped it", func() bool {
		var n int
		err := watch.Get(&n, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT 4711%' AND db = DATABASE()")
		return err == nil && n == 0
	})
}

func separator(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}

func TestTimesAndZeroDatesAreRead(t *testing.T) {
	t.Parallel()
	db := open(t, testdb.DSN(t))
	if _, err := db.Exec("CREATE TABLE x (id INT, at DATETIME(6) NOT NULL DEFAULT '0000-00-00 00:00:00')"); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 26, 8, 14, 32, 123456000, time.UTC)
	if _, err := db.Exec("INSERT INTO x (id) VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO x VALUES (2, ?)", at.In(time.FixedZone("", 3600))); err != nil {
		t.Fatal(err)
	}
	var got []time.Time
	if err := db.Select(&got, "SELECT at FROM x ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	if !got[0].IsZero() || !got[1].Equal(at) || got[1].Location() != time.UTC {
		t.Errorf("read %v", got)
	}
}

func TestTextSurvivesAsItIs(t *testing.T) {
	t.Parallel()
	db := open(t, testdb.DSN(t))
	text := "it's \"quoted\" \\ back \x00 \U0001f600 ' OR 1=1 -- ; DROP"
	var got string
	if err := db.Get(&got, "SELECT ?", text); err != nil || got != text {
		t.Errorf("got %q, %v", got, err)
	}
	// What does not fit is refused, not cut.
	if _, err := db.Exec("CREATE TABLE x (v VARCHAR(3))"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO x VALUES ('four')"); err == nil {
		t.Error("a text that is too long was stored")
	}
}

func TestOpenSaysInPlainWordsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	root := testdb.Connect(t, s.DSN(""))
	for _, q := range []string{
		"CREATE DATABASE site",
		"CREATE USER parley@localhost IDENTIFIED BY 'right'", "GRANT ALL ON site.* TO parley@localhost",
		"CREATE USER bare@localhost IDENTIFIED BY 'right'",
	} {
		root.MustExec(q)
	}
	at := "unix(" + s.Socket() + ")/"
	for _, c := range []struct{ name, dsn, says string }{
		{"wrong password", "parley:sesame@" + at + "site", `refuses user "parley"`},
		{"unknown user", "nobody:sesame@" + at + "site", `refuses user "nobody"`},
		{"no rights", "bare:right@" + at + "site", `user "bare" has no rights on database "site"`},
		{"unknown database", "root@" + at + "missing", `there is no database "missing"`},
		{"no database", "root@" + at, "names no database"},
		{"not a DSN", "root:sesame@site", "cannot be read"},
	} {
		_, err := mysql.Open(t.Context(), mysql.Options{DSN: c.dsn})
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "sesame") || mysql.IsUnavailable(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s.Stop(t)
	_, err := mysql.Open(t.Context(), mysql.Options{DSN: s.DSN("site")})
	if err == nil || !strings.Contains(err.Error(), "cannot be reached") || !mysql.IsUnavailable(err) {
		t.Errorf("a stopped server: %v", err)
	}
}

func TestAwayIsNoticedAndServiceComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		go_, come func(*testdb.Server, testing.TB)
	}{
		{"stopped", (*testdb.Server).Stop, (*testdb.Server).Start},
		{"killed", (*testdb.Server).Kill, (*testdb.Server).Start},
		{"frozen", (*testdb.Server).Pause, (*testdb.Server).Resume},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testdb.NewServer(t)
			db := open(t, s.Database(t))
			fill(t, db, 10)

			// A statement and a transaction are under way when it happens.
			statement := inBackground(t, db, func(ctx context.Context) error {
				_, err := db.ExecContext(ctx, "SELECT SLEEP(30)")
				return err
			})
			transaction := inBackground(t, db, func(ctx context.Context) error {
				return mysql.InTx(ctx, db, func(tx *sqlxTx) error {
					_, err := tx.ExecContext(ctx, "SELECT SLEEP(30)")
					return err
				})
			})
			eventually(t, time.Now(), 10*time.Second, "both run", func() bool {
				var n int
				err := db.Get(&n, "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(30)'")
				return err == nil && n == 2
			})

			before := time.Now()
			c.go_(s, t)
			// One second is promised; the other is for a machine busy with other tests.
			eventually(t, before, 2*time.Second, "it is noticed", func() bool { return !db.Available() })
			for name, result := range map[string]chan outcome{"statement": statement, "transaction": transaction} {
				o := <-result
				if !mysql.Unavailable(o.ctx, o.err) {
					t.Errorf("%s: %v", name, o.err)
				}
				if d := o.at.Sub(before); d > 2*time.Second {
					t.Errorf("%s waited %v", name, d)
				}
			}
			// Whoever comes now is told at once.
			ctx, cancel := db.Guard(t.Context())
			if err := db.PingContext(ctx); !mysql.Unavailable(ctx, err) {
				t.Errorf("while away: %v", err)
			}
			cancel()

			c.come(s, t)
			back := time.Now()
			eventually(t, back, 10*time.Second, "it is back", db.Available)
			// From here on nobody meets a connection that died with the server.
			for range 20 {
				ctx, cancel := db.Guard(t.Context())
				if _, err := db.ExecContext(ctx, "DO 1"); err != nil {
					t.Errorf("after the return: %v", err)
				}
				cancel()
			}
			t.Logf("back after %v", time.Since(back).Round(time.Millisecond))
		})
	}
}

// TestDeadIdleConnectionsAreReplaced has connections idle in the pool when the
// server is restarted.
func TestDeadIdleConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	db := testdb.Connect(t, s.Database(t)) // no watcher that would clear the pool
	conns := make([]*sql.Conn, 10)
	for i := range conns {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = c
	}
	for _, c := range conns {
		c.Close()
	}
	s.Kill(t)
	s.Start(t)
	for range 30 {
		if _, err := db.Exec("DO 1"); err != nil {
			t.Fatalf("a caller met a dead connection: %v", err)
		}
	}
}

func TestGuardEndsWithItsParentAndItsCancel(t *testing.T) {
	t.Parallel()
	db := open(t, testdb.DSN(t))
	why := errors.New("enough")
	parent, cancelParent := context.WithCancelCause(t.Context())
	ctx, cancel := db.Guard(parent)
	defer cancel()
	cancelParent(why)
	<-ctx.Done()
	if got := context.Cause(ctx); got != why {
		t.Errorf("cause %v", got)
	}
	ctx, cancel = db.Guard(t.Context())
	cancel()
	if ctx.Err() == nil || mysql.Unavailable(ctx, ctx.Err()) {
		t.Error("cancel does not end the context, or calls the database away")
	}
}

func TestLosingTheWatchersConnectionAloneIsNoOutage(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	root := testdb.Connect(t, s.DSN(""))
	db := open(t, s.Database(t))
	ctx, cancel := db.Guard(t.Context())
	defer cancel()
	// connections lists those of db that have finished setting up their session.
	connections := func() (ids []int) {
		err := root.Select(&ids, `SELECT id FROM information_schema.processlist
			WHERE db LIKE 'parley\\_test%' AND command = 'Sleep' AND time_ms > 50`)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	var first []int
	eventually(t, time.Now(), 10*time.Second, "pool and watcher are connected", func() bool { first = connections(); return len(first) == 2 })
	for _, id := range first {
		if _, err := root.Exec("KILL ?", id); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, time.Now(), 10*time.Second, "the watcher connects anew", func() bool {
		ids := connections()
		return len(ids) == 1 && !slices.Contains(first, ids[0])
	})
	if ctx.Err() != nil || !db.Available() {
		t.Error("the database was called away")
	}
}

func TestCloseEndsTheWatcher(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	root := testdb.Connect(t, s.DSN(""))
	db := open(t, s.Database(t))
	fill(t, db, 3)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Now(), 10*time.Second, "its connections are gone", func() bool {
		var n int
		err := root.Get(&n, "SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE 'parley\\_test%'")
		return err == nil && n == 0
	})
}

type outcome struct {
	ctx context.Context
	err error
	at  time.Time
}

func inBackground(t *testing.T, db *mysql.DB, f func(context.Context) error) chan outcome {
	t.Helper()
	result := make(chan outcome, 1)
	ctx, cancel := db.Guard(t.Context())
	go func() {
		defer cancel()
		err := f(ctx)
		result <- outcome{ctx, err, time.Now()}
	}()
	return result
}

// fill opens n connections and leaves them idle in the pool.
func fill(t *testing.T, db *mysql.DB, n int) {
	t.Helper()
	for range n {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
}

func eventually(t *testing.T, from time.Time, within time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(from) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-tick.C
	}
	t.Logf("%s after %v", what, time.Since(from).Round(time.Millisecond))
}
