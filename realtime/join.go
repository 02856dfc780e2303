package realtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Newcomer is somebody who wants to be connected.
type Newcomer struct {
	// Identity is what wpauth.Site.Authenticate answered.
	Identity wpauth.Identity
	Kind     Kind
	// Sink is nil for a long poll.
	Sink Sink
	// Since is the position to resume behind; "" begins now.
	Since string
	// Away tells that the member is not at the screen.
	Away bool
	// Until is when the connection has to be made anew; zero: never.
	Until time.Time
}

// eventsPerPage is how many events a catch-up reads at once.
const eventsPerPage = 1000

// Join connects a member: hello, then everything missed behind Since, in order, then
// what happens. The credential is looked at once more, past every cache. An error is an
// *Ending or the database's.
func (h *Hub) Join(ctx context.Context, n Newcomer) (*Conn, error) {
	if !n.Identity.LoggedIn() {
		return nil, Unauthenticated
	}
	c := &Conn{hub: h, Member: n.Identity.UserID, kind: n.Kind, held: n.Identity.Hold(), sink: n.Sink,
		until: n.Until, done: make(chan struct{}), some: make(chan struct{}, 1)}
	c.away.Store(n.Away)
	leave, err := h.reserve(c.Member)
	if err != nil {
		return nil, err
	}
	defer leave()
	c.checked = time.Now()
	verdict, err := h.admit(ctx, c.held)
	if err != nil {
		return nil, err
	}
	if e := ending(verdict); e != nil {
		return nil, e
	}
	from, fresh, tooOld, err := h.begins(ctx, n.Since)
	if err != nil {
		return nil, err
	}
	if n.Since != "" {
		h.stats.resumes.Add(1)
	}
	if tooOld {
		h.stats.resets.Add(1)
	}
	if c.fresh = fresh; !fresh {
		h.caughtUp(c.Member, from)
	}
	if err := h.attach(ctx, c, from, fresh, tooOld); err != nil {
		c.forget()
		return nil, err
	}
	return c, nil
}

// reserve counts a member's connection before it is made, so that many at once do not
// pass the limit together.
func (h *Hub) reserve(id wpauth.UserID) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, restart(h.crowd)
	case !h.begun:
		return nil, Unavailable()
	case h.Limits.Sockets > 0 && len(h.members[id])+h.joining[id] >= h.Limits.Sockets:
		return nil, TooManySockets
	}
	h.joining[id]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.joining[id]--; h.joining[id] == 0 {
			delete(h.joining, id)
		}
	}, nil
}

// begins finds out where a client begins: behind its position, or now. tooOld tells that
// what it missed cannot be told any more.
func (h *Hub) begins(ctx context.Context, since string) (from int64, fresh, tooOld bool, err error) {
	if since == "" {
		return 0, true, false, nil
	}
	from, ok := h.positions.Parse(since)
	if !ok {
		return 0, false, false, BadPosition
	}
	h.mu.Lock()
	floor, head := h.log.floor, h.log.head
	h.mu.Unlock()
	if from >= floor && from <= head {
		return from, false, false, nil
	}
	oldest, newest, err := h.Service.EventRange(ctx)
	switch {
	case err != nil:
		return 0, false, false, err
	case from > max(newest, head):
		return 0, false, false, BadPosition
	case from < oldest, head-from > h.Limits.CatchUp:
		return 0, true, true, nil
	}
	return from, false, false, nil
}

// attach hands over what was missed and then registers the connection, with nothing
// lost and nothing told twice in between: the last of what was missed is taken from
// memory under the same lock under which events are handed out.
func (h *Hub) attach(ctx context.Context, c *Conn, from int64, fresh, tooOld bool) error {
	first := func(head int64) []*Frame {
		at := h.positions.Token(head)
		frames := []*Frame{encode("hello", hello{"hello", Version, c.Member, at, !fresh, int(h.Limits.Ping / time.Second)})}
		if tooOld {
			frames = append(frames, encode("reset", reset{"reset", at, "too_old", reloads}))
		}
		return frames
	}
	var early []*Frame
	if !fresh {
		early = first(from)
	}
	for {
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return restart(h.crowd)
		}
		if fresh {
			from, early, fresh = h.log.head, first(h.log.head), false
		}
		if c.answered(early) {
			h.register(c, h.log.head)
			c.begin(early)
			h.mu.Unlock()
			return nil
		}
		if from < h.log.floor {
			h.mu.Unlock()
			var err error
			switch from, err = h.recall(ctx, c, from, &early); {
			case errors.Is(err, errTooMuch):
				c.forget()
				fresh, tooOld = true, true
				h.stats.resets.Add(1)
			case err != nil:
				return err
			}
			continue
		}
		missed := h.log.after(from, c.Member)
		if missing := unmade(missed); len(missing) > 0 {
			h.mu.Unlock()
			if err := h.make(ctx, missing); err != nil {
				return err
			}
			continue
		}
		for _, e := range missed {
			if e.frame != nil {
				early = append(early, e.frame)
			}
		}
		h.register(c, max(from, h.log.head))
		c.begin(early)
		h.mu.Unlock()
		h.unread.touch(c.Member)
		return nil
	}
}

// answered reports whether what a poll missed is more than one answer of it holds: the
// next one goes on behind that, so the rest need not be read now.
func (c *Conn) answered(early []*Frame) bool {
	return c.kind == LongPoll && len(early) > perAnswer+1 // hello is among them
}

func unmade(entries []*entry) (out []*entry) {
	for _, e := range entries {
		if !e.made {
			out = append(out, e)
		}
	}
	return out
}

// register makes a connection one of those events are handed to. Under h.mu.
func (h *Hub) register(c *Conn, at int64) {
	c.after = at
	c.stand.Store(at)
	c.slot = h.ever % pingSlots
	h.ever++
	if others := h.members[c.Member]; len(others) > 0 {
		c.together = others[0].together
	} else {
		c.together = new(spending)
	}
	h.members[c.Member] = append(h.members[c.Member], c)
	h.conns++
	h.stats.open(c.kind, 1)
	h.presence.came(c)
}

// leave takes a connection out.
func (h *Hub) leave(c *Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaveLocked(c)
}

func (h *Hub) leaveLocked(c *Conn) {
	conns := h.members[c.Member]
	for i := range conns {
		if conns[i] == c {
			conns[i] = conns[len(conns)-1]
			conns[len(conns)-1] = nil
			if conns = conns[:len(conns)-1]; len(conns) == 0 {
				delete(h.members, c.Member)
			} else {
				h.members[c.Member] = conns
			}
			h.conns--
			h.stats.open(c.kind, -1)
			h.presence.went(c, len(conns) == 0)
			return
		}
	}
}

// recallBytes is how much a client is given of what it missed beyond what is in memory;
// reloading is less than that.
const recallBytes = 8 << 20

// recalledBytes is how much all clients of a node together may be given of that and have
// not accepted yet: somebody who asks for everything and reads nothing has the others
// reload, not the memory used up.
const recalledBytes = 64 << 20

var errTooMuch = errors.New("realtime: too much was missed")

// recall reads what a member missed from the database, up to where memory begins, and
// returns how far it came.
func (h *Hub) recall(ctx context.Context, c *Conn, from int64, into *[]*Frame) (int64, error) {
	for {
		h.mu.Lock()
		floor := h.log.floor
		h.mu.Unlock()
		if from >= floor || c.answered(*into) {
			return from, nil
		}
		had := len(*into)
		at, err := h.recallPage(ctx, c.Member, from, floor, into)
		if err != nil {
			return from, err
		}
		size := 0
		for _, f := range (*into)[had:] {
			size += len(f.Body)
		}
		c.recalled += int64(size)
		if from = at; h.recalled.Add(int64(size)) > recalledBytes || c.recalled > recallBytes {
			return from, errTooMuch
		}
	}
}

func (h *Hub) recallPage(ctx context.Context, id wpauth.UserID, from, floor int64, into *[]*Frame) (int64, error) {
	select {
	case h.lookups <- struct{}{}:
		defer func() { <-h.lookups }()
	case <-ctx.Done():
		return from, ctx.Err()
	}
	events, err := h.Service.Events(ctx, from, eventsPerPage)
	if err != nil {
		return from, err
	}
	if slices.ContainsFunc(events, func(e messaging.Event) bool { return e.Kind == messaging.EventsGone }) {
		return from, errTooMuch // let go since the client asked
	}
	deliveries, err := h.Service.Address(ctx, events)
	if err != nil {
		return from, err
	}
	at := floor // nothing is left behind from: what is behind floor is in memory
	if len(events) > 0 {
		at = min(events[len(events)-1].Position, floor)
	}
	var page []*entry
	for _, d := range deliveries {
		if d.Position <= floor && d.For(id) {
			page = append(page, &entry{delivery: d})
		}
	}
	if err := h.make(ctx, page); err != nil {
		return from, err
	}
	for _, e := range page {
		if e.frame != nil {
			*into = append(*into, e.frame)
		}
	}
	return at, nil
}

// ending is what a verdict means for a connection; nil for nothing.
func ending(v wpauth.Verdict) *Ending {
	switch v {
	case wpauth.Ended:
		return LoggedOut
	case wpauth.Shut:
		return Banned
	}
	return nil
}

// counts reports whether an event may change a member's count of unread conversations.
func counts(d *messaging.Delivery, id wpauth.UserID) bool {
	switch d.Kind {
	case messaging.EventMessageSent, messaging.EventPurged, messaging.EventErased:
		return true
	case messaging.EventConversationRead, messaging.EventArchived, messaging.EventMarkedUnread, messaging.EventDeleted, messaging.EventLeft:
		return d.Actor == id
	}
	return false
}
