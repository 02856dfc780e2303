package messaging

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// UpdateThread implements Threads.
func (s *Service) UpdateThread(ctx context.Context, a Actor, id ConversationID, in ThreadUpdate) (*Thread, error) {
	t, err := s.updateThread(ctx, a, id, in)
	return t, s.fault(ctx, err)
}

func (s *Service) updateThread(ctx context.Context, a Actor, id ConversationID, in ThreadUpdate) (*Thread, error) {
	o, err := s.mayView(ctx, a, id, in.Viewer, in.ViewerTakesPart)
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		place, found, err := s.store.LockPlace(ctx, tx, int64(id), int64(in.Viewer))
		switch {
		case err != nil:
			return err
		case !found:
			return noConversation()
		}
		if o.foreign {
			entry, err := s.auditEntry(a, s.foreign(AuditThreadUpdate, a, id, in.Viewer), nil)
			if err != nil {
				return err
			}
			if err := s.store.WriteAudit(ctx, tx, entry); err != nil {
				return err
			}
		}
		events, err := s.mark(ctx, tx, place, in)
		if err != nil {
			return err
		}
		if err := s.edit(ctx, tx, a, id, in); err != nil || len(events) == 0 {
			return err
		}
		return s.record(ctx, tx, now, events...)
	})
	if err != nil {
		return nil, err
	}
	s.dropMailbox(in.Viewer)
	return s.thread(ctx, id, ThreadQuery{Viewer: in.Viewer, Fields: in.ShowFields})
}

// mark sets the viewer's state: read, then unread (1.7). A moderator without a place
// has no state.
func (s *Service) mark(ctx context.Context, tx *sqlx.Tx, place store.Place, in ThreadUpdate) (events []event, err error) {
	mine, id := place.Mine, place.Conversation.ID
	if mine == nil || !mine.LeftAt.IsZero() {
		return nil, nil
	}
	if in.Read {
		if err := s.store.MoveRead(ctx, tx, id, mine.User, place.LastSeq, place.LastSeq, s.now()); err != nil {
			return nil, err
		}
		if mine.BellID != 0 && s.bells() {
			if err := s.store.ReadBell(ctx, tx, mine.BellID, mine.User); err != nil {
				return nil, err
			}
		}
		if err := s.store.ReadNotices(ctx, tx, id, mine.User, place.LastSeq); err != nil {
			return nil, err
		}
		events = append(events, event{EventConversationRead, ConversationID(id), 0, in.Viewer, ReadMoved{Seq: place.LastSeq}})
	}
	if in.Unread {
		if err := s.store.MarkUnread(ctx, tx, id, mine.User); err != nil {
			return nil, err
		}
		events = append(events, event{EventMarkedUnread, ConversationID(id), 0, in.Viewer, struct{}{}})
	}
	return events, nil
}

// edit writes fields of a message. Without a mark the message must be there and the
// actor's own, or the actor a moderator; with one it may be anything (1.7).
func (s *Service) edit(ctx context.Context, tx *sqlx.Tx, a Actor, id ConversationID, in ThreadUpdate) error {
	marks := in.Read || in.Unread
	if marks && len(in.Fields) == 0 {
		return nil
	}
	message, sender, err := s.store.MessageForFields(ctx, tx, int64(id), int64(in.Message))
	if err != nil {
		return err
	}
	if message == 0 || wpauth.UserID(sender) != a.ID && !a.Moderator {
		if marks {
			return nil
		}
		return Refuse(Invalid, "This message cannot be changed.")
	}
	return s.store.SetFields(ctx, tx, int64(id), message, in.Fields)
}

// takeAway removes a conversation from a member's lists together with what called
// their attention to it.
func (s *Service) takeAway(ctx context.Context, tx *sqlx.Tx, mine store.Participant, now time.Time) error {
	if err := s.store.SetDeleted(ctx, tx, mine.Conversation, mine.User, now); err != nil {
		return err
	}
	if mine.BellID != 0 && s.bells() {
		if err := s.store.ReadBell(ctx, tx, mine.BellID, mine.User); err != nil {
			return err
		}
	}
	return s.store.DeleteNotices(ctx, tx, mine.Conversation, mine.User)
}

// ToggleStar implements Threads. Moderators have no exception here.
func (s *Service) ToggleStar(ctx context.Context, a Actor, id MessageID, fields []string) (*ThreadMessage, error) {
	m, err := s.toggleStar(ctx, a, id, fields)
	return m, s.fault(ctx, err)
}

func (s *Service) toggleStar(ctx context.Context, a Actor, id MessageID, fields []string) (*ThreadMessage, error) {
	row, found, err := s.store.MessageByID(ctx, int64(a.ID), int64(id))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, noConversation()
	}
	heads, err := s.store.Heads(ctx, []int64{row.Conversation})
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, noConversation()
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		place, found, err := s.store.LockPlace(ctx, tx, row.Conversation, int64(a.ID))
		if err := refusePlace(place, found, err); err != nil {
			return err
		}
		if !place.Mine.LeftAt.IsZero() {
			return hasLeft()
		}
		row.Starred, err = s.store.ToggleStar(ctx, tx, row.Message, int64(a.ID))
		return err
	})
	if err != nil {
		return nil, err
	}
	m := threadMessage(&row, subjectsOf(heads[0].Title, heads[0].First))
	return &m, s.fillFields(ctx, []*ThreadMessage{&m}, fields)
}

// MayStar implements Threads.
func (s *Service) MayStar(ctx context.Context, a Actor, id MessageID) (bool, error) {
	row, found, err := s.store.MessageByID(ctx, int64(a.ID), int64(id))
	if err != nil || !found {
		return false, s.fault(ctx, err)
	}
	place, found, err := s.store.PlaceOf(ctx, row.Conversation, int64(a.ID))
	err = refusePlace(place, found, err)
	switch ReasonOf(err) {
	case "":
		return err == nil && place.Mine.LeftAt.IsZero() && place.Mine.DeletedAt.IsZero(), s.fault(ctx, err)
	case NotFound, NotParticipant, Left:
		return false, nil
	}
	return false, err
}

// DeleteThread implements Threads.
func (s *Service) DeleteThread(ctx context.Context, a Actor, id ConversationID, in ThreadDelete) (*Thread, error) {
	t, err := s.deleteThread(ctx, a, id, in)
	return t, s.fault(ctx, err)
}

func (s *Service) deleteThread(ctx context.Context, a Actor, id ConversationID, in ThreadDelete) (*Thread, error) {
	o, err := s.mayView(ctx, a, id, in.Viewer, in.ViewerTakesPart)
	switch {
	case err != nil:
		return nil, err
	case o.mine == nil || !o.mine.LeftAt.IsZero():
		return nil, Refuse(Forbidden, "")
	}
	before, err := s.show(ctx, o, ThreadQuery{Viewer: in.Viewer, Fields: in.ShowFields})
	if err != nil {
		return nil, err
	}
	now := s.now()
	var members []wpauth.UserID
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		members = nil
		_, people, found, err := s.store.LockPeople(ctx, tx, int64(id))
		me := slices.IndexFunc(people, func(p store.Participant) bool { return p.User == int64(in.Viewer) })
		switch {
		case err != nil:
			return err
		case !found:
			return noConversation()
		case me < 0 || !people[me].LeftAt.IsZero():
			return Refuse(Forbidden, "")
		}
		if o.foreign {
			entry, err := s.auditEntry(a, s.foreign(AuditThreadDelete, a, id, in.Viewer), nil)
			if err != nil {
				return err
			}
			if err := s.store.WriteAudit(ctx, tx, entry); err != nil {
				return err
			}
		}
		if !people[me].DeletedAt.IsZero() {
			return nil
		}
		last := !slices.ContainsFunc(people, func(p store.Participant) bool {
			return p.User != int64(in.Viewer) && p.LeftAt.IsZero() && p.DeletedAt.IsZero()
		})
		if last {
			ids, _, err := s.store.Purge(ctx, tx, int64(id))
			if err != nil {
				return err
			}
			members = users(ids)
			return s.record(ctx, tx, now, event{EventPurged, id, 0, in.Viewer, Purged{Members: members, By: a.ID}})
		}
		if err := s.takeAway(ctx, tx, people[me], now); err != nil {
			return err
		}
		return s.record(ctx, tx, now, event{EventDeleted, id, 0, in.Viewer, struct{}{}})
	})
	if err != nil {
		return nil, err
	}
	s.dropMailbox(append(members, in.Viewer)...)
	if len(members) > 0 {
		s.dropText(id)
	}
	return before, nil
}
