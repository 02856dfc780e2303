package messaging_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"parley/messaging"
)

// together runs f n times at once and returns when all are done.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Done()
			<-start
			f(i)
		}()
	}
	ready.Wait()
	close(start)
	done.Wait()
}

func TestRepeatedSendIsOneMessage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		nodes   int
		options []func(*messaging.Options)
	}{
		{"in one process", 1, nil},
		{"in one process without a limit", 1, []func(*messaging.Options){unhurried}},
		{"in three processes", 3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := open(t, tt.options...)
			id := h.direct(alice, bob)
			services := []*messaging.Service{h.Service}
			for len(services) < tt.nodes {
				services = append(services, h.service(tt.options...))
			}
			var mu sync.Mutex
			answers := map[messaging.Message]int{}
			together(50, func(i int) {
				m, err := services[i%len(services)].Send(context.Background(), alice,
					messaging.SendInput{Conversation: id, Content: "Once", ClientID: "client-1"})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				answers[*m]++
			})
			if len(answers) != 1 {
				t.Errorf("%d different answers: %+v", len(answers), answers)
			}
			if n := h.number("SELECT COUNT(*) FROM wp_parley_messages WHERE content = 'Once'"); n != 1 {
				t.Errorf("%d messages", n)
			}
			h.check()
		})
	}
}

func TestRepeatedStartIsOneConversation(t *testing.T) {
	h := open(t)
	services := []*messaging.Service{h.Service, h.service(), h.service()}
	for _, tt := range []struct {
		id string
		to []messaging.Actor
	}{{"a-group", []messaging.Actor{bob, carol}}, {"a-direct", []messaging.Actor{bob}}} {
		var mu sync.Mutex
		answers := map[string]int{}
		together(50, func(i int) {
			r, err := services[i%3].Start(context.Background(), alice, messaging.StartInput{
				Recipients: ids(tt.to...), Content: "Once", ClientID: tt.id})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[fmt.Sprint(r.Conversation.ID, r.Message, r.Reused, r.Conversation.MessageCount)]++
		})
		if len(answers) != 1 {
			t.Errorf("%s: %d different answers: %v", tt.id, len(answers), answers)
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 2 {
		t.Errorf("%d conversations", n)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_messages"); n != 2 {
		t.Errorf("%d messages", n)
	}
	h.check()
}

func TestBothStartAtOnceAndShareOneThread(t *testing.T) {
	h := open(t, unhurried)
	other := h.service(unhurried)
	for range 5 {
		h.exec("DELETE FROM wp_parley_conversations")
		h.exec("DELETE FROM wp_parley_participants")
		h.exec("DELETE FROM wp_parley_messages")
		h.exec("DELETE FROM wp_parley_message_text")
		var mu sync.Mutex
		threads, made := map[messaging.ConversationID]bool{}, 0
		together(12, func(i int) {
			from, to, s := alice, bob, h.Service
			if i%2 == 1 {
				from, to, s = bob, alice, other
			}
			r, err := s.Start(context.Background(), from, messaging.StartInput{Recipients: ids(to), Content: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			threads[r.Conversation.ID] = true
			if !r.Reused {
				made++
			}
		})
		if len(threads) != 1 || made != 1 {
			t.Errorf("threads %v, made %d times", threads, made)
		}
		if n := h.number("SELECT COUNT(*) FROM wp_parley_messages"); n != 12 {
			t.Errorf("%d messages", n)
		}
		h.check()
	}
}

// TestEverythingAtOnce lets members do everything to the same conversations at once;
// what the tables say afterwards must follow from the messages.
func TestEverythingAtOnce(t *testing.T) {
	h := open(t, unhurried)
	others := h.service(unhurried)
	group := h.group(alice, bob, carol, dave, vera)
	direct := h.direct(alice, bob)
	second := h.group(bob, alice, carol)
	members := []messaging.Actor{alice, bob, carol, dave, vera}
	together(16, func(i int) {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		ctx := context.Background()
		s := h.Service
		if i%3 == 0 {
			s = others
		}
		for n := range 25 {
			who := members[random.IntN(len(members))]
			id := []messaging.ConversationID{group, direct, second}[random.IntN(3)]
			var err error
			switch random.IntN(12) {
			case 0, 1, 2, 3, 4:
				_, err = s.Send(ctx, who, messaging.SendInput{Conversation: id, Content: fmt.Sprint("Worker ", i, " says ", n)})
			case 5, 6:
				_, err = s.Messages(ctx, who, id, messaging.MessagesQuery{Limit: 1 + random.IntN(20), MarkRead: true})
			case 7:
				_, err = s.MarkRead(ctx, who, id)
			case 8:
				_, err = s.SetArchived(ctx, who, id, nil)
			case 9:
				_, err = s.SetMuted(ctx, who, id, nil)
			case 10:
				_, err = s.SetBlocked(ctx, who, id, nil)
			case 11:
				if n > 15 {
					_, err = s.Leave(ctx, who, id)
				}
			}
			if err != nil && messaging.ReasonOf(err) == "" {
				t.Errorf("worker %d: %v", i, err)
			}
		}
	})
	h.check()
	if got := h.get(alice, group).LastSeq; got < 20 && h.get(alice, group).Me.LeftAt.IsZero() {
		t.Errorf("only %d rows: the test did not do much", got)
	}
}

func TestConcurrentSendsKeepOneOrder(t *testing.T) {
	h := open(t, unhurried)
	id := h.group(alice, bob, carol)
	together(30, func(i int) {
		from := []messaging.Actor{alice, bob, carol}[i%3]
		if _, err := h.Send(context.Background(), from, messaging.SendInput{Conversation: id, Content: fmt.Sprint(i)}); err != nil {
			t.Error(err)
		}
	})
	h.check() // ids rise with gapless sequences
	p, err := h.Messages(context.Background(), dave, id, messaging.MessagesQuery{Limit: 100})
	refused(t, err, messaging.NotParticipant, "You are not a participant in this conversation.")
	if len(p.Messages) != 0 {
		t.Fatal("an outsider was shown messages")
	}
	if n := len(must[messaging.MessagePage](t)(h.Messages(context.Background(), bob, id, messaging.MessagesQuery{Limit: 100})).Messages); n != 31 {
		t.Errorf("%d messages", n)
	}
}

// TestLimitPerMinuteIsExactWhenEverythingComesAtOnce: thirty pass, not one more.
func TestLimitPerMinuteIsExactWhenEverythingComesAtOnce(t *testing.T) {
	h := open(t)
	id := h.direct(bob, alice)
	var mu sync.Mutex
	sent, limited := 0, 0
	together(45, func(i int) {
		_, err := h.Send(context.Background(), alice, messaging.SendInput{Conversation: id, Content: fmt.Sprint(i)})
		mu.Lock()
		defer mu.Unlock()
		switch messaging.ReasonOf(err) {
		case messaging.RateLimited:
			limited++
		default:
			if err != nil {
				t.Error(err)
			}
			sent++
		}
	})
	if sent != 30 || limited != 15 {
		t.Errorf("%d sent, %d refused", sent, limited)
	}
	h.check()
}
