package store

import (
	"context"
	"database/sql"
	"strings"
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
	// Search is looked for in stored subjects and texts; "" = none. A message has to
	// fulfil the box's condition and hold it. Folded is the same as message_text.body
	// holds texts: those of the other surface are compared so, which is many times
	// faster than a comparison by collation.
	Search, Folded string
	// With selects threads in which one of these takes part; nil = all threads.
	With          []int64
	Limit, Offset int
}

// ThreadHead is a conversation as a list of threads needs it.
type ThreadHead struct {
	Conversation
	First
}

// First is the first message of a conversation, for the subjects of all.
type First struct {
	Format  int
	Subject string
}

// Gathered tells whether a box is put together from messages: what is starred or
// searched for. It is read whole (BoxIDs), because finding is the work and counting
// would be all of it once more; other boxes are read by the page.
func (q BoxQuery) Gathered() bool { return q.Search != "" || q.Box == BoxStarred }

// BoxIDs reads a box that is gathered, newest qualifying message first; Limit and
// Offset mean nothing to it.
func (s *Store) BoxIDs(ctx context.Context, q BoxQuery) (ids []int64, err error) {
	text, args := s.boxIDsText(q)
	err = s.db.SelectContext(ctx, &ids, text, args...)
	return ids, err
}

func (s *Store) boxIDsText(q BoxQuery) (string, []any) {
	from, args, order := s.box(q)
	return `SELECT p.conversation_id` + from + ` ORDER BY ` + order + ` DESC, p.conversation_id DESC`, args
}

// BoxPage reads a page of a box that is not gathered, newest qualifying message first:
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

// Heads reads threads by id.
func (s *Store) Heads(ctx context.Context, ids []int64) ([]ThreadHead, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.heads(ctx, len(ids), `SELECT `+conversationColumns+`, f.format, f.subject
		FROM `+s.t.Conversations+` c`+s.firstJoin()+` WHERE c.id IN (`+marks(len(ids))+`)`, anys(ids)...)
}

func (s *Store) firstJoin() string {
	return ` LEFT JOIN ` + s.t.Messages + ` f ON f.conversation_id = c.id AND f.seq = 1`
}

func (s *Store) heads(ctx context.Context, expect int, text string, args ...any) ([]ThreadHead, error) {
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]ThreadHead, 0, expect)
	for rows.Next() {
		var h ThreadHead
		var format sql.NullInt64
		var subject sql.NullString
		if err := h.Conversation.scan(rows, &format, &subject); err != nil {
			return nil, err
		}
		h.First = First{Format: int(format.Int64), Subject: subject.String}
		out = append(out, h)
	}
	return out, rows.Err()
}

func (s *Store) boxPageText(q BoxQuery) (string, []any) {
	from, args, order := s.box(q)
	from = strings.Replace(from, ` WHERE p.user_id`, ` STRAIGHT_JOIN `+s.t.Conversations+` c ON c.id = p.conversation_id`+
		s.firstJoin()+` WHERE p.user_id`, 1)
	return `SELECT ` + conversationColumns + `, f.format, f.subject` + from + `
		ORDER BY ` + order + ` DESC, p.conversation_id DESC LIMIT ? OFFSET ?`, append(args, q.Limit, q.Offset)
}

// box returns the tables and conditions of a box on participants p, and what it is
// ordered by.
func (s *Store) box(q BoxQuery) (from string, args []any, order string) {
	index := ``
	switch {
	case q.Gathered():
		var found string
		found, args = s.qualifying(q)
		from, order = ` FROM (`+found+`) g STRAIGHT_JOIN `+s.t.Participants+` p ON p.conversation_id = g.conversation_id`, `g.at`
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
	from, args = from+` WHERE p.user_id = ?`+inBox(q.Box, "p"), append(args, q.Viewer)
	if q.Box == BoxSent && !q.Gathered() {
		from += ` AND p.last_sent_at IS NOT NULL`
	}
	if q.Unread != nil {
		from, args = from+` AND p.has_unread = ?`, append(args, *q.Unread)
	}
	if q.With != nil {
		from, args = from+` AND EXISTS (SELECT 1 FROM `+s.t.Participants+` o
			WHERE o.conversation_id = p.conversation_id AND o.left_at IS NULL AND o.user_id IN (`+marks(len(q.With))+`))`,
			append(args, anys(q.With)...)
	}
	return from, args, order
}

// inBox is the box's condition on the viewer's row: archived threads are missing from
// the inbox alone, those that were left or deleted from every box.
func inBox(b Box, p string) string {
	if b == BoxInbox {
		return ` AND ` + p + `.folder = 0 AND ` + p + `.sender_only = 0`
	}
	return ` AND ` + p + `.folder IN (0, 1)`
}

// qualifying finds the conversations with a message that fulfils the box's condition
// and holds the search, and the moment of the newest such message.
func (s *Store) qualifying(q BoxQuery) (text string, args []any) {
	if q.Search == "" {
		return `SELECT conversation_id, MAX(message_at) AS at FROM ` + s.t.Stars + `
			WHERE user_id = ? GROUP BY conversation_id`, []any{q.Viewer}
	}
	like := `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Search) + `%`
	text = `SELECT m.conversation_id, MAX(m.created_at) AS at
		FROM ` + s.t.Participants + ` v FORCE INDEX (inbox)
		STRAIGHT_JOIN ` + s.t.Conversations + ` d ON d.id = v.conversation_id
		STRAIGHT_JOIN ` + s.t.Messages + ` m FORCE INDEX (PRIMARY) ON m.conversation_id = d.id AND m.kind = 0`
	if q.Box == BoxStarred {
		text += ` STRAIGHT_JOIN ` + s.t.Stars + ` s ON s.user_id = v.user_id AND s.conversation_id = m.conversation_id AND s.message_id = m.id`
	}
	text += ` LEFT JOIN ` + s.t.MessageText + ` x ON x.conversation_id = m.conversation_id AND x.message_id = m.id
		WHERE v.user_id = ?` + inBox(q.Box, "v") + `
		AND (m.format = 1 AND (m.content LIKE ? OR m.subject LIKE ?)
			OR m.format = 0 AND d.title IS NOT NULL AND d.title LIKE ?`
	args = []any{q.Viewer, like, like, like}
	if q.Folded != "" {
		text, args = text+` OR m.format = 0 AND LOCATE(?, x.body) > 0`, append(args, []byte(q.Folded))
	}
	text += `)`
	if q.Box == BoxSent {
		text, args = text+` AND m.sender_id = ?`, append(args, q.Viewer)
	}
	return text + ` GROUP BY m.conversation_id`, args
}

// MessageSlice is a part of a thread's messages: Limit of them (less than 0 = all)
// from Offset, and the newest of all when it may not be among them.
type MessageSlice struct {
	Conversation  int64
	Limit, Offset int
	Newest        bool
}

// ThreadMessage is a message and whether the viewer starred it.
type ThreadMessage struct {
	Message
	Starred bool
	Newest  bool // read as the newest, not as part of the slice
}

// Slices reads parts of several threads with one statement, notices left out, in the
// order of the slices; a part is oldest first unless newestFirst.
func (s *Store) Slices(ctx context.Context, viewer int64, slices []MessageSlice, newestFirst bool) ([]ThreadMessage, error) {
	text, args := s.slicesText(viewer, slices, newestFirst)
	if text == "" {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ThreadMessage
	for rows.Next() {
		var m ThreadMessage
		if err := m.Message.scanAnd(rows, &m.Newest, &m.Starred); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

func (s *Store) slicesText(viewer int64, slices []MessageSlice, newestFirst bool) (string, []any) {
	var parts []string
	var args []any
	part := func(newest string, m MessageSlice, down bool, limit, offset int) {
		text := `(SELECT ` + messageColumns + `, ` + newest + `, ` + s.starred() + `
			FROM ` + s.t.Messages + ` m FORCE INDEX (seq)
			WHERE m.conversation_id = ? AND m.kind = 0 ORDER BY m.seq`
		args = append(args, viewer, m.Conversation)
		if down {
			text += ` DESC`
		}
		if limit >= 0 {
			text, args = text+` LIMIT ? OFFSET ?`, append(args, limit, offset)
		} else {
			text += ` LIMIT 18446744073709551615`
		}
		parts = append(parts, text+`)`)
	}
	for _, m := range slices {
		if m.Limit != 0 {
			part(`0`, m, newestFirst, m.Limit, m.Offset)
		}
		if m.Newest {
			part(`1`, m, true, 1, 0)
		}
	}
	return strings.Join(parts, ` UNION ALL `), args
}

// starred tells whether a member starred message m; its parameter is the member. A
// join would keep the messages from being read in their order.
func (s *Store) starred() string {
	return `EXISTS (SELECT 1 FROM ` + s.t.Stars + ` s
		WHERE s.user_id = ? AND s.conversation_id = m.conversation_id AND s.message_id = m.id)`
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
