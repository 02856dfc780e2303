package messaging_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parley/messaging"
)

// TestBoxSearchAgreesWithAPlainComparison compares with LIKE over the stored subjects and
// texts, on threads of both surfaces that keep changing. One service remembers texts from
// search to search, another has too little memory for them.
func TestBoxSearchAgreesWithAPlainComparison(t *testing.T) {
	h := open(t, unhurried, func(o *messaging.Options) { o.MinTrustLevel = 0 })
	h.exec(`INSERT IGNORE INTO wp_jt_space_members (space_id, user_id, joined_at) SELECT 1, ID, '2026-01-01' FROM wp_users`)
	small := h.service(unhurried, func(o *messaging.Options) { o.SearchCache = 4000 })
	r := rand.New(rand.NewPCG(5, 8))
	text := func(n int) string {
		pieces := []string{"a", "b", "á", "B", " ", "%", "_", "'", `\`, "<b>", "</b>", "&amp;", "ab ", "ba", "\n", "😀", "Re"}
		var b strings.Builder
		for range 1 + r.IntN(n) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	bare := func(n int) string {
		var b strings.Builder
		for range 1 + r.IntN(n) {
			b.WriteString([]string{"a", "b", "B ", "c%", "_", "ab", "re: "}[r.IntN(7)])
		}
		return "x" + b.String() + "x"
	}
	cast := []messaging.Actor{alice, bob, carol, dave}
	others := func() (from messaging.Actor, to []messaging.Actor) {
		r.Shuffle(len(cast), func(i, j int) { cast[i], cast[j] = cast[j], cast[i] })
		return cast[0], append([]messaging.Actor(nil), cast[1:2+r.IntN(len(cast)-1)]...)
	}
	var all []messaging.ConversationID
	for range 30 {
		from, to := others()
		if r.IntN(3) == 0 && len(to) > 1 {
			all = append(all, h.group(from, to...))
			continue
		}
		all = append(all, h.thread(from, text(4), "x"+text(12), to...).ID)
	}
	ctx := context.Background()
	found := 0
	for round := range 250 {
		id := all[r.IntN(len(all))]
		place := cast[r.IntN(len(cast))] // who may have no place, and is refused then
		switch r.IntN(6) {
		case 0, 1:
			_, _ = h.ReplyThread(ctx, place, id, messaging.ThreadReply{Content: "x" + text(12)})
		case 2:
			_, _ = h.Send(ctx, place, messaging.SendInput{Conversation: id, Content: bare(8)})
		case 3:
			if got, err := h.GetThread(ctx, place, id, messaging.ThreadQuery{Viewer: place.ID}); err == nil {
				_, _ = h.ToggleStar(ctx, place, got.Messages[r.IntN(len(got.Messages))].ID, nil)
			}
		case 4:
			_, _ = h.SetArchived(ctx, place, id, nil)
		case 5:
			_, _ = h.DeleteThread(ctx, place, id, messaging.ThreadDelete{Viewer: place.ID})
		}
		q := messaging.ThreadsQuery{Viewer: cast[r.IntN(len(cast))].ID, Page: 1, PerPage: 100, Search: strings.TrimSpace(text(3)),
			Box:   []messaging.Box{messaging.BoxInbox, messaging.BoxSent, messaging.BoxStarred}[r.IntN(3)],
			State: []messaging.ReadState{messaging.AnyState, messaging.ReadOnly, messaging.UnreadOnly}[r.IntN(3)]}
		if q.Search == "" {
			continue
		}
		want := h.plainBoxSearch(q)
		found += len(want)
		for name, s := range map[string]*messaging.Service{"remembered": h.Service, "too large to keep": small} {
			p := must[messaging.ThreadPage](t)(s.ListThreads(ctx, messaging.Actor{ID: q.Viewer}, q))
			got := threadIDs{}
			for i := range p.Threads {
				got = append(got, p.Threads[i].ID)
			}
			if spell(got) != spell(want) || p.Total != len(want) {
				t.Fatalf("round %d, texts %s: %d searches %q in %s, %s: got %s (%d), want %s", round, name, q.Viewer, q.Search, q.Box, q.State,
					spell(got), p.Total, spell(want))
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d threads were found in all: the corpus is too poor", found)
	}
}

func spell(ids threadIDs) string { return strings.Trim(fmt.Sprint(ids), "[]") }

// plainBoxSearch is the definition of a search in a box (contract 2.2, 2.3) as one
// statement over the tables. What was written on the other surface must be the same in
// BuddyPress's form.
func (h *house) plainBoxSearch(q messaging.ThreadsQuery) threadIDs {
	h.t.Helper()
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Search) + "%"
	query := `SELECT m.conversation_id FROM wp_parley_participants p
		JOIN wp_parley_conversations c ON c.id = p.conversation_id
		JOIN wp_parley_messages m ON m.conversation_id = c.id AND m.kind = 0
		JOIN wp_parley_messages f ON f.conversation_id = c.id AND f.seq = 1
		WHERE p.user_id = ? AND (m.content LIKE ? OR CASE WHEN m.format = 1 THEN m.subject
			ELSE CONCAT(IF(m.seq = 1, '', 'Re: '), IF(f.format = 1, f.subject, COALESCE(c.title, 'No Subject'))) END LIKE ?)`
	args := []any{q.Viewer, like, like}
	switch q.Box {
	case messaging.BoxInbox:
		query += ` AND p.folder = 0 AND p.sender_only = 0`
	case messaging.BoxSent:
		query, args = query+` AND p.folder IN (0, 1) AND m.sender_id = ?`, append(args, q.Viewer)
	case messaging.BoxStarred:
		query += ` AND p.folder IN (0, 1) AND EXISTS (SELECT 1 FROM wp_parley_stars s WHERE s.user_id = p.user_id AND s.message_id = m.id)`
	}
	switch q.State {
	case messaging.ReadOnly:
		query += ` AND p.unread_count = 0`
	case messaging.UnreadOnly:
		query += ` AND p.unread_count > 0`
	}
	var ids threadIDs
	if err := h.db.Select(&ids, query+` GROUP BY m.conversation_id ORDER BY MAX(m.created_at) DESC, m.conversation_id DESC`, args...); err != nil {
		h.t.Fatal(err)
	}
	return ids
}
