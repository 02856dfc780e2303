package store

import (
	"context"
	"time"

	"parley/internal/mysql"
)

// Spans of the registry of nodes, in seconds by the database's clock.
const (
	// nodeAlive is how long ago a node that counts as alive was seen at most.
	nodeAlive = `INTERVAL 30 SECOND`
	// nodeKept is how long the row of a dead node is kept.
	nodeKept = `INTERVAL 1 HOUR`
	// signalKept is how long a signal is kept.
	signalKept = `INTERVAL 10 SECOND`
)

// AddNode writes the row of a node and returns its id: the one asked for, or with 0, or
// when another node has that one, a new one.
func (s *Store) AddNode(ctx context.Context, id int64, name, version string, started time.Time) (int64, error) {
	add := func(asked any) (int64, error) {
		done, err := s.lane.ExecContext(ctx, `INSERT INTO `+s.t.Nodes+` (id, name, version, started_at, seen_at)
			VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))`, asked, name, version, started)
		if err != nil {
			return 0, err
		}
		return done.LastInsertId()
	}
	if id > 0 {
		_, err := add(id)
		if !mysql.IsDuplicate(err, "PRIMARY") {
			return id, err
		}
	}
	return add(nil)
}

// SeeNode notes that a node is alive and reports whether its row is still there.
func (s *Store) SeeNode(ctx context.Context, id int64, name string, started time.Time) (known bool, err error) {
	done, err := s.lane.ExecContext(ctx, `UPDATE `+s.t.Nodes+` SET seen_at = UTC_TIMESTAMP(6)
		 WHERE id = ? AND name = ? AND started_at = ?`, id, name, started)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// OtherNodes reads the ids of nodes other than one that are alive, ascending. A row from
// the future, which a clock that was set back leaves, is not.
func (s *Store) OtherNodes(ctx context.Context, id int64) (others []int64, err error) {
	err = mysql.Query(ctx, s.lane.DB, s.otherNodesText(), []any{id}, func(r mysql.Row) { others = append(others, r.Int(0)) })
	return others, err
}

func (s *Store) otherNodesText() string {
	return `SELECT n.id FROM ` + s.t.Nodes + ` n
		 WHERE n.seen_at > UTC_TIMESTAMP(6) - ` + nodeAlive + ` AND n.seen_at < UTC_TIMESTAMP(6) + ` + nodeAlive + ` AND n.id <> ?
		 ORDER BY n.id`
}

// PruneNodes removes rows of nodes that are dead for long and of whose members nothing
// is left.
func (s *Store) PruneNodes(ctx context.Context) error {
	_, err := s.lane.ExecContext(ctx, `DELETE n FROM `+s.t.Nodes+` n LEFT JOIN `+s.t.Presence+` p ON p.node_id = n.id
		 WHERE n.seen_at < UTC_TIMESTAMP(6) - `+nodeKept+` AND p.node_id IS NULL`)
	return err
}

// Signal is a row of the signals table.
type Signal struct {
	ID   int64
	Node int64
	Kind string
	// Body is empty for the reader's own.
	Body []byte
}

// AddSignals writes signals of a node with one statement.
func (s *Store) AddSignals(ctx context.Context, node int64, signals []Signal) error {
	if len(signals) == 0 {
		return nil
	}
	args := make([]any, 0, 3*len(signals))
	for _, x := range signals {
		args = append(args, node, x.Kind, x.Body)
	}
	_, err := s.lane.ExecContext(ctx, `INSERT INTO `+s.t.Signals+` (node_id, kind, body, created_at)
		VALUES `+repeated("(?,?,?,UTC_TIMESTAMP(6))", len(signals)), args...)
	return err
}

// Signals reads signals with an id above after, in order, at most limit; those of the
// reading node itself are without a body.
func (s *Store) Signals(ctx context.Context, node, after int64, limit int) (out []Signal, err error) {
	err = mysql.Query(ctx, s.lane.DB, s.signalsText(), []any{node, after, limit}, func(r mysql.Row) {
		out = append(out, Signal{ID: r.Int(0), Node: r.Int(1), Kind: r.Text(2), Body: []byte(r.Text(3))})
	})
	return out, err
}

func (s *Store) signalsText() string {
	return `SELECT g.id, g.node_id, g.kind, IF(g.node_id = ?, '', g.body) FROM ` + s.t.Signals + ` g
		 WHERE g.id > ? ORDER BY g.id LIMIT ?`
}

// LastSignal returns the highest id of a signal, 0 without any.
func (s *Store) LastSignal(ctx context.Context) (id int64, err error) {
	err = s.lane.GetContext(ctx, &id, `SELECT COALESCE(MAX(id), 0) FROM `+s.t.Signals)
	return id, err
}

// signalsPerPrune bounds one PruneSignals.
const signalsPerPrune = 20_000

// PruneSignals removes signals everybody has had time to read. The newest stays, so that
// a server that counts on from the highest id when it starts never gives one out twice.
func (s *Store) PruneSignals(ctx context.Context) error {
	_, err := s.lane.ExecContext(ctx, s.pruneSignalsText(), signalsPerPrune)
	return err
}

func (s *Store) pruneSignalsText() string {
	return `DELETE FROM ` + s.t.Signals + `
		 WHERE created_at < UTC_TIMESTAMP(6) - ` + signalKept + `
		   AND id < (SELECT newest FROM (SELECT MAX(id) AS newest FROM ` + s.t.Signals + `) m)
		 LIMIT ?`
}
