package store

import (
	"context"
	"database/sql"
	"time"
)

// Head is a conversation in a member's mailbox and its last activity, which changes
// with every message: the version of its text.
type Head struct {
	Conversation int64
	Activity     time.Time
}

// SearchHeads returns every conversation of a mailbox in list order. It reads the
// index inbox alone (unread and the types look at the rows as well); being a row of
// this result is what makes a conversation searchable by the member.
func (s *Store) SearchHeads(ctx context.Context, user int64, f Filter) ([]Head, error) {
	where, join := s.mailbox(f)
	rows, err := s.db.QueryContext(ctx, `
		SELECT p.conversation_id, p.last_activity_at
		  FROM `+s.t.Participants+` p FORCE INDEX (inbox)`+join+`
		 WHERE p.user_id = ?`+where+`
		 ORDER BY p.last_activity_at DESC, p.conversation_id DESC`, user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var heads []Head
	for rows.Next() {
		var h Head
		if err := rows.Scan(&h.Conversation, &h.Activity); err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	return heads, rows.Err()
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
func (s *Store) SearchTexts(ctx context.Context, conversations []int64, each func(conversation, message int64, body []byte)) error {
	rows, err := s.db.QueryContext(ctx, `
		SELECT conversation_id, message_id, body
		  FROM `+s.t.MessageText+`
		 WHERE conversation_id IN (`+marks(len(conversations))+`)
		 ORDER BY conversation_id, message_id`, anys(conversations)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var conversation, message int64
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&conversation, &message, &body); err != nil {
			return err
		}
		each(conversation, message, body)
	}
	return rows.Err()
}
