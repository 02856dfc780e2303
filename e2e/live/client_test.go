package live

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/internal/wpsite"
)

// frame is what the stream tells.
type frame struct {
	Type         string `json:"type"`
	Position     string `json:"position"`
	Resumed      bool   `json:"resumed"`
	Conversation int64  `json:"conversation"`
	Member       int64  `json:"member"`
	Seq          int64  `json:"seq"`
	Message      json.RawMessage
	Members      json.RawMessage
	Code         int    `json:"code"`
	Reason       string `json:"reason"`
	Retry        int    `json:"retry"`
}

// text is what a message says.
func (f frame) text() string {
	var m struct {
		Plain string `json:"content_plain"`
	}
	_ = json.Unmarshal(f.Message, &m)
	return m.Plain
}

// line is a WebSocket through nginx, as a page of the site opens it.
type line struct {
	t      *testing.T
	frames chan frame // closed at the end
	say    func(string)
	end    func()
	// position is the last one that expect came by.
	position string
}

// dial connects to a node, or to the other one when that does not answer. since is a
// position, "" to begin now. It returns behind the hello.
func dial(t *testing.T, c *wpsite.Session, node int, since string) *line {
	t.Helper()
	home, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := []string{wpsite.NodeCookie + "=" + strconv.Itoa(node)}
	for _, cookie := range c.HTTP.Jar.Cookies(home) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	conn, early, _, err := ws.Dialer{Timeout: 20 * time.Second, Header: ws.HandshakeHeaderHTTP(http.Header{
		"Origin": {site.URL}, "Cookie": {strings.Join(cookies, "; ")}})}.
		Dial(t.Context(), "ws"+strings.TrimPrefix(site.URL, "http")+"/wp-json/parley/v1/stream")
	if err != nil {
		t.Fatal(err)
	}
	if early != nil {
		t.Fatal("Parley spoke before it knew who is there")
	}
	l := &line{t: t, frames: make(chan frame, 1024), end: func() { conn.Close() }}
	t.Cleanup(l.end)
	l.say = func(text string) {
		if err := wsutil.WriteClientText(conn, []byte(text)); err != nil {
			t.Error(err)
		}
	}
	go func() {
		defer close(l.frames)
		for {
			b, err := wsutil.ReadServerText(conn)
			var f frame
			if err != nil || json.Unmarshal(b, &f) != nil {
				return
			}
			l.frames <- f
		}
	}()
	auth, err := json.Marshal(map[string]string{"type": "auth", "nonce": c.Nonce, "since": since})
	if err != nil {
		t.Fatal(err)
	}
	l.say(string(auth))
	if f := l.expect("hello", func(frame) bool { return true }); f.Resumed != (since != "") {
		t.Fatalf("hello says resumed %v behind %q", f.Resumed, since)
	}
	return l
}

// expect waits for a frame of a type; those before it are passed over.
func (l *line) expect(kind string, ok func(frame) bool) frame {
	l.t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case f, open := <-l.frames:
			if !open {
				l.t.Fatalf("the connection ended before a frame %s", kind)
			}
			if f.Position != "" {
				l.position = f.Position
			}
			if f.Type == kind && ok(f) {
				return f
			}
		case <-deadline:
			l.t.Fatalf("no frame %s", kind)
		}
	}
}

// rest are the texts of messages told until the connection ends.
func (l *line) rest() (texts []string) {
	l.t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case f, open := <-l.frames:
			if !open {
				return texts
			}
			if f.Position != "" {
				l.position = f.Position
			}
			if f.Type == "message.created" {
				texts = append(texts, f.text())
			}
		case <-deadline:
			l.t.Fatal("the connection does not end")
		}
	}
}
