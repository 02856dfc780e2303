package importer

import (
	"context"
	"database/sql"
	"iter"
	"strconv"

	"github.com/jmoiron/sqlx"
)

// bpPlace is somebody's place in a thread of the source, duplicate rows merged (rule 6).
type bpPlace struct {
	thread, user        int64
	unread              int64
	senderOnly, deleted bool
	stars               []int64 // without repetition, rising
}

// places reads everybody in threads that have messages, by thread and user.
func (s *BuddyPress) places(ctx context.Context, tx *sqlx.Tx, scope Scope, stars map[starPlace][]int64) iter.Seq2[bpPlace, error] {
	where, args := s.where(scope, "r")
	return func(yield func(bpPlace, error) bool) {
		var p bpPlace
		some, stopped := false, false
		give := func() bool {
			p.stars = stars[starPlace{p.thread, p.user}]
			return yield(p, nil)
		}
		err := each(ctx, tx, `SELECT r.thread_id, r.user_id, GREATEST(r.unread_count, 0), r.sender_only <> 0, r.is_deleted <> 0
			FROM `+s.recipients.quoted()+` r WHERE r.user_id > 0 AND EXISTS (SELECT 1 FROM `+s.messages.quoted()+` m WHERE m.thread_id = r.thread_id AND m.id > 0)`+where+`
			ORDER BY r.thread_id, r.user_id, r.id`, args, func(rows *sqlx.Rows) error {
			var row bpPlace
			if err := rows.Scan(&row.thread, &row.user, &row.unread, &row.senderOnly, &row.deleted); err != nil {
				return err
			}
			row.deleted = row.deleted || row.thread <= 0 // rule 7
			if some && row.thread == p.thread && row.user == p.user {
				row.deleted = row.deleted && p.deleted
			} else if some {
				if stopped = !give(); stopped {
					return errEnough
				}
			}
			p, some = row, true
			return nil
		})
		switch {
		case stopped:
		case err != nil:
			yield(bpPlace{}, err)
		case some:
			give()
		}
	}
}

type starPlace struct{ thread, user int64 }

// stars reads every star of somebody with a row.
func (s *BuddyPress) stars(ctx context.Context, tx *sqlx.Tx, scope Scope) (map[starPlace][]int64, error) {
	out := map[starPlace][]int64{}
	if s.meta == nil {
		return out, nil
	}
	where, args := s.where(scope, "m")
	err := each(ctx, tx, `SELECT m.thread_id, CAST(x.meta_value AS CHAR), x.message_id FROM `+s.meta.quoted()+` x
		JOIN `+s.messages.quoted()+` m ON m.id = x.message_id WHERE x.meta_key = ?`+where+` ORDER BY x.message_id`,
		append([]any{starKey}, args...), func(rows *sqlx.Rows) error {
			var thread, message int64
			var value sql.NullString
			if err := rows.Scan(&thread, &value, &message); err != nil {
				return err
			}
			if user, err := strconv.ParseInt(value.String, 10, 64); err == nil {
				place := starPlace{thread, user}
				if list := out[place]; len(list) == 0 || list[len(list)-1] != message {
					out[place] = append(list, message)
				}
			}
			return nil
		})
	return out, err
}
