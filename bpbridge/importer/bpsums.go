package importer

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// sums reads the sums of the source's threads: computed there where its texts are UTF-8,
// else here of the texts as they are taken over.
func (s *BuddyPress) sums(ctx context.Context, tx *sqlx.Tx, scope Scope, erased Erased) iter.Seq2[store.ThreadSum, error] {
	where, args := s.where(scope, "m")
	if s.convertsTexts() {
		return s.sumsOfTexts(ctx, tx, where, args, erased)
	}
	return func(yield func(store.ThreadSum, error) bool) {
		err := each(ctx, tx, `SELECT m.thread_id, COUNT(*), MIN(m.id), MAX(m.id),
				COALESCE(SUM(CRC32(CONCAT_WS(':', m.id, m.thread_id, `+erased.sender("m.sender_id", "m.date_sent")+`, CAST(m.subject AS BINARY), CAST(m.message AS BINARY), CAST(m.date_sent AS CHAR)))), 0)
			FROM `+s.messages.quoted()+` m WHERE m.id > 0`+where+` GROUP BY m.thread_id ORDER BY m.thread_id`, args, func(rows *sqlx.Rows) error {
			var t store.ThreadSum
			if err := rows.Scan(&t.Thread, &t.Count, &t.First, &t.Newest, &t.Sum); err != nil {
				return err
			}
			if !yield(t, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(store.ThreadSum{}, err)
		}
	}
}

// convertsTexts reports whether the server would give other bytes than are taken over.
func (s *BuddyPress) convertsTexts() bool {
	return slices.ContainsFunc([]string{"subject", "message"}, func(name string) bool {
		c := s.messages.columns[name]
		return c.Charset != nil && !slices.Contains(asStored, *c.Charset)
	})
}

func (s *BuddyPress) sumsOfTexts(ctx context.Context, tx *sqlx.Tx, where string, args []any, erased Erased) iter.Seq2[store.ThreadSum, error] {
	return func(yield func(store.ThreadSum, error) bool) {
		var t store.ThreadSum
		stopped := false
		err := each(ctx, tx, `SELECT m.thread_id, m.id, `+erased.sender("m.sender_id", "m.date_sent")+`, `+s.messages.bytesOf("m", "subject")+`, `+s.messages.bytesOf("m", "message")+`,
				CAST(m.date_sent AS CHAR)
			FROM `+s.messages.quoted()+` m`+force(s.threadIndex)+` WHERE m.id > 0`+where+` ORDER BY m.thread_id, m.id`, args, func(rows *sqlx.Rows) error {
			var thread, id, sender int64
			var subject, content, date sql.RawBytes
			if err := rows.Scan(&thread, &id, &sender, &subject, &content, &date); err != nil {
				return err
			}
			if t.Count > 0 && t.Thread != thread {
				if stopped = !yield(t, nil); stopped {
					return errEnough
				}
				t = store.ThreadSum{}
			}
			if t.Count == 0 {
				t.Thread, t.First = thread, id
			}
			t.Count, t.Newest = t.Count+1, id
			row := fmt.Sprintf("%d:%d:%d:%s:%s:%s", id, thread, sender, verbatim(subject, s.messages.isLatin1("subject")),
				verbatim(content, s.messages.isLatin1("message")), date)
			t.Sum += uint64(crc32.ChecksumIEEE([]byte(row)))
			return nil
		})
		switch {
		case stopped:
		case err != nil:
			yield(store.ThreadSum{}, err)
		case t.Count > 0:
			yield(t, nil)
		}
	}
}

// verbatim is what Parley keeps as a text's own form.
func verbatim(stored []byte, declaredLatin1 bool) []byte {
	text, kind := toText(stored, declaredLatin1)
	if kind == textConverted {
		return []byte(text)
	}
	return stored
}

// errEnough ends a reading nobody wants more of.
var errEnough = fmt.Errorf("enough")
