package messaging_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/messaging"
)

// bell is a bell row.
type bell struct {
	ID     int64  `db:"id"`
	Actor  int64  `db:"actor_id"`
	Type   string `db:"type"`
	Object string `db:"object_type"`
	About  int64  `db:"object_id"`
	Text   string `db:"message"`
	Read   bool   `db:"is_read"`
	At     string `db:"at"`
}

func (h *house) bells(a messaging.Actor) (out []bell) {
	h.t.Helper()
	h.rows(&out, `SELECT id, actor_id, type, object_type, object_id, message, is_read, CAST(created_at AS CHAR) at
		FROM wp_jt_notifications WHERE user_id = ? ORDER BY id`, a.ID)
	return out
}

func TestTheTypeOfBellRowsMayBeChosen(t *testing.T) {
	h := open(t, func(o *messaging.Options) { o.BellType = "direct_message" })
	id := h.direct(alice, bob)
	h.send(alice, id, "Again")
	if rows := h.bells(bob); len(rows) != 1 || rows[0].Type != "direct_message" || rows[0].Text != "Alice Anders: Again" {
		t.Errorf("got %+v", rows)
	}
}

func TestBellRowsAreOnePerThreadWhileUnread(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	h.send(alice, id, "A second\nmessage")
	rows := h.bells(bob)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	first := rows[0]
	want := bell{first.ID, int64(alice.ID), "private_message", "message", int64(id), "Alice Anders: A second message", false, "2026-03-02 09:00:00"}
	if first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	h.read(bob, id)
	if rows = h.bells(bob); !rows[0].Read {
		t.Error("reading does not read the bell row")
	}
	h.send(alice, id, "Third")
	if rows = h.bells(bob); len(rows) != 2 || rows[0].Text != first.Text || rows[1].Read || rows[1].Text != "Alice Anders: Third" {
		t.Errorf("got %+v", rows)
	}
	h.exec("DELETE FROM wp_jt_notifications WHERE id = ?", rows[1].ID) // deleted in WordPress
	h.send(alice, id, "Fourth")
	if rows = h.bells(bob); len(rows) != 2 || rows[1].Text != "Alice Anders: Fourth" {
		t.Errorf("got %+v", rows)
	}
	h.exec("UPDATE wp_jt_notifications SET is_read = 1") // read in WordPress
	h.send(alice, id, "Fifth")
	if rows = h.bells(bob); len(rows) != 3 || rows[2].Read {
		t.Errorf("got %+v", rows)
	}
	if got := h.bells(alice); len(got) != 0 {
		t.Errorf("the sender has %+v", got)
	}
	h.send(bob, id, "An answer")
	if rows = h.bells(bob); !rows[2].Read || rows[2].Text != "Alice Anders: Fifth" {
		t.Errorf("answering is reading: got %+v", rows)
	}
	h.check()
}

func TestWhoGetsABellRow(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	group := h.group(alice, bob, carol, dave, sid, vera)
	h.exec("DELETE FROM wp_jt_notifications")
	must[*messaging.Conversation](t)(h.SetMuted(ctx, bob, group, yes))
	must[*messaging.Conversation](t)(h.Leave(ctx, carol, group))
	h.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01')", dave.ID)
	h.send(alice, group, "Hello")
	for _, tt := range []struct {
		who  messaging.Actor
		want int
	}{{alice, 0}, {bob, 0}, {carol, 0}, {dave, 0}, {sid, 1}, {vera, 1}} {
		if got := len(h.bells(tt.who)); got != tt.want {
			t.Errorf("%s has %d bell rows, want %d", tt.who.Login, got, tt.want)
		}
	}
	if h.get(bob, group).Me.Unread != 2 || h.unread(bob) != 1 {
		t.Error("muted threads are unread all the same")
	}
	events := must[[]messaging.Event](t)(h.Events(ctx, 0, 100))
	want := fmt.Sprintf(`{"seq":3,"recipients":[%d,%d,%d,%d],"notified":[%d,%d],"push":[%d,%d]}`,
		bob.ID, dave.ID, sid.ID, vera.ID, sid.ID, vera.ID, sid.ID, vera.ID)
	if last := events[len(events)-1]; string(last.Payload) != want || last.Actor != alice.ID || last.Conversation != group {
		t.Errorf("got %s, want %s", last.Payload, want)
	}
	h.check()
}

func TestWebPreferenceChain(t *testing.T) {
	h := open(t)
	for i, tt := range []struct {
		name     string
		own      any
		settings any
		site     string
		want     bool
	}{
		{"nothing said", nil, nil, "", true},
		{"own choice off", 0, `{"notifications":{"private_message":{"web":true}}}`, "", false},
		{"own choice on", 1, `{"notifications":{"private_message":{"web":false}}}`, "", true},
		{"profile off", nil, `{"notifications":{"private_message":{"web":false,"email":true}}}`, "", false},
		{"profile off, as number", nil, `{"notifications":{"private_message":{"web":0}}}`, "", false},
		{"profile off, as text", nil, `{"notifications":{"private_message":{"web":"0"}}}`, "", false},
		{"profile on", nil, `{"notifications":{"private_message":{"web":"1"}}}`, "off", true},
		{"profile about e-mail only", nil, `{"notifications":{"private_message":{"email":false}}}`, "", true},
		{"profile about other things", nil, `{"notifications":{"reply":{"web":false}}}`, "", true},
		{"profile unreadable", nil, `{"notifications":{"private_message":{"web":fal`, "", true},
		{"profile of another shape", nil, `{"notifications":["private_message"]}`, "", true},
		{"site off", nil, nil, "off", false},
		{"site off, profile unreadable", nil, `private_message`, "off", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.exec("DELETE FROM wp_parley_preferences")
			h.exec("DELETE FROM wp_jt_notifications")
			h.exec("DELETE FROM wp_options WHERE option_name = 'jetonomy_settings'")
			if tt.own != nil {
				h.exec("INSERT INTO wp_parley_preferences (user_id, notify_web, updated_at) VALUES (?, ?, '2026-01-01')", bob.ID, tt.own)
			}
			h.exec("UPDATE wp_jt_user_profiles SET settings = ? WHERE user_id = ?", tt.settings, bob.ID)
			if tt.site == "off" {
				h.exec(`INSERT INTO wp_options (option_name, option_value, autoload) VALUES ('jetonomy_settings',
					'a:1:{s:21:"notification_defaults";a:1:{s:15:"private_message";a:1:{s:3:"web";b:0;}}}', 'on')`)
			}
			h.Service = h.service(unhurried) // the site's options are cached
			for _, send := range []func(){
				func() { h.start(alice, "Hi", bob) },
				func() { h.start(alice, "Hi", bob, carol) },
			} {
				h.exec("DELETE FROM wp_jt_notifications")
				send()
				if got := len(h.bells(bob)) == 1; got != tt.want {
					t.Errorf("case %d: bell row %v, want %v", i, got, tt.want)
				}
			}
		})
	}
}

func TestBellTextIsCut(t *testing.T) {
	h := open(t)
	name := strings.Repeat("ä", 250)
	h.exec("UPDATE wp_users SET display_name = ? WHERE ID = ?", name, alice.ID)
	h.start(alice, strings.Repeat("😀", 400), bob)
	text := h.bells(bob)[0].Text
	if want := name + ": " + strings.Repeat("😀", 248); text != want || utf8.RuneCountInString(text) != 500 {
		t.Errorf("%d code points: %s", utf8.RuneCountInString(text), text)
	}
	if c := h.get(bob, 1); utf8.RuneCountInString(c.Preview) != 255 {
		t.Errorf("preview of %d code points", utf8.RuneCountInString(c.Preview))
	}
}

func TestUndeliverablePeer(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id := h.direct(alice, bob)
	group := h.group(alice, bob, carol)
	h.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01')", alice.ID)
	send := func() error {
		_, err := h.Send(ctx, bob, messaging.SendInput{Conversation: id, Content: "Hi"})
		return err
	}
	refused(t, send(), messaging.CannotSend, sendText)
	h.exec("UPDATE wp_jt_restrictions SET expires_at = '2026-03-02 08:00:00' WHERE user_id = ?", alice.ID)
	if err := send(); err != nil {
		t.Error("the ban is over:", err)
	}
	h.exec("DELETE FROM wp_users WHERE ID = ?", alice.ID)
	refused(t, send(), messaging.CannotSend, sendText)
	h.send(bob, group, "Groups go on")
	// Erasure as WordPress does it: the sender becomes 0, the membership may go too.
	h.exec("UPDATE wp_parley_messages SET sender_id = 0 WHERE sender_id = ?", alice.ID)
	h.Service = h.service()
	m := h.page(bob, id, messaging.MessagesQuery{Limit: 10}).Messages
	if last := m[len(m)-1]; last.Sender != 0 || last.Member.Exists || last.Member.Name() != "Deleted User" {
		t.Errorf("got %+v", last)
	}
	h.exec("DELETE FROM wp_parley_participants WHERE user_id = ?", alice.ID)
	refused(t, send(), messaging.CannotSend, sendText)
}

func TestReplyIsFree(t *testing.T) {
	h := open(t)
	id := h.direct(alice, dave)
	if m := h.send(dave, id, "Level 0 may answer"); m.Seq != 2 || m.Member.DisplayName != dave.DisplayName || m.Plain != "Level 0 may answer" {
		t.Errorf("got %+v", m)
	}
}

func TestSendRefusesBadText(t *testing.T) {
	h := open(t)
	id := h.direct(alice, bob)
	for _, text := range []string{"", " \n", "\u3000", "<br>", "<script>x</script>", "&nbsp;", "<p>&#8203;</p>", "a\x00", "\xff", strings.Repeat("x", 10001)} {
		_, err := h.Send(context.Background(), alice, messaging.SendInput{Conversation: id, Content: text})
		refused(t, err, messaging.Invalid, "")
	}
	_, err := h.Send(context.Background(), alice, messaging.SendInput{Conversation: id, Content: "Hi", ClientID: "a\tb"})
	refused(t, err, messaging.Invalid, "")
	// Whether there is a conversation, and whose it is, comes first.
	_, err = h.Send(context.Background(), carol, messaging.SendInput{Conversation: id, Content: " "})
	refused(t, err, messaging.NotParticipant, "")
	_, err = h.Send(context.Background(), alice, messaging.SendInput{Conversation: 999, Content: " "})
	refused(t, err, messaging.NotFound, "")
	_, err = h.Update(context.Background(), carol, id, messaging.Patch{Title: ptr("\x00")})
	refused(t, err, messaging.NotParticipant, "")
	if c := h.get(alice, id); c.LastSeq != 1 {
		t.Errorf("%d rows", c.LastSeq)
	}
	h.check()
}

// A start is repeated for its answer, which stays the same after the member deleted what
// it began; and the conversation stays deleted.
func TestRepeatedStartOfADeletedConversation(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	again := func() messaging.StartResult {
		t.Helper()
		return must[messaging.StartResult](t)(h.Start(ctx, alice, messaging.StartInput{Recipients: ids(bob), Content: "Hi", ClientID: "s1"}))
	}
	first := again()
	h.remove(alice, first.Conversation.ID)
	got := again()
	if got.Conversation.ID != first.Conversation.ID || got.Message != first.Message || got.Reused != first.Reused {
		t.Errorf("got %+v, want %+v", got, first)
	}
	_, err := h.Get(ctx, alice, first.Conversation.ID)
	refused(t, err, messaging.NotParticipant, "")
	if got := h.send(bob, first.Conversation.ID, "Hello"); got.Seq != 2 {
		t.Errorf("the repeated start wrote something: the answer is message %d", got.Seq)
	}
	h.check()
}

func TestClientIDBelongsToItsSender(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	id, other := h.direct(alice, bob), h.direct(alice, carol)
	send := func(as messaging.Actor, c messaging.ConversationID, text string) *messaging.Message {
		t.Helper()
		return must[*messaging.Message](t)(h.Send(ctx, as, messaging.SendInput{Conversation: c, Content: text, ClientID: "same"}))
	}
	first := send(alice, id, "First")
	if again := send(alice, other, "Something else"); *again != *first {
		t.Errorf("got %+v, want the first message %+v", again, first)
	}
	if theirs := send(bob, id, "Bob's"); theirs.ID == first.ID {
		t.Error("client ids of different members are different")
	}
	if again := must[*messaging.Message](t)(h.service().Send(ctx, alice,
		messaging.SendInput{Conversation: id, Content: "First", ClientID: "same"})); *again != *first {
		t.Errorf("after a restart: got %+v", again)
	}
	// A repeat is answered even when the same would be refused by now.
	must[*messaging.Conversation](t)(h.SetBlocked(ctx, alice, id, yes))
	if again := send(alice, id, "First"); *again != *first {
		t.Errorf("got %+v", again)
	}
	// Case matters.
	m := must[*messaging.Message](t)(h.Send(ctx, alice, messaging.SendInput{Conversation: other, Content: "X", ClientID: "SAME"}))
	if m.ID == first.ID {
		t.Error("client ids differ by case")
	}
	h.check()
}
