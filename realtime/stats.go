package realtime

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// stats are the counters of a Hub.
type stats struct {
	websockets, serverEvents, polls          atomic.Int64
	events, frames, dropped, resumes, resets atomic.Int64
	ended, refused                           reasons
	lag                                      func(time.Duration) // nil: nobody asks
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

// delivered counts what was written, and how long ago it was committed. What was missed,
// up to a position, says nothing of how late it is.
func (s *stats) delivered(frames []*Frame, missed int64) {
	now := time.Now()
	for _, f := range frames {
		if f.Type == "" {
			continue
		}
		s.frames.Add(1)
		if !f.at.IsZero() && f.position > missed && s.lag != nil {
			s.lag(max(0, now.Sub(f.at)))
		}
	}
}

// reasons counts endings by their reason.
type reasons struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (r *reasons) count(e *Ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int64{}
	}
	r.counts[e.Reason]++
}

func (r *reasons) read() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]int64, len(endings))
	for _, e := range endings {
		out[e.Reason] = 0
	}
	maps.Copy(out, r.counts)
	return out
}

// Refused counts somebody who was not let in.
func (h *Hub) Refused(e *Ending) { h.stats.refused.count(e) }

// Stats is what a Hub counted.
type Stats struct {
	// WebSockets, ServerEvents and Polls are the connections open now.
	WebSockets, ServerEvents, Polls int64
	// Events were taken in, whomever they were for; Frames were written to clients;
	// Dropped readers were too slow; Resumes came with a position, Resets of them with
	// one too old.
	Events, Frames, Dropped, Resumes, Resets int64
	// Ended connections and Refused clients, by the reason of their Ending. Every reason
	// there is stands in both.
	Ended, Refused map[string]int64
	// Signals are the hints to and from other nodes.
	Signals RelayStats
}

// Stats returns the counters.
func (h *Hub) Stats() Stats {
	s := &h.stats
	out := Stats{s.websockets.Load(), s.serverEvents.Load(), s.polls.Load(), s.events.Load(),
		s.frames.Load(), s.dropped.Load(), s.resumes.Load(), s.resets.Load(), s.ended.read(), s.refused.read(), RelayStats{}}
	if h.Relay != nil {
		out.Signals = h.Relay.Stats()
	}
	return out
}
