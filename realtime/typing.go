package realtime

import (
	"context"
	"time"

	"parley/internal/cache"
	"parley/messaging"
	"parley/wpauth"
)

const (
	// typingShown is how long clients show that somebody is typing.
	typingShown = 6 * time.Second
	// typingPause is the shortest time between two frames of a member in a conversation;
	// what comes sooner is dropped.
	typingPause = 3 * time.Second
	// circleAge is how old may be what is known of who takes part in a conversation and
	// who blocked whom, where nothing is written that would say so.
	circleAge = time.Second
	// typingTime bounds looking that up.
	typingTime = 2 * time.Second
)

// typist is a member typing in a conversation.
type typist struct {
	Conversation messaging.ConversationID
	Member       wpauth.UserID
}

type typingFrame struct {
	Type         string                   `json:"type"`
	Conversation messaging.ConversationID `json:"conversation"`
	Member       wpauth.UserID            `json:"member"`
	For          int                      `json:"for"`
}

// typing remembers what is needed to tell who is typing. Nothing of it is stored.
type typing struct {
	circles *cache.Cache[messaging.ConversationID, *messaging.Circle]
	recent  *cache.Cache[typist, struct{}]
}

func newTyping() typing {
	return typing{
		circles: cache.New[messaging.ConversationID, *messaging.Circle](cache.Options{TTL: circleAge, MaxItems: 20_000}),
		recent:  cache.New[typist, struct{}](cache.Options{TTL: typingPause, MaxItems: 50_000}),
	}
}

// changedBy forgets a circle that an event changes.
func (t typing) changedBy(d *messaging.Delivery) {
	switch d.Kind {
	case messaging.EventLeft, messaging.EventDeleted, messaging.EventBlocked, messaging.EventPurged, messaging.EventErased:
		t.circles.Delete(d.Conversation)
	}
}

// isTyping tells the others of a conversation that a member is typing, those apart by a
// block excepted: neither side sees the other. Who does not take part is refused.
func (h *Hub) isTyping(member wpauth.UserID, id messaging.ConversationID) *Ending {
	if id <= 0 {
		return NoConversation
	}
	ctx, release := h.Guard(h.ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, typingTime)
	defer cancel()
	circle, err := h.typing.circles.Fetch(ctx, id, func(ctx context.Context) (*messaging.Circle, error) {
		return h.Service.CircleOf(ctx, id)
	})
	if err != nil {
		return nil // the database is away: nobody misses a hint
	}
	if !circle.Has(member) {
		return NoConversation
	}
	key := typist{id, member}
	if _, lately := h.typing.recent.Get(key); lately {
		return nil
	}
	h.typing.recent.Set(key, struct{}{})
	f := encode("typing", typingFrame{"typing", id, member, int(typingShown / time.Second)})
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range circle.Audience(member) {
		if other == member {
			continue
		}
		for _, c := range h.members[other] {
			c.give(f)
		}
	}
	return nil
}
