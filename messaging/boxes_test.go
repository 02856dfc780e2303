package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/messaging"
)

// boxIs wants exactly these threads, in order.
func (h *house) boxIs(a messaging.Actor, box messaging.Box, what string, want []messaging.ConversationID, change ...func(*messaging.ThreadsQuery)) {
	h.t.Helper()
	if got, want := h.box(a, box, change...), strings.Trim(fmt.Sprint(want), "[]"); got != want {
		h.t.Errorf("%s of %s, %s: %q, want %q", box, a.Login, what, got, want)
	}
}

type threadIDs = []messaging.ConversationID

func TestWhatIsInABox(t *testing.T) {
	h := open(t, unhurried)
	one := h.thread(alice, "Pears", "first", bob)
	two := h.thread(carol, "Apples", "second, 100% sure", bob)
	three := h.thread(bob, "Plums", "third_of all", alice, carol)
	a, b, c := one.ID, two.ID, three.ID
	h.boxIs(bob, messaging.BoxInbox, "started ones are not in it", threadIDs{b, a})
	h.boxIs(bob, messaging.BoxSent, "one's own", threadIDs{c})
	h.boxIs(bob, messaging.BoxStarred, "nothing", nil)

	h.reply(alice, a, "fourth")
	h.boxIs(bob, messaging.BoxInbox, "a reply moves it up", threadIDs{a, b})
	h.reply(bob, b, "fifth")
	h.reply(carol, c, "sixth")
	h.boxIs(bob, messaging.BoxInbox, "answered", threadIDs{c, b, a})
	h.boxIs(bob, messaging.BoxSent, "by one's own newest", threadIDs{b, c})

	h.star(bob, three.Newest.ID)
	h.star(bob, one.Newest.ID)
	h.boxIs(bob, messaging.BoxStarred, "by the starred message, not the moment", threadIDs{c, a})
	h.star(bob, h.seen(bob, a).Newest.ID) // the fourth
	h.boxIs(bob, messaging.BoxStarred, "by the newest starred message", threadIDs{a, c})
	h.boxIs(alice, messaging.BoxStarred, "each has their own", nil)

	h.update(bob, c, messaging.ThreadUpdate{Read: true})
	for box, ids := range map[messaging.Box][2]threadIDs{
		messaging.BoxInbox: {{c}, {b, a}}, messaging.BoxSent: {{c}, {b}}, messaging.BoxStarred: {{c}, {a}}} {
		h.boxIs(bob, box, "read", ids[0], state(messaging.ReadOnly))
		h.boxIs(bob, box, "unread", ids[1], state(messaging.UnreadOnly))
	}
	for search, ids := range map[string]threadIDs{"FIRST": {a}, "pEArs": {a}, "100%": {b}, "%": {b}, "_": {c}, "ond": {b},
		"third": {c}, "h": {c, b, a}, `\`: nil, "'": nil, "i": {c, b, a}, "plums": {c}, "irst": {a}} {
		h.boxIs(bob, messaging.BoxInbox, "searched for "+search, ids, searching(search))
	}
	h.boxIs(bob, messaging.BoxSent, "only one's own messages are searched", threadIDs{c}, searching("third"))
	h.boxIs(bob, messaging.BoxSent, "others' are not", nil, searching("sixth"))
	h.boxIs(bob, messaging.BoxStarred, "only starred messages are searched", threadIDs{a}, searching("fourth"))
	h.boxIs(bob, messaging.BoxStarred, "others are not", nil, searching("second"))
	h.boxIs(bob, messaging.BoxInbox, "search and state", threadIDs{b, a}, searching("h"), state(messaging.UnreadOnly))
	with := func(who ...messaging.Actor) func(*messaging.ThreadsQuery) {
		return func(q *messaging.ThreadsQuery) { q.With = ids(who...) }
	}
	h.boxIs(bob, messaging.BoxInbox, "with alice", threadIDs{c, a}, with(alice))
	h.boxIs(bob, messaging.BoxInbox, "with either", threadIDs{c, b, a}, with(alice, carol))
	h.boxIs(bob, messaging.BoxInbox, "with nobody", nil, with(messaging.Actor{ID: 4040}))

	on := true
	ctx := context.Background()
	must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, c, &on))
	must[*messaging.Conversation](t)(h.SetMuted(ctx, bob, a, &on))
	h.boxIs(bob, messaging.BoxInbox, "archived", threadIDs{b, a})
	h.boxIs(bob, messaging.BoxSent, "archived", threadIDs{b, c})
	h.boxIs(bob, messaging.BoxStarred, "archived", threadIDs{a, c})
	h.reply(bob, c, "one's own does not end the archive")
	h.boxIs(bob, messaging.BoxInbox, "archived", threadIDs{b, a})
	h.reply(alice, c, "somebody else's does")
	h.boxIs(bob, messaging.BoxInbox, "back", threadIDs{c, b, a})
	before := h.number(`SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = ?`, bob.ID)
	h.reply(alice, a, "to somebody who muted it")
	if after := h.number(`SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = ?`, bob.ID); after != before {
		t.Error("a muted thread notifies")
	}
	must[*messaging.Conversation](t)(h.Leave(ctx, bob, c))
	h.boxIs(bob, messaging.BoxInbox, "left", threadIDs{a, b})
	h.boxIs(bob, messaging.BoxSent, "left", threadIDs{b})
	h.boxIs(bob, messaging.BoxStarred, "left", threadIDs{a})
	_, err := h.GetThread(ctx, bob, c, messaging.ThreadQuery{Viewer: bob.ID})
	refused(t, err, messaging.Left, "")
	want(t, "who is left", people(h.seen(alice, c)), "3:3 5:3")
	h.check()
}

func TestPagesOfABox(t *testing.T) {
	h := open(t, unhurried)
	for i := range 25 {
		th := h.thread(alice, fmt.Sprint("T", i), "text", bob)
		h.star(bob, th.Newest.ID)
	}
	sizes := func(a messaging.Actor, q messaging.ThreadsQuery) string {
		q.Viewer, q.PerPage = a.ID, 10
		var out []string
		for q.Page = 1; q.Page <= 4; q.Page++ {
			p := must[messaging.ThreadPage](t)(h.ListThreads(context.Background(), a, q))
			out = append(out, fmt.Sprintf("%d/%d", len(p.Threads), p.Total))
		}
		return strings.Join(out, " ")
	}
	const all = "10/25 10/25 5/25 0/25"
	want(t, "inbox", sizes(bob, messaging.ThreadsQuery{}), all)
	want(t, "sentbox", sizes(alice, messaging.ThreadsQuery{Box: messaging.BoxSent}), all)
	want(t, "starred", sizes(bob, messaging.ThreadsQuery{Box: messaging.BoxStarred}), all)
	want(t, "search", sizes(bob, messaging.ThreadsQuery{Search: "text"}), all)
	want(t, "nothing found", sizes(bob, messaging.ThreadsQuery{Search: "nothing"}), "0/0 0/0 0/0 0/0")
	h.remove(bob, 3) // the totals follow at once
	want(t, "after deletion", sizes(bob, messaging.ThreadsQuery{}), "10/24 10/24 4/24 0/24")
	for _, q := range []messaging.ThreadsQuery{{Page: 0, PerPage: 10}, {Page: 1, PerPage: 0}, {Page: 1, PerPage: 101},
		{Page: 1, PerPage: 10, Box: "trash"}, {Page: 1, PerPage: 10, State: "new"}} {
		q.Viewer = bob.ID
		_, err := h.ListThreads(context.Background(), bob, q)
		refused(t, err, messaging.Invalid, "")
	}
}

// TestStatementsOfThreadsAreFew holds a page of a box to at most six statements,
// however many threads, people and messages are on it.
func TestStatementsOfThreadsAreFew(t *testing.T) {
	h := open(t, unhurried)
	crowd := h.members(19)
	var group, direct *messaging.Thread
	for i := range 40 {
		group = h.thread(alice, fmt.Sprint("T", i), "text", crowd...)
		h.reply(crowd[0], group.ID, "answer")
		h.star(alice, group.Newest.ID)
	}
	direct = h.thread(alice, "D", "text", bob)
	for range 30 {
		h.reply(crowd[1], group.ID, "more")
	}
	ctx := context.Background()
	list := func(q messaging.ThreadsQuery) func() {
		q.Viewer = alice.ID
		return func() { must[messaging.ThreadPage](t)(h.ListThreads(ctx, alice, q)) }
	}
	ten := messaging.Slice{Page: 1, PerPage: 10}
	page := func(n int, change func(*messaging.ThreadsQuery)) func() {
		q := messaging.ThreadsQuery{Page: 1, PerPage: n, Messages: ten, Recipients: ten}
		change(&q)
		return list(q)
	}
	plain := func(*messaging.ThreadsQuery) {}
	search := func(q *messaging.ThreadsQuery) { q.Search = "text" }
	searchStars := func(q *messaging.ThreadsQuery) { q.Search, q.Box = "text", messaging.BoxStarred }
	for _, tt := range []struct {
		name string
		warm func()
		do   func()
		want int
	}{
		{"inbox of 10", page(10, plain), page(10, plain), 3},
		{"inbox of 40", page(10, plain), page(40, plain), 3},
		{"inbox of 10, total not cached", func() { h.reply(alice, direct.ID, "x") }, page(10, plain), 4},
		{"with fields", page(10, plain), page(10, func(q *messaging.ThreadsQuery) { q.Fields = []string{"mood"} }), 4},
		{"starred", page(10, plain), page(10, func(q *messaging.ThreadsQuery) { q.Box = messaging.BoxStarred }), 4},
		{"search", page(10, search), page(10, search), 5},
		{"search in the starred box", page(10, searchStars), page(10, searchStars), 5},
		{"search, a text not in memory", func() { page(10, search)(); h.reply(alice, group.ID, "x") }, page(10, search), 6},
		{"thread", func() {}, func() { h.seen(alice, group.ID) }, 2},
		{"reply", func() {}, func() { h.reply(alice, direct.ID, "x") }, 10},
		{"reply to 20", func() {}, func() { h.reply(alice, group.ID, "x") }, 10},
		{"star", func() {}, func() { h.star(alice, direct.Newest.ID) }, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.warm()
			got := h.counted(tt.do)
			if got.Data != tt.want {
				t.Errorf("%d statements, want %d:\n%s", got.Data, tt.want, strings.Join(got.Log, "\n"))
			}
		})
	}
	h.check()
}

// TestSearchGoesOverBothSurfaces finds what either surface wrote, upper and lower case
// and accents alike, and titles as the subjects they are.
func TestSearchGoesOverBothSurfaces(t *testing.T) {
	h := open(t, unhurried)
	group := h.group(alice, bob, carol) // "Trip", "Hello all"
	th := h.thread(alice, "Journey", "Bring the <b>map</b>", bob)
	h.send(carol, group, "Ein Café, 50% off & <i>more</i>")
	h.send(alice, th.ID, "a_b")
	for search, ids := range map[string]threadIDs{"trip": {group}, "CAFE": {group}, "0%": {group}, "Map": {th.ID}, "<b>": {th.ID},
		"a_b": {th.ID}, "_": {th.ID}, "%": {group}, "\u0301": nil, "journey": {th.ID}, "r": {th.ID, group}, "more": {group}} {
		h.boxIs(bob, messaging.BoxInbox, "searched for "+search, ids, searching(search))
	}
}

// TestSearchesThatCannotBe: no text holds what is not UTF-8, or is longer than texts
// are, and a search does not go on for ever.
func TestSearchesThatCannotBe(t *testing.T) {
	h := open(t, unhurried)
	h.thread(alice, "T", "text", bob)
	for _, search := range []string{"\xff", strings.Repeat("x", 60_001)} {
		h.boxIs(bob, messaging.BoxInbox, "cannot be", nil, searching(search))
		_, err := h.ListThreads(context.Background(), alice, messaging.ThreadsQuery{Viewer: bob.ID, Page: 1, PerPage: 1, Search: search})
		refused(t, err, messaging.Forbidden, "")
	}
	hurried := h.service(unhurried, func(o *messaging.Options) { o.SearchTimeout = time.Nanosecond })
	_, err := hurried.ListThreads(context.Background(), bob, messaging.ThreadsQuery{Viewer: bob.ID, Page: 1, PerPage: 1, Search: "text"})
	refused(t, err, messaging.Unavailable, "The search took too long. Please try again.")
}
