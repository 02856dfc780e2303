package realtime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"parley/messaging"
)

// Bus broadcasts to the nodes of a site, as Redis does.
type Bus interface {
	// Publish sends a message to everybody who listens, the sender included. It may
	// take a few seconds to fail.
	Publish(ctx context.Context, message []byte) error
	// Listen hands over what is broadcast, one message at a time, from when ready was
	// called until the connection is lost or ctx ends.
	Listen(ctx context.Context, ready func(), take func([]byte)) error
}

const (
	// busBeat is the time between two signs of life of a node on the bus.
	busBeat = time.Second
	// busStale is how old a node's last sign of life may be for it to be reached.
	busStale = 3 * time.Second
	// BusSilence is how long a healthy bus may be silent for its listener: each hears its
	// own signs of life.
	BusSilence = 5 * time.Second
	// busBytes is how much of signals one message holds.
	busBytes = 128 << 10
	// busLongest is the longest message that is read.
	busLongest = 8 << 20
	// busPeers is how many other nodes are believed in.
	busPeers = 1000
	// busTime bounds one broadcast.
	busTime = 2 * time.Second
	// busSoonest and busLatest bound the time after which a lost bus is tried again.
	busSoonest, busLatest = 100 * time.Millisecond, 2 * time.Second
)

// BusRelay carries signals over a Bus, and through the table to nodes the bus does not
// reach: that costs them latency and nothing else.
//
// Every node says once a second that it is there, and hears itself. Only while it does,
// and hears of every other node of the registry that it does, too, is the bus relied on.
// So it makes no difference whether the bus is down, a link to it is cut, or a node was
// never told of it.
type BusRelay struct {
	bus   Bus
	table *TableRelay
	node  *messaging.Node
	log   *slog.Logger
	self  string // this process on the bus
	queue chan queued
	count relayCounts
	now   func() time.Time

	mu    sync.Mutex
	heard time.Time // when this node last heard itself
	peers map[messaging.NodeID]time.Time
	said  string // what was last logged: "up", "down" or nothing
}

// queued is a signal that waits for the bus. safe tells that it was given to the table,
// too.
type queued struct {
	Signal
	safe bool
}

// packet is what is broadcast.
type packet struct {
	From string           `json:"from"`
	Node messaging.NodeID `json:"node"`
	// Hears tells that the sender hears what is broadcast. Only in a sign of life.
	Hears   bool     `json:"hears,omitempty"`
	Beat    bool     `json:"beat,omitempty"`
	Signals []Signal `json:"signals,omitempty"`
}

// NewBusRelay makes the relay of a node. The bus is not waited for.
func NewBusRelay(bus Bus, node *messaging.Node, log *slog.Logger) *BusRelay {
	return &BusRelay{bus: bus, table: NewTableRelay(node, log), node: node, log: log, self: rand.Text(),
		queue: make(chan queued, signalQueue), now: time.Now, peers: map[messaging.NodeID]time.Time{}}
}

// Publish implements Relay.
func (r *BusRelay) Publish(s Signal) {
	up, everybody, somebody := r.reach()
	q := queued{s, !everybody}
	if q.safe {
		r.table.Publish(s)
	}
	if !up || !somebody {
		return
	}
	select {
	case r.queue <- q:
	default:
		r.lost(q)
	}
}

// reach reports whether the bus works for this node, whether every other node of the
// registry is reached by it, and whether anybody is.
func (r *BusRelay) reach() (up, everybody, somebody bool) {
	others := r.node.Others()
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	up = now.Sub(r.heard) < busStale
	everybody = up
	for _, id := range others {
		everybody = everybody && now.Sub(r.peers[id]) < busStale
	}
	for id, at := range r.peers {
		if now.Sub(at) >= busStale {
			delete(r.peers, id)
		}
	}
	return up, everybody, up && len(r.peers) > 0
}

// lost takes care of a signal the bus did not take.
func (r *BusRelay) lost(q queued) {
	switch {
	case q.safe:
	case q.Kind == SignalEvents: // they are found all the same
	default:
		r.table.Publish(q.Signal)
	}
}

// Prompt implements Relay.
func (r *BusRelay) Prompt() bool {
	_, everybody, _ := r.reach()
	return everybody
}

// Stats implements Relay.
func (r *BusRelay) Stats() RelayStats {
	s, t := r.count.stats(), r.table.Stats()
	s.Published, s.Received, s.Dropped = s.Published+t.Published, s.Received+t.Received, s.Dropped+t.Dropped
	s.Way = t.Way
	if r.Prompt() {
		s.Way = ByBus
	}
	return s
}

// Run implements Relay.
func (r *BusRelay) Run(ctx context.Context, in Intake) {
	var tasks sync.WaitGroup
	tasks.Go(func() { r.table.run(ctx, in, r.Prompt) })
	tasks.Go(func() { r.listen(ctx, in) })
	tasks.Go(func() { r.send(ctx) })
	tasks.Go(func() { r.beat(ctx) })
	tasks.Wait()
}

// listen takes in what is broadcast, and connects again and again.
func (r *BusRelay) listen(ctx context.Context, in Intake) {
	wait := busSoonest
	for {
		err := r.bus.Listen(ctx, func() {
			wait = busSoonest
			r.life(ctx)
		}, func(message []byte) { r.take(message, in) })
		if ctx.Err() != nil {
			return
		}
		r.deaf(err)
		if !pause(ctx, wait/2+mathrand.N(wait)) {
			return
		}
		wait = min(2*wait, busLatest)
	}
}

// hears notes that this node heard itself.
func (r *BusRelay) hears() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = r.now()
	if r.said != "up" {
		r.said = "up"
		r.log.Info("redis carries hints between nodes")
	}
}

// deaf notes that the bus does not work.
func (r *BusRelay) deaf(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = time.Time{}
	if r.said != "down" {
		r.said = "down"
		r.log.Warn("redis is away: hints between nodes go through the database meanwhile", "error", err)
	}
}

// take takes in a message. Whatever is none of this site's nodes is left alone.
func (r *BusRelay) take(message []byte, in Intake) {
	var p packet
	if len(message) > busLongest || json.Unmarshal(message, &p) != nil {
		return
	}
	if p.From == r.self {
		if p.Beat {
			r.hears()
		}
		return
	}
	if p.Beat {
		r.meet(p)
	}
	for _, s := range p.Signals {
		r.count.received.Add(1)
		in.Take(s)
	}
}

// meet notes a sign of life of another node. One that does not hear is not reached.
func (r *BusRelay) meet(p packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.Hears && p.Node > 0 && len(r.peers) < busPeers {
		r.peers[p.Node] = r.now()
	} else {
		delete(r.peers, p.Node)
	}
}

// beat says again and again that this node is there.
func (r *BusRelay) beat(ctx context.Context) {
	for pause(ctx, busBeat) {
		r.life(ctx)
	}
}

// life says once that this node is there, and whether it hears.
func (r *BusRelay) life(ctx context.Context) {
	up, _, _ := r.reach()
	if err := r.broadcast(ctx, packet{Beat: true, Hears: up}); err != nil && ctx.Err() == nil {
		r.deaf(err)
	}
}

func (r *BusRelay) broadcast(ctx context.Context, p packet) error {
	p.From, p.Node = r.self, r.node.ID()
	message, err := json.Marshal(p)
	if err != nil {
		return err // a signal's body that is no JSON
	}
	ctx, cancel := context.WithTimeout(ctx, busTime)
	defer cancel()
	return r.bus.Publish(ctx, message)
}

// send passes on what waits, many signals in one message; of those that say that there
// are events one is enough.
func (r *BusRelay) send(ctx context.Context) {
	for {
		batch := r.waiting(ctx)
		if batch == nil {
			return
		}
		p := packet{Signals: make([]Signal, 0, len(batch))}
		events := false
		for _, q := range batch {
			if q.Kind == SignalEvents {
				if events {
					continue
				}
				events = true
			}
			p.Signals = append(p.Signals, q.Signal)
		}
		if err := r.broadcast(ctx, p); err != nil {
			if ctx.Err() == nil {
				r.deaf(err)
			}
			for _, q := range batch {
				r.lost(q)
			}
			continue
		}
		r.count.published.Add(int64(len(p.Signals)))
	}
}

// waiting waits for something to pass on, and takes what one message can hold; nil when
// ctx ended.
func (r *BusRelay) waiting(ctx context.Context) []queued {
	var batch []queued
	select {
	case q := <-r.queue:
		batch = append(batch, q)
	case <-ctx.Done():
		return nil
	}
	for bytes := len(batch[0].Body); bytes < busBytes; bytes += len(batch[len(batch)-1].Body) {
		select {
		case q := <-r.queue:
			batch = append(batch, q)
		default:
			return batch
		}
	}
	return batch
}
