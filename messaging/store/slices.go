package store

import (
	"context"
	"strings"

	"parley/internal/mysql"
)

// MessageSlice is a part of a thread's messages: Limit of them (less than 0 = all)
// from Offset, and the newest of all when it may not be among them.
type MessageSlice struct {
	Conversation  int64
	Limit, Offset int
	Newest        bool
	// LastSeq is the thread's, where it has no notices and its messages are numbered
	// from 1 to it; 0 where they have to be counted.
	LastSeq int64
}

// ThreadMessage is a message and whether the viewer starred it.
type ThreadMessage struct {
	Message
	Starred bool
	Newest  bool // read as the newest, not as part of the slice
}

// Slices reads parts of several threads with one statement, notices left out; a part
// counts from the oldest message unless newestFirst. Messages come in no particular
// order, and without Plain.
func (s *Store) Slices(ctx context.Context, viewer int64, slices []MessageSlice, newestFirst bool) ([]ThreadMessage, error) {
	text, args := s.slicesText(viewer, slices, newestFirst)
	if text == "" {
		return nil, nil
	}
	expect := 0
	alone := map[int64]int64{} // the numbers of messages that are read as the newest
	for _, m := range slices {
		expect += max(m.Limit, 0) + 1
		if m.Newest && m.LastSeq > 0 {
			alone[m.Conversation] = m.LastSeq
		}
	}
	out := make([]ThreadMessage, 0, expect)
	err := mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		out = append(out, ThreadMessage{
			Message: Message{ID: r.Int(0), Conversation: r.Int(1), Seq: r.Int(2), Sender: r.Int(3), Format: int(r.Int(4)),
				Subject: r.Text(5), Content: r.Text(6), CreatedAt: r.Time(7)},
			Newest: r.Bool(8), Starred: r.Bool(9),
		})
		if m := &out[len(out)-1]; alone[m.Conversation] == m.Seq {
			m.Newest = true
		}
	})
	return out, err
}

const sliceColumns = `m.id, m.conversation_id, m.seq, m.sender_id, m.format, m.subject, m.content, m.created_at`

// slicesText reads what can be named by numbers as ranges of the index seq, all at
// once, and counts out the rest thread by thread.
func (s *Store) slicesText(viewer int64, slices []MessageSlice, newestFirst bool) (string, []any) {
	var parts, ranges []string
	var args, bounds []any
	counted := func(newest string, m MessageSlice, down bool, limit, offset int) {
		text := `(SELECT ` + sliceColumns + `, ` + newest + `, ` + s.starred() + `
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
	numbered := func(conversation, from, to int64) {
		ranges = append(ranges, `(m.conversation_id = ? AND m.seq BETWEEN ? AND ?)`)
		bounds = append(bounds, conversation, from, to)
	}
	for _, m := range slices {
		switch from, to := m.numbers(newestFirst); {
		case m.LastSeq == 0:
			if m.Limit != 0 {
				counted(`0`, m, newestFirst, m.Limit, m.Offset)
			}
			if m.Newest {
				counted(`1`, m, true, 1, 0)
			}
		case from <= to && m.Newest && to == m.LastSeq-1:
			numbered(m.Conversation, from, m.LastSeq)
		default:
			if from <= to {
				numbered(m.Conversation, from, to)
			}
			if m.Newest {
				numbered(m.Conversation, m.LastSeq, m.LastSeq)
			}
		}
	}
	if ranges != nil {
		parts = append(parts, `(SELECT `+sliceColumns+`, 0, `+s.starred()+`
			FROM `+s.t.Messages+` m FORCE INDEX (seq)
			WHERE m.kind = 0 AND (`+strings.Join(ranges, ` OR `)+`))`)
		args = append(append(args, viewer), bounds...)
	}
	return strings.Join(parts, ` UNION ALL `), args
}

// numbers are the first and last number of a slice; none when the first is larger.
func (m MessageSlice) numbers(newestFirst bool) (from, to int64) {
	from, to = int64(m.Offset)+1, m.LastSeq
	if m.Limit >= 0 {
		to = min(to, int64(m.Offset)+int64(m.Limit))
	}
	if newestFirst {
		from, to = m.LastSeq+1-to, m.LastSeq+1-from
	}
	return from, to
}

// starred tells whether a member starred message m; its parameter is the member. A
// join would keep the messages from being read in their order.
func (s *Store) starred() string {
	return `EXISTS (SELECT 1 FROM ` + s.t.Stars + ` s
		WHERE s.user_id = ? AND s.conversation_id = m.conversation_id AND s.message_id = m.id)`
}
