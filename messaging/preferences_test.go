package messaging_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
	"parley/wpauth"
)

var everything = messaging.Preferences{Presence: true, Receipts: true, Typing: true}

// set changes somebody's preferences.
func (h *house) set(who messaging.Actor, p messaging.PreferencesPatch) messaging.Preferences {
	h.t.Helper()
	return must[messaging.Preferences](h.t)(h.SetPreferences(context.Background(), who, p))
}

// prefers checks what takes effect for somebody.
func prefers(t *testing.T, s *messaging.Service, who messaging.Actor, want messaging.Preferences) {
	t.Helper()
	got, err := s.PreferencesOf(context.Background(), []wpauth.UserID{who.ID})
	if err != nil || got[who.ID] != want {
		t.Errorf("%s has %+v, %v; want %+v", who.Login, got, err, want)
	}
}

func TestPreferencesAreTheMembersAndTheOwners(t *testing.T) {
	h := open(t)
	prefers(t, h.Service, alice, everything)
	if own := h.set(alice, messaging.PreferencesPatch{Receipts: messaging.ChooseOff}); own != (messaging.Preferences{Presence: true, Typing: true}) {
		t.Errorf("alice's own: %+v", own)
	}
	prefers(t, h.Service, alice, messaging.Preferences{Presence: true, Typing: true})
	prefers(t, h.Service, bob, everything)
	// Another site's owner, so to say: the choice stays, and has no effect.
	strict := h.service(func(o *messaging.Options) { o.SwitchedOff = messaging.Preferences{Typing: true} })
	prefers(t, strict, alice, messaging.Preferences{Presence: true})
	prefers(t, strict, bob, messaging.Preferences{Presence: true, Receipts: true})
	own, site, err := strict.Preferences(t.Context(), alice)
	if err != nil || own != (messaging.Preferences{Presence: true, Typing: true}) || site != (messaging.Preferences{Presence: true, Receipts: true}) {
		t.Errorf("own %+v, site %+v, %v", own, site, err)
	}
	closed := h.service(func(o *messaging.Options) { o.SwitchedOff = everything })
	if n := testdb.CountStatements(t, h.db.DB, func() { prefers(t, closed, bob, messaging.Preferences{}) }); n.Data != 0 {
		t.Errorf("what is off for everybody took %d statements", n.Data)
	}

	h.set(alice, messaging.PreferencesPatch{Receipts: messaging.ChooseDefault, Presence: messaging.ChooseOff, Typing: messaging.ChooseOn})
	prefers(t, h.Service, alice, messaging.Preferences{Receipts: true, Typing: true})
	if n := h.number("SELECT COUNT(*) FROM wp_parley_preferences WHERE user_id = ? AND receipts IS NULL AND presence = 0 AND typing = 1", alice.ID); n != 1 {
		t.Error("the row is not what was chosen")
	}
}

func TestAChangeOfPreferencesIsTold(t *testing.T) {
	h := open(t)
	// What is notified of stays; nothing changed is nothing told.
	h.exec("INSERT INTO wp_parley_preferences (user_id, notify_web, updated_at) VALUES (?, 0, NOW())", alice.ID)
	for _, p := range []messaging.PreferencesPatch{{}, {Typing: messaging.ChooseOn}, {Typing: messaging.ChooseDefault},
		{Typing: messaging.ChooseOff}, {Typing: messaging.ChooseOff}, {Presence: messaging.ChooseDefault}} {
		h.set(alice, p)
	}
	events := must[[]messaging.Event](t)(h.Events(t.Context(), 0, 10))
	if len(events) != 1 || events[0].Kind != messaging.EventPreferencesChanged || events[0].Actor != alice.ID || events[0].Conversation != 0 {
		t.Fatalf("events: %+v", events)
	}
	var p messaging.PreferencesChanged
	if err := json.Unmarshal(events[0].Payload, &p); err != nil || p != (messaging.PreferencesChanged{Presence: true, Receipts: true}) {
		t.Errorf("payload %s", events[0].Payload)
	}
	told := must[[]messaging.Delivery](t)(h.Address(t.Context(), events))
	if len(told[0].To) != 1 || !told[0].For(alice.ID) {
		t.Errorf("it is for %v", told[0].To)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_preferences WHERE user_id = ? AND notify_web = 0 AND typing = 0", alice.ID); n != 1 {
		t.Error("the row is not what was chosen")
	}
}

// TestPreferencesAreKnownOnEveryNode changes them in one process and asks another, which
// has the old ones in memory.
func TestPreferencesAreKnownOnEveryNode(t *testing.T) {
	h := open(t)
	other := h.service()
	taken := make(chan messaging.Event, 10)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	began := make(chan struct{})
	go func() {
		defer close(done)
		other.Follow(ctx, messaging.Feed{Begin: func(int64) { close(began) }, Pace: func() time.Duration { return 0 },
			Take: func(_ context.Context, events []messaging.Event) error {
				for _, e := range events {
					taken <- e
				}
				return nil
			}})
	}()
	defer func() { stop(); <-done }()
	<-began
	for i, choice := range []messaging.Choice{messaging.ChooseOff, messaging.ChooseOn, messaging.ChooseOff} {
		prefers(t, other, alice, messaging.Preferences{Presence: true, Receipts: i%2 == 0, Typing: true})
		h.set(alice, messaging.PreferencesPatch{Receipts: choice})
		select {
		case <-taken:
		case <-time.After(15 * time.Second):
			t.Fatal("the event does not come")
		}
		prefers(t, other, alice, messaging.Preferences{Presence: true, Receipts: choice == messaging.ChooseOn, Typing: true})
	}
	// In memory it costs nothing; behind everybody's back it takes two seconds at most.
	both := []wpauth.UserID{alice.ID, bob.ID}
	must[map[wpauth.UserID]messaging.Preferences](t)(other.PreferencesOf(t.Context(), both))
	h.exec("UPDATE wp_parley_preferences SET receipts = 1 WHERE user_id = ?", alice.ID)
	begun := time.Now()
	for {
		got := must[map[wpauth.UserID]messaging.Preferences](t)(other.PreferencesOf(t.Context(), both))
		if got[alice.ID].Receipts {
			break
		}
		if time.Since(begun) > 15*time.Second {
			t.Fatal("what was read once is kept for ever")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestPreferencesChangedAtOnceByTwoDevices(t *testing.T) {
	h := open(t)
	for range 10 {
		h.exec("DELETE FROM wp_parley_preferences")
		h.Service = h.service() // one that remembers nothing
		h.atOnce(t)
	}
}

func (h *house) atOnce(t *testing.T) {
	t.Helper()
	errs := make(chan error)
	for _, p := range []messaging.PreferencesPatch{{Presence: messaging.ChooseOff}, {Receipts: messaging.ChooseOff}, {Typing: messaging.ChooseOff}} {
		go func() {
			_, err := h.SetPreferences(t.Context(), alice, p)
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	prefers(t, h.Service, alice, messaging.Preferences{})
	events := must[[]messaging.Event](t)(h.Events(t.Context(), 0, 1000))
	if got := string(events[len(events)-1].Payload); got != `{"presence":false,"receipts":false,"typing":false}` {
		t.Errorf("the last that was told is %s", got)
	}
}

func TestErasingTakesPreferencesAway(t *testing.T) {
	h := open(t)
	h.set(alice, messaging.PreferencesPatch{Presence: messaging.ChooseOff})
	if traces := must[messaging.Traces](t)(h.TracesOf(t.Context(), admin, alice.ID)); traces.Preferences != 1 {
		t.Errorf("traces: %+v", traces)
	}
	must[messaging.Erasure](t)(h.Erase(t.Context(), admin, alice.ID, nil))
	prefers(t, h.Service, alice, everything)
	if rest := h.traces(alice.ID); rest != "" {
		t.Errorf("left over: %s", rest)
	}
}
