package api_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/realtime"
	"parley/realtime/wire"
)

// bystander is somebody connected whom nothing must disturb while others misbehave:
// messages go on, and none is missed.
type bystander struct {
	*ear
	chat         *chatter
	conversation int64
}

func (c *community) bystander() *bystander {
	c.t.Helper()
	g := c.as("mona").start("what others do is none of our business", "alice", "dave")
	c.settled()
	return &bystander{c.listenAs("dave", realtime.WebSocket, appPassword("dave"), ""), c.chat(g, "alice"), g}
}

// undisturbed checks it.
func (b *bystander) undisturbed(c *community) {
	c.t.Helper()
	b.chat.going(c, b.conversation, 3)
	b.chat.stop()
	newest := c.count("SELECT MAX(seq) FROM wp_parley_messages WHERE conversation_id = ?", b.conversation)
	b.waitFor(c.t, "the newest message", func(f told) bool { return f.Type == "message.created" && f.Seq == newest })
	if first, last := b.messages(c.t, b.conversation); first != 2 || last != newest || !b.open() {
		c.t.Errorf("the bystander heard %d to %d of %d", first, last, newest)
	}
}

// talk sends bytes to the service and reads one answer.
func (c *community) talk(request string) (*http.Response, string) {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	go func() { _, _ = io.WriteString(conn, request) }() // what is too long is not read to its end
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		c.t.Fatalf("%.80q: %v", request, err)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res, ""
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%.80q: %v", request, err)
	}
	return res, string(body)
}

func TestRequestsThatAreNoHandshake(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, live(realtime.DefaultLimits()))
	by := c.bystander()
	// change makes a request of one that is right, by replacing a part of it.
	change := func(old, new string) string {
		right := "GET " + streamAddress + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
			"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\nAuthorization: " + appPassword("bob").Get("Authorization") + "\r\n\r\n"
		if !strings.Contains(right, old) {
			t.Fatalf("%q is not in it", old)
		}
		if strings.Contains(new, "Content-Length: 1") {
			right += "x"
		} else if strings.Contains(new, "chunked") {
			right += "0\r\n\r\n"
		}
		return strings.Replace(right, old, new, 1)
	}
	for _, row := range []struct {
		what, old, new string
		status         int
		code           string
	}{
		{"as it should be", "Host: x", "Host: x", 101, ""},
		{"with extensions and subprotocols", "Host: x", "Host: x\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: a, b", 101, ""},
		{"POST", "GET ", "POST ", 405, "parley_bad_handshake"},
		{"HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 400, "parley_bad_handshake"},
		{"no Connection", "Connection: keep-alive, Upgrade\r\n", "", 400, "parley_bad_handshake"},
		{"no key", "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n", "", 400, "parley_bad_handshake"},
		{"a short key", "AAECAwQFBgcICQoLDA0ODw==", "AAEC", 400, "parley_bad_handshake"},
		{"a key that is not base64", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0OD$==", 400, "parley_bad_handshake"},
		{"two keys", "Host: x", "Host: x\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==", 400, "parley_bad_handshake"},
		{"no version", "Sec-WebSocket-Version: 13\r\n", "", 426, "parley_bad_handshake"},
		{"another version", "Version: 13", "Version: 8", 426, "parley_bad_handshake"},
		{"a body", "Host: x", "Host: x\r\nContent-Length: 1", 400, "parley_bad_handshake"},
		{"a body in chunks", "Host: x", "Host: x\r\nTransfer-Encoding: chunked", 400, "parley_bad_handshake"},
		{"one of several protocols", "Upgrade: websocket", "Upgrade: websocket, h2c", 400, "parley_bad_handshake"},
		{"another protocol", "Upgrade: websocket", "Upgrade: h2c", 426, "parley_upgrade_required"},
		{"an event stream with a body", "Upgrade: websocket\r\n", "Accept: text/event-stream\r\nContent-Length: 1\r\n", 400, "parley_bad_handshake"},
		{"POST for an event stream", "GET " + streamAddress + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nUpgrade: websocket\r\n",
			"POST " + streamAddress + " HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nAccept: text/event-stream\r\n", 426, "parley_upgrade_required"},
		{"no Host", "Host: x\r\n", "", 400, ""},
		{"headers without end", "Host: x", "Host: x\r\nX-Long: " + strings.Repeat("x", 2<<20), 431, ""},
	} {
		res, body := c.talk(change(row.old, row.new))
		if res.StatusCode != row.status || !strings.Contains(body, row.code) {
			t.Errorf("%s: %d %s, want %d %s", row.what, res.StatusCode, body, row.status, row.code)
		}
		if res.Header.Get("Sec-WebSocket-Extensions")+res.Header.Get("Sec-WebSocket-Protocol") != "" {
			t.Errorf("%s: answered with %v", row.what, res.Header)
		}
		if row.status == 426 && res.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("%s: answered without the version: %v", row.what, res.Header)
		}
	}
	by.undisturbed(c)
}

// frameOf is a masked frame with whatever length its header says.
func frameOf(first byte, length uint64, body []byte) []byte {
	b := append([]byte{first, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, length)...)
	return append(append(b, 0, 0, 0, 0), body...)
}

func TestFramesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, live(realtime.DefaultLimits()))
	foreign := c.as("alice").start("not bob's", "carol")
	left := c.as("alice").start("no longer bob's", "carol", "bob")
	c.as("bob").post(conv(left)+"/leave", nil).want(200)
	by := c.bystander()
	raw := func(f ws.Frame) []byte { return ws.MustCompileFrame(ws.MaskFrame(f)) }
	text := func(s string) []byte { return raw(ws.NewTextFrame([]byte(s))) }
	compressed := ws.NewTextFrame([]byte(`{"type":"ping"}`))
	compressed.Header.Rsv = ws.Rsv(true, false, false)
	closing := func(code int, reason string) []byte {
		return raw(ws.NewCloseFrame(append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)))
	}
	type row struct {
		what   string
		bytes  []byte
		code   int
		reason string
	}
	rows := []row{
		{"huge", text(strings.Repeat("x", 4097)), 1009, "frame_too_large"},
		{"huger than memory", frameOf(0x81, 1<<40, []byte("{")), 1009, "frame_too_large"},
		{"of a length that is none", frameOf(0x81, 1<<63, nil), 1002, "protocol_error"},
		{"binary", raw(ws.NewBinaryFrame([]byte("{}"))), 1003, "unsupported_frame"},
		{"in pieces", raw(ws.NewFrame(ws.OpText, false, []byte("{"))), 1003, "unsupported_frame"},
		{"the rest of nothing", raw(ws.NewFrame(ws.OpContinuation, true, []byte("}"))), 1003, "unsupported_frame"},
		{"compressed", raw(compressed), 1002, "protocol_error"},
		{"of a reserved kind", raw(ws.NewFrame(ws.OpCode(3), true, nil)), 1002, "protocol_error"},
		{"of a reserved kind of the transport", raw(ws.NewFrame(ws.OpCode(11), true, nil)), 1002, "protocol_error"},
		{"not masked", ws.MustCompileFrame(ws.NewTextFrame([]byte(`{"type":"ping"}`))), 1002, "protocol_error"},
		{"a long ping", raw(ws.NewFrame(ws.OpPing, true, []byte(strings.Repeat("x", 126)))), 1002, "protocol_error"},
		{"a ping in pieces", raw(ws.NewFrame(ws.OpPing, false, nil)), 1002, "protocol_error"},
		{"half a close code", raw(ws.NewCloseFrame([]byte{3})), 1002, "protocol_error"},
		{"a close code for nobody to send", closing(1006, ""), 1002, "protocol_error"},
		{"a close code that means nothing", closing(999, ""), 1002, "protocol_error"},
		{"a close reason that is not UTF-8", closing(1000, "\xff"), 1002, "protocol_error"},
		{"not UTF-8", text("{\"type\":\"ping\",\"x\":\"\xff\"}"), 1007, "not_utf8"},
		{"a surrogate", text("{\"type\":\"\xed\xa0\x80\"}"), 1007, "not_utf8"},
		{"empty", text(""), 4400, "bad_frame"},
		{"not JSON", text("hello"), 4400, "bad_frame"},
		{"JSON and more", text(`{"type":"ping"}{"type":"ping"}`), 4400, "bad_frame"},
		{"deep and unfinished", text(strings.Repeat("[", 4096)), 4400, "bad_frame"},
		{"deep", text(strings.Repeat("[", 2048) + strings.Repeat("]", 2048)), 4400, "bad_frame"},
		{"no object", text("[1]"), 4400, "bad_frame"},
		{"null", text("null"), 4400, "bad_frame"},
		{"of no type", text("{}"), 4400, "bad_frame"},
		{"of an unknown type", text(`{"type":"shout"}`), 4400, "bad_frame"},
		{"of the server's type", text(`{"type":"message.created"}`), 4400, "bad_frame"},
		{"of a type that is a number", text(`{"type":7}`), 4400, "bad_frame"},
		{"typing nowhere", text(`{"type":"typing"}`), 4400, "bad_frame"},
		{"typing in text", text(`{"type":"typing","conversation":"17"}`), 4400, "bad_frame"},
		{"typing in a part", text(`{"type":"typing","conversation":1.5}`), 4400, "bad_frame"},
		{"typing beyond all numbers", text(`{"type":"typing","conversation":99999999999999999999}`), 4400, "bad_frame"},
		{"typing below them", text(`{"type":"typing","conversation":-1}`), 4404, "no_conversation"},
		{"typing where nothing is", text(`{"type":"typing","conversation":9223372036854775807}`), 4404, "no_conversation"},
		{"typing among others", text(fmt.Sprintf(`{"type":"typing","conversation":%d}`, foreign)), 4404, "no_conversation"},
		{"typing where they left", text(fmt.Sprintf(`{"type":"typing","conversation":%d}`, left)), 4404, "no_conversation"},
		{"watching nothing", text(`{"type":"watch"}`), 4400, "bad_frame"},
		{"watching in text", text(`{"type":"watch","conversations":["1"]}`), 4400, "bad_frame"},
		{"watching too much", text(`{"type":"watch","conversations":[` + strings.Repeat("1,", 100) + `1]}`), 4400, "bad_frame"},
		{"watching others", text(fmt.Sprintf(`{"type":"watch","conversations":[%d]}`, foreign)), 4404, "no_conversation"},
		{"watching where they left", text(fmt.Sprintf(`{"type":"watch","conversations":[%d]}`, left)), 4404, "no_conversation"},
		{"in a state that is none", text(`{"type":"state","state":"asleep"}`), 4400, "bad_frame"},
		{"in no state", text(`{"type":"state"}`), 4400, "bad_frame"},
		{"a thousand at once", []byte(strings.Repeat(string(text(`{"type":"ping"}`)), 1000)), 4428, "too_many_frames"},
		{"a thousand of the transport", []byte(strings.Repeat(string(raw(ws.NewPongFrame(nil))), 1000)), 4428, "too_many_frames"},
		{"goodbye", closing(1000, "see you"), 1000, ""},
		{"goodbye without a word", raw(ws.NewCloseFrame(nil)), 1000, ""},
	}
	var all sync.WaitGroup
	places := make(chan struct{}, 5)
	for _, r := range rows {
		s := c.connect("bob", "")
		s.name = r.what
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			defer func() { _ = s.conn.Close() }()
			go func() { _, _ = s.conn.Write(r.bytes) }()
			if code, reason, err := s.ending(); err != nil || code != r.code || reason != r.reason {
				t.Errorf("%s: %d %s, %v, want %d %s", r.what, code, reason, err, r.code, r.reason)
			}
		})
	}
	all.Wait()

	// Before it is known who it is.
	for _, r := range []row{
		{"something else first", text(`{"type":"ping"}`), 4401, "unauthenticated"},
		{"no nonce", text(`{"type":"auth"}`), 4401, "unauthenticated"},
		{"a nonce that is none", text(`{"type":"auth","nonce":"0123456789"}`), 4401, "unauthenticated"},
		{"somebody else's nonce", text(`{"type":"auth","nonce":"` + c.nonce("carol") + `"}`), 4401, "unauthenticated"},
		{"a nonce that is a number", text(`{"type":"auth","nonce":1234567890}`), 4400, "bad_frame"},
		{"not JSON first", text("hello"), 4400, "bad_frame"},
		{"huge and first", text(strings.Repeat("x", 4097)), 1009, "frame_too_large"},
		{"many of the transport", []byte(strings.Repeat(string(raw(ws.NewPingFrame(nil))), 20)), 4428, "too_many_frames"},
		{"goodbye first", closing(1000, ""), 1000, ""},
	} {
		s := c.open("", c.cookie("bob"))
		_, _ = s.conn.Write(r.bytes)
		if code, reason, err := s.ending(); err != nil || code != r.code || reason != r.reason {
			t.Errorf("%s: %d %s, %v, want %d %s", r.what, code, reason, err, r.code, r.reason)
		}
	}

	// What looks odd and is right.
	s := c.connect("bob", "")
	for _, odd := range []string{
		`{"type":"ping","more":{"of":["a later","version"]}}`, ` { "type" : "ping" } `, `{"type":"ping","x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	} {
		s.write(ws.OpText, []byte(odd))
		s.expect("pong")
	}
	s.write(ws.OpText, []byte(`{"type":"auth","nonce":"again"}`))
	s.say(object{"type": "ping"})
	s.expect("pong")
	by.undisturbed(c)
}

// ending reads to the end of a socket and answers how the server closed it.
func (s *socket) ending() (code int, reason string, err error) {
	var last told
	for {
		f, err := s.next(patience)
		if c, ok := err.(*closed); ok {
			if last.Type == "close" && (last.Code != c.code || last.Reason != c.reason) {
				return c.code, c.reason, fmt.Errorf("after %s", last.raw)
			}
			return c.code, c.reason, nil
		}
		if err != nil {
			return 0, "", err
		}
		last = f
	}
}

func TestPositionsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, live(realtime.DefaultLimits()))
	by := c.bystander()
	own := realtime.NewPositions(c.site.Secret("realtime position"))
	good := own.Token(c.count("SELECT MIN(id) FROM wp_parley_events"))
	values := map[string]string{
		"garbage":                      "garbage",
		"a number":                     "17",
		"another site's":               realtime.NewPositions([32]byte{1}).Token(1),
		"of the future":                own.Token(1 << 40),
		"below everything":             own.Token(-1),
		"with a bit changed":           string(good[0]^1) + good[1:],
		"cut off":                      good[:len(good)-1],
		"padded":                       good + "==",
		"twice":                        good + good,
		"with a blank":                 good[:5] + " " + good[5:],
		"very long":                    strings.Repeat("A", 30_000),
		"in another alphabet":          strings.Repeat("/", 22),
		"with something of HTML in it": "<script>alert(1)</script>",
	}
	long := func(v string) bool { return len(v) > wire.MaxFrame-200 }
	for what, v := range values {
		query := "?since=" + url.QueryEscape(v)
		check := func(place string, code int, reason string, err error) {
			t.Helper()
			if err != nil || code != 4410 || reason != "position" {
				t.Errorf("%s, %s: %d %s, %v", what, place, code, reason, err)
			}
		}
		code, reason, err := c.open(query, appPassword("bob")).ending()
		check("the query of a WebSocket", code, reason, err)
		header := appPassword("bob")
		header.Set("Last-Event-ID", v)
		code, reason, err = c.open("", header).ending()
		check("the header of a WebSocket", code, reason, err)
		if !long(v) {
			s := c.open("", c.cookie("bob"))
			s.say(object{"type": "auth", "nonce": c.nonce("bob"), "since": v})
			code, reason, err = s.ending()
			check("the first frame", code, reason, err)
		}
		if !long(v) {
			s := c.connect("bob", "")
			s.say(object{"type": "ack", "position": v})
			code, reason, err = s.ending()
			check("the frame ack", code, reason, err)
		}
		for place, h := range map[string]http.Header{"the query of an event stream": appPassword("bob"), "Last-Event-ID": header} {
			q := query
			if place == "Last-Event-ID" {
				q = ""
			}
			if _, res := c.listen(h, q); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, %s: %d", what, place, res.StatusCode)
			}
		}
		c.as("bob").get("/wp-json/parley/v1/sync"+query).refused(400, "parley_position")
	}
	// A position is no secret: somebody else's is one of this site, and tells them only
	// what is theirs.
	if f := c.connect("sid", good).expect("unread"); f.Count != 0 {
		t.Errorf("sid was told %s", f.raw)
	}
	s := c.open("", c.cookie("bob"))
	s.say(object{"type": "auth", "nonce": c.nonce("bob"), "since": 17})
	s.ends(4400, "bad_frame")
	s = c.connect("bob", "")
	s.say(object{"type": "ack", "position": 17})
	s.ends(4400, "bad_frame")
	by.undisturbed(c)
}

func TestLimitsDoNotTouchOthers(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Sockets, limits.Frames, limits.MemberFrames = 4, 10, 15
	c := newCommunity(t, noMinuteLimit, live(limits))
	by := c.bystander()
	one, two := c.connect("bob", ""), c.connect("bob", "")
	if _, res := c.listen(appPassword("bob"), ""); res.StatusCode != 200 {
		t.Fatalf("the third: %d", res.StatusCode)
	}
	at := c.poll("carol", "").Position
	waited := make(chan answer, 1)
	go func() {
		a, err := c.as("bob").try("GET", "/wp-json/parley/v1/sync?since="+at, nil)
		if err != nil {
			t.Error(err)
		}
		waited <- a
	}()
	c.eventually("bob waits", func() bool { return c.hub.Stats().Polls == 1 })
	// Four of three kinds: there is no room for a fifth of any.
	c.open("", appPassword("bob")).ends(4429, "too_many_connections")
	if _, res := c.listen(appPassword("bob"), ""); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("an event stream too many: %d %v", res.StatusCode, res.Header)
	}
	c.as("bob").get("/wp-json/parley/v1/sync?wait=0").refused(429, "parley_too_many_connections")
	for range 4 {
		c.connect("carol", "")
	}
	// Neither connection sent too much; both together did.
	for range 8 {
		one.say(object{"type": "ping"})
		one.expect("pong")
	}
	for range 8 {
		two.say(object{"type": "ping"})
	}
	two.ends(4428, "too_many_frames")
	carol := c.as("carol").start("wake bob up", "bob")
	(<-waited).want(200)
	if f := one.expect("message.created"); f.Conversation != carol {
		t.Errorf("bob heard %s", f.raw)
	}
	by.undisturbed(c)
}

// TestStrangersMakeRoomForEachOther has somebody open sockets and say nothing. Others
// come in all the same.
func TestStrangersMakeRoomForEachOther(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, live(realtime.DefaultLimits()), bounded(wire.Bounds{Strangers: 8, Introduce: patience}))
	by := c.bystander()
	from := func(login, address string) *socket {
		h := c.cookie(login)
		h.Set("X-Forwarded-For", address)
		return c.open("", h)
	}
	patient := from("bob", "198.51.100.7")
	shown := make(chan string, 40)
	for n := range cap(shown) {
		s := from("zed", fmt.Sprintf("2001:db8:1:2::%x", n))
		go func() {
			f, err := s.next(4 * patience)
			if err == nil && f.Retry < 5000 {
				err = fmt.Errorf("%s", f.raw)
			}
			shown <- fmt.Sprint(f.Code, " ", f.Reason, errorText(err))
		}()
	}
	for range cap(shown) + 1 - 8 { // one of those who wait is bob
		if out := <-shown; out != "4503 unavailable" {
			t.Errorf("a stranger: %s", out)
		}
	}
	patient.say(object{"type": "auth", "nonce": c.nonce("bob")})
	patient.expect("hello")
	c.connect("carol", "")
	by.undisturbed(c)
	if n := c.hub.Stats().Refused["unavailable"]; n != 33 {
		t.Errorf("%d were counted as refused", n)
	}
}

// TestCookiesComeWithAnOriginWhateverElseComes adds a password that is none to a cookie.
func TestCookiesComeWithAnOriginWhateverElseComes(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, live(realtime.DefaultLimits()))
	h := c.cookie("bob")
	h.Set("Authorization", "Basic bm9ib2R5OnB3")
	s := c.open("?_wpnonce="+c.nonce("bob"), h)
	s.expect("hello")
	h.Del("Origin")
	c.open("?_wpnonce="+c.nonce("bob"), h).ends(4405, "origin")
	// As browsers do on a site that a web server keeps behind a password of its own.
	h = c.cookie("bob")
	h.Set("Authorization", "Basic bm9ib2R5OnB3")
	s = c.open("", h)
	s.say(object{"type": "auth", "nonce": c.nonce("bob")})
	s.expect("hello")
}
