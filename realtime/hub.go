package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Limits bound what one member may take of a node.
type Limits struct {
	// Sockets is how many connections a member may have at once, long polls included:
	// tabs and devices of one person, not a way to use the memory up. 20.
	Sockets int
	// Frames is how many frames a client may send within FramesPer: typing needs one in
	// three seconds for each conversation. 30 in 10 s.
	Frames    int
	FramesPer time.Duration
	// MemberFrames is how many frames all connections of a member may send together
	// within FramesPer. 120.
	MemberFrames int
	// Queue is how many frames wait for a slow reader before it is cut, and a sixteenth of
	// what waits for a quick one. 256.
	Queue int
	// CatchUp is how many events of the site lie at most between a client's position and
	// the newest one for it to be given what it missed; beyond that it reloads. 50 000.
	CatchUp int64
	// Ping is the time between two pings of a connection. 30 s.
	Ping time.Duration
}

// DefaultLimits are the numbers above.
func DefaultLimits() Limits {
	return Limits{Sockets: 20, Frames: 30, FramesPer: 10 * time.Second, MemberFrames: 120, Queue: 256, CatchUp: 50_000, Ping: 30 * time.Second}
}

// Options are what New needs; Service, Site and Shape are required.
type Options struct {
	Service *messaging.Service
	Site    *wpauth.Site
	// Shape writes a message as jetonomy/v1 shows it (contract 1.2), the same for
	// everybody who may read it.
	Shape func(context.Context, *messaging.Message) ([]byte, error)
	// Limits; DefaultLimits when the zero value.
	Limits Limits
	// Guard makes a context that ends when the database goes away (mysql.DB.Guard). nil: none.
	Guard func(context.Context) (context.Context, context.CancelFunc)
	// Relay carries hints to and from the site's other nodes. nil: there are none.
	Relay Relay
	// Node is this process among the site's nodes. nil: nobody is written down as being
	// there, and presence tells of nobody.
	Node *messaging.Node
	// Presence are its spans; DefaultPresenceTimes when the zero value.
	Presence PresenceTimes
	// Lag is told how long a stored frame took from its commit to each client. nil: nobody asks.
	Lag func(time.Duration)
	Log *slog.Logger
}

// Hub is the connections of this node and the newest events of the site.
type Hub struct {
	Options
	positions Positions
	stats     stats

	mu      sync.Mutex
	begun   bool // events are followed
	closed  bool
	log     ring
	members map[wpauth.UserID][]*Conn
	conns   int
	crowd   int // connections there were when closed
	ever    int // connections ever made, for spreading pings
	joining map[wpauth.UserID]int
	// newcomers are those whose credential is to be looked at before they join.
	newcomers chan newcomer

	unread   *unreads
	typing   *typing
	presence *presence
	receipts *receipts                            // nil: switched off
	signals  map[SignalKind]func(json.RawMessage) // not changed after New
	lookups  chan struct{}                        // holds a token for each catch-up in the database
	recalled atomic.Int64                         // bytes recalled and not accepted yet
	stop     context.CancelFunc
	ctx      context.Context
	tasks    sync.WaitGroup
}

// lookups is how many clients catch up from the database at once, so that they leave
// connections of the pool to everybody else.
const lookups = 4

// New makes a Hub and starts its own tasks. Close ends them.
func New(o Options) (*Hub, error) {
	if o.Service == nil || o.Site == nil || o.Shape == nil {
		return nil, errors.New("realtime: Service, Site and Shape are required")
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Guard == nil {
		o.Guard = context.WithCancel
	}
	if o.Presence == (PresenceTimes{}) {
		o.Presence = DefaultPresenceTimes()
	}
	h := &Hub{Options: o, positions: NewPositions(o.Site.Secret("realtime position")),
		members: map[wpauth.UserID][]*Conn{}, joining: map[wpauth.UserID]int{}, newcomers: make(chan newcomer, admittedAtOnce),
		unread: newUnreads(), typing: newTyping(), presence: newPresence(o.Presence), lookups: make(chan struct{}, lookups)}
	h.stats.lag = o.Lag
	h.on(SignalPresence, h.presence.signalled)
	h.on(SignalTyping, h.typingElsewhere)
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.tasks.Go(h.recheck)
	h.tasks.Go(h.admitting)
	h.tasks.Go(h.countUnread)
	h.tasks.Go(h.beat)
	h.tasks.Go(h.keepPresence)
	h.startReceipts()
	if h.Relay != nil {
		h.on(SignalEvents, func(json.RawMessage) { h.Service.Look() })
		h.tasks.Go(h.relayed)
	}
	return h, nil
}

// Feed is what the Hub wants of the tail.
func (h *Hub) Feed() messaging.Feed {
	return messaging.Feed{Begin: h.begin, Take: h.take, Pace: h.pace, Committed: func() { h.signal(SignalEvents, nil) }}
}

// begin begins, or begins anew because events were let go that this node had not read:
// whoever is connected has missed them, and is to come back and be told so.
func (h *Hub) begin(position int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = true
	h.log = ring{floor: position, head: position}
	for _, conns := range h.members {
		for _, c := range conns {
			c.End(renew())
		}
	}
}

// awake reports whether anybody is connected.
func (h *Hub) awake() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns > 0
}

// How often other nodes' events are looked for.
const (
	paceAsleep = time.Second            // while nobody is connected
	paceTold   = 500 * time.Millisecond // while every node tells of its commits
	paceAwake  = 50 * time.Millisecond
)

func (h *Hub) pace() time.Duration {
	switch {
	case !h.awake():
		return paceAsleep
	case h.Relay != nil && h.Relay.Prompt():
		return paceTold
	}
	return paceAwake
}

// take puts committed events into the queues of those they are for. Only the tail calls
// it, so events pass in their order. What it cannot read now it is given again.
func (h *Hub) take(ctx context.Context, events []messaging.Event) error {
	deliveries, err := h.Service.Address(ctx, events)
	if err != nil {
		return err
	}
	batch := make([]*entry, len(deliveries))
	for i := range deliveries {
		batch[i] = &entry{delivery: deliveries[i]}
	}
	for {
		h.mu.Lock()
		needed := h.wanted(batch)
		if len(needed) == 0 {
			h.hand(batch)
			h.mu.Unlock()
			h.stats.events.Add(int64(len(batch)))
			return nil
		}
		h.mu.Unlock()
		if err := h.make(ctx, needed); err != nil {
			return err
		}
	}
}

// wanted are the entries somebody connected waits for whose frame is not made. Under h.mu.
func (h *Hub) wanted(batch []*entry) (needed []*entry) {
	for _, e := range batch {
		if !e.made && slices.ContainsFunc(e.delivery.To, func(id wpauth.UserID) bool { return len(h.members[id]) > 0 }) {
			needed = append(needed, e)
		}
	}
	return needed
}

// hand remembers entries and queues their frames. Queueing never waits; doing it under
// h.mu makes what a connection is given and what position it stands at one thing. Under h.mu.
func (h *Hub) hand(batch []*entry) {
	for _, e := range batch {
		h.log.add(e)
		h.typing.changedBy(&e.delivery)
		h.presence.heard(h, &e.delivery)
		h.hush(&e.delivery)
		for _, id := range e.delivery.To {
			conns := h.members[id]
			if len(conns) == 0 {
				continue
			}
			if e.frame != nil {
				for _, c := range conns {
					if e.delivery.Position > c.after {
						c.give(e.frame)
					}
				}
			}
			if counts(&e.delivery, id) {
				h.unread.touch(id)
			}
		}
	}
}

// hush has departures and switched off receipts take effect on what is in memory. Under h.mu.
func (h *Hub) hush(d *messaging.Delivery) {
	if h.receipts != nil {
		h.receipts.changedBy(d)
	}
	if p, changed := d.Detail.(messaging.PreferencesChanged); changed && !p.Receipts {
		h.log.hush(d.Actor)
	}
}

// make makes the frames of entries: one statement for all their messages, and one for
// the messages at their read positions.
func (h *Hub) make(ctx context.Context, entries []*entry) error {
	var ids []messaging.MessageID
	var spots []messaging.Spot
	for _, e := range entries {
		switch p := e.delivery.Detail.(type) {
		case messaging.MessageSent:
			ids = append(ids, e.delivery.Message)
		case messaging.ReadMoved:
			spots = append(spots, messaging.Spot{Conversation: e.delivery.Conversation, Seq: p.Seq})
		}
	}
	messages, err := h.Service.Delivered(ctx, ids)
	if err != nil {
		return err
	}
	at, err := h.Service.MessagesAt(ctx, spots)
	if err != nil {
		return err
	}
	frames := make([]*Frame, len(entries))
	for i, e := range entries {
		var known facts
		switch p := e.delivery.Detail.(type) {
		case messaging.MessageSent:
			if m := messages[e.delivery.Message]; m != nil {
				if known.shape, err = h.Shape(ctx, m); err != nil {
					return err
				}
			}
		case messaging.ReadMoved:
			known.read = at[messaging.Spot{Conversation: e.delivery.Conversation, Seq: p.Seq}]
		}
		frames[i] = h.frame(&e.delivery, known)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, e := range entries {
		if e.made {
			continue
		}
		if e.made, e.frame = true, frames[i]; e.frame != nil && e.delivery.Position > h.log.floor && e.delivery.Position <= h.log.head {
			h.log.bytes += len(e.frame.Body)
		}
	}
	return nil
}

// Ready reports whether the events are followed: before that nobody can join.
func (h *Hub) Ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begun && !h.closed
}
