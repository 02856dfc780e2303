package realtime

import (
	"context"
	"maps"
	"slices"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Present is how a member is there, as the protocol says it.
type Present struct {
	Member wpauth.UserID `json:"member"`
	// State is online, away or offline.
	State string `json:"state"`
	// LastSeen is UTC, to the minute; nil unless offline, and when nobody may know.
	LastSeen *string `json:"last_seen"`
}

func present(id wpauth.UserID, p messaging.Presence) Present {
	out := Present{Member: id, State: p.State.String()}
	if p.State == messaging.Offline && !p.LastSeen.IsZero() {
		at := p.LastSeen.UTC().Format("2006-01-02T15:04:00Z")
		out.LastSeen = &at
	}
	return out
}

type presenceFrame struct {
	Type    string    `json:"type"`
	Members []Present `json:"members"`
}

// differs reports whether something changed that is told. When somebody was last seen is
// told when they go.
func differs(a, b messaging.Presence) bool {
	return a.State != b.State || a.LastSeen.IsZero() != b.LastSeen.IsZero()
}

// tellFirst tells connections of everybody they watch, as long as some wait, but not so
// long that nothing else is done: after a restart everybody waits.
func (h *Hub) tellFirst(ctx context.Context) error {
	for begun := time.Now(); ; {
		owed := h.presence.owed(time.Now())
		if len(owed) == 0 {
			return nil
		}
		if err := h.tellFirstOf(ctx, owed); err != nil {
			h.presence.owe(owed)
			return err
		}
		if time.Since(begun) >= h.presence.times.Pause {
			h.presence.remind()
			return nil
		}
	}
}

func (h *Hub) tellFirstOf(ctx context.Context, owed map[*Conn][]messaging.ConversationID) error {
	begun := h.typing.changes.Load()
	asked := map[messaging.ConversationID][]wpauth.UserID{}
	var viewers []wpauth.UserID
	for c, watched := range owed {
		viewers = append(viewers, c.Member)
		for _, id := range watched {
			asked[id] = append(asked[id], c.Member)
		}
	}
	circles, err := h.circlesFor(ctx, asked)
	if err != nil {
		return err
	}
	chosen, err := h.Service.PreferencesOf(ctx, viewers)
	if err != nil {
		return err
	}
	for c, watched := range owed {
		for _, id := range watched {
			if !circles[id].Has(c.Member) {
				c.End(NoConversation)
				delete(owed, c)
				break
			}
		}
	}
	p := h.presence
	unknown := p.enter(owed, circles, func(id wpauth.UserID) bool { return chosen[id].Presence })
	states, err := h.Service.PresenceOf(ctx, unknown)
	if err != nil {
		return err
	}
	h.mu.Lock() // nobody is told of an event meanwhile
	defer h.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, state := range states {
		if s := p.subjects[id]; s != nil && !s.known {
			s.presence, s.known = state, true
		}
	}
	if h.typing.changes.Load() != begun {
		for c := range owed {
			if c.watch != nil {
				p.wait(c)
			}
		}
		return nil
	}
	for c, watched := range owed {
		if !p.still(c, watched) || len(c.watch.indexed) == 0 {
			continue
		}
		rooms := make([]*messaging.Circle, len(watched))
		for i, id := range watched {
			rooms[i] = circles[id]
		}
		in := sight(c.Member, rooms)
		c.watch.told, c.watch.hidden = time.Now(), nil
		for id, seen := range in {
			c.watch.hide(id, !seen)
		}
		c.give(encode("presence", presenceFrame{"presence", list(in, func(id wpauth.UserID) messaging.Presence {
			return p.subjects[id].presence
		})}))
	}
	return nil
}

// still reports whether a connection watches what it did. Under mu.
func (p *presence) still(c *Conn, watched []messaging.ConversationID) bool {
	return c.watch != nil && slices.Equal(c.watch.conversations, watched)
}

// enter indexes what connections watch, and returns whose state is not known.
func (p *presence) enter(owed map[*Conn][]messaging.ConversationID, circles map[messaging.ConversationID]*messaging.Circle, may func(wpauth.UserID) bool) (unknown []wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, watched := range owed {
		if !p.still(c, watched) {
			continue
		}
		p.unindex(c)
		if !may(c.Member) {
			continue
		}
		for _, id := range watched {
			members := circles[id].Members
			if len(members) > largestWatched {
				continue
			}
			p.index(c, id, members)
			for _, m := range members {
				if !p.subjects[m].known {
					unknown = append(unknown, m)
				}
			}
		}
	}
	slices.Sort(unknown)
	return slices.Compact(unknown)
}

// tellChanges looks at members who may be there differently, and tells those who watch
// them and may know it at this moment.
func (h *Hub) tellChanges(ctx context.Context) error {
	p := h.presence
	p.mu.Lock()
	noticed, turned := slices.Collect(maps.Keys(p.noticed)), maps.Clone(p.turned)
	clear(p.noticed)
	clear(p.turned)
	p.mu.Unlock()
	if len(noticed)+len(turned) == 0 {
		return nil
	}
	done, err := h.tell(ctx, noticed, turned)
	if !done {
		p.notice(noticed)
		p.mu.Lock()
		maps.Copy(p.turned, turned)
		p.mu.Unlock()
	}
	return err
}

// tell tells of the states of members, and of those whom a block now hides from each
// other or no longer does. When events changed on the way who may know, it is not done
// and nobody was told: who was told that they left is told nothing after it.
func (h *Hub) tell(ctx context.Context, noticed []wpauth.UserID, turned map[pair]struct{}) (done bool, err error) {
	begun := h.typing.changes.Load()
	states, err := h.Service.PresenceOf(ctx, noticed)
	if err != nil {
		return false, err
	}
	p := h.presence
	changed, rooms := p.changes(states, turned)
	for _, id := range p.shared(turned) {
		h.typing.circles.Delete(id) // what is known may be from before the block
	}
	circles, err := h.circlesOf(ctx, rooms)
	if err != nil {
		return false, err
	}
	news, viewers := p.news(changed, turned, circles)
	chosen, err := h.Service.PreferencesOf(ctx, viewers)
	if err != nil {
		return false, err
	}
	h.mu.Lock() // nobody is told of an event meanwhile
	defer h.mu.Unlock()
	if h.typing.changes.Load() != begun {
		return false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, state := range changed {
		if s := p.subjects[id]; s != nil {
			s.presence = state
		}
	}
	for c, items := range news {
		if c.watch == nil || !chosen[c.Member].Presence {
			continue
		}
		members := make([]Present, len(items))
		for i, item := range items {
			members[i] = item.Present
			c.watch.hide(item.Member, !item.seen)
		}
		c.watch.told = time.Now()
		c.give(encode("presence", presenceFrame{"presence", members}))
	}
	return true, nil
}

// item is what a connection is told of a member, who may be seen or is hidden by a block.
type item struct {
	Present
	seen bool
}

// changes are members whose state is not the one that was told, with those of turned,
// and the conversations in which somebody may have to be told.
func (p *presence) changes(states map[wpauth.UserID]messaging.Presence, turned map[pair]struct{}) (changed map[wpauth.UserID]messaging.Presence, rooms []messaging.ConversationID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed = map[wpauth.UserID]messaging.Presence{}
	for id, state := range states {
		if s := p.subjects[id]; s != nil && s.known && differs(s.presence, state) {
			changed[id] = state
		}
	}
	for two := range turned {
		for _, id := range two {
			if s := p.subjects[id]; s != nil && s.known {
				if _, also := changed[id]; !also {
					changed[id] = s.presence
				}
			}
		}
	}
	for id := range changed {
		rooms = append(rooms, p.subjects[id].rooms...)
	}
	slices.Sort(rooms)
	return changed, slices.Compact(rooms)
}

// shared are the conversations that both of two members are in.
func (p *presence) shared(turned map[pair]struct{}) (rooms []messaging.ConversationID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for two := range turned {
		one, other := p.subjects[two[0]], p.subjects[two[1]]
		if one == nil || other == nil {
			continue
		}
		for _, id := range one.rooms {
			if slices.Contains(other.rooms, id) {
				rooms = append(rooms, id)
			}
		}
	}
	return rooms
}

// news is what each connection is told. Whom a block hides goes offline for the other
// when it is noticed, whatever their state is, and nothing more is told of them.
func (p *presence) news(changed map[wpauth.UserID]messaging.Presence, turned map[pair]struct{}, circles map[messaging.ConversationID]*messaging.Circle) (news map[*Conn][]item, viewers []wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	news = map[*Conn][]item{}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		s := p.subjects[id]
		if s == nil {
			continue
		}
		same := !differs(s.presence, changed[id])
		for c, seen := range p.watchers(id, s, circles) {
			_, turn := turned[pairOf(id, c.Member)]
			_, hidden := c.watch.hidden[id]
			switch {
			case seen && (hidden || !same):
				news[c] = append(news[c], item{present(id, changed[id]), true})
			case !seen && turn && !hidden:
				news[c] = append(news[c], item{present(id, messaging.Presence{}), false})
			}
		}
	}
	for c := range news {
		viewers = append(viewers, c.Member)
	}
	slices.Sort(viewers)
	return news, slices.Compact(viewers)
}

// watchers are the connections that watch somebody in a conversation both take part in
// now; false for those who are apart in one of them. Under mu.
func (p *presence) watchers(id wpauth.UserID, s *subject, circles map[messaging.ConversationID]*messaging.Circle) map[*Conn]bool {
	out := map[*Conn]bool{}
	for _, room := range s.rooms {
		r := circles[room]
		if r == nil || !r.Has(id) {
			continue
		}
		for _, c := range p.rooms[room].conns {
			if _, waits := p.waiting[c]; waits || c.Member == id || !r.Has(c.Member) {
				continue
			}
			seen, met := out[c]
			out[c] = (seen || !met) && !r.Apart(id, c.Member)
		}
	}
	return out
}
