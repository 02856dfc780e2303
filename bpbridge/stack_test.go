package bpbridge_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/api"
	"parley/bpbridge"
	"parley/internal/mysql"
	"parley/internal/resttest"
	"parley/internal/testdb"
	"parley/messaging"
)

// stack is the whole service on the recorded site, with its clock in our hands.
type stack struct {
	t    *testing.T
	dsn  string
	db   *mysql.DB
	url  string
	stop func()

	mu  sync.Mutex
	now time.Time
}

func (s *stack) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stack) setClock(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = at
}

// newStack starts the service on the recorded site. Without Jetonomy it is as BuddyPress
// alone knows it: trust, silences and blocks are rules the recordings were made
// without (D12).
func newStack(t *testing.T, keepJetonomy bool, settings bpbridge.Settings) *stack {
	t.Helper()
	s := &stack{t: t, dsn: testdb.SiteDSN(t), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	if !keepJetonomy {
		db := testdb.Connect(t, s.dsn)
		var names []string
		if err := db.Select(&names, `SELECT table_name FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_name LIKE 'wp\_jt\_%'`); err != nil {
			t.Fatal(err)
		}
		db.MustExec("DROP TABLE " + strings.Join(names, ", "))
	}
	s.start(settings)
	t.Cleanup(func() { s.stop() })
	return s
}

// start starts the service; caches are empty then.
func (s *stack) start(settings bpbridge.Settings) {
	s.t.Helper()
	limits := messaging.DefaultLimits()
	limits.MessagesPerMinute, limits.NewPerDay = 0, [5]int{}
	limits.MessageRunes = 100_000
	rooms := resttest.Open(s.t, resttest.Settings{DSN: s.dsn, Environment: "local", Limits: limits, MinTrustLevel: 1, Now: s.clock})
	srv := rooms.Serve(s.t, func(o *api.Options) { o.Threads, o.BuddyPress = rooms.Service, &settings })
	s.db, s.url = rooms.DB, srv.URL
	s.stop = func() {
		srv.Close()
		rooms.Close()
	}
}

// deleteAccount does what WordPress and BuddyPress do to their own tables.
func (s *stack) deleteAccount(t *testing.T, before string) {
	t.Helper()
	var login string
	var id int64
	if _, err := fmt.Sscanf(before, "the account of %s (id %d) is deleted", &login, &id); err != nil {
		t.Fatalf("%q: %v", before, err)
	}
	s.db.MustExec("DELETE FROM wp_users WHERE ID = ?", id)
	s.db.MustExec("DELETE FROM wp_usermeta WHERE user_id = ?", id)
	s.db.MustExec("DELETE FROM wp_bp_notifications WHERE user_id = ?", id)
}
