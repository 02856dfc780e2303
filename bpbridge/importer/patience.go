package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"parley/internal/mysql"
)

// retryPause is the time between two looks at a database that is away.
const retryPause = 300 * time.Millisecond

// relockPatience is how long a lost lock is waited for: the server may take a while to
// notice that the connection that held it is gone.
const relockPatience = 20 * time.Second

// patiently runs f, again while the database is away, for Patience at most. f must be
// able to run again.
func (r *run) patiently(ctx context.Context, f func(context.Context) error) error {
	return r.again(ctx, f, func() error { return nil })
}

// holding is patiently for what is written through r.conn: with the connection the lock
// is lost, and both are taken anew.
func (r *run) holding(ctx context.Context, f func(context.Context) error) error {
	return r.again(ctx, f, func() error {
		if r.conn != nil {
			_ = r.conn.Close()
			r.conn = nil
		}
		return r.lock(ctx, relockPatience)
	})
}

func (r *run) again(ctx context.Context, f func(context.Context) error, reopen func() error) error {
	var since time.Time
	for {
		// A statement on a server that went silent ends with the guarded context.
		guarded, release := r.DB.Guard(ctx)
		err := f(guarded)
		gone := err != nil && away(guarded, err)
		release()
		if err == nil || ctx.Err() != nil || !gone {
			return explainFailure(err)
		}
		if since.IsZero() {
			since = time.Now()
			r.Say(fmt.Sprintf("the database is away (%v); waiting for it", err))
		}
		for answers := false; !answers; {
			if time.Since(since) > r.Patience {
				return fmt.Errorf("the database did not come back within %s: %w", r.Patience, err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(retryPause):
			}
			if !r.DB.Available() || r.DB.PingContext(ctx) != nil {
				continue
			}
			if err := reopen(); err != nil && !away(ctx, err) {
				return err
			} else {
				answers = err == nil
			}
		}
		r.Say("the database answers again")
	}
}

// away reports whether an error means that the database cannot be worked with now.
func away(ctx context.Context, err error) bool {
	var lost *mysql.AmbiguousCommitError
	return mysql.Unavailable(ctx, err) || errors.As(err, &lost) || errors.Is(err, sql.ErrConnDone)
}

// explainFailure says what a site owner can do about an error.
func explainFailure(err error) error {
	if mysql.IsFull(err) {
		return fmt.Errorf("the disk of the database server, or its tablespace, is full: make room first: %w", err)
	}
	return err
}
