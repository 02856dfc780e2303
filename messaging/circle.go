package messaging

import (
	"context"
	"slices"

	"parley/messaging/store"
	"parley/wpauth"
)

// Circle is who takes part in a conversation, and who of them must not hear of another:
// what is told of members while nothing is written (typing, read positions).
type Circle struct {
	Type    Type
	Members []wpauth.UserID // active ones, ascending
	// apart are pairs one of whom blocked the other, in both directions.
	apart map[[2]wpauth.UserID]bool
}

// Has reports whether somebody takes part.
func (r *Circle) Has(id wpauth.UserID) bool {
	return r != nil && slices.Contains(r.Members, id)
}

// Apart reports whether one of two members blocked the other.
func (r *Circle) Apart(one, other wpauth.UserID) bool {
	return r.apart[[2]wpauth.UserID{one, other}]
}

// Audience are the members who may be told what one of them does, that one included;
// nobody when they do not take part.
func (r *Circle) Audience(actor wpauth.UserID) []wpauth.UserID {
	if !r.Has(actor) {
		return nil
	}
	out := make([]wpauth.UserID, 0, len(r.Members))
	for _, id := range r.Members {
		if !r.Apart(actor, id) {
			out = append(out, id)
		}
	}
	return out
}

// Absent is why a member does not take part in a conversation: there is none, it is
// others', or they left.
func (s *Service) Absent(ctx context.Context, a Actor, id ConversationID) error {
	if _, err := s.Get(ctx, a, id); err != nil {
		return err
	}
	return hasLeft()
}

// CircleOf reads the circle of one conversation; nobody takes part in one that does not
// exist.
func (s *Service) CircleOf(ctx context.Context, id ConversationID) (*Circle, error) {
	circles, err := s.CirclesOf(ctx, []ConversationID{id})
	if err != nil {
		return nil, err
	}
	return circles[id], nil
}

// CirclesOf is CircleOf for several conversations: two statements for every 200.
func (s *Service) CirclesOf(ctx context.Context, ids []ConversationID) (map[ConversationID]*Circle, error) {
	out := make(map[ConversationID]*Circle, len(ids))
	for batch := range slices.Chunk(ids, circlesPerStatement) {
		list := make([]int64, len(batch))
		for i, id := range batch {
			list[i] = int64(id)
		}
		circles, err := s.circlesOf(ctx, list)
		if err != nil {
			return nil, s.fault(ctx, err)
		}
		for _, id := range batch {
			if out[id] = circles[id]; out[id] == nil {
				out[id] = &Circle{}
			}
		}
	}
	return out, nil
}

// circlesPerStatement bounds how many conversations one statement of CirclesOf is about.
const circlesPerStatement = 200

// circlesOf reads circles with two statements: the places, and the community's blocks
// among everybody in them.
func (s *Service) circlesOf(ctx context.Context, ids []int64) (map[ConversationID]*Circle, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	seats, err := s.store.Seats(ctx, ids)
	if err != nil {
		return nil, err
	}
	everybody := make([]int64, 0, len(seats))
	for _, seat := range seats {
		everybody = append(everybody, seat.User)
	}
	slices.Sort(everybody)
	pairs, err := s.store.BlockedPairs(ctx, slices.Compact(everybody))
	if err != nil {
		return nil, err
	}
	apart := make(map[[2]wpauth.UserID]bool, 2*len(pairs))
	for _, p := range pairs {
		separate(apart, p[0], p[1])
	}
	out := make(map[ConversationID]*Circle, len(ids))
	for start := 0; start < len(seats); {
		end := start + 1
		for end < len(seats) && seats[end].Conversation == seats[start].Conversation {
			end++
		}
		out[ConversationID(seats[start].Conversation)] = circleFrom(seats[start:end], apart)
		start = end
	}
	return out, nil
}

func separate(apart map[[2]wpauth.UserID]bool, a, b int64) {
	one, other := wpauth.UserID(a), wpauth.UserID(b)
	apart[[2]wpauth.UserID{one, other}], apart[[2]wpauth.UserID{other, one}] = true, true
}

// circleFrom makes one of the places of a conversation. A block in a direct thread keeps
// its two apart in that thread alone.
func circleFrom(seats []store.Seat, apart map[[2]wpauth.UserID]bool) *Circle {
	r := &Circle{Type: Type(seats[0].Type), apart: apart}
	blocked := false
	for _, seat := range seats {
		r.Members = append(r.Members, wpauth.UserID(seat.User))
		blocked = blocked || seat.Blocked
	}
	if r.Type == Direct && blocked && len(seats) == 2 {
		r.apart = map[[2]wpauth.UserID]bool{}
		separate(r.apart, seats[0].User, seats[1].User)
	}
	return r
}
