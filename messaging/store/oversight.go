package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// OverseeFilter selects conversations of the whole site; zero values do not.
type OverseeFilter struct {
	Member        int64
	Before, After time.Time // last activity, exclusive
}

func (s *Store) oversee(f OverseeFilter) (from string, args []any) {
	from = ` FROM ` + s.t.Conversations + ` c`
	if f.Member != 0 {
		// From the member's rows to the conversations: the index inbox begins with user_id.
		from = ` FROM ` + s.t.Participants + ` p STRAIGHT_JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id`
	}
	var where []string
	if f.Member != 0 {
		where, args = append(where, `p.user_id = ?`), append(args, f.Member)
	}
	if !f.Before.IsZero() {
		where, args = append(where, `c.last_activity_at < ?`), append(args, f.Before)
	}
	if !f.After.IsZero() {
		where, args = append(where, `c.last_activity_at > ?`), append(args, f.After)
	}
	if len(where) > 0 {
		from += ` WHERE ` + strings.Join(where, ` AND `)
	}
	return from, args
}

// OverseeIDs returns a page of conversation ids, most recent activity first, and how
// many match. Without a member it walks the index activity backwards.
func (s *Store) OverseeIDs(ctx context.Context, f OverseeFilter, limit, offset int) (ids []int64, total int, err error) {
	from, args := s.oversee(f)
	if err := s.db.GetContext(ctx, &total, `SELECT COUNT(*)`+from, args...); err != nil {
		return nil, 0, err
	}
	err = s.db.SelectContext(ctx, &ids, `SELECT c.id`+from+`
		ORDER BY c.last_activity_at DESC, c.id DESC LIMIT ? OFFSET ?`, append(args, limit, offset)...)
	return ids, total, err
}

// OverseeMessages returns a page of a conversation, newest first by the index seq,
// notices included, and how many rows there are. found is false when there is no
// such conversation.
func (s *Store) OverseeMessages(ctx context.Context, conversation int64, limit, offset int) (out []Message, total int64, found bool, err error) {
	err = s.db.GetContext(ctx, &total, `SELECT last_seq FROM `+s.t.Conversations+` WHERE id = ?`, conversation)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, false, nil
	}
	if err != nil {
		return nil, 0, false, err
	}
	// Sequence numbers have no gaps, so a page is a range of them, however deep.
	newest := total - int64(offset)
	rows, err := s.db.QueryContext(ctx, `
		SELECT `+messageColumns+` FROM `+s.t.Messages+` m
		 WHERE m.conversation_id = ? AND m.seq <= ? AND m.seq > ?
		 ORDER BY m.seq DESC`, conversation, max(newest, 0), max(newest-int64(limit), 0))
	if err != nil {
		return nil, 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Message
		if err := m.scan(rows); err != nil {
			return nil, 0, false, err
		}
		out = append(out, m)
	}
	return out, total, true, rows.Err()
}

// purgePerStatement bounds one DELETE, so that none runs into the time limit of a
// statement however long the conversation is.
const purgePerStatement = 5000

// Purge removes a conversation in the given transaction: its texts, messages with
// their stars and fields, people, bell rows and notifications, and itself. What others wrote about it stays (reports, the audit
// log, events, none of which holds text of a message). It returns who was in it;
// found is false when there is no such conversation.
func (s *Store) Purge(ctx context.Context, tx *sqlx.Tx, conversation int64) (members []int64, found bool, err error) {
	var locked []int64
	err = tx.SelectContext(ctx, &locked, `SELECT id FROM `+s.t.Conversations+` WHERE id = ? FOR UPDATE`, conversation)
	if err != nil || len(locked) == 0 {
		return nil, false, err
	}
	err = tx.SelectContext(ctx, &members, `
		SELECT user_id FROM `+s.t.Participants+` WHERE conversation_id = ? ORDER BY user_id`, conversation)
	if err != nil {
		return nil, false, err
	}
	if err := s.purgeBell(ctx, tx, conversation, members); err != nil {
		return nil, false, err
	}
	if err := s.purgeNotices(ctx, tx, conversation); err != nil {
		return nil, false, err
	}
	for _, table := range []string{s.t.MessageText, s.t.MessageMeta, s.t.Stars, s.t.ImportOriginals, s.t.Deliveries, s.t.Messages, s.t.Participants} {
		if err := deleteAll(ctx, tx, `DELETE FROM `+table+` WHERE conversation_id = ? LIMIT ?`, conversation); err != nil {
			return nil, false, err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM `+s.t.Conversations+` WHERE id = ?`, conversation)
	return members, err == nil, err
}

// purgeBell goes through the members' own bell rows: jt_notifications has no index
// on what a row is about.
func (s *Store) purgeBell(ctx context.Context, tx *sqlx.Tx, conversation int64, members []int64) error {
	if !s.features.Jetonomy || len(members) == 0 {
		return nil
	}
	return deleteAll(ctx, tx, `
		DELETE FROM `+s.wp.JTNotifications+`
		 WHERE user_id IN (`+marks(len(members))+`)
		   AND object_type = 'message' AND object_id = ? LIMIT ?`, append(anys(members), conversation)...)
}

// deleteAll repeats a DELETE whose last parameter is its LIMIT until nothing is left.
func deleteAll(ctx context.Context, tx *sqlx.Tx, query string, args ...any) error {
	args = append(args, purgePerStatement)
	for {
		done, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n < purgePerStatement {
			return err
		}
	}
}

// Block is a block inside a direct thread: Blocker stopped Blocked.
type Block struct{ Conversation, Blocker, Blocked int64 }

// Blocks returns the blocks a member set and those set against them; with other,
// those between the two alone. A block is a flag on the blocked one's row.
func (s *Store) Blocks(ctx context.Context, member, other int64) ([]Block, error) {
	query := `
		SELECT p.conversation_id, o.user_id, p.is_blocked, o.is_blocked
		  FROM ` + s.t.Participants + ` p
		  STRAIGHT_JOIN ` + s.t.Participants + ` o ON o.conversation_id = p.conversation_id AND o.user_id <> p.user_id
		  STRAIGHT_JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id AND c.type = 1
		 WHERE p.user_id = ? AND (p.is_blocked = 1 OR o.is_blocked = 1)`
	args := []any{member}
	if other != 0 {
		query, args = query+` AND o.user_id = ?`, append(args, other)
	}
	rows, err := s.db.QueryContext(ctx, query+` ORDER BY p.conversation_id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Block
	for rows.Next() {
		var conversation, peer int64
		var memberBlocked, peerBlocked bool
		if err := rows.Scan(&conversation, &peer, &memberBlocked, &peerBlocked); err != nil {
			return nil, err
		}
		if peerBlocked {
			out = append(out, Block{conversation, member, peer})
		}
		if memberBlocked {
			out = append(out, Block{conversation, peer, member})
		}
	}
	return out, rows.Err()
}

// ClearBlock takes the flag of a block away under the conversation's lock. cleared
// is false when it was gone already.
func (s *Store) ClearBlock(ctx context.Context, tx *sqlx.Tx, b Block) (cleared bool, err error) {
	var locked []int64
	err = tx.SelectContext(ctx, &locked, `SELECT id FROM `+s.t.Conversations+` WHERE id = ? FOR UPDATE`, b.Conversation)
	if err != nil || len(locked) == 0 {
		return false, err
	}
	done, err := tx.ExecContext(ctx, `
		UPDATE `+s.t.Participants+` SET is_blocked = 0
		 WHERE conversation_id = ? AND user_id = ? AND is_blocked = 1`, b.Conversation, b.Blocked)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}
