//go:build bench

package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// captured are the statements the server ran for one request, in order.
type captured []string

// data counts the statements that are not transaction control.
func (c captured) data() int {
	n := 0
	for _, q := range c {
		if !isControl(q) {
			n++
		}
	}
	return n
}

func isControl(q string) bool {
	switch strings.ToUpper(strings.Fields(q + " .")[0]) {
	case "BEGIN", "START", "COMMIT", "ROLLBACK", "SET":
		return true
	}
	return false
}

// capture records what the database is asked while run is at work, a list for
// each connection that asked. Nothing else may use the server meanwhile but the
// service's own watcher, whose pings are no queries.
func capture(ctx context.Context, admin *sqlx.DB, run func() error) (map[int64]captured, error) {
	for _, q := range []string{"SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1"} {
		if _, err := admin.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	var own int64
	if err := admin.GetContext(ctx, &own, "SELECT CONNECTION_ID()"); err != nil {
		return nil, err
	}
	runErr := run()
	if _, err := admin.ExecContext(ctx, "SET GLOBAL general_log=0"); err != nil {
		return nil, err
	}
	if runErr != nil {
		return nil, runErr
	}
	rows, err := admin.QueryContext(ctx, "SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type='Query' AND thread_id<>? ORDER BY event_time", own)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]captured{}
	for rows.Next() {
		var thread int64
		var q string
		if err := rows.Scan(&thread, &q); err != nil {
			return nil, err
		}
		if isWatcher(q) {
			continue
		}
		out[thread] = append(out[thread], q)
	}
	return out, rows.Err()
}

// isWatcher tells background statements of the service from those of a request.
func isWatcher(q string) bool {
	return strings.Contains(q, "parley_events") && strings.HasPrefix(strings.ToUpper(strings.TrimSpace(q)), "SELECT")
}

// captureOne returns the statements of one request made while nothing else runs.
func captureOne(ctx context.Context, admin *sqlx.DB, run func() error) (captured, error) {
	all, err := capture(ctx, admin, run)
	if err != nil {
		return nil, err
	}
	var out captured
	for _, c := range all {
		out = append(out, c...)
	}
	return out, nil
}

// replay runs captured statements on one connection through the driver, reading
// every row of every answer, as the service must.
func replay(ctx context.Context, conn *sql.Conn, list captured) error {
	for _, q := range list {
		if !returnsRows(q) {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("%.80s: %w", q, err)
			}
			continue
		}
		if err := drain(ctx, conn, q); err != nil {
			return fmt.Errorf("%.80s: %w", q, err)
		}
	}
	return nil
}

func returnsRows(q string) bool {
	q = strings.ToUpper(strings.TrimLeft(q, " \t\r\n("))
	return strings.HasPrefix(q, "SELECT") || strings.HasPrefix(q, "WITH")
}

func drain(ctx context.Context, conn *sql.Conn, q string) error {
	rows, err := conn.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	raw := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// bare replays lists through the driver from n connections for d.
func bare(ctx context.Context, db *sqlx.DB, n int, d time.Duration, pick func(i int64) captured) (result, time.Duration, error) {
	conns := make([]*sql.Conn, n)
	for i := range conns {
		c, err := db.DB.Conn(ctx)
		if err != nil {
			return result{}, 0, err
		}
		defer c.Close()
		conns[i] = c
	}
	before := ownCPU()
	res := closedLoop(n, d, func(w int, i int64) error {
		list := pick(i)
		if list == nil {
			return errUsedUp
		}
		return replay(ctx, conns[w], list)
	})
	return res, ownCPU() - before, nil
}

var errUsedUp = fmt.Errorf("no statements left to replay")
