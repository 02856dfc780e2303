package store

import (
	"context"
	"strings"

	"parley/internal/mysql"
)

// MessagesAt hands to each the newest message at or before places (conversation and
// sequence), by the index seq.
func (s *Store) MessagesAt(ctx context.Context, places [][2]int64, each func(conversation, seq, message int64)) error {
	if len(places) == 0 {
		return nil
	}
	text, args := s.messagesAtText(places)
	return mysql.Query(ctx, s.db.DB, text, args, func(r mysql.Row) {
		if !r.Null(2) {
			each(r.Int(0), r.Int(1), r.Int(2))
		}
	})
}

func (s *Store) messagesAtText(places [][2]int64) (string, []any) {
	args := make([]any, 0, 2*len(places))
	for _, p := range places {
		args = append(args, p[0], p[1])
	}
	return `SELECT w.conversation, w.seq, ` + s.messageAt("w.conversation", "w.seq") + `
		FROM (SELECT CAST(? AS UNSIGNED) AS conversation, CAST(? AS UNSIGNED) AS seq` +
		strings.Repeat(` UNION ALL SELECT ?, ?`, len(places)-1) + `) w`, args
}

// messageAt is the id of the newest message at or before a place, NULL without one. Both
// must be columns: one look at the index seq.
func (s *Store) messageAt(conversation, seq string) string {
	return `(SELECT m.id FROM ` + s.t.Messages + ` m WHERE m.conversation_id = ` + conversation + `
		AND m.seq <= ` + seq + ` ORDER BY m.seq DESC LIMIT 1)`
}
