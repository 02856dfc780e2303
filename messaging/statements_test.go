package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/messaging"
	"parley/wpauth"
)

// members makes n more members of the first space and returns them.
func (h *house) members(n int) []messaging.Actor {
	h.t.Helper()
	var out []messaging.Actor
	for i := range n {
		id := 1000 + i
		login := fmt.Sprint("member", id)
		h.exec(`INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
			VALUES (?, ?, '', ?, ?, '2026-01-01 00:00:00', ?)`, id, login, login, login+"@example.test", "Member "+fmt.Sprint(id))
		h.exec(`INSERT INTO wp_jt_user_profiles (user_id, trust_level, created_at) VALUES (?, 1, '2026-01-01 00:00:00')`, id)
		h.exec(`INSERT INTO wp_jt_space_members (space_id, user_id, joined_at) VALUES (1, ?, '2026-01-01 00:00:00')`, id)
		out = append(out, messaging.Actor{ID: wpauth.UserID(id), Login: login, DisplayName: "Member " + fmt.Sprint(id)})
	}
	return out
}

// TestStatementsAreFew counts what each use case sends in its steady state, with
// cards and counts cached, however many rows and people are concerned. Where BuddyPress
// is there, its notifications cost one statement more.
func TestStatementsAreFew(t *testing.T) {
	t.Run("site without BuddyPress", func(t *testing.T) {
		h := open(t, unhurried)
		h.exec(`DROP TABLE wp_bp_notifications`)
		h.Service = h.service(unhurried)
		h.statementsAreFew(t, 0)
	})
	t.Run("site with BuddyPress", func(t *testing.T) { open(t, unhurried).statementsAreFew(t, 1) })
}

func (h *house) statementsAreFew(t *testing.T, notices int) {
	crowd := h.members(19)
	group := h.group(alice, crowd...)
	for i := range 24 {
		h.start(alice, "Hello", crowd[i%19], crowd[(i+1)%19])
	}
	direct := h.direct(alice, bob)
	for i := range 60 {
		h.send(crowd[i%19], group, fmt.Sprint("Message ", i))
	}
	ctx := context.Background()
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(q messaging.ListQuery) func() { return func() { ok(h.List(ctx, alice, q)) } }
	read := func(a messaging.Actor, id messaging.ConversationID, limit int) func() {
		return func() { ok(h.Messages(ctx, a, id, messaging.MessagesQuery{Limit: limit, MarkRead: true})) }
	}
	send := func(a messaging.Actor, id messaging.ConversationID, key string) func() {
		return func() { ok(h.Send(ctx, a, messaging.SendInput{Conversation: id, Content: "Hi", ClientID: key})) }
	}
	for _, tt := range []struct {
		name string
		warm func()
		do   func()
		want int
	}{
		{"inbox page", list(messaging.ListQuery{Limit: 20}), list(messaging.ListQuery{Limit: 20}), 2},
		{"last inbox page", list(messaging.ListQuery{Limit: 20}), list(messaging.ListQuery{Limit: 20, Offset: 20}), 2},
		{"inbox page of 5", list(messaging.ListQuery{Limit: 5}), list(messaging.ListQuery{Limit: 5}), 2},
		{"inbox page, total not cached", func() { h.send(alice, direct, "drops it") }, list(messaging.ListQuery{Limit: 20}), 3},
		{"thread of 50, nothing new", read(alice, group, 50), read(alice, group, 50), 2},
		{"thread of 50, something new", func() { h.send(crowd[0], group, "new") }, read(alice, group, 50), 6 + notices},
		{"details", func() {}, func() { ok(h.Get(ctx, alice, group)) }, 2},
		{"send, direct", func() { h.read(bob, direct) }, send(alice, direct, ""), 7 + notices},
		{"send, direct, bell already there", func() {}, send(alice, direct, ""), 6 + notices},
		{"send, group of 20, all bells there", func() { h.send(alice, group, "all") }, send(alice, group, ""), 6 + notices},
		{"send, group of 20, some bells read", func() { h.read(crowd[3], group); h.read(crowd[4], group) }, send(alice, group, ""), 7 + notices},
		{"send with a client id", func() { h.read(bob, direct) }, send(alice, direct, "k1"), 8 + notices},
		{"send, repeated", func() {}, send(alice, direct, "k1"), 1},
		{"mute", func() {}, func() { ok(h.SetMuted(ctx, alice, group, nil)) }, 5},
		{"archive", func() {}, func() { ok(h.SetArchived(ctx, alice, group, nil)) }, 5},
		{"block", func() {}, func() { ok(h.SetBlocked(ctx, alice, direct, nil)) }, 5},
		{"start a direct thread", func() { h.group(alice, carol, bob) }, func() { h.start(alice, "Hi", carol) }, 9 + notices},
		{"start a group of 20", func() {}, func() { h.group(alice, crowd...) }, 9 + notices},
		{"start again", func() {}, func() { h.start(alice, "Hi", carol) }, 9 + notices},
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
