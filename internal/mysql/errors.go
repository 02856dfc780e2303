package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	gomysql "github.com/go-sql-driver/mysql"
)

// ErrUnavailable says that the database is away. It is the cause of contexts
// made by DB.Guard when the watcher sees it go.
var ErrUnavailable = errors.New("the database is away")

// AmbiguousCommitError says that a COMMIT was sent and not answered: the changes
// may be there or not. Only the caller can tell, by looking or by repeating
// under the same client id.
type AmbiguousCommitError struct{ Err error }

func (e *AmbiguousCommitError) Error() string {
	return fmt.Sprintf("the answer to COMMIT was lost: %v", e.Err)
}

func (e *AmbiguousCommitError) Unwrap() error { return e.Err }

// Server error numbers, the same on MariaDB and MySQL unless noted.
const (
	errWriteFile              = 3
	errDiskFull               = 1021
	errTempFileWrite          = 1026
	errFromEngine             = 1030
	errTableFull              = 1114
	errTooManyConnections     = 1040
	errDBAccessDenied         = 1044
	errAccessDenied           = 1045
	errUnknownDatabase        = 1049
	errServerShutdown         = 1053
	errColumnExists           = 1060
	errKeyExists              = 1061
	errDuplicate              = 1062
	errNothingToDrop          = 1091
	errHostBlocked            = 1129
	errHostNotPrivileged      = 1130
	errTableAccessDenied      = 1142
	errColumnAccessDenied     = 1143
	errNoSuchTable            = 1146
	errUserLimit              = 1203 // max_user_connections
	errLockWait               = 1205
	errDeadlock               = 1213
	errAccessDeniedNoPassword = 1698
	errUserResourceLimit      = 1226
	errSpecificAccessDenied   = 1227
	errReadOnly               = 1290 // --read-only: a primary that became a replica
	errDuplicateWithKeyName   = 1586
	errReadOnlyMode           = 1836
	errConnectionKilled       = 1927 // MariaDB
	errDisconnectedIdle       = 4031 // MySQL 8.0.24+
)

func asServerError(err error) (*gomysql.MySQLError, bool) {
	var e *gomysql.MySQLError
	ok := errors.As(err, &e)
	return e, ok
}

// IsUnavailable reports whether an error means that the database is away, or
// takes no work for the moment, rather than that the statement was wrong. It
// does not count an ended context: context.Cause says whose doing that was, and
// Unavailable asks it.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	if e, ok := asServerError(err); ok {
		switch e.Number {
		case errTooManyConnections, errServerShutdown, errUserLimit, errUserResourceLimit, errHostBlocked,
			errReadOnly, errReadOnlyMode, errConnectionKilled, errDisconnectedIdle:
			return true
		}
		return false
	}
	for _, target := range []error{ErrUnavailable, driver.ErrBadConn, gomysql.ErrInvalidConn,
		gomysql.ErrMalformPkt, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ENOENT} {
		if errors.Is(err, target) {
			return true
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var netErr net.Error
	return errors.As(err, &netErr)
}

// Unavailable is IsUnavailable for a caller that still has the context: it also
// recognises an error that came of the context being cancelled by the watcher.
func Unavailable(ctx context.Context, err error) bool {
	return err != nil && (IsUnavailable(err) || errors.Is(context.Cause(ctx), ErrUnavailable))
}

// IsDuplicate reports whether a statement met a row with the same unique key.
// keyName is the key's name as created, "PRIMARY" for the primary key, or "" for
// any. (MySQL names the table before the key since 8.0.19; both are understood.)
func IsDuplicate(err error, keyName string) bool {
	e, ok := asServerError(err)
	if !ok || (e.Number != errDuplicate && e.Number != errDuplicateWithKeyName) {
		return false
	}
	if keyName == "" {
		return true
	}
	// The message ends with: … for key 'name'. What comes before may be a
	// member's own text, so only the end is looked at.
	msg := strings.TrimSuffix(e.Message, "'")
	i := strings.LastIndexByte(msg, '\'')
	if i < 0 {
		return false
	}
	name := msg[i+1:]
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	return strings.EqualFold(name, keyName)
}

// Again marks an error of a transaction that may well pass when repeated, for a
// reason that only the caller knows.
func Again(err error) error { return &againError{err} }

type againError struct{ err error }

func (e *againError) Error() string { return e.err.Error() }
func (e *againError) Unwrap() error { return e.err }

// IsRetryable reports whether the same transaction may well pass when repeated:
// a deadlock, a row lock that was not had in time, or what Again marks.
func IsRetryable(err error) bool {
	if again := (*againError)(nil); errors.As(err, &again) {
		return true
	}
	e, ok := asServerError(err)
	return ok && (e.Number == errDeadlock || e.Number == errLockWait)
}

// IsDenied reports whether the server refused a statement for want of rights.
func IsDenied(err error) bool {
	e, ok := asServerError(err)
	if !ok {
		return false
	}
	switch e.Number {
	case errDBAccessDenied, errTableAccessDenied, errColumnAccessDenied, errSpecificAccessDenied:
		return true
	}
	return false
}

// IsFull reports whether the server has no room left to write.
func IsFull(err error) bool {
	e, ok := asServerError(err)
	if !ok {
		return false
	}
	switch e.Number {
	case errWriteFile, errDiskFull, errTempFileWrite, errTableFull:
		return true
	}
	return e.Number == errFromEngine && strings.Contains(e.Message, "28") // the system's "no space left"
}

// IsNoTable reports whether a statement named a table that does not exist.
func IsNoTable(err error) bool {
	e, ok := asServerError(err)
	return ok && e.Number == errNoSuchTable
}

// IsAlreadyAltered reports whether an ALTER TABLE found the column or key it adds
// already there, or the one it drops already gone.
func IsAlreadyAltered(err error) bool {
	e, ok := asServerError(err)
	return ok && (e.Number == errColumnExists || e.Number == errKeyExists || e.Number == errNothingToDrop)
}
