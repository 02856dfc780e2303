package realtime

import (
	"context"
	"encoding/json"
	"maps"
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
}

type relayCounts struct{ published, received, dropped atomic.Int64 }

func (c *relayCounts) stats() RelayStats {
	return RelayStats{c.published.Load(), c.received.Load(), c.dropped.Load()}
}

// on has a kind of signal handled. Only New and what it calls use it.
func (h *Hub) on(kind SignalKind, handle func(body json.RawMessage)) {
	if h.signals == nil {
		h.signals = map[SignalKind]func(json.RawMessage){}
	}
	h.signals[kind] = handle
}

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
	handlers := maps.Clone(h.signals)
	h.Relay.Run(h.ctx, Intake{Awake: h.hurry, Take: func(s Signal) {
		if handle := handlers[s.Kind]; handle != nil {
			handle(s.Body)
		}
	}})
}
