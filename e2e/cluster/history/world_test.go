package history_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "parley/e2e/cluster/history"
)

// world writes down a history in which everything is as it must be.
type world struct {
	History
	clock    time.Duration
	position int64
	message  int64
}

const (
	alice = int64(3)
	bob   = int64(4)
	carol = int64(5)
	erin  = int64(7) // takes no part in anything
)

// good is a run in which a bit of everything happens: a direct conversation (1) with a
// block, a group (2) that carol leaves, and a device for each of the four that comes back
// once.
func good() *world {
	w := &world{}
	for _, id := range []int64{alice, bob, carol, erin} {
		s := &Stream{Name: fmt.Sprint("device of ", id), Member: id}
		s.Entries = append(s.Entries, Entry{Kind: Opened, At: w.tick()})
		w.Streams = append(w.Streams, s)
	}
	w.start(alice, true, bob)
	w.start(bob, false, alice, carol)
	w.send(alice, 1)
	w.send(carol, 2)
	w.read(bob, 2)
	for _, s := range w.Streams {
		s.Entries = append(s.Entries, Entry{Kind: Closed, At: w.tick(), Reason: "gone"},
			Entry{Kind: Opened, At: w.tick(), Position: w.position}, Entry{Kind: Stands, At: w.tick(), Position: w.position})
	}
	w.send(bob, 2)
	w.op(Op{Kind: Typing, Member: alice, Conversation: 2, Outcome: Acknowledged})
	w.hint(bob, Entry{Type: "typing", Conversation: 2, Member: alice})
	w.hint(bob, Entry{Type: "presence", Members: []int64{alice, carol}})
	w.read(bob, 1)
	w.block(bob, 1, true)
	w.read(alice, 1)
	w.op(Op{Kind: Send, Member: alice, Conversation: 1, ClientID: "refused", Text: "refused", Outcome: Refused, Status: 403})
	w.op(Op{Kind: Start, Member: alice, Others: []int64{carol, bob}, ClientID: "refused too", Text: "refused too", Outcome: Refused, Status: 403})
	w.block(bob, 1, false)
	w.leave(carol, 2)
	w.send(alice, 2)
	w.send(bob, 1)
	w.page(alice, 2)
	w.page(alice, 2)
	w.read(alice, 2)
	w.lost(alice, 2, true)
	w.lost(bob, 2, false)
	for i := range w.Conversations {
		for _, m := range w.Conversations[i].Members {
			w.Threads = append(w.Threads, Thread{m.Member, w.Conversations[i].ID, w.lines(w.Conversations[i].ID, m.LeftSeq)})
		}
	}
	w.Threads = append(w.Threads, Thread{Member: erin, Conversation: 1})
	return w
}

func (w *world) tick() time.Duration {
	w.clock += time.Second
	return w.clock
}

func (w *world) conv(id int64) *Conversation { return &w.Conversations[id-1] }

func (w *world) mine(member, id int64) *Seat {
	members := w.conv(id).Members
	return &members[slices.IndexFunc(members, func(s Seat) bool { return s.Member == member })]
}

func (w *world) stream(member int64) *Stream {
	return w.Streams[slices.IndexFunc(w.Streams, func(s *Stream) bool { return s.Member == member })]
}

func (w *world) hint(member int64, e Entry) {
	e.Kind, e.At = Hint, w.tick()
	s := w.stream(member)
	s.Entries = append(s.Entries, e)
}

// op writes down what somebody asked for, acknowledged at once.
func (w *world) op(op Op) {
	op.Invoked, op.Returned, op.Attempts = w.tick(), w.tick(), 1
	w.Ops = append(w.Ops, op)
}

// event appends to the log and tells those it is for.
func (w *world) event(e Event, f Entry, to ...int64) {
	w.position++
	e.Position = w.position
	w.Events = append(w.Events, e)
	f.Kind, f.At, f.Position, f.Conversation = Told, w.tick(), e.Position, e.Conversation
	for _, id := range to {
		s := w.stream(id)
		s.Entries = append(s.Entries, f)
	}
}

// there are the active members.
func (w *world) there(id int64) (out []int64) {
	for _, m := range w.conv(id).Members {
		if m.LeftSeq == 0 {
			out = append(out, m.Member)
		}
	}
	return out
}

// write appends a message's row and its event.
func (w *world) write(member, id int64, text, clientID string, notice bool, to ...int64) Message {
	w.message++
	c := w.conv(id)
	c.LastSeq++
	m := Message{ID: w.message, Conversation: id, Seq: c.LastSeq, Sender: member, Notice: notice, ClientID: clientID, Text: text}
	w.Messages = append(w.Messages, m)
	w.event(Event{Kind: "message_sent", Conversation: id, Message: m.ID, Actor: member, Seq: m.Seq},
		Entry{Type: "message.created", Seq: m.Seq, Message: m.ID, Sender: member, Text: text}, to...)
	return m
}

func (w *world) start(creator int64, direct bool, others ...int64) {
	c := Conversation{ID: int64(len(w.Conversations)) + 1, Direct: direct, Creator: creator}
	for _, id := range append([]int64{creator}, others...) {
		c.Members = append(c.Members, Seat{Member: id})
	}
	w.Conversations = append(w.Conversations, c)
	text := fmt.Sprint("first of ", c.ID)
	w.event(Event{Kind: "conversation_created", Conversation: c.ID, Actor: creator}, Entry{Type: "conversation.created"}, w.there(c.ID)...)
	m := w.write(creator, c.ID, text, text, false, w.there(c.ID)...)
	w.op(Op{Kind: Start, Member: creator, Conversation: c.ID, Others: others, ClientID: text, Text: text, Outcome: Acknowledged, Message: m.ID})
	w.Ops[len(w.Ops)-1].Invoked = 0
}

func (w *world) send(member, id int64) {
	text := fmt.Sprintf("%d of %d", w.message, member)
	invoked := w.tick()
	m := w.write(member, id, text, text, false, w.there(id)...)
	w.op(Op{Kind: Send, Member: member, Conversation: id, ClientID: text, Text: text, Outcome: Acknowledged, Message: m.ID, Seq: m.Seq})
	w.Ops[len(w.Ops)-1].Invoked = invoked
}

// lost is a message nobody was told the fate of.
func (w *world) lost(member, id int64, there bool) {
	text := fmt.Sprintf("lost %d of %d", len(w.Ops), member)
	w.Ops = append(w.Ops, Op{Kind: Send, Member: member, Conversation: id, ClientID: text, Text: text, Outcome: Unknown,
		Invoked: w.tick(), Attempts: 3})
	if there {
		w.write(member, id, text, text, false, w.there(id)...)
	}
}

func (w *world) read(member, id int64) {
	c := w.conv(id)
	w.mine(member, id).ReadSeq = c.LastSeq
	to := w.there(id)
	if c.Direct {
		to = []int64{member} // there may be a block
	}
	w.event(Event{Kind: "conversation_read", Conversation: id, Actor: member, Seq: c.LastSeq},
		Entry{Type: "read", Member: member, Seq: c.LastSeq}, to...)
	w.op(Op{Kind: Read, Member: member, Conversation: id, Outcome: Acknowledged, Seen: c.LastSeq})
}

func (w *world) block(member, id int64, value bool) {
	invoked := w.tick()
	w.event(Event{Kind: "conversation_blocked", Conversation: id, Actor: member, Value: value}, Entry{Type: "settings"}, member)
	kind := Unblock
	if value {
		kind = Block
	}
	w.op(Op{Kind: kind, Member: member, Conversation: id, Outcome: Acknowledged})
	w.Ops[len(w.Ops)-1].Invoked = invoked
}

func (w *world) leave(member, id int64) {
	everybody, seq := w.there(id), w.conv(id).LastSeq+1
	w.event(Event{Kind: "conversation_left", Conversation: id, Actor: member, Seq: seq}, Entry{Type: "member.left", Member: member, Seq: seq}, everybody...)
	w.mine(member, id).LeftSeq = seq
	w.write(member, id, "left", "", true, everybody...)
	w.op(Op{Kind: Leave, Member: member, Conversation: id, Outcome: Acknowledged})
}

func (w *world) lines(id, upTo int64) (out []Line) {
	for _, m := range w.Messages {
		if m.Conversation == id && (upTo == 0 || m.Seq <= upTo) {
			out = append(out, Line{m.ID, m.Sender, m.Text})
		}
	}
	return out
}

func (w *world) page(member, id int64) {
	all := w.lines(id, 0)
	w.op(Op{Kind: Page, Member: member, Conversation: id, Outcome: Acknowledged, Answer: all[max(0, len(all)-3):]})
}

func (w *world) check(t *testing.T, want Rule) {
	t.Helper()
	found := Check(&w.History)
	if want == "" && len(found) > 0 {
		t.Errorf("a good history was found bad: %v", found)
	}
	if want != "" && !slices.ContainsFunc(found, func(v Violation) bool { return v.Rule == want }) {
		t.Errorf("not found to be %s, only %v", want, found)
	}
}
