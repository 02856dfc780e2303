package messaging

import (
	"sync"
	"time"

	"parley/wpauth"
)

// window limits how often a member may do a thing: at most limit times within any
// span of per. It lives in this process; a site with several nodes allows each its own.
type window struct {
	limit int
	per   time.Duration

	mu   sync.Mutex
	used map[wpauth.UserID][]time.Time // oldest first, never more than limit
	next time.Time                     // when members who have gone quiet are forgotten
}

func newWindow(limit int, per time.Duration) *window {
	return &window{limit: limit, per: per, used: make(map[wpauth.UserID][]time.Time)}
}

// take counts one use at now, or returns how long to wait until the next is allowed.
// A refused use is not counted. A limit of 0 allows everything.
func (w *window) take(id wpauth.UserID, now time.Time) (wait time.Duration) {
	if w.limit <= 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(now)
	uses := recent(w.used[id], now.Add(-w.per))
	if len(uses) >= w.limit {
		w.used[id] = uses
		return uses[len(uses)-w.limit].Add(w.per).Sub(now)
	}
	w.used[id] = append(uses, now)
	return 0
}

// recent drops the uses at or before since.
func recent(uses []time.Time, since time.Time) []time.Time {
	n := 0
	for n < len(uses) && !uses[n].After(since) {
		n++
	}
	return append(uses[:0], uses[n:]...)
}

// forget removes members without a use in the window, once per window.
func (w *window) forget(now time.Time) {
	if now.Before(w.next) {
		return
	}
	w.next = now.Add(w.per)
	for id, uses := range w.used {
		if len(uses) == 0 || !uses[len(uses)-1].After(now.Add(-w.per)) {
			delete(w.used, id)
		}
	}
}
