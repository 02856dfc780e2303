package realtime

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
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
	// typingJitter is how much sooner than that a frame may come that another node let
	// pass: its way took less time than that of the one before.
	typingJitter = 500 * time.Millisecond
)

// typist is a member typing in a conversation.
type typist struct {
	Conversation messaging.ConversationID `json:"conversation"`
	Member       wpauth.UserID            `json:"member"`
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
	changes atomic.Int64 // how many circles were forgotten

	mu     sync.Mutex
	recent *cache.Cache[typist, time.Time] // when it was last told; guarded by mu
}

func newTyping() *typing {
	return &typing{
		circles: cache.New[messaging.ConversationID, *messaging.Circle](cache.Options{TTL: circleAge, MaxItems: 20_000}),
		recent:  cache.New[typist, time.Time](cache.Options{TTL: typingPause, MaxItems: 50_000}),
	}
}

// changedBy forgets a circle that an event changes.
func (t *typing) changedBy(d *messaging.Delivery) {
	switch d.Kind {
	case messaging.EventLeft, messaging.EventDeleted, messaging.EventBlocked, messaging.EventPurged, messaging.EventErased:
		t.changes.Add(1)
		t.circles.Delete(d.Conversation)
	}
}

// due reports whether somebody was not told of for some time, and notes that they are now.
func (t *typing) due(who typist, pause time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if last, lately := t.recent.Get(who); lately && now.Sub(last) < pause {
		return false
	}
	t.recent.Set(who, now)
	return true
}

// typingSignal tells other nodes who is typing. To are those it may be for, where they
// are few: a node that has none of them need not look who takes part. It never lets
// anybody be told.
type typingSignal struct {
	typist
	To []wpauth.UserID `json:"to,omitempty"`
}

// typingNamed is how many members a signal names.
const typingNamed = 100

// Typing tells the others of a conversation that a member is typing, as the frame typing
// does: those apart by a block, and who switched typing off, excepted. The surface has
// admitted the member to writing. told is false when the member or the site's owner has
// it switched off. Refusals are those of reading the conversation.
func (h *Hub) Typing(ctx context.Context, a messaging.Actor, id messaging.ConversationID) (told bool, err error) {
	circle, err := h.circle(ctx, id, a.ID)
	if err != nil {
		return false, err
	}
	if !circle.Has(a.ID) {
		return false, h.Service.Absent(ctx, a, id)
	}
	allowed, err := h.mayBeTold(ctx, a.ID)
	if err == nil && allowed && h.typing.due(typist{id, a.ID}, typingPause) {
		err = h.types(ctx, circle, typist{id, a.ID})
	}
	return allowed, err
}

// isTyping is the frame typing. Who does not take part is refused; whoever may not write
// now is not told of.
func (h *Hub) isTyping(member wpauth.UserID, id messaging.ConversationID) *Ending {
	if id <= 0 {
		return NoConversation
	}
	ctx, cancel := h.typingContext()
	defer cancel()
	circle, err := h.circle(ctx, id, member)
	if err != nil {
		return h.typingFailed(err)
	}
	if !circle.Has(member) {
		return NoConversation
	}
	if !h.typing.due(typist{id, member}, typingPause) {
		return nil
	}
	if err := h.Service.Admit(ctx, messaging.Actor{ID: member}, messaging.GateWrite); err != nil {
		return h.typingFailed(err)
	}
	allowed, err := h.mayBeTold(ctx, member)
	if err == nil && allowed {
		err = h.types(ctx, circle, typist{id, member})
	}
	return h.typingFailed(err)
}

func (h *Hub) typingContext() (context.Context, context.CancelFunc) {
	ctx, release := h.Guard(h.ctx)
	ctx, cancel := context.WithTimeout(ctx, typingTime)
	return ctx, func() { cancel(); release() }
}

// typingFailed logs what is no refusal: nobody misses a hint.
func (h *Hub) typingFailed(err error) *Ending {
	if err != nil && messaging.ReasonOf(err) == "" && h.ctx.Err() == nil {
		h.Log.Warn("who is typing cannot be told", "error", err)
	}
	return nil
}

// circle is who takes part in a conversation. When a member does not, it is looked at
// anew: they may have come back a moment ago.
func (h *Hub) circle(ctx context.Context, id messaging.ConversationID, member wpauth.UserID) (*messaging.Circle, error) {
	load := func(ctx context.Context) (*messaging.Circle, error) { return h.Service.CircleOf(ctx, id) }
	known, cached := h.typing.circles.Peek(id)
	if cached && known.Has(member) {
		return known, nil
	}
	if cached {
		h.typing.circles.Delete(id)
	}
	return h.typing.circles.Fetch(ctx, id, load)
}

// mayBeTold reports whether others may be told that a member is typing.
func (h *Hub) mayBeTold(ctx context.Context, member wpauth.UserID) (bool, error) {
	chosen, err := h.Service.PreferencesOf(ctx, []wpauth.UserID{member})
	return chosen[member].Typing, err
}

// types tells this node's clients and the other nodes.
func (h *Hub) types(ctx context.Context, circle *messaging.Circle, who typist) error {
	others := othersOf(circle, who.Member)
	if len(others) == 0 {
		return nil
	}
	s := typingSignal{typist: who}
	if len(others) <= typingNamed {
		s.To = others
	}
	h.signal(SignalTyping, s)
	return h.tellTyping(ctx, circle, who)
}

// othersOf are those who may be told what a member does, without that one.
func othersOf(circle *messaging.Circle, member wpauth.UserID) []wpauth.UserID {
	return slices.DeleteFunc(circle.Audience(member), func(id wpauth.UserID) bool { return id == member })
}

// tellTyping tells those here who may know and want to. When the circle changed on the
// way it begins anew: who was told that they left is told nothing after it.
func (h *Hub) tellTyping(ctx context.Context, circle *messaging.Circle, who typist) error {
	f := encode("typing", typingFrame{"typing", who.Conversation, who.Member, int(typingShown / time.Second)})
	for range 3 {
		here := h.connected(othersOf(circle, who.Member))
		if len(here) == 0 {
			return nil
		}
		chosen, err := h.Service.PreferencesOf(ctx, here)
		if err != nil {
			return err
		}
		if h.giveTyping(circle, who, here, chosen, f) {
			return nil
		}
		if circle, err = h.circle(ctx, who.Conversation, who.Member); err != nil {
			return err
		}
	}
	return nil
}

// giveTyping queues a frame for members, unless their circle is not the newest known.
func (h *Hub) giveTyping(circle *messaging.Circle, who typist, here []wpauth.UserID, chosen map[wpauth.UserID]messaging.Preferences, f *Frame) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if newest, known := h.typing.circles.Peek(who.Conversation); !known || newest != circle {
		return false
	}
	for _, id := range here {
		if !chosen[id].Typing {
			continue
		}
		for _, c := range h.members[id] {
			c.give(f)
		}
	}
	return true
}

// typingElsewhere takes in that somebody is typing on another node. This node decides by
// what it reads itself who is told.
func (h *Hub) typingElsewhere(body json.RawMessage) {
	var s typingSignal
	if json.Unmarshal(body, &s) != nil || s.Conversation <= 0 || s.Member <= 0 {
		return
	}
	if len(s.To) > 0 && len(h.connected(s.To)) == 0 {
		return
	}
	ctx, cancel := h.typingContext()
	defer cancel()
	circle, err := h.circle(ctx, s.Conversation, s.Member)
	if err != nil || !circle.Has(s.Member) {
		h.typingFailed(err)
		return
	}
	if len(h.connected(othersOf(circle, s.Member))) == 0 {
		return
	}
	allowed, err := h.mayBeTold(ctx, s.Member)
	if err == nil && allowed && h.typing.due(s.typist, typingPause-typingJitter) {
		err = h.tellTyping(ctx, circle, s.typist)
	}
	h.typingFailed(err)
}
