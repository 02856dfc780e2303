package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"parley/api"
	"parley/internal/doctor"
	"parley/internal/mysql"
	"parley/internal/resttest"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
	"parley/realtime/wire"
	"parley/web"
	"parley/wpauth"
)

// community is the whole service on a real listener and a real MariaDB, with the
// cast of the contract's scenarios (section 7).
type community struct {
	t     *testing.T
	url   string
	db    *mysql.DB
	site  *wpauth.Site
	svc   *messaging.Service
	clock *clock
	hub   *realtime.Hub // with the option live
}

// setup is what a scenario may change before the service starts.
type setup struct {
	limits   messaging.Limits
	minTrust int
	dsn      string
	pages    http.Handler
	doctor   func(context.Context) doctor.Report
	home     string
	before   []string // statements that change the site before the service starts
	realtime *realtime.Limits
	hub      []func(*community, *realtime.Options)
	off      messaging.Preferences
	bounds   wire.Bounds
}

type option func(*setup)

// noDailyLimit lifts the limit on new conversations.
func noDailyLimit(s *setup) { s.limits.NewPerDay = [5]int{} }

// noMinuteLimit lifts the limit on messages.
func noMinuteLimit(s *setup) { s.limits.MessagesPerMinute = 0 }

// onServer puts the site on a server of its own.
func onServer(t *testing.T, server *testdb.Server) option {
	t.Helper()
	return func(s *setup) {
		s.dsn = server.Database(t)
		testdb.SeatCast(t, s.dsn)
	}
}

// changed changes the site before the service starts.
func changed(statements ...string) option {
	return func(s *setup) { s.before = append(s.before, statements...) }
}

// live follows the events and serves the addresses of realtime.
func live(l realtime.Limits) option { return func(s *setup) { s.realtime = &l } }

// switchedOff has the site's owner switch things off.
func switchedOff(p messaging.Preferences) option { return func(s *setup) { s.off = p } }

// bounded changes the bounds of connections.
func bounded(b wire.Bounds) option { return func(s *setup) { s.bounds = b } }

func minTrust(n int) option { return func(s *setup) { s.minTrust = n } }

func newCommunity(t *testing.T, options ...option) *community {
	t.Helper()
	s := setup{limits: messaging.DefaultLimits(), minTrust: 1}
	for _, o := range options {
		o(&s)
	}
	if s.dsn == "" {
		s.dsn = testdb.CastDSN(t)
	}
	if s.home != "" {
		s.before = append(s.before, "UPDATE wp_options SET option_value = '"+s.home+"' WHERE option_name = 'home'")
	}
	// In Berlin this is 6:49 pm.
	c := &community{t: t, clock: &clock{now: time.Date(2026, 3, 2, 17, 49, 0, 0, time.UTC)}}
	rooms := resttest.Open(t, resttest.Settings{DSN: s.dsn, Environment: "production", Limits: s.limits, MinTrustLevel: s.minTrust, SwitchedOff: s.off,
		Now: c.clock.Now, Before: s.before})
	c.db, c.site, c.svc = rooms.DB, rooms.Site, rooms.Service
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	pages, err := web.New(web.Options{Messenger: c.svc, Directory: c.site, AuthenticatePage: c.site.AuthenticatePage,
		Authenticate: c.site.Authenticate, Nonce: c.site.Nonce, FindLogin: c.site.FindLogin,
		ClientAddr: func(r *http.Request) (netip.Addr, bool) { return api.ClientAddr(r, trusted) },
		Limits:     s.limits, MinTrustLevel: s.minTrust, Stream: s.realtime != nil, Now: c.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if s.pages == nil {
		s.pages = pages
	}
	c.url = rooms.Serve(t, func(o *api.Options) {
		o.TrustedProxies, o.Pages, o.Assets, o.FindLogin = trusted, s.pages, pages.ServeAsset, c.site.FindLogin
		o.Stream, o.Doctor, o.Version = c.stream(&s), s.doctor, "1.2.3"
		o.Me = func(ctx context.Context, id wpauth.Identity, a messaging.Actor) (any, error) {
			return pages.Me(ctx, id, a)
		}
	}).URL
	return c
}

// stream starts a Hub, if one was wanted.
func (c *community) stream(s *setup) *wire.Server {
	if s.realtime == nil {
		return nil
	}
	hub := c.node(*s.realtime, func(o *realtime.Options) {
		for _, f := range s.hub {
			f(c, o)
		}
	})
	c.hub = hub
	server, err := wire.New(wire.Options{Hub: hub, Authenticate: c.site.Authenticate, Site: c.site.Options, Guard: c.db.Guard,
		Bounds: s.bounds, Origins: []string{"https://app.example"}, ClientAddr: func(r *http.Request) (netip.Addr, bool) {
			return api.ClientAddr(r, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
		}})
	if err != nil {
		c.t.Fatal(err)
	}
	return server
}

// clock is the service's time; it stands still between requests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ids are the user ids of logins.
func ids(logins ...string) []int64 {
	out := []int64{}
	for _, l := range logins {
		out = append(out, testdb.Cast()[l].ID)
	}
	return out
}

func conv(id int64) string     { return "/conversations/" + strconv.FormatInt(id, 10) }
func messages(id int64) string { return conv(id) + "/messages" }

// exec changes the site behind the service's back.
func (c *community) exec(statement string, args ...any) {
	c.t.Helper()
	if _, err := c.db.Exec(statement, args...); err != nil {
		c.t.Fatal(err)
	}
}

// count runs a SELECT of one number.
func (c *community) count(query string, args ...any) int64 {
	c.t.Helper()
	var n int64
	if err := c.db.Get(&n, query, args...); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// wantCount checks a SELECT of one number.
func (c *community) wantCount(want int64, query string, args ...any) {
	c.t.Helper()
	if got := c.count(query, args...); got != want {
		c.t.Errorf("%s %v = %d, want %d", query, args, got, want)
	}
}

// nothingStored checks that no row of a conversation or message is there.
func (c *community) nothingStored() {
	c.t.Helper()
	for _, table := range []string{"wp_parley_conversations", "wp_parley_participants", "wp_parley_messages",
		"wp_parley_message_text", "wp_parley_events", "wp_jt_notifications"} {
		c.wantCount(0, "SELECT COUNT(*) FROM "+table)
	}
}

// recruit adds n members of space one at trust level 1 and returns their ids.
func (c *community) recruit(n int) []int64 {
	c.t.Helper()
	var out []int64
	for i := range n {
		id := int64(1000 + i)
		login := fmt.Sprintf("recruit%d", i)
		c.exec(`INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
			VALUES (?, ?, 'x', ?, ?, '2026-01-01 00:00:00', ?)`, id, login, login, login+"@example.test", "Recruit "+strconv.Itoa(i))
		c.exec(`INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (?, 'wp_capabilities', 'a:1:{s:10:"subscriber";b:1;}')`, id)
		c.exec(`INSERT INTO wp_jt_user_profiles (user_id, trust_level, created_at) VALUES (?, 1, '2026-01-01 00:00:00')`, id)
		c.exec(`INSERT INTO wp_jt_space_members (space_id, user_id, joined_at) VALUES (?, ?, '2026-01-01 00:00:00')`, testdb.SpaceOne, id)
		out = append(out, id)
	}
	return out
}

// bells are the texts of a member's unread bell rows for a conversation.
func (c *community) bells(login string, conversation int64) []string {
	c.t.Helper()
	var texts []string
	if err := c.db.Select(&texts, `SELECT message FROM wp_jt_notifications WHERE user_id = ? AND object_type = 'message'
		AND object_id = ? AND is_read = 0`, testdb.Cast()[login].ID, conversation); err != nil {
		c.t.Fatal(err)
	}
	return texts
}

// eventually waits for what a cache may delay by a few seconds (contract 2:
// credentials; members' cards).
func (c *community) eventually(what string, ok func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(8 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within 8 seconds: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// transport keeps redirects and cookies out of the way, and answers to their
// description.
var transport http.RoundTripper = &checked{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 64}}
