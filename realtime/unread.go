package realtime

import (
	"context"
	"sync"
	"time"

	"parley/wpauth"
)

// unreads gathers whose count of unread conversations may have changed, so that one
// statement counts for many and a burst is told once.
type unreads struct {
	mu    sync.Mutex
	dirty map[wpauth.UserID]bool
	some  chan struct{}
}

func newUnreads() *unreads {
	return &unreads{dirty: map[wpauth.UserID]bool{}, some: make(chan struct{}, 1)}
}

func (u *unreads) touch(ids ...wpauth.UserID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range ids {
		u.dirty[id] = true
	}
	select {
	case u.some <- struct{}{}:
	default:
	}
}

// take returns some of those whose count is to be read.
func (u *unreads) take(most int) []wpauth.UserID {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make([]wpauth.UserID, 0, min(most, len(u.dirty)))
	for id := range u.dirty {
		if len(out) == most {
			break
		}
		delete(u.dirty, id)
		out = append(out, id)
	}
	return out
}

const (
	// countedAtOnce is how many members one statement counts for.
	countedAtOnce = 500
	// countPause is the time between two statements.
	countPause = 20 * time.Millisecond
)

// countUnread tells members their count of unread conversations when it changed.
func (h *Hub) countUnread() {
	for {
		select {
		case <-h.unread.some:
		case <-h.ctx.Done():
			return
		}
		for {
			ids := h.connected(h.unread.take(countedAtOnce))
			if len(ids) == 0 {
				break
			}
			if err := h.tellUnread(ids); err != nil && h.ctx.Err() == nil {
				h.Log.Warn("unread conversations could not be counted", "error", err)
				h.unread.touch(ids...)
			}
			if !pause(h.ctx, countPause) {
				return
			}
		}
	}
}

// connected are those of some members who are connected here.
func (h *Hub) connected(ids []wpauth.UserID) []wpauth.UserID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := ids[:0]
	for _, id := range ids {
		if len(h.members[id]) > 0 {
			out = append(out, id)
		}
	}
	return out
}

func (h *Hub) tellUnread(ids []wpauth.UserID) error {
	ctx, release := h.Guard(h.ctx)
	defer release()
	counts, err := h.Service.UnreadCounts(ctx, ids)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, n := range counts {
		var f *Frame
		for _, c := range h.members[id] {
			if c.unread.Swap(int64(n)+1) == int64(n)+1 {
				continue
			}
			if f == nil {
				f = encode("unread", unreadCount{"unread", n})
			}
			c.give(f)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
