package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Conversation is a row of the conversations table together with what the statement
// that read it knows about the viewer.
type Conversation struct {
	ID        int64
	Type      int
	Title     string // "" without one
	CreatedBy int64
	CreatedAt time.Time
	// LastAt, Preview and Count are about messages, not notices; LastAt is the zero
	// time while there is none.
	LastAt  time.Time
	Preview string
	Count   int64
	LastSeq int64
	// DirectHigh is set on the one direct thread a pair reuses.
	DirectHigh int64
	// Silenced tells whether the viewer is, at this moment.
	Silenced bool
}

// Participant is a row of the participants table.
type Participant struct {
	RowID        int64
	Conversation int64
	User         int64
	JoinedAt     time.Time
	LeftAt       time.Time // zero: still in
	LeftSeq      int64
	LastReadSeq  int64
	LastReadAt   time.Time // zero: never
	Unread       int
	Muted        bool
	Archived     bool
	Blocked      bool
	SenderOnly   bool
	DeletedAt    time.Time // zero: not deleted
	BellID       int64     // 0: none
	// HidesReceipts and HidesPresence are the member's choices; known of those that
	// Participants reads.
	HidesReceipts, HidesPresence bool
	// Apart tells that the viewer Participants was asked for and this member are kept
	// apart by a block of the community, whoever set it.
	Apart bool
}

const conversationColumns = `c.id, c.type, c.title, c.created_by, c.created_at, c.last_message_at,
	c.last_message_preview, c.message_count, c.last_seq, c.direct_high`

func (c *Conversation) scan(rows interface{ Scan(...any) error }, more ...any) error {
	var title, preview sql.NullString
	var lastAt sql.NullTime
	var high sql.NullInt64
	into := append(make([]any, 0, 16), &c.ID, &c.Type, &title, &c.CreatedBy, &c.CreatedAt, &lastAt,
		&preview, &c.Count, &c.LastSeq, &high)
	if err := rows.Scan(append(into, more...)...); err != nil {
		return err
	}
	c.Title, c.LastAt, c.Preview, c.DirectHigh = title.String, lastAt.Time, preview.String, high.Int64
	return nil
}

// read is scan for the statements of pages; it keeps nothing on the heap but the texts.
func (c *Conversation) read(r mysql.Row) {
	c.ID, c.Type, c.Title, c.CreatedBy = r.Int(0), int(r.Int(1)), r.Text(2), r.Int(3)
	c.CreatedAt, c.LastAt, c.Preview = r.Time(4), r.Time(5), r.Text(6)
	c.Count, c.LastSeq, c.DirectHigh = r.Int(7), r.Int(8), r.Int(9)
}

// conversationWidth is the number of conversationColumns.
const conversationWidth = 10

const participantColumns = `p.id, p.conversation_id, p.user_id, p.joined_at, p.left_at, p.left_seq,
	p.last_read_seq, p.last_read_at, p.unread_count, p.is_muted, p.is_archived, p.is_blocked,
	p.sender_only, p.deleted_at, p.bell_id`

// participantWidth is the number of participantColumns.
const participantWidth = 15

// read takes a row of participantColumns.
func (p *Participant) read(r mysql.Row) {
	p.RowID, p.Conversation, p.User = r.Int(0), r.Int(1), r.Int(2)
	p.JoinedAt, p.LeftAt, p.LeftSeq = r.Time(3), r.Time(4), r.Int(5)
	p.LastReadSeq, p.LastReadAt, p.Unread = r.Int(6), r.Time(7), int(r.Int(8))
	p.Muted, p.Archived, p.Blocked, p.SenderOnly = r.Bool(9), r.Bool(10), r.Bool(11), r.Bool(12)
	p.DeletedAt, p.BellID = r.Time(13), r.Int(14)
}

// silenced is a condition about the viewer, worth one look at an index; its
// parameters are the viewer and the moment. It reads nothing on a site without Jetonomy.
func (s *Store) silenced(viewer int64, now time.Time) (expr string, args []any) {
	if !s.features.Jetonomy {
		return `0`, nil
	}
	return `EXISTS (SELECT 1 FROM ` + s.wp.JTRestrictions + ` r WHERE r.user_id = ?
		AND r.type = 'silence' AND ` + inForce("r") + `)`, []any{viewer, now}
}

// Conversations reads conversations by id, for a viewer, in no particular order.
func (s *Store) Conversations(ctx context.Context, viewer int64, ids []int64, now time.Time) ([]Conversation, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	silenced, args := s.silenced(viewer, now)
	return s.conversations(ctx, len(ids), `SELECT `+conversationColumns+`, `+silenced+`
		FROM `+s.t.Conversations+` c WHERE c.id IN (`+marks(len(ids))+`)`, append(args, anys(ids)...)...)
}

func (s *Store) conversations(ctx context.Context, expect int, query string, args ...any) ([]Conversation, error) {
	out := make([]Conversation, 0, expect)
	err := mysql.Query(ctx, s.db.DB, query, args, func(r mysql.Row) {
		out = append(out, Conversation{Silenced: r.Bool(conversationWidth)})
		out[len(out)-1].read(r)
	})
	return out, err
}

// Participants reads everybody of some conversations, those who left included, in
// the order of the primary key, as viewer, 0 for nobody, stands to them.
func (s *Store) Participants(ctx context.Context, viewer int64, conversations []int64) ([]Participant, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	text, args := s.participantsText(viewer, conversations)
	out := make([]Participant, 0, 3*len(conversations))
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, Participant{HidesReceipts: r.Bool(participantWidth), HidesPresence: r.Bool(participantWidth + 1),
			Apart: r.Bool(participantWidth + 2)})
		out[len(out)-1].read(r)
	})
	return out, err
}

func (s *Store) participantsText(viewer int64, conversations []int64) (string, []any) {
	apart, args := `0`, []any(nil)
	if s.features.Jetonomy && viewer > 0 {
		apart = `EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id = ? AND b.blocked_id = p.user_id)
			OR EXISTS (SELECT 1 FROM ` + s.wp.JTBlockedUsers + ` o WHERE o.blocker_id = p.user_id AND o.blocked_id = ?)`
		args = []any{viewer, viewer}
	}
	return `SELECT ` + participantColumns + `, COALESCE(pref.receipts = 0, 0), COALESCE(pref.presence = 0, 0), ` + apart + `
		FROM ` + s.t.Participants + ` p LEFT JOIN ` + s.t.Preferences + ` pref ON pref.user_id = p.user_id
		WHERE p.conversation_id IN (` + marks(len(conversations)) + `)`, append(args, anys(conversations)...)
}

// Place is a member's place in a conversation, and what a page of its thread needs.
type Place struct {
	Conversation
	// Mine is nil when the member is no participant.
	Mine *Participant
}

// PlaceOf reads a conversation and the member's own row in it. found is false when
// there is no such conversation.
func (s *Store) PlaceOf(ctx context.Context, conversation, user int64) (p Place, found bool, err error) {
	err = mysql.Query(ctx, s.db.DB, s.placeText(), []any{user, conversation}, func(r mysql.Row) {
		found = true
		p.Conversation.read(r)
		if mine := r[conversationWidth:]; !mine.Null(0) {
			p.Mine = new(Participant)
			p.Mine.read(mine)
		}
	})
	return p, found && err == nil, err
}

func (s *Store) placeText() string {
	return `SELECT ` + conversationColumns + `, ` + participantColumns + `
		FROM ` + s.t.Conversations + ` c
		LEFT JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id AND p.user_id = ?
		WHERE c.id = ?`
}

// LockPlace is PlaceOf in a transaction that locks the conversation's row and then the
// member's own.
func (s *Store) LockPlace(ctx context.Context, tx *sqlx.Tx, conversation, user int64) (p Place, found bool, err error) {
	var mine nullParticipant
	err = p.Conversation.scan(tx.QueryRowContext(ctx, s.placeText()+` FOR UPDATE`, user, conversation), mine.into()...)
	if err == sql.ErrNoRows {
		return p, false, nil
	}
	p.Mine = mine.value()
	return p, err == nil, err
}

// nullParticipant receives a participant's columns of an outer join.
type nullParticipant struct {
	id, conversation, user, leftSeq, readSeq, unread, bell sql.NullInt64
	joined, left, read, deleted                            sql.NullTime
	muted, archived, blocked, senderOnly                   sql.NullBool
}

func (n *nullParticipant) into() []any {
	return []any{&n.id, &n.conversation, &n.user, &n.joined, &n.left, &n.leftSeq, &n.readSeq, &n.read,
		&n.unread, &n.muted, &n.archived, &n.blocked, &n.senderOnly, &n.deleted, &n.bell}
}

func (n *nullParticipant) value() *Participant {
	if !n.id.Valid {
		return nil
	}
	return &Participant{RowID: n.id.Int64, Conversation: n.conversation.Int64, User: n.user.Int64,
		JoinedAt: n.joined.Time, LeftAt: n.left.Time, LeftSeq: n.leftSeq.Int64, LastReadSeq: n.readSeq.Int64,
		LastReadAt: n.read.Time, Unread: int(n.unread.Int64), Muted: n.muted.Bool, Archived: n.archived.Bool,
		Blocked: n.blocked.Bool, SenderOnly: n.senderOnly.Bool, DeletedAt: n.deleted.Time, BellID: n.bell.Int64}
}

// FrozenAt reads what a conversation looked like when its newest row was seq: the
// time and text of the last message then, and how many there were.
func (s *Store) FrozenAt(ctx context.Context, conversation, seq int64) (lastAt time.Time, plain string, count int64, err error) {
	var at sql.NullTime
	var text sql.NullString
	bound := strconv.FormatInt(seq, 10)
	err = s.db.QueryRowContext(ctx, `SELECT n.count, m.created_at, COALESCE(m.plain, m.content)
		FROM (SELECT COUNT(*) AS count, MAX(seq) AS seq FROM `+s.t.Messages+`
		       WHERE conversation_id = ? AND seq <= `+bound+` AND kind = 0) n
		LEFT JOIN `+s.t.Messages+` m ON m.conversation_id = ? AND m.seq = n.seq`,
		conversation, conversation).Scan(&count, &at, &text)
	return at.Time, text.String, count, err
}
