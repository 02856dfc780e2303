package messaging

import (
	"sync/atomic"

	"parley/internal/cache"
)

// Counts are running totals of this process, for operators.
type Counts struct {
	// Messages counts what members sent, notices not included; Conversations those
	// that are new; Events everything that was recorded.
	Messages, Conversations, Events uint64
}

// tally counts what is recorded. An event is the last thing its transaction writes,
// so only a COMMIT that fails is counted without having happened.
type tally struct{ messages, conversations, events atomic.Uint64 }

func (t *tally) add(events []event) {
	t.events.Add(uint64(len(events)))
	for i := range events {
		switch p := events[i].payload.(type) {
		case ConversationCreated:
			t.conversations.Add(1)
		case MessageSent:
			if !p.System {
				t.messages.Add(1)
			}
		}
	}
}

// Counts returns the totals since New.
func (s *Service) Counts() Counts {
	return Counts{s.tally.messages.Load(), s.tally.conversations.Load(), s.tally.events.Load()}
}

// CacheStats returns the counters of the caches of counts and of search, by name.
func (s *Service) CacheStats() map[string]cache.Stats {
	return map[string]cache.Stats{
		"unread":       s.mailboxes.unread.Stats(),
		"totals":       s.mailboxes.totals.Stats(),
		"search_text":  s.search.texts.Stats(),
		"search_names": s.search.names.names.Stats(),
		"preferences":  s.preferences.known.Stats(),
	}
}

// SearchBytes is the memory that texts for search take.
func (s *Service) SearchBytes() int64 {
	_, bytes := s.search.texts.Size()
	return bytes
}
