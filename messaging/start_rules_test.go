package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

const (
	trustText = "You need a higher trust level to send messages."
	scopeText = "You can only message people who share at least one space with you."
	sendText  = "Unable to send message."
	blockText = "You blocked this conversation. Unblock it to send messages."
)

// nothingWritten fails when a refused use case left anything behind.
func (h *house) nothingWritten() {
	h.t.Helper()
	for _, table := range []string{"conversations", "participants", "messages", "message_text", "events"} {
		if n := h.number("SELECT COUNT(*) FROM wp_parley_" + table); n != 0 {
			h.t.Errorf("%d rows in %s", n, table)
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_jt_notifications"); n != 0 {
		h.t.Errorf("%d bell rows", n)
	}
}

func TestStartRefuses(t *testing.T) {
	h := open(t)
	everybody := make([]wpauth.UserID, 0, 25)
	for id := range wpauth.UserID(25) {
		everybody = append(everybody, id+100)
	}
	text := func(s string) messaging.StartInput {
		return messaging.StartInput{Recipients: ids(bob), Content: s}
	}
	to := func(r ...messaging.Actor) messaging.StartInput {
		return messaging.StartInput{Recipients: ids(r...), Content: "Hi"}
	}
	for _, tt := range []struct {
		name   string
		as     messaging.Actor
		in     messaging.StartInput
		reason messaging.Reason
		text   string
	}{
		{"trust too low", dave, to(alice), messaging.TrustTooLow, trustText},
		{"no shared space", alice, to(erin), messaging.OutOfScope, scopeText},
		{"one of a group without a shared space", alice, to(bob, erin), messaging.OutOfScope, scopeText},
		{"only oneself", alice, to(alice), messaging.Invalid, ""},
		{"nobody", alice, to(), messaging.Invalid, ""},
		{"id 0", alice, messaging.StartInput{Recipients: []wpauth.UserID{bob.ID, 0}, Content: "Hi"}, messaging.Invalid, ""},
		{"negative id", alice, messaging.StartInput{Recipients: []wpauth.UserID{-2}, Content: "Hi"}, messaging.Invalid, ""},
		{"unknown account", alice, messaging.StartInput{Recipients: []wpauth.UserID{bob.ID, 999999}, Content: "Hi"}, messaging.Invalid, ""},
		{"unknown account, as staff", mona, messaging.StartInput{Recipients: []wpauth.UserID{999999}, Content: "Hi"}, messaging.Invalid, ""},
		{"25 recipients", alice, messaging.StartInput{Recipients: everybody, Content: "Hi"}, messaging.Invalid, ""},
		{"direct with two", alice, messaging.StartInput{Recipients: ids(bob, carol), Content: "Hi", Type: messaging.Direct}, messaging.Invalid, ""},
		{"no such type", alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi", Type: 7}, messaging.Invalid, ""},
		{"banned recipient", alice, to(zed), messaging.CannotSend, sendText},
		{"banned recipient, as staff", mona, to(zed), messaging.CannotSend, sendText},
		{"banned recipient in a group", alice, to(bob, zed), messaging.CannotSend, sendText},
		{"no text", alice, text(""), messaging.Invalid, ""},
		{"blanks", alice, text(" \t\n\u00a0\u2003\u3000\u200b\ufeff\u2060"), messaging.Invalid, ""},
		{"nothing to see", alice, text("<br><p> </p><script>alert(1)</script>"), messaging.Invalid, ""},
		{"too long", alice, text(strings.Repeat("ä", 10001)), messaging.Invalid, ""},
		{"NUL", alice, text("a\x00b"), messaging.Invalid, ""},
		{"not UTF-8", alice, text("a\xffb"), messaging.Invalid, ""},
		{"title too long", alice, messaging.StartInput{Recipients: ids(bob, carol), Content: "Hi", Title: strings.Repeat("x", 256)}, messaging.Invalid, ""},
		{"title with NUL", alice, messaging.StartInput{Recipients: ids(bob, carol), Content: "Hi", Title: "a\x00"}, messaging.Invalid, ""},
		{"client id too long", alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi", ClientID: strings.Repeat("x", 65)}, messaging.Invalid, ""},
		{"client id with a blank", alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi", ClientID: "a b"}, messaging.Invalid, ""},
		{"client id not ASCII", alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi", ClientID: "ä"}, messaging.Invalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.Start(context.Background(), tt.as, tt.in)
			refused(t, err, tt.reason, tt.text)
			h.nothingWritten()
		})
	}
}

func TestStartAllows(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		name string
		as   messaging.Actor
		in   messaging.StartInput
		typ  messaging.Type
	}{
		{"staff across spaces at level 0", mona, messaging.StartInput{Recipients: ids(erin), Content: "Hi"}, messaging.Direct},
		{"the administrator too", admin, messaging.StartInput{Recipients: ids(erin, alice), Content: "Hi"}, messaging.Group},
		{"a group with one other", alice, messaging.StartInput{Recipients: ids(carol), Content: "Hi", Type: messaging.Group}, messaging.Group},
		{"oneself and repetitions are dropped", alice, messaging.StartInput{Recipients: ids(alice, bob, bob), Content: "Hi"}, messaging.Direct},
		{"a silenced member", alice, messaging.StartInput{Recipients: ids(sid), Content: "Hi"}, messaging.Direct},
		{"exactly as long as allowed", bob, messaging.StartInput{Recipients: ids(vera), Content: strings.Repeat("😀", 10000)}, messaging.Direct},
		{"SQL and markup", bob, messaging.StartInput{Recipients: ids(carol), Content: `'; DROP TABLE x; -- \ " <b>%_`, Title: "ignored"}, messaging.Direct},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := h.Start(context.Background(), tt.as, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if r.Conversation.Type != tt.typ || r.Reused || r.Conversation.Title != "" {
				t.Errorf("got %+v", r.Conversation)
			}
			m := must[messaging.MessagePage](t)(h.Messages(context.Background(), tt.as, r.Conversation.ID, messaging.MessagesQuery{Limit: 1}))
			if m.Messages[0].Content != tt.in.Content {
				t.Error("the content is not kept as it came")
			}
			h.check()
		})
	}
}

func TestGroupsHoldTwentyAndAreNeverReused(t *testing.T) {
	h := open(t)
	crowd := h.members(20)
	_, err := h.Start(context.Background(), alice, messaging.StartInput{Recipients: ids(crowd...), Content: "Hi"})
	refused(t, err, messaging.Invalid, "")
	a := h.start(alice, "Hi", crowd[:19]...)
	b := h.start(alice, "Hi", crowd[:19]...)
	if a.Conversation.ID == b.Conversation.ID || b.Reused || len(b.Conversation.Participants) != 20 {
		t.Errorf("got %+v", b)
	}
	titled := must[messaging.StartResult](t)(h.Start(context.Background(), alice,
		messaging.StartInput{Recipients: ids(bob, carol), Content: "Hi", Title: "  Trip \t"}))
	if titled.Conversation.Title != "Trip" {
		t.Errorf("title %q", titled.Conversation.Title)
	}
	blank := must[messaging.StartResult](t)(h.Start(context.Background(), alice,
		messaging.StartInput{Recipients: ids(bob, carol), Content: "Hi", Title: " \u3000"}))
	if blank.Conversation.Title != "" {
		t.Errorf("title %q", blank.Conversation.Title)
	}
	h.check()
}

func TestTrustNeededToStart(t *testing.T) {
	minimum := func(n int) func(*messaging.Options) { return func(o *messaging.Options) { o.MinTrustLevel = n } }
	dsn := open(t).dsn
	h := openOn(t, dsn, minimum(0))
	h.start(dave, "Hi", alice)
	h.exec("DELETE FROM wp_jt_user_profiles WHERE user_id = ?", dave.ID)
	h.start(dave, "Hi", bob)
	h = openOn(t, dsn, minimum(1))
	_, err := h.Start(context.Background(), dave, messaging.StartInput{Recipients: ids(alice), Content: "Again"})
	refused(t, err, messaging.TrustTooLow, trustText) // reuse is a start
	h.send(dave, 1, "A reply is free")
	h = openOn(t, dsn, minimum(2))
	_, err = h.Start(context.Background(), alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi"})
	refused(t, err, messaging.TrustTooLow, trustText)
	h.start(mona, "Staff may", alice)
}

func TestSpaceBansEndScope(t *testing.T) {
	h := open(t)
	start := func() error {
		_, err := h.Start(context.Background(), alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi"})
		return err
	}
	ban := func(who messaging.Actor, expires any) {
		h.exec(`INSERT INTO wp_jt_restrictions (user_id, type, space_id, issued_by, expires_at, created_at)
			VALUES (?, 'space_ban', 1, 1, ?, '2026-01-01')`, who.ID, expires)
	}
	ban(bob, nil)
	refused(t, start(), messaging.OutOfScope, scopeText)
	h.exec("DELETE FROM wp_jt_restrictions WHERE type = 'space_ban'")
	ban(alice, "2026-03-02 10:00:00")
	refused(t, start(), messaging.OutOfScope, scopeText)
	h.clock.pass(2 * time.Hour) // the ban ends
	if err := start(); err != nil {
		t.Fatal(err)
	}
	ban(alice, nil)
	h.send(alice, 1, "Replies ask for no space")
	ban(bob, nil)
	h.exec("INSERT INTO wp_jt_space_members (space_id, user_id, joined_at) VALUES (2, ?, '2026-01-01'), (2, ?, '2026-01-01')", alice.ID, bob.ID)
	if err := start(); err != nil {
		t.Fatal("another space counts:", err)
	}
}

func TestCommunityBlocks(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	direct, group := h.direct(alice, carol), h.group(alice, bob, carol)
	h.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, '2026-01-01'), (?, ?, '2026-01-01')",
		alice.ID, bob.ID, carol.ID, alice.ID)
	for _, in := range []struct {
		as messaging.Actor
		to []messaging.Actor
	}{{alice, []messaging.Actor{bob}}, {bob, []messaging.Actor{alice}}, {alice, []messaging.Actor{sid, carol}}, {carol, []messaging.Actor{alice}}} {
		_, err := h.Start(ctx, in.as, messaging.StartInput{Recipients: ids(in.to...), Content: "Hi"})
		refused(t, err, messaging.CannotSend, sendText)
	}
	for _, who := range []messaging.Actor{alice, carol} {
		_, err := h.Send(ctx, who, messaging.SendInput{Conversation: direct, Content: "Hi"})
		refused(t, err, messaging.CannotSend, sendText)
	}
	h.read(carol, group)
	h.send(alice, group, "In a group both keep talking")
	events := must[[]messaging.Event](t)(h.Events(ctx, 0, 100))
	if got := string(events[len(events)-1].Payload); got != fmt.Sprintf(
		`{"seq":2,"recipients":[%d,%d],"notified":[%d,%d],"push":[%d]}`, bob.ID, carol.ID, bob.ID, carol.ID, bob.ID) {
		t.Errorf("payload %s", got)
	}
	h.exec("DELETE FROM wp_jt_blocked_users")
	h.send(alice, direct, "All is restored")
	h.start(bob, "All is restored", alice)
	h.check()
}

func TestConversationBlockReachesStarting(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id := h.direct(alice, bob)
	yes, no := true, false
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, id, &yes))
	start := func(as messaging.Actor, to ...messaging.Actor) error {
		_, err := h.Start(ctx, as, messaging.StartInput{Recipients: ids(to...), Content: "Hi"})
		return err
	}
	refused(t, start(bob, alice), messaging.CannotSend, sendText)
	refused(t, start(bob, carol, alice), messaging.CannotSend, sendText)
	refused(t, start(alice, bob), messaging.BlockedByActor, blockText)
	if err := start(alice, bob, carol); err != nil {
		t.Error("the blocker may still be in a group with the blocked:", err)
	}
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, id, &no))
	if err := start(bob, alice); err != nil {
		t.Error(err)
	}
	h.check()
}

func TestNewConversationsPerDay(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	crowd := h.members(14)
	old := h.direct(alice, bob)
	for i := range 9 {
		h.clock.pass(time.Minute)
		h.start(alice, "Hi", crowd[i])
	}
	refusedUntil := func(want time.Duration) {
		t.Helper()
		_, err := h.Start(ctx, alice, messaging.StartInput{Recipients: ids(crowd[10]), Content: "Hi"})
		refused(t, err, messaging.RateLimited, "")
		if e := err.(*messaging.Error); e.RetryAfter > want || e.RetryAfter < want-time.Second {
			t.Errorf("RetryAfter %v, want %v", e.RetryAfter, want)
		}
	}
	refusedUntil(24*time.Hour - 9*time.Minute)
	refusedUntil(24*time.Hour - 9*time.Minute) // refused attempts do not count
	if r := h.start(alice, "Reuse is free", bob); r.Conversation.ID != old || !r.Reused {
		t.Errorf("got %+v", r)
	}
	h.clock.pass(24*time.Hour - 9*time.Minute)
	h.start(alice, "The first fell out", crowd[13])
	refusedUntil(time.Minute)
	h.exec("UPDATE wp_jt_user_profiles SET trust_level = 4 WHERE user_id = ?", alice.ID)
	h.start(alice, "No limit at level 4", crowd[12])
	h.exec("UPDATE wp_jt_user_profiles SET trust_level = 5 WHERE user_id = ?", alice.ID)
	h.start(alice, "nor at 5", crowd[11])
	for _, c := range crowd {
		h.start(mona, "nor for staff", c)
	}
	h.check()
}

func TestMessagesPerMinute(t *testing.T) {
	h := open(t, withLimits(func(l *messaging.Limits) { l.MessagesPerMinute = 3 }))
	ctx := context.Background()
	id := h.direct(alice, bob)
	h.clock.pass(10 * time.Second)
	h.send(alice, id, "two")
	h.clock.pass(10 * time.Second)
	h.send(alice, id, "three")
	_, err := h.Send(ctx, alice, messaging.SendInput{Conversation: id, Content: "four"})
	refused(t, err, messaging.RateLimited, "")
	if e := err.(*messaging.Error); e.RetryAfter > 40*time.Second || e.RetryAfter < 39*time.Second {
		t.Errorf("RetryAfter %v", e.RetryAfter)
	}
	for _, to := range []messaging.Actor{bob, carol} {
		_, err = h.Start(ctx, alice, messaging.StartInput{Recipients: ids(to), Content: "Hi"})
		refused(t, err, messaging.RateLimited, "")
	}
	h.send(bob, id, "Others are not concerned")
	_, err = h.Send(ctx, alice, messaging.SendInput{Conversation: 999, Content: "Hi"})
	refused(t, err, messaging.NotFound, "Conversation not found.")
	h.clock.pass(40 * time.Second)
	h.send(alice, id, "four")
	_, err = h.Send(ctx, alice, messaging.SendInput{Conversation: id, Content: "five"})
	refused(t, err, messaging.RateLimited, "")
	h.check()
}

// withoutJetonomy takes its tables away; what the Service knows of it is to be made anew.
func (h *house) withoutJetonomy() {
	h.t.Helper()
	for _, table := range []string{"user_profiles", "notifications", "blocked_users", "restrictions", "space_members", "spaces", "flags", "access_rules"} {
		h.exec("DROP TABLE IF EXISTS wp_jt_" + table)
	}
}

func TestWithoutJetonomyOnlyTheAccountMatters(t *testing.T) {
	h := open(t)
	h.withoutJetonomy()
	h.Service = h.service(withLimits(func(l *messaging.Limits) { l.MessagesPerMinute, l.NewPerDay = 8, [5]int{1, 1, 1, 1, 1} }))
	ctx := context.Background()
	id := h.start(dave, "Hi", erin).Conversation.ID
	h.start(dave, "No daily limit", zed)
	group := h.group(dave, alice, bob)
	h.send(erin, id, "Hello")
	h.read(dave, id)
	must[*messaging.Conversation](t)(h.SetMuted(ctx, dave, group, nil))
	must[*messaging.Conversation](t)(h.Leave(ctx, alice, group))
	if got := h.list(dave, messaging.FilterAll); got != "1 3 2" {
		t.Errorf("list %q", got)
	}
	for range 5 {
		h.send(dave, id, "Hi")
	}
	_, err := h.Send(ctx, dave, messaging.SendInput{Conversation: id, Content: "Hi"})
	refused(t, err, messaging.RateLimited, "")
	_, err = h.Start(ctx, alice, messaging.StartInput{Recipients: []wpauth.UserID{999999}, Content: "Hi"})
	refused(t, err, messaging.Invalid, "")
	if err := h.Admit(ctx, zed, messaging.GateWrite); err != nil {
		t.Error(err)
	}
}
