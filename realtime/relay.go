package realtime

import (
	"context"
	"encoding/json"
	"maps"
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

// Signal is a hint that one node gives the others. It may be lost, come late, or be
// somebody else's invention: it never carries what people wrote, and who may be told is
// decided by the node that tells them.
type Signal struct {
	Kind SignalKind      `json:"kind"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Relay carries signals between the nodes of a site.
type Relay interface {
	// Publish gives a signal to the other nodes. It never waits: what cannot be passed
	// on is dropped.
	Publish(Signal)
	// Run hands the other nodes' signals to take, one at a time, until ctx ends. It
	// mends its own connection.
	Run(ctx context.Context, take func(Signal))
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
	h.Relay.Run(h.ctx, func(s Signal) {
		if handle := handlers[s.Kind]; handle != nil {
			handle(s.Body)
		}
	})
}
