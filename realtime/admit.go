package realtime

import (
	"context"
	"time"

	"parley/wpauth"
)

const (
	// admittedAtOnce is how many newcomers one statement looks at.
	admittedAtOnce = 500
	// admitPause is the time between two statements: many who come at once are looked at
	// together.
	admitPause = 20 * time.Millisecond
)

// newcomer waits for the verdict on a credential.
type newcomer struct {
	held    *wpauth.Held
	verdict chan<- admission // holds one: nobody waits for who has gone
}

type admission struct {
	verdict wpauth.Verdict
	err     error
}

// admit looks at the credential of somebody who joins, past every cache, together with
// those of everybody else who joins at that moment: when all clients of a node come back
// they cost a few statements, not two each.
func (h *Hub) admit(ctx context.Context, held *wpauth.Held) (wpauth.Verdict, error) {
	answer := make(chan admission, 1)
	select {
	case h.newcomers <- newcomer{held, answer}:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-h.ctx.Done():
		return 0, Unavailable()
	}
	select {
	case a := <-answer:
		return a.verdict, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-h.ctx.Done():
		return 0, Unavailable()
	}
}

// admitting looks at newcomers until the Hub is closed: at one alone at once, and at
// those who come right behind together.
func (h *Hub) admitting() {
	for {
		var batch []newcomer
		select {
		case n := <-h.newcomers:
			batch = append(batch, n)
		case <-h.ctx.Done():
			return
		}
		for waiting := true; waiting && len(batch) < admittedAtOnce; {
			select {
			case n := <-h.newcomers:
				batch = append(batch, n)
			default:
				waiting = false
			}
		}
		held := make([]*wpauth.Held, len(batch))
		for i, n := range batch {
			held[i] = n.held
		}
		verdicts, err := h.look(held, time.Now().Add(trusted))
		for i, n := range batch {
			if err != nil {
				n.verdict <- admission{err: err}
			} else {
				n.verdict <- admission{verdict: verdicts[i]}
			}
		}
		if !pause(h.ctx, admitPause) {
			return
		}
	}
}
