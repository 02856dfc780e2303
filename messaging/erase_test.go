package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// community is a house in which alice has left traces everywhere.
func community(t *testing.T) (h *house, direct, group, left, self, thread messaging.ConversationID) {
	t.Helper()
	h = open(t, unhurried)
	ctx := context.Background()
	direct = h.direct(alice, bob)
	h.send(bob, direct, "Hello Alice, Bob's secret")
	h.send(alice, direct, "What Alice wrote")
	group = h.group(bob, alice, carol)
	h.send(alice, group, "Alice to all")
	left = h.group(carol, alice, bob)
	must[*messaging.Conversation](t)(h.Leave(ctx, alice, left))
	self = h.thread(alice, "Notes", "Only mine", alice).ID
	thread = h.thread(alice, "It's a subject", "Through BuddyPress", bob).ID
	h.reply(bob, thread, "An answer")
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, h.direct(alice, sid), yes))
	for _, m := range h.seen(alice, thread).Messages {
		must[*messaging.ThreadMessage](t)(h.ToggleStar(ctx, alice, m.ID, nil))
	}
	must[int64](t)(h.Report(ctx, alice, messaging.ReportInput{Conversation: direct, Reason: "spam", Description: "Alice reports"}))
	must[int64](t)(h.Report(ctx, bob, messaging.ReportInput{Conversation: direct, Description: "Bob reports"}))
	h.exec("INSERT INTO wp_parley_preferences (user_id, notify_web, receipts, updated_at) VALUES (?, 0, 0, NOW())", alice.ID)
	return h, direct, group, left, self, thread
}

// traces counts what names a member in Parley's tables, and their notifications.
func (h *house) traces(id wpauth.UserID) string {
	h.t.Helper()
	var out []string
	for _, q := range []string{
		"participants WHERE user_id = ?", "messages WHERE sender_id = ?", "message_text WHERE sender_id = ?",
		"conversations WHERE created_by = ?", "conversations WHERE direct_low = ?", "conversations WHERE direct_high = ?",
		"stars WHERE user_id = ?", "reports WHERE reporter_id = ?", "reports WHERE reported_id = ?", "preferences WHERE user_id = ?",
		"presence WHERE user_id = ?", "last_seen WHERE user_id = ?",
	} {
		if n := h.number("SELECT COUNT(*) FROM wp_parley_"+q, id); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, q))
		}
	}
	for _, q := range []string{
		"wp_jt_notifications WHERE object_type = 'message' AND ? IN (user_id, actor_id)",
		"wp_bp_notifications WHERE component_name = 'messages' AND ? IN (user_id, secondary_item_id)",
	} {
		if n := h.number("SELECT COUNT(*) FROM "+q, id); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, q))
		}
	}
	return strings.Join(out, "\n")
}

func TestErase(t *testing.T) {
	h, direct, group, left, self, thread := community(t)
	ctx := context.Background()
	bobs, carols := h.unread(bob), h.unread(carol)
	before := must[messaging.Traces](t)(h.TracesOf(ctx, admin, alice.ID))
	if before.Empty() || before.Preferences != 1 || before.Reports != 2 || before.Stars != 2 {
		t.Errorf("traces before: %+v", before)
	}
	done := must[messaging.Erasure](t)(h.Erase(ctx, admin, alice.ID, nil))
	if done.Conversations != before.Conversations || done.Messages != before.Messages || done.Removed != 1 {
		t.Errorf("erased %+v of %+v", done, before)
	}
	if rest := h.traces(alice.ID); rest != "" {
		t.Errorf("left over:\n%s", rest)
	}
	h.check()
	h.noTrace()
	if n := h.unread(bob); n != bobs || h.unread(carol) != carols {
		t.Errorf("bob has %d unread, had %d", n, bobs)
	}
	_, err := h.GetThread(ctx, bob, self, messaging.ThreadQuery{Viewer: bob.ID})
	refused(t, err, messaging.NotFound, "")

	c := h.get(bob, direct)
	if c.ShownTitle(bob.ID) != "Deleted User" || c.CanReply() || c.CreatedBy != 0 {
		t.Errorf("direct: %q, %+v", c.ShownTitle(bob.ID), c)
	}
	page := h.read(bob, direct)
	for _, m := range page.Messages {
		if m.Sender == alice.ID || m.Sender == 0 && m.Member.Name() != "Deleted User" {
			t.Errorf("message %+v", m)
		}
	}
	if len(page.Messages) != 3 || page.Messages[len(page.Messages)-1].Plain != "What Alice wrote" && page.Messages[0].Plain != "What Alice wrote" {
		t.Errorf("messages %+v", page.Messages)
	}
	_, err = h.Send(ctx, bob, messaging.SendInput{Conversation: direct, Content: "Anybody?"})
	refused(t, err, messaging.CannotSend, "")
	for _, m := range h.read(bob, left).Messages {
		if strings.Contains(m.Plain, alice.DisplayName) || m.Kind == messaging.KindSystem && m.Plain != "Deleted User left the conversation" {
			t.Errorf("notice %+v", m)
		}
	}
	for _, p := range h.get(bob, group).Participants {
		if p.User == alice.ID || p.User == 0 {
			t.Errorf("in the group: %+v", p)
		}
	}
	h.send(bob, group, "The rest goes on")
	// The other surface: a reply there has nobody to notify.
	h.reply(bob, thread, "Still talking")
	if r := h.seen(bob, thread); len(r.Recipients) != 2 || r.Messages[0].Sender != 0 {
		t.Errorf("thread: %+v", r)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = 0"); n != 0 {
		t.Errorf("nobody got %d notifications", n)
	}
	// Again does nothing, and both are on record.
	again := must[messaging.Erasure](t)(h.Erase(ctx, admin, alice.ID, nil))
	if again != (messaging.Erasure{}) {
		t.Errorf("again: %+v", again)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_audit_log WHERE action = 'member.erase' AND member_id = ? AND actor_login = 'admin'", alice.ID); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}
	// Whoever is still a member begins anew.
	if h.direct(alice, bob) == direct {
		t.Error("the old conversation came back")
	}
	h.check()
}

// TestEraseBothOfAPair leaves nobody to keep the conversation for.
func TestEraseBothOfAPair(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	for _, a := range []messaging.Actor{alice, bob} {
		must[messaging.Erasure](t)(h.Erase(context.Background(), admin, a.ID, nil))
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_conversations WHERE id = ?", id); n != 0 {
		t.Error("the conversation is still there")
	}
	h.noTrace()
}

// TestEraseInterrupted ends an erasure after every conversation until it is through.
func TestEraseInterrupted(t *testing.T) {
	h, _, _, _, _, _ := community(t)
	for n := 1; ; n++ {
		if n > 500 {
			t.Fatal("it never ends")
		}
		ctx, cancel := context.WithCancel(context.Background())
		calls := 0
		_, err := h.Erase(ctx, admin, alice.ID, func(messaging.Erasure) {
			if calls++; calls == 1 {
				cancel()
			}
		})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		h.check()
	}
	if rest := h.traces(alice.ID); rest != "" {
		t.Errorf("left over:\n%s", rest)
	}
	h.noTrace()
}

// TestEraseAThreadLongerThanATransaction needs several of them.
func TestEraseAThreadLongerThanATransaction(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	h.exec(`INSERT INTO wp_parley_messages (conversation_id, seq, sender_id, content, created_at)
		SELECT ?, seq + 1, ?, CONCAT('m', seq), NOW(6) FROM seq_1_to_4500`, id, alice.ID)
	h.exec(`INSERT INTO wp_parley_message_text (conversation_id, message_id, sender_id, body)
		SELECT conversation_id, id, sender_id, content FROM wp_parley_messages WHERE seq > 1`)
	h.exec(`UPDATE wp_parley_conversations SET last_seq = 4501, message_count = 4501, last_message_preview = 'm4500',
		last_message_at = (SELECT created_at FROM wp_parley_messages WHERE conversation_id = ? AND seq = 4501) WHERE id = ?`, id, id)
	h.exec(`UPDATE wp_parley_participants SET last_sent_at = (SELECT created_at FROM wp_parley_messages WHERE conversation_id = ? AND seq = 4501),
		last_read_seq = 4501 WHERE user_id = ?`, id, alice.ID)
	h.exec(`UPDATE wp_parley_participants SET unread_count = 4501 WHERE user_id = ?`, bob.ID)
	done := must[messaging.Erasure](t)(h.Erase(context.Background(), admin, alice.ID, nil))
	if done.Messages != 4501 || h.traces(alice.ID) != "" {
		t.Errorf("%+v, left over:\n%s", done, h.traces(alice.ID))
	}
	h.check()
}

// TestErasureReachesOtherNodes: a running service forgets what it had in memory.
func TestErasureReachesOtherNodes(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	other := h.service()
	ctx, stop := context.WithCancel(context.Background())
	tail := make(chan struct{})
	go func() { defer close(tail); other.Tail(ctx) }()
	defer func() { stop(); <-tail }()
	find := func() string {
		p, err := other.List(ctx, bob, messaging.ListQuery{Limit: 10, Search: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		return idsOf(p.Conversations)
	}
	if find() == "" {
		t.Fatal("not found before")
	}
	must[messaging.Erasure](t)(h.Erase(ctx, admin, bob.ID, nil))
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, _, err := other.UnreadCount(ctx, bob)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && find() == "" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("conversation %d is still bob's", id)
		}
	}
}

func TestWhoMayErase(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	_, err := h.Erase(ctx, mona, alice.ID, nil)
	refused(t, err, messaging.Forbidden, "")
	_, err = h.TracesOf(ctx, alice, alice.ID)
	refused(t, err, messaging.Forbidden, "")
	_, err = h.KeepsAnything(ctx, alice, alice.ID)
	refused(t, err, messaging.Forbidden, "")
	_, err = h.Erase(ctx, admin, 0, nil)
	refused(t, err, messaging.Invalid, "")
	refused(t, h.ExportPersonal(ctx, alice, alice.ID, nil), messaging.Forbidden, "")
	if n := h.number("SELECT COUNT(*) FROM wp_parley_audit_log"); n != 0 {
		t.Errorf("%d rows in the audit log", n)
	}
}
