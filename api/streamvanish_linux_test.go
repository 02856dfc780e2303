package api_test

import (
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/realtime"
	"parley/realtime/wire"
)

// vanish makes a client's connection as good as gone without a word: its system drops
// whatever arrives for it, unanswered, as if the cable were cut.
func vanish(t *testing.T, conn net.Conn) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if ctlErr := raw.Control(func(fd uintptr) {
		//lint:ignore SA1019 one instruction, "return 0", is not worth a module
		err = syscall.AttachLsf(int(fd), []syscall.SockFilter{{Code: syscall.BPF_RET | syscall.BPF_K}})
	}); ctlErr != nil || err != nil {
		t.Fatal(ctlErr, err)
	}
}

// streamOn opens a stream of server-sent events on a connection and reads its head.
func (c *community) streamOn(login string) net.Conn {
	c.t.Helper()
	conn := c.narrow()
	if _, err := io.WriteString(conn, "GET "+streamAddress+" HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nAccept: text/event-stream\r\nAuthorization: "+
		appPassword(login).Get("Authorization")+"\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
	begin := make([]byte, 15)
	if _, err := io.ReadFull(conn, begin); err != nil || string(begin) != "HTTP/1.1 200 OK" {
		c.t.Fatalf("%q, %v", begin, err)
	}
	return conn
}

// TestVanishedReadersAreFound cuts the cable of clients. Those who are there stay.
func TestVanishedReadersAreFound(t *testing.T) {
	t.Parallel()
	limits := realtime.DefaultLimits()
	limits.Ping = 600 * time.Millisecond // as 30 s are to 45 and 75
	for _, row := range []struct {
		what   string
		bounds wire.Bounds
		way    realtime.Kind
	}{
		{"by what an event stream does not acknowledge", wire.Bounds{Unheard: 900 * time.Millisecond}, realtime.ServerEvents},
		{"by what a WebSocket does not acknowledge", wire.Bounds{Unheard: 900 * time.Millisecond}, realtime.WebSocket},
		{"by the silence of a WebSocket", wire.Bounds{Silence: 3 * time.Second}, realtime.WebSocket},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			c := newCommunity(t, live(limits), bounded(row.bounds))
			stays := c.listenAs("dave", row.way, appPassword("dave"), "")
			open := func() int64 {
				s := c.hub.Stats()
				return s.WebSockets + s.ServerEvents
			}
			if row.way == realtime.WebSocket {
				vanish(t, c.connect("bob", "").conn)
			} else {
				vanish(t, c.streamOn("bob"))
			}
			if open() != 2 {
				t.Fatalf("%d are connected", open())
			}
			c.eventually("the vanished one is found", func() bool { return open() == 1 })
			if !stays.open() {
				t.Error("the other one was cut off, too")
			}
			if n := c.hub.Stats().Ended["gone"]; n != 1 {
				t.Errorf("%d were counted as gone", n)
			}
		})
	}
}

// serving counts the goroutines that serve connections.
func serving() int {
	buf := make([]byte, 8<<20)
	n := 0
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "parley/realtime/wire.") || strings.Contains(g, "parley/realtime.(*Conn)") {
			n++
		}
	}
	return n
}

// TestConnectionsLeaveNothingBehind ends connections in every way there is. It is not
// parallel to others, because it counts what the whole process has at work.
func TestConnectionsLeaveNothingBehind(t *testing.T) {
	limits := realtime.DefaultLimits()
	limits.Ping = 300 * time.Millisecond
	c := newCommunity(t, live(limits), noMinuteLimit, bounded(wire.Bounds{Unheard: time.Second, Silence: 2 * time.Second, Introduce: 500 * time.Millisecond}))
	ab := c.as("alice").start("hello", "bob", "carol")
	before := serving()
	logins := []string{"bob", "carol", "dave", "sid"}
	for n := range 40 {
		login := logins[n%len(logins)]
		switch n % 8 {
		case 0: // says goodbye
			s := c.connect(login, "")
			s.write(8, nil)
			s.ends(1000, "")
		case 1: // hangs up
			_ = c.connect(login, "").conn.Close()
		case 2: // resets
			s := c.connect(login, "")
			_ = s.conn.(*net.TCPConn).SetLinger(0)
			_ = s.conn.Close()
		case 3: // vanishes
			vanish(t, c.connect(login, "").conn)
		case 4: // never says who it is
			c.open("", c.cookie(login))
		case 5: // is refused
			c.open("?since=garbage", appPassword(login)).ends(4410, "position")
		case 6: // an event stream that is left
			_ = c.streamOn(login).Close()
		case 7: // and one that vanishes
			vanish(t, c.streamOn(login))
		}
		c.as("alice").send(ab, "for everybody")
	}
	poll := c.poll("bob", "")
	if _, err := c.tryPoll("bob", poll.Position, 0); err != nil {
		t.Error(err)
	}
	c.eventually("all connections are over", func() bool {
		s := c.hub.Stats()
		return s.WebSockets+s.ServerEvents+s.Polls == 0
	})
	c.eventually("nothing is at work for them", func() bool { return serving() <= before })
	if t.Failed() {
		buf := make([]byte, 1<<20)
		t.Log(string(buf[:runtime.Stack(buf, true)]))
	}
}
