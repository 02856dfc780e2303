package store

import (
	"context"
	"slices"
	"time"

	"parley/internal/mysql"
)

// States of a member on a node, as the table keeps them. The lower one wins where a
// member is on several nodes.
const (
	PresentOnline = 1
	PresentAway   = 2
)

// presentRows joins the rows p that count: those of nodes n that are alive. A node whose
// row is from the future, as a clock that was set back leaves it, is not.
func (s *Store) presentRows() string {
	return s.t.Presence + ` p JOIN ` + s.t.Nodes + ` n ON n.id = p.node_id
		   AND n.seen_at > UTC_TIMESTAMP(6) - ` + nodeAlive + ` AND n.seen_at < UTC_TIMESTAMP(6) + ` + nodeAlive
}

// WritePresence writes which members are on a node, and how, with one statement.
func (s *Store) WritePresence(ctx context.Context, node int64, states map[int64]int) error {
	if len(states) == 0 {
		return nil
	}
	args := make([]any, 0, 3*len(states))
	for _, user := range sorted(states) {
		args = append(args, user, node, states[user])
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO `+s.t.Presence+` (user_id, node_id, state)
		VALUES `+tuples(len(states), 3)+` ON DUPLICATE KEY UPDATE state = VALUES(state)`, args...)
	return err
}

// sorted are the keys of a map, ascending: transactions that lock several rows do it in
// one order.
func sorted[V any](m map[int64]V) []int64 {
	out := make([]int64, 0, len(m))
	for id := range m {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// DropPresence removes members from a node with one statement.
func (s *Store) DropPresence(ctx context.Context, node int64, users []int64) error {
	if len(users) == 0 {
		return nil
	}
	text, args := s.dropPresenceText(node, users)
	_, err := s.db.ExecContext(ctx, text, args...)
	return err
}

func (s *Store) dropPresenceText(node int64, users []int64) (string, []any) {
	return `DELETE FROM ` + s.t.Presence + ` WHERE user_id IN (` + marks(len(users)) + `) AND node_id = ?`,
		append(anys(users), node)
}

// PresenceOf reads how members are there, on whichever node, with one statement; who is
// not is missing.
func (s *Store) PresenceOf(ctx context.Context, users []int64) (map[int64]int, error) {
	out := make(map[int64]int, len(users))
	if len(users) == 0 {
		return out, nil
	}
	err := mysql.Query(ctx, s.db.DB, s.presenceText(len(users)), anys(users), func(r mysql.Row) {
		id, state := r.Int(0), int(r.Int(1))
		if best := out[id]; best == 0 || state < best {
			out[id] = state
		}
	})
	return out, err
}

func (s *Store) presenceText(n int) string {
	return `SELECT p.user_id, p.state FROM ` + s.presentRows() + ` WHERE p.user_id IN (` + marks(n) + `)`
}

// NodePresence is how many members' rows a node has, and whether they count.
type NodePresence struct {
	Node, Members int64
	Alive         bool
}

// PresenceByNode reads which nodes have rows.
func (s *Store) PresenceByNode(ctx context.Context) (out []NodePresence, err error) {
	err = mysql.Query(ctx, s.db.DB, s.presenceByNodeText(), nil, func(r mysql.Row) {
		out = append(out, NodePresence{Node: r.Int(0), Members: r.Int(1), Alive: r.Int(2) != 0})
	})
	return out, err
}

// presenceByNodeText counts in the index by node; the nodes are few.
func (s *Store) presenceByNodeText() string {
	return `SELECT p.node_id, COUNT(*), EXISTS (SELECT 1 FROM ` + s.t.Nodes + ` n WHERE n.id = p.node_id
		   AND n.seen_at > UTC_TIMESTAMP(6) - ` + nodeAlive + ` AND n.seen_at < UTC_TIMESTAMP(6) + ` + nodeAlive + `)
		  FROM ` + s.t.Presence + ` p FORCE INDEX (node) GROUP BY p.node_id`
}

// presencePerDrop bounds what one statement removes of a node's rows.
const presencePerDrop = 2000

// DropNode removes the rows of a node; with dead, only while it is not alive.
func (s *Store) DropNode(ctx context.Context, node int64, dead bool) error {
	text, args := `DELETE FROM `+s.t.Presence+` WHERE node_id = ?`, []any{node}
	if dead {
		text += ` AND NOT EXISTS (SELECT 1 FROM ` + s.t.Nodes + ` n WHERE n.id = ?
			AND n.seen_at > UTC_TIMESTAMP(6) - ` + nodeAlive + ` AND n.seen_at < UTC_TIMESTAMP(6) + ` + nodeAlive + `)`
		args = append(args, node)
	}
	for {
		done, err := s.db.ExecContext(ctx, text+` LIMIT ?`, append(args, presencePerDrop)...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n < presencePerDrop {
			return err
		}
	}
}

// SeeMembers notes that members were there at a moment, to the second, with one statement:
// only on sites without Jetonomy, whose profiles keep it otherwise. At most once a minute
// for each of them.
func (s *Store) SeeMembers(ctx context.Context, users []int64, at time.Time) error {
	if len(users) == 0 {
		return nil
	}
	args := make([]any, 0, 2*len(users)+2)
	for _, user := range users {
		args = append(args, user, at)
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO `+s.t.LastSeen+` (user_id, seen_at) VALUES `+tuples(len(users), 2)+`
		ON DUPLICATE KEY UPDATE seen_at = IF(seen_at <= ?, ?, seen_at)`, append(args, at.Add(-time.Minute), at)...)
	return err
}

// LastSeen reads when members were last there, with one statement; who never was is
// missing.
func (s *Store) LastSeen(ctx context.Context, users []int64) (map[int64]time.Time, error) {
	out := make(map[int64]time.Time, len(users))
	if len(users) == 0 {
		return out, nil
	}
	err := mysql.Query(ctx, s.db.DB, s.lastSeenText(len(users)), anys(users), func(r mysql.Row) {
		if at := r.Time(1); !at.IsZero() {
			out[r.Int(0)] = at
		}
	})
	return out, err
}

func (s *Store) lastSeenText(n int) string {
	if s.features.Jetonomy {
		return `SELECT p.user_id, p.last_seen_at FROM ` + s.wp.JTProfiles + ` p WHERE p.user_id IN (` + marks(n) + `)`
	}
	return `SELECT l.user_id, l.seen_at FROM ` + s.t.LastSeen + ` l WHERE l.user_id IN (` + marks(n) + `)`
}

// BlocksBy reads whom some members blocked for the whole community: blocker first.
// Without Jetonomy there are none.
func (s *Store) BlocksBy(ctx context.Context, users []int64) (pairs [][2]int64, err error) {
	if !s.features.Jetonomy || len(users) == 0 {
		return nil, nil
	}
	err = mysql.Query(ctx, s.db.DB, s.blocksByText(len(users)), anys(users), func(r mysql.Row) {
		pairs = append(pairs, [2]int64{r.Int(0), r.Int(1)})
	})
	return pairs, err
}

func (s *Store) blocksByText(n int) string {
	return `SELECT b.blocker_id, b.blocked_id FROM ` + s.wp.JTBlockedUsers + ` b WHERE b.blocker_id IN (` + marks(n) + `)`
}
