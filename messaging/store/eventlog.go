package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// Event is a row of the events table. Kind is never empty for what a caller of
// ReadEvents gets.
type Event struct {
	Position     int64     `db:"id"`
	Kind         string    `db:"kind"`
	Conversation int64     `db:"conversation_id"`
	Message      int64     `db:"message_id"`
	Actor        int64     `db:"actor_id"`
	Payload      []byte    `db:"payload"`
	At           time.Time `db:"created_at"`
}

// Kinds of rows that tell nothing: a position nobody will ever fill, and the last
// row of a pruned beginning (what was at it and at every smaller position is gone).
const (
	tombstone = ""
	floor     = "pruned"
)

// AppendEvents writes events in the transaction of the change they tell of, with one
// statement; Position is ignored and At is now. If a reader has given up one of the
// positions the database handed out (see ReadEvents), the error is one that mysql.InTx
// answers by running the transaction again.
func (s *Store) AppendEvents(ctx context.Context, tx *sqlx.Tx, now time.Time, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, 0, 6*len(events))
	for _, e := range events {
		args = append(args, e.Kind, e.Conversation, e.Message, e.Actor, e.Payload, now)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+s.t.Events+`
		(kind, conversation_id, message_id, actor_id, payload, created_at)
		VALUES `+tuples(len(events), 6), args...)
	return lost(err)
}

// lost makes an event's duplicate position an error that InTx answers by running the
// transaction again.
func lost(err error) error {
	if mysql.IsDuplicate(err, "PRIMARY") {
		return mysql.Again(fmt.Errorf("an event's position was settled by a reader: %w", err))
	}
	return err
}

// What one ReadEvents does about positions that are not there at most.
const (
	settlePerCall      = 1000
	settlePerStatement = 100
)

// rereads are the pauses before a hole is looked at again: most are a writer between
// two statements.
var rereads = []time.Duration{2 * time.Millisecond, 5 * time.Millisecond, 15 * time.Millisecond}

// settleTimeout is how long a reader waits for a writer that holds a position. When
// it is over the reader answers what lies before it.
const settleTimeout = 2 * time.Second

// ReadEvents returns committed events with positions above after, in order, at most
// limit. It never returns an event while a smaller position may still be filled. A reader
// who meets a pruned beginning is given its last row, of kind "pruned": they have missed
// what was there.
//
// Positions come from the table's counter before their transaction commits, so a row
// can be missing for two reasons: its writer is at work, or was rolled back. A short
// second look settles most. Otherwise a tombstone is inserted at the position: the
// insert waits for a writer at work (and then is ignored, because the row is there),
// and closes the position for good if there is none. A writer who was handed the
// position but had not yet written it meets a duplicate key and repeats (AppendEvents).
func (s *Store) ReadEvents(ctx context.Context, after int64, limit int) ([]Event, error) {
	var out []Event
	budget, tries := settlePerCall, 0
	for len(out) < limit {
		rows, err := s.eventRows(ctx, after, limit-len(out))
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break // nothing, and nothing behind it: an empty tail is not a hole
		}
		clean := untilHole(rows, after)
		for _, e := range rows[:clean] {
			if e.Kind != tombstone {
				out = append(out, e)
			}
			after, tries = e.Position, 0
		}
		if clean == len(rows) {
			continue
		}
		if tries < len(rereads) {
			if err := pause(ctx, rereads[tries]); err != nil {
				return nil, err
			}
			tries++
			continue
		}
		if budget <= 0 {
			break
		}
		n := min(rows[clean].Position-after-1, settlePerStatement, int64(budget))
		settled, err := s.settle(ctx, after+1, after+n, rows[clean].At)
		if err != nil {
			return nil, err
		}
		if !settled {
			break
		}
		budget -= int(n)
	}
	return out, nil
}

func (s *Store) eventRows(ctx context.Context, after int64, limit int) ([]Event, error) {
	var rows []Event
	err := s.lane.SelectContext(ctx, &rows, `
		SELECT id, kind, conversation_id, message_id, actor_id, payload, created_at
		  FROM `+s.t.Events+`
		 WHERE id > ?
		 ORDER BY id LIMIT ?`, after, limit)
	return rows, err
}

// untilHole returns how many rows follow after without a missing position. What is
// missing before a floor was pruned.
func untilHole(rows []Event, after int64) int {
	for i, e := range rows {
		if e.Position != after+1 && e.Kind != floor {
			return i
		}
		after = e.Position
	}
	return len(rows)
}

// settle closes the positions from first to last. It reports false when a writer
// holds one of them for longer than settleTimeout.
func (s *Store) settle(ctx context.Context, first, last int64, at time.Time) (bool, error) {
	args := make([]any, 0, 2*(last-first+1))
	for id := first; id <= last; id++ {
		args = append(args, id, at)
	}
	wait, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	// The row's own values do not matter but its age, for pruning: its neighbour's.
	_, err := s.lane.ExecContext(wait, `INSERT IGNORE INTO `+s.t.Events+`
		(id, kind, conversation_id, actor_id, payload, created_at)
		VALUES `+strings.TrimSuffix(strings.Repeat(`(?, '', 0, 0, '', ?),`, len(args)/2), ","), args...)
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case wait.Err() != nil, mysql.IsRetryable(err):
		return false, nil
	}
	return false, err
}

// LastEvent returns the highest position that is visible now, 0 without any.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var id int64
	err := s.lane.GetContext(ctx, &id, `SELECT COALESCE(MAX(id), 0) FROM `+s.t.Events)
	return id, err
}

// prunePerTx bounds one transaction of PruneEvents.
const prunePerTx = 5000

// PruneEvents removes events written before a moment and returns how many. The last
// of them stays as the floor, so that a reader can tell a pruned beginning from
// writers at work. Whoever reads from a position below the floor has missed events.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (removed int64, err error) {
	var last []int64
	err = s.db.SelectContext(ctx, &last, `
		SELECT id FROM `+s.t.Events+`
		 WHERE created_at < ?
		 ORDER BY created_at DESC, id DESC LIMIT 1`, before)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	for {
		n, err := s.pruneBatch(ctx, last[0])
		removed += n
		if err != nil || n == 0 {
			return removed, err
		}
	}
}

// pruneBatch removes some of the oldest events up to a position.
func (s *Store) pruneBatch(ctx context.Context, last int64) (removed int64, err error) {
	var oldest []int64
	err = s.db.SelectContext(ctx, &oldest, `
		SELECT id FROM `+s.t.Events+` WHERE id <= ? ORDER BY id LIMIT ?`, last, prunePerTx)
	if err != nil || len(oldest) < 2 {
		return 0, err // at most the floor is left
	}
	upTo := oldest[len(oldest)-1]
	err = mysql.InTx(ctx, s.db, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE `+s.t.Events+`
			   SET kind = ?, conversation_id = 0, message_id = 0, actor_id = 0, payload = ''
			 WHERE id = ?`, floor, upTo)
		if err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, `DELETE FROM `+s.t.Events+` WHERE id < ?`, upTo)
		if err != nil {
			return err
		}
		removed, err = done.RowsAffected()
		return err
	})
	return removed, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	}
}
