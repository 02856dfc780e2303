package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Counters are the ids the next conversation, participant and message would get.
type Counters struct{ Conversation, Row, Message int64 }

var counterPattern = regexp.MustCompile(`\bAUTO_INCREMENT=([0-9]+)`)

// Counters reads them from the tables' definitions, which are never a cached figure.
func (s *Store) Counters(ctx context.Context) (c Counters, err error) {
	for _, t := range []struct {
		table string
		into  *int64
	}{{s.t.Conversations, &c.Conversation}, {s.t.Participants, &c.Row}, {s.t.Messages, &c.Message}} {
		var name, text string
		if err := s.db.QueryRowContext(ctx, `SHOW CREATE TABLE `+t.table).Scan(&name, &text); err != nil {
			return c, err
		}
		*t.into = 1
		// The table's options are behind the last bracket; a comment could hold anything.
		if m := counterPattern.FindStringSubmatch(text[strings.LastIndexByte(text, ')')+1:]); m != nil {
			if *t.into, err = strconv.ParseInt(m[1], 10, 64); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// RaiseCounters makes the counters at least what is given. They never fall, and the
// server keeps them over a restart.
func (s *Store) RaiseCounters(ctx context.Context, to Counters) error {
	now, err := s.Counters(ctx)
	if err != nil {
		return err
	}
	for _, t := range []struct {
		table    string
		now, aim int64
	}{{s.t.Conversations, now.Conversation, to.Conversation}, {s.t.Participants, now.Row, to.Row}, {s.t.Messages, now.Message, to.Message}} {
		if t.now >= t.aim {
			continue
		}
		if _, err := s.db.ExecContext(ctx, `ALTER TABLE `+t.table+` AUTO_INCREMENT = `+strconv.FormatInt(t.aim, 10)); err != nil {
			return fmt.Errorf("the counter of table %s cannot be raised: %w", t.table, err)
		}
	}
	return nil
}

// ErrLocked says that another process imports into the same tables.
var ErrLocked = errors.New("another import is at work")

// LockImport takes the lock that keeps two imports apart on a connection of its own, and
// waits for it so long. The lock goes with the connection, which the import writes
// through: whoever lost it cannot write any more.
func (s *Store) LockImport(ctx context.Context, wait time.Duration) (*sqlx.Conn, error) {
	c, err := s.db.Connx(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	err = c.QueryRowxContext(ctx, `SELECT GET_LOCK(`+s.importLock()+`, ?)`, wait.Seconds()).Scan(&got)
	if err == nil && got.Int64 != 1 {
		err = ErrLocked
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// UnlockImport gives the lock and the connection back.
func (s *Store) UnlockImport(ctx context.Context, c *sqlx.Conn) error {
	_, err := c.ExecContext(ctx, `DO RELEASE_LOCK(`+s.importLock()+`)`)
	return errors.Join(err, c.Close())
}

// importLock is an expression for the lock's name: names are the server's, tables the
// database's, and a name has 64 characters at most.
func (s *Store) importLock() string {
	return `CONCAT('parley import ', LEFT(SHA1(CONCAT(DATABASE(), ' ', '` + strings.Trim(s.t.Conversations, "`") + `')), 32))`
}

// ForeignIDs hands the ids up to a bound that a source's rows must not take: those of
// conversations, messages and participants that were not imported from it. A thread that
// has another conversation already needs none. since are
// the counters of the time before its first pass.
func (s *Store) ForeignIDs(ctx context.Context, source int64, upTo Counters, since Counters, each func(kind string, id int64) error) error {
	journal := `NOT EXISTS (SELECT 1 FROM ` + s.t.ImportThreads + ` t WHERE t.conversation_id = c.id AND t.source_id = ?)`
	for _, q := range []struct {
		kind, text string
		args       []any
	}{
		{"thread", `SELECT c.id FROM ` + s.t.Conversations + ` c WHERE c.id <= ? AND ` + journal + ` AND NOT EXISTS (
			SELECT 1 FROM ` + s.t.ImportThreads + ` o WHERE o.source_id = ? AND o.source_thread = c.id)`, []any{upTo.Conversation, source, source}},
		{"message", `SELECT m.id FROM ` + s.t.Conversations + ` c JOIN ` + s.t.Messages + ` m ON m.conversation_id = c.id AND m.id <= ?
			WHERE ` + journal, []any{upTo.Message, source}},
		{"message", `SELECT m.id FROM ` + s.t.Messages + ` m
			JOIN ` + s.t.ImportThreads + ` t ON t.conversation_id = m.conversation_id AND t.source_id = ?
			WHERE m.id >= ? AND m.id <= ? AND (m.imported_from IS NULL OR m.imported_from <> ?)`,
			[]any{source, since.Message, upTo.Message, source}},
		{"recipient", `SELECT p.id FROM ` + s.t.Conversations + ` c JOIN ` + s.t.Participants + ` p ON p.conversation_id = c.id AND p.id <= ?
			WHERE ` + journal, []any{upTo.Row, source}},
		{"recipient", `SELECT p.id FROM ` + s.t.Participants + ` p
			JOIN ` + s.t.ImportThreads + ` t ON t.conversation_id = p.conversation_id AND t.source_id = ?
			WHERE p.id >= ? AND p.id <= ? AND p.imported_state IS NULL`, []any{source, since.Row, upTo.Row}},
	} {
		if err := s.eachID(ctx, q.text, q.args, func(id int64) error { return each(q.kind, id) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) eachID(ctx context.Context, text string, args []any, f func(int64) error) error {
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if err := f(id); err != nil {
			return err
		}
	}
	return rows.Err()
}

// MoveMadeRows gives new ids to the rows an import made for people without one, from
// first to last, so that the source can grow into their place: each is raised by so much.
func (s *Store) MoveMadeRows(ctx context.Context, tx *sqlx.Tx, first, last, by int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+s.t.Participants+` SET id = id + ?
		WHERE id BETWEEN ? AND ? AND left_at IS NOT NULL AND imported_state IS NOT NULL ORDER BY id DESC`, by, first, last)
	return err
}

// PairHolder is the conversation that has a pair's place as the one direct one.
type PairHolder struct {
	Conversation int64
	Pair         [2]int64
	LastAt       time.Time
	// Imported tells that a source brought it.
	Imported bool
}

// PairHolders finds and locks the holders of some pairs.
func (s *Store) PairHolders(ctx context.Context, tx *sqlx.Tx, pairs [][2]int64) (out []PairHolder, err error) {
	for chunk := range slices.Chunk(pairs, bulkRows) {
		args := make([]any, 0, 2*len(chunk))
		for _, p := range chunk {
			args = append(args, p[0], p[1])
		}
		// A join: not every server finds rows of an index by a list of pairs.
		list := `SELECT ? AS low, ? AS high` + strings.Repeat(` UNION ALL SELECT ?, ?`, len(chunk)-1)
		rows, err := tx.QueryContext(ctx, `SELECT c.id, c.direct_low, c.direct_high, COALESCE(c.last_message_at, c.created_at),
				EXISTS (SELECT 1 FROM `+s.t.ImportThreads+` t WHERE t.conversation_id = c.id)
			FROM (`+list+`) v STRAIGHT_JOIN `+s.t.Conversations+` c ON c.direct_low = v.low AND c.direct_high = v.high
			FOR UPDATE`, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var h PairHolder
			if err := rows.Scan(&h.Conversation, &h.Pair[0], &h.Pair[1], &h.LastAt, &h.Imported); err != nil {
				return nil, err
			}
			out = append(out, h)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SetPair gives a conversation the place of a pair, or none with zeros.
func (s *Store) SetPair(ctx context.Context, tx *sqlx.Tx, pair [2]int64, conversations ...int64) error {
	id := func(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: n != 0} }
	for chunk := range slices.Chunk(conversations, bulkRows) {
		if _, err := tx.ExecContext(ctx, `UPDATE `+s.t.Conversations+` SET direct_low = ?, direct_high = ?
			WHERE id IN (`+marks(len(chunk))+`)`, append([]any{id(pair[0]), id(pair[1])}, anys(chunk)...)...); err != nil {
			return err
		}
	}
	return nil
}
