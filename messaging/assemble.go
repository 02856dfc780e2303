package messaging

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/messaging/store"
	"parley/wpauth"
	"parley/wptext"
)

// assemble makes conversations of rows, in their order, as the viewer may see them:
// one statement for everybody in them, and at most one for cards that are not cached.
// Viewer 0 is oversight: nothing is hidden and Me stays nil.
func (s *Service) assemble(ctx context.Context, viewer wpauth.UserID, rows []store.Conversation) ([]Conversation, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	people, err := s.store.Participants(ctx, int64(viewer), ids)
	if err != nil {
		return nil, err
	}
	cards, err := s.cards(ctx, people)
	if err != nil {
		return nil, err
	}
	byConversation := split(people)
	out := make([]Conversation, len(rows))
	for i := range rows {
		out[i] = compose(viewer, &rows[i], byConversation[rows[i].ID], cards)
		s.hideReceipts(viewer, &out[i])
		s.hidePresence(viewer, &out[i])
		if me := out[i].Me; me != nil && !me.LeftAt.IsZero() {
			if err := s.freeze(ctx, &out[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// cards fetches the cards of everybody who takes part.
func (s *Service) cards(ctx context.Context, people []store.Participant) (map[wpauth.UserID]wpauth.Member, error) {
	ids := make([]wpauth.UserID, 0, len(people))
	for i := range people {
		ids = append(ids, wpauth.UserID(people[i].User))
	}
	slices.Sort(ids)
	return s.dir.Members(ctx, slices.Compact(ids))
}

// split cuts rows, which come in the order of their conversations, into runs.
func split(people []store.Participant) map[int64][]store.Participant {
	out := make(map[int64][]store.Participant)
	for start := 0; start < len(people); {
		end := start + 1
		for end < len(people) && people[end].Conversation == people[start].Conversation {
			end++
		}
		out[people[start].Conversation] = people[start:end]
		start = end
	}
	return out
}

// compose shapes one conversation for a viewer. Settings of others are hidden, and
// so is a block set against the viewer (contract 1.2, 3.5), and when those were last
// there whom a block keeps apart.
func compose(viewer wpauth.UserID, row *store.Conversation, people []store.Participant, cards map[wpauth.UserID]wpauth.Member) Conversation {
	c := Conversation{
		ID: ConversationID(row.ID), Type: Type(row.Type), Title: row.Title,
		CreatedBy: wpauth.UserID(row.CreatedBy), CreatedAt: row.CreatedAt,
		LastAt: row.LastAt, Preview: row.Preview, MessageCount: row.Count, LastSeq: row.LastSeq,
		ViewerSilenced: row.Silenced,
		Participants:   make([]Participant, len(people)),
	}
	slices.SortFunc(people, func(a, b store.Participant) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.User, b.User))
	})
	blocked := c.Type == Direct && slices.ContainsFunc(people, func(p store.Participant) bool { return p.Blocked })
	for i := range people {
		p := &c.Participants[i]
		*p = participant(&people[i])
		p.Member = cards[p.User]
		if viewer == 0 {
			continue
		}
		if p.User != viewer {
			c.IBlocked = c.IBlocked || (p.Blocked && c.Type == Direct)
			p.Muted, p.Archived = false, false
			p.Blocked = p.Blocked && c.Type == Direct
			if blocked || people[i].Apart {
				p.Member.LastSeenAt = time.Time{}
			}
			continue
		}
		p.Blocked = false
		me := *p
		c.Me = &me
	}
	return c
}

func participant(p *store.Participant) Participant {
	return Participant{
		RowID: p.RowID, Conversation: ConversationID(p.Conversation), User: wpauth.UserID(p.User),
		JoinedAt: p.JoinedAt, LeftAt: p.LeftAt, LeftSeq: p.LeftSeq,
		LastReadSeq: p.LastReadSeq, LastReadAt: p.LastReadAt, Unread: p.Unread,
		Muted: p.Muted, Archived: p.Archived, Blocked: p.Blocked,
		DeletedAt: p.DeletedAt, SenderOnly: p.SenderOnly, hidesReceipts: p.HidesReceipts, hidesPresence: p.HidesPresence,
	}
}

// freeze shows a conversation as it was when the viewer left it (contract 1.3, 5).
func (s *Service) freeze(ctx context.Context, c *Conversation) error {
	at, plain, count, err := s.store.FrozenAt(ctx, int64(c.ID), c.Me.LeftSeq)
	if err != nil {
		return err
	}
	c.LastAt, c.Preview, c.MessageCount, c.LastSeq = at, wptext.Preview(plain, previewRunes), count, c.Me.LeftSeq
	return nil
}

// Get implements Messenger.
func (s *Service) Get(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	c, err := s.get(ctx, a, id)
	return c, s.fault(ctx, err)
}

func (s *Service) get(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	c, err := s.getDeleted(ctx, a, id)
	if err == nil && !c.Me.DeletedAt.IsZero() {
		return nil, notParticipant()
	}
	return c, err
}

// getDeleted is get for a member who may have deleted the conversation.
func (s *Service) getDeleted(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	rows, err := s.store.Conversations(ctx, int64(a.ID), []int64{int64(id)}, s.now())
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, noConversation()
	}
	found, err := s.assemble(ctx, a.ID, rows)
	if err != nil {
		return nil, err
	}
	if found[0].Me == nil {
		return nil, notParticipant()
	}
	return &found[0], nil
}
