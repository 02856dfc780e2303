package messaging

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/messaging/store"
)

// NodeID names a running Parley among those of the site.
type NodeID int64

const (
	// nodePause is the time between two refreshes of a node's row; a node is alive for
	// others until it was not seen for 30 s, by the database's clock.
	nodePause = 5 * time.Second
	// nodeTime bounds one refresh.
	nodeTime = 4 * time.Second
	// nodePrunePause is the time between two removals of what dead nodes left.
	nodePrunePause = 10 * time.Minute
	// nodeNameRunes is what the table takes of a name.
	nodeNameRunes, nodeVersionRunes = 190, 64
)

// Node is this process in the registry of those that run on the site. Its row stays when
// it ends, so that members who come back to another node were never gone.
type Node struct {
	service       *Service
	name, version string
	started       time.Time

	mu     sync.Mutex
	id     NodeID
	others []NodeID
}

// RegisterNode writes this process into the registry. name is for people: the machine's.
// Also after an error the Node can be run, which tries again.
func (s *Service) RegisterNode(ctx context.Context, name, version string) (*Node, error) {
	n := &Node{service: s, name: firstRunes(name, nodeNameRunes), version: firstRunes(version, nodeVersionRunes),
		started: time.Now().UTC().Truncate(time.Microsecond)}
	err := n.register(ctx)
	if err == nil {
		err = n.look(ctx)
	}
	return n, s.fault(ctx, err)
}

func firstRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// ID is the node's own, 0 before it could be registered. It changes only when its row vanished and another node took its
// id meanwhile, as after a database was put back to an older state.
func (n *Node) ID() NodeID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.id
}

// Others are the other nodes that were alive when this one last looked, at most five
// seconds ago while the database is there; ascending. They must not be changed.
func (n *Node) Others() []NodeID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.others
}

// Alone reports whether no other node is alive.
func (n *Node) Alone() bool { return len(n.Others()) == 0 }

// Run keeps the node's row fresh until ctx ends, and removes what nodes left that are
// long dead. A failure is logged and tried again.
func (n *Node) Run(ctx context.Context) {
	refresh := time.NewTicker(nodePause)
	defer refresh.Stop()
	pruned := time.Time{}
	for {
		select {
		case <-refresh.C:
		case <-ctx.Done():
			return
		}
		if err := n.refresh(ctx); err != nil {
			n.failed(ctx, "this node cannot be kept in the registry", err)
			continue
		}
		if time.Since(pruned) >= nodePrunePause {
			pruned = time.Now()
			if err := n.within(ctx, n.service.store.PruneNodes); err != nil {
				n.failed(ctx, "dead nodes cannot be removed from the registry", err)
			}
		}
	}
}

// refresh says that this node is alive and looks who else is.
func (n *Node) refresh(ctx context.Context) error {
	return n.within(ctx, func(ctx context.Context) error {
		known, err := n.service.store.SeeNode(ctx, int64(n.ID()), n.name, n.started)
		if err == nil && !known {
			err = n.register(ctx)
		}
		if err != nil {
			return err
		}
		return n.look(ctx)
	})
}

// within bounds what a node does by itself.
func (n *Node) within(ctx context.Context, do func(context.Context) error) error {
	ctx, release := n.service.db.Guard(ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	return n.service.fault(ctx, do(ctx))
}

func (n *Node) register(ctx context.Context) error {
	id, err := n.service.store.AddNode(ctx, int64(n.ID()), n.name, n.version, n.started)
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.id = NodeID(id)
	n.mu.Unlock()
	return nil
}

func (n *Node) look(ctx context.Context) error {
	ids, err := n.service.store.OtherNodes(ctx, int64(n.ID()))
	if err != nil {
		return err
	}
	others := make([]NodeID, len(ids))
	for i, id := range ids {
		others[i] = NodeID(id)
	}
	n.mu.Lock()
	n.others = others
	n.mu.Unlock()
	return nil
}

func (n *Node) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && ReasonOf(err) != Unavailable {
		n.service.log.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err))
	}
}

// NodeSignal is a hint one node left for the others in the database. Body is JSON of
// whoever gave it, and empty for the reader's own.
type NodeSignal struct {
	ID   int64
	Node NodeID
	Kind string
	Body []byte
}

// SignalKindBytes is how long the kind of a signal may be.
const SignalKindBytes = 20

// LeaveSignals writes hints for the other nodes with one statement. Kinds longer than
// SignalKindBytes are an error.
func (n *Node) LeaveSignals(ctx context.Context, signals []NodeSignal) error {
	rows := make([]store.Signal, len(signals))
	for i, x := range signals {
		rows[i] = store.Signal{Kind: x.Kind, Body: append([]byte{}, x.Body...)} // never NULL
	}
	return n.within(ctx, func(ctx context.Context) error {
		return n.service.store.AddSignals(ctx, int64(n.ID()), rows)
	})
}

// Signals reads the hints with ids above after, in order, at most limit, this node's own
// among them without their bodies. One with a smaller id may appear later.
func (n *Node) Signals(ctx context.Context, after int64, limit int) (out []NodeSignal, err error) {
	err = n.within(ctx, func(ctx context.Context) error {
		rows, err := n.service.store.Signals(ctx, int64(n.ID()), after, limit)
		for _, r := range rows {
			out = append(out, NodeSignal{ID: r.ID, Node: NodeID(r.Node), Kind: r.Kind, Body: r.Body})
		}
		return err
	})
	return out, err
}

// LastSignal returns the id of the newest hint, 0 without any.
func (n *Node) LastSignal(ctx context.Context) (id int64, err error) {
	err = n.within(ctx, func(ctx context.Context) error {
		id, err = n.service.store.LastSignal(ctx)
		return err
	})
	return id, err
}

// PruneSignals removes hints older than ten seconds.
func (n *Node) PruneSignals(ctx context.Context) error {
	return n.within(ctx, n.service.store.PruneSignals)
}
