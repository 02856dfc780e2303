package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/messaging"
	"parley/wpauth"
)

// thread starts a thread that must succeed.
func (h *house) thread(from messaging.Actor, subject, text string, to ...messaging.Actor) *messaging.Thread {
	h.t.Helper()
	t, err := h.StartThread(context.Background(), from, messaging.ThreadStart{Recipients: ids(to...), Subject: subject, Content: text})
	if err != nil {
		h.t.Fatalf("%s starts a thread: %v", from.Login, err)
	}
	if len(to) == 1 && to[0].ID == from.ID {
		h.mark(from, t.ID)
	}
	return t
}

// mark says that a member has one of their own messages unread.
func (h *house) mark(a messaging.Actor, id messaging.ConversationID) {
	if h.own == nil {
		h.own = map[place]bool{}
	}
	h.own[place{int64(id), int64(a.ID)}] = true
}

func (h *house) reply(from messaging.Actor, id messaging.ConversationID, text string) *messaging.Thread {
	h.t.Helper()
	t, err := h.ReplyThread(context.Background(), from, id, messaging.ThreadReply{Content: text})
	if err != nil {
		h.t.Fatalf("%s replies: %v", from.Login, err)
	}
	return t
}

func (h *house) seen(a messaging.Actor, id messaging.ConversationID) *messaging.Thread {
	h.t.Helper()
	t, err := h.GetThread(context.Background(), a, id, messaging.ThreadQuery{Viewer: a.ID})
	if err != nil {
		h.t.Fatalf("%s gets thread %d: %v", a.Login, id, err)
	}
	return t
}

func (h *house) update(a messaging.Actor, id messaging.ConversationID, in messaging.ThreadUpdate) *messaging.Thread {
	h.t.Helper()
	in.Viewer = a.ID
	t, err := h.UpdateThread(context.Background(), a, id, in)
	if err != nil {
		h.t.Fatalf("%s updates thread %d: %v", a.Login, id, err)
	}
	return t
}

func (h *house) remove(a messaging.Actor, id messaging.ConversationID) *messaging.Thread {
	h.t.Helper()
	t, err := h.DeleteThread(context.Background(), a, id, messaging.ThreadDelete{Viewer: a.ID})
	if err != nil {
		h.t.Fatalf("%s deletes thread %d: %v", a.Login, id, err)
	}
	return t
}

func (h *house) star(a messaging.Actor, id messaging.MessageID) bool {
	h.t.Helper()
	m, err := h.ToggleStar(context.Background(), a, id, nil)
	if err != nil {
		h.t.Fatalf("%s stars %d: %v", a.Login, id, err)
	}
	return m.Starred
}

// box are the ids of a box; change may adjust the query.
func (h *house) box(a messaging.Actor, box messaging.Box, change ...func(*messaging.ThreadsQuery)) string {
	h.t.Helper()
	q := messaging.ThreadsQuery{Viewer: a.ID, Box: box, Page: 1, PerPage: 100}
	for _, f := range change {
		f(&q)
	}
	p, err := h.ListThreads(context.Background(), a, q)
	if err != nil {
		h.t.Fatalf("%s lists %s: %v", a.Login, box, err)
	}
	var out []string
	for _, t := range p.Threads {
		out = append(out, fmt.Sprint(t.ID))
	}
	return strings.Join(out, " ")
}

func searching(for_ string) func(*messaging.ThreadsQuery) {
	return func(q *messaging.ThreadsQuery) { q.Search = for_ }
}

func state(s messaging.ReadState) func(*messaging.ThreadsQuery) {
	return func(q *messaging.ThreadsQuery) { q.State = s }
}

// people says who is in a thread: user, unread, then "s" for sender only, "d" for deleted.
func people(t *messaging.Thread) string {
	var out []string
	for _, r := range t.Recipients {
		s := fmt.Sprintf("%d:%d", r.User, r.Unread)
		if r.SenderOnly {
			s += "s"
		}
		if r.Deleted {
			s += "d"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestThreadsGoTheWayOfTheRecordings follows the counts of the recorded conversation
// unread-evolution, and what deletion does to them (unread-after-delete).
func TestThreadsGoTheWayOfTheRecordings(t *testing.T) {
	h := open(t, unhurried)
	th := h.thread(alice, "T", "1", bob, carol)
	id := th.ID
	want(t, "started", people(th), "4:1 5:1 3:0s")
	want(t, "inbox of the sender", h.box(alice, messaging.BoxInbox), "")
	want(t, "sentbox of the sender", h.box(alice, messaging.BoxSent), fmt.Sprint(id))
	th = h.reply(bob, id, "2")
	want(t, "answered", people(th), "4:1 5:2 3:1")
	if th.Unread != 1 || th.Newest.Subject != "Re: T" || th.MessageTotal != 2 {
		t.Errorf("answer: %+v", th)
	}
	want(t, "inbox of the sender", h.box(alice, messaging.BoxInbox), fmt.Sprint(id))
	want(t, "answered back", people(h.reply(alice, id, "3")), "4:2 5:3 3:1")
	want(t, "read", people(h.update(carol, id, messaging.ThreadUpdate{Read: true})), "4:2 5:0 3:1")
	want(t, "third", people(h.reply(carol, id, "4")), "4:3 5:0 3:2")
	h.update(alice, id, messaging.ThreadUpdate{Read: true})
	want(t, "unread again", people(h.update(bob, id, messaging.ThreadUpdate{Unread: true})), "4:1 5:0 3:0")
	want(t, "after marking", people(h.reply(alice, id, "5")), "4:2 5:1 3:0")
	if n := h.number(`SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = 4 AND is_new = 1`); n != 4 {
		t.Errorf("bob has %d new notifications, want 4", n) // he marked nothing read
	}
	h.check()

	h.star(bob, th.Newest.ID)
	if before := h.remove(bob, id); before.MessageTotal != 5 || people(before) != "4:2 5:1 3:0" {
		t.Errorf("before the deletion: %+v", before)
	}
	want(t, "deleted", people(h.seen(alice, id)), "4:2d 5:1 3:0")
	for _, b := range []messaging.Box{messaging.BoxInbox, messaging.BoxSent, messaging.BoxStarred} {
		want(t, string(b)+" after deletion", h.box(bob, b), "")
	}
	if n := h.number(`SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = 4`); n != 0 {
		t.Errorf("%d notifications stay", n)
	}
	ctx := context.Background()
	_, err := h.GetThread(ctx, bob, id, messaging.ThreadQuery{Viewer: bob.ID})
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.ReplyThread(ctx, bob, id, messaging.ThreadReply{Content: "x"})
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.ToggleStar(ctx, bob, th.Newest.ID, nil)
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.DeleteThread(ctx, bob, id, messaging.ThreadDelete{Viewer: bob.ID})
	refused(t, err, messaging.NotParticipant, "")
	h.check()
	want(t, "back again", people(h.reply(carol, id, "6")), "4:3 5:1 3:1")
	want(t, "starred as before", h.box(bob, messaging.BoxStarred), fmt.Sprint(id))
	h.check()

	h.remove(alice, id)
	h.remove(bob, id)
	h.remove(carol, id)
	_, err = h.GetThread(ctx, alice, id, messaging.ThreadQuery{Viewer: alice.ID})
	refused(t, err, messaging.NotFound, "")
	if n := h.number(`SELECT (SELECT COUNT(*) FROM wp_bp_notifications) + (SELECT COUNT(*) FROM wp_parley_conversations)`); n != 0 {
		t.Errorf("%d rows are left of what everybody deleted", n)
	}
	h.noTrace()
	if again := h.thread(alice, "T", "new", bob); again.ID <= id || again.Newest.ID <= th.Newest.ID {
		t.Errorf("ids %d and %d are used again", again.ID, again.Newest.ID)
	}
}

func TestWhoReceivesAThread(t *testing.T) {
	h := open(t, unhurried)
	stranger := messaging.Actor{ID: 4040}
	for _, tt := range []struct {
		name string
		to   []messaging.Actor
		want string // people, "" for refused
	}{
		{"one", []messaging.Actor{bob}, "4:1 3:0s"},
		{"in the order asked for", []messaging.Actor{carol, bob}, "5:1 4:1 3:0s"},
		{"twice", []messaging.Actor{bob, bob}, "4:1 3:0s"},
		{"oneself beside somebody", []messaging.Actor{alice, bob}, "4:1 3:0s"},
		{"a note to self", []messaging.Actor{alice}, "3:1"},
		{"an unknown one is dropped", []messaging.Actor{stranger, bob}, "4:1 3:0s"},
		{"unknown ones alone", []messaging.Actor{stranger}, ""},
		{"oneself and an unknown one", []messaging.Actor{alice, stranger}, ""},
		{"nobody", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.t = t
			if tt.want == "" {
				_, err := h.StartThread(context.Background(), alice, messaging.ThreadStart{Recipients: ids(tt.to...), Content: "x"})
				refused(t, err, messaging.Invalid, "")
				return
			}
			want(t, "people", people(h.thread(alice, "S", "x", tt.to...)), tt.want)
		})
	}
	h.t = t
	h.check()
	h.noTrace()
}

func TestANoteToSelf(t *testing.T) {
	h := open(t, unhurried)
	note := h.thread(alice, "Notes", "note", alice)
	id := fmt.Sprint(note.ID)
	want(t, "inbox", h.box(alice, messaging.BoxInbox), id)
	want(t, "inbox of the other surface", h.list(alice, messaging.FilterActive), id)
	want(t, "second note", people(h.reply(alice, note.ID, "second")), "3:1")
	h.check()
	h.read(alice, note.ID) // on the other surface
	want(t, "read there", people(h.seen(alice, note.ID)), "3:0")
	h.own = nil
	h.update(alice, note.ID, messaging.ThreadUpdate{Unread: true})
	h.mark(alice, note.ID)
	h.check()
	h.read(alice, note.ID)
	want(t, "read there again", people(h.seen(alice, note.ID)), "3:0")
	h.own = nil
	h.send(alice, note.ID, "third")
	if got := h.get(alice, note.ID); got.Type != messaging.Direct || got.Preview != "third" {
		t.Errorf("the note there: %+v", got)
	}
	h.check()
	h.remove(alice, note.ID)
	h.noTrace()
}

// TestOnePairManyThreads starts threads between two members: each is new, and the
// pair has one direct conversation on the other surface (D11).
func TestOnePairManyThreads(t *testing.T) {
	h := open(t, unhurried)
	first := h.thread(alice, "One", "1", bob)
	second := h.thread(bob, "Two", "2", alice)
	if first.ID == second.ID {
		t.Fatal("the second thread is the first")
	}
	r := h.start(bob, "there", alice)
	if r.Conversation.ID != first.ID || !r.Reused {
		t.Errorf("the other surface uses %d, want %d", r.Conversation.ID, first.ID)
	}
	h.check()
	// The pair's conversation was deleted by one: who starts it anew has it again.
	h.remove(bob, first.ID)
	want(t, "after deletion", h.list(bob, messaging.FilterActive), fmt.Sprint(second.ID))
	if r = h.start(bob, "anew", alice); r.Conversation.ID != first.ID {
		t.Errorf("started anew in %d, want %d", r.Conversation.ID, first.ID)
	}
	want(t, "after starting anew", h.list(bob, messaging.FilterActive), fmt.Sprintf("%d %d", first.ID, second.ID))
	h.check()
	// A block holds for threads beside it as well.
	ctx, on := context.Background(), true
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, first.ID, &on))
	_, err := h.StartThread(ctx, bob, messaging.ThreadStart{Recipients: ids(alice), Content: "x"})
	refused(t, err, messaging.CannotSend, "Unable to send message.")
	_, err = h.StartThread(ctx, alice, messaging.ThreadStart{Recipients: ids(bob), Content: "x"})
	refused(t, err, messaging.BlockedByActor, "")
	_, err = h.ReplyThread(ctx, bob, first.ID, messaging.ThreadReply{Content: "x"})
	refused(t, err, messaging.CannotSend, "Unable to send message.")
}

// TestThreadsObeyTheRules is D12: one rule set for both surfaces.
func TestThreadsObeyTheRules(t *testing.T) {
	h := open(t, withLimits(func(l *messaging.Limits) { l.Members, l.MessagesPerMinute, l.NewPerDay = 4, 3, [5]int{0, 2} }))
	ctx := context.Background()
	starts := func(a messaging.Actor, to ...messaging.Actor) error {
		_, err := h.StartThread(ctx, a, messaging.ThreadStart{Recipients: ids(to...), Content: "x"})
		return err
	}
	refused(t, starts(dave, bob), messaging.TrustTooLow, "")
	refused(t, starts(dave, dave), messaging.TrustTooLow, "")
	refused(t, starts(alice, erin), messaging.OutOfScope, "")
	refused(t, starts(alice, zed), messaging.CannotSend, "")
	refused(t, starts(alice, bob, carol, dave, vera), messaging.TooLarge, "")
	if err := starts(mona, erin); err != nil {
		t.Errorf("a moderator of the community: %v", err)
	}
	th := h.thread(alice, "S", "x", bob)
	h.thread(alice, "S", "x", carol)
	refused(t, starts(alice, bob), messaging.RateLimited, "")
	h.reply(alice, th.ID, "third this minute")
	_, err := h.ReplyThread(ctx, alice, th.ID, messaging.ThreadReply{Content: "fourth"})
	refused(t, err, messaging.RateLimited, "")
	_, err = h.Send(ctx, alice, messaging.SendInput{Conversation: th.ID, Content: "fourth"})
	refused(t, err, messaging.RateLimited, "")
	for text, reason := range map[string]messaging.Reason{"": messaging.Invalid, "<br>": messaging.Invalid, "\xff": messaging.Invalid,
		strings.Repeat("x", 60_001): messaging.TooLarge} {
		_, err := h.ReplyThread(ctx, bob, th.ID, messaging.ThreadReply{Content: text})
		refused(t, err, reason, "")
	}
	// Who may not write is told before what was written is looked at.
	_, err = h.ReplyThread(ctx, carol, th.ID, messaging.ThreadReply{})
	refused(t, err, messaging.NotParticipant, "")
	h.reply(bob, th.ID, " ")
	h.check()
}

// TestNobodyActsForOthers is D1: another's user id gets nobody but moderators anywhere.
func TestNobodyActsForOthers(t *testing.T) {
	h := open(t, unhurried)
	boss := admin
	boss.Moderator = true
	th := h.thread(alice, "T", "1", bob, carol)
	ctx := context.Background()
	before := people(h.seen(bob, th.ID))
	for _, a := range []messaging.Actor{dave, alice} {
		_, err := h.GetThread(ctx, a, th.ID, messaging.ThreadQuery{Viewer: bob.ID})
		refused(t, err, messaging.NotParticipant, "")
		_, err = h.UpdateThread(ctx, a, th.ID, messaging.ThreadUpdate{Viewer: bob.ID, Read: true})
		refused(t, err, messaging.NotParticipant, "")
		_, err = h.DeleteThread(ctx, a, th.ID, messaging.ThreadDelete{Viewer: bob.ID})
		refused(t, err, messaging.NotParticipant, "")
		_, err = h.ListThreads(ctx, a, messaging.ThreadsQuery{Viewer: bob.ID, Page: 1, PerPage: 10})
		refused(t, err, messaging.Forbidden, "")
		_, err = h.ListThreads(ctx, a, messaging.ThreadsQuery{Viewer: 4040, Page: 1, PerPage: 10})
		refused(t, err, messaging.NotFound, "")
	}
	want(t, "bob's state", people(h.seen(bob, th.ID)), before)
	if n := h.number(`SELECT COUNT(*) FROM wp_parley_audit_log`); n != 0 {
		t.Errorf("%d audit rows before a moderator did anything", n)
	}

	// Moderators act for members, and every step is written down.
	seen := must[*messaging.Thread](t)(h.GetThread(ctx, boss, th.ID, messaging.ThreadQuery{Viewer: boss.ID}))
	if seen.Unread != 0 || people(seen) != before {
		t.Errorf("a moderator sees %s, unread %d", people(seen), seen.Unread)
	}
	if seen = must[*messaging.Thread](t)(h.GetThread(ctx, boss, th.ID, messaging.ThreadQuery{Viewer: bob.ID})); seen.Unread != 1 {
		t.Errorf("bob's unread count is %d", seen.Unread)
	}
	_, err := h.GetThread(ctx, boss, th.ID, messaging.ThreadQuery{Viewer: boss.ID, ViewerTakesPart: true})
	refused(t, err, messaging.NotParticipant, "")
	page := must[messaging.ThreadPage](t)(h.ListThreads(ctx, boss, messaging.ThreadsQuery{Viewer: bob.ID, Page: 1, PerPage: 10}))
	if page.Total != 1 || page.Threads[0].Unread != 1 {
		t.Errorf("bob's inbox as a moderator sees it: %+v", page)
	}
	must[*messaging.Thread](t)(h.UpdateThread(ctx, boss, th.ID, messaging.ThreadUpdate{Viewer: bob.ID, Read: true}))
	want(t, "marked for bob", people(h.seen(alice, th.ID)), "4:0 5:1 3:0s")
	after := must[*messaging.Thread](t)(h.ReplyThread(ctx, boss, th.ID, messaging.ThreadReply{Content: "careful"}))
	want(t, "a moderator writes", people(after), "4:1 5:2 3:1")
	want(t, "a moderator's sentbox", h.box(boss, messaging.BoxSent), "")
	h.check()
	must[*messaging.Thread](t)(h.ReplyThread(ctx, boss, th.ID, messaging.ThreadReply{Content: "again"}))
	h.check()
	_, err = h.ToggleStar(ctx, boss, th.Newest.ID, nil)
	refused(t, err, messaging.Left, "")
	_, err = h.DeleteThread(ctx, boss, th.ID, messaging.ThreadDelete{Viewer: boss.ID})
	refused(t, err, messaging.Forbidden, "")
	for range 2 { // again is harmless
		must[*messaging.Thread](t)(h.DeleteThread(ctx, boss, th.ID, messaging.ThreadDelete{Viewer: bob.ID}))
	}
	want(t, "deleted for bob", people(h.seen(alice, th.ID)), "4:2d 5:3 3:2")
	for action, n := range map[string]int{messaging.AuditThreadView: 3, messaging.AuditThreadList: 1, messaging.AuditThreadUpdate: 1,
		messaging.AuditThreadReply: 2, messaging.AuditThreadDelete: 2} {
		got := h.number(`SELECT COUNT(*) FROM wp_parley_audit_log WHERE action = ? AND actor_id = ?`, action, boss.ID)
		if action == messaging.AuditThreadView {
			n = 2 // the third was refused
		}
		if got != n {
			t.Errorf("%s is written down %d times, want %d", action, got, n)
		}
	}
	h.check()
}

// TestUpdatingWithoutAMark is 1.7: the message must be the caller's own.
func TestUpdatingWithoutAMark(t *testing.T) {
	h := open(t, unhurried)
	th := h.thread(alice, "T", "1", bob)
	other := h.thread(alice, "U", "2", bob)
	ctx := context.Background()
	fields := map[string]string{"mood": "fine"}
	show := []string{"mood"}
	for _, tt := range []struct {
		name string
		as   messaging.Actor
		in   messaging.ThreadUpdate
		ok   bool
		mood string
	}{
		{"the newest sender", alice, messaging.ThreadUpdate{}, true, ""},
		{"somebody else", bob, messaging.ThreadUpdate{}, false, ""},
		{"somebody else with a field", bob, messaging.ThreadUpdate{Fields: fields}, false, ""},
		{"with a mark, the field stays away", bob, messaging.ThreadUpdate{Read: true, Fields: fields}, true, ""},
		{"another thread's message", alice, messaging.ThreadUpdate{Message: other.Newest.ID}, false, ""},
		{"the same with a mark", alice, messaging.ThreadUpdate{Message: other.Newest.ID, Read: true}, true, ""},
		{"a field", alice, messaging.ThreadUpdate{Fields: fields}, true, "fine"},
		{"a field again", alice, messaging.ThreadUpdate{Message: th.Newest.ID, Fields: map[string]string{"mood": "so so"}}, true, "so so"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Viewer, tt.in.ShowFields = tt.as.ID, show
			got, err := h.UpdateThread(ctx, tt.as, th.ID, tt.in)
			if !tt.ok {
				refused(t, err, messaging.Invalid, "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Newest.Fields["mood"] != tt.mood || got.Messages[0].Fields["mood"] != tt.mood {
				t.Errorf("fields are %v and %v", got.Newest.Fields, got.Messages[0].Fields)
			}
		})
	}
	both := h.update(bob, th.ID, messaging.ThreadUpdate{Read: true, Unread: true})
	want(t, "read and unread", people(both), "4:1 3:0s")
	h.update(alice, th.ID, messaging.ThreadUpdate{Unread: true}) // nobody else wrote
	h.mark(alice, th.ID)
	want(t, "one's own unread", people(h.seen(alice, th.ID)), "4:1 3:1s")
	h.check()
	if h.unread(alice) != 1 {
		t.Error("the other surface does not know")
	}
	h.read(alice, th.ID)
	want(t, "read on the other surface", people(h.seen(alice, th.ID)), "4:1 3:0s")
	h.own = nil
	h.check()
}

func TestSlicesOfAThread(t *testing.T) {
	h := open(t, unhurried)
	crowd := h.members(15)
	th := h.thread(alice, "T", "1", crowd...)
	for i := 2; i <= 12; i++ {
		h.reply(crowd[0], th.ID, fmt.Sprint(i))
	}
	must[*messaging.Conversation](t)(h.Leave(context.Background(), crowd[1], th.ID)) // a notice, and one recipient less
	h.star(alice, h.seen(alice, th.ID).Messages[5].ID)
	texts := func(th *messaging.Thread) (out string) {
		for _, m := range th.Messages {
			out += m.Content + " "
			if m.Starred {
				out += "* "
			}
		}
		return strings.TrimSpace(out)
	}
	for _, tt := range []struct {
		name         string
		q            messaging.ThreadQuery
		messages     string
		first, count int // of recipients
	}{
		{"everything", messaging.ThreadQuery{}, "1 2 3 4 5 6 * 7 8 9 10 11 12", 1000, 15},
		{"first page", messaging.ThreadQuery{Messages: messaging.Slice{Page: 1, PerPage: 5}, Recipients: messaging.Slice{Page: 1, PerPage: 10}}, "1 2 3 4 5", 1000, 10},
		{"last page", messaging.ThreadQuery{Messages: messaging.Slice{Page: 3, PerPage: 5}, Recipients: messaging.Slice{Page: 2, PerPage: 10}}, "11 12", 1011, 5},
		{"past the end", messaging.ThreadQuery{Messages: messaging.Slice{Page: 4, PerPage: 5}, Recipients: messaging.Slice{Page: 3, PerPage: 10}}, "", 0, 0},
		{"newest first", messaging.ThreadQuery{Messages: messaging.Slice{Page: 1, PerPage: 2}, NewestFirst: true}, "12 11", 1000, 15},
		{"newest first, older", messaging.ThreadQuery{Messages: messaging.Slice{Page: 3, PerPage: 5}, NewestFirst: true}, "2 1", 1000, 15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.Viewer = alice.ID
			got := must[*messaging.Thread](t)(h.GetThread(context.Background(), alice, th.ID, tt.q))
			want(t, "messages", texts(got), tt.messages)
			if got.Newest.Content != "12" || got.MessageTotal != 12 || got.Unread != 11 || got.RecipientTotal != 15 {
				t.Errorf("thread %+v", got)
			}
			if len(got.Recipients) != tt.count || tt.count > 0 && got.Recipients[0].User != wpauth.UserID(tt.first) {
				t.Errorf("%d recipients from %+v", len(got.Recipients), got.Recipients)
			}
			for _, r := range got.Recipients {
				if r.Member.ID != r.User || r.Member.DisplayName == "" {
					t.Errorf("recipient without a card: %+v", r)
				}
			}
		})
	}
	for _, s := range []messaging.Slice{{Page: 0, PerPage: 5}, {Page: 1, PerPage: 0}, {Page: 1, PerPage: 101}, {Page: 1 << 50, PerPage: 1}} {
		_, err := h.GetThread(context.Background(), alice, th.ID, messaging.ThreadQuery{Viewer: alice.ID, Messages: s})
		refused(t, err, messaging.Invalid, "")
	}
	h.check()
}
