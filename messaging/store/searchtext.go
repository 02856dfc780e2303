package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"parley/internal/mysql"
)

// Head is a conversation in a member's mailbox and the version of its text: a number
// made of its last activity, which rises with every message. It means nothing else.
type Head struct{ Conversation, Version int64 }

// SearchHeads returns every conversation of a mailbox in list order. It reads the
// index inbox alone (unread and the types look at the rows as well); being a row of
// this result is what makes a conversation searchable by the member.
func (s *Store) SearchHeads(ctx context.Context, user int64, f Filter) ([]Head, error) {
	where, join := s.mailbox(f)
	return s.searchHeads(ctx, join+`
		 WHERE p.user_id = ?`+where+`
		 ORDER BY p.last_activity_at DESC, p.conversation_id DESC`, user)
}

// BoxHeads is SearchHeads for a box of the BuddyPress surface, in no particular order.
// Of the inbox it returns what the viewer alone has written in as well (SenderOnly), for
// which it would have to look at every row.
func (s *Store) BoxHeads(ctx context.Context, q BoxQuery) ([]Head, error) {
	text, args := s.boxHeadsText(q)
	return s.searchHeads(ctx, text, args...)
}

func (s *Store) boxHeadsText(q BoxQuery) (string, []any) {
	folder := inFolder(q.Box)
	where, args := s.boxOf(q)
	return strings.Replace(where, inBox(q.Box), folder, 1), args
}

// SenderOnly returns those of some conversations in which nobody has answered a member
// who wrote first.
func (s *Store) SenderOnly(ctx context.Context, user int64, conversations []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	if len(conversations) == 0 {
		return out, nil
	}
	err := mysql.Query(ctx, s.db.DB, `SELECT conversation_id FROM `+s.t.Participants+`
		WHERE user_id = ? AND sender_only = 1 AND conversation_id IN (`+marks(len(conversations))+`)`,
		append([]any{user}, anys(conversations)...), func(r mysql.Row) { out[r.Int(0)] = true })
	return out, err
}

func (s *Store) searchHeads(ctx context.Context, rest string, args ...any) ([]Head, error) {
	// One column of text: a mailbox has many rows, and reading two typed columns of
	// each takes the driver longer than the server needs to find them.
	rows, err := s.db.QueryContext(ctx, `
		SELECT CONCAT(p.conversation_id, ' ', p.last_activity_at)
		  FROM `+s.t.Participants+` p FORCE INDEX (inbox)`+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var heads []Head
	var text sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		h, ok := parseHead(text)
		if !ok {
			return nil, fmt.Errorf("unexpected head of a conversation: %q", text)
		}
		heads = append(heads, h)
	}
	return heads, rows.Err()
}

// parseHead reads "12 2026-03-02 09:00:00.000001".
func parseHead(text []byte) (h Head, ok bool) {
	id, at, found := bytes.Cut(text, []byte{' '})
	if !found || len(id) == 0 || len(at) != len("2026-03-02 09:00:00.000001") {
		return h, false
	}
	digits := func(b []byte) (n int64) {
		for _, c := range b {
			if c < '0' || c > '9' {
				ok = false
			}
			n = 10*n + int64(c-'0')
		}
		return n
	}
	ok = true
	h.Conversation = digits(id)
	h.Version = (digits(at[0:4])*12+digits(at[5:7]))*31 + digits(at[8:10])
	h.Version = ((h.Version*24+digits(at[11:13]))*60+digits(at[14:16]))*60 + digits(at[17:19])
	h.Version = h.Version*1_000_000 + digits(at[20:26])
	return h, ok
}

// SearchSubject is what a conversation can be found by beside its messages.
type SearchSubject struct {
	Title  string // as stored, "" without one
	People []int64
}

// SearchSubjects reads titles and everybody's ids, those who left included, of a
// batch of conversations. One that is gone is missing from the result.
func (s *Store) SearchSubjects(ctx context.Context, conversations []int64) (map[int64]SearchSubject, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT c.id, c.title, p.user_id
		  FROM `+s.t.Conversations+` c
		  JOIN `+s.t.Participants+` p ON p.conversation_id = c.id
		 WHERE c.id IN (`+marks(len(conversations))+`)`, anys(conversations)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[int64]SearchSubject, len(conversations))
	for rows.Next() {
		var id, user int64
		var title sql.NullString
		if err := rows.Scan(&id, &title, &user); err != nil {
			return nil, err
		}
		subject := out[id]
		subject.Title = title.String
		subject.People = append(subject.People, user)
		out[id] = subject
	}
	return out, rows.Err()
}

// SearchTexts hands the folded text of every message of a batch of conversations to
// each, clustered by conversation and oldest first. The body is valid during the call.
func (s *Store) SearchTexts(ctx context.Context, conversations []int64, each func(conversation int64, body []byte)) error {
	rows, err := s.db.QueryContext(ctx, `
		SELECT conversation_id, body
		  FROM `+s.t.MessageText+`
		 WHERE conversation_id IN (`+marks(len(conversations))+`)
		 ORDER BY conversation_id, message_id`, anys(conversations)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var conversation int64
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&conversation, &body); err != nil {
			return err
		}
		each(conversation, body)
	}
	return rows.Err()
}

// SearchStored hands every message of a batch of conversations to each, clustered by
// conversation and in their order, notices left out. title is the conversation's, with
// its first message alone. Of the message there is what BuddyPress shows.
func (s *Store) SearchStored(ctx context.Context, conversations []int64, each func(m *ThreadMessage, title string)) error {
	text, args := s.searchStoredText(conversations)
	return mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		each(&ThreadMessage{Message: Message{Conversation: r.Int(0), ID: r.Int(1), Seq: r.Int(2), Sender: r.Int(3), Format: int(r.Int(4)),
			Subject: r.Text(5), Content: r.Text(6), CreatedAt: r.Time(7)}}, r.Text(8))
	})
}

func (s *Store) searchStoredText(conversations []int64) (string, []any) {
	return `SELECT m.conversation_id, m.id, m.seq, m.sender_id, m.format, m.subject, m.content, m.created_at,
		       IF(m.seq = 1, c.title, NULL)
		  FROM ` + s.t.Messages + ` m FORCE INDEX (seq) STRAIGHT_JOIN ` + s.t.Conversations + ` c ON c.id = m.conversation_id
		 WHERE m.conversation_id IN (` + marks(len(conversations)) + `) AND m.kind = 0
		 ORDER BY m.conversation_id, m.seq`, anys(conversations)
}

// StarredBy returns the messages a member starred.
func (s *Store) StarredBy(ctx context.Context, user int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := mysql.Query(ctx, s.db.DB, `SELECT message_id FROM `+s.t.Stars+` WHERE user_id = ?`, []any{user},
		func(r mysql.Row) { out[r.Int(0)] = true })
	return out, err
}
