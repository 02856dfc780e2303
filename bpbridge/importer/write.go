package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
)

// write brings a batch into Parley: what is new with one transaction for the batch, what
// changed with one for each thread. The journal is written with the rows it tells of.
func (r *run) write(ctx context.Context, p *prepared) error {
	if r.DryRun {
		return nil
	}
	again := false
	return r.holding(ctx, func(ctx context.Context) error {
		if again {
			// Nobody knows what of it was committed but the journal.
			if err := r.prepare(ctx, r.src.ID, p); err != nil {
				return err
			}
		}
		again = true
		if err := r.writeNew(ctx, p); err != nil {
			return err
		}
		for i := range p.threads {
			if t := &p.threads[i]; t.verdict == threadChanged {
				if err := r.writeChanged(ctx, t, p.batch.Threads[i].Fingerprint); err != nil {
					return fmt.Errorf("thread %d: %w", t.id, err)
				}
			}
		}
		return nil
	})
}

// writeNew inserts the new threads of a batch.
func (r *run) writeNew(ctx context.Context, p *prepared) error {
	var fresh []*Thread
	for i := range p.threads {
		if t := &p.threads[i]; t.verdict == threadNew {
			fresh = append(fresh, t.built)
			t.built.Threads = r.journal(t.built, t.id, p.batch.Threads[i].Fingerprint)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	var src store.ImportSource
	err := mysql.InTx(ctx, r.conn, func(tx *sqlx.Tx) error {
		src = r.src
		src.LastThread = p.batch.Last
		list := make([]*store.BulkConversation, len(fresh))
		for i, t := range fresh {
			c := t.BulkConversation
			r.giveIDs(&src, &c)
			list[i] = &c
		}
		if err := r.givePairs(ctx, tx, fresh, list); err != nil {
			return err
		}
		if err := r.Store.InsertBulk(ctx, tx, src.ID, list); err != nil {
			return err
		}
		return r.Store.SaveImportSource(ctx, tx, src)
	})
	if err != nil {
		return taken(err)
	}
	r.src = src
	return nil
}

// taken explains an id that was free when the pass began.
func taken(err error) error {
	if mysql.IsDuplicate(err, "") {
		return fmt.Errorf("an id of the source is taken in Parley since the pass began: %w", err)
	}
	return err
}

// journal is the journal of a thread and of those it was put together with.
func (r *run) journal(t *Thread, id int64, fingerprint []byte) []store.ImportThread {
	row := store.ImportThread{Source: r.src.ID, SourceThread: id, Conversation: t.ID, Fingerprint: fingerprint,
		Messages: len(t.Messages), Findings: t.Findings.text(), ImportedAt: r.now()}
	for i := range t.People {
		if t.People[i].LeftAt.IsZero() {
			row.People++
		}
	}
	rows := []store.ImportThread{row}
	for _, also := range t.Also {
		// Not followed on its own: it must neither be missed nor brought again.
		row.SourceThread, row.Messages, row.People, row.Findings, row.State = also, 0, 0, sql.NullString{}, store.ThreadMerged
		rows = append(rows, row)
	}
	return rows
}

// text is the findings as the journal keeps them; NULL without any.
func (f Findings) text() sql.NullString {
	if len(f) == 0 {
		return sql.NullString{}
	}
	b, err := json.Marshal(f)
	return sql.NullString{String: string(b), Valid: err == nil}
}

// giveIDs gives ids to a conversation and to people whose source has none. c's slices
// belong to the thread, which may be written again: people are copied.
func (r *run) giveIDs(src *store.ImportSource, c *store.BulkConversation) {
	if c.ID == 0 {
		c.ID = src.ConversationNext
		src.ConversationNext++
	}
	people := append([]store.BulkPerson(nil), c.People...)
	for i := range people {
		// When the ids kept for this are used up, the table chooses.
		if p := &people[i]; p.RowID == 0 && src.RowNext <= src.RowLast {
			p.RowID = src.RowNext
			src.RowNext++
		}
	}
	c.People = people
	for i := range c.Originals {
		c.Originals[i].Source = src.ID
	}
}

// contender is a conversation that may have a pair's place.
type contender struct {
	id       int64
	lastAt   time.Time
	imported bool
	fresh    *store.BulkConversation // being inserted; nil: it is there
}

// newestAt is when the newest message was written; begun without one.
func newestAt(messages []store.BulkMessage, begun time.Time) time.Time {
	if len(messages) == 0 {
		return begun
	}
	return messages[len(messages)-1].At
}

// beats reports whether a contender goes before another: what members made here before
// anything, then the newest message, then the highest id (4.2).
func (c contender) beats(o contender) bool {
	if c.imported != o.imported {
		return !c.imported
	}
	if !c.lastAt.Equal(o.lastAt) {
		return c.lastAt.After(o.lastAt)
	}
	return c.id > o.id
}

// givePairs gives each pair's place to the conversation that is to have it, and takes it
// from those that had it.
func (r *run) givePairs(ctx context.Context, tx *sqlx.Tx, fresh []*Thread, list []*store.BulkConversation) error {
	best := map[[2]int64]contender{}
	var pairs [][2]int64
	for i, t := range fresh {
		if t.Pair == [2]int64{} {
			continue
		}
		c := contender{id: list[i].ID, lastAt: newestAt(list[i].Messages, list[i].CreatedAt), imported: true, fresh: list[i]}
		old, known := best[t.Pair]
		if !known {
			pairs = append(pairs, t.Pair)
		}
		if !known || c.beats(old) {
			best[t.Pair] = c
		}
	}
	holders, err := r.Store.PairHolders(ctx, tx, pairs)
	if err != nil {
		return err
	}
	var losers []int64
	for _, h := range holders {
		if c := (contender{id: h.Conversation, lastAt: h.LastAt, imported: h.Imported}); c.beats(best[h.Pair]) {
			best[h.Pair] = c
		} else {
			losers = append(losers, h.Conversation)
		}
	}
	for pair, c := range best {
		if c.fresh != nil {
			c.fresh.Low, c.fresh.High = pair[0], pair[1]
		}
	}
	return r.Store.SetPair(ctx, tx, [2]int64{}, losers...)
}
