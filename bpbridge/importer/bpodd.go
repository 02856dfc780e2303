package importer

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
)

// oddities makes V9: what rules 6 to 9 count is counted once more, by other means.
func (b *bpVerifier) oddities(ctx context.Context) error {
	m, r := b.source.messages.quoted(), b.source.recipients.quoted()
	onM, args := b.source.where(b.Scope, "m")
	onR, _ := b.source.where(b.Scope, "r")
	var there, here []string
	for _, x := range []struct {
		kind Finding
		text string
	}{
		{DuplicateRows, `SELECT d.thread_id, SUM(d.n - 1) FROM (SELECT r.thread_id, r.user_id, COUNT(*) AS n FROM ` + r + ` r
			WHERE r.user_id > 0` + onR + ` GROUP BY r.thread_id, r.user_id HAVING COUNT(*) > 1) d
			WHERE EXISTS (SELECT 1 FROM ` + m + ` m WHERE m.thread_id = d.thread_id AND m.id > 0) GROUP BY d.thread_id`},
		{LeftSenders, `SELECT d.thread_id, COUNT(*) FROM (SELECT DISTINCT m.thread_id, m.sender_id FROM ` + m + ` m
			WHERE m.id > 0 AND m.sender_id > 0` + onM + `) d
			WHERE NOT EXISTS (SELECT 1 FROM ` + r + ` r WHERE r.thread_id = d.thread_id AND r.user_id = d.sender_id) GROUP BY d.thread_id`},
		{NoRecipients, `SELECT DISTINCT m.thread_id, 1 FROM ` + m + ` m WHERE m.id > 0` + onM + `
			AND NOT EXISTS (SELECT 1 FROM ` + r + ` r WHERE r.thread_id = m.thread_id AND r.user_id > 0)`},
		{ThreadIDs, `SELECT DISTINCT m.thread_id, 1 FROM ` + m + ` m WHERE m.id > 0 AND m.thread_id < 1` + onM},
		{DatesReplaced, `SELECT m.thread_id, COUNT(*) FROM ` + m + ` m WHERE m.id > 0` + onM + `
			AND (m.date_sent IS NULL OR YEAR(m.date_sent) < 1000 OR MONTH(m.date_sent) = 0 OR DAYOFMONTH(m.date_sent) = 0) GROUP BY m.thread_id`},
	} {
		found := map[int64]int{}
		total, ours := 0, 0
		err := each(ctx, b.tx, x.text, args, func(rows *sqlx.Rows) error {
			var thread int64
			var n int
			err := rows.Scan(&thread, &n)
			if !b.out(thread) {
				found[thread] = n
				total += n
			}
			return err
		})
		if err != nil {
			return err
		}
		for thread, f := range b.findings {
			n, known := found[thread]
			switch {
			case b.Left(thread), !known && !b.Scope.Whole():
			case f[x.kind] != n:
				b.checks[9].failIn(thread, "thread %d: %s is %d in the source and %d in the report", thread, x.kind, n, f[x.kind])
				b.Suspect(thread)
			}
			if !b.Left(thread) && (known || b.Scope.Whole()) {
				ours += f[x.kind]
			}
			delete(found, thread)
		}
		for thread, n := range found {
			b.checks[9].failIn(thread, "thread %d: %s is %d in the source and not in the report", thread, x.kind, n)
			b.Suspect(thread)
		}
		if total+ours > 0 {
			there, here = append(there, fmt.Sprintf("%d %s", total, x.kind)), append(here, fmt.Sprintf("%d %s", ours, x.kind))
		}
	}
	b.checks[9].Source, b.checks[9].Parley = strings.Join(there, ", "), strings.Join(here, ", ")
	return nil
}
