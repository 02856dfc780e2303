package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Candidate is what the rules need to know about somebody a conversation is to be
// started with.
type Candidate struct {
	User         int64
	Exists       bool
	Banned       bool
	SharesSpace  bool // a space that counts for both
	SenderBlocks bool // community-wide
	BlocksSender bool
	// Pair is the direct thread of the two, 0 without one; BlockedInPair tells that
	// the candidate blocked the starter there, BlocksInPair that the starter did.
	Pair          int64
	BlockedInPair bool
	BlocksInPair  bool
	NotifyWeb     *bool
	Settings      string
}

// StartFacts are read at once before a conversation is started.
type StartFacts struct {
	Trust int // 0 without a profile
	// InLastDay counts the conversations the starter created after dayAgo,
	// InLastMinute the messages they wrote after minuteAgo.
	InLastDay    int
	InLastMinute int
	IDStep       int64
	Candidates   []Candidate // in the order asked for
}

// StartFacts reads them in one statement.
func (s *Store) StartFacts(ctx context.Context, starter int64, others []int64, dayAgo, minuteAgo, now time.Time) (f StartFacts, err error) {
	text, args := s.startFactsText(starter, others, dayAgo, minuteAgo, now)
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return f, err
	}
	defer rows.Close()
	found := make(map[int64]Candidate, len(others))
	for rows.Next() {
		var c Candidate
		var web sql.NullBool
		var settings sql.NullString
		var pair sql.NullInt64
		if err := rows.Scan(&f.InLastDay, &f.InLastMinute, &f.IDStep, &c.User, &c.Exists, &pair, &c.BlockedInPair, &c.BlocksInPair,
			&f.Trust, &c.Banned, &c.SharesSpace, &c.SenderBlocks, &c.BlocksSender, &web, &settings); err != nil {
			return f, err
		}
		if web.Valid {
			c.NotifyWeb = &web.Bool
		}
		c.Settings, c.Pair = settings.String, pair.Int64
		found[c.User] = c
	}
	for _, id := range others {
		f.Candidates = append(f.Candidates, found[id])
	}
	return f, rows.Err()
}

func (s *Store) startFactsText(starter int64, others []int64, dayAgo, minuteAgo, now time.Time) (string, []any) {
	args := []any{starter, dayAgo, starter, minuteAgo}
	text := `SELECT
		(SELECT COUNT(*) FROM ` + s.t.Conversations + ` d WHERE d.created_by = ? AND d.created_at > ?),
		(SELECT COUNT(*) FROM ` + s.t.Messages + ` m FORCE INDEX (sender) WHERE m.sender_id = ? AND m.created_at > ? AND m.kind = 0),
		@@auto_increment_increment,
		w.id, u.ID IS NOT NULL, pair.id, COALESCE(mine.is_blocked, 0), COALESCE(peer.is_blocked, 0)`
	wanted := `SELECT CAST(? AS UNSIGNED) AS id` + strings.Repeat(` UNION ALL SELECT ?`, len(others)-1)
	from := `
		FROM (` + wanted + `) w
		LEFT JOIN ` + s.wp.Users + ` u ON u.ID = w.id
		LEFT JOIN ` + s.t.Conversations + ` pair ON pair.direct_low = LEAST(w.id, ?) AND pair.direct_high = GREATEST(w.id, ?)
		LEFT JOIN ` + s.t.Participants + ` mine ON mine.conversation_id = pair.id AND mine.user_id = ?
		LEFT JOIN ` + s.t.Participants + ` peer ON peer.conversation_id = pair.id AND peer.user_id = w.id`
	fromArgs := append(anys(others), starter, starter, starter)
	if !s.features.Jetonomy {
		return text + `, 0, 0, 0, 0, 0, NULL, NULL` + from, append(args, fromArgs...)
	}
	banned := func(user string) string {
		return `EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r WHERE r.user_id = ` + user + `
			AND r.type = 'space_ban' AND r.space_id = a.space_id AND ` + inForce("r") + `)`
	}
	text += `,
		COALESCE((SELECT t.trust_level FROM ` + s.wp.JTProfiles + ` t WHERE t.user_id = ?), 0),
		EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r
			WHERE r.user_id = w.id AND r.type = 'global_ban' AND ` + inForce("r") + `),
		EXISTS (SELECT 1 FROM ` + s.wp.JTSpaceMembers + ` a
			JOIN ` + s.wp.JTSpaceMembers + ` o ON o.space_id = a.space_id AND o.user_id = w.id
			WHERE a.user_id = ? AND NOT ` + banned("a.user_id") + ` AND NOT ` + banned("o.user_id") + `),
		EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = ? AND b.blocked_id = w.id),
		EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = w.id AND b.blocked_id = ?),
		pref.notify_web, IF(pref.notify_web IS NULL, prof.settings, NULL)`
	args = append(args, starter, now, starter, now, now, starter, starter)
	from += `
		LEFT JOIN ` + s.t.Preferences + ` pref ON pref.user_id = w.id
		LEFT JOIN ` + s.wp.JTProfiles + ` prof ON prof.user_id = w.id`
	return text + from, append(args, fromArgs...)
}

// NthNewestConversation returns when the nth newest conversation of a creator was
// made (n from 1).
func (s *Store) NthNewestConversation(ctx context.Context, creator int64, n int) (at time.Time, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT created_at FROM `+s.t.Conversations+`
		WHERE created_by = ? ORDER BY created_at DESC LIMIT 1 OFFSET ?`, creator, n-1).Scan(&at)
	return at, err
}

// NewConversation is a conversation to be made together with its first message.
type NewConversation struct {
	Type      int
	Title     string // "" = none
	CreatedBy int64
	// Low and High are the pair of a direct thread, 0 on others.
	Low, High int64
	At        time.Time
	Preview   string
}

// InsertConversation makes a conversation that already counts its first message,
// sequence 1. The error is mysql.IsDuplicate of key direct_pair when the pair has one.
func (s *Store) InsertConversation(ctx context.Context, tx *sqlx.Tx, c NewConversation) (int64, error) {
	pair := func(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: c.Low != 0} }
	return inserted(tx.ExecContext(ctx, `INSERT INTO `+s.t.Conversations+`
		(type, title, created_by, direct_low, direct_high, last_seq, message_count,
		 last_message_at, last_message_preview, last_activity_at, created_at)
		VALUES (?, ?, ?, ?, ?, 1, 1, ?, ?, ?, ?)`,
		c.Type, sql.NullString{String: c.Title, Valid: c.Title != ""}, c.CreatedBy, pair(c.Low), pair(c.High),
		c.At, c.Preview, c.At, c.At))
}

// InsertParticipants puts the others and then the creator into a new conversation
// whose first message, sequence 1, is the creator's. Without others it is a note to
// self, which is received too. bells are the bell rows written for it.
func (s *Store) InsertParticipants(ctx context.Context, tx *sqlx.Tx, conversation, creator int64, others []int64, at time.Time, bells map[int64]int64) error {
	args := make([]any, 0, 11*(len(others)+1))
	for _, u := range others {
		bell := sql.NullInt64{Int64: bells[u], Valid: bells[u] != 0}
		args = append(args, conversation, u, at, at, 1, 1, 0, nil, bell, 0, nil)
	}
	toSelf := len(others) == 0
	args = append(args, conversation, creator, at, at, toSelf, toSelf, 1, at, nil, !toSelf, at)
	_, err := tx.ExecContext(ctx, `INSERT INTO `+s.t.Participants+`
		(conversation_id, user_id, last_activity_at, joined_at, unread_count, has_unread,
		 last_read_seq, last_read_at, bell_id, sender_only, last_sent_at)
		VALUES `+tuples(len(others)+1, 11), args...)
	return err
}

// PairOf returns the direct thread of two members, 0 without one.
func (s *Store) PairOf(ctx context.Context, low, high int64) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT id FROM `+s.t.Conversations+`
		WHERE direct_low = ? AND direct_high = ?`, low, high).Scan(&id)
	if err == sql.ErrNoRows {
		return 0, nil
	}
	return id, err
}
