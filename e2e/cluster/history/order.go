package history

import (
	"cmp"
	"slices"
	"time"
)

// moment is an acknowledged op with its place in a conversation.
type moment struct {
	op  *Op
	seq int64
}

// order checks that what was acknowledged before something was asked for comes before
// it, whoever asked whichever node; and that a page has what was acknowledged before it.
func (c *checker) order() {
	placed, pages := map[int64][]moment{}, map[int64][]*Op{}
	for i := range c.Ops {
		op := &c.Ops[i]
		switch op.Kind {
		case Send, Start:
			// What is there although nobody was told so counts as asked for, too.
			if rows := c.texts[op.Text]; len(rows) == 1 {
				m := rows[0]
				placed[m.Conversation] = append(placed[m.Conversation], moment{op, m.Seq})
			}
		case Page:
			if op.Outcome == Acknowledged {
				pages[op.Conversation] = append(pages[op.Conversation], op)
			}
		}
	}
	for id, asked := range placed {
		answered := slices.DeleteFunc(slices.Clone(asked), func(m moment) bool { return m.op.Outcome != Acknowledged })
		slices.SortFunc(answered, func(a, b moment) int { return cmp.Compare(a.op.Returned, b.op.Returned) })
		slices.SortFunc(asked, func(a, b moment) int { return cmp.Compare(a.op.Invoked, b.op.Invoked) })
		before := newest(answered)
		for _, m := range asked {
			if was := before(m.op.Invoked); was.op != nil && was.seq > m.seq {
				c.add(Reordered, "conversation %d: %q was acknowledged at place %d before %q was sent, which is at %d",
					id, was.op.Text, was.seq, m.op.Text, m.seq)
			}
		}
		list := pages[id]
		slices.SortFunc(list, func(a, b *Op) int { return cmp.Compare(a.Invoked, b.Invoked) })
		before = newest(answered)
		for _, p := range list {
			was := before(p.Invoked)
			c.page(p, was)
		}
	}
}

// newest returns a function that tells the highest place that was acknowledged before a
// moment; moments must be asked for in order.
func newest(answered []moment) func(time.Duration) moment {
	var high moment
	next := 0
	return func(at time.Duration) moment {
		for next < len(answered) && answered[next].op.Returned < at {
			if answered[next].seq > high.seq {
				high = answered[next]
			}
			next++
		}
		return high
	}
}

// page checks one answer of messages, oldest first: in one piece, and not older than
// what was acknowledged.
func (c *checker) page(p *Op, was moment) {
	if len(p.Answer) == 0 {
		if was.op != nil {
			c.add(Lost, "member %d read nothing in conversation %d behind place %d", p.Member, p.Conversation, was.seq)
		}
		return
	}
	first := c.messages[p.Answer[0].Message]
	if first == nil {
		c.add(Foreign, "member %d read message %d, which is not there", p.Member, p.Answer[0].Message)
		return
	}
	c.lines(p.Member, p.Conversation, p.Answer, first.Seq, 0)
	limit := was.seq
	if mine := c.conversations[p.Conversation].seat(p.Member); mine != nil && mine.LeftSeq > 0 {
		limit = min(limit, mine.LeftSeq) // they may have left meanwhile
	}
	if end := c.messages[p.Answer[len(p.Answer)-1].Message]; end != nil && end.Seq < limit {
		c.add(Lost, "member %d read conversation %d up to %d, after place %d was acknowledged", p.Member, p.Conversation, end.Seq, was.seq)
	}
}

// reads checks read positions: in the log, and in the end.
func (c *checker) reads() {
	high := map[seat]int64{}
	for _, e := range c.log {
		if e.Kind != "conversation_read" {
			continue
		}
		key := seat{e.Conversation, e.Actor}
		if e.Seq < high[key] {
			c.add(ReadBack, "the event at %d moves member %d of conversation %d back from %d to %d", e.Position, e.Actor, e.Conversation, high[key], e.Seq)
		}
		high[key] = max(high[key], e.Seq)
	}
	for i := range c.Ops {
		if op := &c.Ops[i]; op.Kind == Read && op.Outcome == Acknowledged {
			key := seat{op.Conversation, op.Member}
			high[key] = max(high[key], op.Seen)
		}
	}
	for key, seq := range high {
		if mine := c.conversations[key.conversation].seat(key.member); mine == nil || mine.ReadSeq < seq {
			c.add(ReadBack, "member %d has read conversation %d up to %d, and it says %+v", key.member, key.conversation, seq, mine)
		}
	}
}

// blocks checks that nothing is written while one of two blocks the other.
func (c *checker) blocks() {
	for _, e := range c.log {
		if e.Kind != "message_sent" {
			continue
		}
		for _, s := range c.blocked[e.Conversation] {
			if e.Position > s.from && e.Position < s.to {
				c.add(Stranger, "message %d was written at %d into conversation %d, blocked since %d", e.Message, e.Position, e.Conversation, s.from)
			}
		}
	}
}

// refusals checks that whoever was refused had left, or was apart by a block.
func (c *checker) refusals() {
	blocks, apart := map[int64]bool{}, map[[2]int64]bool{}
	for i := range c.Ops {
		op := &c.Ops[i]
		if op.Kind != Block || c.conversations[op.Conversation] == nil {
			continue
		}
		blocks[op.Conversation] = true
		for _, other := range c.conversations[op.Conversation].Members {
			apart[[2]int64{op.Member, other.Member}], apart[[2]int64{other.Member, op.Member}] = true, true
		}
	}
	for i := range c.Ops {
		op := &c.Ops[i]
		if op.Outcome != Refused || blocks[op.Conversation] {
			continue
		}
		// Whoever blocks somebody does not start anything with them either.
		if op.Kind == Start && slices.ContainsFunc(op.Others, func(other int64) bool { return apart[[2]int64{op.Member, other}] }) {
			continue
		}
		if gone := c.leaves[seat{op.Conversation, op.Member}]; gone != nil && (op.Returned == 0 || gone.Invoked <= op.Returned) {
			continue
		}
		c.add(Unjust, "member %d was refused with %d: %s in conversation %d", op.Member, op.Status, op.Kind, op.Conversation)
	}
}
