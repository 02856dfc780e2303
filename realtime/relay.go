package realtime

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// SignalKind names a hint.
type SignalKind string

// The kinds of hints.
const (
	// SignalTyping: somebody is typing.
	SignalTyping SignalKind = "typing"
	// SignalPresence: members came, went, or went away from their screens.
	SignalPresence SignalKind = "presence"
	// SignalDelivered: messages reached a device.
	SignalDelivered SignalKind = "delivered"
	// SignalEvents: something was committed; there are events to read.
	SignalEvents SignalKind = "events"
)

// Signal is a hint that one node gives the others. It may be lost, come late, come
// twice, or be somebody else's invention: it never carries what people wrote, and who may
// be told is decided by the node that tells them.
type Signal struct {
	Kind SignalKind      `json:"kind"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Intake is who takes a relay's signals in.
type Intake struct {
	// Take is given the other nodes' signals, one at a time.
	Take func(Signal)
	// Awake reports whether anybody is connected who could be told.
	Awake func() bool
}

// Relay carries signals between the nodes of a site.
type Relay interface {
	// Publish gives a signal to the other nodes. It never waits: what cannot be passed
	// on is dropped and counted.
	Publish(Signal)
	// Run takes in the other nodes' signals until ctx ends. It mends its own connection.
	Run(ctx context.Context, in Intake)
	// Prompt reports whether every other node now tells of its commits at once
	// (SignalEvents), so that there is no hurry to look for them.
	Prompt() bool
	// Stats returns what was counted.
	Stats() RelayStats
}

// RelayStats is what a Relay counted.
type RelayStats struct {
	// Published were passed on, Received came from other nodes; Dropped could not be
	// passed on.
	Published, Received, Dropped int64
	// Way is how signals reach the other nodes now.
	Way RelayWay
}

// RelayWay is how signals reach the other nodes of a site.
type RelayWay string

// The ways.
const (
	// NoWay: there is no other node.
	NoWay RelayWay = "none"
	// ByTable: through the database, to some nodes at least.
	ByTable RelayWay = "mysql"
	// ByBus: all of them by Redis.
	ByBus RelayWay = "redis"
)

type relayCounts struct{ published, received, dropped atomic.Int64 }

func (c *relayCounts) stats() RelayStats {
	return RelayStats{Published: c.published.Load(), Received: c.received.Load(), Dropped: c.dropped.Load()}
}

// on has a kind of signal handled, one after the other; handle may take its time, others
// do not wait for it. Only New and what it calls use it.
func (h *Hub) on(kind SignalKind, handle func(body json.RawMessage)) {
	if h.signals == nil {
		h.signals = map[SignalKind]func(json.RawMessage){}
	}
	h.signals[kind] = handle
}

// hintQueue is how many signals of a kind wait to be handled before more are dropped.
const hintQueue = 4096

// signal gives the other nodes a hint, if there can be any.
func (h *Hub) signal(kind SignalKind, v any) {
	if h.Relay == nil {
		return
	}
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only types of this package, which can be written
	}
	h.Relay.Publish(Signal{kind, body})
}

// relayed takes in the other nodes' signals until the Hub is closed. Kinds of a later
// release are left alone.
func (h *Hub) relayed() {
	queues := map[SignalKind]chan json.RawMessage{}
	var handling sync.WaitGroup
	for kind, handle := range h.signals {
		queue := make(chan json.RawMessage, hintQueue)
		queues[kind] = queue
		handling.Go(func() {
			for {
				select {
				case body := <-queue:
					handle(body)
				case <-h.ctx.Done():
					return
				}
			}
		})
	}
	h.Relay.Run(h.ctx, Intake{Awake: h.awake, Take: func(s Signal) {
		select {
		case queues[s.Kind] <- s.Body: // never for a kind without a queue
		default:
		}
	}})
	handling.Wait()
}
