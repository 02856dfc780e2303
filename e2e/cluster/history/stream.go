package history

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// duty is whether a member is to be told of an event.
type duty int

const (
	never duty = iota
	may        // it depends on when it was told
	must
)

// types are the frames of events.
var types = map[string]string{
	"conversation_created":  "conversation.created",
	"message_sent":          "message.created",
	"conversation_read":     "read",
	"conversation_left":     "member.left",
	"conversation_renamed":  "conversation.changed",
	"conversation_muted":    "settings",
	"conversation_archived": "settings",
	"conversation_blocked":  "settings",
	"conversation_unread":   "settings",
	"preferences_changed":   "preferences",
}

// own are the events that only the actor's devices are told of.
var own = map[string]bool{"conversation_muted": true, "conversation_archived": true, "conversation_blocked": true,
	"conversation_unread": true, "preferences_changed": true}

// duty works out whether a member is to be told of an event.
func (c *checker) duty(e *Event, member int64) duty {
	if own[e.Kind] {
		if member == e.Actor {
			return must
		}
		return never
	}
	mine := c.conversations[e.Conversation].seat(member)
	if mine == nil || types[e.Kind] == "" {
		return never
	}
	gone, left := c.left[seat{e.Conversation, member}]
	switch e.Kind {
	case "message_sent":
		if mine.LeftSeq > 0 && e.Seq > mine.LeftSeq {
			return never
		}
		return must
	case "conversation_read":
		if left && e.Position > gone {
			return never
		}
		// Told to those who take part, and are not apart, when it is told.
		if _, actorLeft := c.left[seat{e.Conversation, e.Actor}]; left || actorLeft || len(c.blocked[e.Conversation]) > 0 {
			return may
		}
		return must
	}
	if left && e.Position > gone {
		return never
	}
	return must
}

// stream checks what one device was told.
func (c *checker) stream(s *Stream) {
	at, begun := int64(0), false
	told := map[int64]*Entry{}
	var had []span
	from := int64(0)
	for i := range s.Entries {
		e := &s.Entries[i]
		switch e.Kind {
		case Opened:
			if !begun {
				at, from, begun = e.Position, e.Position, true
			}
		case Told:
			if e.Position <= at {
				rule := Reordered
				if told[e.Position] != nil {
					rule = Doubled
				}
				c.add(rule, "%s: told %s at %d behind %d", s.Name, e.Type, e.Position, at)
				continue
			}
			at, told[e.Position] = e.Position, e
		case Stands:
			if e.Position < at {
				c.add(Reordered, "%s: stands at %d behind %d", s.Name, e.Position, at)
			}
			at = max(at, e.Position)
		case Reset:
			had = append(had, span{from, at + 1})
			at, from, begun = max(at, e.Position), e.Position, true
		case Hint:
			c.hint(s, e)
		case Closed:
			if unjust[e.Reason] {
				c.add(Unjust, "%s: turned away with %s", s.Name, e.Reason)
			}
		}
	}
	if begun {
		had = append(had, span{from, at + 1})
	}
	c.complete(s, had, told)
}

// unjust are the endings that nothing in a run gives a reason for.
var unjust = map[string]bool{"unauthenticated": true, "logged_out": true, "banned": true, "position": true,
	"origin": true, "bad_frame": true, "protocol_error": true}

// complete compares what a device was told with what it was to be told.
func (c *checker) complete(s *Stream, had []span, told map[int64]*Entry) {
	for _, stretch := range had {
		i, _ := slices.BinarySearchFunc(c.log, stretch.from+1, positionIs)
		for ; i < len(c.log) && c.log[i].Position < stretch.to; i++ {
			if e := &c.log[i]; told[e.Position] == nil && c.duty(e, s.Member) == must {
				c.add(Lost, "%s: not told %s at %d (conversation %d, place %d), though it stands at %d",
					s.Name, e.Kind, e.Position, e.Conversation, e.Seq, stretch.to-1)
			}
		}
	}
	read := map[seat]int64{}
	for _, position := range slices.Sorted(maps.Keys(told)) {
		entry := told[position]
		i, found := slices.BinarySearchFunc(c.log, position, positionIs)
		if !found || !fits(&c.log[i], entry, c.messages) {
			c.add(Foreign, "%s: told %+v, which did not happen", s.Name, *entry)
			continue
		}
		if e := &c.log[i]; c.duty(e, s.Member) == never || c.toldApart(e, s.Member, entry.At) {
			c.add(Stranger, "%s: told %s at %d of conversation %d", s.Name, e.Kind, position, e.Conversation)
		}
		if entry.Type == "read" {
			key := seat{entry.Conversation, entry.Member}
			if entry.Seq < read[key] {
				c.add(ReadBack, "%s: member %d of conversation %d read %d after %d", s.Name, entry.Member, entry.Conversation, entry.Seq, read[key])
			}
			read[key] = max(read[key], entry.Seq)
		}
	}
}

// fits reports whether a frame says what the log says.
func fits(e *Event, f *Entry, messages map[int64]*Message) bool {
	if f.Type != types[e.Kind] || f.Conversation != e.Conversation {
		return false
	}
	switch e.Kind {
	case "message_sent":
		m := messages[e.Message]
		return m != nil && f.Message == m.ID && f.Seq == m.Seq && f.Text == m.Text && f.Sender == m.Sender
	case "conversation_read", "conversation_left":
		return f.Member == e.Actor && f.Seq == e.Seq
	}
	return true
}

// toldApart reports whether a read position passed between two while one blocked the
// other: it was told after the block and before anybody asked to take that back.
func (c *checker) toldApart(e *Event, member int64, at time.Duration) bool {
	if e.Kind != "conversation_read" || e.Actor == member {
		return false
	}
	for _, b := range c.blocked[e.Conversation] {
		if e.Position <= b.from || e.Position >= b.to {
			continue
		}
		undone := c.unblocks[seat{e.Conversation, b.by}]
		late := slices.ContainsFunc(undone, func(op *Op) bool {
			return op.Attempts > 1 && op.Invoked <= at && (op.Returned == 0 || op.Returned+lateness > at)
		})
		if !late && (b.n >= len(undone) || undone[b.n].Invoked > at) {
			return true
		}
	}
	return false
}

// lateness is how long an attempt its member has given up may still come into effect.
const lateness = time.Minute

// hintAge is how long after somebody left a hint may still be on its way to them: it is
// not stored and carries no position. A frozen node tells it when it thaws.
const hintAge = time.Minute

// hint checks that typing and presence tell only of people one has to do with.
func (c *checker) hint(s *Stream, f *Entry) {
	switch f.Type {
	case "typing", "delivered":
		conv := c.conversations[f.Conversation]
		if conv.seat(s.Member) == nil || conv.seat(f.Member) == nil {
			c.add(Stranger, "%s: told that member %d is %s in conversation %d", s.Name, f.Member, f.Type, f.Conversation)
			return
		}
		if gone := c.leaves[seat{f.Conversation, s.Member}]; gone != nil && gone.Outcome == Acknowledged && f.At > gone.Returned+hintAge {
			c.add(Stranger, "%s: told that member %d is %s in conversation %d, long after leaving", s.Name, f.Member, f.Type, f.Conversation)
		}
	case "presence":
		for _, other := range f.Members {
			if other != s.Member && !c.acquainted[[2]int64{s.Member, other}] {
				c.add(Stranger, "%s: told where member %d is", s.Name, other)
			}
		}
	}
}

func positionIs(e Event, at int64) int { return cmp.Compare(e.Position, at) }
