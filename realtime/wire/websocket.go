package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"parley/realtime"
	"parley/wpauth"
)

// socket is the server's side of a WebSocket. It holds no buffers: what is read comes
// in frames of a few bytes, what is written is shared with others.
type socket struct {
	pipe
	read    io.Reader // conn, behind what came with the handshake
	closing atomic.Bool
	evicted atomic.Bool
}

// upgrade answers the handshake. From here on refusals are close codes.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, c *candidate) error {
	if err := handshake(r); err != nil {
		return err
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	noticeVanishing(conn, s.Bounds.Unheard)
	t := &socket{pipe: pipe{conn: conn, bounds: &s.Bounds}, read: behind(conn, rw)}
	if t.write(net.Buffers{switching(r.Header.Get("Sec-WebSocket-Key"))}) != nil {
		_ = conn.Close() // went away while being answered
		return nil
	}
	s.sessions.begin()
	go s.session(t, c)
	return nil
}

// behind reads what the server has read too much, then the connection.
func behind(conn net.Conn, rw *bufio.ReadWriter) io.Reader {
	n := rw.Reader.Buffered()
	if n == 0 {
		return conn
	}
	early, _ := rw.Reader.Peek(n)
	return io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn)
}

// session is a WebSocket from its handshake to its end.
func (s *Server) session(t *socket, c *candidate) {
	conn, err := s.entered(t, c)
	if err == nil {
		// Waiting takes a small stack, and that of this goroutine has grown by entering.
		go s.attend(t, conn)
		return
	}
	defer s.sessions.end()
	defer s.survive(t.conn)
	s.Hub.Refused(err)
	t.End(err)
	t.discard()
}

// attend takes in what a client says until its connection ends.
func (s *Server) attend(t *socket, conn *realtime.Conn) {
	defer s.sessions.end()
	defer s.survive(t.conn)
	t.listen(conn)
	conn.End(realtime.Gone)
	<-conn.Done()
	t.discard()
}

// entered is enter, whatever happens in it.
func (s *Server) entered(t *socket, c *candidate) (conn *realtime.Conn, e *realtime.Ending) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
			conn, e = nil, realtime.Gone
		}
	}()
	return s.enter(t, c)
}

// enter finds out who it is, and connects them.
func (s *Server) enter(t *socket, c *candidate) (*realtime.Conn, *realtime.Ending) {
	ctx, release := s.Guard(context.Background())
	defer release()
	ctx, cancel := context.WithTimeout(ctx, s.Bounds.Introduce+s.Bounds.Join)
	defer cancel()
	if err := s.Origin(ctx, c.origin, c.byCookie()); err != nil {
		return nil, s.ending(ctx, err)
	}
	if c.hasCookie() && !c.nonceSent() && !s.knows(ctx, c) {
		if e := s.introduce(t, c); e != nil {
			return nil, e
		}
	}
	select {
	case s.joining <- struct{}{}:
		defer func() { <-s.joining }()
	default:
		return nil, realtime.Unavailable()
	}
	id, err := s.who(ctx, c)
	if err != nil {
		return nil, s.ending(ctx, err)
	}
	if id.Via == wpauth.ByCookie { // maybe with a password beside it that is none here
		if err := s.Origin(ctx, c.origin, true); err != nil {
			return nil, s.ending(ctx, err)
		}
	}
	conn, err := s.Hub.Join(ctx, realtime.Newcomer{Identity: id, Kind: realtime.WebSocket, Sink: t, Since: c.since, Away: c.away})
	if err != nil {
		return nil, s.ending(ctx, err)
	}
	return conn, nil
}

// framesBefore is how many frames may come before the nonce: pings of the transport.
const framesBefore = 10

// introduce waits for the first frame, which says the nonce.
func (s *Server) introduce(t *socket, c *candidate) *realtime.Ending {
	_ = t.conn.SetReadDeadline(time.Now().Add(s.Bounds.Introduce))
	defer s.lobby.enter(c.credentials.ClientIP, func() {
		t.evicted.Store(true)
		_ = t.conn.SetReadDeadline(time.Now())
	})()
	came := 0
	few := func() bool { came++; return came <= framesBefore }
	for {
		raw, e := t.next(few)
		switch {
		case e == realtime.Gone && t.evicted.Load():
			return realtime.Unavailable()
		case e == realtime.Gone:
			return realtime.Unauthenticated // too late, or away, where nobody hears it
		case e != nil:
			return e
		case raw == nil:
			continue
		}
		var first struct {
			Type  string  `json:"type"`
			Nonce *string `json:"nonce"`
			Since string  `json:"since"`
		}
		if json.Unmarshal(raw, &first) != nil {
			return realtime.BadFrame
		}
		if first.Type != "auth" || first.Nonce == nil {
			return realtime.Unauthenticated
		}
		c.credentials.NonceParam = first.Nonce
		if first.Since != "" {
			c.since = first.Since
		}
		return nil
	}
}

// listen takes in what the client sends until it, or the connection, ends.
func (t *socket) listen(conn *realtime.Conn) {
	for {
		_ = t.conn.SetReadDeadline(time.Now().Add(t.bounds.Silence))
		if t.closing.Load() {
			return
		}
		raw, e := t.next(conn.Allow)
		if e == nil && raw != nil {
			e = conn.Receive(raw)
		}
		if e != nil {
			conn.End(e)
			return
		}
	}
}

// next reads one frame: the text of a message, nil for a frame of the transport, or why
// the connection has to end.
func (t *socket) next(allow func() bool) ([]byte, *realtime.Ending) {
	f, e := readFrame(t.read, allow)
	if e != nil {
		return nil, e
	}
	switch f.op {
	case ws.OpText:
		return f.body, nil
	case ws.OpClose:
		return nil, realtime.Left
	case ws.OpPing:
		if t.control(ws.OpPong, f.body) != nil {
			return nil, realtime.Gone
		}
	}
	return nil, nil
}

// control writes a frame of the transport.
func (t *socket) control(op ws.OpCode, body []byte) error {
	return t.write(net.Buffers{head(op, len(body)), body})
}

func head(op ws.OpCode, n int) []byte {
	b := bytes.NewBuffer(make([]byte, 0, ws.MaxHeaderSize))
	_ = ws.WriteHeader(b, ws.Header{Fin: true, OpCode: op, Length: int64(n)}) // a buffer takes all
	return b.Bytes()
}

// framesPerWrite bounds what one call hands to the system.
const framesPerWrite = 64

// Write implements realtime.Sink.
func (t *socket) Write(frames []*realtime.Frame) error {
	for len(frames) > 0 {
		n := min(len(frames), framesPerWrite)
		b := make(net.Buffers, 0, 2*n)
		for _, f := range frames[:n] {
			op := ws.OpText
			if f.Type == "" {
				op = ws.OpPing
			}
			b = append(b, head(op, len(f.Body)), f.Body)
		}
		if err := t.write(b); err != nil {
			return err
		}
		frames = frames[n:]
	}
	return nil
}

// End implements realtime.Sink: the close frame of the protocol, then that of WebSocket.
func (t *socket) End(e *realtime.Ending) {
	t.Hurry()
	switch e {
	case realtime.Gone:
	case realtime.Left:
		_ = t.control(ws.OpClose, ws.NewCloseFrameBody(ws.StatusNormalClosure, ""))
	default:
		if t.Write([]*realtime.Frame{e.Close()}) == nil {
			_ = t.control(ws.OpClose, ws.NewCloseFrameBody(ws.StatusCode(e.Code), e.Reason))
		}
	}
	if half, ok := t.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	t.closing.Store(true) // before the deadline, which listen sets and then looks here
	_ = t.conn.SetReadDeadline(time.Now())
}

// discard reads what the client still sends, for a moment, and closes.
func (t *socket) discard() {
	_ = t.conn.SetReadDeadline(time.Now().Add(t.bounds.Drain))
	_, _ = io.Copy(io.Discard, io.LimitReader(t.read, 64<<10))
	_ = t.conn.Close()
}
