package importer_test

import (
	"context"
	"testing"
	"time"

	"parley/bpbridge/importer"
	"parley/messaging"
	"parley/wpauth"
)

// TestBothSidesGoOn has members write in Parley while BuddyPress's tables change once
// more: every message arrives once, in the order of dates, and nobody's state is lost.
func TestBothSidesGoOn(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	s.message(10, 1, alice, "Trip", "one", 10)
	s.message(11, 1, bob, "Re: Trip", "two", 20)
	s.recipient(1, 1, bob, 1)
	s.recipient(2, 1, carol, 2)
	s.recipient(3, 1, alice, 1)
	s.imported()
	// Bob reads and answers in Parley; carol does nothing; alice reads in BuddyPress.
	if _, err := s.MarkRead(ctx, member(bob), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReplyThread(ctx, member(bob), 1, messaging.ThreadReply{Content: "from Parley"}); err != nil {
		t.Fatal(err)
	}
	s.reply(12, 1, alice, "from BuddyPress", 30)
	s.message(13, 1, alice, "x", "older than all", 5)
	r := s.imported()
	if r.Pass.Changed != 1 || r.Pass.Added != 2 {
		t.Errorf("%+v", r.Pass)
	}
	th := s.mustThread(bob, 1)
	if texts(th) != "older than all|one|two|from BuddyPress|from Parley" {
		t.Errorf("%q", texts(th))
	}
	// Two arrived for bob, three (his own from Parley, two merged) and the two before for
	// carol, whose place was touched by his; alice wrote both, and has his and the one before.
	for who, want := range map[wpauth.UserID]int{bob: 2, carol: 5, alice: 2} {
		if th := s.mustThread(who, 1); th.Unread != want {
			t.Errorf("%d has %d unread, want %d", who, th.Unread, want)
		}
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_messages WHERE conversation_id = 1 AND (seq < 1 OR seq > 5)"); n != 0 {
		t.Errorf("%d sequences are out of range", n)
	}
	before := state(t, s.db.DB)
	s.imported()
	sameState(t, "again", before, state(t, s.db.DB))
	// Searching finds what came late.
	p, err := s.List(ctx, member(bob), messaging.ListQuery{Filter: messaging.FilterAll, Search: "older", Limit: 10})
	if err != nil || p.Total != 1 {
		t.Errorf("%d found, %v", p.Total, err)
	}
}

func TestAnUntouchedPlaceFollowsTheSourceAndATouchedOneDoesNot(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	s.conversation(4)
	s.star(40, bob)
	s.imported()
	if _, err := s.SetArchived(ctx, member(bob), 4, nil); err != nil {
		t.Fatal(err)
	}
	s.exec("UPDATE wp_bp_messages_recipients SET unread_count = 7, is_deleted = 1 WHERE thread_id = 4")
	s.exec("DELETE FROM wp_bp_messages_meta")
	s.imported()
	if _, err := s.thread(alice, 4); err == nil {
		t.Error("alice deleted it and sees it")
	}
	if th := s.mustThread(bob, 4); th.Unread != 1 || !th.Messages[0].Starred {
		t.Errorf("bob: %d unread, %v", th.Unread, th.Messages[0].Starred)
	}
	// A message that arrives brings it back from the archive.
	s.message(99, 4, alice, "x", "news", 900)
	s.imported()
	p, err := s.List(ctx, member(bob), messaging.ListQuery{Limit: 10})
	if err != nil || p.Total != 1 || p.Conversations[0].Me.Unread != 2 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestRowsThatGoInTheSource(t *testing.T) {
	s := newSite(t)
	for _, id := range []int64{4, 5, 6} {
		s.conversation(id)
		s.recipient(id*100, id, carol, 1)
	}
	s.imported()
	if _, err := s.MarkRead(context.Background(), member(carol), 6); err != nil {
		t.Fatal(err)
	}
	s.exec("DELETE FROM wp_bp_messages_recipients WHERE thread_id = 4 AND user_id = ?", carol) // left
	s.exec("DELETE FROM wp_bp_messages_messages WHERE id = 41")                                // by an administrator
	for _, table := range []string{"messages", "recipients"} {                                 // everybody deleted them
		s.exec("DELETE FROM wp_bp_messages_" + table + " WHERE thread_id IN (5, 6)")
	}
	r := s.imported()
	if r.Pass.Removed != 1 || r.Pass.Kept != 1 {
		t.Errorf("%+v", r.Pass)
	}
	if _, err := s.thread(carol, 4); err == nil {
		t.Error("carol left thread 4 and reads it")
	}
	if th := s.mustThread(alice, 4); texts(th) != "Shall we go?" {
		t.Errorf("%q", texts(th))
	}
	if _, err := s.thread(alice, 5); messaging.ReasonOf(err) != messaging.NotFound {
		t.Errorf("thread 5: %v", err)
	}
	// Carol used it here.
	if th := s.mustThread(carol, 6); len(th.Messages) != 2 {
		t.Errorf("thread 6 has %d messages", len(th.Messages))
	}
	if again := s.imported(); again.Pass.Removed+again.Pass.Kept+again.Pass.New != 0 {
		t.Errorf("again: %+v", again.Pass)
	}
}

func TestAThreadIDThatIsUsedAgain(t *testing.T) {
	for _, touched := range []bool{false, true} {
		s := newSite(t)
		s.conversation(4)
		s.conversation(5)
		s.imported()
		if touched {
			if _, err := s.MarkRead(context.Background(), member(bob), 5); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range []string{"messages", "recipients"} {
			s.exec("DELETE FROM wp_bp_messages_" + table + " WHERE thread_id = 5")
		}
		s.message(300, 5, dave, "Secret", "not for bob", 90)
		s.recipient(300, 5, erin, 1)
		s.recipient(301, 5, dave, 0, 1)
		r := s.imported()
		id := s.number("SELECT conversation_id FROM wp_parley_import_threads WHERE source_thread = 5")
		if touched != (id != 5) || touched != (finding(r, importer.ThreadsAgain) == 1) {
			t.Errorf("touched %v: the new thread is conversation %d, %+v", touched, id, r.Findings)
		}
		if th := s.mustThread(erin, id); texts(th) != "not for bob" {
			t.Errorf("erin reads %q", texts(th))
		}
		if _, err := s.thread(bob, id); err == nil {
			t.Error("bob reads the new thread")
		}
		if th, err := s.thread(bob, 5); touched && (err != nil || len(th.Messages) != 2) {
			t.Errorf("bob's own: %v", err)
		}
		before := state(t, s.db.DB)
		s.imported()
		sameState(t, "again", before, state(t, s.db.DB))
	}
}

func TestAClearedSourceTakesNothingAway(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.imported()
	s.exec("DELETE FROM wp_bp_messages_messages")
	s.exec("DELETE FROM wp_bp_messages_recipients")
	if r := s.imported(); r.Pass.Kept != 1 {
		t.Errorf("%+v", r.Pass)
	}
	s.mustThread(bob, 4)
}

func TestWhatWasRemovedHereIsNotBroughtAgain(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.conversation(5)
	s.imported()
	operator := messaging.Operator("test")
	if err := s.Purge(context.Background(), operator, 4); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := s.imported(); r.Pass.GoneHere != 1 || r.Pass.Unchanged != 1 {
			t.Errorf("%+v", r.Pass)
		}
		s.reply(s.number("SELECT MAX(id) + 1 FROM wp_bp_messages_messages"), 4, bob, "still there?", 800)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 1 {
		t.Errorf("%d conversations", n)
	}
}

// TestTheSourceMayGrowBeyondWhatWasKeptForIt imports a site that meanwhile grew so much
// that it needs the ids rows were made with.
func TestTheSourceMayGrowBeyondWhatWasKeptForIt(t *testing.T) {
	s := newSite(t)
	s.message(1, 1, carol, "x", "without a row", 1)
	s.recipient(1, 1, alice, 1)
	s.imported()
	made := s.number("SELECT id FROM wp_parley_participants WHERE user_id = ?", carol)
	s.message(made, 2, alice, "x", "later", 2)
	s.recipient(made, 2, bob, 1)
	s.recipient(made+1, 2, alice, 0, 1)
	s.imported()
	if th := s.mustThread(bob, 2); th.Recipients[0].RowID != made {
		t.Errorf("row %d, want %d", th.Recipients[0].RowID, made)
	}
	if id := s.number("SELECT id FROM wp_parley_participants WHERE user_id = ?", carol); id <= made+1 {
		t.Errorf("the made row is %d", id)
	}
}

// TestARunningNodeSeesWhatIsImported holds a mailbox in its cache while a pass runs.
func TestARunningNodeSeesWhatIsImported(t *testing.T) {
	s := newSite(t)
	s.conversation(4)
	s.imported()
	node := s.service()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { node.Tail(ctx); close(done) }()
	defer func() { stop(); <-done }()
	list := func() (unread int, found int) {
		n, _, err := node.UnreadCount(ctx, member(bob))
		if err != nil {
			t.Fatal(err)
		}
		p, err := node.List(ctx, member(bob), messaging.ListQuery{Search: "early", Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return n, p.Total
	}
	if unread, found := list(); unread != 1 || found != 0 {
		t.Fatalf("%d unread, %d found", unread, found)
	}
	s.message(7, 4, alice, "x", "an early message", 1)
	s.conversation(5)
	s.imported()
	deadline := time.Now().Add(20 * time.Second)
	for {
		unread, found := list()
		if unread == 2 && found == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d unread, %d found", unread, found)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
