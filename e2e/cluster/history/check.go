package history

import (
	"cmp"
	"slices"
)

// Check returns the promises a history breaks, none of a good one:
//
//   - every acknowledged message is there exactly once, every other at most once;
//   - there is one order: the same in the table, in the log, in every stream and in every
//     thread; what was acknowledged before something was asked for comes before it;
//   - every device was told every event for its member, from where it began to where it
//     stands, in order, once, or was told to load everything anew;
//   - read positions never move back;
//   - nobody is told what is not for them;
//   - nobody is refused without a reason.
func Check(h *History) []Violation {
	c := newChecker(h)
	c.tables()
	c.sends()
	c.order()
	c.threads()
	c.reads()
	c.blocks()
	c.refusals()
	for _, s := range h.Streams {
		c.stream(s)
	}
	return c.list
}

// checker is a history with what is looked up in it often.
type checker struct {
	*History
	findings
	conversations map[int64]*Conversation
	messages      map[int64]*Message
	sent          map[sending][]*Message // by whose client id
	texts         map[string][]*Message
	sayings       map[sending]*Op
	log           []Event        // in order
	left          map[seat]int64 // position of leaving
	leaves        map[seat]*Op
	blocked       map[int64][]block
	unblocks      map[seat][]*Op
	acquainted    map[[2]int64]bool
}

type sending struct {
	member   int64
	clientID string
}

type seat struct{ conversation, member int64 }

// span is a stretch of positions, exclusive of its ends.
type span struct{ from, to int64 }

// block is a stretch in which one of two blocks the other, as the log tells.
type block struct {
	span
	by int64
	n  int // how many that member set there before
}

// forever is behind every position.
const forever = int64(1) << 62

func newChecker(h *History) *checker {
	c := &checker{History: h, conversations: map[int64]*Conversation{}, messages: map[int64]*Message{},
		sent: map[sending][]*Message{}, texts: map[string][]*Message{}, sayings: map[sending]*Op{},
		left: map[seat]int64{}, leaves: map[seat]*Op{}, blocked: map[int64][]block{}, unblocks: map[seat][]*Op{},
		acquainted: map[[2]int64]bool{}}
	for i := range h.Conversations {
		conv := &h.Conversations[i]
		c.conversations[conv.ID] = conv
		for _, a := range conv.Members {
			for _, b := range conv.Members {
				c.acquainted[[2]int64{a.Member, b.Member}] = true
			}
		}
	}
	for i := range h.Messages {
		m := &h.Messages[i]
		c.messages[m.ID] = m
		if !m.Notice {
			key := sending{m.Sender, m.ClientID}
			c.sent[key] = append(c.sent[key], m)
			c.texts[m.Text] = append(c.texts[m.Text], m)
		}
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		key := seat{op.Conversation, op.Member}
		switch op.Kind {
		case Send, Start:
			c.sayings[sending{op.Member, op.ClientID}] = op
		case Leave:
			c.leaves[key] = op
		case Unblock:
			c.unblocks[key] = append(c.unblocks[key], op)
		}
	}
	c.log = slices.Clone(h.Events)
	slices.SortFunc(c.log, byPosition)
	c.walk()
	return c
}

func byPosition(a, b Event) int { return cmp.Compare(a.Position, b.Position) }

// walk finds who left, and who blocked, from where to where.
func (c *checker) walk() {
	open := map[seat]int64{}
	count := map[seat]int{}
	for _, e := range c.log {
		key := seat{e.Conversation, e.Actor}
		switch {
		case e.Kind == "conversation_left":
			c.left[key] = e.Position
		case e.Kind == "conversation_blocked" && e.Value:
			open[key] = e.Position
		case e.Kind == "conversation_blocked":
			c.blocked[e.Conversation] = append(c.blocked[e.Conversation], block{span{open[key], e.Position}, e.Actor, count[key]})
			count[key]++
			delete(open, key)
		}
	}
	for key, from := range open {
		c.blocked[key.conversation] = append(c.blocked[key.conversation], block{span{from, forever}, key.member, count[key]})
	}
}

// seat is a member's place in a conversation; nil for none.
func (c *Conversation) seat(member int64) *Seat {
	if c == nil {
		return nil
	}
	for i := range c.Members {
		if c.Members[i].Member == member {
			return &c.Members[i]
		}
	}
	return nil
}

// tables checks that the rows fit each other: places without gap or repetition, ids and
// events in the same order, and one event for every message.
func (c *checker) tables() {
	byPlace := map[int64][]*Message{}
	for i := range c.Messages {
		m := &c.Messages[i]
		byPlace[m.Conversation] = append(byPlace[m.Conversation], m)
	}
	for id, list := range byPlace {
		slices.SortFunc(list, func(a, b *Message) int { return cmp.Compare(a.Seq, b.Seq) })
		for i, m := range list {
			if m.Seq != int64(i)+1 {
				c.add(Lost, "conversation %d: place %d follows %d", id, m.Seq, i)
				break
			}
			if i > 0 && m.ID <= list[i-1].ID {
				c.add(Reordered, "conversation %d: message %d is at place %d, behind %d", id, m.ID, m.Seq, list[i-1].ID)
			}
		}
		if row := c.conversations[id]; row == nil || row.LastSeq != int64(len(list)) {
			c.add(Lost, "conversation %d has %d messages, and says otherwise: %+v", id, len(list), row)
		}
	}
	told, place := map[int64]int64{}, map[int64]int64{}
	for i, e := range c.log {
		if i > 0 && e.Position == c.log[i-1].Position {
			c.add(Doubled, "position %d is taken twice", e.Position)
		}
		if e.Kind != "message_sent" {
			continue
		}
		m := c.messages[e.Message]
		if m == nil || m.Conversation != e.Conversation || m.Seq != e.Seq || m.Sender != e.Actor {
			c.add(Foreign, "the event at %d tells of message %d, which is not so: %+v", e.Position, e.Message, m)
			continue
		}
		if at, again := told[e.Message]; again {
			c.add(Doubled, "the events at %d and %d both tell of message %d", at, e.Position, e.Message)
		}
		told[e.Message] = e.Position
		if e.Seq <= place[e.Conversation] {
			c.add(Reordered, "the event at %d tells of place %d of conversation %d, behind place %d",
				e.Position, e.Seq, e.Conversation, place[e.Conversation])
		}
		place[e.Conversation] = e.Seq
	}
	for i := range c.Messages {
		if m := &c.Messages[i]; told[m.ID] == 0 {
			c.add(Lost, "no event tells of message %d (%q)", m.ID, m.Text)
		}
	}
}

// sends checks that every acknowledged message is there exactly once, as it was
// acknowledged, and every other at most once; and that nothing else is there.
func (c *checker) sends() {
	for i := range c.Ops {
		op := &c.Ops[i]
		if op.Kind != Send && op.Kind != Start {
			continue
		}
		rows := c.texts[op.Text]
		switch {
		case len(rows) > 1:
			c.add(Doubled, "%q of member %d is there %d times: %d and %d", op.Text, op.Member, len(rows), rows[0].ID, rows[1].ID)
		case op.Outcome == Acknowledged && len(rows) == 0:
			c.add(Lost, "%q of member %d was acknowledged as message %d and is not there", op.Text, op.Member, op.Message)
		case op.Outcome == Acknowledged && (rows[0].ID != op.Message || rows[0].Seq != op.Seq && op.Seq != 0):
			c.add(Doubled, "%q was acknowledged as message %d at place %d, and is message %d at %d", op.Text, op.Message, op.Seq, rows[0].ID, rows[0].Seq)
		case op.Outcome == Refused && op.Attempts == 1 && len(rows) > 0:
			c.add(Foreign, "%q of member %d was refused with %d, and is there", op.Text, op.Member, op.Status)
		}
	}
	for key, rows := range c.sent {
		op := c.sayings[key]
		for _, m := range rows {
			if op == nil || op.Text != m.Text || op.Kind == Send && op.Conversation != m.Conversation {
				c.add(Foreign, "message %d of member %d in conversation %d, %q: nobody sent that there", m.ID, m.Sender, m.Conversation, m.Text)
			}
		}
	}
}

// threads checks what members could read in the end.
func (c *checker) threads() {
	for _, t := range c.Threads {
		conv := c.conversations[t.Conversation]
		mine := conv.seat(t.Member)
		if mine == nil {
			if len(t.Lines) > 0 {
				c.add(Stranger, "member %d can read conversation %d", t.Member, t.Conversation)
			}
			continue
		}
		want := conv.LastSeq
		if mine.LeftSeq > 0 {
			want = mine.LeftSeq
		}
		c.lines(t.Member, t.Conversation, t.Lines, 1, want)
	}
}

// lines checks that what a member read is the conversation from one place to another.
// last 0: to wherever it goes.
func (c *checker) lines(member, conversation int64, lines []Line, first, last int64) {
	next := first
	for _, l := range lines {
		m := c.messages[l.Message]
		switch {
		case m == nil || m.Conversation != conversation || m.Sender != l.Sender || m.Text != l.Text:
			c.add(Foreign, "member %d read message %d %q in conversation %d, which is not so", member, l.Message, l.Text, conversation)
			return
		case m.Seq < next:
			c.add(Reordered, "member %d read place %d of conversation %d behind %d", member, m.Seq, conversation, next-1)
			return
		case m.Seq > next:
			c.add(Lost, "member %d read place %d of conversation %d, and not %d", member, m.Seq, conversation, next)
			return
		}
		next++
	}
	if last > 0 && next != last+1 {
		c.add(Lost, "member %d read conversation %d up to %d instead of %d", member, conversation, next-1, last)
	}
}
