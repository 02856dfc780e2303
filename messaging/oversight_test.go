package messaging_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
)

// watching is the administrator at a desk.
func watching() messaging.Actor {
	a := admin
	a.IP, a.RequestID = netip.MustParseAddr("203.0.113.9"), "req-1"
	return a
}

// lastAudit returns the newest row of the audit log.
func (h *house) lastAudit() string {
	h.t.Helper()
	var row struct {
		Actor        int64  `db:"actor_id"`
		Login        string `db:"actor_login"`
		Action       string `db:"action"`
		Conversation int64  `db:"c"`
		Member       int64  `db:"m"`
		Detail       string `db:"d"`
		IP           string `db:"ip"`
		RequestID    string `db:"request_id"`
	}
	err := h.db.Get(&row, `SELECT actor_id, actor_login, action, COALESCE(conversation_id, 0) AS c, COALESCE(member_id, 0) AS m,
		COALESCE(detail, '') AS d, ip, request_id FROM wp_parley_audit_log ORDER BY id DESC LIMIT 1`)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprint(row.Actor, row.Login, row.Action, row.Conversation, row.Member, row.Detail, row.IP, row.RequestID)
}

func (h *house) wantAudit(action string, conversation messaging.ConversationID, member messaging.Actor, detail string) {
	h.t.Helper()
	want := fmt.Sprint(admin.ID, "admin", action, int64(conversation), int64(member.ID), detail, "203.0.113.9", "req-1")
	if got := h.lastAudit(); got != want {
		h.t.Errorf("the audit log says %q, want %q", got, want)
	}
}

func TestOversightIsForManageOptionsAlone(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	ctx := t.Context()
	for _, who := range []messaging.Actor{alice, mona} { // Mona holds jetonomy_moderate
		calls := map[string]func() error{
			"list": func() error {
				_, err := h.OverseeList(ctx, who, messaging.OverseeQuery{Page: 1, PerPage: 50})
				return err
			},
			"get":      func() error { _, err := h.OverseeGet(ctx, who, c); return err },
			"messages": func() error { _, err := h.OverseeMessages(ctx, who, c, 1, 50); return err },
			"purge":    func() error { return h.Purge(ctx, who, c) },
			"blocks":   func() error { _, err := h.Blocks(ctx, who, alice.ID); return err },
			"clear":    func() error { _, err := h.ClearBlock(ctx, who, alice.ID, bob.ID); return err },
			"audit":    func() error { _, err := h.Audit(ctx, who, messaging.AuditQuery{Page: 1, PerPage: 50}); return err },
			"doctor":   func() error { return h.OverseeInstallation(ctx, who) },
		}
		for name, call := range calls {
			if err := call(); messaging.ReasonOf(err) != messaging.Forbidden {
				t.Errorf("%s, %s: %v", who.Login, name, err)
			}
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_audit_log"); n != 0 {
		t.Errorf("%d accesses are recorded", n)
	}
	h.get(alice, c)
}

func TestOverseeListPagesAndFilters(t *testing.T) {
	h := open(t, unhurried)
	var all []messaging.ConversationID
	for _, to := range []messaging.Actor{bob, carol, sid} {
		all = append(all, h.direct(alice, to))
		h.clock.pass(time.Hour)
	}
	group := h.group(bob, carol, dave)
	h.send(bob, all[0], "newest")
	order := []messaging.ConversationID{all[0], group, all[2], all[1]}
	list := func(q messaging.OverseeQuery) string {
		t.Helper()
		page, err := h.OverseeList(t.Context(), watching(), q)
		if err != nil {
			t.Fatal(err)
		}
		var ids []messaging.ConversationID
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
			if c.Me != nil || len(c.Participants) < 2 || c.Participants[0].Member.DisplayName == "" {
				t.Errorf("conversation %d: %+v", c.ID, c)
			}
		}
		return fmt.Sprint(ids, page.Total)
	}
	want := func(ids []messaging.ConversationID, total int) string { return fmt.Sprint(ids, total) }
	check := func(name, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	check("everything", list(messaging.OverseeQuery{Page: 1, PerPage: 50}), want(order, 4))
	h.wantAudit(messaging.AuditConversationList, 0, messaging.Actor{}, `{"page":1,"per_page":50}`)
	check("second page", list(messaging.OverseeQuery{Page: 2, PerPage: 3}), want(order[3:], 4))
	check("beyond the end", list(messaging.OverseeQuery{Page: 9, PerPage: 50}), want(nil, 4))
	check("Carol's", list(messaging.OverseeQuery{Page: 1, PerPage: 50, Member: carol.ID}), want([]messaging.ConversationID{group, all[1]}, 2))
	h.wantAudit(messaging.AuditConversationList, 0, carol, `{"page":1,"per_page":50}`)
	check("nobody's", list(messaging.OverseeQuery{Page: 1, PerPage: 50, Member: 999}), want(nil, 0))
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	check("between", list(messaging.OverseeQuery{Page: 1, PerPage: 50, After: start.Add(30 * time.Minute), Before: start.Add(150 * time.Minute)}),
		want([]messaging.ConversationID{all[2], all[1]}, 2))
	h.wantAudit(messaging.AuditConversationList, 0, messaging.Actor{}, `{"page":1,"per_page":50,"before":"2026-03-02T11:30:00Z","after":"2026-03-02T09:30:00Z"}`)
	check("Alice's before", list(messaging.OverseeQuery{Page: 1, PerPage: 50, Member: alice.ID, Before: start.Add(90 * time.Minute)}),
		want([]messaging.ConversationID{all[1]}, 1))

	for _, q := range []messaging.OverseeQuery{{}, {Page: 0, PerPage: 50}, {Page: 1}, {Page: 1, PerPage: 101}, {Page: -1, PerPage: 50}, {Page: 1 << 60, PerPage: 100}} {
		_, err := h.OverseeList(t.Context(), watching(), q)
		wantReason(t, err, messaging.Invalid)
	}
}

func TestOverseeListWalksItsIndex(t *testing.T) {
	h := open(t)
	var rows, people []string
	for id := 1; id <= 2000; id++ {
		at := time.Date(2026, 1, 1, 0, 0, id, 0, time.UTC).Format(time.DateTime)
		rows = append(rows, fmt.Sprintf("(%d,1,3,'%s','%s')", id, at, at))
		people = append(people, fmt.Sprintf("(%d,%d,'%s','%s')", id, 100+id%50, at, at))
	}
	h.exec("INSERT INTO wp_parley_conversations (id, type, created_by, last_activity_at, created_at) VALUES " + strings.Join(rows, ","))
	h.exec("INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at) VALUES " + strings.Join(people, ","))
	h.exec("ANALYZE TABLE wp_parley_conversations, wp_parley_participants")
	at := time.Date(2026, 1, 1, 0, 10, 0, 0, time.UTC)
	for _, c := range []struct {
		q       messaging.OverseeQuery
		args    []any
		most    float64
		keys    string
		message string
	}{
		{messaging.OverseeQuery{Page: 1, PerPage: 50}, []any{50, 0}, 100, "activity", "the whole site"},
		{messaging.OverseeQuery{Page: 1, PerPage: 50, Before: at}, []any{at, 50, 0}, 1000, "activity", "with a bound"},
		{messaging.OverseeQuery{Page: 1, PerPage: 50, Member: 117}, []any{117, 50, 0}, 100, "inbox badge PRIMARY", "one member's"},
	} {
		const most = 6 // audit, total, ids, conversations, people, cards
		n := testdb.CountAtMost(t, h.db.DB, most, func() {
			if _, err := h.OverseeList(t.Context(), watching(), c.q); err != nil {
				t.Fatal(err)
			}
		})
		if n.Data > most {
			t.Errorf("%s: %d statements", c.message, n.Data)
		}
		for _, step := range testdb.Explain(t, h.db.DB, n.Log[2], c.args...) {
			if step.Rows > c.most || step.Type == "ALL" || !strings.Contains(c.keys, step.Key) ||
				c.q.Member == 0 && strings.Contains(step.Extra, "filesort") {
				t.Errorf("%s: %v", c.message, step)
			}
		}
	}
}

func TestOverseeReadsAnyConversationWithoutATrace(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	for n := range 5 {
		h.send(alice, c, fmt.Sprint("message ", n))
	}
	got, err := h.OverseeGet(t.Context(), watching(), c)
	if err != nil || got.Me != nil || len(got.Participants) != 2 || got.MessageCount != 6 {
		t.Fatalf("%+v, %v", got, err)
	}
	h.wantAudit(messaging.AuditConversationView, c, messaging.Actor{}, "")
	page, err := h.OverseeMessages(t.Context(), watching(), c, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	h.wantAudit(messaging.AuditMessagesRead, c, messaging.Actor{}, `{"page":2,"per_page":4}`)
	total := h.number("SELECT last_seq FROM wp_parley_conversations WHERE id = ?", c)
	if int(page.Total) != total || page.HasMore || len(page.Messages) != total-4 || page.Messages[0].Seq != int64(total-4) ||
		page.Messages[0].Member.DisplayName != alice.DisplayName {
		t.Errorf("got %+v of %d", page, total)
	}
	if page, err = h.OverseeMessages(t.Context(), watching(), c, 1, 2); err != nil || !page.HasMore || page.Messages[0].Plain != "message 4" {
		t.Errorf("the first page is %+v, %v", page, err)
	}
	if page, err = h.OverseeMessages(t.Context(), watching(), c, 99, 50); err != nil || page.HasMore || len(page.Messages) != 0 {
		t.Errorf("a page beyond the end is %+v, %v", page, err)
	}
	if n, _, _ := h.UnreadCount(t.Context(), bob); n != 1 {
		t.Error("oversight has read for Bob")
	}
	_, err = h.OverseeGet(t.Context(), watching(), 999)
	wantReason(t, err, messaging.NotFound)
	h.wantAudit(messaging.AuditConversationView, 999, messaging.Actor{}, "")
	_, err = h.OverseeMessages(t.Context(), watching(), 999, 1, 50)
	wantReason(t, err, messaging.NotFound)
	_, err = h.Get(t.Context(), watching(), c) // never through a member's routes
	wantReason(t, err, messaging.NotParticipant)
}

func TestPurgeRemovesAConversationForEverybody(t *testing.T) {
	h := open(t, unhurried)
	gone, kept := h.group(alice, bob, carol), h.direct(alice, bob)
	h.send(alice, gone, "a secret")
	if _, err := h.Update(t.Context(), alice, gone, messaging.Patch{Title: new("secret plans")}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Leave(t.Context(), carol, gone); err != nil {
		t.Fatal(err)
	}
	before := h.number("SELECT COUNT(*) FROM wp_jt_notifications WHERE object_id = ?", kept)
	if n, _, _ := h.UnreadCount(t.Context(), bob); n != 2 {
		t.Fatalf("Bob has %d unread", n)
	}
	if err := h.Purge(t.Context(), watching(), gone); err != nil {
		t.Fatal(err)
	}
	h.wantAudit(messaging.AuditConversationGone, gone, messaging.Actor{}, "")
	for _, table := range []string{"conversations WHERE id", "participants WHERE conversation_id", "messages WHERE conversation_id", "message_text WHERE conversation_id"} {
		if n := h.number("SELECT COUNT(*) FROM wp_parley_"+table+" = ?", gone); n != 0 {
			t.Errorf("%d rows are left of %s", n, table)
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_jt_notifications WHERE object_type = 'message' AND object_id = ?", gone); n != 0 {
		t.Errorf("%d bell rows are left", n)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_jt_notifications WHERE object_id = ?", kept); n != before || n == 0 {
		t.Errorf("%d bell rows of another conversation, were %d", n, before)
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_events WHERE payload LIKE '%secret%'"); n != 0 {
		t.Errorf("%d events still hold what was written", n)
	}
	for _, who := range []messaging.Actor{alice, bob, carol} {
		_, err := h.Get(t.Context(), who, gone)
		wantReason(t, err, messaging.NotFound)
		page, err := h.List(t.Context(), who, messaging.ListQuery{Limit: 20, Search: "secret"})
		if err != nil || page.Total != 0 {
			t.Errorf("%s still finds %d, %v", who.Login, page.Total, err)
		}
	}
	if n, _, _ := h.UnreadCount(t.Context(), bob); n != 1 {
		t.Errorf("Bob has %d unread after the purge", n)
	}
	events, err := h.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	var p messaging.Purged
	if err := json.Unmarshal(last.Payload, &p); err != nil || last.Kind != messaging.EventPurged || last.Conversation != gone ||
		fmt.Sprint(p.Members) != fmt.Sprint(ids(alice, bob, carol)) || p.By != admin.ID {
		t.Errorf("the event is %+v %s", last, last.Payload)
	}
	wantReason(t, h.Purge(t.Context(), watching(), gone), messaging.NotFound)
	_, err = h.Send(t.Context(), alice, messaging.SendInput{Conversation: gone, Content: "hello?"})
	wantReason(t, err, messaging.NotFound)
	if next := h.direct(carol, sid); next <= gone {
		t.Errorf("the id %d was used again", next)
	}
}

func TestPurgeOfALongConversationGoesInBoundedStatements(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	const long = 12000
	for seq := 100; seq < 100+long; seq += 4000 {
		var rows []string
		for n := range 4000 {
			rows = append(rows, fmt.Sprintf("(%d,%d,%d,'x','2026-03-02 09:00:00')", c, seq+n, alice.ID))
		}
		h.exec("INSERT INTO wp_parley_messages (conversation_id, seq, sender_id, content, created_at) VALUES " + strings.Join(rows, ","))
	}
	n := testdb.CountStatements(t, h.db.DB, func() {
		if err := h.Purge(t.Context(), watching(), c); err != nil {
			t.Fatal(err)
		}
	})
	if left := h.number("SELECT COUNT(*) FROM wp_parley_messages WHERE conversation_id = ?", c); left != 0 {
		t.Errorf("%d messages are left", left)
	}
	if n.Control != 2 || n.Data < 10 {
		t.Errorf("%d statements in %d transactions", n.Data, n.Control/2)
	}
}

func TestBlocksAreSeenFromBothSidesAndCleared(t *testing.T) {
	h := open(t, unhurried)
	ab, ac := h.direct(alice, bob), h.direct(alice, carol)
	h.direct(bob, carol)
	block := func(who messaging.Actor, c messaging.ConversationID) {
		t.Helper()
		if _, err := h.SetBlocked(t.Context(), who, c, new(true)); err != nil {
			t.Fatal(err)
		}
	}
	block(alice, ab)
	block(bob, ab)
	block(carol, ac)
	show := func(member messaging.Actor) string {
		t.Helper()
		blocks, err := h.Blocks(t.Context(), watching(), member.ID)
		if err != nil {
			t.Fatal(err)
		}
		h.wantAudit(messaging.AuditBlocksView, 0, member, "")
		var out []string
		for _, b := range blocks {
			out = append(out, fmt.Sprintf("%d:%s>%s", b.Conversation, b.Blocker.Login, b.Blocked.Login))
		}
		return strings.Join(out, " ")
	}
	if got, want := show(alice), fmt.Sprintf("%d:alice>bob %d:bob>alice %d:carol>alice", ab, ab, ac); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := show(erin); got != "" {
		t.Errorf("Erin has blocks: %q", got)
	}
	cleared, err := h.ClearBlock(t.Context(), watching(), bob.ID, alice.ID)
	if err != nil || cleared != 2 {
		t.Fatalf("%d cleared, %v", cleared, err)
	}
	h.wantAudit(messaging.AuditBlockClear, 0, bob, fmt.Sprintf(`{"other":%d}`, alice.ID))
	if got, want := show(alice), fmt.Sprintf("%d:carol>alice", ac); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h.send(bob, ab, "at last")
	events, err := h.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, e := range events {
		var p messaging.BlockChanged
		if e.Kind == messaging.EventBlocked && e.Actor == admin.ID {
			if err := json.Unmarshal(e.Payload, &p); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, fmt.Sprint(p.Blocker, p.Other, p.Value))
		}
	}
	if want := fmt.Sprint([]string{fmt.Sprint(bob.ID, alice.ID, false), fmt.Sprint(alice.ID, bob.ID, false)}); fmt.Sprint(seen) != want {
		t.Errorf("events %v, want %s", seen, want)
	}
	if cleared, err = h.ClearBlock(t.Context(), watching(), bob.ID, alice.ID); err != nil || cleared != 0 {
		t.Errorf("%d cleared again, %v", cleared, err)
	}
	for _, other := range []messaging.Actor{{}, {ID: -1}} {
		_, err = h.ClearBlock(t.Context(), watching(), alice.ID, other.ID)
		wantReason(t, err, messaging.Invalid)
	}
	if got := show(carol); got == "" {
		t.Error("Carol's block is gone")
	}
}

func TestTheAuditLogIsPagedAndAudited(t *testing.T) {
	h := open(t)
	for n := range 5 {
		_, _ = h.OverseeGet(t.Context(), watching(), messaging.ConversationID(n+1))
	}
	page, err := h.Audit(t.Context(), watching(), messaging.AuditQuery{Page: 2, PerPage: 2})
	if err != nil || page.Total != 6 || len(page.Entries) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	e := page.Entries[0] // the newest is this very look, then conversation 5
	if e.Action != messaging.AuditConversationView || e.Conversation != 4 || e.Actor != admin.ID || e.ActorLogin != "admin" ||
		e.IP != "203.0.113.9" || e.RequestID != "req-1" || e.At.IsZero() || e.Detail != "" {
		t.Errorf("got %+v", e)
	}
	for _, q := range []messaging.AuditQuery{{}, {Page: 1, PerPage: 101}, {Page: 0, PerPage: 1}} {
		_, err := h.Audit(t.Context(), watching(), q)
		wantReason(t, err, messaging.Invalid)
	}
}

func TestNothingIsShownThatCannotBeRecorded(t *testing.T) {
	h := open(t, unhurried)
	c := h.direct(alice, bob)
	h.exec("DROP TABLE wp_parley_audit_log")
	if got, err := h.OverseeGet(context.Background(), watching(), c); err == nil {
		t.Errorf("shown without a record: %+v", got)
	}
	if err := h.Purge(context.Background(), watching(), c); err == nil {
		t.Error("purged without a record")
	}
	h.get(alice, c)
}
