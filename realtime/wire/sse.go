package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"parley/realtime"
)

// eventStream is a response of server-sent events, written to the connection itself: so
// it costs no more memory than a WebSocket, and outlives the bounds of ordinary requests.
type eventStream struct{ pipe }

// streamHead begins the answer. It ends with the connection: its length is not known.
const streamHead = "HTTP/1.1 200 OK\r\n" +
	"Content-Type: text/event-stream\r\n" +
	"Cache-Control: no-store\r\n" +
	"X-Accel-Buffering: no\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"Connection: close\r\n\r\n" +
	"retry: 2000\n\n"

// events answers a request for server-sent events.
func (s *Server) events(w http.ResponseWriter, r *http.Request, c *candidate) error {
	if r.Method != http.MethodGet {
		return ErrNoStream
	}
	if r.ContentLength != 0 {
		return &HandshakeError{http.StatusBadRequest, "An event stream is asked for without a body."}
	}
	ctx := r.Context()
	if err := s.Origin(ctx, c.origin, false); err != nil {
		return err
	}
	id, err := s.who(ctx, c)
	if err != nil {
		return err
	}
	later := &lateSink{ready: make(chan struct{})}
	conn, err := s.Hub.Join(ctx, realtime.Newcomer{Identity: id, Kind: realtime.ServerEvents, Sink: later,
		Since: c.since, Away: c.away, Until: time.Now().Add(s.Bounds.Renewal)})
	if err != nil {
		return err
	}
	tcp, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		close(later.ready)
		conn.End(realtime.Gone)
		return err
	}
	noticeVanishing(tcp, s.Bounds.Unheard)
	s.sessions.begin()
	go s.stream(tcp, rw, later, conn)
	return nil
}

// stream writes the head, lets the frames follow, and waits for the client to go.
func (s *Server) stream(tcp net.Conn, rw *bufio.ReadWriter, later *lateSink, conn *realtime.Conn) {
	defer s.sessions.end()
	defer s.survive(tcp)
	t := &eventStream{pipe{conn: tcp, bounds: &s.Bounds}}
	if t.write(net.Buffers{[]byte(streamHead)}) == nil {
		later.Sink = t
	} else {
		_ = tcp.SetReadDeadline(time.Now())
	}
	close(later.ready)
	conn.End(overhear(behind(tcp, rw)))
	<-conn.Done()
	_ = tcp.Close()
}

// overhear waits for the end of what a client sends. It has nothing to say, so that much
// of it is no event stream's.
func overhear(r io.Reader) *realtime.Ending {
	var b [64]byte
	for heard := 0; heard <= MaxFrame; {
		n, err := r.Read(b[:])
		if err != nil {
			return realtime.Gone
		}
		heard += n
	}
	return realtime.ProtocolError
}

// lateSink waits for its sink: refusals are answered as HTTP, which is possible only
// before the stream begins.
type lateSink struct {
	realtime.Sink
	ready chan struct{}
}

// Write implements realtime.Sink.
func (l *lateSink) Write(frames []*realtime.Frame) error {
	<-l.ready
	if l.Sink == nil {
		return io.ErrClosedPipe
	}
	return l.Sink.Write(frames)
}

// End implements realtime.Sink.
func (l *lateSink) End(e *realtime.Ending) {
	<-l.ready
	if l.Sink != nil {
		l.Sink.End(e)
	}
}

// Hurry implements realtime.Sink.
func (l *lateSink) Hurry() {
	select {
	case <-l.ready:
		if l.Sink != nil {
			l.Sink.Hurry()
		}
	default:
	}
}

// Write implements realtime.Sink. The id is what browsers send back as Last-Event-ID.
func (t *eventStream) Write(frames []*realtime.Frame) error {
	for len(frames) > 0 {
		n := min(len(frames), framesPerWrite)
		var b bytes.Buffer
		for _, f := range frames[:n] {
			if f.Type == "" {
				b.WriteString(":\n\n")
				continue
			}
			if f.ID != "" {
				b.WriteString("id: " + f.ID + "\n")
			}
			b.WriteString("event: " + f.Type + "\ndata: ")
			b.Write(f.Body)
			b.WriteString("\n\n")
		}
		if err := t.write(net.Buffers{b.Bytes()}); err != nil {
			return err
		}
		frames = frames[n:]
	}
	return nil
}

// End implements realtime.Sink: a frame close, with the time after which the browser
// itself comes back.
func (t *eventStream) End(e *realtime.Ending) {
	t.Hurry()
	if e != realtime.Gone {
		if e.Retry > 0 {
			_ = t.write(net.Buffers{[]byte("retry: " + strconv.FormatInt(e.Retry.Milliseconds(), 10) + "\n")})
		}
		_ = t.Write([]*realtime.Frame{e.Close()})
	}
	_ = t.conn.SetReadDeadline(time.Now())
}
