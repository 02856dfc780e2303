package realtime

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

const (
	// receiptPause is the time between two recordings of what was delivered.
	receiptPause = time.Second
	// receiptsAtOnce is how many deliveries one statement records, and one signal tells.
	receiptsAtOnce = 500
	// receiptsWaiting is how many deliveries wait at most; more are dropped: the next one
	// of a member in a conversation says the same.
	receiptsWaiting = 50_000
	// receiptTime bounds recording one batch.
	receiptTime = 5 * time.Second
	// receiptReach is how many events before a position are looked at for what was
	// delivered up to it, by a client that comes with one.
	receiptReach = 1000
	// owedMost is how many messages a connection remembers that it was told and did not
	// acknowledge.
	owedMost = 256
)

// reader is a member in a conversation.
type reader struct {
	Conversation messaging.ConversationID `json:"conversation"`
	Member       wpauth.UserID            `json:"member"`
}

// receipts gathers what was delivered, so that one statement records it for many.
type receipts struct {
	mu      sync.Mutex
	reached map[reader]int64 // here, to be recorded
	heard   map[reader]bool  // other nodes recorded something
	left    map[messaging.ConversationID]bool
	some    chan struct{}

	// acked is up to where a member's events in memory were looked through.
	acked recent[wpauth.UserID]
	// told is how far others were told a member is, so that it never goes back.
	told recent[reader]
}

func newReceipts() *receipts {
	return &receipts{reached: map[reader]int64{}, heard: map[reader]bool{}, left: map[messaging.ConversationID]bool{},
		some: make(chan struct{}, 1), acked: recent[wpauth.UserID]{most: 25_000}, told: recent[reader]{most: 25_000}}
}

func (r *receipts) wake() {
	select {
	case r.some <- struct{}{}:
	default:
	}
}

// add notes how far messages reached a member.
func (r *receipts) add(at reader, seq int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, known := r.reached[at]; known || len(r.reached) < receiptsWaiting {
		r.reached[at] = max(old, seq)
		r.wake()
	}
}

// hear takes in of whom another node recorded something.
func (r *receipts) hear(all []reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range all {
		if at.Conversation > 0 && at.Member > 0 && len(r.heard) < receiptsWaiting {
			r.heard[at] = true
			r.wake()
		}
	}
}

// changedBy notes departures: what is being recorded may be of somebody who is gone.
func (r *receipts) changedBy(d *messaging.Delivery) {
	switch d.Kind {
	case messaging.EventLeft, messaging.EventDeleted, messaging.EventPurged, messaging.EventErased:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left[d.Conversation] = true
		r.wake()
	}
}

// round is some of what waits: how far messages reached members here, of whom other nodes
// recorded something, and the conversations somebody left.
type round struct {
	reached, heard []messaging.Reached
	left           []messaging.ConversationID
}

// full reports whether more may wait.
func (o round) full() bool {
	return max(len(o.reached), len(o.heard), len(o.left)) == receiptsAtOnce
}

// take returns some of everything that waits.
func (r *receipts) take() (o round) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, seq := range r.reached {
		if len(o.reached) == receiptsAtOnce {
			break
		}
		delete(r.reached, at)
		o.reached = append(o.reached, messaging.Reached{Conversation: at.Conversation, Member: at.Member, Seq: seq})
	}
	for at := range r.heard {
		if len(o.heard) == receiptsAtOnce {
			break
		}
		delete(r.heard, at)
		o.heard = append(o.heard, messaging.Reached{Conversation: at.Conversation, Member: at.Member})
	}
	for id := range r.left {
		if len(o.left) == receiptsAtOnce {
			break
		}
		delete(r.left, id)
		o.left = append(o.left, id)
	}
	return o
}

// again puts back what could not be recorded or removed. What other nodes recorded was a
// hint.
func (r *receipts) again(o round) {
	for _, x := range o.reached {
		r.add(reader{x.Conversation, x.Member}, x.Seq)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range o.left {
		r.left[id] = true
		r.wake()
	}
}

// news reports whether others were not told this or more already.
func (r *receipts) news(x messaging.Reached) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told.rise(reader{x.Conversation, x.Member}, x.Seq)
}

// startReceipts has deliveries recorded and told, where the owner wants them.
func (h *Hub) startReceipts() {
	if !h.Service.SitePreferences().Receipts {
		return
	}
	h.receipts = newReceipts()
	h.on(SignalDelivered, func(body json.RawMessage) {
		var all []reader
		if json.Unmarshal(body, &all) == nil && len(all) <= receiptsAtOnce && h.awake() {
			h.receipts.hear(all)
		}
	})
	h.tasks.Go(h.tellReceipts)
}

// tellReceipts records and tells what was delivered, at most once a second.
func (h *Hub) tellReceipts() {
	for {
		select {
		case <-h.receipts.some:
		case <-h.ctx.Done():
			return
		}
		for more := true; more; {
			o := h.receipts.take()
			more = o.full()
			if err := h.receiptRound(o); err != nil {
				h.receipts.again(o)
				more = false
				if h.ctx.Err() == nil && messaging.ReasonOf(err) != messaging.Unavailable {
					h.Log.Warn("deliveries could not be recorded", "error", err)
				}
			}
		}
		if !pause(h.ctx, receiptPause) {
			return
		}
	}
}

func (h *Hub) receiptRound(o round) error {
	ctx, release := h.Guard(h.ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, receiptTime)
	defer cancel()
	here, err := h.Service.RecordReached(ctx, o.reached)
	if err != nil {
		return err
	}
	if len(here) > 0 {
		who := make([]reader, len(here))
		for i, x := range here {
			who[i] = reader{x.Conversation, x.Member}
		}
		h.signal(SignalDelivered, who)
		h.tellReached(here)
	}
	there, err := h.Service.RecordedReached(ctx, o.heard)
	if err != nil {
		return err
	}
	h.tellReached(there)
	return h.Service.SweepReached(ctx, o.left)
}

type deliveredFrame struct {
	Type         string                   `json:"type"`
	Conversation messaging.ConversationID `json:"conversation"`
	Member       wpauth.UserID            `json:"member"`
	Seq          int64                    `json:"seq"`
	Message      messaging.MessageID      `json:"message"`
}

// tellReached tells those connected here.
func (h *Hub) tellReached(all []messaging.Reached) {
	for _, x := range all {
		if !h.receipts.news(x) {
			continue
		}
		f := encode("delivered", deliveredFrame{"delivered", x.Conversation, x.Member, x.Seq, x.Message})
		h.mu.Lock()
		for _, id := range x.To {
			for _, c := range h.members[id] {
				c.give(f)
			}
		}
		h.mu.Unlock()
	}
}

// owed is a message that a connection was told and did not acknowledge.
type owed struct {
	position     int64
	conversation messaging.ConversationID
	seq          int64
}

// owesLocked remembers that a client was told a message. Only those who can say that they
// received it are remembered.
func (c *Conn) owesLocked(frames ...*Frame) {
	if c.kind != WebSocket || c.hub.receipts == nil {
		return
	}
	for _, f := range frames {
		if f.message.seq == 0 || f.message.sender == c.Member {
			continue
		}
		if len(c.owed) == cap(c.owed) {
			c.owed = fewer(c.owed)
		}
		c.owed = append(c.owed, owed{f.position, f.message.conversation, f.message.seq})
	}
}

// fewer makes room: of each conversation the newest message says what the older ones do,
// and beyond owedMost the oldest go.
func fewer(all []owed) []owed {
	all = all[max(0, len(all)-owedMost):]
	newest := make(map[messaging.ConversationID]int64, len(all))
	for _, x := range all {
		newest[x.conversation] = x.position
	}
	kept := make([]owed, 0, max(8, 2*len(newest)))
	for _, x := range all {
		if newest[x.conversation] == x.position {
			kept = append(kept, x)
		}
	}
	return kept
}

// acknowledge takes in that everything up to a position was received.
func (c *Conn) acknowledge(position int64) {
	c.mu.Lock()
	n := 0
	for n < len(c.owed) && c.owed[n].position <= position {
		n++
	}
	got := c.owed[:n]
	if c.owed = c.owed[n:]; len(c.owed) == 0 {
		c.owed = nil // an idle connection keeps nothing
	}
	c.mu.Unlock()
	for _, x := range got {
		c.hub.receipts.add(reader{x.conversation, c.Member}, x.seq)
	}
}

// caughtUp takes in that a client had everything up to a position before it came: what is
// still in memory of that was delivered. Polls and event streams say it this way only.
func (h *Hub) caughtUp(member wpauth.UserID, position int64) {
	if h.receipts == nil {
		return
	}
	h.receipts.mu.Lock()
	from := h.receipts.acked.get(member)
	further := h.receipts.acked.rise(member, position)
	h.receipts.mu.Unlock()
	if !further {
		return
	}
	h.mu.Lock()
	entries := h.log.before(position, receiptReach)
	h.mu.Unlock()
	reached := map[reader]int64{}
	for _, e := range entries {
		p, sent := e.delivery.Detail.(messaging.MessageSent)
		if !sent || e.delivery.Position <= from || e.delivery.Actor == member || !e.concerns(member) {
			continue
		}
		reached[reader{e.delivery.Conversation, member}] = p.Seq
	}
	for at, seq := range reached {
		h.receipts.add(at, seq)
	}
}

// saysAck is the frame ack: everything up to a position was received. A position that
// this connection was not told is none.
func (c *Conn) saysAck(raw []byte) *Ending {
	var f struct {
		Position *string `json:"position"`
	}
	if json.Unmarshal(raw, &f) != nil || f.Position == nil {
		return BadFrame
	}
	position, ok := c.hub.positions.Parse(*f.Position)
	if !ok || position > c.stand.Load() {
		return BadPosition
	}
	if c.hub.receipts != nil {
		c.acknowledge(position)
		if c.fresh {
			// It loaded what was there before it came.
			c.fresh = false
			c.hub.caughtUp(c.Member, min(position, c.after))
		}
	}
	return nil
}
