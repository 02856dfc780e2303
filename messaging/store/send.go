package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

// bodyBytes is how much folded text a row of message_text holds.
const bodyBytes = 40000

// Advance gives a conversation its next sequence for a message, with its preview and
// time, and locks the row until the transaction ends. found is false when there is no
// such conversation. It is the first statement of every sending transaction.
func (s *Store) Advance(ctx context.Context, tx *sqlx.Tx, conversation int64, now time.Time, preview string) (found bool, err error) {
	res, err := tx.ExecContext(ctx, `UPDATE `+s.t.Conversations+`
		SET last_seq = last_seq + 1, message_count = message_count + 1,
		    last_message_at = ?, last_message_preview = ?,
		    last_activity_at = GREATEST(CAST(? AS DATETIME(6)), last_activity_at + INTERVAL 1 MICROSECOND)
		WHERE id = ?`, now, preview, now, conversation)
	return affected(res, err)
}

// AdvanceNotice gives a conversation its next sequence for a notice, which changes
// neither preview, count nor order, and locks the row.
func (s *Store) AdvanceNotice(ctx context.Context, tx *sqlx.Tx, conversation int64) (found bool, err error) {
	return affected(tx.ExecContext(ctx, `UPDATE `+s.t.Conversations+`
		SET last_seq = last_seq + 1 WHERE id = ?`, conversation))
}

// Fact is what the rules need to know about one participant when somebody sends.
type Fact struct {
	User    int64
	Left    bool
	Deleted bool // the member deleted the conversation
	Unread  bool // something in it
	Blocked bool // the conversation block, set by the other side
	Muted   bool
	// Exists is false when the account is gone; Banned tells of an active global ban.
	Exists bool
	Banned bool
	// SenderBlocks and BlocksSender are community-wide blocks.
	SenderBlocks bool
	BlocksSender bool
	// NotifyWeb is the member's own choice, nil when they made none; Settings is the
	// JSON of their profile then, "" without one.
	NotifyWeb *bool
	Settings  string
	// Bell is the id of their unread bell row for the conversation; 0 = none.
	Bell int64
}

// SendFacts are the conversation as it is after Advance, and everybody in it.
type SendFacts struct {
	Type       int
	Seq        int64 // of the message being sent
	ActivityAt time.Time
	Paired     bool // the one direct thread a pair reuses
	People     []Fact
	// InLastMinute counts the sender's messages after since.
	InLastMinute int
	// IDStep is the distance of ids that one statement inserts (1 but on clusters).
	IDStep int64
}

// SendFacts reads them in one statement; Advance must have locked the conversation.
// Counting starts after since.
func (s *Store) SendFacts(ctx context.Context, tx *sqlx.Tx, conversation, sender int64, since, now time.Time) (f SendFacts, err error) {
	text, args := s.sendFactsText(conversation, sender, since, now)
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return f, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Fact
		var web sql.NullBool
		var settings sql.NullString
		var bell sql.NullInt64
		if err := rows.Scan(&f.Type, &f.Seq, &f.ActivityAt, &f.Paired, &f.InLastMinute, &f.IDStep,
			&p.User, &p.Left, &p.Deleted, &p.Unread, &p.Blocked, &p.Muted, &p.Exists,
			&p.Banned, &p.SenderBlocks, &p.BlocksSender, &web, &settings, &bell); err != nil {
			return f, err
		}
		if web.Valid {
			p.NotifyWeb = &web.Bool
		}
		p.Settings, p.Bell = settings.String, bell.Int64
		f.People = append(f.People, p)
	}
	return f, rows.Err()
}

func (s *Store) sendFactsText(conversation, sender int64, since, now time.Time) (string, []any) {
	args := []any{sender, since}
	text := `SELECT c.type, c.last_seq, c.last_activity_at, c.direct_high IS NOT NULL,
		(SELECT COUNT(*) FROM ` + s.t.Messages + ` m FORCE INDEX (sender) WHERE m.sender_id = ? AND m.created_at > ? AND m.kind = 0),
		@@auto_increment_increment,
		p.user_id, p.left_at IS NOT NULL, p.deleted_at IS NOT NULL, p.has_unread, p.is_blocked, p.is_muted, u.ID IS NOT NULL`
	from := `
		FROM ` + s.t.Conversations + ` c
		STRAIGHT_JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id
		LEFT JOIN ` + s.wp.Users + ` u ON u.ID = p.user_id`
	if s.features.Jetonomy {
		text += `,
		p.user_id <> ? AND EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r
			WHERE r.user_id = p.user_id AND r.type = 'global_ban' AND ` + inForce("r") + `),
		EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = ? AND b.blocked_id = p.user_id),
		EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = p.user_id AND b.blocked_id = ?),
		pref.notify_web, IF(pref.notify_web IS NULL AND p.user_id <> ?, prof.settings, NULL)`
		args = append(args, sender, now, sender, sender, sender)
		from += `
		LEFT JOIN ` + s.t.Preferences + ` pref ON pref.user_id = p.user_id
		LEFT JOIN ` + s.wp.JTProfiles + ` prof ON prof.user_id = p.user_id`
	} else {
		text += `, 0, 0, 0, NULL, NULL`
	}
	if s.features.Jetonomy && s.features.JetonomyBell {
		text += `, bell.id`
		from += `
		LEFT JOIN ` + s.wp.JTNotifications + ` bell ON bell.id = p.bell_id AND bell.user_id = p.user_id
			AND bell.is_read = 0`
	} else {
		text += `, NULL`
	}
	return text + from + ` WHERE c.id = ?`, append(args, conversation)
}

// NthNewest returns when a sender's nth newest message was written (n from 1): with a
// limit of n a minute, the next is allowed a minute after it.
func (s *Store) NthNewest(ctx context.Context, tx *sqlx.Tx, sender int64, n int) (at time.Time, err error) {
	err = tx.QueryRowContext(ctx, `SELECT created_at FROM `+s.t.Messages+` FORCE INDEX (sender)
		WHERE sender_id = ? AND kind = 0 ORDER BY created_at DESC LIMIT 1 OFFSET ?`, sender, n-1).Scan(&at)
	return at, err
}

// NewMessage is a message to be written. Body is its folded text; "" writes none.
type NewMessage struct {
	Conversation   int64
	Seq            int64
	Sender         int64
	Kind           int
	Format         int
	Subject        string // kept only with Format 1
	Content, Plain string
	ClientID       string
	At             time.Time
	Body           string
}

// InsertMessage writes a message and its text for searching, and returns its id. The
// error is mysql.IsDuplicate of key client when the client id was used before.
func (s *Store) InsertMessage(ctx context.Context, tx *sqlx.Tx, m NewMessage) (int64, error) {
	var clientID []byte
	if m.ClientID != "" {
		clientID = []byte(m.ClientID)
	}
	plain := sql.NullString{String: m.Plain, Valid: m.Plain != m.Content}
	subject := sql.NullString{String: m.Subject, Valid: m.Format == formatBuddyPress}
	id, err := inserted(tx.ExecContext(ctx, `INSERT INTO `+s.t.Messages+`
		(conversation_id, seq, sender_id, kind, format, subject, content, plain, client_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.Conversation, m.Seq, m.Sender, m.Kind, m.Format, subject, m.Content, plain, clientID, m.At))
	if err != nil || m.Body == "" {
		return id, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+s.t.MessageText+`
		(conversation_id, message_id, sender_id, body) VALUES (?, ?, ?, ?)`,
		m.Conversation, id, m.Sender, cut(m.Body, bodyBytes))
	return id, err
}

// Deliver brings everybody still in a conversation up to date with a message: it is
// the newest activity, ends archive and deletion, is unread for all but the sender and
// read by the sender. With keep the sender's own state stays as it is, but for the
// moment of sending: what they have not read, archived or deleted. The bell rows that
// are there go with it.
func (s *Store) Deliver(ctx context.Context, tx *sqlx.Tx, m NewMessage, activity time.Time, b Bells, keep bool) error {
	mine := `p.user_id = ` + strconv.FormatInt(m.Sender, 10)
	text, args := `UPDATE `+s.t.Participants+` p`, make([]any, 0, 16)
	present := b.present()
	if len(present) > 0 {
		// In this statement rather than one of their own: one less in every message to
		// somebody who has not read the last one.
		text += ` LEFT JOIN ` + s.wp.JTNotifications + ` n ON n.id = p.bell_id AND n.id IN (` + marks(len(present)) + `)`
		args = append(args, anys(present)...)
	}
	text += ` SET p.last_activity_at = ?, p.last_sent_at = IF(` + mine + `, ?, p.last_sent_at),
		p.sender_only = IF(` + mine + `, p.sender_only, 0), `
	args = append(args, activity, m.At)
	if keep {
		text += `p.is_archived = IF(` + mine + `, p.is_archived, 0), p.folder = IF(` + mine + `, p.folder, 0),
			p.deleted_at = IF(` + mine + `, p.deleted_at, NULL),
			p.has_unread = IF(` + mine + `, p.has_unread, 1), p.unread_count = p.unread_count + IF(` + mine + `, 0, 1)`
	} else {
		text += `p.is_archived = 0, p.folder = 0, p.deleted_at = NULL,
			p.has_unread = IF(` + mine + `, 0, 1), p.unread_count = IF(` + mine + `, 0, p.unread_count + 1),
			p.last_read_seq = IF(` + mine + `, ?, p.last_read_seq), p.last_read_at = IF(` + mine + `, ?, p.last_read_at)`
		args = append(args, m.Seq, m.At)
	}
	if !keep || len(b.Inserted) > 0 {
		text += `, p.bell_id = CASE p.user_id`
		if !keep {
			text, args = text+` WHEN ? THEN NULL`, append(args, m.Sender)
		}
		for user, bell := range b.Inserted {
			text, args = text+` WHEN ? THEN ?`, append(args, user, bell)
		}
		text += ` ELSE p.bell_id END`
	}
	if len(present) > 0 {
		text += `, n.actor_id = IF(` + mine + `, n.actor_id, ?), n.message = IF(` + mine + `, n.message, ?),
			n.created_at = IF(` + mine + `, n.created_at, ?), n.is_read = IF(` + mine + `, 1, 0)`
		args = append(args, b.Text.Actor, b.Text.Text, b.Text.At)
	}
	_, err := tx.ExecContext(ctx, text+` WHERE p.conversation_id = ? AND p.left_at IS NULL`, append(args, m.Conversation)...)
	return err
}

// affected tells whether a statement changed a row.
func affected(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func inserted(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// cut shortens text to at most max bytes, between code points.
func cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return text[:max]
}
