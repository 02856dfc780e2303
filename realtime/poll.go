package realtime

import (
	"context"
	"errors"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Answer is the answer of a long poll.
type Answer struct {
	// Position is where the next poll resumes.
	Position string
	// Frames are what happened, in order; a reset comes first.
	Frames []*Frame
	// More tells that there is more to fetch at once.
	More bool
	// Unread is the member's count of unread conversations.
	Unread int
}

// perAnswer is how many stored frames one answer holds.
const perAnswer = 200

// Poll answers what happened behind since; when that is nothing, what happens within
// wait. Without since it answers the present position. away tells that the member is not
// at the screen. Errors are those of Join.
func (h *Hub) Poll(ctx context.Context, id wpauth.Identity, since string, wait time.Duration, away bool) (Answer, error) {
	c, err := h.Join(ctx, Newcomer{Identity: id, Kind: LongPoll, Since: since, Away: away})
	if err != nil {
		var e *Ending
		if errors.As(err, &e) {
			h.Refused(e)
		}
		return Answer{}, err
	}
	defer c.forget()
	frames, at, err := h.waitFor(ctx, c, since != "", wait)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Position: h.positions.Token(at)}
	stored := 0
	for _, f := range frames {
		if f.position > 0 {
			if stored++; stored > perAnswer {
				a.More = true
				break
			}
			if stored == perAnswer {
				a.Position = f.ID
			}
		}
		a.Frames = append(a.Frames, f)
	}
	if !a.More {
		a.Position = h.positions.Token(at)
	}
	h.stats.delivered(a.Frames, c.after)
	a.Unread, _, err = h.Service.UnreadCount(ctx, messaging.ActorFor(id))
	return a, err
}

// waitFor takes what a poll's connection was given, and takes it out: at is where the
// member then stands.
func (h *Hub) waitFor(ctx context.Context, c *Conn, patient bool, wait time.Duration) (frames []*Frame, at int64, err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for waiting := patient; waiting; {
		select {
		case <-c.some:
			more, ended := c.collect()
			frames = append(frames, more...)
			waiting = len(frames) == 0 && ended == nil
		case <-timer.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	at = h.stand(c)
	close(c.done)
	more, ended := c.collect()
	if ended != nil {
		h.stats.ended.count(ended)
		return nil, 0, ended
	}
	return append(frames, more...), at, nil
}

// collect takes the frames that are news.
func (c *Conn) collect() (frames []*Frame, ended *Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.takeLocked() {
		if f.Type != "" && f.Type != "hello" && f.Type != "unread" {
			frames = append(frames, f)
		}
	}
	return frames, c.ended
}

// stand takes a connection out and returns up to where it was given everything.
func (h *Hub) stand(c *Conn) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaveLocked(c)
	return max(h.log.head, c.after)
}
