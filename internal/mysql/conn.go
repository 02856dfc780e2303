package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// driverConn is what go-sql-driver's connection offers; conn passes all of it on.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a driver connection that counts its statements and whose COMMIT and
// ROLLBACK end with the transaction's context. The driver's own do not look at
// it: a frozen server would hold a request for the whole read timeout.
type conn struct {
	driverConn
	counter *counter
	// socket is what bound closes when a context ends.
	socket net.Conn
	// broken is set when a transaction's end is unknown: such a connection must
	// never return to the pool.
	broken bool
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.counter.data(query)
	return c.exec(ctx, query, args)
}

func (c *conn) exec(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	err = c.bound(ctx, func(ctx context.Context) error {
		res, err = c.driverConn.ExecContext(ctx, query, args)
		return err
	})
	return res, err
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.counter.data(query)
	leave, err := c.watch(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := c.driverConn.QueryContext(context.Background(), query, args)
	if err != nil {
		return nil, leave(err)
	}
	return &rows{Rows: answer, ctx: ctx, leave: leave}, nil
}

// PrepareContext counts the preparation; running the statement is not counted
// again. Parley prepares nothing (parameters are interpolated).
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.counter.data(query)
	return c.driverConn.PrepareContext(ctx, query)
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.counter.control("BEGIN")
	var inner driver.Tx
	err := c.bound(ctx, func(ctx context.Context) (err error) {
		inner, err = c.driverConn.BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &tx{conn: c, inner: inner, ctx: ctx}, nil
}

func (c *conn) IsValid() bool { return !c.broken && c.driverConn.IsValid() }

func (c *conn) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

// tx keeps the context the transaction was begun with (database/sql cancels its
// own copy just before it commits, so that one would not do).
type tx struct {
	conn  *conn
	inner driver.Tx
	ctx   context.Context
}

// rollbackTimeout bounds a ROLLBACK; closing the connection rolls back as well.
const rollbackTimeout = time.Second

func (t *tx) Commit() error {
	t.conn.counter.control("COMMIT")
	if err := t.ctx.Err(); err != nil {
		t.conn.broken = true
		return err
	}
	_, err := t.conn.exec(t.ctx, "COMMIT", nil)
	if err == nil {
		return nil
	}
	t.conn.broken = true
	if isServerError(err) {
		return err
	}
	// Sent, or partly sent, and not answered: nobody knows.
	return &AmbiguousCommitError{Err: err}
}

func (t *tx) Rollback() error {
	t.conn.counter.control("ROLLBACK")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), rollbackTimeout)
	defer cancel()
	_, err := t.conn.exec(ctx, "ROLLBACK", nil)
	if err != nil {
		t.conn.broken = true
	}
	return err
}

// Counts are statements sent to the server: Data are those a program wrote,
// Control are BEGIN, COMMIT and ROLLBACK. What sets up a new connection, and
// pings, are in neither.
type Counts struct{ Data, Control int64 }

// Sub returns what was added since an earlier reading.
func (c Counts) Sub(earlier Counts) Counts {
	return Counts{Data: c.Data - earlier.Data, Control: c.Control - earlier.Control}
}

// CountsOf returns the statements a pool has sent so far. ok is false for a pool
// that was not opened through a Connector.
func CountsOf(db *sql.DB) (n Counts, ok bool) {
	d, ok := db.Driver().(*countingDriver)
	if !ok {
		return Counts{}, false
	}
	return Counts{Data: d.counter.nData.Load(), Control: d.counter.nControl.Load()}, true
}

// Log hands every statement a pool sends, with its placeholders, to f until stop
// is called. For tests: only one log at a time, and f must be quick and safe for
// concurrent use. ok is as for CountsOf.
func Log(db *sql.DB, f func(statement string)) (stop func(), ok bool) {
	d, ok := db.Driver().(*countingDriver)
	if !ok {
		return func() {}, false
	}
	d.counter.log.Store(&f)
	return sync.OnceFunc(func() { d.counter.log.CompareAndSwap(&f, nil) }), true
}

// countingDriver is the way from a *sql.DB to its counter.
type countingDriver struct {
	driver.Driver
	counter counter
}

type counter struct {
	nData, nControl atomic.Int64
	log             atomic.Pointer[func(string)]
}

func (c *counter) data(query string) {
	c.nData.Add(1)
	c.tell(query)
}

func (c *counter) control(query string) {
	c.nControl.Add(1)
	c.tell(query)
}

func (c *counter) tell(query string) {
	if f := c.log.Load(); f != nil {
		(*f)(query)
	}
}

// isServerError reports whether the server answered with an error packet, so
// that the outcome of the statement is known.
func isServerError(err error) bool {
	_, ok := asServerError(err)
	return ok
}
