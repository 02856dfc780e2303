package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// watcher pings the database on a connection of its own, so that a busy pool
// neither hides an outage nor looks like one.
type watcher struct {
	connector driver.Connector
	interval  time.Duration
	timeout   time.Duration
	log       *slog.Logger
	changed   func(away bool)

	ending context.Context
	end    context.CancelFunc
	ended  chan struct{}

	mu sync.Mutex
	// present lives while the database is there, and is cancelled with cause
	// ErrUnavailable when it goes; a new one is made when it is back.
	present context.Context
	leave   context.CancelCauseFunc
}

func newWatcher(c driver.Connector, o Options, changed func(away bool)) *watcher {
	w := &watcher{connector: c, interval: o.PingInterval, timeout: o.PingTimeout, log: o.Logger,
		changed: changed, ended: make(chan struct{})}
	w.ending, w.end = context.WithCancel(context.Background())
	w.present, w.leave = context.WithCancelCause(context.Background())
	return w
}

func (w *watcher) stop() {
	w.end()
	<-w.ended
}

func (w *watcher) available() bool { return w.epoch().Err() == nil }

func (w *watcher) epoch() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.present
}

func (w *watcher) guard(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	present := w.epoch()
	if present.Err() != nil {
		cancel(ErrUnavailable)
		return ctx, func() {}
	}
	stop := context.AfterFunc(present, func() { cancel(ErrUnavailable) })
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}

// run looks at the database until stop is called. A connection that breaks is
// replaced at once: the server may have closed just this one, and only when a new
// one cannot be had is the database away.
func (w *watcher) run() {
	defer close(w.ended)
	var c *conn
	defer func() {
		if c != nil {
			_ = c.Close()
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.ending.Done():
			return
		case <-timer.C:
		}
		var err error
		if c, err = w.look(c); err != nil && w.ending.Err() == nil {
			w.gone(err)
		} else if err == nil {
			w.back()
		}
		timer.Reset(w.interval)
	}
}

// look pings once, within the timeout in all, and returns the connection for the
// next look, or nil.
func (w *watcher) look(c *conn) (*conn, error) {
	ctx, cancel := context.WithTimeout(w.ending, w.timeout)
	defer cancel()
	if c != nil {
		err := c.Ping(ctx)
		if err == nil {
			return c, nil
		}
		_ = c.Close()
		if ctx.Err() != nil {
			return nil, errors.Join(errNoAnswer, err)
		}
	}
	raw, err := w.connector.Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(errNoAnswer, err)
		}
		return nil, err
	}
	return raw.(*conn), nil
}

var errNoAnswer = errors.New("no answer in time")

func (w *watcher) gone(reason error) {
	w.mu.Lock()
	already := w.present.Err() != nil
	w.leave(ErrUnavailable)
	w.mu.Unlock()
	if already {
		return
	}
	w.changed(true)
	w.log.Error("the database is away", "error", reason)
}

func (w *watcher) back() {
	w.mu.Lock()
	if w.present.Err() == nil {
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	// The pool is ready before anybody is told.
	w.changed(false)
	w.mu.Lock()
	w.present, w.leave = context.WithCancelCause(context.Background())
	w.mu.Unlock()
	w.log.Info("the database is back")
}
