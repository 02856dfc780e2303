package wire

import (
	"context"
	"net"
	"runtime/debug"
	"sync"
)

// sessions counts the connections that have left their requests behind.
type sessions struct {
	mu   sync.Mutex
	open int
	none chan struct{} // closed when the last one ends; nil while nobody waits
}

func (s *sessions) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
}

func (s *sessions) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open == 0 && s.none != nil {
		close(s.none)
		s.none = nil
	}
}

// Wait waits until every connection has ended, or ctx. A connection that the Hub ended
// is read from a moment longer, so that its client gets to read why.
func (s *Server) Wait(ctx context.Context) {
	s.sessions.mu.Lock()
	if s.sessions.open == 0 {
		s.sessions.mu.Unlock()
		return
	}
	if s.sessions.none == nil {
		s.sessions.none = make(chan struct{})
	}
	none := s.sessions.none
	s.sessions.mu.Unlock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}

// survive keeps a fault met in serving one client from ending everybody's.
func (s *Server) survive(conn net.Conn) {
	if p := recover(); p != nil {
		s.panicked(p)
		_ = conn.Close()
	}
}

func (s *Server) panicked(p any) {
	s.Log.Error("panic in a connection", "panic", p, "stack", string(debug.Stack()))
}
