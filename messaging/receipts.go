package messaging

import (
	"context"
	"slices"
	"time"

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
	return slices.DeleteFunc(audience, func(id wpauth.UserID) bool { return id != member && !prefs[id].Receipts })
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

// Spot is a place in a conversation.
type Spot struct {
	Conversation ConversationID
	Seq          int64
}

// MessagesAt finds the newest message at or before places, in one statement; where there
// is none it is missing.
func (s *Service) MessagesAt(ctx context.Context, spots []Spot) (map[Spot]MessageID, error) {
	out := make(map[Spot]MessageID, len(spots))
	err := s.store.MessagesAt(ctx, spotList(spots), func(conversation, seq, message int64) {
		out[Spot{ConversationID(conversation), seq}] = MessageID(message)
	})
	return out, s.fault(ctx, err)
}

func spotList(spots []Spot) [][2]int64 {
	list := make([][2]int64, len(spots))
	for i, at := range spots {
		list[i] = [2]int64{int64(at.Conversation), at.Seq}
	}
	slices.SortFunc(list, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list)
}
