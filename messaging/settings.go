package messaging

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// setting is how a switch is to change: to a value, or to what it is not.
type setting struct {
	to     *bool
	toggle bool
}

// toOrToggle is for the routes where a missing value toggles (contract 1.3, 8-9).
func toOrToggle(to *bool) setting { return setting{to: to, toggle: to == nil} }

// next returns the new value and whether it differs.
func (c setting) next(now bool) (value, changed bool) {
	switch {
	case c.toggle:
		return !now, true
	case c.to == nil:
		return now, false
	}
	return *c.to, *c.to != now
}

// SetMuted implements Messenger.
func (s *Service) SetMuted(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error) {
	return s.change(ctx, a, id, change{muted: toOrToggle(to)})
}

// SetArchived implements Messenger.
func (s *Service) SetArchived(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error) {
	return s.change(ctx, a, id, change{archived: toOrToggle(to)})
}

// Update implements Messenger.
func (s *Service) Update(ctx context.Context, a Actor, id ConversationID, p Patch) (*Conversation, error) {
	c := change{muted: setting{to: p.Muted}, archived: setting{to: p.Archived}}
	if p.Title != nil {
		title, err := s.checkTitle(*p.Title)
		if err != nil {
			return nil, s.fault(ctx, s.unlessForeign(ctx, a, id, err))
		}
		c.title = &title
	}
	return s.change(ctx, a, id, c)
}

// change is what an active participant does to a conversation without sending.
type change struct {
	muted, archived setting
	title           *string // checked
}

// change applies a change and answers the conversation as it is then. What stays as
// it was is neither written nor told.
func (s *Service) change(ctx context.Context, a Actor, id ConversationID, c change) (*Conversation, error) {
	now := s.now()
	var events []event
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		events = events[:0]
		place, found, err := s.store.LockPlace(ctx, tx, int64(id), int64(a.ID))
		if err := refusePlace(place, found, err); err != nil {
			return err
		}
		if !place.Mine.LeftAt.IsZero() {
			return hasLeft()
		}
		if c.title != nil {
			if Type(place.Type) != Group {
				return Refuse(Invalid, "Only group conversations have a title.")
			}
			if *c.title != place.Title {
				if err := s.store.SetTitle(ctx, tx, int64(id), *c.title); err != nil {
					return err
				}
				members, err := s.store.Members(ctx, tx, int64(id))
				if err != nil {
					return err
				}
				events = append(events, event{EventRenamed, id, 0, a.ID, Renamed{Members: users(members)}})
			}
		}
		if muted, changed := c.muted.next(place.Mine.Muted); changed {
			if err := s.store.SetMuted(ctx, tx, int64(id), int64(a.ID), muted); err != nil {
				return err
			}
			events = append(events, event{EventMuted, id, 0, a.ID, SettingChanged{muted}})
		}
		if archived, changed := c.archived.next(place.Mine.Archived); changed {
			if err := s.store.SetArchived(ctx, tx, int64(id), int64(a.ID), archived); err != nil {
				return err
			}
			events = append(events, event{EventArchived, id, 0, a.ID, SettingChanged{archived}})
		}
		return s.record(ctx, tx, now, events...)
	})
	if err != nil {
		return nil, err
	}
	s.changed(a, events)
	return s.Get(ctx, a, id)
}

// changed drops what the events of a change made untrue.
func (s *Service) changed(a Actor, events []event) {
	for _, e := range events {
		switch e.kind {
		case EventRenamed:
			s.dropText(e.conversation)
		case EventArchived:
			s.dropMailbox(a.ID)
		}
	}
}
