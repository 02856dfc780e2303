package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Traces is how much of a member is in the tables.
type Traces struct {
	Conversations int64 // the member takes part in, left or deleted ones included
	Messages      int64 // the member wrote, notices included
	Stars         int64
	Reports       int64 // the member made, or that are about them
	Preferences   int64
	Seen          int64 // 1: when the member was last there, and where
	Notifications int64 // bell rows and BuddyPress notifications for the member
}

// Empty tells that there is nothing.
func (t Traces) Empty() bool { return t == Traces{} }

// Traces counts them, each over an index but the reports, of which there are few.
func (s *Store) Traces(ctx context.Context, user int64) (t Traces, err error) {
	text := `SELECT
		(SELECT COUNT(*) FROM ` + s.t.Participants + ` WHERE user_id = ?),
		(SELECT COUNT(*) FROM ` + s.t.Messages + ` FORCE INDEX (sender) WHERE sender_id = ?),
		(SELECT COUNT(*) FROM ` + s.t.Stars + ` WHERE user_id = ?),
		(SELECT COUNT(*) FROM ` + s.t.Reports + ` WHERE reporter_id = ? OR reported_id = ?),
		(SELECT COUNT(*) FROM ` + s.t.Preferences + ` WHERE user_id = ?),
		EXISTS (SELECT 1 FROM ` + s.t.LastSeen + ` WHERE user_id = ?) OR EXISTS (SELECT 1 FROM ` + s.t.Presence + ` WHERE user_id = ?)`
	args := []any{user, user, user, user, user, user, user, user}
	rest := `0`
	if s.features.Jetonomy && s.features.JetonomyBell {
		rest += ` + (SELECT COUNT(*) FROM ` + s.wp.JTNotifications + ` WHERE user_id = ? AND object_type = 'message')`
		args = append(args, user)
	}
	if s.features.BuddyPress {
		rest += ` + (SELECT COUNT(*) FROM ` + s.wp.BPNotifications + ` n WHERE n.user_id = ? AND ` + noticeOf + `)`
		args = append(args, user)
	}
	err = s.db.QueryRowContext(ctx, text+`, `+rest, args...).Scan(&t.Conversations, &t.Messages, &t.Stars,
		&t.Reports, &t.Preferences, &t.Seen, &t.Notifications)
	return t, err
}

// ConversationsOf returns conversations a member has a row in, by id, after one.
func (s *Store) ConversationsOf(ctx context.Context, user, after int64, limit int) (ids []int64, err error) {
	err = s.db.SelectContext(ctx, &ids, `SELECT conversation_id FROM `+s.t.Participants+`
		WHERE user_id = ? AND conversation_id > ? ORDER BY conversation_id LIMIT ?`, user, after, limit)
	return ids, err
}

// WrittenOutside returns conversations a member wrote in or began without having a row.
func (s *Store) WrittenOutside(ctx context.Context, user int64) (ids []int64, err error) {
	err = s.db.SelectContext(ctx, &ids, `
		SELECT x.id FROM (
			SELECT DISTINCT conversation_id AS id FROM `+s.t.Messages+` FORCE INDEX (sender) WHERE sender_id = ?
			UNION SELECT id FROM `+s.t.Conversations+` WHERE created_by = ?) x
		WHERE NOT EXISTS (SELECT 1 FROM `+s.t.Participants+` p WHERE p.conversation_id = x.id AND p.user_id = ?)
		ORDER BY x.id`, user, user, user)
	return ids, err
}

// OwnMessages reads what a member wrote in a conversation, oldest first after an id,
// and which of it they starred. Notices are left out.
func (s *Store) OwnMessages(ctx context.Context, conversation, user, after int64, limit int) ([]ThreadMessage, error) {
	out := make([]ThreadMessage, 0, limit)
	err := mysql.Query(ctx, s.db.DB, `SELECT `+messageColumns+`, `+s.starred()+`
		FROM `+s.t.Messages+` m FORCE INDEX (PRIMARY)
		WHERE m.conversation_id = ? AND m.id > ? AND m.sender_id = ? AND m.kind = 0 ORDER BY m.id LIMIT ?`,
		[]any{user, conversation, after, user, limit}, func(r mysql.Row) {
			m := ThreadMessage{Starred: r.Bool(10)}
			m.read(r)
			out = append(out, m)
		})
	return out, err
}

// EraseMessages takes a member's name off at most limit of their messages and notices
// in a conversation, whose lock the caller holds. n is how many there were. Notices
// name whom they are about; they get the text given.
func (s *Store) EraseMessages(ctx context.Context, tx *sqlx.Tx, conversation, user int64, limit int, notice string) (n int, err error) {
	var ids []int64
	err = tx.SelectContext(ctx, &ids, `SELECT id FROM `+s.t.Messages+` FORCE INDEX (PRIMARY)
		WHERE conversation_id = ? AND sender_id = ? ORDER BY id LIMIT ?`, conversation, user, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	args := append([]any{notice, conversation}, anys(ids)...)
	_, err = tx.ExecContext(ctx, `UPDATE `+s.t.Messages+`
		SET sender_id = 0, client_id = NULL, plain = IF(kind = 1, NULL, plain), content = IF(kind = 1, ?, content)
		WHERE conversation_id = ? AND id IN (`+marks(len(ids))+`)`, args...)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+s.t.MessageText+` SET sender_id = 0
		WHERE conversation_id = ? AND message_id IN (`+marks(len(ids))+`)`, args[1:]...)
	return len(ids), err
}

// ErasePlace takes a member out of a conversation: their row, stars, blocks, bell rows
// and notifications, those others have of their messages, and their name as the one
// who began it. keepSeat leaves the row to nobody (user 0), so that the other side of
// a direct conversation sees that somebody was there. people are everybody's ids.
func (s *Store) ErasePlace(ctx context.Context, tx *sqlx.Tx, conversation, user int64, people []int64, keepSeat bool) error {
	steps := []statement{
		{`DELETE FROM ` + s.t.Stars + ` WHERE user_id = ? AND conversation_id = ?`, []any{user, conversation}},
		{`UPDATE ` + s.t.Conversations + ` SET created_by = IF(created_by = ?, 0, created_by),
			direct_low = NULL, direct_high = NULL WHERE id = ? AND type = 1`, []any{user, conversation}},
		{`UPDATE ` + s.t.Conversations + ` SET created_by = 0 WHERE id = ? AND created_by = ?`, []any{conversation, user}},
		// A block stands on the other side's row, and nobody is left to have set it.
		{`UPDATE ` + s.t.Participants + ` p JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id AND c.type = 1
			SET p.is_blocked = 0 WHERE p.conversation_id = ? AND p.user_id <> ?`, []any{conversation, user}},
	}
	if s.features.Jetonomy && s.features.JetonomyBell {
		steps = append(steps, statement{`DELETE FROM ` + s.wp.JTNotifications + ` WHERE user_id IN (` + marks(len(people)) + `)
			AND object_type = 'message' AND object_id = ? AND (user_id = ? OR actor_id = ?)`,
			append(anys(people), conversation, user, user)})
	}
	if keepSeat {
		steps = append(steps, statement{`UPDATE IGNORE ` + s.t.Participants + ` p
			JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id
			SET p.user_id = 0, p.folder = IF(p.left_at IS NULL, 0, 2), p.is_archived = 0, p.is_muted = 0, p.is_blocked = 0,
			    p.unread_count = 0, p.has_unread = 0, p.last_read_seq = c.last_seq, p.last_read_at = NULL,
			    p.deleted_at = NULL, p.bell_id = NULL, p.last_activity_at = IF(p.left_at IS NULL, c.last_activity_at, p.last_activity_at)
			WHERE p.conversation_id = ? AND p.user_id = ?`, []any{conversation, user}})
	}
	steps = append(steps, s.forgetReached(conversation, user))
	// The row itself; after keepSeat only where somebody else was erased before.
	steps = append(steps, statement{`DELETE FROM ` + s.t.Participants + ` WHERE conversation_id = ? AND user_id = ?`, []any{conversation, user}})
	return run(ctx, tx, steps)
}

// statement is a text and its parameters.
type statement struct {
	text string
	args []any
}

func run(ctx context.Context, tx *sqlx.Tx, steps []statement) error {
	for _, q := range steps {
		if _, err := tx.ExecContext(ctx, q.text, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// EraseRest removes what is left of a member beside conversations: preferences, stars,
// whether and when they were there, what reached them, notifications for them and about what
// they wrote, and their name in reports. Every statement is a bounded one of its own, so that
// an end in between leaves the rest for another run.
func (s *Store) EraseRest(ctx context.Context, user int64) error {
	steps := []statement{
		{`DELETE FROM ` + s.t.Preferences + ` WHERE user_id = ? LIMIT ?`, []any{user}},
		{`DELETE FROM ` + s.t.Stars + ` WHERE user_id = ? LIMIT ?`, []any{user}},
		{`DELETE FROM ` + s.t.Presence + ` WHERE user_id = ? LIMIT ?`, []any{user}},
		{`DELETE FROM ` + s.t.LastSeen + ` WHERE user_id = ? LIMIT ?`, []any{user}},
		{`DELETE FROM ` + s.t.Deliveries + ` WHERE user_id = ? LIMIT ?`, []any{user}},
		// Two who are gone may have reported the same; of those, one is enough.
		{`UPDATE IGNORE ` + s.t.Reports + ` SET reporter_id = 0 WHERE reporter_id = ? LIMIT ?`, []any{user}},
		{`DELETE FROM ` + s.t.Reports + ` WHERE reporter_id = ? LIMIT ?`, []any{user}},
		{`UPDATE ` + s.t.Reports + ` SET reported_id = 0 WHERE reported_id = ? LIMIT ?`, []any{user}},
	}
	if s.features.Jetonomy && s.features.JetonomyBell {
		steps = append(steps, statement{`DELETE FROM ` + s.wp.JTNotifications + ` WHERE user_id = ? AND object_type = 'message' LIMIT ?`, []any{user}})
	}
	if s.features.BuddyPress {
		const of = ` AND component_name = 'messages' AND component_action = 'new_message' LIMIT ?`
		steps = append(steps,
			statement{`DELETE FROM ` + s.wp.BPNotifications + ` WHERE user_id = ?` + of, []any{user}},
			statement{`DELETE FROM ` + s.wp.BPNotifications + ` WHERE secondary_item_id = ?` + of, []any{user}})
	}
	for _, q := range steps {
		for {
			done, err := s.db.ExecContext(ctx, q.text, append(q.args[:1:1], purgePerStatement)...)
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil {
				return err
			} else if n < purgePerStatement {
				break
			}
		}
	}
	return nil
}

// ReportMade is a report with its id.
type ReportMade struct {
	ID int64
	Report
}

// ReportsBy reads what a member reported, oldest first.
func (s *Store) ReportsBy(ctx context.Context, user int64) ([]ReportMade, error) {
	var out []ReportMade
	err := mysql.Query(ctx, s.db.DB, `SELECT id, reported_id, conversation_id, message_id, reason, description, created_at
		FROM `+s.t.Reports+` WHERE reporter_id = ? ORDER BY id`, []any{user}, func(r mysql.Row) {
		out = append(out, ReportMade{r.Int(0), Report{Reporter: user, Reported: r.Int(1), Conversation: r.Int(2),
			Message: r.Int(3), Reason: r.Text(4), Description: r.Text(5), At: r.Time(6)}})
	})
	return out, err
}

// StarOf is a message of somebody else that a member starred.
type StarOf struct {
	Message, Sender int64
	At              time.Time // when it was written
}

// StarsOf reads a member's stars in a conversation on messages of others.
func (s *Store) StarsOf(ctx context.Context, conversation, user int64) ([]StarOf, error) {
	var out []StarOf
	err := mysql.Query(ctx, s.db.DB, `SELECT m.id, m.sender_id, m.created_at
		FROM `+s.t.Stars+` s JOIN `+s.t.Messages+` m ON m.conversation_id = s.conversation_id AND m.id = s.message_id
		WHERE s.user_id = ? AND s.conversation_id = ? AND m.sender_id <> ? ORDER BY m.id`,
		[]any{user, conversation, user}, func(r mysql.Row) {
			out = append(out, StarOf{r.Int(0), r.Int(1), r.Time(2)})
		})
	return out, err
}

// AuditErased is the action of the audit log that an erasure leaves.
const AuditErased = "member.erase"

// Erased reads who was erased, and when last.
func (s *Store) Erased(ctx context.Context) (map[int64]time.Time, error) {
	out := map[int64]time.Time{}
	err := mysql.Query(ctx, s.db.DB, `SELECT member_id, MAX(created_at) FROM `+s.t.AuditLog+`
		WHERE action = ? AND member_id IS NOT NULL GROUP BY member_id`, []any{AuditErased}, func(r mysql.Row) {
		out[r.Int(0)] = r.Time(1)
	})
	return out, err
}
