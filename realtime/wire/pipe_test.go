package wire

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"parley/realtime"
)

// TestNothingIsWrittenBehindHalfAFrame has a client that does not read until its time is
// up. What it finds then is the beginning of a frame, and nothing behind it.
func TestNothingIsWrittenBehindHalfAFrame(t *testing.T) {
	bounds := Bounds{Write: 50 * time.Millisecond, Hurry: 50 * time.Millisecond}.orDefault()
	frame := &realtime.Frame{Type: "message.created", Body: []byte(`{"type":"message.created"}`)}
	for name, sink := range map[string]func(net.Conn) realtime.Sink{
		"websocket": func(c net.Conn) realtime.Sink { return &socket{pipe: pipe{conn: c, bounds: &bounds}, read: c} },
		"sse":       func(c net.Conn) realtime.Sink { return &eventStream{pipe{conn: c, bounds: &bounds}} },
	} {
		t.Run(name, func(t *testing.T) {
			server, client := net.Pipe() // which holds nothing: a write waits for a read
			s := sink(server)
			first := make([]byte, 5)
			go func() { _, _ = io.ReadFull(client, first) }()
			if err := s.Write([]*realtime.Frame{frame}); err == nil {
				t.Fatal("a write that was not read succeeded")
			}
			if err := s.Write([]*realtime.Frame{frame}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a second write: %v", err)
			}
			rest := make(chan []byte)
			go func() { b, _ := io.ReadAll(client); rest <- b }()
			s.End(realtime.Slow)
			_ = server.Close()
			if b := <-rest; len(b) > 0 {
				t.Errorf("behind half a frame came %q", b)
			}
		})
	}
}

// TestHurryShortensAWrite ends a connection whose client does not read.
func TestHurryShortensAWrite(t *testing.T) {
	bounds := Bounds{Write: time.Hour, Hurry: 10 * time.Millisecond}.orDefault()
	server, client := net.Pipe()
	defer client.Close()
	p := &pipe{conn: server, bounds: &bounds}
	failed := make(chan error)
	go func() { failed <- p.write(net.Buffers{[]byte("never read")}) }()
	p.Hurry()
	if err := <-failed; err == nil {
		t.Error("it was written")
	}
	// A write that begins later is as short.
	q := &pipe{conn: server, bounds: &bounds}
	q.Hurry()
	if err := q.write(net.Buffers{[]byte("never read")}); err == nil {
		t.Error("it was written")
	}
}
