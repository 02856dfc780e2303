package realtime

import (
	"sync/atomic"
	"time"
)

// stats are the counters of a Hub.
type stats struct {
	websockets, serverEvents, polls  atomic.Int64
	frames, dropped, resumes, resets atomic.Int64
	lag                              func(time.Duration) // nil: nobody asks
}

func (s *stats) open(k Kind, n int64) {
	switch k {
	case WebSocket:
		s.websockets.Add(n)
	case ServerEvents:
		s.serverEvents.Add(n)
	case LongPoll:
		s.polls.Add(n)
	}
}

// delivered counts what was written, and how long ago it was committed.
func (s *stats) delivered(frames []*Frame) {
	now := time.Now()
	for _, f := range frames {
		if f.Type == "" {
			continue
		}
		s.frames.Add(1)
		if !f.at.IsZero() && s.lag != nil {
			s.lag(max(0, now.Sub(f.at)))
		}
	}
}

// Stats is what a Hub counted.
type Stats struct {
	// WebSockets, ServerEvents and Polls are the connections open now.
	WebSockets, ServerEvents, Polls int64
	// Frames were written to clients; Dropped readers were too slow; Resumes came with a
	// position, Resets of them with one too old.
	Frames, Dropped, Resumes, Resets int64
	// Signals are the hints to and from other nodes.
	Signals RelayStats
}

// Stats returns the counters.
func (h *Hub) Stats() Stats {
	s := &h.stats
	out := Stats{s.websockets.Load(), s.serverEvents.Load(), s.polls.Load(),
		s.frames.Load(), s.dropped.Load(), s.resumes.Load(), s.resets.Load(), RelayStats{}}
	if h.Relay != nil {
		out.Signals = h.Relay.Stats()
	}
	return out
}
