package messaging_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"parley/messaging"
)

func TestListIsOnesOwnInOrderOfActivity(t *testing.T) {
	h := open(t)
	p := must[messaging.Page](t)(h.List(context.Background(), alice, messaging.ListQuery{Limit: 20}))
	if len(p.Conversations) != 0 || p.Total != 0 {
		t.Errorf("got %+v", p)
	}
	one, two, three := h.direct(alice, bob), h.direct(carol, alice), h.group(alice, bob, carol)
	h.direct(bob, carol) // not alice's
	if got := h.list(alice, ""); got != fmt.Sprint(three, " ", two, " ", one) {
		t.Errorf("got %q", got)
	}
	h.send(bob, one, "to the top")
	if got := h.list(alice, "active"); got != fmt.Sprint(one, " ", three, " ", two) {
		t.Errorf("got %q", got)
	}
	h.read(alice, two)
	for filter, want := range map[messaging.Filter]string{
		messaging.FilterDirect: fmt.Sprint(one, " ", two), messaging.FilterGroup: fmt.Sprint(three),
		messaging.FilterUnread: fmt.Sprint(one), messaging.FilterArchived: "",
	} {
		if got := h.list(alice, filter); got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
	must[*messaging.Conversation](t)(h.Leave(context.Background(), alice, three))
	for _, filter := range []messaging.Filter{"active", "archived", "all", "unread", "direct", "group"} {
		if got := " " + h.list(alice, filter) + " "; strings.Contains(got, fmt.Sprint(" ", three, " ")) {
			t.Errorf("%s shows a group that was left: %q", filter, got)
		}
	}
	for _, q := range []messaging.ListQuery{{Limit: 0}, {Limit: 101}, {Limit: -1}, {Limit: 1, Offset: -1},
		{Limit: 1, Filter: "nonsense"}, {Limit: 1, Search: strings.Repeat("x", 101)}, {Limit: 1, Search: "a\x00"}} {
		_, err := h.List(context.Background(), alice, q)
		refused(t, err, messaging.Invalid, "")
	}
}

func TestPagesOfAListWithTotal(t *testing.T) {
	h := open(t, unhurried)
	ctx := context.Background()
	var all []string
	for i := range 25 {
		r := h.start(alice, fmt.Sprint("Thread ", i), bob, carol)
		all = append([]string{fmt.Sprint(r.Conversation.ID)}, all...)
		if i%3 == 0 {
			must[*messaging.Conversation](t)(h.SetArchived(ctx, alice, r.Conversation.ID, yes))
		}
	}
	for _, tt := range []struct {
		filter        messaging.Filter
		limit, offset int
		want          []string
		total         int
	}{
		{"all", 20, 0, all[:20], 25},
		{"all", 20, 20, all[20:], 25},
		{"all", 10, 20, all[20:], 25},
		{"all", 25, 0, all, 25},
		{"all", 5, 25, nil, 25},
		{"all", 5, 1000, nil, 25},
		{"active", 3, 0, []string{all[1], all[2], all[4]}, 16},
		{"active", 100, 14, []string{all[22], all[23]}, 16},
		{"active", 100, 16, nil, 16},
		{"archived", 2, 1, []string{all[3], all[6]}, 9},
	} {
		for range 2 { // the second time the total comes from memory
			p := must[messaging.Page](t)(h.List(ctx, alice, messaging.ListQuery{Filter: tt.filter, Limit: tt.limit, Offset: tt.offset}))
			if idsOf(p.Conversations) != strings.Join(tt.want, " ") || p.Total != tt.total {
				t.Errorf("%s %d from %d: got %q of %d, want %q of %d", tt.filter, tt.limit, tt.offset,
					idsOf(p.Conversations), p.Total, tt.want, tt.total)
			}
		}
	}
	h.start(bob, "One more", alice)
	if p := must[messaging.Page](t)(h.List(ctx, alice, messaging.ListQuery{Limit: 2})); p.Total != 17 {
		t.Errorf("the total is %d: a new thread must be counted at once", p.Total)
	}
}

func TestSearchInTheList(t *testing.T) {
	h := open(t, unhurried)
	ctx := context.Background()
	ab := h.start(bob, "The quarterly invoice", alice).Conversation.ID
	h.start(carol, "Nothing here", bob)
	group := h.start(alice, "An invoice for all", bob, carol).Conversation.ID
	find := func(a messaging.Actor, term string, limit, offset int) string {
		t.Helper()
		p := must[messaging.Page](t)(h.List(ctx, a, messaging.ListQuery{Search: term, Limit: limit, Offset: offset}))
		return fmt.Sprint(idsOf(p.Conversations), " of ", p.Total)
	}
	for _, tt := range []struct {
		as            messaging.Actor
		term          string
		limit, offset int
		want          string
	}{
		{alice, "INVOICE", 20, 0, fmt.Sprint(group, " ", ab, " of 2")},
		{alice, "invoice", 1, 1, fmt.Sprint(ab, " of 2")},
		{alice, "invoice", 1, 2, " of 2"},
		{carol, "quarterly", 20, 0, " of 0"},
		{carol, "invoice", 20, 0, fmt.Sprint(group, " of 1")},
		{dave, "invoice", 20, 0, " of 0"},
	} {
		if got := find(tt.as, tt.term, tt.limit, tt.offset); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.as.Login, tt.term, got, tt.want)
		}
	}
	h.send(alice, ab, "A word said just now")
	if got := find(bob, "just now", 20, 0); got != fmt.Sprint(ab, " of 1") {
		t.Errorf("got %q", got)
	}
	must[*messaging.Conversation](t)(h.Update(ctx, alice, group, messaging.Patch{Title: ptr("Zanzibar")}))
	if got := find(carol, "zanzi", 20, 0); got != fmt.Sprint(group, " of 1") {
		t.Errorf("a new title is not found: %q", got)
	}
}

func TestViewersSilenceIsShown(t *testing.T) {
	h := open(t)
	id := h.direct(alice, sid)
	if !h.get(sid, id).ViewerSilenced || h.get(alice, id).ViewerSilenced {
		t.Error("only sid is silenced")
	}
	p := must[messaging.Page](t)(h.List(context.Background(), sid, messaging.ListQuery{Limit: 1}))
	if !p.Conversations[0].ViewerSilenced {
		t.Error("the list does not say so")
	}
	h.exec("UPDATE wp_jt_restrictions SET expires_at = '2026-03-01 00:00:00' WHERE type = 'silence'")
	if h.get(sid, id).ViewerSilenced {
		t.Error("the silence is over")
	}
}

func TestOutsidersSeeNothing(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	for _, who := range []messaging.Actor{carol, admin, mona} {
		_, err := h.Get(context.Background(), who, id)
		refused(t, err, messaging.NotParticipant, "You are not a participant in this conversation.")
		_, err = h.Send(context.Background(), who, messaging.SendInput{Conversation: id, Content: "Hi"})
		refused(t, err, messaging.NotParticipant, "You are not a participant in this conversation.")
	}
	for _, unknown := range []messaging.ConversationID{0, -1, 999999} {
		_, err := h.Get(context.Background(), alice, unknown)
		refused(t, err, messaging.NotFound, "Conversation not found.")
		_, err = h.Send(context.Background(), alice, messaging.SendInput{Conversation: unknown, Content: "Hi"})
		refused(t, err, messaging.NotFound, "Conversation not found.")
	}
	h.check()
}

func TestAdmit(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	for _, tt := range []struct {
		as                       messaging.Actor
		settings, write, reports messaging.Reason
	}{
		{alice, "", "", ""},
		{sid, "", messaging.Silenced, messaging.Silenced},
		{zed, messaging.Banned, messaging.Banned, messaging.Banned},
		{vera, messaging.PendingVerification, messaging.PendingVerification, messaging.PendingVerification},
	} {
		for gate, want := range map[messaging.Gate]messaging.Reason{messaging.GateSettings: tt.settings,
			messaging.GateWrite: tt.write, messaging.GateReport: tt.reports} {
			if err := h.Admit(ctx, tt.as, gate); messaging.ReasonOf(err) != want || want == "" && err != nil {
				t.Errorf("%s at gate %d: %v, want %q", tt.as.Login, gate, err, want)
			}
		}
	}
	h.exec("INSERT INTO wp_jt_restrictions (user_id, type, reason, issued_by, created_at) VALUES (0, 'ip_ban', '203.0.113.9', 1, '2026-01-01')")
	from := alice
	from.IP = netip.MustParseAddr("203.0.113.9")
	refused(t, h.Admit(ctx, from, messaging.GateWrite), messaging.IPBanned, "")
	if err := h.Admit(ctx, from, messaging.GateReport); err != nil {
		t.Error(err)
	}
}
