package messaging

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"parley/wpauth"
)

// eventsPerRead bounds one answer of Events.
const eventsPerRead = 1000

// Events returns committed events after a position, in order, at most limit (and
// never more than 1000). An event is never delivered before one with a smaller
// position: see store.ReadEvents. What Options.KeepEvents has let go is one EventsGone.
func (s *Service) Events(ctx context.Context, after int64, limit int) ([]Event, error) {
	rows, err := s.store.ReadEvents(ctx, after, min(limit, eventsPerRead))
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make([]Event, len(rows))
	for i, r := range rows {
		out[i] = Event{
			Position: r.Position, Kind: EventKind(r.Kind), Conversation: ConversationID(r.Conversation),
			Message: MessageID(r.Message), Actor: wpauth.UserID(r.Actor), At: r.At, Payload: json.RawMessage(r.Payload),
		}
	}
	return out, nil
}

// EventRange returns the positions a reader can go on behind: from oldest, before which
// events were let go, to newest, the highest that can be seen now.
func (s *Service) EventRange(ctx context.Context) (oldest, newest int64, err error) {
	if oldest, err = s.store.OldestEvent(ctx); err == nil {
		newest, err = s.store.LastEvent(ctx)
	}
	return oldest, newest, s.fault(ctx, err)
}

const (
	// tailPause is how long other nodes' changes may go unnoticed in this one's caches.
	tailPause = time.Second
	// tailTick is how finely Feed.Pace is kept to.
	tailTick = 50 * time.Millisecond
	// tailBack is how far before the newest event a tail begins: a writer that was at
	// work then may still commit a smaller position.
	tailBack = 1000
	// prunePause is the time between two prunings.
	prunePause = time.Hour
	// DefaultKeepEvents is how long events are kept.
	DefaultKeepEvents = 30 * 24 * time.Hour
)

// Feed is who follows the events beside this process's caches. The zero value is nobody.
type Feed struct {
	// Begin is told the position behind which Take will be given every event. It is told
	// again when events before another position were let go unread, as happens to a node
	// that was cut off for long, or when a clock runs ahead.
	Begin func(position int64)
	// Take is given committed events in their order, each once. After an error it is
	// given the same events again.
	Take func(ctx context.Context, events []Event) error
	// Pace is how long other nodes' events may go unnoticed at this moment, from 50 ms
	// on. nil: a second. What this process commits is noticed at once in any case.
	Pace func() time.Duration
	// Committed is called after every commit of this process, by whoever committed: it
	// must not wait. nil: nobody asks.
	Committed func()
}

// Tail is Follow for nobody else.
func (s *Service) Tail(ctx context.Context) { s.Follow(ctx, Feed{}) }

// Follow follows the events until ctx ends and drops from this process's caches what
// another node changed: unread counts, totals, texts; feed gets what it read. Once an
// hour it lets events go that are older than Options.KeepEvents. A failure is logged and
// tried again.
func (s *Service) Follow(ctx context.Context, feed Feed) {
	position, started := int64(0), false
	pruned, read := time.Time{}, time.Time{}
	if feed.Pace == nil {
		feed.Pace = func() time.Duration { return tailPause }
	}
	if feed.Committed != nil {
		s.onCommit.Store(&feed.Committed)
		defer s.onCommit.Store(nil)
	}
	pause := time.NewTicker(tailTick)
	defer pause.Stop()
	for {
		if !started {
			last, err := s.store.LastEvent(ctx)
			if err == nil {
				position, started = max(0, last-tailBack), true
				s.beginAt(position, feed)
			} else {
				s.tailFailed(ctx, "events cannot be read", err)
			}
		}
		if started {
			var err error
			if position, err = s.follow(ctx, position, feed); err != nil {
				s.tailFailed(ctx, "events cannot be read", err)
			}
			read = time.Now()
		}
		if now := s.now(); s.keepEvents > 0 && now.Sub(pruned) >= prunePause {
			pruned = now
			if _, err := s.store.PruneEvents(ctx, now.Add(-s.keepEvents)); err != nil {
				s.tailFailed(ctx, "old events cannot be removed", err)
			}
		}
		for waiting := true; waiting; {
			select {
			case <-s.look:
				waiting = false
			case <-pause.C:
				waiting = time.Since(read) < feed.Pace()-tailTick/2
			case <-ctx.Done():
				return
			}
		}
	}
}

// Look has the tail look for events at once. It never waits.
func (s *Service) Look() {
	select {
	case s.look <- struct{}{}:
	default:
	}
}

// nudge has the tail look at once, and others told, that something was committed.
func (s *Service) nudge() {
	if told := s.onCommit.Load(); told != nil {
		(*told)()
	}
	s.Look()
}

func (s *Service) tailFailed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err))
	}
}

// beginAt begins to follow behind a position: whatever happened before may be missing.
func (s *Service) beginAt(position int64, feed Feed) {
	s.dropMailboxes()
	s.preferences.dropAll()
	if feed.Begin != nil {
		feed.Begin(position)
	}
}

// follow takes in everything after a position and returns the new one.
func (s *Service) follow(ctx context.Context, position int64, feed Feed) (int64, error) {
	for {
		events, err := s.Events(ctx, position, eventsPerRead)
		if err != nil {
			return position, err
		}
		n := len(events)
		for len(events) > 0 {
			gone := slices.IndexFunc(events, func(e Event) bool { return e.Kind == EventsGone })
			if gone == 0 {
				position = events[0].Position
				s.beginAt(position, feed)
				events = events[1:]
				continue
			}
			if gone < 0 {
				gone = len(events)
			}
			for _, e := range events[:gone] {
				s.takeIn(e)
			}
			if feed.Take != nil {
				if err := feed.Take(ctx, events[:gone]); err != nil {
					return position, err
				}
			}
			position, events = events[gone-1].Position, events[gone:]
		}
		if n < eventsPerRead {
			return position, nil
		}
	}
}

// takeIn drops what an event makes untrue. A payload that cannot be read is one of a
// later release's kinds: its actor's mailbox is dropped, the rest goes within the
// caches' own time.
func (s *Service) takeIn(e Event) {
	touched := []wpauth.UserID{e.Actor}
	switch e.Kind {
	case EventConversationCreated:
		var p ConversationCreated
		if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Participants...)
		}
	case EventMessageSent:
		var p MessageSent
		if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Recipients...)
		}
	case EventLeft:
		var p MemberLeft
		if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Members...)
		}
	case EventPreferencesChanged:
		s.preferences.drop(e.Actor)
		return
	case EventImported:
		var p Imported
		if e.Conversation == 0 {
			s.dropMailboxes()
		} else if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Members...)
		}
		s.dropText(e.Conversation)
	case EventRenamed:
		s.dropText(e.Conversation)
	case EventPurged:
		var p Purged
		if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Members...)
		}
		s.dropText(e.Conversation)
	case EventErased:
		var p Erased
		if json.Unmarshal(e.Payload, &p) == nil {
			touched = append(touched, p.Members...)
		}
		s.dropText(e.Conversation)
	}
	s.dropMailbox(touched...)
}
