package store

import (
	"context"

	"parley/internal/mysql"
)

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

// headColumns are the columns of a ThreadHead, headWidth of them.
const (
	headColumns = conversationColumns + `, f.format, f.subject`
	headWidth   = conversationWidth + 2
)

func (h *ThreadHead) read(r mysql.Row) {
	h.Conversation.read(r)
	h.First = First{Format: int(r.Int(conversationWidth)), Subject: r.Text(conversationWidth + 1)}
}

// Heads reads threads by id.
func (s *Store) Heads(ctx context.Context, ids []int64) ([]ThreadHead, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.heads(ctx, len(ids), `SELECT `+headColumns+`
		FROM `+s.t.Conversations+` c`+s.firstJoin()+` WHERE c.id IN (`+marks(len(ids))+`)`, anys(ids)...)
}

func (s *Store) firstJoin() string {
	return ` LEFT JOIN ` + s.t.Messages + ` f ON f.conversation_id = c.id AND f.seq = 1`
}

func (s *Store) heads(ctx context.Context, expect int, text string, args ...any) ([]ThreadHead, error) {
	out := make([]ThreadHead, 0, expect)
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, ThreadHead{})
		out[len(out)-1].read(r)
	})
	return out, err
}

// Open reads a thread and everybody in it, those who left included, in the order of
// their ids. found is false when there is no such thread.
func (s *Store) Open(ctx context.Context, conversation int64) (h ThreadHead, people []Participant, found bool, err error) {
	err = mysql.Query(ctx, s.db.DB, s.openText(), []any{conversation}, func(r mysql.Row) {
		if !found {
			h.read(r)
			found = true
		}
		if p := r[headWidth:]; !p.Null(0) {
			people = append(people, Participant{})
			people[len(people)-1].read(p)
		}
	})
	return h, people, found && err == nil, err
}

func (s *Store) openText() string {
	return `SELECT ` + headColumns + `, ` + participantColumns + `
		FROM ` + s.t.Conversations + ` c` + s.firstJoin() + `
		LEFT JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id
		WHERE c.id = ?`
}
