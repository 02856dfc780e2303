package messaging

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// mayOversee is the one door to other people's conversations.
func mayOversee(a Actor) error {
	if !a.Oversight {
		return Refuse(Forbidden, "")
	}
	return nil
}

// checkPage applies the bounds of the oversight lists.
func checkPage(page, perPage int) error {
	// The largest offset stays far inside an int64 and what the database takes.
	if page < 1 || page > 1<<40 {
		return Refuse(Invalid, "Pages are counted from 1.")
	}
	if perPage < 1 || perPage > maxPage {
		return Refuse(Invalid, fmt.Sprintf("A page has between 1 and %d entries.", maxPage))
	}
	return nil
}

// pageDetail is what the audit log keeps of a list that was looked at.
type pageDetail struct {
	Page    int    `json:"page"`
	PerPage int    `json:"per_page"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// OverseeList lists every conversation of the site, most recent activity first, with
// everybody in them. Before and After are exclusive.
func (s *Service) OverseeList(ctx context.Context, a Actor, q OverseeQuery) (OverseePage, error) {
	if err := mayOversee(a); err != nil {
		return OverseePage{}, err
	}
	if err := checkPage(q.Page, q.PerPage); err != nil {
		return OverseePage{}, err
	}
	err := s.oversee(ctx, a, store.Audit{Action: AuditConversationList, Member: int64(q.Member)},
		pageDetail{q.Page, q.PerPage, stamp(q.Before), stamp(q.After)})
	if err != nil {
		return OverseePage{}, err
	}
	ids, total, err := s.store.OverseeIDs(ctx,
		store.OverseeFilter{Member: int64(q.Member), Before: q.Before, After: q.After}, q.PerPage, (q.Page-1)*q.PerPage)
	if err != nil {
		return OverseePage{}, s.fault(ctx, err)
	}
	conversations, err := s.unseen(ctx, ids)
	return OverseePage{Conversations: conversations, Total: total}, err
}

// OverseeInstallation admits somebody who looks at the state of the installation, and
// writes it down; what there is to see is not of messaging.
func (s *Service) OverseeInstallation(ctx context.Context, a Actor) error {
	if err := mayOversee(a); err != nil {
		return err
	}
	return s.oversee(ctx, a, store.Audit{Action: AuditInstallationView}, nil)
}

// OverseeGet returns one conversation as no member sees it: Me is nil.
func (s *Service) OverseeGet(ctx context.Context, a Actor, id ConversationID) (*Conversation, error) {
	if err := mayOversee(a); err != nil {
		return nil, err
	}
	if err := s.oversee(ctx, a, store.Audit{Action: AuditConversationView, Conversation: int64(id)}, nil); err != nil {
		return nil, err
	}
	found, err := s.unseen(ctx, []int64{int64(id)})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noConversation()
	}
	return &found[0], nil
}

// OverseeMessages returns a page of a conversation, newest first; the surface cuts
// the excerpts. Nobody's read position moves.
func (s *Service) OverseeMessages(ctx context.Context, a Actor, id ConversationID, page, perPage int) (MessagePage, error) {
	if err := mayOversee(a); err != nil {
		return MessagePage{}, err
	}
	if err := checkPage(page, perPage); err != nil {
		return MessagePage{}, err
	}
	err := s.oversee(ctx, a, store.Audit{Action: AuditMessagesRead, Conversation: int64(id)}, pageDetail{Page: page, PerPage: perPage})
	if err != nil {
		return MessagePage{}, err
	}
	rows, total, found, err := s.store.OverseeMessages(ctx, int64(id), perPage, (page-1)*perPage)
	if err != nil {
		return MessagePage{}, s.fault(ctx, err)
	}
	if !found {
		return MessagePage{}, noConversation()
	}
	out := MessagePage{Total: total, HasMore: int64(page)*int64(perPage) < total}
	out.Messages, err = s.withSenders(ctx, rows)
	return out, s.fault(ctx, err)
}

// Purge removes a conversation for everybody, in one transaction with its audit row
// and its event; nobody is notified. Reports about it stay with the moderators.
func (s *Service) Purge(ctx context.Context, a Actor, id ConversationID) error {
	return s.purge(ctx, a, id, time.Time{})
}

// purge is Purge, and with quietSince only when nothing happened since then (errActive).
func (s *Service) purge(ctx context.Context, a Actor, id ConversationID, quietSince time.Time) error {
	if err := mayOversee(a); err != nil {
		return err
	}
	entry, err := s.auditEntry(a, store.Audit{Action: AuditConversationGone, Conversation: int64(id)}, nil)
	if err != nil {
		return err
	}
	var members []wpauth.UserID
	found := false
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if !quietSince.IsZero() {
			if quiet, err := s.store.LockQuiet(ctx, tx, int64(id), quietSince); err != nil || !quiet {
				return cmp.Or(err, errActive)
			}
		}
		var ids []int64
		if ids, found, err = s.store.Purge(ctx, tx, int64(id)); err != nil {
			return err
		}
		if err := s.store.WriteAudit(ctx, tx, entry); err != nil || !found {
			return err // an attempt on what is not there is an access all the same
		}
		members = users(ids)
		return s.record(ctx, tx, entry.At, event{EventPurged, id, 0, a.ID, Purged{Members: members, By: a.ID}})
	})
	if err != nil {
		return err
	}
	if !found {
		return noConversation()
	}
	s.dropMailbox(members...)
	s.dropText(id)
	return nil
}

// Blocks returns the blocks inside direct threads that a member set or that were set
// against them. Community-wide blocks are Jetonomy's and not among them.
func (s *Service) Blocks(ctx context.Context, a Actor, member wpauth.UserID) ([]Block, error) {
	if err := mayOversee(a); err != nil {
		return nil, err
	}
	if err := s.oversee(ctx, a, store.Audit{Action: AuditBlocksView, Member: int64(member)}, nil); err != nil {
		return nil, err
	}
	rows, err := s.store.Blocks(ctx, int64(member), 0)
	if err != nil || len(rows) == 0 {
		return nil, s.fault(ctx, err)
	}
	var people []wpauth.UserID
	for _, b := range rows {
		people = append(people, wpauth.UserID(b.Blocker), wpauth.UserID(b.Blocked))
	}
	cards, err := s.dir.Members(ctx, people)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	out := make([]Block, len(rows))
	for i, b := range rows {
		out[i] = Block{
			Conversation: ConversationID(b.Conversation),
			Blocker:      cards[wpauth.UserID(b.Blocker)], Blocked: cards[wpauth.UserID(b.Blocked)],
		}
	}
	return out, nil
}

// ClearBlock takes away every block between two members, whoever set it, and returns
// how many there were.
func (s *Service) ClearBlock(ctx context.Context, a Actor, member, other wpauth.UserID) (cleared int, err error) {
	if err := mayOversee(a); err != nil {
		return 0, err
	}
	if member <= 0 || other <= 0 {
		return 0, Refuse(Invalid, "A block is between two members.")
	}
	detail := struct {
		Other wpauth.UserID `json:"other"`
	}{other}
	if err := s.oversee(ctx, a, store.Audit{Action: AuditBlockClear, Member: int64(member)}, detail); err != nil {
		return 0, err
	}
	blocks, err := s.store.Blocks(ctx, int64(member), int64(other))
	if err != nil {
		return 0, s.fault(ctx, err)
	}
	for _, b := range blocks {
		done := false
		err = s.inTx(ctx, func(tx *sqlx.Tx) error {
			if done, err = s.store.ClearBlock(ctx, tx, b); err != nil || !done {
				return err
			}
			return s.record(ctx, tx, s.now(), event{EventBlocked, ConversationID(b.Conversation), 0, a.ID,
				BlockChanged{Other: wpauth.UserID(b.Blocked), Blocker: wpauth.UserID(b.Blocker)}})
		})
		if err != nil {
			return cleared, err
		}
		if done {
			cleared++
		}
	}
	return cleared, nil
}

// unseen reads conversations as no member sees them, in the order of the ids. One
// that was purged in the meantime is left out.
func (s *Service) unseen(ctx context.Context, ids []int64) ([]Conversation, error) {
	rows, err := s.store.Conversations(ctx, 0, ids, s.now())
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	slices.SortFunc(rows, func(a, b store.Conversation) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	out, err := s.assemble(ctx, 0, rows)
	return out, s.fault(ctx, err)
}
