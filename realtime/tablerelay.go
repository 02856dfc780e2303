package realtime

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/messaging"
)

const (
	// tableLook is the time between two looks at the other nodes' signals.
	tableLook = 75 * time.Millisecond
	// tableLazyLook is the same while another relay carries them (Slow).
	tableLazyLook = 500 * time.Millisecond
	// tableBatch is how many signals are written with one statement, and read at once.
	tableBatch = 500
	// tableRest is the time between two statements that write.
	tableRest = 10 * time.Millisecond
	// tablePrune is the time between two removals of signals that were read.
	tablePrune = 5 * time.Second
	// signalQueue is how many signals wait to be passed on before more are dropped.
	signalQueue = 8192
	// straggler is how long a signal is waited for whose number was given out and that
	// cannot be seen yet.
	straggler = 500 * time.Millisecond
)

// TableRelay carries signals through a table of the site's database. It costs nothing
// while no other node is alive, and no reading while nobody is connected.
type TableRelay struct {
	node  *messaging.Node
	log   *slog.Logger
	queue chan Signal
	count relayCounts
}

// NewTableRelay makes the relay of a node.
func NewTableRelay(node *messaging.Node, log *slog.Logger) *TableRelay {
	return &TableRelay{node: node, log: log, queue: make(chan Signal, signalQueue)}
}

// Publish implements Relay. Without another node there is nothing to do, and events are
// found by looking for them.
func (r *TableRelay) Publish(s Signal) {
	if s.Kind == SignalEvents || r.node.Alone() {
		return
	}
	select {
	case r.queue <- s:
	default:
		r.count.dropped.Add(1)
	}
}

// Prompt implements Relay: nobody is told of commits.
func (r *TableRelay) Prompt() bool { return false }

// Stats implements Relay.
func (r *TableRelay) Stats() RelayStats {
	s := r.count.stats()
	if s.Way = ByTable; r.node.Alone() {
		s.Way = NoWay
	}
	return s
}

// Run implements Relay.
func (r *TableRelay) Run(ctx context.Context, in Intake) {
	r.run(ctx, in, func() bool { return false })
}

// run is Run; lazy tells whether another relay carries the signals, so that only
// stragglers are looked for here.
func (r *TableRelay) run(ctx context.Context, in Intake, lazy func() bool) {
	var tasks sync.WaitGroup
	tasks.Go(func() { r.write(ctx) })
	tasks.Go(func() { r.prune(ctx) })
	tasks.Go(func() { r.read(ctx, in, lazy) })
	tasks.Wait()
}

// write passes on what waits, many signals in one statement.
func (r *TableRelay) write(ctx context.Context) {
	for {
		batch := waiting(ctx, r.queue, tableBatch)
		if batch == nil {
			return
		}
		rows := make([]messaging.NodeSignal, len(batch))
		for i, s := range batch {
			rows[i] = messaging.NodeSignal{Kind: string(s.Kind), Body: s.Body}
		}
		if err := r.node.LeaveSignals(ctx, rows); err != nil {
			r.count.dropped.Add(int64(len(batch)))
			r.failed(ctx, "signals for other nodes cannot be written", err)
		} else {
			r.count.published.Add(int64(len(batch)))
		}
		if !pause(ctx, tableRest) {
			return
		}
	}
}

// waiting waits for something in a queue and takes at most so much of it; nil when ctx
// ended.
func waiting(ctx context.Context, queue <-chan Signal, most int) []Signal {
	var batch []Signal
	select {
	case s := <-queue:
		batch = append(batch, s)
	case <-ctx.Done():
		return nil
	}
	for len(batch) < most {
		select {
		case s := <-queue:
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

func (r *TableRelay) prune(ctx context.Context) {
	for pause(ctx, tablePrune) {
		if r.node.Alone() {
			continue
		}
		if err := r.node.PruneSignals(ctx); err != nil {
			r.failed(ctx, "signals of nodes cannot be removed", err)
		}
	}
}

// read looks for the other nodes' signals while there can be any and somebody is there
// to be told.
func (r *TableRelay) read(ctx context.Context, in Intake, lazy func() bool) {
	var place *trail
	looked := time.Time{}
	for pause(ctx, tableLook) {
		if r.node.Alone() || !in.Awake() {
			place = nil
			continue
		}
		if lazy() && time.Since(looked) < tableLazyLook {
			continue
		}
		looked = time.Now()
		var err error
		if place == nil {
			place, err = r.start(ctx)
		} else {
			err = r.look(ctx, place, in)
		}
		if err != nil {
			r.failed(ctx, "signals of other nodes cannot be read", err)
		}
	}
}

func (r *TableRelay) start(ctx context.Context) (*trail, error) {
	last, err := r.node.LastSignal(ctx)
	if err != nil {
		return nil, err
	}
	return newTrail(last), nil
}

func (r *TableRelay) look(ctx context.Context, place *trail, in Intake) error {
	rows, err := r.node.Signals(ctx, place.at, tableBatch)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, row := range rows {
		if place.first(row.ID, now) && row.Node != r.node.ID() {
			r.count.received.Add(1)
			in.Take(Signal{SignalKind(row.Kind), row.Body})
		}
	}
	place.move(now)
	return nil
}

func (r *TableRelay) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && messaging.ReasonOf(err) != messaging.Unavailable {
		r.log.Warn(what, "error", err)
	}
}

// trail is how far a table with rising ids was read whose rows may appear out of order:
// everything up to at, and what was seen of what follows.
type trail struct {
	at   int64
	seen map[int64]time.Time
}

func newTrail(at int64) *trail { return &trail{at: at, seen: map[int64]time.Time{}} }

// first reports whether a row is met for the first time.
func (t *trail) first(id int64, now time.Time) bool {
	if _, again := t.seen[id]; again || id <= t.at {
		return false
	}
	t.seen[id] = now
	return true
}

// move goes on over everything that is without a hole, and over holes that were there
// for too long.
func (t *trail) move(now time.Time) {
	for id, since := range t.seen {
		if now.Sub(since) >= straggler {
			t.at = max(t.at, id)
		}
	}
	for id := range t.seen {
		if id <= t.at {
			delete(t.seen, id)
		}
	}
	for {
		if _, next := t.seen[t.at+1]; !next {
			return
		}
		t.at++
		delete(t.seen, t.at)
	}
}
