package realtime

import (
	"context"
	"maps"
	"slices"

	"parley/messaging"
	"parley/wpauth"
)

// circlesOf are the circles of conversations, not older than circleAge.
func (h *Hub) circlesOf(ctx context.Context, ids []messaging.ConversationID) (map[messaging.ConversationID]*messaging.Circle, error) {
	out := make(map[messaging.ConversationID]*messaging.Circle, len(ids))
	var missing []messaging.ConversationID
	for _, id := range ids {
		if r, ok := h.typing.circles.Peek(id); ok {
			out[id] = r
		} else {
			missing = append(missing, id)
		}
	}
	begun := h.typing.changes.Load()
	found, err := h.Service.CirclesOf(ctx, missing)
	for id, r := range found {
		if h.typing.changes.Load() == begun {
			h.typing.circles.Set(id, r)
		}
		out[id] = r
	}
	return out, err
}

// circlesFor is circlesOf for members who say that they are in the conversations: where
// somebody is not as far as is known, it is looked at anew.
func (h *Hub) circlesFor(ctx context.Context, asked map[messaging.ConversationID][]wpauth.UserID) (map[messaging.ConversationID]*messaging.Circle, error) {
	found, err := h.circlesOf(ctx, slices.Sorted(maps.Keys(asked)))
	if err != nil {
		return nil, err
	}
	var doubted []messaging.ConversationID
	for id, members := range asked {
		if slices.ContainsFunc(members, func(m wpauth.UserID) bool { return !found[id].Has(m) }) {
			h.typing.circles.Delete(id)
			doubted = append(doubted, id)
		}
	}
	again, err := h.circlesOf(ctx, doubted)
	maps.Copy(found, again)
	return found, err
}

// sight is what somebody may know of the others in conversations: true for those they
// share one with, false for those they are apart from in any of them.
func sight(viewer wpauth.UserID, circles []*messaging.Circle) map[wpauth.UserID]bool {
	out := map[wpauth.UserID]bool{}
	for _, r := range circles {
		if !r.Has(viewer) || len(r.Members) > largestWatched {
			continue
		}
		for _, id := range r.Members {
			if id == viewer {
				continue
			}
			seen, met := out[id]
			out[id] = (seen || !met) && !r.Apart(viewer, id)
		}
	}
	return out
}

// list makes what a viewer is told of everybody in sight, by id. Who is there but may
// not be seen looks like somebody who switched presence off.
func list(seen map[wpauth.UserID]bool, states func(wpauth.UserID) messaging.Presence) []Present {
	out := make([]Present, 0, len(seen))
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		var p messaging.Presence
		if seen[id] {
			p = states(id)
		}
		out = append(out, present(id, p))
	}
	return out
}

// Presence answers how the others in a member's conversations are there. One the member
// is not in is refused as messaging refuses it; those of more than 50 members are left
// out, and everybody is for a member who switched presence off.
func (h *Hub) Presence(ctx context.Context, member wpauth.UserID, ids []messaging.ConversationID) ([]Present, error) {
	asked := make(map[messaging.ConversationID][]wpauth.UserID, len(ids))
	for _, id := range ids {
		asked[id] = []wpauth.UserID{member}
	}
	found, err := h.circlesFor(ctx, asked)
	if err != nil {
		return nil, err
	}
	circles := make([]*messaging.Circle, len(ids))
	for i, id := range ids {
		circles[i] = found[id]
		switch {
		case len(circles[i].Members) == 0:
			return nil, messaging.Refuse(messaging.NotFound, "")
		case !circles[i].Has(member):
			return nil, messaging.Refuse(messaging.NotParticipant, "")
		}
	}
	chosen, err := h.Service.PreferencesOf(ctx, []wpauth.UserID{member})
	if err != nil || !chosen[member].Presence {
		return []Present{}, err
	}
	seen := sight(member, circles)
	states, err := h.Service.PresenceOf(ctx, slices.Collect(maps.Keys(seen)))
	if err != nil {
		return nil, err
	}
	return list(seen, func(id wpauth.UserID) messaging.Presence { return states[id] }), nil
}
