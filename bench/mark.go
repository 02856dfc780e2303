//go:build bench

package bench

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"parley/schema"
)

// rowMark remembers the state of the tables a send changes.
type rowMark struct{ lastMessage int64 }

func markRows(ctx context.Context, db *sqlx.DB, t schema.Tables) (*rowMark, error) {
	m := &rowMark{}
	if err := db.GetContext(ctx, &m.lastMessage, "SELECT MAX(id) FROM "+t.Messages); err != nil {
		return nil, err
	}
	for backup, source := range map[string]string{"bench_conversations": t.Conversations, "bench_participants": t.Participants} {
		for _, q := range []string{"DROP TABLE IF EXISTS " + backup, "CREATE TABLE " + backup + " LIKE " + source, "INSERT INTO " + backup + " SELECT * FROM " + source} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

func (m *rowMark) restore(ctx context.Context, db *sqlx.DB, t schema.Tables) error {
	for _, q := range []string{
		fmt.Sprintf("DELETE FROM %s WHERE id > %d", t.Messages, m.lastMessage),
		fmt.Sprintf("DELETE FROM %s WHERE message_id > %d", t.MessageText, m.lastMessage),
		"REPLACE INTO " + t.Conversations + " SELECT * FROM bench_conversations",
		"REPLACE INTO " + t.Participants + " SELECT * FROM bench_participants",
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
