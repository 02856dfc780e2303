package messaging

import (
	"context"
	"encoding/json"

	"parley/messaging/store"
	"parley/wpauth"
)

// Actions of the audit log; append-only. What each was about is in the row's
// conversation and member.
const (
	AuditConversationList = "conversation.list"
	AuditConversationView = "conversation.view"
	AuditMessagesRead     = "conversation.read"
	AuditConversationGone = "conversation.purge"
	AuditBlocksView       = "blocks.view"
	AuditBlockClear       = "blocks.clear"
	AuditLogView          = "audit.view"
	AuditInstallationView = "installation.view"
	// What moderators do on the BuddyPress surface in threads that are not theirs.
	AuditThreadList   = "thread.list"
	AuditThreadView   = "thread.view"
	AuditThreadReply  = "thread.reply"
	AuditThreadUpdate = "thread.update"
	AuditThreadDelete = "thread.delete"
)

// maxRequestID is how much of a request's id the audit log keeps.
const maxRequestID = 64

// oversee writes down the access of somebody who may oversee, before anything is
// looked at: what cannot be recorded is not shown.
func (s *Service) oversee(ctx context.Context, a Actor, entry store.Audit, detail any) error {
	entry, err := s.auditEntry(a, entry, detail)
	if err != nil {
		return err
	}
	return s.fault(ctx, s.store.WriteAudit(ctx, s.db, entry))
}

func (s *Service) auditEntry(a Actor, entry store.Audit, detail any) (store.Audit, error) {
	if detail != nil {
		text, err := json.Marshal(detail)
		if err != nil {
			return entry, err
		}
		entry.Detail = string(text)
	}
	entry.Actor, entry.ActorLogin, entry.RequestID, entry.At = int64(a.ID), a.Login, a.RequestID, s.now()
	if a.IP.IsValid() {
		entry.IP = a.IP.WithZone("").String()
	}
	entry.RequestID = entry.RequestID[:min(len(entry.RequestID), maxRequestID)]
	return entry, nil
}

// Audit returns a page of the audit log, newest first. Looking is written down too.
func (s *Service) Audit(ctx context.Context, a Actor, q AuditQuery) (AuditPage, error) {
	if err := mayOversee(a); err != nil {
		return AuditPage{}, err
	}
	if err := checkPage(q.Page, q.PerPage); err != nil {
		return AuditPage{}, err
	}
	if err := s.oversee(ctx, a, store.Audit{Action: AuditLogView}, pageDetail{Page: q.Page, PerPage: q.PerPage}); err != nil {
		return AuditPage{}, err
	}
	rows, total, err := s.store.AuditPage(ctx, q.PerPage, (q.Page-1)*q.PerPage)
	if err != nil {
		return AuditPage{}, s.fault(ctx, err)
	}
	out := AuditPage{Total: total, Entries: make([]AuditEntry, len(rows))}
	for i, r := range rows {
		out.Entries[i] = AuditEntry{
			ID: r.ID, Actor: wpauth.UserID(r.Actor), ActorLogin: r.ActorLogin, Action: r.Action,
			Conversation: ConversationID(r.Conversation), Member: wpauth.UserID(r.Member),
			Detail: r.Detail, IP: r.IP, RequestID: r.RequestID, At: r.At,
		}
	}
	return out, nil
}
