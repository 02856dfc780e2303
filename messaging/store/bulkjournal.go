package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// States of an import source.
const (
	ImportRunning  = "running"  // a pass has begun and not come to its end
	ImportComplete = "complete" // the last pass came to its end
)

// ImportSource is the journal of one source: import_sources.
type ImportSource struct {
	ID         int64  `db:"id"`
	Name       string `db:"name"`
	State      string `db:"state"`
	Passes     int    `db:"passes"`
	LastThread int64  `db:"last_thread"`
	// Kept ids are the source's, Next is what the import gives to a row it makes
	// itself, up to Last.
	ConversationKept int64 `db:"conversation_kept"`
	ConversationNext int64 `db:"conversation_next"`
	ConversationLast int64 `db:"conversation_last"`
	RowKept          int64 `db:"row_kept"`
	RowNext          int64 `db:"row_next"`
	RowLast          int64 `db:"row_last"`
	MessageKept      int64 `db:"message_kept"`
	// RowFirst and MessageFirst were Parley's counters when the first pass began.
	RowFirst     int64          `db:"row_first"`
	MessageFirst int64          `db:"message_first"`
	Report       sql.NullString `db:"report"`
	StartedAt    time.Time      `db:"started_at"`
	FinishedAt   sql.NullTime   `db:"finished_at"`
}

// ImportThreadState says whether a thread of the journal is still followed.
type ImportThreadState int

// The states. A thread that is gone on one side is left alone on the other.
const (
	ThreadFollowed  ImportThreadState = 0
	ThreadGoneHere  ImportThreadState = 1 // its conversation was removed in Parley
	ThreadGoneThere ImportThreadState = 2 // the source has it no more, Parley kept it
	ThreadMerged    ImportThreadState = 3 // its messages are in another thread's conversation
)

// ImportThread is the journal of one thread: import_threads.
type ImportThread struct {
	Source       int64             `db:"source_id"`
	SourceThread int64             `db:"source_thread"`
	Conversation int64             `db:"conversation_id"`
	Fingerprint  []byte            `db:"fingerprint"` // 16 bytes
	State        ImportThreadState `db:"state"`
	Messages     int               `db:"messages"`
	People       int               `db:"people"`
	Findings     sql.NullString    `db:"findings"` // JSON
	ImportedAt   time.Time         `db:"imported_at"`
}

const sourceColumns = `id, name, state, passes, last_thread, conversation_kept, conversation_next, conversation_last,
	row_kept, row_next, row_last, message_kept, row_first, message_first, report, started_at, finished_at`

// ImportSource reads the journal of a source by its name. found is false when nothing
// was ever imported from it.
func (s *Store) ImportSource(ctx context.Context, name string) (src ImportSource, found bool, err error) {
	err = s.db.GetContext(ctx, &src, `SELECT `+sourceColumns+` FROM `+s.t.ImportSources+` WHERE name = ?`, name)
	if err == sql.ErrNoRows {
		return src, false, nil
	}
	return src, err == nil, err
}

// ImportSources reads the journals of all sources.
func (s *Store) ImportSources(ctx context.Context) (list []ImportSource, err error) {
	err = s.db.SelectContext(ctx, &list, `SELECT `+sourceColumns+` FROM `+s.t.ImportSources+` ORDER BY id`)
	return list, err
}

// AddImportSource begins the journal of a source and returns its id.
func (s *Store) AddImportSource(ctx context.Context, tx *sqlx.Tx, name string, now time.Time) (int64, error) {
	return inserted(tx.ExecContext(ctx, `INSERT INTO `+s.t.ImportSources+` (name, state, started_at) VALUES (?, ?, ?)`,
		name, ImportRunning, now))
}

// SaveImportSource writes everything of a source's journal but its name.
func (s *Store) SaveImportSource(ctx context.Context, tx *sqlx.Tx, src ImportSource) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.ImportSources+`
		SET state = ?, passes = ?, last_thread = ?, conversation_kept = ?, conversation_next = ?, conversation_last = ?,
		    row_kept = ?, row_next = ?, row_last = ?, message_kept = ?, row_first = ?, message_first = ?, report = ?, started_at = ?, finished_at = ?
		WHERE id = ?`, src.State, src.Passes, src.LastThread, src.ConversationKept, src.ConversationNext, src.ConversationLast,
		src.RowKept, src.RowNext, src.RowLast, src.MessageKept, src.RowFirst, src.MessageFirst, src.Report, src.StartedAt, src.FinishedAt, src.ID)
	return err
}

// ImportThreads reads the journal of a source's threads from first to last, in order. One
// whose conversation is not there any more is ThreadGoneHere.
func (s *Store) ImportThreads(ctx context.Context, q sqlx.QueryerContext, source, first, last int64) (list []ImportThread, err error) {
	err = sqlx.SelectContext(ctx, q, &list, `SELECT t.source_id, t.source_thread, t.conversation_id, t.fingerprint,
			IF(c.id IS NULL, 1, t.state) AS state, t.messages, t.people, t.findings, t.imported_at
		FROM `+s.t.ImportThreads+` t LEFT JOIN `+s.t.Conversations+` c ON c.id = t.conversation_id
		WHERE t.source_id = ? AND t.source_thread BETWEEN ? AND ? ORDER BY t.source_thread`, source, first, last)
	return list, err
}

// SaveImportThreads writes the journal of threads, over what it said before.
func (s *Store) SaveImportThreads(ctx context.Context, tx *sqlx.Tx, list []ImportThread) error {
	b := bulkWriter{ctx: ctx, tx: tx}
	s.journalRows(&b, list)
	return b.err
}

func (s *Store) journalRows(b *bulkWriter, list []ImportThread) {
	b.table(s.t.ImportThreads, `(source_id, source_thread, conversation_id, fingerprint, state, messages, people, findings, imported_at)`, 9)
	b.onDuplicate("conversation_id", "fingerprint", "state", "messages", "people", "findings", "imported_at")
	for _, t := range list {
		b.row(len(t.Findings.String), t.Source, t.SourceThread, t.Conversation, t.Fingerprint, int(t.State), t.Messages, t.People,
			t.Findings, t.ImportedAt)
	}
	b.flush()
}

// Remap reads which rows of a source have other ids here than there, by kind.
func (s *Store) Remap(ctx context.Context, source int64) (map[string]map[int64]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT kind, from_id, to_id FROM `+s.t.ImportRemap+` WHERE source_id = ?`, source)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]map[int64]int64{}
	for rows.Next() {
		var kind string
		var from, to int64
		if err := rows.Scan(&kind, &from, &to); err != nil {
			return nil, err
		}
		if out[kind] == nil {
			out[kind] = map[int64]int64{}
		}
		out[kind][from] = to
	}
	return out, rows.Err()
}

// SaveRemap adds to it. An id that has another already keeps it.
func (s *Store) SaveRemap(ctx context.Context, tx *sqlx.Tx, source int64, remap map[string]map[int64]int64) error {
	b := bulkWriter{ctx: ctx, tx: tx}
	b.table(s.t.ImportRemap, `(source_id, kind, from_id, to_id)`, 4)
	b.suffix = ` ON DUPLICATE KEY UPDATE to_id = to_id`
	for kind, ids := range remap {
		for from, to := range ids {
			b.row(0, source, kind, from, to)
		}
	}
	b.flush()
	return b.err
}

// ForgetImportThread removes the journal of a thread.
func (s *Store) ForgetImportThread(ctx context.Context, tx *sqlx.Tx, t ImportThread) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.ImportThreads+` WHERE source_id = ? AND source_thread = ?`, t.Source, t.SourceThread)
	return err
}
