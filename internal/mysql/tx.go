package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"
)

// MaxAttempts is how often InTx runs its function at most.
const MaxAttempts = 4

// Beginner begins transactions: *DB and *sqlx.DB do.
type Beginner interface {
	BeginTxx(ctx context.Context, opts *sql.TxOptions) (*sqlx.Tx, error)
}

// InTx runs f in a transaction, read committed, and commits when f returns nil.
// After any error, and after a panic, it rolls back and nothing of f's is left.
//
// When f or the COMMIT fails with a deadlock or a lock wait (IsRetryable), the
// whole of f runs again, MaxAttempts times at most: f must not keep anything from
// an earlier run outside the transaction. A COMMIT whose answer was lost is never
// repeated; the error is then an *AmbiguousCommitError. When the context ended
// because the database went away, the error is ErrUnavailable.
func InTx(ctx context.Context, db Beginner, f func(*sqlx.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := once(ctx, db, f)
		if err == nil {
			return nil
		}
		if !IsRetryable(err) || attempt == MaxAttempts || !pause(ctx, attempt) {
			if !IsUnavailable(err) && Unavailable(ctx, err) {
				return fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
			return err
		}
	}
}

func once(ctx context.Context, db Beginner, f func(*sqlx.Tx) error) error {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// The outcome that counts is f's, or its panic. A rollback that fails closes
		// the connection, which rolls back too.
		_ = tx.Rollback()
	}()
	if err := f(tx); err != nil {
		return err
	}
	committed = true
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err() // it ended first, and database/sql has rolled back for it
	}
	return err
}

// pause waits a moment before another attempt, each time longer, and never equally
// long for two who met each other. It reports false when the context ended.
func pause(ctx context.Context, attempt int) bool {
	timer := time.NewTimer(time.Duration(attempt) * time.Duration(2+rand.IntN(10)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
