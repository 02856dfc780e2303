package messaging_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parley/messaging"
	"parley/wptext"
)

// both compares what the two surfaces show to members, and the tables with the
// messages: one truth (BuddyPress contract 2.10).
func (h *house) both(actors ...messaging.Actor) {
	h.t.Helper()
	h.check()
	h.noTrace()
	for _, a := range actors {
		h.sameBoxes(a)
		var all threadIDs
		h.rows(&all, `SELECT id FROM wp_parley_conversations ORDER BY id`)
		for _, id := range all {
			h.sameThread(a, id)
		}
	}
}

// sameBoxes compares a member's lists: the inbox is the active list without what they
// started and nobody answered; archived ones are in the sentbox alone.
func (h *house) sameBoxes(a messaging.Actor) {
	h.t.Helper()
	ctx := context.Background()
	lists := map[messaging.Filter][]messaging.Conversation{}
	for _, f := range []messaging.Filter{messaging.FilterActive, messaging.FilterArchived, messaging.FilterUnread} {
		p, err := h.List(ctx, a, messaging.ListQuery{Filter: f, Limit: 100})
		if err != nil {
			h.t.Fatal(err)
		}
		lists[f] = p.Conversations
	}
	inbox := func(conversations []messaging.Conversation) string {
		var received []messaging.Conversation
		for _, c := range conversations {
			if !c.Me.SenderOnly {
				received = append(received, c)
			}
		}
		return idsOf(received)
	}
	want(h.t, a.Login+"'s inbox", h.box(a, messaging.BoxInbox), inbox(lists[messaging.FilterActive]))
	want(h.t, a.Login+"'s unread inbox", h.box(a, messaging.BoxInbox, state(messaging.UnreadOnly)), inbox(lists[messaging.FilterUnread]))
	if n := h.unread(a); n != len(lists[messaging.FilterUnread]) {
		h.t.Errorf("%s's badge shows %d, the list %d", a.Login, n, len(lists[messaging.FilterUnread]))
	}
	var sent []string
	for _, c := range append(lists[messaging.FilterActive], lists[messaging.FilterArchived]...) {
		t := h.seen(a, c.ID)
		if slices.ContainsFunc(t.Messages, func(m messaging.ThreadMessage) bool { return m.Sender == a.ID }) {
			sent = append(sent, fmt.Sprint(c.ID))
		}
	}
	got := strings.Fields(h.box(a, messaging.BoxSent))
	slices.Sort(got)
	slices.Sort(sent)
	want(h.t, a.Login+"'s sentbox", strings.Join(got, " "), strings.Join(sent, " "))
}

// sameThread compares one conversation: who may see it, what is unread, and every
// message's text, sender and moment.
func (h *house) sameThread(a messaging.Actor, id messaging.ConversationID) {
	h.t.Helper()
	ctx := context.Background()
	c, refusal := h.Get(ctx, a, id)
	th, err := h.GetThread(ctx, a, id, messaging.ThreadQuery{Viewer: a.ID})
	switch {
	case refusal == nil && !c.Me.LeftAt.IsZero():
		refused(h.t, err, messaging.Left, "") // after leaving only the other surface shows what was
		return
	case refusal != nil:
		if messaging.ReasonOf(err) != messaging.ReasonOf(refusal) {
			h.t.Fatalf("%s and %d: refused with %v there and %v here", a.Login, id, refusal, err)
		}
		return
	case err != nil:
		h.t.Fatalf("%s and %d: %v", a.Login, id, err)
	}
	if c.Me.Unread != th.Unread || c.MessageCount != th.MessageTotal {
		h.t.Errorf("%s and %d: %d unread of %d there, %d of %d here", a.Login, id, c.Me.Unread, c.MessageCount, th.Unread, th.MessageTotal)
	}
	p, err := h.Messages(ctx, a, id, messaging.MessagesQuery{Limit: 100, FromOldest: true, Ascending: true})
	if err != nil {
		h.t.Fatal(err)
	}
	there := slices.DeleteFunc(p.Messages, func(m messaging.Message) bool { return m.Kind == messaging.KindSystem })
	if len(there) != len(th.Messages) {
		h.t.Fatalf("%s and %d: %d messages there, %d here", a.Login, id, len(there), len(th.Messages))
	}
	for i, m := range there {
		here := th.Messages[i]
		words := wptext.Plain(wptext.FromBuddyPress(here.Content))
		if m.ID != here.ID || m.Sender != here.Sender || !m.CreatedAt.Equal(here.At) || strings.TrimSpace(words) != strings.TrimSpace(m.Plain) {
			h.t.Errorf("%s and message %d: %q there, %q here", a.Login, m.ID, m.Plain, words)
		}
	}
	in := 0
	for i := range c.Participants {
		if c.Participants[i].LeftAt.IsZero() {
			in++
		}
	}
	if in != th.RecipientTotal {
		h.t.Errorf("%d: %d members there, %d here", id, in, th.RecipientTotal)
	}
}

// TestAScriptAndAnAppOnOneThread walks a conversation of three on which one member
// uses BuddyPress, one Jetonomy's app, and one both.
func TestAScriptAndAnAppOnOneThread(t *testing.T) {
	h := open(t, unhurried)
	ctx, on, off := context.Background(), true, false
	same := func() { t.Helper(); h.both(alice, bob, carol, dave) }
	th := h.thread(alice, `Bob\'s "trip" & more`, "Who <b>comes</b>? :)", bob, carol)
	id := th.ID
	same()
	c := h.get(bob, id)
	if c.Type != messaging.Group || c.Title != `Bob's "trip" & more` || c.Preview != "Who comes? :)" || c.Me.Unread != 1 {
		t.Errorf("the app shows %+v", c)
	}
	want(t, "the app's text", wptext.Render(h.read(bob, id).Messages[0].Content), "<p>Who <b>comes</b>? :)</p>")
	if n := h.number(`SELECT is_new FROM wp_bp_notifications WHERE user_id = ?`, bob.ID); n != 0 {
		t.Error("reading in the app leaves BuddyPress's notification new")
	}
	same()
	h.send(bob, id, "I do, it's <i>nice</i> \\o/ 5 < 6 😀\nsure")
	same()
	th = h.seen(alice, id)
	want(t, "subject of what the app sent", th.Newest.Subject, `Re: Bob\'s \"trip\" &amp; more`)
	if th.Unread != 1 || !strings.Contains(th.Newest.Content, "<em>nice</em>") && !strings.Contains(th.Newest.Content, "<i>nice</i>") {
		t.Errorf("the script shows %+v", th.Newest)
	}
	h.reply(carol, id, "Me too") // has not read anything, and that stays
	if got := h.get(carol, id).Me.Unread; got != 2 {
		t.Errorf("carol has %d unread after her reply, want 2", got)
	}
	same()
	must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, id, &on))
	h.boxIs(bob, messaging.BoxInbox, "archived in the app", nil)
	same()
	h.reply(alice, id, "When?")
	h.boxIs(bob, messaging.BoxInbox, "a reply brings it back", threadIDs{id})
	same()
	h.update(bob, id, messaging.ThreadUpdate{Unread: true})
	if h.unread(bob) != 1 {
		t.Error("the app does not show what the script marked unread")
	}
	same()
	h.read(bob, id)
	same()
	h.update(carol, id, messaging.ThreadUpdate{Read: true})
	same()
	h.remove(carol, id)
	want(t, "the app's list after the script's deletion", h.list(carol, messaging.FilterAll), "")
	for _, err := range []error{second(h.Send(ctx, carol, messaging.SendInput{Conversation: id, Content: "x"})),
		second(h.SetMuted(ctx, carol, id, &on)), second(h.MarkRead(ctx, carol, id)), second(h.Leave(ctx, carol, id)),
		second(h.Messages(ctx, carol, id, messaging.MessagesQuery{Limit: 1}))} {
		refused(t, err, messaging.NotParticipant, "")
	}
	same()
	h.send(bob, id, "Carol?")
	want(t, "back in the app", h.list(carol, messaging.FilterActive), fmt.Sprint(id))
	if got := h.get(carol, id).Me.Unread; got != 1 {
		t.Errorf("%d unread, want 1", got)
	}
	same()
	must[*messaging.Conversation](t)(h.Leave(ctx, carol, id))
	same()
	h.reply(alice, id, "She left")
	same()
	h.remove(alice, id)
	h.remove(bob, id) // carol left: nobody is in it any more
	if n := h.number(`SELECT COUNT(*) FROM wp_parley_conversations`); n != 0 {
		t.Error("the conversation outlives its last member")
	}
	same()

	// And the other way round: the app starts, the script follows.
	direct := h.direct(alice, bob)
	same()
	first := h.seen(bob, direct)
	want(t, "a conversation without a title", first.Newest.Subject, "No Subject")
	want(t, "recipients", people(first), "4:1 3:0s")
	h.boxIs(alice, messaging.BoxInbox, "not answered yet", nil)
	want(t, "subject of a reply", h.reply(bob, direct, "Hi").Newest.Subject, "Re: No Subject")
	same()
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, direct, &on))
	_, err := h.ReplyThread(ctx, bob, direct, messaging.ThreadReply{Content: "x"})
	refused(t, err, messaging.CannotSend, "Unable to send message.")
	_, err = h.ReplyThread(ctx, alice, direct, messaging.ThreadReply{Content: "x"})
	refused(t, err, messaging.BlockedByActor, "")
	same()
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, direct, &off))
	h.reply(bob, direct, "again")
	same()
	group := h.group(bob, alice, carol)
	want(t, "a title is the subject", h.seen(alice, group).Newest.Subject, "Trip")
	h.star(alice, h.seen(alice, group).Newest.ID)
	same()
	must[*messaging.Conversation](t)(h.SetArchived(ctx, alice, group, &on))
	h.boxIs(alice, messaging.BoxStarred, "archived", threadIDs{group})
	h.remove(alice, group)
	h.boxIs(alice, messaging.BoxStarred, "deleted", nil)
	same()
	h.send(carol, group, "Back")
	h.boxIs(alice, messaging.BoxStarred, "back, with its star", threadIDs{group})
	h.boxIs(alice, messaging.BoxInbox, "back, no longer archived", threadIDs{group, direct})
	same()
	if err := h.Purge(ctx, admin, group); err != nil {
		t.Fatal(err)
	}
	same()
}

func second[T any](_ T, err error) error { return err }

// TestRandomWalkOnBothSurfaces lets four members do anything on either surface, and
// compares both after every step.
func TestRandomWalkOnBothSurfaces(t *testing.T) {
	h := open(t, unhurried)
	ctx := context.Background()
	who := []messaging.Actor{alice, bob, carol, mona}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	var known threadIDs
	var log []string
	for step := range 150 {
		a := who[dice.IntN(len(who))]
		other := who[dice.IntN(len(who))]
		if len(known) == 0 || dice.IntN(12) == 0 {
			t, err := h.StartThread(ctx, mona, messaging.ThreadStart{Recipients: ids(a, other), Subject: "S", Content: "start"})
			if err == nil {
				known = append(known, t.ID)
				if a.ID == mona.ID && other.ID == mona.ID {
					h.mark(mona, t.ID)
				}
			}
		}
		id := known[dice.IntN(len(known))]
		var err error
		what := dice.IntN(12)
		switch what {
		case 0:
			_, err = h.Send(ctx, a, messaging.SendInput{Conversation: id, Content: fmt.Sprint("app ", step)})
			if err == nil {
				delete(h.own, place{int64(id), int64(a.ID)})
			}
		case 1, 2:
			_, err = h.ReplyThread(ctx, a, id, messaging.ThreadReply{Content: fmt.Sprint("script ", step)})
		case 3:
			_, err = h.MarkRead(ctx, a, id)
			if err == nil {
				delete(h.own, place{int64(id), int64(a.ID)})
			}
		case 4:
			_, err = h.UpdateThread(ctx, a, id, messaging.ThreadUpdate{Viewer: a.ID, Read: true})
			if err == nil {
				delete(h.own, place{int64(id), int64(a.ID)})
			}
		case 5:
			var t *messaging.Thread
			t, err = h.UpdateThread(ctx, a, id, messaging.ThreadUpdate{Viewer: a.ID, Unread: true})
			if err == nil && !slices.ContainsFunc(t.Messages, func(m messaging.ThreadMessage) bool { return m.Sender != a.ID }) {
				h.mark(a, id)
			}
		case 6, 7:
			_, err = h.DeleteThread(ctx, a, id, messaging.ThreadDelete{Viewer: a.ID})
		case 8:
			_, err = h.SetArchived(ctx, a, id, nil)
		case 9:
			if dice.IntN(4) == 0 {
				_, err = h.Leave(ctx, a, id)
			}
		case 10:
			if th, e := h.GetThread(ctx, a, id, messaging.ThreadQuery{Viewer: a.ID}); e == nil {
				_, err = h.ToggleStar(ctx, a, th.Messages[dice.IntN(len(th.Messages))].ID, nil)
			}
		case 11:
			if other.ID != a.ID && other.ID != mona.ID {
				var r messaging.StartResult
				if r, err = h.Start(ctx, a, messaging.StartInput{Recipients: ids(other), Content: "anew"}); err == nil && !slices.Contains(known, r.Conversation.ID) {
					known = append(known, r.Conversation.ID)
				}
			}
		}
		log = append(log, fmt.Sprintf("%d: %s does %d on %d: %v", step, a.Login, what, id, err))
		switch messaging.ReasonOf(err) {
		case "":
			if err != nil {
				t.Fatal(err)
			}
		case messaging.NotFound, messaging.NotParticipant, messaging.Left, messaging.Invalid, messaging.OutOfScope, messaging.TrustTooLow:
		default:
			t.Fatalf("step %d: %v", step, err)
		}
		if step%3 == 0 {
			h.both(who...)
		}
		if t.Failed() {
			t.Fatal(strings.Join(log[max(0, len(log)-12):], "\n"))
		}
	}
	h.both(who...)
}
