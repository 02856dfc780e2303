package importer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"parley/bench/bpseed"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/wpauth"
)

// oldWriter writes into BuddyPress's tables as BuddyPress does: statement by statement,
// without a transaction, thread ids by MAX + 1 (contract 2.1, 2.7).
type oldWriter struct {
	s       *site
	random  *rand.Rand
	written map[string]int64 // texts and the threads they are in
	removed map[int64]bool
	next    int
}

func (w *oldWriter) step() {
	members := []int64{admin, alice, bob, carol, dave, erin}
	who := members[w.random.IntN(len(members))]
	if w.random.IntN(3) == 0 {
		thread := w.s.number("SELECT MAX(thread_id) + 1 FROM wp_bp_messages_messages")
		w.send(thread, who, "New")
		for _, other := range members[:2+w.random.IntN(3)] {
			if other != who {
				w.s.exec("INSERT INTO wp_bp_messages_recipients (user_id, thread_id, unread_count) VALUES (?, ?, 1)", other, thread)
			}
		}
		w.s.exec("INSERT INTO wp_bp_messages_recipients (user_id, thread_id, sender_only) VALUES (?, ?, 1)", who, thread)
		return
	}
	thread := w.s.number("SELECT COALESCE((SELECT thread_id FROM wp_bp_messages_recipients WHERE user_id = ? AND is_deleted = 0 ORDER BY RAND() LIMIT 1), 0)", who)
	switch n := w.random.IntN(10); {
	case thread == 0:
	case n < 6:
		w.send(thread, who, "Re: New")
		w.s.exec("UPDATE wp_bp_messages_recipients SET unread_count = unread_count + 1, sender_only = 0, is_deleted = 0 WHERE thread_id = ? AND user_id <> ?", thread, who)
	case n < 8:
		w.s.exec("UPDATE wp_bp_messages_recipients SET unread_count = 0 WHERE thread_id = ? AND user_id = ?", thread, who)
	case n < 9:
		w.s.exec("INSERT INTO wp_bp_messages_meta (message_id, meta_key, meta_value) SELECT MAX(id), 'starred_by_user', ? FROM wp_bp_messages_messages WHERE thread_id = ?", who, thread)
	default:
		w.s.exec("UPDATE wp_bp_messages_recipients SET is_deleted = 1 WHERE thread_id = ? AND user_id = ?", thread, who)
		if w.s.number("SELECT COUNT(*) FROM wp_bp_messages_recipients WHERE thread_id = ? AND is_deleted = 0", thread) == 0 {
			w.s.exec("DELETE x FROM wp_bp_messages_meta x JOIN wp_bp_messages_messages m ON m.id = x.message_id WHERE m.thread_id = ?", thread)
			w.s.exec("DELETE FROM wp_bp_messages_messages WHERE thread_id = ?", thread)
			w.s.exec("DELETE FROM wp_bp_messages_recipients WHERE thread_id = ?", thread)
			w.removed[thread] = true
			for text, in := range w.written {
				if in == thread {
					delete(w.written, text)
				}
			}
		}
	}
}

func (w *oldWriter) send(thread, who int64, subject string) {
	w.next++
	text := fmt.Sprintf("old %d", w.next)
	w.s.exec("INSERT INTO wp_bp_messages_messages (thread_id, sender_id, subject, message, date_sent) VALUES (?, ?, ?, ?, ?)",
		thread, who, subject, text, moment(400_000+w.next))
	w.written[text] = thread
}

// TestCutOver moves a site in while its members write: in BuddyPress during the first
// pass, in Parley from the moment the routes are switched, which is before the final
// pass. Nothing is lost, and nothing is there twice.
func TestCutOver(t *testing.T) {
	s := newSite(t)
	if _, err := bpseed.Write(context.Background(), testdb.Connect(t, s.dsn), bpseed.Options{Threads: 600, Messages: 3000}); err != nil {
		t.Fatal(err)
	}
	w := &oldWriter{s: s, random: rand.New(rand.NewPCG(7, 7)), written: map[string]int64{}, removed: map[int64]bool{}}
	for range 60 {
		w.step()
	}
	// The first pass, with a writer at work all the time.
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				w.step()
			}
		}
	}()
	halt := sync.OnceFunc(func() { close(stop); <-stopped })
	t.Cleanup(halt)
	for range 3 { // as often as one likes
		s.imported()
	}
	halt()
	for range 20 { // the last ones before the switch
		w.step()
	}

	// The routes are switched: members write in Parley, and the final pass begins.
	live := s.service()
	sent := map[string]int64{}
	var mu sync.Mutex
	var writers sync.WaitGroup
	done := make(chan struct{})
	for _, who := range []wpauth.UserID{alice, bob, carol} {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				text := fmt.Sprintf("new %d %d", who, n)
				id := s.anyThread(live, who)
				if id == 0 || n%4 == 0 {
					th, err := live.StartThread(context.Background(), writer(who), messaging.ThreadStart{Recipients: []wpauth.UserID{who%3 + 2, dave}, Content: text})
					if err != nil {
						t.Errorf("start: %v", err)
						return
					}
					id = th.ID
				} else if _, err := live.ReplyThread(context.Background(), writer(who), id, messaging.ThreadReply{Content: text}); err != nil {
					if messaging.ReasonOf(err) == messaging.NotFound || messaging.ReasonOf(err) == messaging.NotParticipant {
						continue // deleted in BuddyPress, and the pass has just come by
					}
					t.Errorf("reply: %v", err)
					return
				}
				mu.Lock()
				sent[text] = int64(id)
				mu.Unlock()
			}
		})
	}
	r := s.imported()
	if r.Pass.Changed+r.Pass.New == 0 {
		t.Errorf("nothing was left for the final pass: %+v", r.Pass)
	}
	close(done)
	writers.Wait()
	if again := s.imported(); again.Pass.New+again.Pass.Changed+again.Pass.Removed != 0 {
		t.Errorf("a pass after the final one: %+v", again.Pass)
	}

	// Everything is there once, in its thread.
	var rows []struct {
		ID           int64
		Conversation int64 `db:"conversation_id"`
		Content      string
	}
	if err := s.db.Select(&rows, "SELECT id, conversation_id, content FROM wp_parley_messages WHERE content LIKE 'old %' OR content LIKE 'new %'"); err != nil {
		t.Fatal(err)
	}
	for _, m := range rows {
		from := w.written
		if strings.HasPrefix(m.Content, "new") {
			from = sent
		}
		thread, ok := from[m.Content]
		if !ok {
			// Removed in BuddyPress, unless somebody wrote there in Parley meanwhile.
			if n := s.number("SELECT COUNT(*) FROM wp_parley_import_threads WHERE conversation_id = ? AND state = 2", m.Conversation); n == 0 && !w.removed[m.Conversation] {
				t.Errorf("%q is there twice, or was never written", m.Content)
			}
			continue
		}
		delete(from, m.Content)
		if in := s.number("SELECT COALESCE(MAX(conversation_id), ?) FROM wp_parley_import_threads WHERE source_thread = ?", thread, thread); in != m.Conversation && m.Conversation != thread {
			t.Errorf("%q is in conversation %d, not %d", m.Content, m.Conversation, thread)
		}
	}
	for text := range w.written {
		t.Errorf("%q was written in BuddyPress and is lost", text)
	}
	for text := range sent {
		t.Errorf("%q was written in Parley and is lost", text)
	}
	if n := s.number(`SELECT COUNT(*) FROM (SELECT conversation_id FROM wp_parley_messages GROUP BY conversation_id
		HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*)) x`); n != 0 {
		t.Errorf("%d conversations have gaps", n)
	}
	if n := s.number(`SELECT COUNT(*) FROM wp_parley_conversations c WHERE last_seq <> (SELECT MAX(seq) FROM wp_parley_messages m WHERE m.conversation_id = c.id)
		OR message_count <> (SELECT COUNT(*) FROM wp_parley_messages m WHERE m.conversation_id = c.id AND m.kind = 0)`); n != 0 {
		t.Errorf("%d conversations count wrongly", n)
	}
}

// writer is a member whom no limit stops.
func writer(id wpauth.UserID) messaging.Actor {
	return messaging.Actor{ID: id, Login: fmt.Sprint("user", id), Bypass: true}
}

// anyThread is a thread of a member's inbox, 0 without one.
func (s *site) anyThread(svc *messaging.Service, who wpauth.UserID) messaging.ConversationID {
	p, err := svc.ListThreads(context.Background(), member(who), messaging.ThreadsQuery{Viewer: who, Page: 1 + rand.IntN(2), PerPage: 20,
		Messages: messaging.Slice{Page: 1, PerPage: 1}})
	if err != nil {
		s.t.Error(err)
		return 0
	}
	if len(p.Threads) == 0 {
		return 0
	}
	return p.Threads[rand.IntN(len(p.Threads))].ID
}
