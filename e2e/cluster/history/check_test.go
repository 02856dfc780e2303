package history_test

import (
	"slices"
	"testing"
	"time"

	. "parley/e2e/cluster/history"
)

func TestAGoodHistoryIsFoundGood(t *testing.T) { good().check(t, "") }

// entry is a told entry of a device by its place among those.
func (w *world) entry(member int64, n int) (*Stream, int) {
	s := w.stream(member)
	for i := range s.Entries {
		if s.Entries[i].Kind == Told {
			if n--; n < 0 {
				return s, i
			}
		}
	}
	panic("no such entry")
}

// told is the last frame of a type a device was told.
func (w *world) told(member int64, kind string) *Entry {
	s := w.stream(member)
	for i := len(s.Entries) - 1; i >= 0; i-- {
		if s.Entries[i].Type == kind {
			return &s.Entries[i]
		}
	}
	panic("no such frame")
}

func (w *world) asked(kind Kind, fits func(*Op) bool) *Op {
	for i := range w.Ops {
		if op := &w.Ops[i]; op.Kind == kind && (fits == nil || fits(op)) {
			return op
		}
	}
	panic("no such op")
}

// Every promise that is broken is found.
func TestBrokenHistoriesAreFound(t *testing.T) {
	for _, tt := range []struct {
		name string
		harm func(*world)
		want Rule
	}{
		{"an acknowledged message is not stored", func(w *world) {
			w.op(Op{Kind: Send, Member: alice, Conversation: 2, ClientID: "x", Text: "x", Outcome: Acknowledged, Message: 99, Seq: 99})
		}, Lost},
		{"a message is stored twice", func(w *world) {
			op := w.asked(Send, nil)
			w.write(op.Member, op.Conversation, op.Text, "another id", false, w.there(op.Conversation)...)
		}, Doubled},
		{"a message nobody was told of is stored twice", func(w *world) {
			op := w.asked(Send, func(op *Op) bool { return op.Outcome == Unknown })
			w.write(op.Member, op.Conversation, op.Text, "another id", false, w.there(op.Conversation)...)
			w.write(op.Member, op.Conversation, op.Text, "a third", false, w.there(op.Conversation)...)
		}, Doubled},
		{"a repeated send was told of another message", func(w *world) { w.asked(Send, nil).Message++ }, Doubled},
		{"a message comes from nowhere", func(w *world) { w.write(alice, 2, "who wrote this?", "y", false, w.there(2)...) }, Foreign},
		{"a refused message is stored", func(w *world) { w.write(alice, 1, "refused", "refused", false, w.there(1)...) }, Foreign},
		{"a message has no event", func(w *world) {
			w.Events = slices.DeleteFunc(w.Events, func(e Event) bool { return e.Message == 3 })
		}, Lost},
		{"two events tell of one message", func(w *world) { w.event(w.Events[1], *w.told(alice, "message.created"), alice, bob) }, Doubled},
		{"a place is missing", func(w *world) {
			w.Messages = slices.DeleteFunc(w.Messages, func(m Message) bool { return m.Conversation == 2 && m.Seq == 2 })
		}, Lost},
		{"an acknowledged message goes behind a later one", func(w *world) {
			a := w.asked(Send, func(op *Op) bool { return op.Conversation == 2 && op.Member == bob })
			b := w.asked(Send, func(op *Op) bool { return op.Conversation == 2 && op.Member == carol })
			a.Invoked, a.Returned, b.Invoked, b.Returned = b.Invoked, b.Returned, a.Invoked, a.Returned
		}, Reordered},
		{"the log has another order", func(w *world) {
			i := slices.IndexFunc(w.Events, func(e Event) bool { return e.Message == 4 })
			j := slices.IndexFunc(w.Events, func(e Event) bool { return e.Message == 5 })
			w.Events[i].Position, w.Events[j].Position = w.Events[j].Position, w.Events[i].Position
		}, Reordered},

		{"a device misses an event", func(w *world) {
			s, i := w.entry(bob, 3)
			s.Entries = slices.Delete(s.Entries, i, i+1)
		}, Lost},
		{"a device misses an event just before it comes back", func(w *world) {
			s := w.stream(bob)
			i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Kind == Closed })
			s.Entries = slices.Delete(s.Entries, i-1, i)
		}, Lost},
		{"a device is told twice", func(w *world) {
			s, i := w.entry(bob, 3)
			s.Entries = slices.Insert(s.Entries, i, s.Entries[i])
		}, Doubled},
		{"a device is told again when it comes back", func(w *world) {
			s := w.stream(bob)
			i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Kind == Stands })
			s.Entries = slices.Insert(s.Entries, i+1, s.Entries[i-3])
		}, Doubled},
		{"a device is told in another order", func(w *world) {
			s, i := w.entry(bob, 2)
			s.Entries[i], s.Entries[i+1] = s.Entries[i+1], s.Entries[i]
		}, Reordered},
		{"a device is told to stand further back", func(w *world) {
			s := w.stream(bob)
			s.Entries = append(s.Entries, Entry{Kind: Stands, Position: 1})
		}, Reordered},
		{"a device is told another text", func(w *world) { w.told(bob, "message.created").Text = "something else" }, Foreign},
		{"a device is told what never happened", func(w *world) {
			s := w.stream(bob)
			s.Entries = append(s.Entries, Entry{Kind: Told, Type: "message.created", Position: w.position + 5, Conversation: 1})
		}, Foreign},
		{"a device misses something it was not told to load anew", func(w *world) {
			s := w.stream(bob)
			s.Entries = append(s.Entries, Entry{Kind: Stands, Position: w.position + 3})
			w.position++
			w.send(alice, 1)
			s.Entries = slices.DeleteFunc(s.Entries, func(e Entry) bool { return e.Position == w.position })
		}, Lost},

		{"who left is told what comes after", func(w *world) {
			e := *w.told(alice, "message.created")
			s := w.stream(carol)
			s.Entries = append(s.Entries, e)
		}, Stranger},
		{"a stranger is told", func(w *world) {
			s := w.stream(erin)
			s.Entries = append(s.Entries, *w.told(alice, "message.created"))
		}, Stranger},
		{"somebody is told of another's block", func(w *world) {
			e := *w.told(bob, "settings")
			s := w.stream(alice)
			i := slices.IndexFunc(s.Entries, func(o Entry) bool { return o.Kind == Told && o.Position > e.Position })
			s.Entries = slices.Insert(s.Entries, i, e)
		}, Stranger},
		{"a read position passes through a block", func(w *world) {
			i := slices.IndexFunc(w.Events, func(e Event) bool {
				return e.Kind == "conversation_read" && e.Actor == alice && e.Conversation == 1
			})
			e := *w.told(alice, "read")
			for _, o := range w.stream(alice).Entries {
				if o.Position == w.Events[i].Position {
					e = o
				}
			}
			s := w.stream(bob)
			j := slices.IndexFunc(s.Entries, func(o Entry) bool { return o.Kind == Told && o.Position > e.Position })
			s.Entries = slices.Insert(s.Entries, j, e)
		}, Stranger},
		{"a message passes through a block", func(w *world) {
			w.block(bob, 1, true)
			w.send(alice, 1)
		}, Stranger},
		{"a stranger can read", func(w *world) { w.Threads[len(w.Threads)-1].Lines = w.lines(1, 0) }, Stranger},
		{"who left can read on", func(w *world) {
			i := slices.IndexFunc(w.Threads, func(t Thread) bool { return t.Member == carol })
			w.Threads[i].Lines = w.lines(2, 0)
		}, Lost},
		{"a stranger is told who types", func(w *world) { w.hint(erin, Entry{Type: "typing", Conversation: 2, Member: alice}) }, Stranger},
		{"who left long ago is told who types", func(w *world) {
			w.clock += 2 * time.Minute
			w.hint(carol, Entry{Type: "typing", Conversation: 2, Member: alice})
		}, Stranger},
		{"a stranger is told who is there", func(w *world) { w.hint(erin, Entry{Type: "presence", Members: []int64{alice}}) }, Stranger},

		{"a thread lacks a message", func(w *world) { w.Threads[0].Lines = slices.Delete(w.Threads[0].Lines, 1, 2) }, Lost},
		{"a thread ends early", func(w *world) { w.Threads[0].Lines = w.Threads[0].Lines[:1] }, Lost},
		{"a thread has another order", func(w *world) {
			l := w.Threads[0].Lines
			l[1], l[2] = l[2], l[1]
		}, Lost},
		{"a thread repeats itself", func(w *world) {
			l := w.Threads[0].Lines
			w.Threads[0].Lines = slices.Insert(l, 1, l[0])
		}, Reordered},
		{"a page lacks what was acknowledged", func(w *world) {
			p := w.asked(Page, nil)
			p.Answer = p.Answer[:1]
		}, Lost},
		{"a page has a gap", func(w *world) {
			p := w.asked(Page, nil)
			p.Answer = slices.Delete(slices.Clone(p.Answer), 1, 2)
		}, Lost},

		{"a read position goes back in the log", func(w *world) { w.read(alice, 2); w.Events[len(w.Events)-1].Seq = 1 }, ReadBack},
		{"a read position goes back for a device", func(w *world) {
			w.read(alice, 2)
			w.told(bob, "read").Seq = 1
			w.Events[len(w.Events)-1].Seq = 1
		}, ReadBack},
		{"an acknowledged read position is lost", func(w *world) { w.mine(alice, 2).ReadSeq = 1 }, ReadBack},
		{"somebody is refused for nothing", func(w *world) {
			w.op(Op{Kind: Send, Member: alice, Conversation: 2, ClientID: "z", Text: "z", Outcome: Refused, Status: 403})
		}, Unjust},
		{"somebody may not start anything for nothing", func(w *world) {
			w.op(Op{Kind: Start, Member: alice, Others: []int64{carol}, ClientID: "z", Text: "z", Outcome: Refused, Status: 403})
		}, Unjust},
		{"somebody is logged out for nothing", func(w *world) {
			s := w.stream(bob)
			s.Entries = append(s.Entries, Entry{Kind: Closed, Reason: "logged_out"})
		}, Unjust},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := good()
			tt.harm(w)
			w.check(t, tt.want)
		})
	}
}

// Who is told to load everything anew misses nothing they are told about.
func TestAResetStandsForWhatWasMissed(t *testing.T) {
	w := good()
	s := w.stream(bob)
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Kind == Closed })
	var missed []Entry
	for _, e := range s.Entries[i+1:] {
		if e.Kind == Told && e.Position < w.position-3 {
			missed = append(missed, e)
		}
	}
	if len(missed) == 0 {
		t.Fatal("nothing to miss")
	}
	rest := slices.DeleteFunc(slices.Clone(s.Entries[i+1:]), func(e Entry) bool { return e.Position < w.position-3 })
	s.Entries = append(s.Entries[:i+1:i+1], Entry{Kind: Reset, Position: missed[len(missed)-1].Position})
	s.Entries = append(s.Entries, rest...)
	w.check(t, "")
}
