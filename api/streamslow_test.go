package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/realtime"
	"parley/realtime/wire"
)

// narrow connects by TCP with little room for what is not read: hardly more than a
// segment of the loopback device, below which it would be slow even to who reads.
func (c *community) narrow() net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(128 << 10); err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// narrowly connects a member who will read nothing for a while, and answers how the rest
// is read: frame by frame, until an error.
func (c *community) narrowly(login string, way realtime.Kind) func() (told, error) {
	c.t.Helper()
	conn := c.narrow()
	header := appPassword(login)
	header.Set("X-Forwarded-Proto", "https")
	if way == realtime.WebSocket {
		d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(header), Timeout: patience}
		if _, _, err := d.Upgrade(conn, mustParse(c.url+streamAddress)); err != nil {
			c.t.Fatal(err)
		}
		s := &socket{t: c.t, name: login, conn: conn, read: bufio.NewReader(conn)}
		return func() (told, error) { return s.next(patience) }
	}
	r, err := http.NewRequest("GET", c.url+streamAddress, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = header
	r.Header.Set("Accept", "text/event-stream")
	if err := r.Write(conn); err != nil {
		c.t.Fatal(err)
	}
	var lines *bufio.Reader
	return func() (told, error) {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if lines == nil {
			buffered := bufio.NewReader(conn)
			res, err := http.ReadResponse(buffered, r)
			if err != nil {
				return told{}, err
			}
			lines = bufio.NewReader(res.Body)
		}
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return told{}, err // what is not a whole line is no event
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				f := told{raw: []byte(data)}
				return f, json.Unmarshal(f.raw, &f)
			}
		}
	}
}

func mustParse(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// TestASlowReaderIsCutAndResumes has readers stop reading, until the room in the system
// is used up and frames wait. They are cut off, what they got until then is whole, and
// resuming behind it they miss nothing.
func TestASlowReaderIsCutAndResumes(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Queue = 4
	c := newCommunity(t, live(limits), noMinuteLimit, bounded(wire.Bounds{Hurry: 100 * time.Millisecond}))
	g := c.as("alice").start("begin", "bob", "carol", "dave")
	c.settled()
	slow := map[string]func() (told, error){
		"bob": c.narrowly("bob", realtime.WebSocket), "carol": c.narrowly("carol", realtime.ServerEvents)}
	quick := c.listenAs("dave", realtime.WebSocket, appPassword("dave"), "")
	c.eventually("all are connected", func() bool { s := c.hub.Stats(); return s.WebSockets == 2 && s.ServerEvents == 1 })
	text, sent := strings.Repeat("word ", 1900), int64(1)
	for begun := time.Now(); c.hub.Stats().Dropped < 2; sent++ {
		if time.Since(begun) > 6*patience {
			t.Fatal("a reader that reads nothing is still waited for")
		}
		c.as("alice").send(g, fmt.Sprint(sent, " ", text))
	}
	c.eventually("the slow ones are let go", func() bool { s := c.hub.Stats(); return s.WebSockets == 1 && s.ServerEvents == 0 })
	c.as("alice").send(g, "the end")
	sent++
	for login, next := range slow {
		seq, position := int64(1), ""
		take := func(f told) {
			if f.Position != "" {
				position = f.Position
			}
			if f.Type != "message.created" {
				return
			}
			if f.Seq != seq+1 {
				t.Fatalf("%s: message %d after %d", login, f.Seq, seq)
			}
			seq = f.Seq
		}
		for {
			f, err := next()
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatalf("%s: not cut off: %v", login, err)
			}
			if _, garbage := err.(*json.SyntaxError); garbage {
				t.Fatalf("%s: %s", login, err)
			}
			if err != nil {
				break // the code, when there was room left for saying it
			}
			if f.Type == "close" && f.Reason != "slow" {
				t.Errorf("%s: closed with %s", login, f.raw)
			}
			take(f)
		}
		if seq == 1 || seq == sent {
			t.Errorf("%s read up to %d of %d", login, seq, sent)
		}
		again := c.connect(login, position)
		for seq < sent {
			take(again.until("messages", func(told) bool { return true }))
		}
	}
	quick.waitFor(t, "the end", func(f told) bool { return f.Seq == sent })
	if first, last := quick.messages(t, g); first != 2 || last != sent {
		t.Errorf("who reads heard %d to %d of %d", first, last, sent)
	}
	if n := c.hub.Stats().Ended["slow"]; n != 2 {
		t.Errorf("%d were counted as slow", n)
	}
}

// TestManyEventsAtOnceAreNoSlowness commits more than may wait for a slow reader in one
// transaction.
func TestManyEventsAtOnceAreNoSlowness(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Queue = 64 // sixteen times as many may wait
	c := newCommunity(t, live(limits))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	var ears []*ear
	for _, way := range ways {
		ears = append(ears, c.listenAs("bob", way, appPassword("bob"), ""))
	}
	c.exec(`INSERT INTO wp_parley_events (kind, conversation_id, actor_id, payload, created_at)
		SELECT 'conversation_muted', ?, 4, '{"value":true}', '2026-03-02 17:49:00' FROM seq_1_to_900`, ab)
	muted := func(f told) bool { return f.Type == "settings" }
	for _, e := range ears {
		c.eventually(e.name+" hears it all", func() bool { return len(e.frames(muted)) == 900 })
		if !e.open() {
			t.Errorf("%s was cut off", e.name)
		}
	}
	if n := c.hub.Stats().Dropped; n != 0 {
		t.Errorf("%d readers were called slow", n)
	}
}
