package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
)

// Between a first pass and the moment the other software stops writing, both give out
// ids. So a pass keeps more ids for the source than it has, and Parley's own begin
// behind them: at least these many, and a tenth of what there is.
const (
	headroomThreads  = 1_000
	headroomMessages = 10_000
)

func headroom(highest, least int64) int64 { return max(least, highest/10) }

// reserve decides which ids are the source's, and writes it into the journal before the
// counters are raised: an interrupted pass decides the same again.
func (r *run) reserve(ctx context.Context) error {
	now, err := r.counters(ctx)
	if err != nil {
		return err
	}
	src, move := r.src, int64(0)
	first := src.MessageFirst == 0
	threads, rows := headroom(r.inventory.MaxThread, headroomThreads), headroom(r.inventory.MaxRecipient, headroomMessages)
	highest := max(r.inventory.MaxMessage, r.inventory.MaxNotified)
	if grown := headroom(highest, headroomMessages); first || src.MessageKept < highest+grown/4 {
		src.MessageKept = highest + grown
	}
	if first || src.ConversationKept < r.inventory.MaxThread+threads/4 {
		src.ConversationKept = r.inventory.MaxThread + threads
		src.ConversationNext = max(src.ConversationNext, max(src.ConversationKept+1, now.Conversation))
		src.ConversationLast = src.ConversationNext + r.inventory.MadeThreads + headroomThreads
	}
	if first || src.RowKept < r.inventory.MaxRecipient+rows/4 {
		old := src.RowKept + 1
		src.RowKept = r.inventory.MaxRecipient + rows
		next := max(src.RowKept+1, now.Row)
		if !first {
			move = next - old
			next += src.RowNext - old
		}
		src.RowNext, src.RowLast = next, next+r.inventory.MadeRows+rows
	}
	if first {
		src.RowFirst, src.MessageFirst = max(src.RowLast+1, now.Row), max(src.MessageKept+1, now.Message)
	}
	aim := store.Counters{Conversation: src.ConversationLast + 1, Row: src.RowLast + 1, Message: src.MessageKept + 1}
	r.report.Ids = Ranges{
		Thread:    Range{r.inventory.MaxThread, src.ConversationKept, max(aim.Conversation, now.Conversation)},
		Message:   Range{r.inventory.MaxMessage, src.MessageKept, max(aim.Message, now.Message)},
		Recipient: Range{r.inventory.MaxRecipient, src.RowKept, max(aim.Row, now.Row)},
	}
	if r.DryRun {
		return nil
	}
	old := r.src
	if move > 0 {
		// Behind everything first, so that nobody takes what rows are moved to.
		if err := r.Store.RaiseCounters(ctx, aim); err != nil {
			return err
		}
	}
	err = mysql.InTx(ctx, r.conn, func(tx *sqlx.Tx) error {
		if src.ID == 0 {
			if src.ID, err = r.Store.AddImportSource(ctx, tx, src.Name, src.StartedAt); err != nil {
				return err
			}
		}
		if move > 0 {
			if err := r.Store.MoveMadeRows(ctx, tx, old.RowKept+1, old.RowNext-1, move); err != nil {
				return err
			}
		}
		if err := r.Store.SaveRemap(ctx, tx, src.ID, r.Remap); err != nil {
			return err
		}
		return r.Store.SaveImportSource(ctx, tx, src)
	})
	if err != nil {
		return err
	}
	r.src = src
	return r.Store.RaiseCounters(ctx, aim)
}

// counters are Parley's; they begin at 1 in tables that are yet to be made.
func (r *run) counters(ctx context.Context) (store.Counters, error) {
	if r.NoTables {
		return store.Counters{Conversation: 1, Row: 1, Message: 1}, nil
	}
	return r.Store.Counters(ctx)
}

// idsPerQuestion bounds one question whether the source has some ids.
const idsPerQuestion = 500

// maxConflicts is how many conflicts are looked for.
const maxConflicts = 1000

// conflicts finds ids of the source that are taken by what was not imported from it.
func (r *run) conflicts(ctx context.Context) error {
	if r.NoTables {
		return nil
	}
	upTo := store.Counters{Conversation: r.inventory.MaxThread, Row: r.inventory.MaxRecipient, Message: r.inventory.MaxMessage}
	targets := map[string]map[int64]int64{} // by kind: new id to the source's
	for kind, ids := range r.Remap {
		targets[kind] = map[int64]int64{}
		for from, to := range ids {
			targets[kind][to] = from
			switch kind {
			case KindThread:
				upTo.Conversation = max(upTo.Conversation, to)
			case KindMessage:
				upTo.Message = max(upTo.Message, to)
			case KindRecipient:
				upTo.Row = max(upTo.Row, to)
			}
		}
	}
	foreign := map[string][]int64{}
	ask := func(kind string) error {
		ids := foreign[kind]
		foreign[kind] = ids[:0]
		var wanted []int64 // of the source
		for _, id := range ids {
			if from, ok := targets[kind][id]; ok {
				wanted = append(wanted, from)
			}
			if _, elsewhere := r.Remap[kind][id]; !elsewhere {
				wanted = append(wanted, id)
			}
		}
		if len(wanted) == 0 || len(r.report.Conflicts) >= maxConflicts {
			return nil
		}
		found, err := r.Source.Existing(ctx, r.Scope, kind, wanted)
		for _, id := range found {
			r.report.Conflicts = append(r.report.Conflicts, Conflict{kind, id})
		}
		return err
	}
	since := store.Counters{Row: r.src.RowFirst, Message: r.src.MessageFirst}
	err := r.Store.ForeignIDs(ctx, r.src.ID, upTo, since, func(kind string, id int64) error {
		if foreign[kind] = append(foreign[kind], id); len(foreign[kind]) < idsPerQuestion {
			return nil
		}
		return ask(kind)
	})
	for _, kind := range []string{KindThread, KindMessage, KindRecipient} {
		if err == nil {
			err = ask(kind)
		}
	}
	slices.SortFunc(r.report.Conflicts, func(a, b Conflict) int {
		if a.Kind != b.Kind {
			return strings.Compare(b.Kind, a.Kind)
		}
		return int(a.ID - b.ID)
	})
	return err
}

// ConflictError says that ids are taken. Nothing was written.
type ConflictError struct{ Conflicts []Conflict }

func (e *ConflictError) Error() string {
	c := e.Conflicts[0]
	return fmt.Sprintf("%d ids of the source are taken in Parley by what was not imported from it, the first being %s %d: nothing was written. Give those rows other ids with --remap, a file of lines such as %s,%d,NEW_ID",
		len(e.Conflicts), c.Kind, c.ID, c.Kind, c.ID)
}
