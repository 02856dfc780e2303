package store

import (
	"context"
	"database/sql"
	"strings"

	"parley/internal/mysql"
)

// Box is a list of a member's threads on the BuddyPress surface (its contract 2.2).
type Box string

// The boxes, as messaging.Box spells them.
const (
	BoxInbox   Box = "inbox"
	BoxSent    Box = "sentbox"
	BoxStarred Box = "starred"
)

// BoxQuery selects threads of a box.
type BoxQuery struct {
	Viewer int64
	Box    Box
	// Unread selects by the viewer's unread count: nil any, else with or without.
	Unread *bool
	// With selects threads in which one of these takes part; nil = all threads.
	With          []int64
	Limit, Offset int
}

// BoxIDs reads a starred box whole, newest starred message first: it is put together
// from messages, and counting would be all of that once more. Limit and Offset mean
// nothing to it.
func (s *Store) BoxIDs(ctx context.Context, q BoxQuery) (ids []int64, err error) {
	text, args := s.boxIDsText(q)
	err = mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) { ids = append(ids, r.Int(0)) })
	return ids, err
}

func (s *Store) boxIDsText(q BoxQuery) (string, []any) {
	from, args, order := s.box(q)
	return `SELECT p.conversation_id` + from + ` ORDER BY ` + order + ` DESC, p.conversation_id DESC`, args
}

// BoxPage reads a page of the inbox or the sentbox, newest qualifying message first:
// one backward range of an index, but for what is unread, which is sorted.
func (s *Store) BoxPage(ctx context.Context, q BoxQuery) ([]ThreadHead, error) {
	text, args := s.boxPageText(q)
	return s.heads(ctx, q.Limit, text, args...)
}

// BoxTotal counts the threads of a box.
func (s *Store) BoxTotal(ctx context.Context, q BoxQuery) (n int, err error) {
	from, args, _ := s.box(q)
	err = s.db.GetContext(ctx, &n, `SELECT COUNT(*)`+from, args...)
	return n, err
}

func (s *Store) boxPageText(q BoxQuery) (string, []any) {
	from, args, order := s.box(q)
	from = strings.Replace(from, ` WHERE p.user_id`, ` STRAIGHT_JOIN `+s.t.Conversations+` c ON c.id = p.conversation_id`+
		s.firstJoin()+` WHERE p.user_id`, 1)
	return `SELECT ` + headColumns + from + `
		ORDER BY ` + order + ` DESC, p.conversation_id DESC LIMIT ? OFFSET ?`, append(args, q.Limit, q.Offset)
}

// box returns the tables and conditions of a box on participants p, and what it is
// ordered by.
func (s *Store) box(q BoxQuery) (from string, args []any, order string) {
	index := ``
	switch {
	case q.Box == BoxStarred:
		args = []any{q.Viewer}
		from, order = ` FROM (SELECT conversation_id, MAX(message_at) AS at FROM `+s.t.Stars+`
			WHERE user_id = ? GROUP BY conversation_id) g STRAIGHT_JOIN `+s.t.Participants+` p ON p.conversation_id = g.conversation_id`, `g.at`
	case q.Box == BoxSent:
		index, order = ` FORCE INDEX (sentbox)`, `p.last_sent_at`
	case q.Unread != nil && *q.Unread:
		index, order = ` FORCE INDEX (badge)`, `p.last_activity_at`
	default:
		index, order = ` FORCE INDEX (inbox)`, `p.last_activity_at`
	}
	if from == "" {
		from = ` FROM ` + s.t.Participants + ` p` + index
	}
	where, more := s.boxOf(q)
	if q.Box == BoxSent {
		where += ` AND p.last_sent_at IS NOT NULL`
	}
	return from + where, append(args, more...), order
}

// boxOf is the condition on participants p to be the viewer's, in the box, and what else
// the query asks of them.
func (s *Store) boxOf(q BoxQuery) (where string, args []any) {
	where, args = ` WHERE p.user_id = ?`+inBox(q.Box), []any{q.Viewer}
	if q.Unread != nil {
		where, args = where+` AND p.has_unread = ?`, append(args, *q.Unread)
	}
	if q.With != nil {
		where, args = where+` AND EXISTS (SELECT 1 FROM `+s.t.Participants+` o
			WHERE o.conversation_id = p.conversation_id AND o.left_at IS NULL AND o.user_id IN (`+marks(len(q.With))+`))`,
			append(args, anys(q.With)...)
	}
	return where, args
}

// inBox is the box's condition on the viewer's row p: archived threads are missing from
// the inbox alone, those that were left or deleted from every box.
func inBox(b Box) string {
	if b == BoxInbox {
		return inFolder(b) + ` AND p.sender_only = 0`
	}
	return inFolder(b)
}

func inFolder(b Box) string {
	if b == BoxInbox {
		return ` AND p.folder = 0`
	}
	return ` AND p.folder IN (0, 1)`
}

// MessageByID reads a message, notices left out, and whether the viewer starred it.
func (s *Store) MessageByID(ctx context.Context, viewer, id int64) (m ThreadMessage, found bool, err error) {
	err = m.Message.scanAnd(s.db.QueryRowContext(ctx, `SELECT `+messageColumns+`, `+s.starred()+`
		FROM `+s.t.Messages+` m WHERE m.id = ? AND m.kind = 0`, viewer, id), &m.Starred)
	if err == sql.ErrNoRows {
		return m, false, nil
	}
	return m, err == nil, err
}

// Fields reads values of meta keys of messages, by message and key; of several values
// the oldest.
func (s *Store) Fields(ctx context.Context, messages []int64, keys []string) (map[int64]map[string]string, error) {
	out := map[int64]map[string]string{}
	if len(messages) == 0 || len(keys) == 0 {
		return out, nil
	}
	args := anys(messages)
	for _, k := range keys {
		args = append(args, k)
	}
	rows, err := s.db.QueryContext(ctx, `SELECT message_id, meta_key, COALESCE(meta_value, '') FROM `+s.t.MessageMeta+`
		WHERE message_id IN (`+marks(len(messages))+`) AND meta_key IN (`+marks(len(keys))+`)
		ORDER BY id DESC`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var key, value string
		if err := rows.Scan(&id, &key, &value); err != nil {
			return nil, err
		}
		if out[id] == nil {
			out[id] = map[string]string{}
		}
		out[id][key] = value
	}
	return out, rows.Err()
}
