package messaging_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"parley/messaging"
)

var (
	yes, no = ptr(true), ptr(false)
)

func ptr[T any](v T) *T { return &v }

func (h *house) events(kind messaging.EventKind) int {
	h.t.Helper()
	return h.number("SELECT COUNT(*) FROM wp_parley_events WHERE kind = ?", kind)
}

func TestMuteTogglesAndSets(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id := h.direct(alice, bob)
	for i, step := range []struct {
		to   *bool
		want bool
	}{{nil, true}, {nil, false}, {yes, true}, {yes, true}, {no, false}} {
		c := must[*messaging.Conversation](t)(h.SetMuted(ctx, bob, id, step.to))
		if c.Me.Muted != step.want || h.get(bob, id).Me.Muted != step.want {
			t.Errorf("step %d: muted %v", i, c.Me.Muted)
		}
	}
	if n := h.events(messaging.EventMuted); n != 4 {
		t.Errorf("%d events, want one for each change", n)
	}
	h.SetMuted(ctx, bob, id, yes)
	for _, p := range h.get(alice, id).Participants {
		if p.Muted {
			t.Error("alice sees bob's setting")
		}
	}
}

func TestArchiveIsOnesOwnAndEndsWithAMessage(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id, group := h.direct(alice, bob), h.group(alice, bob, carol)
	both, direct := fmt.Sprint(group, " ", id), fmt.Sprint(id)
	lists := func(who messaging.Actor, active, archived, all string) {
		t.Helper()
		if a, b, c := h.list(who, "active"), h.list(who, "archived"), h.list(who, "all"); a != active || b != archived || c != all {
			t.Errorf("%s: active %q, archived %q, all %q", who.Login, a, b, c)
		}
		h.check()
	}
	c := must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, id, yes))
	if !c.Me.Archived {
		t.Error("not archived")
	}
	lists(bob, fmt.Sprint(group), direct, both)
	lists(alice, both, "", both)
	if c.Me.Unread != 1 {
		t.Error("archiving marks nothing read")
	}
	must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, id, no))
	lists(bob, both, "", both)
	must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, id, nil))
	must[*messaging.Conversation](t)(h.SetArchived(ctx, alice, id, nil))
	h.send(alice, id, "It comes back for both")
	lists(bob, fmt.Sprint(id, " ", group), "", fmt.Sprint(id, " ", group))
	lists(alice, fmt.Sprint(id, " ", group), "", fmt.Sprint(id, " ", group))
	must[*messaging.Conversation](t)(h.SetArchived(ctx, bob, group, yes))
	must[*messaging.Conversation](t)(h.Leave(ctx, carol, group))
	lists(bob, direct, fmt.Sprint(group), fmt.Sprint(id, " ", group)) // a notice ends no archive
	lists(carol, "", "", "")
}

func TestUpdate(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id, group := h.direct(alice, bob), h.group(alice, bob, carol)
	c := must[*messaging.Conversation](t)(h.Update(ctx, bob, group, messaging.Patch{Muted: yes, Archived: yes, Title: ptr("  New ")}))
	if !c.Me.Muted || !c.Me.Archived || c.Title != "New" {
		t.Errorf("got %+v", c)
	}
	if got := h.get(carol, group); got.Title != "New" || got.Me.Muted || got.Me.Archived {
		t.Errorf("carol sees %+v", got)
	}
	before := h.number("SELECT COUNT(*) FROM wp_parley_events")
	c = must[*messaging.Conversation](t)(h.Update(ctx, bob, group, messaging.Patch{}))
	if !c.Me.Muted || !c.Me.Archived || c.Title != "New" || h.number("SELECT COUNT(*) FROM wp_parley_events") != before {
		t.Errorf("an empty patch changed %+v", c)
	}
	if c = must[*messaging.Conversation](t)(h.Update(ctx, bob, group, messaging.Patch{Title: ptr("")})); c.Title != "" {
		t.Errorf("title %q", c.Title)
	}
	for _, tt := range []struct {
		name   string
		as     messaging.Actor
		id     messaging.ConversationID
		patch  messaging.Patch
		reason messaging.Reason
	}{
		{"title of a direct thread", bob, id, messaging.Patch{Title: ptr("x"), Muted: yes}, messaging.Invalid},
		{"title too long", bob, group, messaging.Patch{Title: ptr(strings.Repeat("ä", 256))}, messaging.Invalid},
		{"title with NUL", bob, group, messaging.Patch{Title: ptr("\x00")}, messaging.Invalid},
		{"an outsider", dave, id, messaging.Patch{Muted: yes}, messaging.NotParticipant},
		{"an outsider, empty", admin, id, messaging.Patch{}, messaging.NotParticipant},
		{"unknown", bob, 999, messaging.Patch{}, messaging.NotFound},
	} {
		_, err := h.Update(ctx, tt.as, tt.id, tt.patch)
		refused(t, err, tt.reason, "")
	}
	if h.get(bob, id).Me.Muted {
		t.Error("a refused patch was applied in part")
	}
	must[*messaging.Conversation](t)(h.Update(ctx, bob, group, messaging.Patch{Title: ptr(strings.Repeat("ä", 255))}))
	must[*messaging.Conversation](t)(h.Leave(ctx, bob, group))
	_, err := h.Update(ctx, bob, group, messaging.Patch{})
	refused(t, err, messaging.Left, "")
	h.check()
}

func TestLeave(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id, group := h.direct(alice, bob), h.group(alice, bob, carol)
	_, err := h.Leave(ctx, alice, id)
	refused(t, err, messaging.Invalid, "")
	h.send(alice, group, "The last thing bob hears")
	h.read(carol, group)
	before := h.get(carol, group)
	gone := must[*messaging.Conversation](t)(h.Leave(ctx, bob, group))
	if gone.Me.LeftAt.IsZero() || gone.Me.LeftSeq != 3 || gone.LastSeq != 3 {
		t.Fatalf("got %+v", gone)
	}
	h.check()
	p := h.read(carol, group)
	notice := p.Messages[0]
	if notice.Kind != messaging.KindSystem || notice.Sender != bob.ID || notice.Plain != bob.DisplayName+" left the conversation" {
		t.Errorf("notice %+v", notice)
	}
	after := h.get(carol, group)
	if after.Preview != before.Preview || after.MessageCount != before.MessageCount || !after.LastAt.Equal(before.LastAt) || after.Me.Unread != 0 {
		t.Errorf("the notice changed %+v to %+v", before, after)
	}
	h.send(alice, group, "bob must not hear this")
	again := must[*messaging.Conversation](t)(h.Leave(ctx, bob, group))
	if again.Preview != "The last thing bob hears" || again.MessageCount != 2 || again.LastSeq != 3 ||
		again.Me.Unread != gone.Me.Unread || !again.LastAt.Equal(before.LastAt) {
		t.Errorf("the view is not frozen: %+v", again)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_messages WHERE kind = 1"); n != 1 {
		t.Errorf("%d notices", n)
	}
	if n := h.events(messaging.EventLeft); n != 1 {
		t.Errorf("%d events", n)
	}
	history := h.read(bob, group)
	if history.Total != 3 || len(history.Messages) != 3 || history.HasMore || history.Messages[1].Plain != "The last thing bob hears" {
		t.Errorf("bob reads %+v", history)
	}
	if p := h.page(bob, group, messaging.MessagesQuery{Limit: 1, After: history.Messages[0].ID, FromOldest: true}); len(p.Messages) != 0 {
		t.Errorf("bob reads on: %+v", p)
	}
	if me := h.get(bob, group).Me; me.LastReadSeq != 0 {
		t.Error("reading after leaving marks nothing")
	}
	must[*messaging.Conversation](t)(h.MarkRead(ctx, bob, group))
	if n := h.number("SELECT COUNT(*) FROM wp_jt_notifications WHERE user_id = ? AND object_id = ? AND is_read = 0", bob.ID, group); n != 0 {
		t.Errorf("bob has %d unread bell rows of a group he left", n)
	}
	for name, use := range map[string]func() error{
		"send": func() error {
			_, err := h.Send(ctx, bob, messaging.SendInput{Conversation: group, Content: "Hi"})
			return err
		},
		"mute":    func() error { _, err := h.SetMuted(ctx, bob, group, nil); return err },
		"archive": func() error { _, err := h.SetArchived(ctx, bob, group, nil); return err },
	} {
		if err := use(); messaging.ReasonOf(err) != messaging.Left {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, last := range []messaging.Actor{alice, carol} {
		must[*messaging.Conversation](t)(h.Leave(ctx, last, group))
	}
	_, err = h.Leave(ctx, dave, group)
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.Leave(ctx, dave, 999)
	refused(t, err, messaging.NotFound, "")
	h.check()
}

func TestANameIsNoMarkupInTheNotice(t *testing.T) {
	h := open(t)
	h.exec("UPDATE wp_users SET display_name = '<b>Bob</b> & co' WHERE ID = ?", bob.ID)
	group := h.group(alice, bob, carol)
	must[*messaging.Conversation](t)(h.Leave(context.Background(), bob, group))
	notice := h.read(alice, group).Messages[0]
	if notice.Content != "&lt;b&gt;Bob&lt;/b&gt; &amp; co left the conversation" || notice.Plain != "<b>Bob</b> & co left the conversation" {
		t.Errorf("got %q, %q", notice.Content, notice.Plain)
	}
}

func TestBlockLeavesNoTraceForItsTarget(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id, group := h.direct(alice, bob), h.group(alice, bob, carol)
	before := h.get(bob, id)
	c := must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, id, nil))
	if !c.IBlocked || !c.Participants[1].Blocked || c.Me.Blocked {
		t.Errorf("alice sees %+v", c)
	}
	if n := h.number("SELECT is_blocked FROM wp_parley_participants WHERE conversation_id = ? AND user_id = ?", id, bob.ID); n != 1 {
		t.Error("the flag stands on the row of the blocked member")
	}
	if got := h.get(bob, id); !reflect.DeepEqual(got, before) {
		t.Errorf("bob sees a difference:\n%+v\n%+v", before, got)
	}
	page := must[messaging.Page](t)(h.List(ctx, bob, messaging.ListQuery{Limit: 10}))
	for _, c := range page.Conversations {
		for _, p := range c.Participants {
			if c.IBlocked || p.Blocked {
				t.Errorf("bob's list shows it: %+v", c)
			}
		}
	}
	_, err := h.Send(ctx, bob, messaging.SendInput{Conversation: id, Content: "Hi"})
	refused(t, err, messaging.CannotSend, sendText)
	_, err = h.Send(ctx, alice, messaging.SendInput{Conversation: id, Content: "Hi"})
	refused(t, err, messaging.BlockedByActor, blockText)
	h.read(bob, id)
	h.send(bob, group, "Groups go on")
	// Both block, each undoes only their own.
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, bob, id, yes))
	c = must[*messaging.Conversation](t)(h.SetBlocked(ctx, bob, id, yes))
	if !c.IBlocked {
		t.Error("bob blocked too")
	}
	if n := h.events(messaging.EventBlocked); n != 2 {
		t.Errorf("%d events", n)
	}
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, id, no))
	_, err = h.Send(ctx, alice, messaging.SendInput{Conversation: id, Content: "Hi"})
	refused(t, err, messaging.CannotSend, sendText)
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, bob, id, nil))
	h.send(alice, id, "Peace")
	h.send(bob, id, "Peace")
	_, err = h.SetBlocked(ctx, alice, group, yes)
	refused(t, err, messaging.Invalid, "")
	_, err = h.SetBlocked(ctx, carol, id, yes)
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.SetBlocked(ctx, carol, 999, yes)
	refused(t, err, messaging.NotFound, "")
	h.check()
}
