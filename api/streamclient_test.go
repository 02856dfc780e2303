package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/testdb"
	"parley/realtime"
)

// patience bounds every wait of the tests of realtime.
const patience = 15 * time.Second

// socket is a WebSocket of a member, as a client has it.
type socket struct {
	t    testing.TB
	name string
	conn net.Conn
	read io.Reader
	last string // position of the newest frame that had one
}

// told is a frame of the server.
type told struct {
	Type         string          `json:"type"`
	Version      int             `json:"version"`
	Position     string          `json:"position"`
	At           string          `json:"at"`
	Conversation int64           `json:"conversation"`
	Message      json.RawMessage `json:"message"`
	Seq          int64           `json:"seq"`
	Member       int64           `json:"member"`
	Members      json.RawMessage `json:"members"`
	Resumed      bool            `json:"resumed"`
	Reload       []string        `json:"reload"`
	Setting      string          `json:"setting"`
	Value        bool            `json:"value"`
	Change       string          `json:"change"`
	Count        int             `json:"count"`
	Code         int             `json:"code"`
	Reason       string          `json:"reason"`
	Retry        int64           `json:"retry"`

	raw []byte
}

// text is the message's plain text.
func (f told) text() string {
	var m struct {
		Plain string `json:"content_plain"`
	}
	_ = json.Unmarshal(f.Message, &m)
	return m.Plain
}

// closed is the end of a socket.
type closed struct {
	code   int
	reason string
}

func (c *closed) Error() string { return fmt.Sprintf("closed with %d %s", c.code, c.reason) }

// appPassword are the headers of a member's application password.
func appPassword(login string) http.Header {
	p := testdb.Cast()[login]
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(p.Login+":"+p.AppPassword))}}
}

// cookie are the headers of a member's browser on a page of the site.
func (c *community) cookie(login string) http.Header {
	return http.Header{"Cookie": {testdb.Cast()[login].Cookie()}, "Origin": {c.origin()}}
}

// origin is the site's own.
func (c *community) origin() string {
	o, err := c.site.Options(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(o.Home)
	if err != nil {
		c.t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

const streamAddress = "/wp-json/parley/v1/stream"

// dial opens a WebSocket.
func (c *community) dial(query string, header http.Header) (*socket, error) {
	h := header.Clone()
	h.Set("X-Forwarded-Proto", "https")
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP(h)}
	conn, early, _, err := d.Dial(context.Background(), "ws"+strings.TrimPrefix(c.url, "http")+streamAddress+query)
	if err != nil {
		return nil, err
	}
	s := &socket{t: c.t, conn: conn, read: conn}
	if early != nil {
		s.read = early
	}
	return s, nil
}

// open opens a WebSocket that has to be possible; whatever comes of it.
func (c *community) open(query string, header http.Header) *socket {
	c.t.Helper()
	s, err := c.dial(query, header)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = s.conn.Close() })
	return s
}

// connect connects a member with an application password, behind a position ("": now),
// and reads the hello.
func (c *community) connect(login, since string) *socket {
	c.t.Helper()
	s := c.open("?since="+since, appPassword(login))
	s.name = login
	if h := s.expect("hello"); h.Version != 1 || h.Member != testdb.Cast()[login].ID || h.Resumed != (since != "") {
		c.t.Fatalf("hello is %s", h.raw)
	}
	return s
}

// settled waits until the node has taken in everything that was committed: whoever begins
// then is told only what comes after. A node is always a moment behind.
func (c *community) settled() {
	c.t.Helper()
	newest := realtime.NewPositions(c.site.Secret("realtime position")).
		Token(c.count("SELECT MAX(id) FROM wp_parley_events"))
	c.eventually("the node has taken in everything", func() bool { return c.poll("dave", "").Position == newest })
}

// next reads one frame. An error is *closed when the server said goodbye.
func (s *socket) next(patience time.Duration) (told, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		h, err := ws.ReadHeader(s.read)
		if err != nil {
			return told{}, err
		}
		body := make([]byte, h.Length)
		if _, err := io.ReadFull(s.read, body); err != nil {
			return told{}, err
		}
		switch h.OpCode {
		case ws.OpPing:
			s.write(ws.OpPong, body)
		case ws.OpPong:
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(body)
			return told{}, &closed{int(code), reason}
		case ws.OpText:
			return s.parse(body)
		default:
			return told{}, fmt.Errorf("a frame of kind %d", h.OpCode)
		}
	}
}

func (s *socket) parse(body []byte) (told, error) {
	f := told{raw: body}
	if err := json.Unmarshal(body, &f); err != nil {
		return f, err
	}
	if err := asDescribed(body); err != nil {
		return f, fmt.Errorf("%s: %w", body, err)
	}
	if f.Position != "" {
		s.last = f.Position
	}
	return f, nil
}

// expect reads until a frame of a type comes.
func (s *socket) expect(kind string) told {
	s.t.Helper()
	return s.until(kind, func(f told) bool { return f.Type == kind })
}

// until reads until a frame fits.
func (s *socket) until(what string, fits func(told) bool) told {
	s.t.Helper()
	for {
		f, err := s.next(patience)
		if err != nil {
			s.t.Fatalf("%s, waiting for %s: %v", s.name, what, err)
		}
		if fits(f) {
			return f
		}
	}
}

// ends reads until the server closes, and checks code and reason.
func (s *socket) ends(code int, reason string) {
	s.t.Helper()
	for {
		f, err := s.next(patience)
		if err == nil {
			if f.Type == "close" && (f.Code != code || f.Reason != reason) {
				s.t.Fatalf("%s: %s, want %d %s", s.name, f.raw, code, reason)
			}
			continue
		}
		if c, ok := err.(*closed); !ok || c.code != code || c.reason != reason {
			s.t.Fatalf("%s: %v, want %d %s", s.name, err, code, reason)
		}
		return
	}
}

// say sends a frame as JSON.
func (s *socket) say(v any) {
	s.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(ws.OpText, raw)
}

// write sends one frame; the server may be gone already.
func (s *socket) write(op ws.OpCode, body []byte) { s.writeFrame(ws.NewFrame(op, true, body)) }

func (s *socket) writeFrame(f ws.Frame) {
	_ = ws.WriteFrame(s.conn, ws.MaskFrame(f))
}

// eventSource is a stream of server-sent events.
type eventSource struct {
	*socket
	lines *bufio.Scanner
	body  io.Closer
	last  string // id of the newest event
}

// listen opens a stream of server-sent events.
func (c *community) listen(header http.Header, query string) (*eventSource, *http.Response) {
	c.t.Helper()
	r, err := http.NewRequest("GET", c.url+streamAddress+query, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = header.Clone()
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("X-Forwarded-Proto", "https")
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = res.Body.Close() })
	return &eventSource{socket: &socket{t: c.t}, lines: bufio.NewScanner(res.Body), body: res.Body}, res
}

// event reads until an event of a type comes; what came before it is skipped.
func (e *eventSource) event(kind string) told {
	e.t.Helper()
	hung := time.AfterFunc(patience, func() { _ = e.body.Close() })
	defer hung.Stop()
	name, id := "", ""
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			f, err := e.parse([]byte(value))
			if err != nil {
				e.t.Fatal(err)
			}
			if f.Type != name || id != "" && id != f.Position {
				e.t.Fatalf("event %q with id %q is %s", name, id, value)
			}
			if id != "" {
				e.last = id
			}
			if name == kind {
				return f
			}
		case "":
			name, id = "", ""
		}
	}
	e.t.Fatalf("the stream ended while waiting for %s: %v", kind, e.lines.Err())
	return told{}
}
