package messaging

import (
	"container/heap"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/wpauth"
	"parley/wptext"
)

// What a look-up for recipients may ask (contract 1.3, 12).
const (
	SuggestTermMin  = 3
	SuggestTermMax  = 64
	SuggestLimitMax = 20
)

// Suggest finds members the actor may write to, by a part of their display name,
// login or nicename; case and accents do not matter, and nothing is a wildcard. Hits
// at the beginning of one of the three come first, then by display name, then by id.
//
// Who the actor may be offered is read from the database each time (spaces, blocks,
// bans); the names that are searched may be RosterTTL old, so that a space of any
// size costs a look-up its matches only. Members of a space beyond the first
// RosterMax are not offered. Start checks every recipient again.
func (s *Service) Suggest(ctx context.Context, a Actor, term string, limit int) ([]wpauth.Member, error) {
	term = strings.TrimSpace(term)
	if n := utf8.RuneCountInString(term); n < SuggestTermMin || n > SuggestTermMax {
		return nil, Refuse(Invalid, fmt.Sprintf("Type %d to %d characters to look for a member.", SuggestTermMin, SuggestTermMax))
	}
	if limit < 1 || limit > SuggestLimitMax {
		return nil, Refuse(Invalid, fmt.Sprintf("Between 1 and %d members can be suggested at once.", SuggestLimitMax))
	}
	now := s.now()
	if wait := s.suggestions.take(a.ID, now); wait > 0 {
		return nil, &Error{Reason: RateLimited, RetryAfter: wait,
			Text: fmt.Sprintf("You can look up %d members per minute. Please wait a moment.", s.limits.SuggestPerMinute)}
	}
	var spaces []int64
	if s.jetonomy() && !a.Bypass {
		var err error
		if spaces, err = s.store.SuggestSpaces(ctx, int64(a.ID), now); err != nil || len(spaces) == 0 {
			return nil, s.fault(ctx, err)
		}
	}
	hits, err := s.rosters.find(ctx, spaces, wptext.Fold(term))
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	ids, err := s.suggestible(ctx, a, hits, spaces, limit)
	if err != nil || len(ids) == 0 {
		return nil, s.fault(ctx, err)
	}
	cards, err := s.dir.Members(ctx, ids)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make([]wpauth.Member, 0, len(ids))
	for _, id := range ids {
		if m := cards[id]; m.Exists {
			out = append(out, m)
		}
	}
	return out, nil
}

// suggestible takes the first hits that may be offered, asking for a few at a time
// and, should few of them pass, for ever more.
func (s *Service) suggestible(ctx context.Context, a Actor, hits ranking, spaces []int64, limit int) ([]wpauth.UserID, error) {
	var out []wpauth.UserID
	seen := map[int64]bool{int64(a.ID): true} // oneself, and who is in several spaces
	for batch := 2 * limit; len(hits) > 0 && len(out) < limit; batch *= 4 {
		var ids []int64
		for len(hits) > 0 && len(ids) < batch {
			if h := heap.Pop(&hits).(hit); !seen[h.id] {
				seen[h.id] = true
				ids = append(ids, h.id)
			}
		}
		if len(ids) == 0 {
			break
		}
		allowed, err := s.store.Suggestible(ctx, int64(a.ID), ids, spaces, s.now())
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if allowed[id] && len(out) < limit {
				out = append(out, wpauth.UserID(id))
			}
		}
	}
	return out, nil
}

// hit is a member whose name matches.
type hit struct {
	id     int64
	name   string // folded display name
	prefix bool
}

// ranking is a heap of hits, the next to offer on top (contract 1.3, 12): a common
// term has thousands of hits, and a few are asked for.
type ranking []hit

func (r ranking) Len() int { return len(r) }

func (r ranking) Less(i, j int) bool {
	a, b := &r[i], &r[j]
	switch {
	case a.prefix != b.prefix:
		return a.prefix
	case a.name != b.name:
		return a.name < b.name
	}
	return a.id < b.id
}

func (r ranking) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

func (r *ranking) Push(h any) { *r = append(*r, h.(hit)) }

func (r *ranking) Pop() any {
	last := len(*r) - 1
	h := (*r)[last]
	*r = (*r)[:last]
	return h
}
