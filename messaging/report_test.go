package messaging_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"parley/messaging"
)

func (h *house) report(from messaging.Actor, c messaging.ConversationID, m messaging.MessageID, reason string) (int64, error) {
	return h.Report(context.Background(), from, messaging.ReportInput{
		Conversation: c, Message: m, Reason: reason, Description: "details & <b>more</b>"})
}

func wantReason(t testing.TB, err error, want messaging.Reason) {
	t.Helper()
	if messaging.ReasonOf(err) != want {
		t.Errorf("got %v, want a refusal for %s", err, want)
	}
}

func (h *house) flags() int { return h.number("SELECT COUNT(*) FROM wp_jt_flags") }

func TestReportOfADirectThreadReachesTheModerators(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	id, err := h.report(alice, c, 0, "harassment")
	if err != nil || id == 0 {
		t.Fatal(id, err)
	}
	if n := h.number(`SELECT COUNT(*) FROM wp_jt_flags WHERE reporter_id = ? AND object_type = 'user' AND object_id = ?
		AND reason = 'harassment' AND description = 'details & <b>more</b>' AND status = 'pending' AND created_at LIKE '2026-03-02 09:%'`, alice.ID, bob.ID); n != 1 {
		t.Error("no flag as it should be")
	}
	if n := h.number(`SELECT COUNT(*) FROM wp_parley_reports r JOIN wp_jt_flags f ON f.id = r.flag_id
		WHERE r.id = ? AND r.reporter_id = ? AND r.reported_id = ? AND r.conversation_id = ? AND r.message_id = 0`, id, alice.ID, bob.ID, c); n != 1 {
		t.Error("no report as it should be")
	}
	events, err := h.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	if last.Kind != messaging.EventReported || last.Conversation != c || last.Actor != alice.ID || strings.Contains(string(last.Payload), "details") {
		t.Errorf("the event is %+v", last)
	}

	_, err = h.report(alice, c, 0, "spam")
	wantReason(t, err, messaging.AlreadyReported)
	m := h.send(bob, c, "again").ID
	if _, err = h.report(alice, c, m, "spam"); err != nil {
		t.Errorf("another thing to report: %v", err)
	}
	if h.flags() != 1 {
		t.Errorf("%d flags while the first is waiting", h.flags())
	}
	h.exec("UPDATE wp_jt_flags SET status = 'dismissed'")
	if _, err = h.report(alice, c, h.send(bob, c, "and again").ID, "spam"); err != nil || h.flags() != 2 {
		t.Errorf("%d flags after the first was dealt with, %v", h.flags(), err)
	}
	if _, err = h.report(bob, c, 0, ""); err != nil || h.flags() != 3 {
		t.Errorf("the other side's report: %v", err)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_reports WHERE reporter_id = ? AND reason = 'other'", bob.ID); n != 1 {
		t.Error("no reason is not 'other'")
	}
}

func TestReportRefusals(t *testing.T) {
	h := open(t, unhurried)
	direct, group := h.direct(alice, bob), h.group(alice, bob, carol)
	elsewhere := h.send(carol, h.direct(bob, carol), "elsewhere").ID
	mine, theirs := h.send(alice, group, "mine").ID, h.send(bob, group, "theirs").ID
	if _, err := h.Leave(t.Context(), carol, group); err != nil {
		t.Fatal(err)
	}
	notice := messaging.MessageID(h.number("SELECT MAX(id) FROM wp_parley_messages WHERE conversation_id = ? AND kind = 1", group))
	later := h.send(bob, group, "after Carol left").ID

	for _, c := range []struct {
		name string
		who  messaging.Actor
		in   messaging.ReportInput
		want messaging.Reason
	}{
		{"unknown conversation", alice, messaging.ReportInput{Conversation: 9999}, messaging.NotFound},
		{"conversation zero", alice, messaging.ReportInput{}, messaging.NotFound},
		{"outsider", carol, messaging.ReportInput{Conversation: direct}, messaging.NotParticipant},
		{"administrator outside", admin, messaging.ReportInput{Conversation: direct}, messaging.NotParticipant},
		{"unknown reason", alice, messaging.ReportInput{Conversation: direct, Reason: "rude"}, messaging.Invalid},
		{"long description", alice, messaging.ReportInput{Conversation: direct, Description: strings.Repeat("é", 2001)}, messaging.Invalid},
		{"group without a message", alice, messaging.ReportInput{Conversation: group}, messaging.Invalid},
		{"own message", alice, messaging.ReportInput{Conversation: group, Message: mine}, messaging.ReportSelf},
		{"message of another conversation", alice, messaging.ReportInput{Conversation: group, Message: elsewhere}, messaging.NotFound},
		{"unknown message", alice, messaging.ReportInput{Conversation: group, Message: 99999}, messaging.NotFound},
		{"negative message", alice, messaging.ReportInput{Conversation: group, Message: -1}, messaging.NotFound},
		{"a notice", alice, messaging.ReportInput{Conversation: group, Message: notice}, messaging.NotFound},
		{"a message after leaving", carol, messaging.ReportInput{Conversation: group, Message: later}, messaging.NotFound},
	} {
		_, err := h.Report(t.Context(), c.who, c.in)
		if messaging.ReasonOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_reports"); n != 0 || h.flags() != 0 {
		t.Errorf("%d reports, %d flags were written", n, h.flags())
	}
	for _, in := range []messaging.ReportInput{
		{Conversation: group, Message: theirs, Description: strings.Repeat("é", 2000)},
	} {
		for _, who := range []messaging.Actor{alice, carol} { // Carol still sees what came before
			if _, err := h.Report(t.Context(), who, in); err != nil {
				t.Errorf("%s: %v", who.Login, err)
			}
		}
	}
	h.exec("DELETE FROM wp_users WHERE ID = ?", bob.ID)
	_, err := h.Report(t.Context(), alice, messaging.ReportInput{Conversation: direct})
	wantReason(t, err, messaging.NotFound)
}

func TestSimultaneousReportsMakeOneReportAndOneFlag(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	m := h.send(bob, c, "bad").ID
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := h.report(alice, c, []messaging.MessageID{0, m}[i%2], "spam")
			if err != nil && messaging.ReasonOf(err) != messaging.AlreadyReported {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if n := h.number("SELECT COUNT(*) FROM wp_parley_reports"); n != 2 || h.flags() != 1 {
		t.Errorf("%d reports, %d flags", n, h.flags())
	}
}
