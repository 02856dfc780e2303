package realtime

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// PresenceTimes are the spans of presence.
type PresenceTimes struct {
	// Pause is the time between two looks at who came and went: what changes within it
	// is written and told at once. 1 s.
	Pause time.Duration
	// Grace is how long somebody whose last connection ended still counts, so that a page
	// that is loaded anew makes no flicker; PollGrace, after a long poll, is the time to
	// the next one. 10 s and 35 s.
	Grace, PollGrace time.Duration
	// Sweep is the time between two looks for what nobody tells: nodes that died, blocks
	// of the community, hints that were lost; and a sixth of the time between two notes
	// that a member is there. 10 s.
	Sweep time.Duration
}

// DefaultPresenceTimes are the numbers above.
func DefaultPresenceTimes() PresenceTimes {
	return PresenceTimes{Pause: time.Second, Grace: 10 * time.Second, PollGrace: 35 * time.Second, Sweep: 10 * time.Second}
}

// presenceTime bounds one look of presence at the database.
const presenceTime = 10 * time.Second

// presence is who is connected to this node, as the others are told, and who watches
// whom. Its lock may be taken under Hub.mu, never the other way round. Everything that
// needs the database is done by one goroutine, so what is told is in one order.
type presence struct {
	times PresenceTimes
	some  chan struct{} // connections wait for their first frame

	mu sync.Mutex
	// moved are members whose connections here changed since the last look, true for those
	// who may have switched presence on or off. lingers are those without any who still
	// count.
	moved   map[wpauth.UserID]bool
	lingers map[wpauth.UserID]linger
	// noticed are watched members who may be there differently than was told.
	noticed map[wpauth.UserID]struct{}
	// turned are two members one of whom blocked the other, or took that back.
	turned map[pair]struct{}
	watching

	// What follows is the goroutine's own.
	node    messaging.NodeID
	written map[wpauth.UserID]messaging.PresenceState // this node's rows
	blocks  map[pair]struct{}                         // of the community, among those watched
	others  bool                                      // other nodes had rows at the last sweep
	arrived []wpauth.UserID                           // came to their screens since the last sweep
	sweeps  int
}

// pair is two members, the lower id first.
type pair [2]wpauth.UserID

func pairOf(a, b wpauth.UserID) pair { return pair{min(a, b), max(a, b)} }

// linger is somebody without a connection who still counts.
type linger struct {
	until time.Time
	state messaging.PresenceState
}

// unsure is the state of a row that a failed statement may have written or not.
const unsure messaging.PresenceState = 255

func newPresence(times PresenceTimes) *presence {
	return &presence{times: times, some: make(chan struct{}, 1),
		moved: map[wpauth.UserID]bool{}, lingers: map[wpauth.UserID]linger{},
		noticed: map[wpauth.UserID]struct{}{}, turned: map[pair]struct{}{}, watching: newWatching(),
		written: map[wpauth.UserID]messaging.PresenceState{}, blocks: map[pair]struct{}{}}
}

// came notes a new connection. Under Hub.mu.
func (p *presence) came(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lingers, c.Member)
	p.move(c.Member)
}

// move has a member's row looked at. Under mu.
func (p *presence) move(id wpauth.UserID) {
	if _, already := p.moved[id]; !already {
		p.moved[id] = false
	}
}

// went notes that a connection ended, the member's last one or not. Who may not be
// connected any more does not linger. Under Hub.mu.
func (p *presence) went(c *Conn, last bool) {
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(c)
	c.watch = nil
	p.move(c.Member)
	if !last || ended == Banned || ended == LoggedOut {
		return
	}
	grace := p.times.Grace
	if c.kind == LongPoll {
		grace = p.times.PollGrace
	}
	p.lingers[c.Member] = linger{time.Now().Add(grace), c.state()}
}

// state is how a connection's member is there by it.
func (c *Conn) state() messaging.PresenceState {
	if c.away.Load() {
		return messaging.Away
	}
	return messaging.Online
}

// saysState is the frame state: whether the member is at the screen of this connection.
func (c *Conn) saysState(raw []byte) *Ending {
	var f struct {
		State string `json:"state"`
	}
	if json.Unmarshal(raw, &f) != nil || f.State != "online" && f.State != "away" {
		return BadFrame
	}
	if away := f.State == "away"; c.away.Swap(away) != away {
		p := c.hub.presence
		p.mu.Lock()
		p.move(c.Member)
		p.mu.Unlock()
	}
	return nil
}

// presenceSignal tells other nodes whose state to read again.
type presenceSignal struct {
	Members []wpauth.UserID `json:"members"`
}

// membersPerSignal bounds a signal.
const membersPerSignal = 1000

func (p *presence) signalled(body json.RawMessage) {
	var s presenceSignal
	if json.Unmarshal(body, &s) == nil {
		p.notice(s.Members)
	}
}

// notice has members looked at again, those who are watched.
func (p *presence) notice(ids []wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if p.subjects[id] != nil {
			p.noticed[id] = struct{}{}
		}
	}
}

// keepPresence writes down who is here, and tells who watches.
func (h *Hub) keepPresence() {
	p := h.presence
	pause := time.NewTicker(p.times.Pause)
	defer pause.Stop()
	swept := time.Now()
	for {
		looking := true
		select {
		case <-p.some:
			looking = false
		case <-pause.C:
		case <-h.ctx.Done():
			return
		}
		ctx, release := h.Guard(h.ctx)
		ctx, cancel := context.WithTimeout(ctx, presenceTime)
		if looking {
			h.presenceFailed("presence cannot be written down", h.attend(ctx))
			if time.Since(swept) >= p.times.Sweep {
				swept = time.Now()
				h.presenceFailed("presence of other nodes cannot be looked at", h.sweep(ctx))
				h.presenceFailed("when members were last there cannot be written down", h.see(ctx))
			}
			h.presenceFailed("presence cannot be told", h.tellChanges(ctx))
		}
		h.presenceFailed("presence cannot be told", h.tellFirst(ctx))
		cancel()
		release()
	}
}

func (h *Hub) presenceFailed(what string, err error) {
	if err != nil && h.ctx.Err() == nil && messaging.ReasonOf(err) != messaging.Unavailable {
		h.Log.Warn(what, "error", err)
	}
}

// attendance is how those members are here whose row may be another one: everybody who
// came, went, or left the screen since the last look.
func (h *Hub) attendance(now time.Time) map[wpauth.UserID]messaging.PresenceState {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil // they come back, here or elsewhere: rows stay as they are
	}
	p := h.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, l := range p.lingers {
		if !now.Before(l.until) {
			delete(p.lingers, id)
			p.move(id)
		}
	}
	want := make(map[wpauth.UserID]messaging.PresenceState, len(p.moved))
	for id, chose := range p.moved {
		state := p.lingers[id].state
		for _, c := range h.members[id] {
			if state = c.state(); state == messaging.Online {
				break
			}
		}
		if chose || state != p.written[id] {
			want[id] = state
		}
	}
	clear(p.moved)
	return want
}

// attend writes this node's rows.
func (h *Hub) attend(ctx context.Context) error {
	p := h.presence
	if h.Node == nil || h.Node.ID() == 0 {
		return nil
	}
	if id := h.Node.ID(); id != p.node {
		p.node = id
		h.restate()
	}
	want := h.attendance(time.Now())
	if len(want) == 0 {
		return nil
	}
	ids := slices.Collect(maps.Keys(want))
	chosen, err := h.Service.PreferencesOf(ctx, ids)
	if err != nil {
		p.again(ids)
		return err
	}
	for id := range want {
		if !chosen[id].Presence {
			want[id] = messaging.Offline
		}
		if want[id] == p.written[id] {
			delete(want, id)
		}
	}
	ids = slices.Collect(maps.Keys(want))
	if err := h.Service.RecordPresence(ctx, p.node, want); err != nil {
		for _, id := range ids {
			p.written[id] = unsure
		}
		p.again(ids)
		return err
	}
	for id, state := range want {
		if state == messaging.Online {
			p.arrived = append(p.arrived, id)
		}
		if state == messaging.Offline {
			delete(p.written, id)
		} else {
			p.written[id] = state
		}
	}
	p.notice(ids)
	for some := range slices.Chunk(ids, membersPerSignal) {
		h.signal(SignalPresence, presenceSignal{some})
	}
	return nil
}

// again has members' rows looked at once more.
func (p *presence) again(ids []wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		p.moved[id] = true
	}
}

// restate has every row of this node written anew.
func (h *Hub) restate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.written)
	for id := range h.members {
		p.move(id)
	}
	for id := range p.lingers {
		p.move(id)
	}
}
