package importer

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
)

// removeVanished removes conversations the source has no more, where nobody touched
// them. A source that suddenly lacks much of what it had was cleared, not used: then
// everything stays.
func (r *run) removeVanished(ctx context.Context) error {
	gone := r.vanished
	if len(gone) == 0 {
		return nil
	}
	cleared := r.inventory.Messages == 0 || len(gone) > vanishedMost && len(gone) > r.report.Pass.Unchanged/vanishedShare
	if cleared {
		r.Say(fmt.Sprintf("the source lacks %d threads that were imported from it, which is too many to be members' doing: they are kept in Parley", len(gone)))
	}
	for _, j := range gone {
		err := r.holding(ctx, func(ctx context.Context) error {
			return mysql.InTx(ctx, r.conn, func(tx *sqlx.Tx) error { return r.removeOne(ctx, tx, j, cleared) })
		})
		if err != nil {
			return fmt.Errorf("thread %d: %w", j.SourceThread, err)
		}
	}
	return nil
}

// More threads than vanishedMost, and than this part of all, do not vanish by members'
// doing between two passes.
const (
	vanishedMost  = 20
	vanishedShare = 5
)

func (r *run) removeOne(ctx context.Context, tx *sqlx.Tx, j store.ImportThread, keep bool) error {
	held, found, err := r.Store.HoldImported(ctx, tx, j.Conversation)
	switch {
	case err != nil:
		return err
	case !found:
		j.State = store.ThreadGoneHere
		return r.Store.SaveImportThreads(ctx, tx, []store.ImportThread{j})
	}
	m := newMerger(held, &Thread{}, j.Source)
	if keep || !m.untouched() {
		j.State = store.ThreadGoneThere
		r.report.Pass.Kept++
		return r.Store.SaveImportThreads(ctx, tx, []store.ImportThread{j})
	}
	if err := r.Store.RemoveImported(ctx, tx, held.ID); err != nil {
		return err
	}
	r.report.Pass.Removed++
	if err := r.Store.ForgetImportThread(ctx, tx, j); err != nil {
		return err
	}
	return r.tell(ctx, tx, held.ID, memberIDs(held.People))
}
