package messaging

import (
	"context"
	"encoding/json"
	"slices"

	"parley/wpauth"
)

// Delivery is an event together with those who may be told of it.
//
// Whom a message, a departure or a new title is for was written into the event under
// the conversation's lock, in the transaction of the change: it is exact for that
// position, however late it is read. What only the actor's other devices hear of is for
// the actor. A read position is for those who take part when it is delivered, and may be
// told then (receiptAudience); who left since then has no use for it.
type Delivery struct {
	Event
	// To are the members it is for, each once.
	To []wpauth.UserID
	// Detail is the payload's struct, named beside the event's kind; nil for none.
	Detail any
}

// For reports whether a delivery is for a member.
func (d *Delivery) For(id wpauth.UserID) bool { return slices.Contains(d.To, id) }

// Address finds out whom events are for, in their order, with at most one statement for
// each kind of thing it has to know. Events that are for nobody have an empty To.
func (s *Service) Address(ctx context.Context, events []Event) ([]Delivery, error) {
	out := make([]Delivery, len(events))
	var read []int64
	for i, e := range events {
		out[i] = Delivery{Event: e}
		address(&out[i])
		if e.Kind == EventConversationRead {
			read = append(read, int64(e.Conversation))
		}
	}
	if len(read) == 0 {
		return out, nil
	}
	circles, err := s.circlesOf(ctx, read)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	prefs, err := s.receiptPreferences(ctx, circles)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if d := &out[i]; d.Kind == EventConversationRead {
			d.To = receiptAudience(circles[d.Conversation], d.Actor, prefs)
		}
	}
	return out, nil
}

// address decodes the payload and names those it names. A kind of a later release, or a
// payload that cannot be read, is for nobody.
func address(d *Delivery) {
	switch d.Kind {
	case EventConversationCreated:
		if p, ok := payload[ConversationCreated](d); ok {
			d.To = some(p.Participants...)
		}
	case EventMessageSent:
		if p, ok := payload[MessageSent](d); ok {
			d.To = some(append(slices.Clone(p.Recipients), d.Actor)...)
		}
	case EventLeft:
		if p, ok := payload[MemberLeft](d); ok {
			d.To = some(append(slices.Clone(p.Members), d.Actor)...)
		}
	case EventRenamed:
		if p, ok := payload[Renamed](d); ok {
			d.To = some(p.Members...)
		}
	case EventPurged:
		if p, ok := payload[Purged](d); ok {
			d.To = some(p.Members...)
		}
	case EventErased:
		if p, ok := payload[Erased](d); ok {
			d.To = some(p.Members...)
		}
	case EventConversationRead:
		payload[ReadMoved](d)
	case EventMuted, EventArchived:
		if _, ok := payload[SettingChanged](d); ok {
			d.To = some(d.Actor)
		}
	case EventBlocked:
		// Never for the one who is blocked: a block leaves no trace (contract 3.5).
		if p, ok := payload[BlockChanged](d); ok {
			if d.To = some(d.Actor); p.Blocker != 0 {
				d.To = some(p.Blocker)
			}
		}
	case EventPreferencesChanged:
		if _, ok := payload[PreferencesChanged](d); ok {
			d.To = some(d.Actor)
		}
	case EventMarkedUnread, EventDeleted:
		d.To = some(d.Actor)
	}
}

// payload reads a payload into the delivery's detail.
func payload[P any](d *Delivery) (p P, ok bool) {
	if json.Unmarshal(d.Payload, &p) != nil {
		return p, false
	}
	d.Detail = p
	return p, true
}

// some are members without repetition, and without nobody.
func some(ids ...wpauth.UserID) []wpauth.UserID {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id wpauth.UserID) bool { return id <= 0 })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Delivered reads the messages of deliveries, with their senders' cards, in two
// statements at most. A message that was purged meanwhile is missing.
func (s *Service) Delivered(ctx context.Context, ids []MessageID) (map[MessageID]*Message, error) {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	rows, err := s.store.MessagesByID(ctx, list)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	messages, err := s.withSenders(ctx, rows)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make(map[MessageID]*Message, len(messages))
	for i := range messages {
		out[messages[i].ID] = &messages[i]
	}
	return out, nil
}

// UnreadCounts is UnreadCount for several members, past the cache and in one statement.
func (s *Service) UnreadCounts(ctx context.Context, ids []wpauth.UserID) (map[wpauth.UserID]int, error) {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	counts, err := s.store.CountUnreadOf(ctx, list)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make(map[wpauth.UserID]int, len(ids))
	for _, id := range ids {
		out[id] = counts[int64(id)]
	}
	return out, nil
}
