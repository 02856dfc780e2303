package realtime

import (
	"sync"
	"sync/atomic"
	"time"

	"parley/wpauth"
)

// Kind is how a client is connected.
type Kind string

// The kinds.
const (
	WebSocket    Kind = "websocket"
	ServerEvents Kind = "sse"
	LongPoll     Kind = "poll"
)

// Sink is one client's side of a connection: a WebSocket, a stream of server-sent events,
// or the answer of a long poll. Write and End are called by one goroutine at a time.
type Sink interface {
	// Write sends frames; it returns an error when the client cannot be reached, after a
	// deadline of its own at the latest.
	Write(frames []*Frame) error
	// End says goodbye if that is possible, and closes.
	End(e *Ending)
	// Hurry lets a Write that is under way fail soon. It may be called at any time.
	Hurry()
}

// Conn is one connection of a member.
type Conn struct {
	hub    *Hub
	Member wpauth.UserID
	kind   Kind
	held   *wpauth.Held
	sink   Sink
	slot   int   // second of the minute's half in which it is pinged
	fresh  bool  // came without a position, and has not acknowledged anything; read and written by its reader alone
	after  int64 // events up to here were had before, or missed; not changed once registered
	until  time.Time
	done   chan struct{}
	// recalled is how many bytes of what was missed are held for it alone. Of Join's, then
	// of the one who writes.
	recalled int64
	// checked is when the credential was last looked at; the recheck's, once registered.
	checked time.Time
	stand   atomic.Int64 // position of the newest frame that was queued with one
	unread  atomic.Int64 // count last told, plus one
	away    atomic.Bool  // the member is not at this connection's screen
	watch   *watch       // guarded by presence.mu; nil for nobody

	mu      sync.Mutex
	missed  []*Frame // hello and what was missed: goes before the queue, whatever its length
	queue   []*Frame
	owed    []owed // messages told and not acknowledged, in order
	writing bool
	handed  time.Time // when the sink was given what it writes now; zero when it has nothing
	ended   *Ending
	frames  allowance
	// together is what all connections of the member did. Set by register.
	together *spending
	// some is signalled instead of writing where there is no sink: in a long poll.
	some chan struct{}
}

// Done is closed when the connection is over.
func (c *Conn) Done() <-chan struct{} { return c.done }

const (
	// slowAfter is how long a write takes before its reader counts as slow: many events
	// may come at once, to a reader who is not.
	slowAfter = time.Second
	// burst is how many times Limits.Queue may wait, however fast the reader is.
	burst = 16
)

// give queues a frame. When too many wait for a slow reader the connection ends: it is
// cut off from what waits, and the client resumes behind what it got. It never waits.
func (c *Conn) give(f *Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return
	}
	if n, most := len(c.queue), c.hub.Limits.Queue; n >= most && (n >= burst*most || c.slowLocked()) {
		c.hub.stats.dropped.Add(1)
		c.endLocked(Slow)
		return
	}
	c.queue = append(c.queue, f)
	c.owesLocked(f)
	if f.position > 0 {
		c.stand.Store(f.position)
	}
	c.startLocked()
}

func (c *Conn) slowLocked() bool { return !c.handed.IsZero() && time.Since(c.handed) >= slowAfter }

// begin queues what a connection starts with, however much that is.
func (c *Conn) begin(frames []*Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.missed = frames
		c.owesLocked(frames...)
		c.startLocked()
	}
}

// End ends the connection: nothing that waits is sent any more.
func (c *Conn) End(e *Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(e)
}

func (c *Conn) endLocked(e *Ending) {
	if c.ended != nil {
		return
	}
	c.ended, c.missed, c.queue = e, nil, nil
	if c.writing {
		c.sink.Hurry()
	}
	c.startLocked()
}

// startLocked has somebody write. A connection without anything to write has no
// goroutine for it.
func (c *Conn) startLocked() {
	if c.sink == nil {
		select {
		case c.some <- struct{}{}:
		default:
		}
		return
	}
	if !c.writing {
		c.writing = true
		go c.write()
	}
}

// takeLocked takes everything that waits.
func (c *Conn) takeLocked() []*Frame {
	batch := c.queue
	if c.missed != nil {
		batch = append(c.missed, batch...)
	}
	c.missed, c.queue = nil, nil
	return batch
}

func (c *Conn) write() {
	for {
		c.mu.Lock()
		c.handed = time.Time{}
		if ended := c.ended; ended != nil {
			c.mu.Unlock()
			c.sink.End(ended)
			c.over(ended)
			return
		}
		batch := c.takeLocked()
		if len(batch) == 0 {
			c.writing = false
			c.mu.Unlock()
			return
		}
		c.handed = time.Now()
		c.mu.Unlock()
		if err := c.sink.Write(batch); err != nil {
			c.mu.Lock()
			if c.ended == nil {
				c.ended, c.missed, c.queue = Gone, nil, nil
			}
			c.mu.Unlock()
			continue
		}
		c.forget()
		c.hub.stats.delivered(batch, c.after)
	}
}

// forget gives back the room of what was missed, once it was accepted or is not wanted.
func (c *Conn) forget() {
	c.hub.recalled.Add(-c.recalled)
	c.recalled = 0
}

// over takes the connection out, and counts why.
func (c *Conn) over(e *Ending) {
	c.forget()
	c.hub.leave(c)
	c.hub.stats.ended.count(e)
	close(c.done)
}

// spending is what the connections of a member did together.
type spending struct {
	mu     sync.Mutex
	frames allowance
}

func (s *spending) take(limit int, per time.Duration, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frames.take(limit, per, now)
}

// allowance counts what a client did within a span.
type allowance struct {
	since time.Time
	used  int
}

// take reports whether one more is within the limit.
func (a *allowance) take(limit int, per time.Duration, now time.Time) bool {
	if now.Sub(a.since) >= per {
		a.since, a.used = now, 0
	}
	a.used++
	return limit <= 0 || a.used <= limit
}
