package store

import (
	"context"
	"database/sql"
	"iter"
)

// ThreadSum is what the messages of a thread come to: ids and sum are the source's own,
// Sum adds up CRC32 of id, thread, sender, subject, text and date with colons between.
type ThreadSum struct {
	Thread        int64
	Count         int64
	First, Newest int64 // lowest and highest message id
	Sum           uint64
}

// ImportedSums reads the sums of what was imported from a source, by ascending thread.
func (s *Store) ImportedSums(ctx context.Context, source int64) iter.Seq2[ThreadSum, error] {
	return func(yield func(ThreadSum, error) bool) {
		rows, err := s.db.QueryContext(ctx, `
			SELECT t.source_thread, COUNT(*), MIN(COALESCE(x.from_id, m.id)), MAX(COALESCE(x.from_id, m.id)),
				COALESCE(SUM(CRC32(CONCAT_WS(':', COALESCE(x.from_id, m.id), t.source_thread, COALESCE(o.sender_id, m.sender_id),
					COALESCE(o.subject, CAST(m.subject AS BINARY)), COALESCE(o.content, CAST(m.content AS BINARY)),
					COALESCE(o.date_sent, DATE_FORMAT(m.created_at, '%Y-%m-%d %H:%i:%s'))))), 0)
			FROM `+s.t.ImportThreads+` t
			STRAIGHT_JOIN `+s.t.Messages+` m ON m.conversation_id = t.conversation_id AND m.imported_from = t.source_id
			LEFT JOIN `+s.t.ImportRemap+` x ON x.source_id = t.source_id AND x.kind = 'message' AND x.to_id = m.id
			LEFT JOIN `+s.t.ImportOriginals+` o ON o.source_id = t.source_id AND o.source_message = COALESCE(x.from_id, m.id)
			WHERE t.source_id = ? AND t.state = 0
			GROUP BY t.source_thread ORDER BY t.source_thread`, source)
		if err != nil {
			yield(ThreadSum{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var t ThreadSum
			if err := rows.Scan(&t.Thread, &t.Count, &t.First, &t.Newest, &t.Sum); !yield(t, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ThreadSum{}, err)
		}
	}
}

// ImportedPerson is somebody's place in a thread of a source. Stars are Parley's ids.
type ImportedPerson struct {
	Thread int64
	BulkPerson
}

// ImportedPeople reads everybody in what was imported from a source, by ascending thread
// and user.
func (s *Store) ImportedPeople(ctx context.Context, source int64) iter.Seq2[ImportedPerson, error] {
	return func(yield func(ImportedPerson, error) bool) {
		next, stop := iter.Pull2(s.importedStars(ctx, source))
		defer stop()
		star, err, more := next()
		rows, failed := s.db.QueryContext(ctx, `SELECT `+importedPersonColumns+`, t.source_thread
			FROM `+s.t.ImportThreads+` t STRAIGHT_JOIN `+s.t.Participants+` p ON p.conversation_id = t.conversation_id
			WHERE t.source_id = ? AND t.state = 0 ORDER BY t.source_thread, p.user_id`, source)
		if failed != nil {
			yield(ImportedPerson{}, failed)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var p ImportedPerson
			state, failed := p.BulkPerson.scan(rows, &p.Thread)
			for ; more && err == nil && !p.before(star); star, err, more = next() {
				if star.Thread == p.Thread && star.User == p.User {
					p.Stars = append(p.Stars, star.Stars...)
				}
			}
			if failed == nil && err != nil {
				failed = err
			}
			p.judge(state)
			if !yield(p, failed) || failed != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ImportedPerson{}, err)
		}
	}
}

func (p *ImportedPerson) before(o ImportedPerson) bool {
	return p.Thread < o.Thread || p.Thread == o.Thread && p.User < o.User
}

// importedStars reads stars in the same order.
func (s *Store) importedStars(ctx context.Context, source int64) iter.Seq2[ImportedPerson, error] {
	return func(yield func(ImportedPerson, error) bool) {
		rows, err := s.db.QueryContext(ctx, `SELECT t.source_thread, s.user_id, s.message_id
			FROM `+s.t.ImportThreads+` t STRAIGHT_JOIN `+s.t.Stars+` s ON s.conversation_id = t.conversation_id
			WHERE t.source_id = ? AND t.state = 0 ORDER BY t.source_thread, s.user_id, s.message_id`, source)
		if err != nil {
			yield(ImportedPerson{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			p := ImportedPerson{BulkPerson: BulkPerson{Stars: []int64{0}}}
			if err := rows.Scan(&p.Thread, &p.User, &p.Stars[0]); !yield(p, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ImportedPerson{}, err)
		}
	}
}

// JournalRow is what the journal says of a thread beside its rows.
type JournalRow struct {
	Thread       int64             `db:"source_thread"`
	Conversation int64             `db:"conversation_id"`
	State        ImportThreadState `db:"state"`
	Findings     sql.NullString    `db:"findings"`
}

// ImportRemarks reads the journal of those threads of a source that are not followed any
// more, that have findings, or whose conversation has another id.
func (s *Store) ImportRemarks(ctx context.Context, source int64) (list []JournalRow, err error) {
	err = s.db.SelectContext(ctx, &list, `SELECT t.source_thread, t.conversation_id, IF(c.id IS NULL, 1, t.state) AS state, t.findings
		FROM `+s.t.ImportThreads+` t LEFT JOIN `+s.t.Conversations+` c ON c.id = t.conversation_id
		WHERE t.source_id = ? AND (t.state <> 0 OR t.findings IS NOT NULL OR t.conversation_id <> t.source_thread OR c.id IS NULL)
		ORDER BY t.source_thread`, source)
	return list, err
}

// PeopleElsewhere reads who takes part in conversations that did not come from a source.
func (s *Store) PeopleElsewhere(ctx context.Context, source int64) (users []int64, err error) {
	err = s.db.SelectContext(ctx, &users, `SELECT DISTINCT p.user_id FROM `+s.t.Conversations+` c
		JOIN `+s.t.Participants+` p ON p.conversation_id = c.id
		WHERE NOT EXISTS (SELECT 1 FROM `+s.t.ImportThreads+` t WHERE t.conversation_id = c.id AND t.source_id = ? AND t.state = 0)`, source)
	return users, err
}
