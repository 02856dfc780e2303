// Package store holds the statements of messaging, each beside its scan. It decides
// no rule: callers say who acts and what they found allowed. Ids are plain int64
// here; messaging gives them their names.
//
// Every transaction that changes a conversation or the people in it takes the
// conversation's row first (Advance, LockPlace, LockPeople, or by inserting it). That
// lock gives messages their order, and every such transaction the same order of locks.
package store

import (
	"strings"

	"github.com/jmoiron/sqlx"

	"parley/schema"
	"parley/wpauth"
)

// Store runs the statements on Parley's own tables and on the ones it reads. Its
// methods without a tx parameter use the pool, each for itself.
type Store struct {
	db       *sqlx.DB
	lane     *sqlx.DB // for what is told to those connected: it does not wait behind visitors
	t        schema.Tables
	wp       wpauth.Tables
	features wpauth.Features
}

// New makes a Store.
func New(db *sqlx.DB, t schema.Tables, wp wpauth.Tables, features wpauth.Features) *Store {
	return &Store{db: db, lane: db, t: t, wp: wp, features: features}
}

// WithLane has the statements behind the stream use connections of their own.
func (s *Store) WithLane(lane *sqlx.DB) *Store {
	s.lane = lane
	return s
}

// marks returns n placeholders: "?,?,?".
func marks(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat("?,", n-1) + "?"
}

// tuples returns n rows of width placeholders: "(?,?),(?,?)".
func tuples(n, width int) string {
	return repeated("("+marks(width)+")", n)
}

// repeated returns a row n times.
func repeated(row string, n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(row+",", n-1) + row
}

// anys turns ids into parameters.
func anys(ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// Filter selects conversations of a mailbox (contract 1.3, 1).
type Filter string

// The filters, as messaging.Filter spells them. Unread, Direct and Group are parts
// of Active. A conversation that was left is in none.
const (
	Active   Filter = "active"
	Archived Filter = "archived"
	All      Filter = "all"
	Unread   Filter = "unread"
	Direct   Filter = "direct"
	Group    Filter = "group"
)

// mailbox returns the conditions of a filter on participants p, beginning with AND,
// and the join with conversations c some of them need. Beside p.user_id = ? they are
// the beginning of the index inbox.
func (s *Store) mailbox(f Filter) (where, join string) {
	const active = ` AND p.folder = 0`
	ofType := func(t string) (string, string) {
		return active, ` STRAIGHT_JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id AND c.type = ` + t
	}
	switch f {
	case Archived:
		return ` AND p.folder = 1`, ""
	case All:
		return ` AND p.folder IN (0, 1)`, ""
	case Unread:
		return active + ` AND p.has_unread = 1`, ""
	case Direct:
		return ofType("1")
	case Group:
		return ofType("2")
	}
	return active, ""
}
