package messaging

import (
	"context"
	"sync"

	"parley/wpauth"
)

// turnstile lets the writing use cases of one member through one at a time, so that
// what is counted before a message is written (limits, client ids) is still true when
// it is. It is about this process only; between processes the unique keys of the
// tables decide, and the limits may be passed by a message or two.
type turnstile struct {
	mu    sync.Mutex
	gates map[wpauth.UserID]*gate
}

type gate struct {
	free    chan struct{} // holds one token while nobody is inside
	waiting int           // inside or waiting; guarded by turnstile.mu
}

func newTurnstile() *turnstile { return &turnstile{gates: make(map[wpauth.UserID]*gate)} }

// enter waits for the member's turn and returns how to leave. An error is the context's.
func (t *turnstile) enter(ctx context.Context, id wpauth.UserID) (leave func(), err error) {
	t.mu.Lock()
	g := t.gates[id]
	if g == nil {
		g = &gate{free: make(chan struct{}, 1)}
		g.free <- struct{}{}
		t.gates[id] = g
	}
	g.waiting++
	t.mu.Unlock()

	select {
	case <-g.free:
		return func() { g.free <- struct{}{}; t.done(id, g) }, nil
	case <-ctx.Done():
		t.done(id, g)
		return nil, ctx.Err()
	}
}

func (t *turnstile) done(id wpauth.UserID, g *gate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.waiting--; g.waiting == 0 {
		delete(t.gates, id)
	}
}
