package messaging_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"parley/messaging"
	"parley/wpauth"
)

// reach records that messages reached somebody, and returns what others are told.
func (h *house) reach(who messaging.Actor, id messaging.ConversationID, seq int64) string {
	h.t.Helper()
	return told(must[[]messaging.Reached](h.t)(h.RecordReached(context.Background(),
		[]messaging.Reached{{Conversation: id, Member: who.ID, Seq: seq}})))
}

// told is "3 to 17:2 for [1 4]" for each: member, conversation, sequence, audience.
func told(news []messaging.Reached) string {
	out := ""
	for _, r := range news {
		out += fmt.Sprintf("%d to %d:%d for %v;", r.Member, r.Conversation, r.Seq, r.To)
	}
	return out
}

// tells is what told says of one.
func tells(who messaging.Actor, id messaging.ConversationID, seq int64, to ...messaging.Actor) string {
	ids := []wpauth.UserID{}
	for _, a := range to {
		ids = append(ids, a.ID)
	}
	slices.Sort(ids)
	return fmt.Sprintf("%d to %d:%d for %v;", who.ID, id, seq, ids)
}

func (h *house) wantReach(want string, who messaging.Actor, id messaging.ConversationID, seq int64) {
	h.t.Helper()
	if got := h.reach(who, id, seq); got != want {
		h.t.Errorf("%s reached by %d of %d: told %q, want %q", who.Login, seq, id, got, want)
	}
}

// receipts are what somebody sees of each of the others.
func (h *house) receipts(who messaging.Actor, id messaging.ConversationID) string {
	h.t.Helper()
	out := ""
	for _, r := range must[[]messaging.Receipt](h.t)(h.Receipts(context.Background(), who, id)) {
		out += fmt.Sprintf("%d: %d, read %d;", r.Member, r.Delivered.Seq, r.Read.Seq)
	}
	return out
}

// at is one of them.
func at(who messaging.Actor, delivered, read int64) string {
	return fmt.Sprintf("%d: %d, read %d;", who.ID, delivered, read)
}

func (h *house) wantReceipts(want string, who messaging.Actor, id messaging.ConversationID) {
	h.t.Helper()
	if got := h.receipts(who, id); got != want {
		h.t.Errorf("%s sees %q, want %q", who.Login, got, want)
	}
}

func (h *house) deliveries() int {
	h.t.Helper()
	return h.number("SELECT COUNT(*) FROM wp_parley_deliveries")
}

func TestDeliveriesOnlyRise(t *testing.T) {
	h := open(t, unhurried)
	g := h.group(alice, bob, carol)
	for i := range 4 {
		h.send(alice, g, fmt.Sprint("message ", i))
	}
	h.wantReach(tells(bob, g, 3, alice, carol), bob, g, 3)
	h.wantReach("", bob, g, 3)
	h.wantReach("", bob, g, 2)
	h.wantReach(tells(bob, g, 4, alice, carol), bob, g, 4)
	h.wantReceipts(at(bob, 4, 0)+at(carol, 0, 0), alice, g)
	// The statement by itself never goes back either, whoever comes first.
	h.exec(`INSERT INTO wp_parley_deliveries VALUES (?, ?, 99, '2026-03-02 09:00:00')`, g, carol.ID)
	h.wantReach("", carol, g, 2)
	h.wantReceipts(at(bob, 4, 0)+at(carol, 5, 0), alice, g) // and is not beyond the end
	// What was read was delivered.
	h.read(bob, g)
	h.wantReach("", bob, g, 5)
	h.wantReceipts(at(bob, 5, 5)+at(carol, 5, 0), alice, g)
	h.wantReceipts(at(alice, 5, 5)+at(bob, 5, 5), carol, g)
	news := must[[]messaging.Receipt](t)(h.Receipts(t.Context(), carol, g))
	if last := h.number("SELECT MAX(id) FROM wp_parley_messages WHERE conversation_id = ?", g); news[1].Read.Message != messaging.MessageID(last) ||
		news[1].Delivered.Message != messaging.MessageID(last) || news[1].ReadAt.IsZero() {
		t.Errorf("receipts %+v", news)
	}
	// Another process of the site reads what was recorded, and believes nothing else.
	other := h.service(unhurried)
	claims := []messaging.Reached{{Conversation: g, Member: bob.ID, Seq: 77, Message: 3}, {Conversation: g, Member: dave.ID, Seq: 1}, {Conversation: 999, Member: bob.ID}}
	if got := told(must[[]messaging.Reached](t)(other.RecordedReached(t.Context(), claims))); got != tells(bob, g, 4, alice, carol) {
		t.Errorf("the other process tells %q", got)
	}
}

func TestDeliveriesFromManyPlacesAtOnce(t *testing.T) {
	h := open(t, unhurried)
	g := h.group(alice, bob, carol, dave)
	for range 20 {
		h.send(alice, g, "again")
	}
	nodes := []*messaging.Service{h.Service, h.service(unhurried), h.service(unhurried)}
	errs := make(chan error, 60)
	for i := range 60 {
		go func() {
			seq := int64(1 + (i*5)%21)
			_, err := nodes[i%3].RecordReached(context.Background(), []messaging.Reached{
				{Conversation: g, Member: bob.ID, Seq: seq}, {Conversation: g, Member: carol.ID, Seq: 22 - seq}})
			errs <- err
		}()
	}
	for range 60 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	h.wantReceipts(at(bob, 21, 0)+at(carol, 21, 0)+at(dave, 0, 0), alice, g)
}

func TestReceiptsAreForThoseWhoMaySeeThem(t *testing.T) {
	h := open(t, unhurried)
	ctx := t.Context()
	g, direct := h.group(alice, bob, carol), h.direct(alice, bob)
	h.wantReach("", dave, g, 1) // a stranger
	h.wantReach("", bob, 99_999, 1)
	_, err := h.Receipts(ctx, dave, g)
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.Receipts(ctx, alice, 99_999)
	refused(t, err, messaging.NotFound, "")

	// Switched off by a member: not told, and not told of; nothing is kept.
	h.set(carol, messaging.PreferencesPatch{Receipts: messaging.ChooseOff})
	h.wantReach("", carol, g, 1)
	h.wantReach(tells(bob, g, 1, alice), bob, g, 1)
	h.wantReceipts(at(bob, 1, 0), alice, g)
	h.wantReceipts("", carol, g)
	// Only with each other's consent: with everybody else's receipts off nobody may be told.
	h.set(alice, messaging.PreferencesPatch{Receipts: messaging.ChooseOff})
	h.send(alice, g, "more")
	h.wantReach("", bob, g, 2)
	for _, who := range []messaging.Actor{alice, carol} {
		h.set(who, messaging.PreferencesPatch{Receipts: messaging.ChooseDefault})
	}
	h.wantReach(tells(bob, g, 2, alice, carol), bob, g, 2)

	// Switched off by the owner.
	owned := h.service(unhurried, func(o *messaging.Options) { o.SwitchedOff.Receipts = true })
	if got := must[[]messaging.Receipt](t)(owned.Receipts(ctx, alice, g)); len(got) != 0 {
		t.Errorf("switched off by the owner, alice sees %+v", got)
	}
	if got := must[[]messaging.Reached](t)(owned.RecordReached(ctx, []messaging.Reached{{Conversation: g, Member: carol.ID, Seq: 1}})); len(got) != 0 {
		t.Errorf("switched off by the owner, %+v is told", got)
	}

	// A block in the direct conversation is of that conversation; one of the community of all.
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, bob, direct, yes))
	h.wantReach("", alice, direct, 1)
	h.wantReach("", bob, direct, 1)
	h.wantReceipts("", alice, direct)
	h.wantReceipts(at(bob, 2, 0)+at(carol, 0, 0), alice, g)
	h.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, NOW())", carol.ID, alice.ID)
	h.send(bob, g, "even more")
	h.wantReach(tells(carol, g, 3, bob), carol, g, 3)
	h.wantReceipts(at(bob, 3, 3), alice, g)
	h.wantReceipts(at(alice, 2, 2)+at(carol, 3, 0), bob, g)

	// Who left sees nothing, and nobody sees them.
	must[*messaging.Conversation](t)(h.Leave(ctx, carol, g))
	h.wantReach("", carol, g, 4)
	h.wantReceipts("", carol, g)
	h.wantReceipts(at(alice, 2, 2), bob, g)
}

func TestDeliveriesOfLargeConversationsAreNotKept(t *testing.T) {
	h := open(t, withLimits(func(l *messaging.Limits) { l.Members, l.MessagesPerMinute = 100, 0 }))
	crowd := h.members(messaging.ReceiptMembers)
	g := h.group(alice, crowd...)
	h.wantReach("", crowd[0], g, 1)
	must[*messaging.Conversation](t)(h.Leave(t.Context(), crowd[1], g)) // now it is small enough
	if got := h.reach(crowd[0], g, 2); got == "" {
		t.Error("a conversation of 50 is not small enough")
	}
}

func TestNothingIsLeftOfDeliveries(t *testing.T) {
	h := open(t, unhurried)
	ctx := t.Context()
	keep := func(id messaging.ConversationID, who ...messaging.Actor) {
		t.Helper()
		for _, a := range who {
			if h.reach(a, id, 1) == "" {
				t.Fatalf("%s: nothing was kept", a.Login)
			}
		}
	}
	left, purged, deleted := h.group(alice, bob, carol), h.group(alice, bob, carol), h.group(alice, bob, carol)
	keep(left, bob, carol)
	keep(purged, bob, carol)
	keep(deleted, bob, carol)
	must[*messaging.Conversation](t)(h.Leave(ctx, bob, left))
	if n := h.number("SELECT COUNT(*) FROM wp_parley_deliveries WHERE conversation_id = ? AND user_id = ?", left, bob.ID); n != 0 {
		t.Error("left, it is still known what reached bob")
	}
	if err := h.Purge(ctx, admin, purged); err != nil {
		t.Fatal(err)
	}
	must[*messaging.Thread](t)(h.DeleteThread(ctx, bob, deleted, messaging.ThreadDelete{Viewer: bob.ID}))
	if n := h.deliveries(); n != 2 { // of carol in left and deleted
		t.Errorf("%d rows are left", n)
	}
	h.noTrace()
	must[messaging.Erasure](t)(h.Erase(ctx, admin, carol.ID, nil))
	if n := h.deliveries(); n != 0 {
		t.Errorf("erased, %d rows are left", n)
	}

	// What was written meanwhile is swept up; what is true stays.
	for id, who := range map[messaging.ConversationID][]messaging.Actor{left: {alice, bob}, purged: {bob}} {
		for _, a := range who {
			h.exec(`INSERT INTO wp_parley_deliveries VALUES (?, ?, 1, '2026-03-02 09:00:00')`, id, a.ID)
		}
	}
	if err := h.SweepReached(ctx, []messaging.ConversationID{left, purged, deleted}); err != nil {
		t.Fatal(err)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_deliveries WHERE user_id = ?", alice.ID); n != 1 || h.deliveries() != 1 {
		t.Errorf("swept, %d rows are left, %d of alice", h.deliveries(), n)
	}
}

func TestReadPositionsAreHiddenWithReceipts(t *testing.T) {
	h := open(t, unhurried)
	g := h.group(alice, bob, carol)
	h.read(bob, g)
	h.read(carol, g)
	// seen are those whose last_read_at somebody sees, on the list and in details.
	seen := func(who messaging.Actor) string {
		t.Helper()
		list := must[messaging.Page](t)(h.List(t.Context(), who, messaging.ListQuery{Limit: 20}))
		out := [2]string{}
		for i, c := range []*messaging.Conversation{h.get(who, g), &list.Conversations[0]} {
			for _, p := range c.Participants {
				if !p.LastReadAt.IsZero() {
					out[i] += p.Member.Login + " "
				}
			}
		}
		if out[0] != out[1] {
			t.Errorf("%s sees %q in details and %q in the list", who.Login, out[0], out[1])
		}
		return out[0]
	}
	want := func(who messaging.Actor, logins string) {
		t.Helper()
		if got := seen(who); got != logins {
			t.Errorf("%s sees when %q read, want %q", who.Login, got, logins)
		}
	}
	want(alice, "alice bob carol ")
	h.set(bob, messaging.PreferencesPatch{Receipts: messaging.ChooseOff})
	want(alice, "alice carol ")
	want(bob, "bob ")
	if c := must[*messaging.Conversation](t)(h.OverseeGet(t.Context(), admin, g)); c.Participants[1].LastReadAt.IsZero() {
		t.Error("oversight does not see when bob read")
	}
	h.Service = h.service(unhurried, func(o *messaging.Options) { o.SwitchedOff.Receipts = true })
	want(carol, "carol ")
}

// TestReadPositionsAreToldToThoseWhoMaySeeThem asks whom the event is for, in a batch.
func TestReadPositionsAreToldToThoseWhoMaySeeThem(t *testing.T) {
	h := open(t, unhurried)
	g, direct := h.group(alice, bob, carol), h.direct(alice, bob)
	h.read(bob, g)
	h.read(bob, direct)
	h.read(carol, g)
	reads := func() (out string) {
		t.Helper()
		events := must[[]messaging.Event](t)(h.Events(t.Context(), 0, 100))
		for _, d := range must[[]messaging.Delivery](t)(h.Address(t.Context(), events)) {
			if d.Kind == messaging.EventConversationRead {
				out += fmt.Sprintf("%d of %d for %v;", d.Actor, d.Conversation, d.To)
			}
		}
		return out
	}
	all := func(who ...messaging.Actor) string {
		ids := []wpauth.UserID{}
		for _, a := range who {
			ids = append(ids, a.ID)
		}
		return fmt.Sprint(ids)
	}
	want := func(group, private, last string) {
		t.Helper()
		expected := fmt.Sprintf("%d of %d for %s;%d of %d for %s;%d of %d for %s;", bob.ID, g, group, bob.ID, direct, private, carol.ID, g, last)
		if got := reads(); got != expected {
			t.Errorf("told %s\nwant %s", got, expected)
		}
	}
	want(all(alice, bob, carol), all(alice, bob), all(alice, bob, carol))
	h.set(bob, messaging.PreferencesPatch{Receipts: messaging.ChooseOff})
	want(all(bob), all(bob), all(alice, carol))
	h.set(bob, messaging.PreferencesPatch{Receipts: messaging.ChooseOn})
	h.set(alice, messaging.PreferencesPatch{Receipts: messaging.ChooseOff})
	want(all(bob, carol), all(bob), all(bob, carol))
}

func TestStatementsOfReceipts(t *testing.T) {
	h := open(t, unhurried)
	crowd := h.members(19)
	var reached []messaging.Reached
	for i := range 12 {
		g := h.group(alice, crowd...)
		for _, a := range crowd[:1+i] {
			reached = append(reached, messaging.Reached{Conversation: g, Member: a.ID, Seq: 1})
		}
	}
	g := reached[0].Conversation
	ctx := t.Context()
	reads := []messaging.Event{}
	for i, r := range reached {
		reads = append(reads, messaging.Event{Position: int64(i + 1), Kind: messaging.EventConversationRead, Conversation: r.Conversation,
			Actor: r.Member, Payload: []byte(`{"seq":1}`)})
	}
	for _, tt := range []struct {
		name string
		do   func() error
		most int // one less while preferences are in memory
	}{
		{"record", func() error { _, err := h.RecordReached(ctx, reached); return err }, 5},
		{"record again", func() error { _, err := h.RecordReached(ctx, reached); return err }, 4},
		{"read another's", func() error { _, err := h.RecordedReached(ctx, reached); return err }, 4},
		{"whom reads are for", func() error { _, err := h.Address(ctx, reads); return err }, 3},
		{"receipts", func() error { _, err := h.Receipts(ctx, alice, g); return err }, 5},
		{"messages at", func() error {
			var spots []messaging.Spot
			for _, r := range reached {
				spots = append(spots, messaging.Spot{Conversation: r.Conversation, Seq: 1})
			}
			found, err := h.MessagesAt(ctx, spots)
			if len(found) != 12 {
				t.Errorf("%d messages found", len(found))
			}
			return err
		}, 1},
		{"sweep", func() error { return h.SweepReached(ctx, []messaging.ConversationID{g, g + 1}) }, 1},
		{"nothing", func() error {
			_, err := h.RecordReached(ctx, nil)
			if err == nil {
				_, err = h.RecordedReached(ctx, nil)
			}
			if err == nil {
				err = h.SweepReached(ctx, nil)
			}
			return err
		}, 0},
	} {
		got := h.counted(func() {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
		})
		if got.Data > tt.most {
			t.Errorf("%s: %d statements, want at most %d: %v", tt.name, got.Data, tt.most, got.Log)
		}
	}
}
