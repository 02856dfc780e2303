package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/testdb"
	"parley/realtime"
	"parley/realtime/wire"
)

// documentedEnding is a row of the endings in docs/realtime.md.
type documentedEnding struct {
	code   string
	reason string
	status string // of HTTP; "" for none
}

func documentedEndings(t *testing.T) (out []documentedEnding) {
	t.Helper()
	page, err := os.ReadFile("../docs/realtime.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (\\d{4}) \\| (`[^|]+) \\| (\\d*) ?\\| ").FindAllStringSubmatch(string(page), -1)
	for _, row := range rows {
		for _, reason := range strings.Split(row[2], ", ") {
			out = append(out, documentedEnding{row[1], strings.Trim(reason, "`"), row[3]})
		}
	}
	if len(out) < 15 {
		t.Fatalf("docs/realtime.md lists %d endings: %v", len(out), out)
	}
	return out
}

// TestEveryDocumentedEndingIsReached brings each of the endings about that
// docs/realtime.md lists, as a WebSocket (or an event stream) and, where it says so, as
// HTTP. One that is documented and has no case, or the other way about, fails.
func TestEveryDocumentedEndingIsReached(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Ping, limits.Sockets = 300*time.Millisecond, 8
	c := newCommunity(t, live(limits), bounded(wire.Bounds{Introduce: 300 * time.Millisecond, Strangers: 1, Renewal: time.Millisecond}))
	c.as("alice").start("hello", "bob")

	said := func(bytes []byte) func() string {
		return func() string {
			s := c.connect("bob", "")
			_, _ = s.conn.Write(bytes)
			return ended(s)
		}
	}
	text := func(s string) []byte { return ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(s)))) }
	opened := func(query string, header http.Header) func() string {
		return func() string { return ended(c.open(query, header)) }
	}
	streamed := func(query string, header http.Header) func() string {
		return func() string { _, res := c.listen(header, query); return fmt.Sprint(res.StatusCode) }
	}
	foreign := c.cookie("bob")
	foreign.Set("Origin", "https://evil.example")
	logout := func(login string) func() {
		return func() {
			c.exec("UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = ? AND meta_key = '_application_passwords'", testdb.Cast()[login].ID)
		}
	}
	ban := func(login string) func() {
		return func() {
			c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01 00:00:00')", testdb.Cast()[login].ID)
		}
	}
	while := func(login string, happens func()) func() string {
		return func() string {
			s := c.connect(login, "")
			happens()
			return ended(s)
		}
	}
	// polling waits for something to happen to somebody.
	polling := func(login string, happens func()) func() string {
		return func() string {
			at := c.poll(login, "").Position
			status := make(chan string, 1)
			go func() {
				a, err := c.as(login).try("GET", "/wp-json/parley/v1/sync?since="+at, nil)
				status <- fmt.Sprint(a.status, errorText(err))
			}()
			c.eventually("a poll waits", func() bool { return c.hub.Stats().Polls == 1 })
			happens()
			return <-status
		}
	}
	many := func(login string) {
		for range limits.Sockets {
			c.connect(login, "")
		}
	}
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c.hub.Close(ctx)
	}
	cases := map[string]struct {
		socket func() string
		http   func() string // its status
	}{
		"1000 closed":            {socket: said(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(nil))))},
		"1002 protocol_error":    {socket: said(ws.MustCompileFrame(ws.NewTextFrame(nil)))},
		"1003 unsupported_frame": {socket: said(ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(nil))))},
		"1007 not_utf8":          {socket: said(text("\xff"))},
		"1009 frame_too_large":   {socket: said(text(strings.Repeat("x", 4097)))},
		"4400 bad_frame":         {socket: said(text("hello"))},
		"4401 unauthenticated":   {socket: opened("", c.cookie("bob")), http: streamed("", c.cookie("bob"))},
		"4402 logged_out":        {socket: while("carol", logout("carol")), http: polling("sid", logout("sid"))},
		"4403 banned":            {socket: while("vera", ban("vera")), http: streamed("", appPassword("zed"))},
		"4404 no_conversation":   {socket: said(text(`{"type":"typing","conversation":4711}`))},
		"4405 origin":            {socket: opened("?_wpnonce="+c.nonce("bob"), foreign), http: streamed("?_wpnonce="+c.nonce("bob"), foreign)},
		"4408 slow":              {socket: c.cutOff, http: c.cutOffPoll},
		"4410 position":          {socket: opened("?since=garbage", appPassword("bob")), http: streamed("?since=garbage", appPassword("bob"))},
		"4428 too_many_frames":   {socket: said([]byte(strings.Repeat(string(text(`{"type":"ping"}`)), 40)))},
		"4429 too_many_connections": {socket: func() string { many("dave"); return ended(c.open("", appPassword("dave"))) },
			http: streamed("", appPassword("dave"))},
		"4503 unavailable": {socket: func() string {
			s := c.open("", c.cookie("bob")) // who makes room for the next one
			c.open("", c.cookie("bob"))
			return ended(s)
		}, http: nil},
		"1001 renew": {socket: func() string {
			e, _ := c.listen(appPassword("bob"), "")
			f := e.event("close")
			return fmt.Sprint(f.Code, " ", f.Reason)
		}, http: nil},
		"1001 restart": {socket: while("bob", stop), http: streamed("", appPassword("bob"))},
	}
	last := "1001 restart"
	documented := map[string]string{}
	for _, e := range documentedEndings(t) {
		documented[e.code+" "+e.reason] = e.status
	}
	for name := range cases {
		if _, ok := documented[name]; !ok {
			t.Errorf("%s is not documented", name)
		}
	}
	check := func(name, status string) {
		reach, ok := cases[name]
		switch {
		case !ok:
			t.Errorf("nothing brings about %s", name)
			return
		case reach.http == nil && status != "" && name != "4503 unavailable" && name != "1001 renew": // streamaway_test.go; never before there is a stream
			t.Errorf("nothing brings about %s as HTTP", name)
		case reach.http != nil && status == "":
			t.Errorf("%s is not documented as HTTP", name)
		}
		want := name
		if name == "1000 closed" {
			want = "1000 " // what a client says is answered with no more
		}
		if got := reach.socket(); got != want {
			t.Errorf("%s: %s", name, got)
		}
		if reach.http != nil {
			if got := reach.http(); got != status {
				t.Errorf("%s as HTTP: %s, want %s", name, got, status)
			}
		}
	}
	for name, status := range documented {
		if name != last {
			check(name, status)
		}
	}
	check(last, documented[last])
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// ended is how a socket ends.
func ended(s *socket) string {
	code, reason, err := s.ending()
	return fmt.Sprint(code, " ", reason, errorText(err))
}

// cutOff is a reader who stops for too long, and then reads on in time for the goodbye.
func (c *community) cutOff() string {
	limits := realtime.DefaultLimits()
	limits.Queue = 1
	slow := newCommunity(c.t, live(limits), noMinuteLimit, bounded(wire.Bounds{Hurry: patience}))
	g := slow.as("alice").start("begin", "bob")
	slow.settled()
	next := slow.narrowly("bob", realtime.WebSocket)
	for begun := time.Now(); slow.hub.Stats().Dropped == 0 && time.Since(begun) < 2*patience; {
		slow.as("alice").send(g, strings.Repeat("word ", 1900))
	}
	for {
		if f, err := next(); err != nil {
			return errorText(err)
		} else if f.Type == "close" {
			return fmt.Sprint(f.Code, " ", f.Reason)
		}
	}
}

// cutOffPoll is a poll for which more happens at once than may wait.
func (c *community) cutOffPoll() string {
	limits := realtime.DefaultLimits()
	limits.Queue = 1
	slow := newCommunity(c.t, live(limits))
	slow.as("alice").start("hello", "bob")
	slow.settled()
	at := slow.poll("bob", "").Position
	status := make(chan string, 1)
	go func() {
		a, err := slow.as("bob").try("GET", "/wp-json/parley/v1/sync?since="+at, nil)
		status <- fmt.Sprint(a.status, errorText(err))
	}()
	slow.eventually("a poll waits", func() bool { return slow.hub.Stats().Polls == 1 })
	slow.exec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', 1, 4, '{"value":true}', '2026-03-02 17:49:00' FROM seq_1_to_900`)
	return <-status
}

// TestCountsOfAScriptedEvening holds what operators read to what happened.
func TestCountsOfAScriptedEvening(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	begin := c.hub.Stats()
	early := c.connect("bob", "").last
	bob := c.connect("bob", early) // resumes
	c.listenAs("bob", realtime.ServerEvents, appPassword("bob"), "")
	bob.expect("unread")
	at := c.poll("alice", "").Position
	waits := make(chan struct{})
	go func() {
		defer close(waits)
		_, _ = c.tryPoll("alice", at, 25) // resumes
	}()
	c.eventually("three kinds are connected", func() bool {
		s := c.hub.Stats()
		return s.WebSockets == 2 && s.ServerEvents == 1 && s.Polls == 1
	})
	frames := c.hub.Stats().Frames
	c.as("alice").send(ab, "counted") // for four connections
	<-waits
	c.eventually("it is told", func() bool { return c.hub.Stats().Frames >= frames+4 })
	c.open("", http.Header{}).ends(4401, "unauthenticated")
	_, res := c.listen(http.Header{}, "")
	if res.StatusCode != 401 {
		t.Errorf("an event stream for nobody: %d", res.StatusCode)
	}
	c.as("bob").get("/wp-json/parley/v1/sync?since=garbage").refused(400, "parley_position")
	bob.write(ws.OpText, []byte("hello"))
	bob.ends(4400, "bad_frame")
	c.exec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', 1, 1, '{"value":true}', '2026-03-02 17:49:00' FROM seq_1_to_600`)
	c.settled()
	s := c.hub.Stats()
	for what, row := range map[string][2]int64{
		"events":          {s.Events - begin.Events, 601},
		"resumes":         {s.Resumes - begin.Resumes, 2},
		"resets":          {s.Resets, 0},
		"dropped":         {s.Dropped, 0},
		"unauthenticated": {s.Refused["unauthenticated"], 2},
		"position":        {s.Refused["position"], 1},
		"bad frames":      {s.Ended["bad_frame"], 1},
		"WebSockets":      {s.WebSockets, 1},
	} {
		if row[0] != row[1] {
			t.Errorf("%s: %d, want %d", what, row[0], row[1])
		}
	}
}
