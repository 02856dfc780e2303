package store

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Held is a conversation as Parley has it, for an import that is to bring it up to date.
type Held struct {
	Conversation
	LastActivityAt time.Time
	Messages       []HeldMessage // in the order of their sequence
	People         []BulkPerson
	Meta           map[HeldField]bool
}

// HeldMessage is a message of a Held.
type HeldMessage struct {
	Message
	From int64 // the source it was imported from; 0: written here
}

// HeldField names a field a message has.
type HeldField struct {
	Message int64
	Key     string
}

// HoldImported locks a conversation and reads all of it. found is false when it is gone.
func (s *Store) HoldImported(ctx context.Context, tx *sqlx.Tx, conversation int64) (h *Held, found bool, err error) {
	h = &Held{Meta: map[HeldField]bool{}}
	err = h.Conversation.scan(tx.QueryRowContext(ctx, `SELECT `+conversationColumns+`, c.last_activity_at
		FROM `+s.t.Conversations+` c WHERE c.id = ? FOR UPDATE`, conversation), &h.LastActivityAt)
	if err == sql.ErrNoRows {
		return nil, false, nil
	}
	for _, read := range []func(context.Context, *sqlx.Tx, *Held) error{s.heldMessages, s.heldPeople, s.heldMeta} {
		if err == nil {
			err = read(ctx, tx, h)
		}
	}
	return h, err == nil, err
}

func (s *Store) heldMessages(ctx context.Context, tx *sqlx.Tx, h *Held) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+messageColumns+`, COALESCE(m.imported_from, 0)
		FROM `+s.t.Messages+` m WHERE m.conversation_id = ? ORDER BY m.seq`, h.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m HeldMessage
		if err := m.Message.scanAnd(rows, &m.From); err != nil {
			return err
		}
		h.Messages = append(h.Messages, m)
	}
	return rows.Err()
}

func (s *Store) heldPeople(ctx context.Context, tx *sqlx.Tx, h *Held) error {
	stars := map[int64][]int64{}
	rows, err := tx.QueryContext(ctx, `SELECT user_id, message_id FROM `+s.t.Stars+` WHERE conversation_id = ?`, h.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user, message int64
		if err := rows.Scan(&user, &message); err != nil {
			return err
		}
		stars[user] = append(stars[user], message)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	people, err := tx.QueryContext(ctx, `SELECT `+importedPersonColumns+` FROM `+s.t.Participants+` p
		WHERE p.conversation_id = ? ORDER BY p.user_id FOR UPDATE`, h.ID)
	if err != nil {
		return err
	}
	defer people.Close()
	for people.Next() {
		var p BulkPerson
		state, err := p.scan(people)
		if err != nil {
			return err
		}
		p.Stars = stars[p.User]
		p.judge(state)
		h.People = append(h.People, p)
	}
	return people.Err()
}

const importedPersonColumns = `p.id, p.user_id, p.unread_count, p.last_read_seq, p.last_read_at, p.is_muted, p.is_archived, p.is_blocked,
	p.sender_only, p.joined_at, p.left_at, p.left_seq, p.deleted_at, p.last_sent_at, p.last_activity_at, p.imported_state`

func (p *BulkPerson) scan(rows *sql.Rows, more ...any) (state []byte, err error) {
	var read, left, deleted, sent sql.NullTime
	var leftSeq sql.NullInt64
	err = rows.Scan(append([]any{&p.RowID, &p.User, &p.Unread, &p.LastReadSeq, &read, &p.Muted, &p.Archived, &p.Blocked,
		&p.SenderOnly, &p.JoinedAt, &left, &leftSeq, &deleted, &sent, &p.LastActivity, &state}, more...)...)
	p.LastReadAt, p.LeftAt, p.LeftSeq, p.DeletedAt, p.LastSentAt = read.Time, left.Time, leftSeq.Int64, deleted.Time, sent.Time
	return state, err
}

// judge tells by the state that was kept whether the row is as an import left it. The
// stars must be filled in.
func (p *BulkPerson) judge(state []byte) {
	digest := p.Digest()
	p.Own = state == nil
	p.Touched = !p.Own && !bytes.Equal(state, digest[:])
}

func (s *Store) heldMeta(ctx context.Context, tx *sqlx.Tx, h *Held) error {
	rows, err := tx.QueryContext(ctx, `SELECT message_id, COALESCE(meta_key, '') FROM `+s.t.MessageMeta+` WHERE conversation_id = ?`, h.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f HeldField
		if err := rows.Scan(&f.Message, &f.Key); err != nil {
			return err
		}
		h.Meta[f] = true
	}
	return rows.Err()
}

// Merge is what is to become of a Held: the conversation as it should be, and what of
// it has to be written.
type Merge struct {
	Source int64
	// BulkConversation is the conversation afterwards. Its Messages are all there are,
	// in their order; its People are those to be written, its Stars, Meta and Originals
	// those to be added, its Threads the journal.
	BulkConversation
	LastActivityAt time.Time
	// Fresh are messages to be inserted, Changed ones whose text or date changed, Gone
	// ones to be removed, Released ones the source has no more but Parley keeps.
	Fresh, Changed map[int64]bool
	Gone, Released []int64
	// Renumber tells that sequences of messages that are there change.
	Renumber bool
	// Unstar are users whose stars are replaced by Stars; Remove users whose rows go.
	Unstar, Remove []int64
}

// ApplyMerge writes a merge. The conversation must be held (HoldImported).
func (s *Store) ApplyMerge(ctx context.Context, tx *sqlx.Tx, m *Merge) error {
	if err := s.mergeRemovals(ctx, tx, m); err != nil {
		return err
	}
	if err := s.mergeSequences(ctx, tx, m); err != nil {
		return err
	}
	b := bulkWriter{ctx: ctx, tx: tx}
	s.mergeMessages(&b, m)
	s.peopleTable(&b)
	b.onDuplicate("id", "folder", "last_activity_at", "unread_count", "has_unread", "last_read_seq", "last_read_at", "is_muted",
		"is_archived", "is_blocked", "sender_only", "last_sent_at", "joined_at", "left_at", "left_seq", "deleted_at", "imported_state")
	for i := range m.People {
		bulkPerson(&b, m.ID, &m.People[i], m.LastActivityAt)
	}
	b.flush()
	s.bulkRest(&b, []*BulkConversation{&m.BulkConversation})
	if b.err != nil {
		return b.err
	}
	return s.mergeHead(ctx, tx, m)
}

// mergeHead brings the row of conversations up to date. The pair's place is not its
// business.
func (s *Store) mergeHead(ctx context.Context, tx *sqlx.Tx, m *Merge) error {
	at, count := m.lastAt()
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Conversations+`
		SET type = ?, title = ?, created_by = ?, created_at = ?, last_seq = ?, message_count = ?, last_message_at = ?,
		    last_message_preview = ?, last_activity_at = ? WHERE id = ?`,
		m.Type, sql.NullString{String: m.Title, Valid: m.Title != ""}, m.CreatedBy, m.CreatedAt, len(m.Messages), count, at,
		sql.NullString{String: m.Preview, Valid: at.Valid}, m.LastActivityAt, m.ID)
	return err
}

func (s *Store) mergeRemovals(ctx context.Context, tx *sqlx.Tx, m *Merge) error {
	within := func(statement, column string, ids []int64) error {
		for chunk := range slices.Chunk(ids, bulkRows) {
			if _, err := tx.ExecContext(ctx, statement+` WHERE conversation_id = ? AND `+column+` IN (`+marks(len(chunk))+`)`,
				append([]any{m.ID}, anys(chunk)...)...); err != nil {
				return err
			}
		}
		return nil
	}
	for _, table := range []string{s.t.MessageText, s.t.MessageMeta, s.t.Stars, s.t.ImportOriginals} {
		if err := within(`DELETE FROM `+table, `message_id`, m.Gone); err != nil {
			return err
		}
	}
	if err := within(`DELETE FROM `+s.t.Messages, `id`, m.Gone); err != nil {
		return err
	}
	if err := within(`UPDATE `+s.t.Messages+` SET imported_from = NULL`, `id`, m.Released); err != nil {
		return err
	}
	if err := within(`DELETE FROM `+s.t.Stars, `user_id`, append(slices.Clone(m.Unstar), m.Remove...)); err != nil {
		return err
	}
	for _, table := range []string{s.t.Deliveries, s.t.Participants} {
		if err := within(`DELETE FROM `+table, `user_id`, m.Remove); err != nil {
			return err
		}
	}
	// Those of Originals are all there are.
	_, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.ImportOriginals+` WHERE conversation_id = ? AND source_id = ?`, m.ID, m.Source)
	return err
}

// seqAside is added to sequences while they are dealt anew: they are unique.
const seqAside = int64(1) << 40

func (s *Store) mergeSequences(ctx context.Context, tx *sqlx.Tx, m *Merge) error {
	if !m.Renumber {
		return nil
	}
	// How far messages reached whom is kept as sequences.
	_, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.Deliveries+` WHERE conversation_id = ?`, m.ID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+s.t.Messages+` SET seq = seq + ? WHERE conversation_id = ? ORDER BY seq DESC`, seqAside, m.ID)
	if err != nil {
		return err
	}
	type place struct{ id, seq int64 }
	var places []place
	for i := range m.Messages {
		if id := m.Messages[i].ID; !m.Fresh[id] {
			places = append(places, place{id, int64(i + 1)})
		}
	}
	for chunk := range slices.Chunk(places, bulkRows) {
		var cases strings.Builder
		args := make([]any, 0, 3*len(chunk)+1)
		for _, p := range chunk {
			cases.WriteString(` WHEN ? THEN ?`)
			args = append(args, p.id, p.seq)
		}
		args = append(args, m.ID)
		for _, p := range chunk {
			args = append(args, p.id)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE `+s.t.Messages+` SET seq = CASE id`+cases.String()+` END
			WHERE conversation_id = ? AND id IN (`+marks(len(chunk))+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) mergeMessages(b *bulkWriter, m *Merge) {
	s.messageTable(b)
	b.onDuplicate("sender_id", "subject", "content", "plain", "created_at")
	for i := range m.Messages {
		if x := &m.Messages[i]; m.Fresh[x.ID] || m.Changed[x.ID] {
			s.bulkMessage(b, m.Source, m.ID, int64(i+1), x)
		}
	}
	b.flush()
	s.textTable(b)
	b.onDuplicate("sender_id", "body")
	for i := range m.Messages {
		if x := &m.Messages[i]; m.Fresh[x.ID] || m.Changed[x.ID] {
			bulkText(b, m.ID, x)
		}
	}
	b.flush()
}

// RemoveImported removes a conversation nobody touched since it was imported. What
// other software keeps about its messages stays.
func (s *Store) RemoveImported(ctx context.Context, tx *sqlx.Tx, conversation int64) error {
	for _, table := range []string{s.t.MessageText, s.t.MessageMeta, s.t.Stars, s.t.ImportOriginals, s.t.Deliveries, s.t.Messages, s.t.Participants} {
		if err := deleteAll(ctx, tx, `DELETE FROM `+table+` WHERE conversation_id = ? LIMIT ?`, conversation); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.Conversations+` WHERE id = ?`, conversation)
	return err
}
