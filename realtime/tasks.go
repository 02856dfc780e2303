package realtime

import (
	"context"
	"math/rand/v2"
	"time"

	"parley/wpauth"
)

const (
	// pingPause is the time between two pings of a connection.
	pingPause = 30 * time.Second
	// pingSlots spreads pings over the pause.
	pingSlots = 30
	// recheckPause is the time between two looks at everybody's credentials.
	recheckPause = 500 * time.Millisecond
	// recheckTime bounds one look.
	recheckTime = 5 * time.Second
)

// every returns the connections that choose selects.
func (h *Hub) every(choose func(*Conn) bool) (out []*Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, conns := range h.members {
		for _, c := range conns {
			if choose(c) {
				out = append(out, c)
			}
		}
	}
	return out
}

func all(*Conn) bool { return true }

// recheck looks at everybody's credentials again and again: a session that was
// destroyed, a changed password, a revoked application password or a ban closes a
// connection within a second. Its cost is one statement for every 500 members connected.
func (h *Hub) recheck() {
	for pause(h.ctx, recheckPause) {
		conns := h.every(all)
		if len(conns) == 0 {
			continue
		}
		held := make([]*wpauth.Held, len(conns))
		for i, c := range conns {
			held[i] = c.held
		}
		verdicts, err := h.look(held)
		if err != nil {
			if h.ctx.Err() == nil {
				h.Log.Warn("credentials of connections could not be looked at", "error", err)
			}
			continue
		}
		for i, v := range verdicts {
			if e := ending(v); e != nil {
				conns[i].End(e)
			}
		}
	}
}

func (h *Hub) look(held []*wpauth.Held) ([]wpauth.Verdict, error) {
	ctx, release := h.Guard(h.ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, recheckTime)
	defer cancel()
	return h.Site.Recheck(ctx, held)
}

// beat pings connections, tells those for whom nothing happened how far the site is, so
// that their position does not grow old, and ends those whose time is over.
func (h *Hub) beat() {
	for slot := 0; pause(h.ctx, pingPause/pingSlots); slot = (slot + 1) % pingSlots {
		h.mu.Lock()
		head := h.log.head
		var at *Frame
		now := time.Now()
		for _, conns := range h.members {
			for _, c := range conns {
				switch {
				case c.slot != slot || c.kind == LongPoll:
				case !c.until.IsZero() && now.After(c.until):
					c.End(renew())
				case c.stand.Load() < head:
					if at == nil {
						token := h.positions.Token(head)
						at = encode("position", positionOnly{"position", token})
						at.ID, at.position = token, head
					}
					c.give(at)
					c.give(ping)
				default:
					c.give(ping)
				}
			}
		}
		h.mu.Unlock()
	}
}

// Return times after a restart.
const (
	soonest = time.Second
	latest  = 25 * time.Second
	// perSecond is how many clients are asked to come back within a second.
	perSecond = 1000
)

// Close ends every connection with a time to come back, spread so that a node's clients
// do not return all at once, and waits for them to be told until ctx ends. Nobody can
// join any more.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	conns := h.every(all)
	spread := min(latest, 2*time.Second+time.Duration(len(conns))*time.Second/perSecond)
	for _, c := range conns {
		c.End(restart(soonest + rand.N(spread)))
	}
	for _, c := range conns {
		select {
		case <-c.done:
		case <-ctx.Done():
		}
	}
	h.stop()
	h.tasks.Wait()
}
