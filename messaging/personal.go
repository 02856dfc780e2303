package messaging

import (
	"context"
	"time"

	"parley/messaging/store"
	"parley/wpauth"
	"parley/wptext"
)

// Personal is what Parley keeps about one member, but for their conversations, which
// follow one by one: there may be more of them than fit into memory.
type Personal struct {
	Member wpauth.Member
	At     time.Time // when it was gathered
	// These are the member's own choices; nil follows the site.
	NotifyWeb, NotifyEmail     *bool
	Presence, Receipts, Typing *bool
	// LastSeen is when the member was last connected, as far as Parley keeps it itself;
	// zero when it does not.
	LastSeen time.Time
	Reports  []PersonalReport
}

// PersonalReport is a report the member made.
type PersonalReport struct {
	ID           int64
	About        wpauth.Member
	Conversation ConversationID
	Message      MessageID // 0: the conversation
	Reason       string
	Description  string
	At           time.Time
}

// PersonalConversation is a member's place in a conversation. It tells nothing of what
// others wrote or how they set it up for themselves.
type PersonalConversation struct {
	ID        ConversationID
	Type      Type
	Title     string
	CreatedAt time.Time
	Started   bool // by the member
	// Others are the other people in it, those who left included.
	Others []wpauth.Member
	// Me is the member's place; nil when they wrote without taking part.
	Me *Participant
	// Blocked are those the member blocked here; who blocked the member is not told.
	Blocked []wpauth.Member
	Stars   []PersonalStar
}

// PersonalStar is a message of somebody else that the member starred.
type PersonalStar struct {
	Message MessageID
	Sender  wpauth.Member
	At      time.Time // when it was written
}

// PersonalMessage is a message the member wrote.
type PersonalMessage struct {
	ID      MessageID
	At      time.Time
	Subject string // "" unless it was written through BuddyPress
	Text    string // as a reader sees it
	Stored  string // as it is stored: it may hold HTML
	Starred bool   // by the member
}

// PersonalWriter receives a member's data in its order: Begin, then for every
// conversation Conversation and any number of Message, then End. An error ends it.
type PersonalWriter interface {
	Begin(p *Personal) error
	Conversation(c *PersonalConversation) error
	Message(m *PersonalMessage) error
	End() error
}

// messagesPerRead is how many messages are in memory at once.
const messagesPerRead = 500

// ExportPersonal hands everything Parley keeps of a member to w: what they wrote
// themselves, the conversations they are in and with whom, their settings, stars,
// blocks and reports (contract 4.8). What others wrote is not theirs and not in it. It
// needs oversight, and the audit log has it first.
func (s *Service) ExportPersonal(ctx context.Context, operator Actor, member wpauth.UserID, w PersonalWriter) error {
	if err := mayOversee(operator); err != nil {
		return err
	}
	if err := s.oversee(ctx, operator, store.Audit{Action: AuditMemberExport, Member: int64(member)}, nil); err != nil {
		return err
	}
	p, err := s.personal(ctx, member)
	if err != nil {
		return s.fault(ctx, err)
	}
	if err := w.Begin(p); err != nil {
		return err
	}
	err = s.conversationsOf(ctx, member, func(id int64) error {
		c, err := s.personalConversation(ctx, member, id)
		if err != nil || c == nil {
			return err
		}
		if err := w.Conversation(c); err != nil {
			return err
		}
		return s.personalMessages(ctx, member, id, w)
	})
	if err != nil {
		return s.fault(ctx, err)
	}
	return w.End()
}

func (s *Service) personal(ctx context.Context, member wpauth.UserID) (*Personal, error) {
	p := &Personal{At: s.now()}
	choices, err := s.store.PreferencesOf(ctx, []int64{int64(member)})
	if err != nil {
		return nil, err
	}
	choice := choices[int64(member)]
	p.NotifyWeb, p.NotifyEmail = choice.Web, choice.Email
	p.Presence, p.Receipts, p.Typing = choice.Presence, choice.Receipts, choice.Typing
	if !s.jetonomy() { // whose own export has it otherwise
		seen, err := s.store.LastSeen(ctx, []int64{int64(member)})
		if err != nil {
			return nil, err
		}
		p.LastSeen = seen[int64(member)]
	}
	reports, err := s.store.ReportsBy(ctx, int64(member))
	if err != nil {
		return nil, err
	}
	ids := []wpauth.UserID{member}
	for _, r := range reports {
		ids = append(ids, wpauth.UserID(r.Reported))
	}
	cards, err := s.dir.Members(ctx, ids)
	if err != nil {
		return nil, err
	}
	p.Member = cards[member]
	for _, r := range reports {
		p.Reports = append(p.Reports, PersonalReport{ID: r.ID, About: cards[wpauth.UserID(r.Reported)], At: r.At,
			Conversation: ConversationID(r.Conversation), Message: MessageID(r.Message), Reason: r.Reason, Description: r.Description})
	}
	return p, nil
}

// personalConversation is nil for a conversation that is gone meanwhile.
func (s *Service) personalConversation(ctx context.Context, member wpauth.UserID, id int64) (*PersonalConversation, error) {
	rows, err := s.store.Conversations(ctx, int64(member), []int64{id}, s.now())
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	people, err := s.store.Participants(ctx, 0, []int64{id})
	if err != nil {
		return nil, err
	}
	stars, err := s.store.StarsOf(ctx, id, int64(member))
	if err != nil {
		return nil, err
	}
	cards, err := s.cards(ctx, people)
	if err != nil {
		return nil, err
	}
	c := rows[0]
	out := &PersonalConversation{ID: ConversationID(id), Type: Type(c.Type), Title: c.Title, CreatedAt: c.CreatedAt,
		Started: wpauth.UserID(c.CreatedBy) == member}
	for i := range people {
		p := participant(&people[i])
		if p.User == member {
			p.Blocked = false
			out.Me = &p
			continue
		}
		out.Others = append(out.Others, cards[p.User])
		if p.Blocked && out.Type == Direct {
			out.Blocked = append(out.Blocked, cards[p.User])
		}
	}
	for _, star := range stars {
		out.Stars = append(out.Stars, PersonalStar{MessageID(star.Message), cards[wpauth.UserID(star.Sender)], star.At})
	}
	return out, nil
}

func (s *Service) personalMessages(ctx context.Context, member wpauth.UserID, id int64, w PersonalWriter) error {
	for after := int64(0); ; {
		rows, err := s.store.OwnMessages(ctx, id, int64(member), after, messagesPerRead)
		if err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			m := PersonalMessage{ID: MessageID(r.ID), At: r.CreatedAt, Text: r.Plain, Stored: r.Content, Starred: r.Starred}
			if Format(r.Format) == FormatBuddyPress {
				m.Subject = wptext.Plain(wptext.FromBuddyPress(r.Subject))
			}
			if err := w.Message(&m); err != nil {
				return err
			}
		}
		if len(rows) < messagesPerRead {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}
