package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	gomysql "github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

// Options say how to open the database. Only DSN is needed.
type Options struct {
	// DSN is a DSN of go-sql-driver/mysql; Config lays Parley's settings over it.
	DSN string
	// MaxOpenConns bounds the pool; 0 means DefaultMaxOpenConns. As many may stay
	// idle. The watcher's connection and those of Lane are not counted.
	MaxOpenConns int
	// ConnMaxLifetime is how old a connection may grow; 0 means five minutes.
	ConnMaxLifetime time.Duration
	// PingInterval is the pause between two looks at the database, PingTimeout how
	// long an answer may take; 0 means 150 ms and 750 ms. Together they are the
	// longest time until a server that went silent is called away.
	PingInterval, PingTimeout time.Duration
	// Logger is told when the database goes and when it is back; nil means
	// slog.Default.
	Logger *slog.Logger
}

// Defaults of Options.
const (
	DefaultMaxOpenConns = 16
	// laneConns is how many connections Lane may have beside the pool's.
	laneConns              = 4
	defaultConnMaxLifetime = 5 * time.Minute
	defaultPingInterval    = 150 * time.Millisecond
	defaultPingTimeout     = 750 * time.Millisecond
	connMaxIdleTime        = time.Minute
)

// DB is a pool of connections to the site's database, and a watcher that knows
// whether the database is there. Safe for concurrent use.
type DB struct {
	*sqlx.DB
	// Lane is a few connections of their own for what must not wait behind visitors:
	// the tail of events, and looking at the credentials of those connected.
	Lane    *sqlx.DB
	watcher *watcher
}

// Open opens the pool, checks that the database answers, and starts the watcher.
// An error is a plain sentence for the site owner and holds no password; it is
// IsUnavailable when the server cannot be reached at all, so that a caller may
// wait and try again. ctx bounds the opening only; Close ends the rest.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := Config(o.DSN)
	if err != nil {
		return nil, err
	}
	if cfg.DBName == "" {
		return nil, errors.New("the database DSN names no database")
	}
	connector, err := connectorOf(cfg)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	pool := openPool(connector, o.MaxOpenConns, o.ConnMaxLifetime)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, explain(cfg, err)
	}
	lane := openPool(connector, laneConns, o.ConnMaxLifetime)
	w := newWatcher(connector, o, func(away bool) {
		// Connections from before the outage are dropped rather than tried one by one.
		if away {
			pool.SetMaxIdleConns(-1)
			lane.SetMaxIdleConns(-1)
		} else {
			pool.SetMaxIdleConns(o.MaxOpenConns)
			lane.SetMaxIdleConns(laneConns)
		}
	})
	go w.run()
	return &DB{DB: sqlx.NewDb(pool, "mysql"), Lane: sqlx.NewDb(lane, "mysql"), watcher: w}, nil
}

func openPool(c driver.Connector, conns int, life time.Duration) *sql.DB {
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxLifetime(life)
	pool.SetConnMaxIdleTime(connMaxIdleTime)
	return pool
}

func (o Options) withDefaults() Options {
	if o.MaxOpenConns <= 0 {
		o.MaxOpenConns = DefaultMaxOpenConns
	}
	if o.ConnMaxLifetime <= 0 {
		o.ConnMaxLifetime = defaultConnMaxLifetime
	}
	if o.PingInterval <= 0 {
		o.PingInterval = defaultPingInterval
	}
	if o.PingTimeout <= 0 {
		o.PingTimeout = defaultPingTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Close stops the watcher and closes the pools. Contexts of Guard live on.
func (db *DB) Close() error {
	db.watcher.stop()
	return errors.Join(db.DB.Close(), db.Lane.Close())
}

// Available reports what the watcher saw last.
func (db *DB) Available() bool { return db.watcher.available() }

// Guard returns a context that ends with cause ErrUnavailable as soon as the
// watcher sees the database go, or at once when it is away already. Statements
// run with it then end too, instead of waiting on a server that is gone. The
// cancel function must be called when the work is done.
func (db *DB) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	return db.watcher.guard(ctx)
}

// Counts are the statements the pools have sent so far.
func (db *DB) Counts() Counts {
	n, _ := CountsOf(db.DB.DB)
	return n
}

// explain turns what can go wrong at the first connection into a sentence that
// says what to mend.
func explain(cfg *gomysql.Config, err error) error {
	where := cfg.Addr
	e, ok := asServerError(err)
	if !ok {
		if IsUnavailable(err) || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("the database server at %s cannot be reached: %w", where, &unreachableError{err})
		}
		return fmt.Errorf("the database at %s cannot be opened: %w", where, err)
	}
	switch e.Number {
	case errAccessDenied, errAccessDeniedNoPassword:
		return fmt.Errorf("the database server at %s refuses user %q: the name or the password is wrong: %w", where, cfg.User, err)
	case errHostNotPrivileged:
		return fmt.Errorf("the database server at %s does not let this machine in: %w", where, err)
	case errDBAccessDenied:
		return fmt.Errorf("database user %q has no rights on database %q, or it does not exist: %w", cfg.User, cfg.DBName, err)
	case errUnknownDatabase:
		return fmt.Errorf("there is no database %q on the server at %s: %w", cfg.DBName, where, err)
	case errTooManyConnections, errUserLimit, errUserResourceLimit:
		return fmt.Errorf("the database server at %s has no connection left: %w", where, err)
	}
	return fmt.Errorf("the database at %s cannot be opened: %w", where, err)
}

// unreachableError makes every failure to reach the server ErrUnavailable.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string        { return e.err.Error() }
func (e *unreachableError) Unwrap() error        { return e.err }
func (e *unreachableError) Is(target error) bool { return target == ErrUnavailable }
