package messaging

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// ReportReasons are the reasons jt_flags knows (contract 1.3, 15); the last is the default.
var ReportReasons = []string{"spam", "offensive", "off_topic", "harassment", "other"}

// Report records a report and tells Jetonomy's moderators of it: about the other
// member of a direct thread, or the sender of a message, which a group needs. A
// member who left may report what they still see. Nobody is told but the moderators.
func (s *Service) Report(ctx context.Context, a Actor, in ReportInput) (int64, error) {
	if in.Reason == "" {
		in.Reason = ReportReasons[len(ReportReasons)-1]
	}
	if !slices.Contains(ReportReasons, in.Reason) {
		return 0, Refuse(Invalid, "The reason of a report is one of spam, offensive, off_topic, harassment and other.")
	}
	if err := checkText("description", in.Description, s.limits.DescriptionRunes); err != nil {
		return 0, err
	}
	// One report of a member at a time: two at once must not both find that the
	// moderators have no flag of theirs yet.
	done, err := s.reporting.enter(ctx, a.ID)
	if err != nil {
		return 0, err
	}
	defer done()
	now := s.now()
	var id int64
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		facts, found, err := s.store.LockReportable(ctx, tx, int64(in.Conversation), int64(a.ID), int64(in.Message))
		if err != nil {
			return err
		}
		if !found {
			return noConversation()
		}
		reported, err := whomToReport(a, in, facts)
		if err != nil {
			return err
		}
		report := store.Report{
			Reporter: int64(a.ID), Reported: reported, Conversation: int64(in.Conversation), Message: int64(in.Message),
			Reason: in.Reason, Description: in.Description, At: now,
		}
		var created bool
		if id, created, err = s.store.InsertReport(ctx, tx, report); err != nil {
			return err
		}
		if !created {
			return Refuse(AlreadyReported, "")
		}
		if s.jetonomy() {
			if err := s.store.InsertFlag(ctx, tx, id, report); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, now, event{EventReported, in.Conversation, in.Message, a.ID, Reported{Report: id}})
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// whomToReport decides whom a report is about, or refuses it.
func whomToReport(a Actor, in ReportInput, f store.Reportable) (reported int64, err error) {
	if !f.Participant {
		return 0, notParticipant()
	}
	if in.Message == 0 {
		if Type(f.Type) != Direct {
			return 0, Refuse(Invalid, "Choose the message you want to report.")
		}
		if f.Other == 0 {
			return 0, noConversation()
		}
		return f.Other, nil
	}
	visible := f.Seq > 0 && (!f.LeftSeq.Valid || f.Seq <= f.LeftSeq.Int64)
	if !visible || Kind(f.Kind) != KindMessage || f.Sender == 0 {
		return 0, noConversation()
	}
	if f.Sender == int64(a.ID) {
		return 0, Refuse(ReportSelf, "")
	}
	return f.Sender, nil
}
