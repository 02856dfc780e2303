package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/api"
	"parley/internal/testdb"
	"parley/realtime"
	"parley/wpauth"
)

func TestAConnectionEndsWithWhatItWasMadeWith(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	byCookie := func(login string) *socket {
		s := c.open("", c.cookie(login))
		s.name = login
		s.say(object{"type": "auth", "nonce": testdb.Cast()[login].Nonce(c.clock.Now())})
		s.expect("hello")
		return s
	}
	bystander := c.connect("dave", "")
	meta := func(login, key string) {
		c.exec("UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = ? AND meta_key = ?", testdb.Cast()[login].ID, key)
	}
	for _, step := range []struct {
		what   string
		socket *socket
		change func()
		code   int
		reason string
	}{
		{"logout", byCookie("alice"), func() { meta("alice", "session_tokens") }, 4402, "logged_out"},
		{"a new password", byCookie("bob"), func() { c.exec("UPDATE wp_users SET user_pass = '$P$new' WHERE ID = ?", testdb.Bob) }, 4402, "logged_out"},
		{"a revoked application password", c.connect("carol", ""), func() { meta("carol", "_application_passwords") }, 4402, "logged_out"},
		{"a ban", c.connect("sid", ""), func() {
			c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01 00:00:00')", testdb.Sid)
		}, 4403, "banned"},
		{"a deleted account", c.connect("vera", ""), func() { c.exec("DELETE FROM wp_users WHERE ID = ?", testdb.Vera) }, 4402, "logged_out"},
	} {
		step.change()
		begun := time.Now()
		step.socket.ends(step.code, step.reason)
		// Within a second on a machine that is not busy with other tests.
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("%s: closed after %v", step.what, took)
		}
	}
	bystander.say(object{"type": "ping"})
	bystander.expect("pong")
	// Who was shut out stays out.
	c.open("", appPassword("sid")).ends(4403, "banned")
	if _, res := c.listen(appPassword("sid"), ""); res.StatusCode != http.StatusForbidden {
		t.Errorf("an event stream: %d", res.StatusCode)
	}
	c.as("sid").get("/wp-json/parley/v1/sync?wait=0").refused(403, "jetonomy_user_banned")
}

func TestHandshakesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	bystander := c.connect("alice", "")
	nonce := func(login string) string { return testdb.Cast()[login].Nonce(c.clock.Now()) }
	with := func(h http.Header, name, value string) http.Header {
		h = h.Clone()
		h.Del(name)
		if value != "" {
			h.Set(name, value)
		}
		return h
	}
	for _, row := range []struct {
		what   string
		query  string
		header http.Header
		code   int
		reason string
	}{
		{"nobody", "", http.Header{}, 4401, "unauthenticated"},
		{"a wrong password", "", http.Header{"Authorization": {"Basic Ym9iOm5v"}}, 4401, "unauthenticated"},
		{"a cookie without Origin", "?_wpnonce=" + nonce("bob"), with(c.cookie("bob"), "Origin", ""), 4405, "origin"},
		{"a cookie from another site", "?_wpnonce=" + nonce("bob"), with(c.cookie("bob"), "Origin", "https://evil.example"), 4405, "origin"},
		{"a password from another site", "", with(appPassword("bob"), "Origin", "https://evil.example"), 4405, "origin"},
		{"a page in a sandbox", "?_wpnonce=" + nonce("bob"), with(c.cookie("bob"), "Origin", "null"), 4405, "origin"},
		{"a wrong nonce", "?_wpnonce=0123456789", c.cookie("bob"), 4401, "unauthenticated"},
		{"somebody else's nonce", "?_wpnonce=" + nonce("carol"), c.cookie("bob"), 4401, "unauthenticated"},
		{"an empty nonce", "?_wpnonce=", c.cookie("bob"), 4401, "unauthenticated"},
		{"a position of garbage", "?since=garbage", appPassword("bob"), 4410, "position"},
		{"a position of another site", "?since=" + realtime.NewPositions([32]byte{1}).Token(0), appPassword("bob"), 4410, "position"},
	} {
		s := c.open(row.query, row.header)
		s.name = row.what
		s.ends(row.code, row.reason)
	}
	own := c.open("?_wpnonce="+nonce("bob"), with(c.cookie("bob"), "Origin", "https://app.example"))
	own.expect("hello")
	for _, row := range []struct {
		what, query string
		header      http.Header
		status      int
	}{
		{"nobody", "", http.Header{}, 401},
		{"no nonce", "", c.cookie("bob"), 401},
		{"another site", "?_wpnonce=" + nonce("bob"), with(c.cookie("bob"), "Origin", "https://evil.example"), 403},
		{"garbage", "?since=garbage", appPassword("bob"), 400},
	} {
		if _, res := c.listen(row.header, row.query); res.StatusCode != row.status {
			t.Errorf("an event stream, %s: %d, want %d", row.what, res.StatusCode, row.status)
		}
	}
	c.as("bob").get("/wp-json/parley/v1/sync?since=garbage").refused(400, "parley_position")
	c.as("bob").do("GET", "/wp-json/parley/v1/sync?wait=0", nil, "Origin", "https://evil.example").refused(403, "parley_origin")
	c.nobody().get("/wp-json/parley/v1/sync").refused(401, "rest_not_logged_in")
	c.as("bob").get(streamAddress).refused(426, "parley_upgrade_required")
	bystander.say(object{"type": "ping"})
	bystander.expect("pong")
}

func TestLimitsOfConnectionsAndFrames(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Sockets, limits.Frames = 2, 5
	c := newCommunity(t, live(limits))
	one, _ := c.connect("bob", ""), c.connect("bob", "")
	c.open("", appPassword("bob")).ends(4429, "too_many_connections")
	c.connect("alice", "")
	for range limits.Frames + 1 {
		one.say(object{"type": "ping"})
	}
	one.ends(4428, "too_many_frames")
	c.eventually("there is room again", func() bool {
		s, err := c.dial("", appPassword("bob"))
		if err != nil {
			return false
		}
		defer func() { _ = s.conn.Close() }()
		f, err := s.next(patience)
		return err == nil && f.Type == "hello"
	})
}

func TestARestartTellsWhenToComeBack(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	s := c.connect("bob", "")
	at := c.poll("alice", "").Position
	answered := make(chan answer)
	go func() {
		a, err := c.as("alice").try("GET", "/wp-json/parley/v1/sync?since="+at, nil)
		if err != nil {
			t.Error(err)
		}
		answered <- a
	}()
	c.eventually("alice waits", func() bool { return c.hub.Stats().Polls == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c.hub.Close(ctx)
	if f := s.expect("close"); f.Code != 1001 || f.Reason != "restart" || f.Retry < 1000 || f.Retry > 26000 {
		t.Errorf("goodbye was %s", f.raw)
	}
	s.ends(1001, "restart")
	(<-answered).refused(503, "parley_unavailable")
	c.open("", appPassword("bob")).ends(1001, "restart")
}

// TestAnotherNodeGoesOnWithThePosition has a node that starts after much has happened, so
// that what a client missed is not in its memory.
func TestAnotherNodeGoesOnWithThePosition(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	begin := c.poll("bob", "").Position
	c.as("alice").send(ab, "one")
	c.as("alice").send(ab, "two")
	c.exec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', 1, 1, '{"value":true}', '2026-03-02 17:49:00' FROM seq_1_to_2500`)
	c.as("alice").send(ab, "three")
	id, _, err := c.site.Authenticate(t.Context(), wpauth.Credentials{Method: "GET", HTTPS: true, Header: appPassword("bob")})
	if err != nil || !id.LoggedIn() {
		t.Fatal(err)
	}
	// A node that has just started may still be reading what is newest: it is asked until
	// it told something new.
	poll := func(limits realtime.Limits, since string, least int) (out []string, err error) {
		t.Helper()
		hub := c.node(limits)
		for begun := time.Now(); len(out) < least && time.Since(begun) < patience; {
			a, err := hub.Poll(t.Context(), id, since, time.Second, false)
			if err != nil {
				return out, err
			}
			for _, f := range a.Frames {
				if err := asDescribed(f.Body); err != nil {
					t.Error(err)
				}
				out = append(out, f.Type)
			}
			since = a.Position
		}
		return out, nil
	}
	want := "[message.created message.created message.created]"
	if got, err := poll(realtime.DefaultLimits(), begin, 3); err != nil || fmt.Sprint(got) != want {
		t.Errorf("another node told %v, %v", got, err)
	}
	near := realtime.DefaultLimits()
	near.CatchUp = 100
	if got, err := poll(near, begin, 1); err != nil || fmt.Sprint(got) != "[reset]" {
		t.Errorf("too far back told %v, %v", got, err)
	}
	// The beginning was let go; then the site is restored from an old copy.
	c.exec("UPDATE wp_parley_events SET kind = 'pruned' WHERE id = 1000")
	c.exec("DELETE FROM wp_parley_events WHERE id < 1000")
	if got, err := poll(realtime.DefaultLimits(), begin, 1); err != nil || fmt.Sprint(got) != "[reset]" {
		t.Errorf("what is gone told %v, %v", got, err)
	}
	c.settled()
	future := c.poll("bob", "").Position
	c.exec("DELETE FROM wp_parley_events WHERE id > 1500")
	if got, err := poll(realtime.DefaultLimits(), future, 1); err != realtime.BadPosition {
		t.Errorf("a position of the future told %v, %v", got, err)
	}
}

// TestPollsGoOnInPagesBehindMemory has a client that missed more than one answer holds, on
// a node that does not remember it.
func TestPollsGoOnInPagesBehindMemory(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	since := c.poll("bob", "").Position
	const missed = 2500
	c.exec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', ?, ?, IF(seq % 2, '{"value":true}', '{"value":false}'), '2026-03-02 17:49:00' FROM seq_1_to_2500`, ab, testdb.Bob)
	id, _, err := c.site.Authenticate(t.Context(), wpauth.Credentials{Method: "GET", HTTPS: true, Header: appPassword("bob")})
	if err != nil || !id.LoggedIn() {
		t.Fatal(err)
	}
	hub := c.node(realtime.DefaultLimits())
	seen, got := map[string]bool{}, 0
	for begun := time.Now(); got < missed && time.Since(begun) < patience; {
		a, err := hub.Poll(t.Context(), id, since, time.Second, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Frames) > 200 || a.More && len(a.Frames) != 200 {
			t.Fatalf("an answer has %d frames, more %t", len(a.Frames), a.More)
		}
		for _, f := range a.Frames {
			if want := fmt.Sprintf(`"value":%t`, got%2 == 0); f.Type != "settings" || seen[f.ID] || !strings.Contains(string(f.Body), want) {
				t.Fatalf("frame %d is %s", got, f.Body)
			}
			seen[f.ID] = true
			got++
		}
		since = a.Position
	}
	if got != missed {
		t.Errorf("%d of %d events were told", got, missed)
	}
}

// node is another node of the site, in the registry of nodes only if shape puts it there.
func (c *community) node(limits realtime.Limits, shape ...func(*realtime.Options)) *realtime.Hub {
	c.t.Helper()
	o := realtime.Options{Service: c.svc, Site: c.site, Shape: api.Shape(c.site), Limits: limits, Guard: c.db.Guard}
	for _, f := range shape {
		f(&o)
	}
	hub, err := realtime.New(o)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); c.svc.Follow(ctx, hub.Feed()) }()
	c.t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		hub.Close(closing)
		stop()
		<-stopped
	})
	c.eventually("the node follows", func() bool { return hub.Ready() })
	return hub
}
