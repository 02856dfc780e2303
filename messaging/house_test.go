package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/config"
	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/schema"
	"parley/wpauth"
)

const prefix = "wp_parley_"

// house is a site with the contract's cast, its database, and a Service on it.
type house struct {
	t   testing.TB
	dsn string
	db  *mysql.DB
	*messaging.Service
	clock *clock
	// own are the members who have one of their own messages unread: a note to self, or
	// a thread nobody answered that was marked unread.
	own map[place]bool
}

// place is a member in a conversation.
type place struct{ conversation, user int64 }

// clock is the time of a test. It moves a millisecond with every look, so that what
// happens later is later, and further when told.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// open opens a house; each option may change what the Service is made with.
func open(t testing.TB, options ...func(*messaging.Options)) *house {
	t.Helper()
	return openOn(t, testdb.CastDSN(t), options...)
}

func openOn(t testing.TB, dsn string, options ...func(*messaging.Options)) *house {
	t.Helper()
	ctx := context.Background()
	db, err := mysql.Open(ctx, mysql.Options{DSN: dsn, MaxOpenConns: 60, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := schema.Up(ctx, db.DB, prefix); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dsn: dsn, db: db, clock: &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	h.Service = h.service(options...)
	return h
}

// service makes another Service on the same database, as another process has one.
func (h *house) service(options ...func(*messaging.Options)) *messaging.Service {
	h.t.Helper()
	site, err := wpauth.NewSite(context.Background(), h.db.DB, wpauth.SiteConfig{
		WordPress: config.WordPress{TablePrefix: "wp_"}, Now: h.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(site.Close)
	o := messaging.Options{DB: h.db, Tables: schema.Names(prefix), Directory: site, MinTrustLevel: 1,
		Now: h.clock.Now, Logger: slog.New(slog.DiscardHandler)}
	for _, change := range options {
		change(&o)
	}
	s, err := messaging.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// withLimits changes some of the default limits.
func withLimits(change func(*messaging.Limits)) func(*messaging.Options) {
	return func(o *messaging.Options) {
		o.Limits = messaging.DefaultLimits()
		change(&o.Limits)
	}
}

// unhurried lifts the limits per minute and per day, for tests about other things.
var unhurried = withLimits(func(l *messaging.Limits) { l.MessagesPerMinute, l.NewPerDay = 0, [5]int{} })

var (
	admin = actor(testdb.Admin)
	mona  = actor(testdb.Mona)
	alice = actor(testdb.Alice)
	bob   = actor(testdb.Bob)
	carol = actor(testdb.Carol)
	dave  = actor(testdb.Dave)
	erin  = actor(testdb.Erin)
	sid   = actor(testdb.Sid)
	zed   = actor(testdb.Zed)
	vera  = actor(testdb.Vera)
)

func actor(id int64) messaging.Actor {
	for _, p := range testdb.Cast() {
		if p.ID == id {
			return messaging.Actor{ID: wpauth.UserID(id), Login: p.Login, DisplayName: p.DisplayName,
				Bypass: p.Role == "administrator" || p.Role == "editor", Oversight: p.Role == "administrator"}
		}
	}
	panic("nobody in the cast has that id")
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.db.Exec(query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

// number reads one number.
func (h *house) number(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.db.Get(&n, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func ids(actors ...messaging.Actor) (out []wpauth.UserID) {
	for _, a := range actors {
		out = append(out, a.ID)
	}
	return out
}

// start starts a conversation that must succeed.
func (h *house) start(from messaging.Actor, text string, to ...messaging.Actor) messaging.StartResult {
	h.t.Helper()
	r, err := h.Start(context.Background(), from, messaging.StartInput{Recipients: ids(to...), Content: text})
	if err != nil {
		h.t.Fatalf("%s starts: %v", from.Login, err)
	}
	return r
}

// direct is the thread of two members, started by the first.
func (h *house) direct(a, b messaging.Actor) messaging.ConversationID {
	h.t.Helper()
	return h.start(a, "Hello "+b.DisplayName, b).Conversation.ID
}

func (h *house) group(from messaging.Actor, to ...messaging.Actor) messaging.ConversationID {
	h.t.Helper()
	r, err := h.Start(context.Background(), from, messaging.StartInput{Recipients: ids(to...),
		Content: "Hello all", Title: "Trip", Type: messaging.Group})
	if err != nil {
		h.t.Fatalf("%s starts a group: %v", from.Login, err)
	}
	return r.Conversation.ID
}

func (h *house) send(from messaging.Actor, id messaging.ConversationID, text string) *messaging.Message {
	h.t.Helper()
	m, err := h.Send(context.Background(), from, messaging.SendInput{Conversation: id, Content: text})
	if err != nil {
		h.t.Fatalf("%s sends: %v", from.Login, err)
	}
	return m
}

func (h *house) get(a messaging.Actor, id messaging.ConversationID) *messaging.Conversation {
	h.t.Helper()
	c, err := h.Get(context.Background(), a, id)
	if err != nil {
		h.t.Fatalf("%s gets %d: %v", a.Login, id, err)
	}
	return c
}

// read reads the newest page and marks it read.
func (h *house) read(a messaging.Actor, id messaging.ConversationID) messaging.MessagePage {
	h.t.Helper()
	p, err := h.Messages(context.Background(), a, id, messaging.MessagesQuery{Limit: 30, MarkRead: true})
	if err != nil {
		h.t.Fatalf("%s reads: %v", a.Login, err)
	}
	return p
}

// list are the ids of a member's list.
func (h *house) list(a messaging.Actor, f messaging.Filter) string {
	h.t.Helper()
	p, err := h.List(context.Background(), a, messaging.ListQuery{Filter: f, Limit: 100})
	if err != nil {
		h.t.Fatalf("%s lists: %v", a.Login, err)
	}
	return idsOf(p.Conversations)
}

func idsOf(conversations []messaging.Conversation) string {
	var out []string
	for _, c := range conversations {
		out = append(out, fmt.Sprint(c.ID))
	}
	return strings.Join(out, " ")
}

// unread is what the badge shows.
func (h *house) unread(a messaging.Actor) int {
	h.t.Helper()
	n, _, err := h.UnreadCount(context.Background(), a)
	if err != nil {
		h.t.Fatalf("%s counts unread: %v", a.Login, err)
	}
	return n
}

// refused fails unless err refuses for a reason, with exactly this text unless "".
func refused(t testing.TB, err error, want messaging.Reason, text string) {
	t.Helper()
	var e *messaging.Error
	if !errors.As(err, &e) || e.Reason != want || text != "" && e.Text != text {
		t.Fatalf("got %v, want %s %q", err, want, text)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (h *house) counted(f func()) testdb.Counts {
	h.t.Helper()
	return testdb.CountStatements(h.t, h.db.DB, f)
}
