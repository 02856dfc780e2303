package mysql_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	gomysql "github.com/go-sql-driver/mysql"

	"parley/internal/mysql"
)

func server(number uint16, message string) error {
	return fmt.Errorf("send: %w", &gomysql.MySQLError{Number: number, Message: message})
}

func TestErrorsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name                            string
		err                             error
		unavailable, retryable, refused bool
	}{
		{"nil", nil, false, false, false},
		{"deadlock", server(1213, "Deadlock found"), false, true, false},
		{"lock wait", server(1205, "Lock wait timeout exceeded"), false, true, false},
		{"duplicate", server(1062, "Duplicate entry"), false, false, false},
		{"syntax", server(1064, "You have an error"), false, false, false},
		{"too many connections", server(1040, "Too many connections"), true, false, false},
		{"shutting down", server(1053, "Server shutdown in progress"), true, false, false},
		{"killed", server(1927, "Connection was killed"), true, false, false},
		{"read only", server(1290, "--read-only"), true, false, false},
		{"no right", server(1142, "CREATE command denied"), false, false, true},
		{"bad connection", driver.ErrBadConn, true, false, false},
		{"invalid connection", fmt.Errorf("x: %w", gomysql.ErrInvalidConn), true, false, false},
		{"lost commit", &mysql.AmbiguousCommitError{Err: gomysql.ErrInvalidConn}, true, false, false},
		{"cancelled", context.Canceled, false, false, false},
		{"too slow", context.DeadlineExceeded, false, false, false},
		{"something else", errors.New("oops"), false, false, false},
	} {
		if got := mysql.IsUnavailable(c.err); got != c.unavailable {
			t.Errorf("%s: IsUnavailable = %v", c.name, got)
		}
		if got := mysql.IsRetryable(c.err); got != c.retryable {
			t.Errorf("%s: IsRetryable = %v", c.name, got)
		}
		if got := mysql.IsDenied(c.err); got != c.refused {
			t.Errorf("%s: IsDenied = %v", c.name, got)
		}
	}
}

func TestUnavailableAsksTheContextForItsCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	if mysql.Unavailable(ctx, context.Canceled) {
		t.Error("a living context")
	}
	cancel(mysql.ErrUnavailable)
	if !mysql.Unavailable(ctx, context.Canceled) || mysql.Unavailable(ctx, nil) {
		t.Error("a context ended by the watcher")
	}
}

func TestDuplicateKeyIsTakenFromTheEndOfTheMessage(t *testing.T) {
	for _, c := range []struct {
		message, key string
		want         bool
	}{
		{"Duplicate entry '1-2' for key 'direct_pair'", "direct_pair", true},
		{"Duplicate entry '1-2' for key 'wp_parley_conversations.direct_pair'", "direct_pair", true},
		{"Duplicate entry '1' for key 'PRIMARY'", "primary", true},
		{"Duplicate entry 'for key 'client'' for key 'once'", "client", false},
		{"Duplicate entry 'for key 'client'' for key 'once'", "once", true},
		{"Duplicate entry '1' for key 'client'", "", true},
		{"garbled", "client", false},
	} {
		if got := mysql.IsDuplicate(server(1062, c.message), c.key); got != c.want {
			t.Errorf("%s: IsDuplicate(%q) = %v", c.message, c.key, got)
		}
	}
	if mysql.IsDuplicate(server(1213, "Deadlock for key 'client'"), "") {
		t.Error("a deadlock is called a duplicate")
	}
}
