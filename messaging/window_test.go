package messaging

import (
	"testing"
	"time"

	"parley/wpauth"
)

func TestWindowSlides(t *testing.T) {
	w := newWindow(3, time.Minute)
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	steps := []struct {
		at   time.Duration
		id   wpauth.UserID
		want time.Duration
	}{
		{0, 1, 0}, {10 * time.Second, 1, 0}, {20 * time.Second, 1, 0},
		{20 * time.Second, 1, 40 * time.Second},
		{20 * time.Second, 2, 0}, // another member has an own window
		{59 * time.Second, 1, time.Second},
		{60 * time.Second, 1, 0}, // the first use is a minute old
		{61 * time.Second, 1, 9 * time.Second},
		{70 * time.Second, 1, 0},
		{10 * time.Minute, 1, 0}, {10 * time.Minute, 1, 0}, {10 * time.Minute, 1, 0},
		{10 * time.Minute, 1, time.Minute},
	}
	for i, s := range steps {
		if got := w.take(s.id, start.Add(s.at)); got != s.want {
			t.Errorf("step %d at %v: wait %v, want %v", i, s.at, got, s.want)
		}
	}
}

func TestWindowForgetsQuietMembers(t *testing.T) {
	w, now := newWindow(3, time.Minute), time.Unix(1e9, 0)
	for id := range wpauth.UserID(1000) {
		w.take(id, now)
	}
	w.take(5000, now.Add(2*time.Minute))
	if len(w.used) != 1 {
		t.Errorf("%d members are remembered, want 1", len(w.used))
	}
}

func TestWindowWithoutLimitAllowsEverything(t *testing.T) {
	w := newWindow(0, time.Minute)
	for range 1000 {
		if w.take(1, time.Unix(1e9, 0)) != 0 {
			t.Fatal("refused")
		}
	}
}
