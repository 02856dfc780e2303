package mysql_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/internal/testdb"
)

type sqlxTx = sqlx.Tx

func counter(t *testing.T, dsn string) *sqlx.DB {
	t.Helper()
	db := testdb.Connect(t, dsn)
	for _, q := range []string{"CREATE TABLE x (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB", "INSERT INTO x VALUES (1,0),(2,0)"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func value(t *testing.T, db *sqlx.DB) (n int) {
	t.Helper()
	if err := db.Get(&n, "SELECT SUM(n) FROM x"); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTxCommitsOrLeavesNothing(t *testing.T) {
	t.Parallel()
	db := counter(t, testdb.DSN(t))
	add := func(tx *sqlx.Tx) error { _, err := tx.Exec("UPDATE x SET n = n + 1 WHERE id = 1"); return err }
	if err := mysql.InTx(t.Context(), db, add); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	if err := mysql.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return errors.Join(add(tx), no) }); !errors.Is(err, no) {
		t.Errorf("error: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = mysql.InTx(t.Context(), db, func(tx *sqlx.Tx) error { _ = add(tx); panic("oops") })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	if err := mysql.InTx(ctx, db, func(tx *sqlx.Tx) error { err := add(tx); cancel(); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before the commit: %v", err)
	}
	if n := value(t, db); n != 1 {
		t.Errorf("n = %d, want 1", n)
	}
	// database/sql rolls back for an ended context on its own time.
	for end := time.Now().Add(10 * time.Second); db.Stats().InUse != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections were not given back", db.Stats().InUse)
		}
	}
}

func TestInTxRepeatsAfterADeadlock(t *testing.T) {
	t.Parallel()
	db := counter(t, testdb.DSN(t))
	var runs atomic.Int32
	var met sync.WaitGroup // both hold their first row before either asks for the second
	met.Add(2)
	var wg sync.WaitGroup
	for i := range 2 {
		first := true
		wg.Go(func() {
			err := mysql.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
				runs.Add(1)
				if _, err := tx.Exec("UPDATE x SET n = n + 1 WHERE id = ?", 1+i); err != nil {
					return err
				}
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				_, err := tx.Exec("UPDATE x SET n = n + 1 WHERE id = ?", 2-i)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := value(t, db); n != 4 || runs.Load() != 3 {
		t.Errorf("n = %d after %d runs, want 4 after 3", n, runs.Load())
	}
}

func TestInTxGivesUpAfterFourAttempts(t *testing.T) {
	t.Parallel()
	db := counter(t, testdb.DSN(t))
	runs := 0
	err := mysql.InTx(t.Context(), db, func(*sqlx.Tx) error { runs++; return server(1213, "Deadlock found") })
	if !mysql.IsRetryable(err) || runs != mysql.MaxAttempts {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestInTxRefusesWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	db := counter(t, testdb.DSN(t))
	ctx, cancel := context.WithCancelCause(t.Context())
	err := mysql.InTx(ctx, db, func(tx *sqlx.Tx) error {
		cancel(mysql.ErrUnavailable)
		_, err := tx.ExecContext(ctx, "UPDATE x SET n = 1")
		return err
	})
	if !mysql.IsUnavailable(err) || !errors.Is(err, mysql.ErrUnavailable) {
		t.Errorf("error: %v", err)
	}
}

// TestALostAnswerToCommitIsNeverRepeated puts a wire between pool and server that
// delivers the COMMIT and swallows what comes back.
func TestALostAnswerToCommitIsNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cut  bool // cut the wire; otherwise it only falls silent and the context ends
	}{{"cut", true}, {"silent", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testdb.NewServer(t)
			dsn := s.Database(t)
			direct := counter(t, dsn)
			w := newWire(t, s.Socket())
			db := testdb.Connect(t, "root@tcp("+w.addr+")/"+databaseOf(t, direct))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			runs := 0
			began := time.Now()
			err := mysql.InTx(ctx, db, func(tx *sqlx.Tx) error {
				runs++
				if _, err := tx.ExecContext(ctx, "UPDATE x SET n = n + 1 WHERE id = 1"); err != nil {
					return err
				}
				w.swallow(func() {
					if c.cut {
						w.cut()
					} else {
						cancel()
					}
				})
				return nil
			})
			var lost *mysql.AmbiguousCommitError
			if !errors.As(err, &lost) || runs != 1 {
				t.Fatalf("%d runs, %v", runs, err)
			}
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("the caller waited %v", d)
			}
			if n := value(t, direct); n != 1 {
				t.Errorf("n = %d: the commit did arrive", n)
			}
			if open := db.Stats().OpenConnections; open != 0 {
				t.Errorf("a connection in an unknown state went back to the pool (%d open)", open)
			}
		})
	}
}

func databaseOf(t *testing.T, db *sqlx.DB) (name string) {
	t.Helper()
	if err := db.Get(&name, "SELECT DATABASE()"); err != nil {
		t.Fatal(err)
	}
	return name
}

// wire passes bytes between TCP clients and a unix socket.
type wire struct {
	addr string

	mu       sync.Mutex
	conns    []net.Conn
	swallowF func()
}

func newWire(t *testing.T, socket string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String()}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", socket)
			if err != nil {
				client.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, client, server)
			w.mu.Unlock()
			go func() { _, _ = io.Copy(server, client) }()
			go w.answers(client, server)
		}
	}()
	return w
}

// swallow drops everything the server says from now on, and calls f when it has
// said the next thing.
func (w *wire) swallow(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.swallowF = f
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
}

func (w *wire) answers(client, server net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			client.Close()
			return
		}
		w.mu.Lock()
		f := w.swallowF
		w.mu.Unlock()
		if f != nil {
			f()
			continue
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
