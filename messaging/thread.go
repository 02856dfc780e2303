package messaging

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
	"parley/wptext"
)

// readAgain is how old last_read_at grows before reading the same page again renews it.
const readAgain = time.Minute

// Messages implements Messenger. It reads with two statements, and writes only when
// the read position, the bell row or last_read_at has something to gain.
func (s *Service) Messages(ctx context.Context, a Actor, id ConversationID, q MessagesQuery) (MessagePage, error) {
	if q.Limit < 1 || q.Limit > maxPage || q.Before < 0 || q.After < 0 {
		return MessagePage{}, Refuse(Invalid, "There is no such page.")
	}
	p, err := s.messages(ctx, a, id, q)
	return p, s.fault(ctx, err)
}

func (s *Service) messages(ctx context.Context, a Actor, id ConversationID, q MessagesQuery) (MessagePage, error) {
	place, err := s.place(ctx, a, id)
	if err != nil {
		return MessagePage{}, err
	}
	left := !place.Mine.LeftAt.IsZero()
	sq := store.ThreadQuery{Conversation: int64(id), Before: int64(q.Before), After: int64(q.After),
		Oldest: q.FromOldest, Limit: q.Limit + 1}
	page := MessagePage{Total: place.LastSeq}
	if left {
		sq.UpTo, page.Total = place.Mine.LeftSeq, place.Mine.LeftSeq
	}
	rows, err := s.store.Thread(ctx, sq)
	if err != nil {
		return MessagePage{}, err
	}
	if page.HasMore = len(rows) > q.Limit; page.HasMore {
		rows = rows[:q.Limit]
	}
	if q.FromOldest != q.Ascending {
		slices.Reverse(rows)
	}
	if page.Messages, err = s.withSenders(ctx, rows); err != nil {
		return MessagePage{}, err
	}
	if q.MarkRead && !left && len(rows) > 0 {
		err = s.markRead(ctx, a, place, max(rows[0].Seq, rows[len(rows)-1].Seq))
	}
	return page, err
}

// place finds a conversation and the actor's row in it, or refuses.
func (s *Service) place(ctx context.Context, a Actor, id ConversationID) (store.Place, error) {
	place, found, err := s.store.PlaceOf(ctx, int64(id), int64(a.ID))
	return place, refusePlace(place, found, err)
}

func refusePlace(place store.Place, found bool, err error) error {
	switch {
	case err != nil:
		return err
	case !found:
		return noConversation()
	case place.Mine == nil || !place.Mine.DeletedAt.IsZero():
		return notParticipant()
	}
	return nil
}

// withSenders makes messages of rows, with their senders' cards.
func (s *Service) withSenders(ctx context.Context, rows []store.Message) ([]Message, error) {
	var senders []wpauth.UserID
	for i := range rows {
		id := wpauth.UserID(rows[i].Sender)
		if id != 0 && !slices.Contains(senders, id) {
			senders = append(senders, id)
		}
	}
	cards := map[wpauth.UserID]wpauth.Member{}
	if len(senders) > 0 {
		var err error
		if cards, err = s.dir.Members(ctx, senders); err != nil {
			return nil, err
		}
	}
	out := make([]Message, len(rows))
	for i := range rows {
		out[i] = message(&rows[i], cards[wpauth.UserID(rows[i].Sender)])
	}
	return out, nil
}

func message(m *store.Message, card wpauth.Member) Message {
	content := m.Content
	if Format(m.Format) == FormatBuddyPress {
		content = wptext.FromBuddyPress(content)
	}
	return Message{
		ID: MessageID(m.ID), Conversation: ConversationID(m.Conversation), Seq: m.Seq,
		Sender: wpauth.UserID(m.Sender), Member: card, Kind: Kind(m.Kind), Format: Format(m.Format),
		Subject: m.Subject, Content: content, Plain: m.Plain, CreatedAt: m.CreatedAt,
	}
}

// MarkRead implements Messenger. Somebody who left marks nothing.
func (s *Service) MarkRead(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	place, err := s.place(ctx, a, id)
	if err == nil && place.Mine.LeftAt.IsZero() {
		err = s.markRead(ctx, a, place, place.LastSeq)
	}
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	return s.Get(ctx, a, id)
}

// markRead moves the actor's read position up to seq, and their bell row for the
// conversation becomes read, as do BuddyPress's notifications. It writes nothing when
// nothing would change but the moment, and that is young. At the end of a conversation
// nothing stays unread, not even what was marked so (MarkUnread).
func (s *Service) markRead(ctx context.Context, a Actor, place store.Place, seq int64) error {
	now := s.now()
	mine := place.Mine
	marked := mine.Unread > 0 && mine.LastReadSeq >= place.LastSeq
	if seq <= mine.LastReadSeq && mine.BellID == 0 && !marked && now.Sub(mine.LastReadAt) < readAgain {
		return nil
	}
	id := place.Conversation.ID
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		// The place is read again: somebody may have sent, or the actor left, meanwhile.
		place, found, err := s.store.LockPlace(ctx, tx, id, int64(a.ID))
		if err := refusePlace(place, found, err); err != nil {
			return err
		}
		mine := place.Mine
		if !mine.LeftAt.IsZero() {
			return nil
		}
		moved := seq > mine.LastReadSeq
		if err := s.store.MoveRead(ctx, tx, id, int64(a.ID), max(seq, mine.LastReadSeq), place.LastSeq, now); err != nil {
			return err
		}
		if mine.BellID != 0 && s.bells() {
			if err := s.store.ReadBell(ctx, tx, mine.BellID, int64(a.ID)); err != nil {
				return err
			}
		}
		if moved || mine.Unread > 0 {
			if err := s.store.ReadNotices(ctx, tx, id, int64(a.ID), max(seq, mine.LastReadSeq)); err != nil {
				return err
			}
		}
		if !moved {
			return nil
		}
		return s.record(ctx, tx, now, event{EventConversationRead, ConversationID(id), 0, a.ID, ReadMoved{Seq: seq}})
	})
	if err == nil {
		s.dropMailbox(a.ID)
	}
	return err
}
