package importer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/bpbridge/importer"
	"parley/messaging"
	"parley/wpauth"
)

// The scenarios I1 to I15 of the contract; I8 is at the command.

func TestI1DirectGroupAndSelfThreadsKeepTheirIDs(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.message(71, 9, carol, "Plan", "Who comes?", 10)
	s.message(72, 9, dave, "Re: Plan", "Me", 20)
	s.recipient(81, 9, alice, 2)
	s.recipient(82, 9, dave, 1)
	s.recipient(83, 9, carol, 1)
	s.message(90, 11, erin, "Notes", "Milk", 30)
	s.recipient(91, 11, erin, 1)
	s.imported()

	for id, want := range map[int64]struct {
		typ    int64
		people string
		title  string
	}{4: {1, "40:3:1 41:2:1", ""}, 9: {2, "81:2:2 82:5:1 83:4:1", "Plan"}, 11: {1, "91:6:1", ""}} {
		if typ := s.number("SELECT type FROM wp_parley_conversations WHERE id = ? AND COALESCE(title, '') = ?", id, want.title); typ != want.typ {
			t.Errorf("conversation %d is of type %d", id, typ)
		}
		var people string
		if err := s.db.Get(&people, `SELECT GROUP_CONCAT(CONCAT_WS(':', id, user_id, unread_count) ORDER BY id SEPARATOR ' ')
			FROM wp_parley_participants WHERE conversation_id = ?`, id); err != nil || people != want.people {
			t.Errorf("conversation %d has %q, %v", id, people, err)
		}
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_messages WHERE (conversation_id, id, seq) IN ((4, 40, 1), (4, 41, 2), (9, 71, 1), (9, 72, 2), (11, 90, 1))"); n != 5 {
		t.Errorf("%d messages are where they were", n)
	}
	// Read positions: the message before the first unread one, none where all are unread.
	if n := s.number(`SELECT COUNT(*) FROM wp_parley_participants WHERE (conversation_id, user_id, last_read_seq) IN
		((4, 3, 0), (4, 2, 0), (9, 2, 0), (9, 5, 0), (9, 4, 0), (11, 6, 0))`); n != 6 {
		t.Errorf("%d read positions are right", n)
	}
	// On the other surface they are conversations as any.
	c, err := s.Get(context.Background(), member(carol), 9)
	if err != nil || c.Title != "Plan" || c.MessageCount != 2 || c.Preview != "Me" || c.Me.Unread != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestI2WhoDeletedAThreadHasItAgainAfterAReply(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.exec("UPDATE wp_bp_messages_recipients SET is_deleted = 1, unread_count = 5 WHERE thread_id = 4 AND user_id = ?", bob)
	s.imported()
	if _, err := s.thread(bob, 4); messaging.ReasonOf(err) != messaging.NotParticipant {
		t.Errorf("bob: %v", err)
	}
	if _, err := s.ReplyThread(context.Background(), member(alice), 4, messaging.ThreadReply{Content: "Are you there?"}); err != nil {
		t.Fatal(err)
	}
	if th := s.mustThread(bob, 4); th.Unread != 6 || len(th.Messages) != 3 {
		t.Errorf("bob has %d unread of %d messages", th.Unread, len(th.Messages))
	}
}

func TestI3I4SendersWithoutARowAreReadableAndReadNothing(t *testing.T) {
	s := newSite(t)
	s.message(1, 1, gone, "Old", "From nobody", 1) // the account was deleted
	s.message(2, 1, carol, "Re: Old", "I left later", 2)
	s.message(3, 1, alice, "Re: Old", "Hello", 3)
	s.recipient(1, 1, alice)
	s.recipient(2, 1, dave, 2)
	r := s.imported()
	if n := finding(r, importer.LeftSenders); n != 2 {
		t.Errorf("%d senders without a row", n)
	}
	if n := finding(r, importer.MissingUsers); n != 1 {
		t.Errorf("%d missing users", n)
	}
	th := s.mustThread(dave, 1)
	if texts(th) != "From nobody|I left later|Hello" || th.Messages[0].Sender != gone || len(th.Recipients) != 2 {
		t.Errorf("%q, %d recipients", texts(th), len(th.Recipients))
	}
	for _, who := range []wpauth.UserID{carol, gone} {
		if _, err := s.thread(who, 1); err == nil {
			t.Errorf("%d reads the thread", who)
		}
		if _, err := s.Get(context.Background(), member(who), 1); err == nil {
			t.Errorf("%d reads the conversation", who)
		}
		if _, err := s.Messages(context.Background(), member(who), 1, messaging.MessagesQuery{Limit: 10}); err == nil {
			t.Errorf("%d reads the messages", who)
		}
	}
}

func TestI5StarsArriveForEachMember(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.star(40, bob)
	s.star(40, alice)
	s.star(40, alice) // a second row
	s.star(41, carol) // takes no part
	s.exec("INSERT INTO wp_bp_messages_meta (message_id, meta_key, meta_value) VALUES (41, 'mood', 'merry'), (41, '_oembed_x', 'y'), (41, NULL, NULL)")
	r := s.imported()
	if n := finding(r, importer.StarsDropped); n != 1 {
		t.Errorf("%d stars dropped", n)
	}
	for who, want := range map[wpauth.UserID]bool{alice: true, bob: true} {
		th := s.mustThread(who, 4)
		if th.Messages[0].Starred != want || th.Messages[1].Starred {
			t.Errorf("%d: %v %v", who, th.Messages[0].Starred, th.Messages[1].Starred)
		}
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_message_meta WHERE message_id = 41 AND (meta_key = 'mood' AND meta_value = 'merry' OR meta_key IS NULL)"); n != 2 {
		t.Errorf("%d fields", n)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_message_meta"); n != 2 {
		t.Errorf("%d fields altogether", n)
	}
}

func TestI6OfTwoThreadsOfAPairTheNewerIsTheirConversation(t *testing.T) {
	for _, newest := range []int64{4, 7} {
		s := newSite(t)
		s.conversation(4)
		s.conversation(7)
		if newest == 4 {
			s.exec("UPDATE wp_bp_messages_messages SET date_sent = '2026-02-01' WHERE id = 41")
		}
		s.imported()
		if id := s.number("SELECT id FROM wp_parley_conversations WHERE direct_low = ? AND direct_high = ?", alice, bob); id != newest {
			t.Errorf("%d is the pair's conversation, not %d", id, newest)
		}
		if n := s.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 2 {
			t.Errorf("%d conversations", n)
		}
		// The other one becomes it when BuddyPress has a newer message there.
		other := 11 - newest
		s.exec("INSERT INTO wp_bp_messages_messages (id, thread_id, sender_id, subject, message, date_sent) VALUES (500, ?, ?, 'x', 'Newest', '2026-03-01')", other, bob)
		s.imported()
		if id := s.number("SELECT id FROM wp_parley_conversations WHERE direct_low = ? AND direct_high = ?", alice, bob); id != other {
			t.Errorf("%d is the pair's conversation afterwards, not %d", id, other)
		}
	}
}

func TestAConversationMadeHereKeepsThePair(t *testing.T) {
	s := newSite(t)
	s.exec("ALTER TABLE wp_parley_conversations AUTO_INCREMENT = 5000")
	s.exec("ALTER TABLE wp_parley_participants AUTO_INCREMENT = 5000")
	s.exec("ALTER TABLE wp_parley_messages AUTO_INCREMENT = 5000")
	started, err := s.Start(context.Background(), messaging.Actor{ID: alice, Login: "alice", Bypass: true},
		messaging.StartInput{Recipients: []wpauth.UserID{bob}, Content: "Here"})
	if err != nil {
		t.Fatal(err)
	}
	s.conversation(4)
	s.imported()
	if id := s.number("SELECT id FROM wp_parley_conversations WHERE direct_low = ?", alice); id != int64(started.Conversation.ID) {
		t.Errorf("conversation %d has the pair", id)
	}
}

func TestI7EscapedTextsAreKeptAndShownClean(t *testing.T) {
	s := newSite(t)
	s.message(1, 1, alice, `It\'s \"us\"`, `It\'s C:\\path &amp; <b>bold</b>`, 1)
	s.message(2, 1, bob, "Re: x", `It's plain \\ text`, 2)
	s.recipient(1, 1, alice, 0)
	s.recipient(2, 1, bob, 0)
	s.recipient(3, 1, carol, 0)
	s.imported()
	th := s.mustThread(alice, 1)
	if th.Messages[0].Subject != `It\'s \"us\"` || th.Messages[0].Content != `It\'s C:\\path &amp; <b>bold</b>` || th.Messages[1].Content != `It's plain \\ text` {
		t.Errorf("%+v", th.Messages)
	}
	p, err := s.Messages(context.Background(), member(alice), 1, messaging.MessagesQuery{Limit: 10})
	if err != nil || len(p.Messages) != 2 {
		t.Fatal(p, err)
	}
	plain := []string{p.Messages[0].Plain, p.Messages[1].Plain}
	if !strings.Contains(strings.Join(plain, "|"), `It's C:\path & bold`) || !strings.Contains(strings.Join(plain, "|"), `It's plain \ text`) {
		t.Errorf("%q", plain)
	}
	if title := s.number(`SELECT title = 'It\'s "us"' FROM wp_parley_conversations WHERE id = 1`); title != 1 {
		t.Error("the title is another one")
	}
}

func TestI9ASecondPassChangesNothing(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.conversation(5)
	s.star(41, bob)
	s.message(600, 60, carol, "alone", "nobody hears", 4)
	s.message(601, 0, carol, "lost", "no thread", 4)
	s.imported()
	before := state(t, s.db.DB)
	events := s.number("SELECT COUNT(*) FROM wp_parley_events")
	r := s.imported()
	sameState(t, "second pass", before, state(t, s.db.DB))
	if r.Pass.New != 0 || r.Pass.Changed != 0 || r.Pass.Unchanged != 4 {
		t.Errorf("%+v", r.Pass)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_events"); n != events {
		t.Errorf("%d more events", n-events)
	}
}

func TestI10WhatHappensInBuddyPressAfterAPassArrivesInTheNext(t *testing.T) {
	s, fresh := newSite(t), newSite(t)
	for _, x := range []*site{s, fresh} {
		x.conversation(4)
		x.conversation(5)
		x.star(40, alice)
		if x == s {
			s.imported()
		}
		x.reply(60, 4, bob, "Tomorrow", 60)
		x.message(61, 6, carol, "New", "Hello", 61)
		x.recipient(61, 6, alice, 1)
		x.recipient(62, 6, carol, 0, 1)
		x.exec("UPDATE wp_bp_messages_recipients SET unread_count = 0 WHERE thread_id = 5 AND user_id = ?", bob)
		x.exec("UPDATE wp_bp_messages_recipients SET is_deleted = 1 WHERE thread_id = 5 AND user_id = ?", alice)
		x.exec("DELETE FROM wp_bp_messages_meta")
		x.star(60, alice)
	}
	r := s.imported()
	if r.Pass.New != 1 || r.Pass.Changed != 2 || r.Pass.Added != 1 {
		t.Errorf("%+v", r.Pass)
	}
	fresh.imported()
	want, got := state(t, fresh.db.DB), state(t, s.db.DB)
	delete(want, "import_sources") // what is kept for the source grows with it
	delete(got, "import_sources")
	sameState(t, "two passes against one", want, got)
}

func TestI11ATakenIDStopsBeforeAnythingIsWritten(t *testing.T) {
	s := newSite(t)
	started, err := s.Start(context.Background(), messaging.Actor{ID: carol, Login: "carol", Bypass: true},
		messaging.StartInput{Recipients: []wpauth.UserID{dave}, Content: "First here"})
	if err != nil || started.Conversation.ID != 1 {
		t.Fatal(started, err)
	}
	s.conversation(4)
	s.message(1, 1, alice, "x", "y", 1)
	s.recipient(1, 1, bob, 1)
	s.recipient(7, 1, alice, 0, 1)
	before := state(t, s.db.DB)
	_, err = s.pass()
	var taken *importer.ConflictError
	if !errors.As(err, &taken) || len(taken.Conflicts) != 3 || !strings.Contains(err.Error(), "--remap") {
		t.Fatalf("%v", err)
	}
	sameState(t, "refused", before, state(t, s.db.DB))
	dry, err := s.pass(func(o *importer.Options) { o.DryRun = true })
	if err != nil || len(dry.Conflicts) != 3 {
		t.Errorf("%+v, %v", dry.Conflicts, err)
	}
	remap, err := importer.ReadRemap(strings.NewReader("# ours were first\nthread, 1, 700\nmessage,1,800\n\nrecipient,1,900\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := s.imported(func(o *importer.Options) { o.Remap = remap })
	if r.Pass.New != 2 {
		t.Errorf("%+v", r.Pass)
	}
	if th := s.mustThread(bob, 700); texts(th) != "y" || th.Messages[0].ID != 800 || th.Recipients[1].RowID != 900 {
		t.Errorf("%+v", th)
	}
	// Later passes know it.
	s.reply(2000, 1, bob, "answer", 50)
	s.imported()
	if th := s.mustThread(alice, 700); texts(th) != "y|answer" {
		t.Errorf("%q", texts(th))
	}
	// What was moved here keeps its own id.
	if _, err := s.Get(context.Background(), member(carol), 1); err != nil {
		t.Error(err)
	}
}

func TestI12DuplicateRowsBecomeOneParticipant(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.recipient(100, 4, bob, 7, 0, 1)
	s.recipient(101, 4, bob, 3, 0, 0)
	r := s.imported()
	if n := finding(r, importer.DuplicateRows); n != 2 {
		t.Errorf("%d duplicates", n)
	}
	th := s.mustThread(bob, 4)
	if len(th.Recipients) != 2 || th.Unread != 3 || th.Recipients[1].RowID != 101 {
		t.Errorf("%+v", th.Recipients)
	}
}

func TestI13WhatNobodyHasARowInIsForOversightAlone(t *testing.T) {
	s := newSite(t)
	s.message(5, 60, carol, "alone", "nobody hears", 4)
	s.message(6, 0, carol, "zero", "without a thread", 5)
	s.message(7, -3, dave, "less", "below zero", 6)
	s.recipient(9, 0, alice, 1)
	r := s.imported()
	if finding(r, importer.NoRecipients) != 2 || finding(r, importer.ThreadIDs) != 2 {
		t.Errorf("%+v", r.Findings)
	}
	ids := []int64{60}
	if err := s.db.Select(&ids, "SELECT conversation_id FROM wp_parley_import_threads ORDER BY source_thread"); err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	moderator := messaging.Actor{ID: admin, Login: "admin", Moderator: true, Oversight: true}
	for _, id := range ids {
		for _, who := range []wpauth.UserID{alice, carol, dave} {
			if _, err := s.thread(who, id); err == nil {
				t.Errorf("%d reads thread %d", who, id)
			}
			if _, err := s.Get(context.Background(), member(who), messaging.ConversationID(id)); err == nil {
				t.Errorf("%d reads conversation %d", who, id)
			}
		}
		if _, err := s.GetThread(context.Background(), moderator, messaging.ConversationID(id), messaging.ThreadQuery{Viewer: admin}); err != nil {
			t.Errorf("a moderator: %v", err)
		}
		if _, err := s.OverseeMessages(context.Background(), moderator, messaging.ConversationID(id), 1, 10); err != nil {
			t.Errorf("oversight: %v", err)
		}
	}
}

func TestI14NextIDsAreAboveEverything(t *testing.T) {
	s := newSite(t)
	s.conversation(400)
	s.exec(`INSERT INTO wp_bp_notifications (user_id, item_id, secondary_item_id, component_name, component_action, date_notified, is_new)
		VALUES (2, 200000, 3, 'messages', 'new_message', '2026-01-01', 1)`)
	s.imported()
	th, err := s.StartThread(context.Background(), messaging.Actor{ID: carol, Login: "carol", Bypass: true},
		messaging.ThreadStart{Recipients: []wpauth.UserID{alice}, Content: "New"})
	if err != nil {
		t.Fatal(err)
	}
	if th.ID <= 400 || th.Newest.ID <= 200000 || th.Recipients[0].RowID <= 4001 {
		t.Errorf("thread %d, message %d, row %d", th.ID, th.Newest.ID, th.Recipients[0].RowID)
	}
}

func TestI15TheVerificationNamesWhatDiffers(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.conversation(5)
	s.star(40, alice)
	r := s.imported()
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%+v", c)
		}
	}
	if len(r.Checks) != 10 {
		t.Errorf("%d checks", len(r.Checks))
	}
	for _, spoil := range []struct{ check, undo, do, row string }{
		{"V1", "", "UPDATE wp_parley_import_threads SET source_thread = 77 WHERE source_thread = 5", "thread 5"},
		{"V2", "UPDATE wp_parley_import_threads SET source_thread = 5 WHERE source_thread = 77", "DELETE FROM wp_parley_messages WHERE id = 41", "thread 4"},
		{"V4", "", "UPDATE wp_parley_participants SET unread_count = 9, imported_state = imported_state WHERE conversation_id = 5 AND user_id = 3", ""},
		{"V7", "", "UPDATE wp_parley_messages SET content = 'forged' WHERE id = 50", "thread 5"},
		{"V9", "", `UPDATE wp_parley_import_threads SET findings = '{"dates_replaced":3}' WHERE source_thread = 5`, "thread 5"},
	} {
		if spoil.undo != "" {
			s.exec(spoil.undo)
		}
		s.exec(spoil.do)
		r, err := s.pass(func(o *importer.Options) { o.VerifyOnly = true })
		if spoil.row == "" {
			continue // somebody did something: left out
		}
		if err != importer.ErrNotVerified {
			t.Fatalf("%s: %v", spoil.check, err)
		}
		for _, c := range r.Checks {
			if c.Name == spoil.check && (c.OK || !strings.Contains(strings.Join(c.Rows, "\n"), spoil.row)) {
				t.Errorf("%+v", c)
			}
		}
	}
}

func TestDatesAreKeptAndOrderMessages(t *testing.T) {
	s := newSite(t)
	s.message(1, 1, alice, "x", "third", 30)
	s.message(2, 1, alice, "x", "first", 10)
	s.message(3, 1, alice, "x", "second, without a date", 0)
	s.message(4, 1, bob, "x", "fourth", 40)
	s.exec("SET SESSION sql_mode = ''")
	s.exec("UPDATE wp_bp_messages_messages SET date_sent = '0000-00-00 00:00:00' WHERE id = 3")
	s.recipient(1, 1, alice, 0)
	s.recipient(2, 1, bob, 2)
	// A thread without any date has that of the message before it.
	s.message(5, 2, alice, "x", "timeless", 0)
	s.recipient(3, 2, alice)
	s.exec("UPDATE wp_bp_messages_messages SET date_sent = '0000-00-00 00:00:00' WHERE id = 5")
	r := s.imported()
	if n := finding(r, importer.DatesReplaced); n != 2 {
		t.Errorf("%d dates", n)
	}
	th := s.mustThread(alice, 1)
	if texts(th) != "first|second, without a date|third|fourth" {
		t.Errorf("%q", texts(th))
	}
	if th := s.mustThread(alice, 2); !th.Newest.At.Equal(moment(40)) {
		t.Errorf("%s", th.Newest.At)
	}
	// Two unread of alice's: what is before "second".
	if seq := s.number("SELECT last_read_seq FROM wp_parley_participants WHERE conversation_id = 1 AND user_id = ?", bob); seq != 1 {
		t.Errorf("bob has read up to %d", seq)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_import_originals WHERE date_sent = '0000-00-00 00:00:00'"); n != 2 {
		t.Errorf("%d originals", n)
	}
}

func TestTrialsOfAPart(t *testing.T) {
	s := newSite(t)
	for _, id := range []int64{4, 5, 9} {
		s.conversation(id)
	}
	s.exec("UPDATE wp_bp_messages_messages SET date_sent = '2026-05-01' WHERE id = 91")
	s.imported(func(o *importer.Options) { o.Scope.Threads = []int64{4, 77} })
	if n := s.number("SELECT SUM(id) FROM wp_parley_conversations"); n != 4 {
		t.Errorf("%d", n)
	}
	s.imported(func(o *importer.Options) { o.Scope.Since = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC) })
	if n := s.number("SELECT SUM(id) FROM wp_parley_conversations"); n != 4+9 {
		t.Errorf("%d", n)
	}
	r := s.imported()
	if r.Pass.New != 1 || r.Pass.Unchanged != 2 {
		t.Errorf("%+v", r.Pass)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.recipient(100, 4, bob, 7)
	before := state(t, s.db.DB)
	r, err := s.pass(func(o *importer.Options) { o.DryRun = true })
	if err != nil {
		t.Fatal(err)
	}
	if r.Pass.New != 1 || r.Pass.NewMessages != 2 || finding(r, importer.DuplicateRows) != 1 || r.Ids.Message.Highest != 41 || r.Ids.Message.Own <= 41 {
		t.Errorf("%+v", r)
	}
	sameState(t, "dry run", before, state(t, s.db.DB))
	if n := s.number("SELECT COUNT(*) FROM wp_parley_import_sources"); n != 0 {
		t.Errorf("%d sources", n)
	}
	c, err := s.store.Counters(context.Background())
	if err != nil || c.Message != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}
