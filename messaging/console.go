package messaging

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/wpauth"
)

// What an operator does at the console in members' names, for the audit log.
const (
	AuditConsoleStart    = "console.start"
	AuditConsoleSend     = "console.send"
	AuditConsoleList     = "console.list"
	AuditConsoleRead     = "console.read"
	AuditConsoleUnread   = "console.unread"
	AuditConsoleMarkRead = "console.mark_read"
	AuditConsoleExport   = "console.export"
)

// Operator is whoever has the console of the machine: nobody of the site, who may
// oversee. login is what the audit log calls them.
func Operator(login string) Actor { return Actor{Login: login, Oversight: true} }

// Console writes down that an operator acts in a member's name, before it is done.
// The use case itself then runs for the member, with the member's rights. id is 0
// where no conversation is named.
func (s *Service) Console(ctx context.Context, operator Actor, action string, member wpauth.UserID, id ConversationID) error {
	if err := mayOversee(operator); err != nil {
		return err
	}
	return s.oversee(ctx, operator, store.Audit{Action: action, Conversation: int64(id), Member: int64(member)}, nil)
}

// StartEmpty starts a conversation without a message, or finds the direct one there
// is, by the rules of Start (contract 5.2). No surface offers it to members. Content
// and ClientID of in do not count.
func (s *Service) StartEmpty(ctx context.Context, a Actor, in StartInput) (StartResult, error) {
	in.Content, in.ClientID, in.empty = "", "", true
	p, err := s.plan(a, in)
	if err != nil {
		return StartResult{}, err
	}
	r, err := s.startEmpty(ctx, a, p)
	if err != nil {
		return StartResult{}, s.fault(ctx, err)
	}
	r.Conversation, err = s.Get(ctx, a, r.Conversation.ID)
	return r, err
}

// startEmpty applies the rules and writes. Of the result's conversation only the id
// is filled.
func (s *Service) startEmpty(ctx context.Context, a Actor, p beginning) (r StartResult, err error) {
	now := s.now()
	facts, err := s.store.StartFacts(ctx, int64(a.ID), p.others, now.Add(-day), now.Add(-time.Minute), now)
	if err != nil {
		return r, err
	}
	if err := s.mayStart(a, p, facts); err != nil {
		return r, err
	}
	row := store.NewConversation{Type: int(p.typ), Title: p.title, CreatedBy: int64(a.ID), At: now}
	if p.typ == Direct {
		if pair := facts.Candidates[0].Pair; pair != 0 {
			return StartResult{Conversation: &Conversation{ID: ConversationID(pair)}, Reused: true}, nil
		}
		row.Low, row.High = min(row.CreatedBy, p.others[0]), max(row.CreatedBy, p.others[0])
	}
	if err := s.withinDay(ctx, a, facts, now); err != nil {
		return r, err
	}
	people := append([]int64{int64(a.ID)}, p.others...)
	var id int64
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if id, err = s.store.InsertEmpty(ctx, tx, row, people); err != nil {
			return err
		}
		return s.record(ctx, tx, now, event{EventConversationCreated, ConversationID(id), 0, a.ID,
			ConversationCreated{Type: p.typ.String(), Participants: users(people)}})
	})
	reused := mysql.IsDuplicate(err, "direct_pair") // somebody was faster
	if reused {
		id, err = s.store.PairOf(ctx, row.Low, row.High)
	}
	if err != nil {
		return r, err
	}
	s.dropMailbox(users(people)...)
	return StartResult{Conversation: &Conversation{ID: ConversationID(id)}, Reused: reused}, nil
}

// errActive ends the purge of a conversation in which something happened meanwhile.
var errActive = errors.New("messaging: something happened in the conversation")

// PurgeQuiet is Purge for a conversation in which nothing happened since a moment;
// purged is false when something did, and nothing was done then.
func (s *Service) PurgeQuiet(ctx context.Context, a Actor, id ConversationID, since time.Time) (purged bool, err error) {
	err = s.purge(ctx, a, id, since)
	if errors.Is(err, errActive) {
		return false, nil
	}
	return err == nil, err
}
