package realtime

import (
	"encoding/json"
	"slices"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

const (
	// MostWatched is how many conversations a connection watches at most.
	MostWatched = 100
	// largestWatched is how many members a conversation has at most whose presence is
	// told: in a larger one somebody comes or goes all the time.
	largestWatched = 50
)

// watch is whom a connection wants to hear of. Guarded by presence.mu.
type watch struct {
	conversations []messaging.ConversationID // as asked for; never changed, only replaced
	indexed       []messaging.ConversationID // those in watching.rooms
	told          time.Time                  // when a frame was given last
	hidden        map[wpauth.UserID]struct{} // who was told to be offline because of a block
}

// hide notes whether somebody was told to be offline because of a block.
func (w *watch) hide(id wpauth.UserID, hidden bool) {
	if !hidden {
		delete(w.hidden, id)
		return
	}
	if w.hidden == nil {
		w.hidden = map[wpauth.UserID]struct{}{}
	}
	w.hidden[id] = struct{}{}
}

// watching is who watches whom on this node. Whether somebody may be told is found out
// when there is something to tell.
type watching struct {
	rooms    map[messaging.ConversationID]*room
	subjects map[wpauth.UserID]*subject
	waiting  map[*Conn]struct{} // whose first frame is owed
}

// room is a conversation somebody watches, with its members as they were when the last
// one began to.
type room struct {
	conns   []*Conn
	members []wpauth.UserID
}

// subject is somebody who is watched, and what was told of them last.
type subject struct {
	presence messaging.Presence
	known    bool
	rooms    []messaging.ConversationID
}

func newWatching() watching {
	return watching{rooms: map[messaging.ConversationID]*room{}, subjects: map[wpauth.UserID]*subject{}, waiting: map[*Conn]struct{}{}}
}

// saysWatch is the frame watch: it replaces what the connection watches.
func (c *Conn) saysWatch(raw []byte) *Ending {
	var f struct {
		Conversations *[]messaging.ConversationID `json:"conversations"`
	}
	if json.Unmarshal(raw, &f) != nil || f.Conversations == nil || len(*f.Conversations) > MostWatched {
		return BadFrame
	}
	ids := slices.Clone(*f.Conversations)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] <= 0 {
		return NoConversation
	}
	c.hub.watches(c, ids)
	return nil
}

func (h *Hub) watches(c *Conn, ids []messaging.ConversationID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.members[c.Member], c) {
		return // it ended meanwhile
	}
	p := h.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.watch == nil {
		c.watch = &watch{}
	}
	c.watch.conversations = ids
	p.wait(c)
}

// wait has a connection told of everybody it watches. Under mu.
func (p *presence) wait(c *Conn) {
	p.waiting[c] = struct{}{}
	p.remind()
}

// remind has waiting connections looked at soon.
func (p *presence) remind() {
	select {
	case p.some <- struct{}{}:
	default:
	}
}

// index puts a connection into a room. Under mu.
func (w *watching) index(c *Conn, id messaging.ConversationID, members []wpauth.UserID) {
	r := w.rooms[id]
	if r == nil {
		r = &room{}
		w.rooms[id] = r
	}
	if !slices.Equal(r.members, members) {
		w.people(id, r, members)
	}
	r.conns = append(r.conns, c)
	c.watch.indexed = append(c.watch.indexed, id)
}

// people changes who is in a room. Under mu.
func (w *watching) people(id messaging.ConversationID, r *room, members []wpauth.UserID) {
	for _, m := range members {
		s := w.subjects[m]
		if s == nil {
			s = &subject{}
			w.subjects[m] = s
		}
		if !slices.Contains(s.rooms, id) {
			s.rooms = append(s.rooms, id)
		}
	}
	for _, m := range r.members {
		if slices.Contains(members, m) {
			continue
		}
		s := w.subjects[m]
		if i := slices.Index(s.rooms, id); i >= 0 {
			s.rooms = slices.Delete(s.rooms, i, i+1)
		}
		if len(s.rooms) == 0 {
			delete(w.subjects, m)
		}
	}
	r.members = members
}

// forget takes a connection out of everything. Under mu.
func (w *watching) forget(c *Conn) {
	delete(w.waiting, c)
	w.unindex(c)
}

// unindex takes a connection out of its rooms, and forgets rooms nobody watches and
// members in none. Under mu.
func (w *watching) unindex(c *Conn) {
	if c.watch == nil {
		return
	}
	for _, id := range c.watch.indexed {
		r := w.rooms[id]
		if i := slices.Index(r.conns, c); i >= 0 {
			r.conns = slices.Delete(r.conns, i, i+1)
		}
		if len(r.conns) == 0 {
			w.people(id, r, nil)
			delete(w.rooms, id)
		}
	}
	c.watch.indexed = nil
}

// connsPerFirst is how many connections' first frames are made at once.
const connsPerFirst = 100

// owed takes connections whose first frame is due, with what they watch: one that was
// told of something within the pause waits until it is over.
func (p *presence) owed(now time.Time) map[*Conn][]messaging.ConversationID {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[*Conn][]messaging.ConversationID{}
	for c := range p.waiting {
		if len(out) == connsPerFirst {
			break
		}
		if now.Sub(c.watch.told) >= p.times.Pause {
			out[c] = c.watch.conversations
			delete(p.waiting, c)
		}
	}
	return out
}

// owe puts connections back whose first frame could not be made.
func (p *presence) owe(conns map[*Conn][]messaging.ConversationID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range conns {
		if c.watch != nil {
			p.waiting[c] = struct{}{}
		}
	}
}
