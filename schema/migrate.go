package schema

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// All makes Down take back every migration.
const All = -1

// LockWait is how long Up and Down wait for another process that is migrating.
const LockWait = 2 * time.Minute

// ErrNewer says that the database was migrated by a newer Parley. This one must
// neither use nor change it.
var ErrNewer = errors.New("the tables were made by a newer version of Parley than this one")

// Up applies what is pending, in order. It is safe to run from several processes
// at once (one works, the others wait and then find nothing to do), again, and
// after a run that was interrupted anywhere.
//
// A single statement may take no longer than the pool's read timeout; a DSN for
// migrating large tables should say readTimeout=1h.
func Up(ctx context.Context, db *sqlx.DB, prefix string) (applied []Migration, err error) {
	return up(ctx, db, prefix, known)
}

func up(ctx context.Context, db *sqlx.DB, prefix string, steps []migration) (applied []Migration, err error) {
	err = locked(ctx, db, prefix, func(s *session) error {
		if err := s.createTable(ctx); err != nil {
			return err
		}
		st, err := s.status(ctx, steps)
		if err != nil {
			return err
		}
		if err := st.usable(); err != nil {
			return err
		}
		for _, m := range st.Migrations {
			if m.State == Applied {
				continue
			}
			if err := s.apply(ctx, steps[m.Version-1], m.State == Interrupted); err != nil {
				return fmt.Errorf("migration %d (%s): %w", m.Version, m.Name, err)
			}
			m.State = Applied
			applied = append(applied, m)
		}
		return nil
	})
	return applied, err
}

// Down takes back the newest n migrations, with all that is in their tables; All
// takes back every one and leaves nothing of Parley's in the database.
func Down(ctx context.Context, db *sqlx.DB, prefix string, n int) (reverted []Migration, err error) {
	return down(ctx, db, prefix, known, n)
}

func down(ctx context.Context, db *sqlx.DB, prefix string, steps []migration, n int) (reverted []Migration, err error) {
	err = locked(ctx, db, prefix, func(s *session) error {
		st, err := s.status(ctx, steps)
		if err != nil {
			return err
		}
		if len(st.Newer) > 0 {
			return st.usable()
		}
		for _, m := range slices.Backward(st.Migrations) {
			if n != All && len(reverted) >= n {
				return nil
			}
			if m.State == Pending {
				continue
			}
			if err := s.revert(ctx, steps[m.Version-1], m.State == Interrupted); err != nil {
				return fmt.Errorf("taking back migration %d (%s): %w", m.Version, m.Name, err)
			}
			m.State = Pending
			reverted = append(reverted, m)
		}
		// Nothing is left to remember.
		return s.exec(ctx, "DROP TABLE IF EXISTS "+s.tables.Migrations)
	})
	return reverted, err
}

// session is the one connection that holds the migration lock.
type session struct {
	conn   *sqlx.Conn
	prefix string
	tables Tables
}

// locked runs f on one connection while no other process migrates the same tables.
// The server gives the lock back when the connection ends, however it ends.
func locked(ctx context.Context, db *sqlx.DB, prefix string, f func(*session) error) error {
	if err := CheckPrefix(prefix); err != nil {
		return err
	}
	conn, err := db.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &session{conn: conn, prefix: prefix, tables: Names(prefix)}
	lock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", lock)
	}()
	return f(s)
}

// lock waits for the named lock in short turns, so that neither the context nor the
// connection's read timeout is overstayed. Lock names are the server's, not the
// database's, and may have 64 characters.
func (s *session) lock(ctx context.Context) (string, error) {
	var database string
	if err := s.conn.GetContext(ctx, &database, "SELECT DATABASE()"); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(database + "." + s.prefix))
	name := "parley-migrate-" + hex.EncodeToString(sum[:16])
	for deadline := time.Now().Add(LockWait); time.Now().Before(deadline); {
		var got *int // NULL: the server could not
		if err := s.conn.GetContext(ctx, &got, "SELECT GET_LOCK(?, 1)", name); err != nil {
			return "", fmt.Errorf("wait for the migration lock: %w", err)
		}
		if got == nil {
			return "", errors.New("the database server gives out no locks (GET_LOCK)")
		}
		if *got == 1 {
			return name, nil
		}
	}
	return "", errors.New("another process has been migrating the tables for minutes; try again when it has ended")
}

func (s *session) createTable(ctx context.Context) error {
	return s.exec(ctx, `CREATE TABLE IF NOT EXISTS `+s.tables.Migrations+` (
  version    INT UNSIGNED NOT NULL,
  name       VARCHAR(100) NOT NULL,
  checksum   CHAR(64) NOT NULL,
  started_at DATETIME(6) NOT NULL,
  applied_at DATETIME(6) NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci`)
}

// apply notes the start, runs the statements, notes the end: a run that broke off
// in between is seen, named, and resumed.
func (s *session) apply(ctx context.Context, m migration, resumed bool) error {
	err := s.exec(ctx, `INSERT INTO `+s.tables.Migrations+` (version, name, checksum, started_at)
VALUES (?, ?, ?, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE name = ?, checksum = ?, started_at = UTC_TIMESTAMP(6), applied_at = NULL`,
		m.version, m.name, m.checksum, m.name, m.checksum)
	if err != nil {
		return err
	}
	if err := s.run(ctx, m.up, resumed); err != nil {
		return err
	}
	return s.exec(ctx, "UPDATE "+s.tables.Migrations+" SET applied_at = UTC_TIMESTAMP(6) WHERE version = ?", m.version)
}

func (s *session) revert(ctx context.Context, m migration, resumed bool) error {
	if err := s.exec(ctx, "UPDATE "+s.tables.Migrations+" SET applied_at = NULL WHERE version = ?", m.version); err != nil {
		return err
	}
	if err := s.run(ctx, m.down, resumed); err != nil {
		return err
	}
	return s.exec(ctx, "DELETE FROM "+s.tables.Migrations+" WHERE version = ?", m.version)
}

// run sends statements one by one. One ALTER TABLE is done wholly or not at all on
// both servers, and neither dialect of "if not exists" in it is known to both; so
// after an interruption one that finds its work done counts as done.
func (s *session) run(ctx context.Context, statements []string, resumed bool) error {
	for i, st := range statements {
		err := s.exec(ctx, render(st, s.prefix))
		if resumed && strings.HasPrefix(st, "ALTER TABLE") && mysql.IsAlreadyAltered(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("statement %d of %d: %w", i+1, len(statements), err)
		}
	}
	return nil
}

func (s *session) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, statement, args...)
	if mysql.IsDenied(err) {
		return fmt.Errorf("the database user lacks a right on tables named %s…; it needs SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX and DROP: %w", s.prefix, err)
	}
	return err
}
