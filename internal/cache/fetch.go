package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// flight is one load under way, and who waits for it. done is closed when value
// and err are set; waiters is guarded by the cache's mutex.
type flight[V any] struct {
	done    chan struct{}
	value   V
	err     error
	waiters int
	cancel  context.CancelFunc
}

// errPanicked tells a load that panicked from one that failed.
var errPanicked = errors.New("cache: load panicked")

// Fetch returns the value of a key, loading it if it is not there. Callers who
// miss the same key at the same time share one load. The load's context carries
// the first caller's values and ends when every caller who waits has gone, so
// that one who gives up fails nobody else; a caller whose context ends gets the
// cause of that. Errors are given to all who wait and are not kept.
//
// A value whose load began before a Delete or Set of its key is never stored, and
// never given to a Fetch that began after it.
func (c *Cache[K, V]) Fetch(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	name := c.nameOf(key)
	if v, ok := c.lookup(name); ok {
		c.hits.Add(1)
		return v, nil
	}
	c.misses.Add(1)
	f := c.board(ctx, name, load)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		c.leave(name, f)
		var zero V
		return zero, context.Cause(ctx)
	}
}

// board joins the flight of a key, or starts one.
func (c *Cache[K, V]) board(ctx context.Context, name string, load func(context.Context) (V, error)) *flight[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[name]; ok {
		f.waiters++
		return f
	}
	// Between the caller's look and the lock another flight may have landed.
	if v, ok := c.lookup(name); ok {
		f := &flight[V]{done: make(chan struct{}), value: v}
		close(f.done)
		return f
	}
	loadCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[V]{done: make(chan struct{}), waiters: 1, cancel: cancel}
	c.flights[name] = f
	go c.fly(loadCtx, name, f, load)
	return f
}

// leave takes one waiter off; the last one ends the load.
func (c *Cache[K, V]) leave(name string, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiters--; f.waiters == 0 && f.cancel != nil {
		f.cancel()
		if c.flights[name] == f {
			delete(c.flights, name)
		}
	}
}

func (c *Cache[K, V]) fly(ctx context.Context, name string, f *flight[V], load func(context.Context) (V, error)) {
	defer f.cancel()
	began := time.Now()
	f.value, f.err = guarded(ctx, load)
	c.mu.Lock()
	if c.flights[name] == f {
		delete(c.flights, name)
		if left := c.ttl - time.Since(began); f.err == nil && left > 0 {
			c.put(name, f.value, left)
		}
	}
	c.mu.Unlock()
	close(f.done)
}

// guarded makes an error of a panic: it happens on the load's own goroutine, where
// nothing above would catch it.
func guarded[V any](ctx context.Context, load func(context.Context) (V, error)) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanicked, p, debug.Stack())
		}
	}()
	return load(ctx)
}
