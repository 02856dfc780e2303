package realtime

import (
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

// after returns a member's events behind a position.
func (r *ring) after(position int64, id wpauth.UserID) []*entry {
	from, _ := slices.BinarySearchFunc(r.entries, position+1, func(e *entry, at int64) int {
		switch {
		case e.delivery.Position < at:
			return -1
		case e.delivery.Position > at:
			return 1
		}
		return 0
	})
	var out []*entry
	for _, e := range r.entries[from:] {
		if e.concerns(id) {
			out = append(out, e)
		}
	}
	return out
}
