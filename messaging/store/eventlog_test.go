package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/messaging/store"
	"parley/schema"
	"parley/wpauth"
)

const prefix = "wp_parley_"

// open returns a store on a fresh database with Parley's tables alone.
func open(t testing.TB) (*store.Store, *sqlx.DB) {
	t.Helper()
	db := testdb.Open(t)
	if _, err := schema.Up(t.Context(), db, prefix); err != nil {
		t.Fatal(err)
	}
	return store.New(db, schema.Names(prefix), wpauth.Tables{}, wpauth.Features{}), db
}

var moment = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func event(n int64) store.Event {
	return store.Event{Kind: "message_sent", Conversation: n, Message: 2 * n, Actor: 3 * n, Payload: []byte(fmt.Sprintf(`{"n":%d}`, n))}
}

func appendEvents(ctx context.Context, s *store.Store, db *sqlx.DB, events ...store.Event) error {
	return mysql.InTx(ctx, db, func(tx *sqlx.Tx) error { return s.AppendEvents(ctx, tx, moment, events) })
}

func mustAppend(t testing.TB, s *store.Store, db *sqlx.DB, events ...store.Event) {
	t.Helper()
	if err := appendEvents(t.Context(), s, db, events...); err != nil {
		t.Fatal(err)
	}
}

func conversations(events []store.Event) (out []int64) {
	for _, e := range events {
		out = append(out, e.Conversation)
	}
	return out
}

func wantRead(t testing.TB, s *store.Store, after int64, limit int, want ...int64) []store.Event {
	t.Helper()
	got, err := s.ReadEvents(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(conversations(got)) != fmt.Sprint(want) {
		t.Fatalf("after %d: conversations %v, want %v", after, conversations(got), want)
	}
	return got
}

func TestEventsComeInOrderWithWhatWasWritten(t *testing.T) {
	s, db := open(t)
	wantRead(t, s, 0, 10)
	mustAppend(t, s, db, event(1), event(2))
	mustAppend(t, s, db)
	mustAppend(t, s, db, event(3))
	got := wantRead(t, s, 0, 10, 1, 2, 3)
	want := event(2)
	if e := got[1]; e.Kind != want.Kind || e.Message != want.Message || e.Actor != want.Actor ||
		string(e.Payload) != string(want.Payload) || !e.At.Equal(moment) || e.Position <= got[0].Position {
		t.Errorf("got %+v", e)
	}
	wantRead(t, s, 0, 2, 1, 2)
	wantRead(t, s, got[1].Position, 2, 3)
	wantRead(t, s, got[2].Position, 2)
	if last, err := s.LastEvent(t.Context()); err != nil || last != got[2].Position {
		t.Errorf("last %d, %v", last, err)
	}
}

func begin(t testing.TB, db *sqlx.DB) *sqlx.Tx {
	t.Helper()
	tx, err := db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestAReaderWaitsForASlowWriter(t *testing.T) {
	s, db := open(t)
	mustAppend(t, s, db, event(1))
	slow := begin(t, db)
	if err := s.AppendEvents(t.Context(), slow, moment, []store.Event{event(2)}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, db, event(3))

	type answer struct {
		events []store.Event
		err    error
	}
	read := make(chan answer, 1)
	go func() {
		events, err := s.ReadEvents(context.Background(), 0, 10)
		read <- answer{events, err}
	}()
	waitForLock(t, db)
	select {
	case a := <-read:
		t.Fatalf("the reader did not wait: %v %v", conversations(a.events), a.err)
	default:
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	a := <-read
	if a.err != nil || fmt.Sprint(conversations(a.events)) != "[1 2 3]" {
		t.Fatalf("got %v, %v", conversations(a.events), a.err)
	}
	var tombstones int
	if err := db.Get(&tombstones, "SELECT COUNT(*) FROM wp_parley_events WHERE kind = ''"); err != nil || tombstones != 0 {
		t.Errorf("%d tombstones, %v", tombstones, err)
	}
}

// waitForLock returns when a reader of this database is settling, which ends at once
// unless it waits for a row lock.
func waitForLock(t testing.TB, db *sqlx.DB) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		var n int
		err := db.Get(&n, `SELECT COUNT(*) FROM information_schema.PROCESSLIST
			WHERE db = DATABASE() AND info LIKE 'INSERT IGNORE%'`)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("no statement waits for a lock")
}

func TestARolledBackWriterLeavesNoHole(t *testing.T) {
	s, db := open(t)
	mustAppend(t, s, db, event(1))
	gone := begin(t, db)
	if err := s.AppendEvents(t.Context(), gone, moment, []store.Event{event(2), event(22)}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, db, event(3))
	if err := gone.Rollback(); err != nil {
		t.Fatal(err)
	}
	wantRead(t, s, 0, 10, 1, 3)
	// The holes are closed for good: nothing waits, and nobody looks twice.
	n := testdb.CountStatements(t, db, func() { wantRead(t, s, 0, 10, 1, 3) })
	for _, statement := range n.Log {
		if len(statement) > 6 && statement[:6] == "INSERT" {
			t.Errorf("settled again: %s", statement)
		}
	}
}

func TestAReaderGivesWhatPrecedesAWriterThatStays(t *testing.T) {
	s, db := open(t)
	mustAppend(t, s, db, event(1))
	slow := begin(t, db)
	if err := s.AppendEvents(t.Context(), slow, moment, []store.Event{event(2)}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, db, event(3))
	wantRead(t, s, 0, 10, 1) // after the time it waits at most
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	wantRead(t, s, 0, 10, 1, 2, 3)
}

func TestAWriterThatLostItsPositionRepeats(t *testing.T) {
	s, db := open(t)
	mustAppend(t, s, db, event(1))
	// The first run meets its position taken, as by a reader who came between the
	// counter and the row.
	runs := 0
	err := mysql.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
		runs++
		if runs == 1 {
			if _, err := tx.Exec("SET INSERT_ID = 1"); err != nil {
				return err
			}
		}
		return s.AppendEvents(t.Context(), tx, moment, []store.Event{event(2)})
	})
	if err != nil || runs != 2 {
		t.Fatalf("%d runs, %v", runs, err)
	}
	wantRead(t, s, 0, 10, 1, 2)
}

func TestAWholeTableOfHolesIsSettledInBoundedSteps(t *testing.T) {
	s, db := open(t)
	if _, err := db.Exec("ALTER TABLE wp_parley_events AUTO_INCREMENT = 2501"); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, db, event(7))
	for range 3 {
		got, err := s.ReadEvents(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 1 && got[0].Position == 2501 {
			return
		}
		if len(got) != 0 {
			t.Fatalf("got %v", got)
		}
	}
	t.Fatal("not settled after three calls")
}

// TestNoEventIsLostOrOutOfOrder has writers that commit, roll back and dawdle, and
// readers that must see every committed event once, in the order of positions.
func TestNoEventIsLostOrOutOfOrder(t *testing.T) {
	s, db := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	const writers, each = 8, 60
	var wg sync.WaitGroup
	var committed sync.Map
	var total atomic.Int64
	for w := range int64(writers) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(uint64(w), 5))
			for n := range int64(each) {
				id := 1 + w*each + n
				drop := r.IntN(4) == 0
				err := mysql.InTx(ctx, db, func(tx *sqlx.Tx) error {
					if err := s.AppendEvents(ctx, tx, moment, []store.Event{event(id)}); err != nil {
						return err
					}
					for range r.IntN(3) { // dawdle a few round trips with the position in hand
						if _, err := tx.ExecContext(ctx, "SELECT SLEEP(0.001)"); err != nil {
							return err
						}
					}
					if drop {
						return errDropped
					}
					return nil
				})
				switch {
				case err == nil && !drop:
					committed.Store(id, true)
					total.Add(1)
				case !errors.Is(err, errDropped):
					t.Errorf("writer %d: %v", w, err)
				}
			}
		}()
	}
	var done atomic.Bool
	go func() { wg.Wait(); done.Store(true) }()
	var readers sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			seen, after := map[int64]bool{}, int64(0)
			for {
				finished := done.Load()
				events, err := s.ReadEvents(ctx, after, 25)
				if err != nil {
					t.Errorf("reader: %v", err)
					return
				}
				for _, e := range events {
					if e.Position <= after {
						t.Errorf("position %d after %d", e.Position, after)
					}
					if seen[e.Conversation] {
						t.Errorf("event %d twice", e.Conversation)
					}
					seen[e.Conversation], after = true, e.Position
				}
				if finished && len(events) == 0 {
					break
				}
			}
			missed := 0
			committed.Range(func(id, _ any) bool {
				if !seen[id.(int64)] {
					missed++
				}
				return true
			})
			if missed > 0 || len(seen) != int(total.Load()) {
				t.Errorf("a reader saw %d of %d events, missed %d", len(seen), total.Load(), missed)
			}
		}()
	}
	readers.Wait()
}

var errDropped = errors.New("rolled back on purpose")

func TestPruningLeavesAFloorThatIsNoHole(t *testing.T) {
	s, db := open(t)
	var batch []store.Event
	for n := range int64(6000) {
		batch = append(batch, event(n+1))
		if len(batch) == 500 {
			mustAppend(t, s, db, batch...)
			batch = batch[:0]
		}
	}
	later := moment.Add(48 * time.Hour)
	err := mysql.InTx(t.Context(), db, func(tx *sqlx.Tx) error {
		return s.AppendEvents(t.Context(), tx, later, []store.Event{event(7001), event(7002)})
	})
	if err != nil {
		t.Fatal(err)
	}
	removed, err := s.PruneEvents(t.Context(), moment.Add(time.Hour))
	if err != nil || removed != 5999 {
		t.Fatalf("removed %d, %v", removed, err)
	}
	n := testdb.CountStatements(t, db, func() { wantRead(t, s, 0, 10, 0, 7001, 7002) })
	if n.Data != 2 { // the page, and the empty tail behind it
		t.Errorf("%d statements to read over the floor: %q", n.Data, n.Log)
	}
	if removed, err := s.PruneEvents(t.Context(), moment.Add(time.Hour)); err != nil || removed != 0 {
		t.Errorf("a second pruning removed %d, %v", removed, err)
	}
	if removed, err := s.PruneEvents(t.Context(), later.Add(time.Hour)); err != nil || removed != 2 {
		t.Errorf("a later pruning removed %d, %v", removed, err)
	}
	mustAppend(t, s, db, event(8000))
	wantRead(t, s, 0, 10, 0, 8000)
}
