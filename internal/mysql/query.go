package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Row is one row of an answer as the driver read it. Reading a column as something
// it is not panics: a mistake of the statement's author. NULL is the zero value.
type Row []driver.Value

// Int reads a whole number; a condition is 1 or 0.
func (r Row) Int(i int) int64 {
	switch v := r[i].(type) {
	case nil:
		return 0
	case int64:
		return v
	case uint64:
		return int64(v)
	case []byte: // what the server computed as a DECIMAL
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err == nil {
			return n
		}
	}
	panic(fmt.Sprintf("column %d is a %T, not a number", i, r[i]))
}

// Bool reads a condition or a flag.
func (r Row) Bool(i int) bool { return r.Int(i) != 0 }

// Bytes reads a text or binary value without copying it: it is good until the next row.
func (r Row) Bytes(i int) []byte {
	b, _ := r[i].([]byte)
	if b == nil && r[i] != nil {
		panic(fmt.Sprintf("column %d is a %T, not a text", i, r[i]))
	}
	return b
}

// Text reads a text.
func (r Row) Text(i int) string {
	return string(r.Bytes(i))
}

// Time reads a moment, UTC.
func (r Row) Time(i int) time.Time {
	t, ok := r[i].(time.Time)
	if !ok && r[i] != nil {
		panic(fmt.Sprintf("column %d is a %T, not a moment", i, r[i]))
	}
	return t
}

// Null reports whether there is nothing in a column.
func (r Row) Null(i int) bool { return r[i] == nil }

// queryAttempts is how many stale connections in a row Query puts up with.
const queryAttempts = 3

// Query runs a reading statement on a connection of the pool and hands each row to
// each, which must keep nothing of the Row itself. The pool must be one of this
// package's.
//
// It is db.QueryContext, Next and Scan without what those cost beyond the driver: a
// goroutine for each answer, a lock for each row, a conversion for each column. That
// was a third of the CPU of a thread page of fifty.
func Query(ctx context.Context, db *sql.DB, query string, args []any, each func(Row)) error {
	for attempt := 1; ; attempt++ {
		err := queryOnce(ctx, db, query, args, each)
		if !errors.Is(err, driver.ErrBadConn) || attempt == queryAttempts {
			return err
		}
	}
}

func queryOnce(ctx context.Context, db *sql.DB, query string, args []any, each func(Row)) error {
	pooled, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer pooled.Close()
	return pooled.Raw(func(raw any) error {
		c, ok := raw.(*conn)
		if !ok {
			return fmt.Errorf("mysql: Query on a pool of %T", raw)
		}
		return c.readAll(ctx, query, args, each)
	})
}

// readAll runs a statement and reads its answer. ErrBadConn means that nothing was
// sent.
func (c *conn) readAll(ctx context.Context, query string, args []any, each func(Row)) (err error) {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		if err := c.CheckNamedValue(&named[i]); err != nil {
			return err
		}
	}
	answer, err := c.QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	defer func() {
		if closed := answer.Close(); err == nil {
			err = closed
		}
	}()
	row := make(Row, len(answer.Columns()))
	for {
		switch err := answer.Next(row); err {
		case nil:
			each(row)
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
