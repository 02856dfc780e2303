package messaging_test

import (
	"database/sql"
	"fmt"
	"time"

	"parley/wptext"
)

// check recomputes from the messages alone what the other tables say, and fails on
// every difference: sequences, counters, preview, order, unread counts, folders,
// texts for searching, and who may see what.
func (h *house) check() {
	h.t.Helper()
	type conversation struct {
		ID           int64          `db:"id"`
		LastSeq      int64          `db:"last_seq"`
		Count        int64          `db:"message_count"`
		LastAt       sql.NullTime   `db:"last_message_at"`
		Preview      sql.NullString `db:"last_message_preview"`
		LastActivity time.Time      `db:"last_activity_at"`
	}
	type message struct {
		ID      int64          `db:"id"`
		Seq     int64          `db:"seq"`
		Sender  int64          `db:"sender_id"`
		Kind    int            `db:"kind"`
		Content string         `db:"content"`
		Plain   sql.NullString `db:"plain"`
		At      time.Time      `db:"created_at"`
		Body    []byte         `db:"body"`
	}
	type participant struct {
		User         int64         `db:"user_id"`
		Folder       int           `db:"folder"`
		LastActivity time.Time     `db:"last_activity_at"`
		Unread       int           `db:"unread_count"`
		HasUnread    bool          `db:"has_unread"`
		ReadSeq      int64         `db:"last_read_seq"`
		Archived     bool          `db:"is_archived"`
		LeftAt       sql.NullTime  `db:"left_at"`
		LeftSeq      sql.NullInt64 `db:"left_seq"`
		DeletedAt    sql.NullTime  `db:"deleted_at"`
		SenderOnly   bool          `db:"sender_only"`
		SentAt       sql.NullTime  `db:"last_sent_at"`
	}
	var conversations []conversation
	h.rows(&conversations, `SELECT id, last_seq, message_count, last_message_at, last_message_preview, last_activity_at
		FROM wp_parley_conversations ORDER BY id`)
	for _, c := range conversations {
		wrong := func(format string, args ...any) {
			h.t.Helper()
			h.t.Errorf("conversation %d: %s", c.ID, fmt.Sprintf(format, args...))
		}
		var messages []message
		h.rows(&messages, `SELECT m.id, m.seq, m.sender_id, m.kind, m.content, m.plain, m.created_at, t.body
			FROM wp_parley_messages m LEFT JOIN wp_parley_message_text t
			  ON t.conversation_id = m.conversation_id AND t.message_id = m.id
			WHERE m.conversation_id = ? ORDER BY m.id`, c.ID)
		count, newest := int64(0), message{}
		for i, m := range messages {
			if m.Seq != int64(i)+1 {
				wrong("message %d has sequence %d, want %d", m.ID, m.Seq, i+1)
			}
			plain := m.Content
			if m.Plain.Valid {
				plain = m.Plain.String
			}
			if m.Kind == 0 {
				count, newest = count+1, m
				newest.Content = plain
				if string(m.Body) != wptext.Fold(plain) {
					wrong("message %d has text %q for searching", m.ID, m.Body)
				}
			} else if m.Body != nil {
				wrong("notice %d can be searched", m.ID)
			}
		}
		if c.LastSeq != int64(len(messages)) || c.Count != count {
			wrong("last_seq %d, message_count %d, want %d, %d", c.LastSeq, c.Count, len(messages), count)
		}
		if c.Preview.String != wptext.Preview(newest.Content, 255) || !c.LastAt.Time.Equal(newest.At) {
			wrong("preview %q of %v, want %q of %v", c.Preview.String, c.LastAt.Time, newest.Content, newest.At)
		}
		var people []participant
		h.rows(&people, `SELECT user_id, folder, last_activity_at, unread_count, has_unread, last_read_seq,
			is_archived, left_at, left_seq, deleted_at, sender_only, last_sent_at FROM wp_parley_participants WHERE conversation_id = ?`, c.ID)
		for _, p := range people {
			unread, last := 0, c.LastSeq
			if p.LeftAt.Valid {
				last = p.LeftSeq.Int64
				// The notice of leaving, or what a moderator wrote without taking part.
				if notice := messages[last-1]; notice.Sender != p.User {
					wrong("member %d left at %d, which is %+v", p.User, last, notice)
				}
			}
			var sent time.Time
			answered := false
			for _, m := range messages {
				if m.Kind == 0 && m.Sender == p.User {
					sent = m.At
				}
				answered = answered || m.Kind == 0 && m.Sender != p.User
				if m.Kind == 0 && m.Sender != p.User && m.Seq > p.ReadSeq && m.Seq <= last {
					unread++
				}
			}
			if h.own[place{c.ID, p.User}] && p.Unread == unread+1 {
				unread++ // one of their own, see house.own
			}
			if p.Unread != unread || p.HasUnread != (unread > 0) {
				wrong("member %d has %d unread (%v), want %d", p.User, p.Unread, p.HasUnread, unread)
			}
			folder := 0
			if p.Archived {
				folder = 1
			}
			if p.LeftAt.Valid || p.DeletedAt.Valid {
				folder = 2
			}
			if p.Folder != folder {
				wrong("member %d is in folder %d, want %d", p.User, p.Folder, folder)
			}
			began := len(messages) == 0 || messages[0].Sender == p.User // nobody has received nothing
			if toSelf := len(people) == 1 && began; !p.LeftAt.Valid &&
				p.SenderOnly != (began && !answered && !toSelf) {
				wrong("member %d is sender only: %v", p.User, p.SenderOnly)
			}
			if !p.LeftAt.Valid && !p.SentAt.Time.Equal(sent) {
				wrong("member %d wrote last at %v, want %v", p.User, p.SentAt.Time, sent)
			}
			if p.ReadSeq > c.LastSeq {
				wrong("member %d read up to %d of %d", p.User, p.ReadSeq, c.LastSeq)
			}
			if !p.LeftAt.Valid && !p.LastActivity.Equal(c.LastActivity) {
				wrong("member %d sorts by %v, want %v", p.User, p.LastActivity, c.LastActivity)
			}
		}
	}
	if n := h.number(`SELECT COUNT(*) FROM (SELECT user_id, object_id FROM wp_jt_notifications
		WHERE object_type = 'message' AND is_read = 0 GROUP BY user_id, object_id HAVING COUNT(*) > 1) d`); n != 0 {
		h.t.Errorf("%d conversations have more than one unread bell row for a member", n)
	}
}

// noTrace fails when anything of a conversation that is gone is left.
func (h *house) noTrace() {
	h.t.Helper()
	for _, table := range []string{"participants", "messages", "message_text", "message_meta", "stars", "deliveries"} {
		if n := h.number(`SELECT COUNT(*) FROM wp_parley_` + table + ` x
			WHERE NOT EXISTS (SELECT 1 FROM wp_parley_conversations c WHERE c.id = x.conversation_id)`); n != 0 {
			h.t.Errorf("%d rows of %s belong to no conversation", n, table)
		}
	}
	if n := h.number(`SELECT COUNT(*) FROM wp_parley_stars s WHERE NOT EXISTS (SELECT 1 FROM wp_parley_messages m
		WHERE m.id = s.message_id AND m.conversation_id = s.conversation_id AND m.created_at = s.message_at AND m.kind = 0)`); n != 0 {
		h.t.Errorf("%d stars are on no message", n)
	}
	if n := h.number(`SELECT COUNT(*) FROM wp_bp_notifications n WHERE n.component_name = 'messages' AND NOT EXISTS
		(SELECT 1 FROM wp_parley_messages m WHERE m.id = n.item_id AND m.kind = 0)`); n != 0 {
		h.t.Errorf("%d notifications are about no message", n)
	}
}

func (h *house) rows(into any, query string, args ...any) {
	h.t.Helper()
	if err := h.db.Select(into, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}
