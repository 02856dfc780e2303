package realtime

import (
	"cmp"
	"slices"

	"parley/messaging"
	"parley/wpauth"
)

// What the ring keeps at most.
const (
	ringEvents = 8192
	ringBytes  = 16 << 20
)

// entry is an event in memory. frame is made when somebody needs it; made tells whether
// it was, because some events have none.
type entry struct {
	delivery messaging.Delivery
	made     bool
	frame    *Frame
}

func (e *entry) concerns(id wpauth.UserID) bool {
	_, found := slices.BinarySearch(e.delivery.To, id)
	return found
}

// ring is the newest events: whoever comes back soon resumes without the database. Every
// event behind floor up to head is in it, if it is for anybody.
type ring struct {
	floor, head int64
	entries     []*entry
	bytes       int
}

// add appends an event and lets the oldest go.
func (r *ring) add(e *entry) {
	r.head = e.delivery.Position
	if len(e.delivery.To) == 0 {
		return
	}
	r.entries = append(r.entries, e)
	r.grow(e)
	drop := 0
	for len(r.entries)-drop > ringEvents || r.bytes > ringBytes && drop < len(r.entries)-1 {
		old := r.entries[drop]
		r.bytes -= size(old)
		r.floor = old.delivery.Position
		drop++
	}
	if drop > 0 {
		clear(r.entries[:drop])
		r.entries = r.entries[drop:]
	}
}

// grow counts the bytes of an entry; again when its frame was made.
func (r *ring) grow(e *entry) { r.bytes += size(e) }

func size(e *entry) int {
	n := 8*len(e.delivery.To) + 200
	if e.frame != nil {
		n += len(e.frame.Body)
	}
	return n
}

// before returns the newest events up to a position, most of them. They are not changed
// any more but for their frames.
func (r *ring) before(position int64, most int) []*entry {
	to := r.behind(position)
	return slices.Clone(r.entries[max(0, to-most):to])
}

// behind is the place of the first event behind a position.
func (r *ring) behind(position int64) int {
	at, _ := slices.BinarySearchFunc(r.entries, position+1, func(e *entry, at int64) int {
		return cmp.Compare(e.delivery.Position, at)
	})
	return at
}

// hush takes the read positions away from others that a member does not want told any
// more, and those of others from the member. An entry somebody may be reading is replaced.
func (r *ring) hush(member wpauth.UserID) {
	for i, e := range r.entries {
		if _, read := e.delivery.Detail.(messaging.ReadMoved); !read || !e.concerns(member) {
			continue
		}
		quiet := *e
		if e.delivery.Actor == member {
			quiet.delivery.To = []wpauth.UserID{member}
		} else {
			quiet.delivery.To = slices.DeleteFunc(slices.Clone(e.delivery.To), func(id wpauth.UserID) bool { return id == member })
		}
		r.entries[i] = &quiet
		r.bytes += size(&quiet) - size(e)
	}
}

// after returns a member's events behind a position.
func (r *ring) after(position int64, id wpauth.UserID) []*entry {
	var out []*entry
	for _, e := range r.entries[r.behind(position):] {
		if e.concerns(id) {
			out = append(out, e)
		}
	}
	return out
}
