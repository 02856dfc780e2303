package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// BulkConversation is a conversation as an importer writes it, whole and with the ids
// it is to have. What else the row of conversations holds follows from Messages.
type BulkConversation struct {
	ID        int64
	Type      int
	Title     string // "" = none
	CreatedBy int64
	CreatedAt time.Time
	// Low and High are set where it is the one direct conversation of two members.
	Low, High int64
	// Preview is the newest message's, notices left out.
	Preview string
	// Messages are in the order of their sequence: the first has sequence 1.
	Messages []BulkMessage
	People   []BulkPerson
	Stars    []BulkStar
	Meta     []BulkMeta
	// Threads are the rows of the journal, one for each thread of the source it is made of.
	Threads   []ImportThread
	Originals []Original
}

// BulkMessage is a message of a BulkConversation.
type BulkMessage struct {
	ID             int64
	Sender         int64
	Kind           int
	Format         int
	Subject        string // kept only with Format 1
	Content, Plain string
	// Body is the folded text for searching; "" writes none.
	Body string
	At   time.Time
}

// BulkPerson is somebody's place in a BulkConversation.
type BulkPerson struct {
	RowID       int64 // 0 lets the table choose
	User        int64
	Unread      int
	LastReadSeq int64
	LastReadAt  time.Time // zero: never
	Muted       bool
	Archived    bool
	Blocked     bool
	SenderOnly  bool
	JoinedAt    time.Time
	LeftAt      time.Time // zero: still in
	LeftSeq     int64
	DeletedAt   time.Time // zero: not deleted
	// LastSentAt is the time of the newest own message, zero without one. LastActivity
	// is the conversation's, zero for the newest message's: it differs for who left.
	LastSentAt   time.Time
	LastActivity time.Time
	// Stars are the messages the member starred, for the digest; in any order.
	Stars []int64
	// Touched tells that the row is no longer as an import left it. It stays so.
	Touched bool
	// Own tells that no import made the row.
	Own bool
}

// BulkStar is a member's star on a message written at At.
type BulkStar struct {
	User, Message int64
	At            time.Time
}

// BulkMeta is a field of a message; of Key and Value either may be NULL.
type BulkMeta struct {
	Message    int64
	Key, Value sql.NullString
}

// Original holds a source's own values where the message could not take them.
type Original struct {
	Source        int64
	SourceMessage int64
	Message       int64
	Sender        sql.NullInt64
	DateSent      sql.NullString
	Subject       []byte // nil: as in the message
	Content       []byte
}

// Digest is participants.imported_state of a row that is as an import leaves it: of
// everything in it that is the member's own state. It is never all zeros, which stands
// for a row that was found touched.
func (p *BulkPerson) Digest() [8]byte {
	h := fnv.New64a()
	var b [8]byte
	put := func(n int64) {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		_, _ = h.Write(b[:])
	}
	flag := func(f bool) int64 {
		if f {
			return 1
		}
		return 0
	}
	moment := func(t time.Time) {
		if t.IsZero() {
			put(0)
			return
		}
		put(t.UnixMicro())
	}
	put(int64(p.Unread))
	put(p.LastReadSeq)
	moment(p.LastReadAt)
	put(flag(p.Muted) | flag(p.Archived)<<1 | flag(p.Blocked)<<2 | flag(p.SenderOnly)<<3)
	moment(p.LeftAt)
	put(p.LeftSeq)
	moment(p.DeletedAt)
	stars := slices.Clone(p.Stars)
	slices.Sort(stars)
	for _, id := range slices.Compact(stars) {
		put(id)
	}
	binary.BigEndian.PutUint64(b[:], h.Sum64()|1)
	return b
}

// state is what participants.imported_state is to hold.
func (p *BulkPerson) state() []byte {
	switch digest := p.Digest(); {
	case p.Own:
		return nil
	case p.Touched:
		return make([]byte, len(digest))
	default:
		return digest[:]
	}
}

// folder is where the row stands in a mailbox: participants.folder.
func (p *BulkPerson) folder() int {
	switch {
	case !p.LeftAt.IsZero() || !p.DeletedAt.IsZero():
		return 2
	case p.Archived:
		return 1
	}
	return 0
}

// newest returns the newest message that is no notice; nil without one.
func (c *BulkConversation) newest() *BulkMessage {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if c.Messages[i].Kind == 0 {
			return &c.Messages[i]
		}
	}
	return nil
}

// lastAt is the time of the newest message that is no notice, and how many there are.
func (c *BulkConversation) lastAt() (at sql.NullTime, count int) {
	if m := c.newest(); m != nil {
		at = sql.NullTime{Time: m.At, Valid: true}
	}
	for i := range c.Messages {
		if c.Messages[i].Kind == 0 {
			count++
		}
	}
	return at, count
}

// InsertBulk writes whole conversations in the given transaction, with few statements.
// source is kept with their messages. The error is mysql.IsDuplicate where an id, or a
// pair's key, is taken.
func (s *Store) InsertBulk(ctx context.Context, tx *sqlx.Tx, source int64, list []*BulkConversation) error {
	b := bulkWriter{ctx: ctx, tx: tx}
	b.table(s.t.Conversations, `(id, type, title, created_by, direct_low, direct_high, last_seq, message_count,
		last_message_at, last_message_preview, last_activity_at, created_at)`, 12)
	for _, c := range list {
		at, count := c.lastAt()
		active := c.CreatedAt
		if at.Valid {
			active = at.Time
		}
		pair := func(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: c.Low != 0} }
		b.row(len(c.Title)+len(c.Preview), c.ID, c.Type, sql.NullString{String: c.Title, Valid: c.Title != ""}, c.CreatedBy,
			pair(c.Low), pair(c.High), len(c.Messages), count, at, sql.NullString{String: c.Preview, Valid: at.Valid}, active, c.CreatedAt)
	}
	b.flush()
	s.bulkPeople(&b, list)
	s.bulkMessages(&b, source, list)
	s.bulkRest(&b, list)
	return b.err
}

func (s *Store) bulkPeople(b *bulkWriter, list []*BulkConversation) {
	s.peopleTable(b)
	for _, c := range list {
		at, _ := c.lastAt()
		active := c.CreatedAt
		if at.Valid {
			active = at.Time
		}
		for i := range c.People {
			bulkPerson(b, c.ID, &c.People[i], active)
		}
	}
	b.flush()
}

func (s *Store) peopleTable(b *bulkWriter) {
	b.table(s.t.Participants, `(conversation_id, user_id, id, folder, last_activity_at, unread_count, has_unread,
		last_read_seq, last_read_at, is_muted, is_archived, is_blocked, sender_only, last_sent_at, joined_at, left_at,
		left_seq, deleted_at, imported_state)`, 19)
}

// bulkPerson adds a row of participants; active is the conversation's last activity.
func bulkPerson(b *bulkWriter, conversation int64, p *BulkPerson, active time.Time) {
	if !p.LastActivity.IsZero() {
		active = p.LastActivity
	}
	b.row(0, conversation, p.User, sql.NullInt64{Int64: p.RowID, Valid: p.RowID != 0}, p.folder(), active, p.Unread, p.Unread > 0,
		p.LastReadSeq, moment(p.LastReadAt), p.Muted, p.Archived, p.Blocked, p.SenderOnly, moment(p.LastSentAt),
		p.JoinedAt, moment(p.LeftAt), sql.NullInt64{Int64: p.LeftSeq, Valid: !p.LeftAt.IsZero()}, moment(p.DeletedAt), p.state())
}

func (s *Store) bulkMessages(b *bulkWriter, source int64, list []*BulkConversation) {
	s.messageTable(b)
	for _, c := range list {
		for i := range c.Messages {
			s.bulkMessage(b, source, c.ID, int64(i+1), &c.Messages[i])
		}
	}
	b.flush()
	s.textTable(b)
	for _, c := range list {
		for i := range c.Messages {
			bulkText(b, c.ID, &c.Messages[i])
		}
	}
	b.flush()
}

func (s *Store) messageTable(b *bulkWriter) {
	b.table(s.t.Messages, `(conversation_id, id, seq, sender_id, kind, format, subject, content, plain, created_at, imported_from)`, 11)
}

func (s *Store) textTable(b *bulkWriter) {
	b.table(s.t.MessageText, `(conversation_id, message_id, sender_id, body)`, 4)
}

func (s *Store) bulkMessage(b *bulkWriter, source, conversation, seq int64, m *BulkMessage) {
	b.row(len(m.Content)+len(m.Plain)+len(m.Subject), conversation, m.ID, seq, m.Sender, m.Kind, m.Format,
		sql.NullString{String: m.Subject, Valid: m.Format == formatBuddyPress}, m.Content,
		sql.NullString{String: m.Plain, Valid: m.Plain != m.Content}, m.At, source)
}

func bulkText(b *bulkWriter, conversation int64, m *BulkMessage) {
	if m.Body != "" {
		b.row(len(m.Body), conversation, m.ID, m.Sender, cut(m.Body, bodyBytes))
	}
}

func (s *Store) bulkRest(b *bulkWriter, list []*BulkConversation) {
	b.table(s.t.Stars, `(user_id, conversation_id, message_id, message_at)`, 4)
	for _, c := range list {
		for _, star := range c.Stars {
			b.row(0, star.User, c.ID, star.Message, star.At)
		}
	}
	b.flush()
	b.table(s.t.MessageMeta, `(conversation_id, message_id, meta_key, meta_value)`, 4)
	for _, c := range list {
		for _, m := range c.Meta {
			b.row(len(m.Value.String), c.ID, m.Message, m.Key, m.Value)
		}
	}
	b.flush()
	b.table(s.t.ImportOriginals, `(source_id, source_message, conversation_id, message_id, sender_id, date_sent, subject, content)`, 8)
	for _, c := range list {
		for _, o := range c.Originals {
			b.row(len(o.Content), o.Source, o.SourceMessage, c.ID, o.Message, o.Sender, o.DateSent, o.Subject, o.Content)
		}
	}
	b.flush()
	var threads []ImportThread
	for _, c := range list {
		for _, t := range c.Threads {
			t.Conversation = c.ID
			threads = append(threads, t)
		}
	}
	s.journalRows(b, threads)
}

// moment is a time that may be missing.
func moment(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
