package wire

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pipe writes to a client. What was not accepted in time breaks it: nothing may follow
// the half of a frame.
type pipe struct {
	conn    net.Conn
	bounds  *Bounds
	hurried atomic.Bool

	mu     sync.Mutex
	broken bool
}

// write hands everything over, or fails: after Bounds.Write, or Bounds.Hurry.
func (p *pipe) write(b net.Buffers) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken {
		return net.ErrClosed
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(p.bounds.Write))
	if p.hurried.Load() { // looked at behind the deadline, which Hurry shortens
		p.Hurry()
	}
	if _, err := b.WriteTo(p.conn); err != nil {
		p.broken = true
		return err
	}
	return nil
}

// Hurry implements realtime.Sink.
func (p *pipe) Hurry() {
	p.hurried.Store(true)
	_ = p.conn.SetWriteDeadline(time.Now().Add(p.bounds.Hurry))
}
