package schema

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// State is how far a migration got.
type State string

// The states of a migration.
const (
	// Pending has not been started.
	Pending State = "pending"
	// Interrupted was started and did not end: a crash, a lost connection, or a
	// process that is at it right now. Up runs it again.
	Interrupted State = "interrupted"
	// Applied is done.
	Applied State = "applied"
	// Changed is done, but with other statements than this binary holds.
	Changed State = "changed"
)

// Migration is one step of the schema as it stands in the database.
type Migration struct {
	Version int
	Name    string
	State   State
	// StartedAt and AppliedAt are UTC; zero when it has not got so far.
	StartedAt, AppliedAt time.Time
}

// Report is the state of the schema.
type Report struct {
	// Migrations are this binary's, oldest first.
	Migrations []Migration
	// Newer are those of a newer binary, found in the database.
	Newer []Migration
}

// Pending returns what Up would run, interrupted migrations included.
func (r Report) Pending() []Migration {
	var out []Migration
	for _, m := range r.Migrations {
		if m.State == Pending || m.State == Interrupted {
			out = append(out, m)
		}
	}
	return out
}

// usable reports why the tables must not be worked on; what is pending is no reason.
func (r Report) usable() error {
	if len(r.Newer) > 0 {
		m := r.Newer[len(r.Newer)-1]
		return fmt.Errorf("%w: migration %d (%s)", ErrNewer, m.Version, m.Name)
	}
	for _, m := range r.Migrations {
		if m.State == Changed {
			return fmt.Errorf("migration %d (%s) was applied with other statements than this version of Parley holds", m.Version, m.Name)
		}
	}
	return nil
}

// Status reads how the tables stand. It changes nothing and needs no lock; one
// statement.
func Status(ctx context.Context, db *sqlx.DB, prefix string) (Report, error) {
	if err := CheckPrefix(prefix); err != nil {
		return Report{}, err
	}
	return status(ctx, db, prefix, known)
}

// Ready returns nil when the tables are exactly as this binary needs them, and
// otherwise a sentence that says what is missing. It is what /readyz asks.
func Ready(ctx context.Context, db *sqlx.DB, prefix string) error {
	r, err := Status(ctx, db, prefix)
	if err != nil {
		return err
	}
	if err := r.usable(); err != nil {
		return err
	}
	if p := r.Pending(); len(p) > 0 {
		return fmt.Errorf("the tables are not up to date: migration %d (%s) is %s; run parley migrate up", p[0].Version, p[0].Name, p[0].State)
	}
	return nil
}

func (s *session) status(ctx context.Context, steps []migration) (Report, error) {
	return status(ctx, s.conn, s.prefix, steps)
}

func status(ctx context.Context, q sqlx.QueryerContext, prefix string, steps []migration) (Report, error) {
	var rows []struct {
		Version   int        `db:"version"`
		Name      string     `db:"name"`
		Checksum  string     `db:"checksum"`
		StartedAt time.Time  `db:"started_at"`
		AppliedAt *time.Time `db:"applied_at"`
	}
	err := sqlx.SelectContext(ctx, q, &rows,
		"SELECT version, name, checksum, started_at, applied_at FROM "+Names(prefix).Migrations+" ORDER BY version")
	// Without the table nothing was ever applied.
	if err != nil && !mysql.IsNoTable(err) {
		return Report{}, err
	}
	var r Report
	for _, m := range steps {
		r.Migrations = append(r.Migrations, Migration{Version: m.version, Name: m.name, State: Pending})
	}
	for _, row := range rows {
		found := Migration{Version: row.Version, Name: row.Name, State: Interrupted, StartedAt: row.StartedAt}
		if row.AppliedAt != nil {
			found.State, found.AppliedAt = Applied, *row.AppliedAt
		}
		if row.Version < 1 || row.Version > len(steps) {
			r.Newer = append(r.Newer, found)
			continue
		}
		if found.State == Applied && row.Checksum != steps[row.Version-1].checksum {
			found.State = Changed
		}
		r.Migrations[row.Version-1] = found
	}
	return r, nil
}
