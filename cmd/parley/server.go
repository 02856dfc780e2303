package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"parley/api"
	"parley/config"
)

// Bounds of the HTTP servers.
const (
	// shutdownTime is how long accepted requests may take to finish.
	shutdownTime = 15 * time.Second
	// headerTime is for the head of a request, bodyTime for all of it; a body is
	// 256 KiB at most.
	headerTime = 5 * time.Second
	bodyTime   = 15 * time.Second
	// writeMargin is added to the request timeout for writing the answer.
	writeMargin = 10 * time.Second
	// idleTime is longer than what web servers keep connections to upstreams for,
	// so that it is they who close first.
	idleTime = 120 * time.Second
	// maxHeader is enough for the largest cookies a browser sends.
	maxHeader = 64 << 10
)

// Server is the running service: two listeners, and behind them, as soon as the
// database is there, the assembled rooms. End-to-end tests start the same struct,
// with port 0.
type Server struct {
	Config  *config.Config
	Log     *slog.Logger
	Version string
	// Started is called once with the two addresses, after both listen. May be nil.
	Started func(public, ops net.Addr)

	front   *api.Front
	health  *api.Health
	metrics *api.Metrics
	rooms   atomic.Pointer[rooms]
}

// Run serves until ctx ends, then finishes what was accepted and returns nil. An
// error is why it could not start or go on.
func (s *Server) Run(ctx context.Context) error {
	s.health = &api.Health{Ready: s.ready}
	s.front = api.NewFront(s.health)
	s.metrics = api.NewMetrics(s.Version)

	public, err := net.Listen("tcp", s.Config.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (setting listen, PARLEY_LISTEN): %w", s.Config.Listen, errors.Unwrap(err))
	}
	defer public.Close()
	ops, err := net.Listen("tcp", s.Config.OpsListen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (setting ops_listen, PARLEY_OPS_LISTEN): %w", s.Config.OpsListen, errors.Unwrap(err))
	}
	defer ops.Close()
	s.Log.Info("parley listens", "version", s.Version, "listen", public.Addr().String(), "ops_listen", ops.Addr().String())
	if s.Started != nil {
		s.Started(public.Addr(), ops.Addr())
	}

	// Whoever ends first, ends all: a listener that fails, an assembly that cannot
	// be, or ctx.
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	opsServer, publicServer := s.http(api.Ops(s.health, s.metrics, s.Config.Profiling)), s.http(s.front)
	for l, srv := range map[net.Listener]*http.Server{public: publicServer, ops: opsServer} {
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				stop(err)
			}
		}()
	}
	assembled := make(chan struct{})
	go func() {
		defer close(assembled)
		if err := s.assemble(ctx); err != nil && ctx.Err() == nil {
			stop(err)
		}
	}()

	<-ctx.Done()
	why := context.Cause(ctx)
	if errors.Is(why, context.Canceled) {
		why = nil // asked to stop
		s.Log.Info("stopping")
	}
	s.shutdown(publicServer, opsServer)
	<-assembled
	if r := s.rooms.Load(); r != nil {
		r.close()
	}
	if why == nil {
		s.Log.Info("stopped")
	}
	return why
}

func (s *Server) http(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      s.Config.RequestTimeout + writeMargin,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

// shutdown stops accepting and waits for what was accepted. Operators can look on
// until the end.
func (s *Server) shutdown(public, ops *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if r := s.rooms.Load(); r != nil {
		// Long polls are requests that would be waited for.
		var told sync.WaitGroup
		told.Go(r.disconnect)
		defer told.Wait()
	}
	if err := public.Shutdown(ctx); err != nil {
		s.Log.Warn("some requests did not finish in time and were cut off", "error", err)
		_ = public.Close()
	}
	_ = ops.Close()
}

// ready is what /readyz asks.
func (s *Server) ready(ctx context.Context) error {
	r := s.rooms.Load()
	if r == nil {
		return errors.New("starting, or waiting for the database")
	}
	return r.ready(ctx)
}
