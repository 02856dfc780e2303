package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bpbridge/importer"
	"parley/messaging"
	"parley/wpauth"
)

// oddRows are what goes wrong on a real site, on top of the dump's own.
func (s *shop) oddRows() {
	s.exec("SET SESSION sql_mode = ''")
	s.exec("INSERT INTO wp_bp_messages_messages VALUES (201, 301, 2, 'Zero', 'no date', '0000-00-00 00:00:00'), (202, 301, 3, 'Re: Zero', 'It\\\\\\'s &#x1f600; <b>so</b>', '2026-02-01 00:00:00')")
	s.exec("INSERT INTO wp_bp_messages_recipients (id, user_id, thread_id, unread_count, sender_only, is_deleted) VALUES (401, 2, 301, 1, 0, 1), (402, 3, 301, 1, 0, 0), (403, 2, 301, 2, 0, 0)")
	s.exec("INSERT INTO wp_bp_messages_meta (message_id, meta_key, meta_value) VALUES (201, 'starred_by_user', '3'), (202, 'starred_by_user', '77'), (202, 'color', 'red'), (202, 'color', 'blue'), (202, '_oembed_x', '1'), (201, 'empty', NULL)")
	s.exec("INSERT INTO wp_bp_messages_messages VALUES (203, 0, 2, 'Nobody', 'thread 0', '2026-02-01 00:00:00')")
}

// TestRoundTrip imports the recorded site and exports it into empty tables: the rows are
// the same, and another import has nothing to do.
func TestRoundTrip(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.oddRows()
	before, sum := s.rows(), s.number(sumV7)
	s.bring()
	// On untouched tables there is nothing to do.
	if r := s.back(); r.Threads.New+r.Threads.Changed+r.Threads.Removed != 0 || r.Threads.Unchanged == 0 || r.Rows != (importer.ExportRows{}) {
		t.Errorf("nothing changed, and the export says %+v %+v", r.Threads, r.Rows)
	}
	for _, empty := range []string{"TRUNCATE TABLE", "DROP TABLE"} {
		for _, name := range []string{"messages", "recipients", "meta", "notices"} {
			s.exec(empty + " wp_bp_messages_" + name)
		}
		dry, err := s.export(false)
		if err != nil {
			t.Fatal(err)
		}
		r := s.back()
		if dry.Threads != r.Threads || dry.Rows != r.Rows || len(dry.Tables) != len(r.Tables) || dry.Written || !r.Written {
			t.Errorf("%s: the look says %+v, the deed %+v", empty, dry, r)
		}
		if made := len(r.Tables); made != map[string]int{"TRUNCATE TABLE": 0, "DROP TABLE": 4}[empty] {
			t.Errorf("%s: %d tables made", empty, made)
		}
		same(t, empty, s.rows(), before)
		if n := s.number(sumV7); n != sum {
			t.Errorf("%s: V7 is %d, was %d", empty, n, sum)
		}
		again := s.bring()
		if again.Pass.New+again.Pass.Changed+again.Pass.Removed+again.Pass.Kept != 0 {
			t.Errorf("%s: an import afterwards: %+v", empty, again.Pass)
		}
		if r := s.back(); r.Threads.New+r.Threads.Changed != 0 {
			t.Errorf("%s: the export again: %+v", empty, r.Threads)
		}
	}
	if got, want := s.text("SELECT table_collation FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'wp_bp_messages_meta'"),
		s.text("SELECT table_collation FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'wp_users'"); got != want {
		t.Errorf("new tables are %s, WordPress's %s", got, want)
	}
}

// TestWayBack writes on both surfaces after an import: afterwards BuddyPress has
// everything it needs in its own form, and an import finds nothing new.
func TestWayBack(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	ctx := context.Background()
	actor := func(id wpauth.UserID, name string) messaging.Actor {
		return messaging.Actor{ID: id, Login: name, DisplayName: name, Bypass: true}
	}
	alice, bob, carol, dave := actor(2, "alice"), actor(3, "bob"), actor(4, "carol"), actor(5, "dave")
	// On Jetonomy's surface into an imported thread, and a new one with a title.
	one, err := s.Send(ctx, alice, messaging.SendInput{Conversation: 1, Content: "It's <b>new</b> 😀 & \\ done<br>next"})
	check(t, err)
	started, err := s.Start(ctx, bob, messaging.StartInput{Recipients: []wpauth.UserID{4, 5}, Title: `Carol's "trip"`, Type: messaging.Group, Content: "Who comes?"})
	check(t, err)
	_, err = s.Send(ctx, carol, messaging.SendInput{Conversation: started.Conversation.ID, Content: "I do"})
	check(t, err)
	_, err = s.Leave(ctx, dave, started.Conversation.ID)
	check(t, err)
	// On BuddyPress's surface: a thread with a star and fields, a reply, states.
	thread, err := s.StartThread(ctx, carol, messaging.ThreadStart{Recipients: []wpauth.UserID{2}, Subject: "It's mine", Content: "It's <i>written</i>", Fields: map[string]string{"color": "red"}})
	check(t, err)
	_, err = s.ToggleStar(ctx, alice, thread.Newest.ID, nil)
	check(t, err)
	_, err = s.ReplyThread(ctx, alice, thread.ID, messaging.ThreadReply{Content: "Read it"})
	check(t, err)
	_, err = s.UpdateThread(ctx, carol, thread.ID, messaging.ThreadUpdate{Viewer: 4, Read: true})
	check(t, err)
	// Somebody deletes an imported thread, the last of another one's members removes it.
	_, err = s.DeleteThread(ctx, alice, 6, messaging.ThreadDelete{Viewer: 2})
	check(t, err)
	gone := s.number("SELECT COUNT(*) FROM wp_bp_messages_messages WHERE thread_id = 6")
	muted := true
	_, err = s.SetMuted(ctx, bob, 1, &muted)
	check(t, err)
	empty, err := s.StartEmpty(ctx, alice, messaging.StartInput{Recipients: []wpauth.UserID{5, 6}, Type: messaging.Group})
	check(t, err)

	dry, err := s.export(false)
	check(t, err)
	if n := s.number("SELECT COUNT(*) FROM wp_bp_messages_messages WHERE thread_id = ?", started.Conversation.ID); n != 0 || dry.Written {
		t.Fatal("a look wrote something")
	}
	r := s.back()
	if dry.Threads != r.Threads || dry.Rows != r.Rows || dry.LeftOut != r.LeftOut {
		t.Errorf("the look says %+v %+v, the deed %+v %+v", dry.Threads, dry.Rows, r.Threads, r.Rows)
	}
	if r.Threads.New != 2 || r.Rows.Messages != 5 || r.Rows.Fields != 1 || r.Rows.Stars != 1 ||
		r.LeftOut.Empty != 1 || r.LeftOut.Notices != 1 || r.LeftOut.Muted != 1 {
		t.Errorf("report: %+v", r)
	}
	for _, c := range []struct{ what, query, want string }{
		{"text of the other surface", fmt.Sprintf("SELECT CONCAT(sender_id, ' ', subject, ' ', message) FROM wp_bp_messages_messages WHERE id = %d", one.ID),
			"2 Re: Welcome It's <b>new</b> &#x1f600; &amp; \\\\ done\nnext"},
		{"unread of it", "SELECT GROUP_CONCAT(CONCAT(user_id, ':', unread_count, sender_only, is_deleted) ORDER BY user_id) FROM wp_bp_messages_recipients WHERE thread_id = 1",
			s.text("SELECT GROUP_CONCAT(CONCAT(user_id, ':', unread_count, sender_only, deleted_at IS NOT NULL) ORDER BY user_id) FROM wp_parley_participants WHERE conversation_id = 1 AND left_at IS NULL")},
		{"subjects of a group", fmt.Sprintf("SELECT GROUP_CONCAT(subject ORDER BY id SEPARATOR '|') FROM wp_bp_messages_messages WHERE thread_id = %d", started.Conversation.ID),
			`Carol\'s \"trip\"|Re: Carol\'s \"trip\"`},
		{"who is in it", fmt.Sprintf("SELECT GROUP_CONCAT(user_id ORDER BY user_id) FROM wp_bp_messages_recipients WHERE thread_id = %d", started.Conversation.ID), "3,4"},
		{"the thread", fmt.Sprintf("SELECT GROUP_CONCAT(CONCAT(subject, '=', message) ORDER BY id SEPARATOR '|') FROM wp_bp_messages_messages WHERE thread_id = %d", thread.ID),
			`It\'s mine=It's <i>written</i>|Re: It\'s mine=Read it`},
		{"its state", fmt.Sprintf("SELECT GROUP_CONCAT(CONCAT(user_id, ':', unread_count, sender_only) ORDER BY user_id) FROM wp_bp_messages_recipients WHERE thread_id = %d", thread.ID), "2:10,4:00"},
		{"its meta", fmt.Sprintf("SELECT GROUP_CONCAT(CONCAT(meta_key, '=', meta_value) ORDER BY meta_key) FROM wp_bp_messages_meta WHERE message_id = %d", thread.Newest.ID), "color=red,starred_by_user=2"},
		{"the deleted one", "SELECT COUNT(*) FROM wp_bp_messages_messages WHERE thread_id = 6", "0"},
		{"the empty one", fmt.Sprintf("SELECT COUNT(*) FROM wp_bp_messages_recipients WHERE thread_id = %d", empty.Conversation.ID), "0"},
	} {
		if got := s.text(c.query); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if gone == 0 || r.Threads.Removed != 1 {
		t.Errorf("thread 6 had %d messages, %d threads removed", gone, r.Threads.Removed)
	}
	if next, own := autoIncrement(s, "wp_bp_messages_messages"), autoIncrement(s, "wp_parley_messages"); next < own {
		t.Errorf("BuddyPress numbers on from %d, Parley from %d", next, own)
	}
	// Nothing is left to do on either side.
	if again := s.back(); again.Threads.New+again.Threads.Changed+again.Threads.Removed != 0 {
		t.Errorf("again: %+v", again.Threads)
	}
	after := s.text("SELECT CONCAT_WS(':', id, seq, conversation_id, sender_id, format, content) FROM wp_parley_messages ORDER BY id")
	if p := s.bring().Pass; p.New+p.Changed+p.Removed+p.Kept != 0 {
		t.Errorf("an import afterwards: %+v", p)
	}
	// BuddyPress goes on: what is written there comes over, and what was written here
	// stays as it was written.
	next := s.number("SELECT MAX(id) + 1 FROM wp_bp_messages_messages")
	s.exec("INSERT INTO wp_bp_messages_messages (thread_id, sender_id, subject, message, date_sent) VALUES (1, 3, 'Re: Welcome', 'From the plugin', UTC_TIMESTAMP() + INTERVAL 1 MINUTE)")
	s.exec("UPDATE wp_bp_messages_recipients SET unread_count = unread_count + 1 WHERE thread_id = 1 AND user_id <> 3")
	if p := s.bring().Pass; p.Changed != 1 || p.Added != 1 {
		t.Errorf("what BuddyPress wrote: %+v", p)
	}
	same(t, "what was there", s.text("SELECT CONCAT_WS(':', id, seq, conversation_id, sender_id, format, content) FROM wp_parley_messages WHERE content <> 'From the plugin' ORDER BY id"), after)
	if n := s.number("SELECT COUNT(*) FROM wp_parley_messages WHERE conversation_id = 1 AND content = 'From the plugin' AND id >= ?", next); n != 1 {
		t.Errorf("%d messages of the plugin arrived", n)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// autoIncrement is the id a table gives next.
func autoIncrement(s *shop, table string) int64 {
	s.t.Helper()
	var name, text string
	if err := s.db.QueryRowx("SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "AUTO_INCREMENT=")
	var n int64
	_, _ = fmt.Sscan(rest, &n)
	return n
}

// TestRefusals: nothing is written over rows that are neither imported nor exported.
func TestRefusals(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	ctx := context.Background()
	alice, bob := messaging.Actor{ID: 2, Login: "alice", Bypass: true}, messaging.Actor{ID: 3, Login: "bob", Bypass: true}
	send := func(a messaging.Actor, id messaging.ConversationID) *messaging.Message {
		t.Helper()
		m, err := s.Send(ctx, a, messaging.SendInput{Conversation: id, Content: "Written in Parley"})
		check(t, err)
		return m
	}
	group, err := s.Start(ctx, alice, messaging.StartInput{Recipients: []wpauth.UserID{3, 4}, Type: messaging.Group, Title: "New", Content: "New"})
	check(t, err)
	m := send(alice, 1)
	send(bob, 24)
	send(alice, 37)
	// In thread 1 BuddyPress wrote on; thread 24's new id is taken elsewhere; the new
	// conversation's id is a thread's; thread 37 is fine.
	s.exec("INSERT INTO wp_bp_messages_messages VALUES (5000, 1, 3, 'Re: Welcome', 'too late', '2026-11-01 00:00:00')")
	taken := s.number("SELECT MAX(id) FROM wp_parley_messages WHERE conversation_id = 24")
	s.exec("INSERT INTO wp_bp_messages_messages VALUES (?, 888, 3, 'Other', 'other', '2026-11-01 00:00:00')", taken)
	s.exec("INSERT INTO wp_bp_messages_recipients (id, user_id, thread_id) VALUES (6000, 5, ?)", group.Conversation.ID)
	before := s.rows()
	dry, err := s.export(false)
	if !errors.Is(err, importer.ErrRefused) || dry.Threads.Refused != 3 {
		t.Errorf("look: %v, %+v", err, dry.Conflicts)
	}
	r, err := s.export(true)
	if !errors.Is(err, importer.ErrRefused) || r.Threads.Refused != 3 || r.OK {
		t.Fatalf("deed: %v, %+v", err, r.Conflicts)
	}
	named := fmt.Sprint(r.Conflicts)
	for _, want := range []string{"message 5000 by user 3 is there and not in Parley", fmt.Sprintf("the id of message %d is taken there, by a row of thread 888", taken),
		fmt.Sprintf("thread id %d is taken", group.Conversation.ID), "recipient row 6000 of user 5"} {
		if !strings.Contains(named, want) {
			t.Errorf("%q is not named in %s", want, named)
		}
	}
	if n := s.number("SELECT COUNT(*) FROM wp_bp_messages_messages WHERE id = ?", m.ID); n != 0 {
		t.Error("half of thread 1 was written")
	}
	if n := s.number("SELECT COUNT(*) FROM wp_bp_messages_messages WHERE thread_id = 37 AND message = 'Written in Parley'"); n != 1 {
		t.Error("thread 37 was not written")
	}
	var kept []string
	for _, line := range strings.Split(before, "\n") {
		if !strings.Contains(line, ":37:") {
			kept = append(kept, line)
		}
	}
	now := strings.Split(s.rows(), "\n")
	for _, line := range kept {
		if !slices.Contains(now, line) {
			t.Errorf("%q is gone", line)
		}
	}
}

// TestExportAfterErasure: the way back takes a member's name off BuddyPress's rows too.
func TestExportAfterErasure(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	wrote := s.number("SELECT COUNT(*) FROM wp_bp_messages_messages WHERE sender_id = 2")
	_, err := s.Erase(context.Background(), messaging.Operator("test"), 2, nil)
	check(t, err)
	r := s.back()
	if r.Rows.Erased == 0 || r.Rows.RecipientsRemoved == 0 || r.Rows.StarsRemoved == 0 {
		t.Errorf("of %d messages: %+v %+v", wrote, r.Rows, r.Threads)
	}
	for _, q := range []string{"messages WHERE sender_id = 2", "recipients WHERE user_id = 2 AND thread_id <> 900", "meta WHERE meta_key = 'starred_by_user' AND meta_value = '2'"} {
		if n := s.number("SELECT COUNT(*) FROM wp_bp_messages_" + q); n != 0 {
			t.Errorf("%d rows of %s", n, q)
		}
	}
	if p := s.bring().Pass; p.New+p.Changed+p.Removed+p.Kept != 0 {
		t.Errorf("an import afterwards: %+v", p)
	}
}

// TestImportAfterErasure: what BuddyPress's tables still hold of an erased member does
// not come back.
func TestImportAfterErasure(t *testing.T) {
	s := openShop(t, "../testdata/import/small.sql")
	s.bring()
	_, err := s.Erase(context.Background(), messaging.Operator("test"), 2, nil)
	check(t, err)
	s.exec("INSERT INTO wp_bp_messages_messages (thread_id, sender_id, subject, message, date_sent) VALUES (2, 3, 'Re: Group', 'later', UTC_TIMESTAMP() + INTERVAL 1 HOUR), (1, 3, 'Re: Welcome', 'later', UTC_TIMESTAMP() + INTERVAL 1 HOUR)")
	if p := s.bring().Pass; p.Changed != 2 || p.Added != 2 {
		t.Errorf("the pass: %+v", p)
	}
	for _, q := range []string{"messages WHERE sender_id = 2", "participants WHERE user_id = 2", "stars WHERE user_id = 2", "conversations WHERE created_by = 2"} {
		if n := s.number("SELECT COUNT(*) FROM wp_parley_" + q); n != 0 {
			t.Errorf("%d rows of %s came back", n, q)
		}
	}
}

func TestExportWithoutAnImport(t *testing.T) {
	s := openShop(t, "")
	for _, name := range []string{"messages", "recipients", "meta", "notices"} {
		s.exec("DROP TABLE IF EXISTS wp_bp_messages_" + name)
	}
	ctx := context.Background()
	alice := messaging.Actor{ID: 2, Login: "alice", Bypass: true}
	c, err := s.Start(ctx, alice, messaging.StartInput{Recipients: []wpauth.UserID{3}, Content: "First"})
	check(t, err)
	if r := s.back(); r.Threads.New != 1 || len(r.Tables) != 4 {
		t.Errorf("%+v", r)
	}
	if p := s.bring().Pass; p.New+p.Changed != 0 || p.Unchanged != 1 {
		t.Errorf("an import afterwards: %+v", p)
	}
	if subject := s.text("SELECT subject FROM wp_bp_messages_messages WHERE thread_id = ?", c.Conversation.ID); subject != "No Subject" {
		t.Errorf("subject %q", subject)
	}
}
