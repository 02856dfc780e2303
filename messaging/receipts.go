package messaging

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/messaging/store"
	"parley/wpauth"
)

// receiptAudience are the members who may be told how far one of them is with a
// conversation, that one included: the one rule for read positions and for deliveries.
// Members apart by a block hear nothing of each other, and who has receipts off is neither
// told nor told of.
func receiptAudience(r *Circle, member wpauth.UserID, prefs map[wpauth.UserID]Preferences) []wpauth.UserID {
	audience := r.Audience(member)
	if len(audience) > 0 && !prefs[member].Receipts {
		return []wpauth.UserID{member}
	}
	// User 0 is the seat of somebody who was erased.
	return slices.DeleteFunc(audience, func(id wpauth.UserID) bool { return id != member && (id <= 0 || !prefs[id].Receipts) })
}

// receiptPreferences are those of everybody in some circles.
func (s *Service) receiptPreferences(ctx context.Context, circles map[ConversationID]*Circle) (map[wpauth.UserID]Preferences, error) {
	var everybody []wpauth.UserID
	for _, r := range circles {
		everybody = append(everybody, r.Members...)
	}
	slices.Sort(everybody)
	return s.PreferencesOf(ctx, slices.Compact(everybody))
}

// hideReceipts takes away what a viewer may not see of how far others read: both sides
// must have receipts on. Oversight (viewer 0) sees everything.
func (s *Service) hideReceipts(viewer wpauth.UserID, c *Conversation) {
	if viewer == 0 {
		return
	}
	open := s.SitePreferences().Receipts && (c.Me == nil || !c.Me.hidesReceipts)
	for i := range c.Participants {
		if p := &c.Participants[i]; p.User != viewer && (!open || p.hidesReceipts) {
			p.LastReadAt, p.LastReadSeq = time.Time{}, 0
		}
	}
}

// ReceiptMembers is the size of the largest conversations in which it is kept and told how
// far messages were delivered: everybody's answer goes to everybody.
const ReceiptMembers = 50

// Reached is up to where messages of a conversation reached a device of a member.
type Reached struct {
	Conversation ConversationID
	Member       wpauth.UserID
	Seq          int64
	Message      MessageID // at Seq; 0: none
	// To are the other members who may be told.
	To []wpauth.UserID
}

// addressReached finds out whom deliveries are for, in three statements at most, and leaves
// out those that are for nobody.
func (s *Service) addressReached(ctx context.Context, reached []Reached) ([]Reached, error) {
	if len(reached) == 0 || !s.SitePreferences().Receipts {
		return nil, nil
	}
	ids := make([]int64, len(reached))
	for i, r := range reached {
		ids[i] = int64(r.Conversation)
	}
	circles, err := s.circlesOf(ctx, ids)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	for id, r := range circles {
		if len(r.Members) > ReceiptMembers {
			delete(circles, id)
		}
	}
	prefs, err := s.receiptPreferences(ctx, circles)
	if err != nil {
		return nil, err
	}
	var out []Reached
	for _, r := range reached {
		to := receiptAudience(circles[r.Conversation], r.Member, prefs)
		if r.To = slices.DeleteFunc(to, func(id wpauth.UserID) bool { return id == r.Member }); len(r.To) > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}

// RecordReached keeps how far messages reached members, and returns what is news, with its
// messages and whom to tell: further than before, than what was read, and of members who
// are still there. What nobody may be told is not kept. A member may be in reached once for
// each conversation. It takes five statements at most, whatever their number.
func (s *Service) RecordReached(ctx context.Context, reached []Reached) ([]Reached, error) {
	return s.addressed(ctx, reached, func(rows []store.Reached) ([]store.Reached, error) {
		rows, err := s.store.NewReached(ctx, rows)
		if err != nil {
			return nil, err
		}
		// The order in which rows are locked, for whoever writes the same.
		slices.SortFunc(rows, func(a, b store.Reached) int {
			return cmp.Or(cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.User, b.User))
		})
		return rows, s.store.SaveReached(ctx, rows, s.now())
	})
}

// RecordedReached reads how far members are of whom another process recorded something,
// and whom to tell. Only Conversation and Member of reached count, each pair once: what
// somebody else says of the rest is not believed. It takes four statements at most.
func (s *Service) RecordedReached(ctx context.Context, reached []Reached) ([]Reached, error) {
	return s.addressed(ctx, reached, func(rows []store.Reached) ([]store.Reached, error) {
		return s.store.ReachedOf(ctx, rows)
	})
}

// addressed hands what is for anybody to a statement, and tells whom its answer is for.
func (s *Service) addressed(ctx context.Context, reached []Reached, ask func([]store.Reached) ([]store.Reached, error)) ([]Reached, error) {
	reached, err := s.addressReached(ctx, reached)
	if err != nil || len(reached) == 0 {
		return nil, err
	}
	type place struct{ conversation, user int64 }
	to := make(map[place][]wpauth.UserID, len(reached))
	rows := make([]store.Reached, len(reached))
	for i, r := range reached {
		rows[i] = store.Reached{Conversation: int64(r.Conversation), User: int64(r.Member), Seq: r.Seq}
		to[place{rows[i].Conversation, rows[i].User}] = r.To
	}
	if rows, err = ask(rows); err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make([]Reached, len(rows))
	for i, r := range rows {
		out[i] = Reached{ConversationID(r.Conversation), wpauth.UserID(r.User), r.Seq, MessageID(r.Message),
			to[place{r.Conversation, r.User}]}
	}
	return out, nil
}

// SweepReached removes what was written of members of conversations while they left them.
// Whoever records deliveries calls it when an event told of a departure.
func (s *Service) SweepReached(ctx context.Context, ids []ConversationID) error {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	return s.fault(ctx, s.store.SweepReached(ctx, list))
}

// Mark is a place in a conversation: the sequence, and the message there (0: none).
type Mark struct {
	Seq     int64
	Message MessageID
}

// Receipt is how far a member is with a conversation. What was read was delivered.
type Receipt struct {
	Member          wpauth.UserID
	Delivered, Read Mark
	ReadAt          time.Time // zero: never
}

// Receipts implements Messenger.
func (s *Service) Receipts(ctx context.Context, a Actor, id ConversationID) ([]Receipt, error) {
	place, err := s.place(ctx, a, id)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	if !place.Mine.LeftAt.IsZero() {
		return nil, nil
	}
	circles, err := s.circlesOf(ctx, []int64{int64(id)})
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	prefs, err := s.receiptPreferences(ctx, circles)
	if err != nil {
		return nil, err
	}
	// The rule is the same in both directions.
	seen := receiptAudience(circles[id], a.ID, prefs)
	if len(seen) < 2 {
		return nil, nil
	}
	rows, err := s.store.Receipts(ctx, int64(id))
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	var out []Receipt
	for _, r := range rows {
		if member := wpauth.UserID(r.User); member != a.ID && slices.Contains(seen, member) {
			out = append(out, Receipt{member, Mark{r.ReachedSeq, MessageID(r.ReachedMessage)},
				Mark{r.ReadSeq, MessageID(r.ReadMessage)}, r.ReadAt})
		}
	}
	return out, nil
}

// Spot is a place in a conversation.
type Spot struct {
	Conversation ConversationID
	Seq          int64
}

// MessagesAt finds the messages at places, in one statement; where there is none it is
// missing.
func (s *Service) MessagesAt(ctx context.Context, spots []Spot) (map[Spot]MessageID, error) {
	out := make(map[Spot]MessageID, len(spots))
	list := make([][2]int64, len(spots))
	for i, at := range spots {
		list[i] = [2]int64{int64(at.Conversation), at.Seq}
	}
	slices.SortFunc(list, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
	err := s.store.MessagesAt(ctx, slices.Compact(list), func(conversation, seq, message int64) {
		out[Spot{ConversationID(conversation), seq}] = MessageID(message)
	})
	return out, s.fault(ctx, err)
}
