package realtime

import (
	"context"
	"slices"
	"time"

	"parley/wpauth"
)

const (
	// pingSlots spreads pings over the pause.
	pingSlots = 30
	// recheckPause is the time between two looks at everybody's credentials.
	recheckPause = 500 * time.Millisecond
	// trusted is how long a credential is believed that cannot be looked at, because the
	// database is away or does not answer: nothing that decides access is older than five
	// seconds when the next look has failed as well.
	trusted = 5*time.Second - recheckPause
	// recheckedAtOnce is how many connections one look is at.
	recheckedAtOnce = 500
	// lookTime is what a look is given at least.
	lookTime = time.Second
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
// A credential that could not be looked at for longer than trusted is trusted no more.
func (h *Hub) recheck() {
	for pause(h.ctx, recheckPause) {
		conns := h.every(all)
		if len(conns) == 0 {
			continue
		}
		// One statement after the other, so that one that fails is none of the others'.
		for some := range slices.Chunk(conns, recheckedAtOnce) {
			if err := h.recheckSome(some); err != nil && h.ctx.Err() == nil {
				h.Log.Warn("credentials of connections could not be looked at", "error", err)
				distrust(some, len(conns))
			}
		}
	}
}

// recheckSome looks at the credentials of connections, with one statement.
func (h *Hub) recheckSome(conns []*Conn) error {
	begun := time.Now()
	held, oldest := make([]*wpauth.Held, len(conns)), begun
	for i, c := range conns {
		held[i] = c.held
		if c.checked.Before(oldest) {
			oldest = c.checked
		}
	}
	verdicts, err := h.look(held, oldest.Add(trusted))
	if err != nil {
		return err
	}
	for i, v := range verdicts {
		if e := ending(v); e != nil {
			conns[i].End(e)
		}
		conns[i].checked = begun
	}
	return nil
}

// distrust ends the connections whose credentials were looked at too long ago, each with
// a time of its own to come back. They are of a crowd that all may have to go.
func distrust(conns []*Conn, crowd int) {
	now, spread := time.Now(), spreadOf(crowd)
	for _, c := range conns {
		if now.Sub(c.checked) >= trusted {
			c.End(unavailable(spread))
		}
	}
}

func (h *Hub) look(held []*wpauth.Held, by time.Time) ([]wpauth.Verdict, error) {
	ctx, release := h.Guard(h.ctx)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, max(lookTime, time.Until(by)))
	defer cancel()
	return h.Site.Recheck(ctx, held)
}

// beat pings connections, tells those for whom nothing happened how far the site is, so
// that their position does not grow old, and ends those whose time is over.
func (h *Hub) beat() {
	for slot := 0; pause(h.ctx, h.Limits.Ping/pingSlots); slot = (slot + 1) % pingSlots {
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

// Close ends every connection with a time to come back, spread so that a node's clients
// do not return all at once, and waits for them to be told until ctx ends. Nobody can
// join any more.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	if !h.closed {
		h.closed, h.crowd = true, h.conns
	}
	crowd := h.crowd
	h.mu.Unlock()
	conns := h.every(all)
	for _, c := range conns {
		c.End(restart(crowd))
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
