package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"parley/realtime"
)

// socket is the server's side of a WebSocket. It holds no buffers: what is read comes
// in frames of a few bytes, what is written is shared with others.
type socket struct {
	conn net.Conn
	read io.Reader // conn, behind what came with the handshake

	mu      sync.Mutex // writing
	closing atomic.Bool
}

// upgrade answers the handshake. From here on refusals are close codes.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, c *candidate) error {
	if r.Method != http.MethodGet {
		return ErrNoStream
	}
	conn, rw, _, err := ws.HTTPUpgrader{Timeout: writeTime}.Upgrade(r, w)
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the library answered what was wrong with the handshake
		}
		return nil
	}
	t := &socket{conn: conn, read: behind(conn, rw)}
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
	conn, err := s.enter(t, c)
	if err != nil {
		t.End(err)
	} else {
		t.listen(conn)
		conn.End(realtime.Gone)
		<-conn.Done()
	}
	t.discard()
}

// enter finds out who it is, and connects them.
func (s *Server) enter(t *socket, c *candidate) (*realtime.Conn, *realtime.Ending) {
	select {
	case s.strangers <- struct{}{}:
		defer func() { <-s.strangers }()
	default:
		return nil, realtime.Away
	}
	ctx, release := s.Guard(context.Background())
	defer release()
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	if err := s.Origin(ctx, c.origin, c.byCookie()); err != nil {
		return nil, s.ending(ctx, err)
	}
	if c.byCookie() && !c.nonceSent() {
		if e := t.introduce(c); e != nil {
			return nil, e
		}
	}
	id, err := s.who(ctx, c)
	if err != nil {
		return nil, s.ending(ctx, err)
	}
	conn, err := s.Hub.Join(ctx, realtime.Newcomer{Identity: id, Kind: realtime.WebSocket, Sink: t, Since: c.since})
	if err != nil {
		return nil, s.ending(ctx, err)
	}
	return conn, nil
}

// introduce waits for the first frame, which says the nonce.
func (t *socket) introduce(c *candidate) *realtime.Ending {
	_ = t.conn.SetReadDeadline(time.Now().Add(authTime))
	for {
		raw, e := t.next(nil)
		switch {
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
		_ = t.conn.SetReadDeadline(time.Now().Add(silence))
		if t.closing.Load() {
			return
		}
		raw, e := t.next(conn)
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
func (t *socket) next(conn *realtime.Conn) ([]byte, *realtime.Ending) {
	h, err := ws.ReadHeader(t.read)
	if err != nil {
		return nil, realtime.Gone
	}
	control := h.OpCode.IsControl()
	switch {
	case !h.Masked || h.Rsv != 0 || control && (!h.Fin || h.Length > ws.MaxControlFramePayloadSize):
		return nil, realtime.ProtocolError
	case !control && (h.OpCode != ws.OpText || !h.Fin):
		return nil, realtime.Binary
	case h.Length > MaxFrame:
		return nil, realtime.TooLarge
	case conn != nil && h.OpCode != ws.OpPong && !conn.Allow():
		return nil, realtime.TooManyFrames
	}
	body := make([]byte, h.Length)
	if _, err := io.ReadFull(t.read, body); err != nil {
		return nil, realtime.Gone
	}
	ws.Cipher(body, h.Mask, 0)
	switch h.OpCode {
	case ws.OpText:
		return body, nil
	case ws.OpClose:
		return nil, realtime.Left
	case ws.OpPing:
		if t.control(ws.OpPong, body) != nil {
			return nil, realtime.Gone
		}
	case ws.OpPong:
	default:
		return nil, realtime.ProtocolError
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

func (t *socket) write(b net.Buffers) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := b.WriteTo(t.conn)
	return err
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

// Hurry implements realtime.Sink.
func (t *socket) Hurry() { _ = t.conn.SetWriteDeadline(time.Now().Add(hurryTime)) }

// discard reads what the client still sends, for a moment, and closes.
func (t *socket) discard() {
	_ = t.conn.SetReadDeadline(time.Now().Add(drain))
	_, _ = io.Copy(io.Discard, io.LimitReader(t.read, 64<<10))
	_ = t.conn.Close()
}
