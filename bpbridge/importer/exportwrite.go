package importer

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
)

// What one INSERT holds at most; a packet of 1 MiB takes it.
const (
	exportedRows  = 500
	exportedBytes = 384 << 10
)

// apply writes the plans that may be carried out, and the journal. Afterwards the rows
// are read once more: what the database made something else of is undone.
func (e *export) apply(ctx context.Context, tx *sqlx.Tx, plans []*exportPlan) error {
	var list []*exportPlan
	for _, p := range plans {
		if len(p.conflicts) == 0 && p.differs() {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for _, write := range []func(context.Context, *sqlx.Tx, []*exportPlan) error{e.applyMessages, e.applyRecipients, e.applyMeta} {
		if err := write(ctx, tx, list); err != nil {
			return err
		}
	}
	threads := make([]int64, len(list))
	for i, p := range list {
		threads[i] = p.thread
	}
	current, err := e.current(ctx, tx, threads)
	if err != nil {
		return err
	}
	done := make([]store.Exported, len(list))
	for i, p := range list {
		now := *p
		now.cur, now.rows, now.names, now.clashes, now.conflicts = current[p.thread], ExportRows{}, nil, nil, nil
		now.insert, now.erase, now.insertRows, now.updateRows, now.deleteRows, now.insertMeta, now.deleteMeta = nil, nil, nil, nil, nil, nil, nil
		if now.compare(); now.changes() || len(now.clashes) > 0 {
			return fmt.Errorf("thread %d reads otherwise than it was written: %s", p.thread, strings.Join(append(now.clashes, now.names...), "; "))
		}
		done[i] = e.noted(p, now.cur)
	}
	return e.Store.NoteExported(ctx, tx, done)
}

// noted is the journal of a thread as it stands in BuddyPress's tables now.
func (e *export) noted(p *exportPlan, cur *bpThread) store.Exported {
	built := cur.build()
	x := store.Exported{Thread: store.ImportThread{Source: e.journal.ID, SourceThread: p.thread, Conversation: p.x.ID, Fingerprint: cur.fingerprint(),
		Messages: len(built.Messages), Findings: built.Findings.text(), ImportedAt: e.Now().UTC().Truncate(time.Microsecond)}}
	for i := range p.x.People {
		if r := &p.x.People[i]; r.LeftAt.IsZero() {
			x.People = append(x.People, *r)
		}
	}
	x.Thread.People = len(x.People)
	at := 0
	for i := range p.x.Messages {
		m := &p.x.Messages[i]
		if m.Kind != 0 {
			continue
		}
		w := &p.want.messages[at] // in the same order
		at++
		if m.From == e.journal.ID {
			continue
		}
		x.Messages = append(x.Messages, m.ID)
		o := store.Original{Source: e.journal.ID, SourceMessage: w.id, Message: m.ID}
		if !bytes.Equal(w.subject, []byte(m.Subject)) {
			o.Subject = w.subject
		}
		if !bytes.Equal(w.content, []byte(m.Content)) {
			o.Content = w.content
		}
		if m.CreatedAt.UTC().Format(dateLayout) != w.date {
			o.DateSent.String, o.DateSent.Valid = w.date, true
		}
		if o.Subject != nil || o.Content != nil || o.DateSent.Valid || w.id != m.ID {
			x.Originals = append(x.Originals, o)
		}
	}
	return x
}

func (e *export) applyMessages(ctx context.Context, tx *sqlx.Tx, list []*exportPlan) error {
	t := e.target.messages
	in := inserts{ctx: ctx, tx: tx, head: `INSERT INTO ` + t.quoted() + ` (id, thread_id, sender_id, subject, message, date_sent) VALUES `, width: 6}
	var erased []int64
	for _, p := range list {
		for i := range p.insert {
			m := &p.insert[i]
			in.row(len(m.subject)+len(m.content), m.id, p.thread, m.sender, t.value("subject", m.subject), t.value("message", m.content), m.date)
		}
		erased = append(erased, p.erase...)
	}
	in.flush()
	return firstError(in.err, byIDs(ctx, tx, `UPDATE `+t.quoted()+` SET sender_id = 0 WHERE id`, erased))
}

func (e *export) applyRecipients(ctx context.Context, tx *sqlx.Tx, list []*exportPlan) error {
	t := e.target.recipients
	in := inserts{ctx: ctx, tx: tx, head: `INSERT INTO ` + t.quoted() + ` (id, user_id, thread_id, unread_count, sender_only, is_deleted) VALUES `, width: 6}
	var gone []int64
	for _, p := range list {
		for _, r := range p.insertRows {
			in.row(0, r.id, r.user, p.thread, r.unread, r.senderOnly, r.deleted)
		}
		for _, r := range p.updateRows {
			if _, err := tx.ExecContext(ctx, `UPDATE `+t.quoted()+` SET user_id = ?, unread_count = ?, sender_only = ?, is_deleted = ? WHERE id = ? AND thread_id = ?`,
				r.user, r.unread, r.senderOnly, r.deleted, r.id, p.thread); err != nil {
				return err
			}
		}
		gone = append(gone, p.deleteRows...)
	}
	in.flush()
	return firstError(in.err, byIDs(ctx, tx, `DELETE FROM `+t.quoted()+` WHERE id`, gone))
}

func (e *export) applyMeta(ctx context.Context, tx *sqlx.Tx, list []*exportPlan) error {
	t := e.target.meta
	in := inserts{ctx: ctx, tx: tx, head: `INSERT INTO ` + t.quoted() + ` (message_id, meta_key, meta_value) VALUES `, width: 3}
	var gone []int64
	for _, p := range list {
		for i := range p.insertMeta {
			m := &p.insertMeta[i]
			in.row(len(m.value), m.message, t.value("meta_key", m.key), t.value("meta_value", m.value))
		}
		gone = append(gone, p.deleteMeta...)
	}
	in.flush()
	return firstError(in.err, byIDs(ctx, tx, `DELETE FROM `+t.quoted()+` WHERE id`, gone))
}

func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// byIDs runs a statement that ends before its list of ids.
func byIDs(ctx context.Context, tx *sqlx.Tx, statement string, ids []int64) error {
	for chunk := range slices.Chunk(ids, exportedRows) {
		args := make([]any, len(chunk))
		for i, id := range chunk {
			args[i] = id
		}
		if _, err := tx.ExecContext(ctx, statement+` IN (?`+strings.Repeat(`,?`, len(chunk)-1)+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// inserts gathers rows for statements of a bounded size. Its first error stays.
type inserts struct {
	ctx   context.Context
	tx    *sqlx.Tx
	head  string
	width int
	args  []any
	rows  int
	bytes int
	err   error
}

func (in *inserts) row(bytes int, values ...any) {
	if in.rows == exportedRows || in.rows > 0 && in.bytes+bytes > exportedBytes {
		in.flush()
	}
	in.args = append(in.args, values...)
	in.rows++
	in.bytes += bytes
}

func (in *inserts) flush() {
	if in.rows > 0 && in.err == nil {
		row := `(?` + strings.Repeat(`,?`, in.width-1) + `)`
		_, in.err = in.tx.ExecContext(in.ctx, in.head+row+strings.Repeat(`,`+row, in.rows-1), in.args...)
	}
	in.args, in.rows, in.bytes = in.args[:0], 0, 0
}

// removed takes threads out of BuddyPress's tables whose conversation was removed in
// Parley: the last of its members deleted it, or an administrator did.
func (e *export) removed(ctx context.Context) error {
	if e.journal.ID == 0 || e.target.messages == nil || e.target.recipients == nil {
		return nil
	}
	for after := int64(firstThread); ; {
		var gone []store.ImportThread
		var current map[int64]*bpThread
		err := e.reading(ctx, func(tx *sqlx.Tx) (err error) {
			if gone, err = e.Store.JournalGone(ctx, tx, e.journal.ID, after, exportedPerWrite); err != nil || len(gone) == 0 {
				return err
			}
			current, err = e.current(ctx, tx, sourceThreads(gone))
			return err
		})
		if err != nil || len(gone) == 0 {
			return err
		}
		for _, t := range gone {
			cur := current[t.SourceThread]
			after = t.SourceThread
			switch {
			case len(cur.messages) == 0 && len(cur.recipients) == 0:
			case !bytes.Equal(cur.fingerprint(), t.Fingerprint):
				e.refuse(t.SourceThread, t.Conversation, []string{fmt.Sprintf("thread %d was removed in Parley and changed there since it was imported: delete it there, or leave it", t.SourceThread)})
			default:
				if e.Write {
					if err := e.remove(ctx, t); err != nil {
						return err
					}
				}
				e.report.Threads.Removed++
			}
		}
	}
}

func sourceThreads(list []store.ImportThread) []int64 {
	out := make([]int64, len(list))
	for i := range list {
		out[i] = list[i].SourceThread
	}
	return out
}

// remove deletes a thread as BuddyPress does when its last member deletes it.
func (e *export) remove(ctx context.Context, t store.ImportThread) error {
	err := mysql.InTx(ctx, e.conn, func(tx *sqlx.Tx) error {
		steps := []string{
			`DELETE FROM ` + e.target.messages.quoted() + ` WHERE thread_id = ?`,
			`DELETE FROM ` + e.target.recipients.quoted() + ` WHERE thread_id = ?`,
		}
		if e.target.meta != nil {
			steps = append([]string{`DELETE x FROM ` + e.target.meta.quoted() + ` x JOIN ` + e.target.messages.quoted() + ` m ON m.id = x.message_id WHERE m.thread_id = ?`}, steps...)
		}
		for _, q := range steps {
			if _, err := tx.ExecContext(ctx, q, t.SourceThread); err != nil {
				return err
			}
		}
		t.State = store.ThreadGoneHere
		return e.Store.SaveImportThreads(ctx, tx, []store.ImportThread{t})
	})
	if mysql.IsDenied(err) {
		return e.denied(ctx, err)
	}
	return err
}
