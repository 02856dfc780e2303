package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"parley/messaging/store"
)

// verify makes the source's checks. What changed in the source since it was read is left
// out of them, and said so: the next pass brings it.
func (r *run) verify(ctx context.Context) error {
	r.Progress(Progress{Phase: "verifying"})
	v := &Verification{Store: r.Store, Journal: r.src, Scope: r.Scope, Threads: r.Threads, erased: r.erased, moving: map[int64]bool{}}
	if !r.VerifyOnly {
		v.Newest = r.inventory.MaxMessage
	}
	return r.patiently(ctx, func(ctx context.Context) error {
		for range verifyRounds {
			v.suspects = map[int64]bool{}
			checks, err := r.Source.Verify(ctx, v)
			if err != nil {
				return err
			}
			r.report.Checks = checks
			moved, err := r.findMoving(ctx, v)
			if err != nil {
				return err
			}
			if !moved {
				break
			}
		}
		if len(v.moving) > 0 {
			r.Say(fmt.Sprintf("%d threads changed in the source since they were read and were left out of the checks; the next pass brings them", len(v.moving)))
		}
		for _, c := range r.report.Checks {
			if !c.OK {
				return ErrNotVerified
			}
		}
		return nil
	})
}

// verifyRounds bounds how often the checks are made again while members write.
const verifyRounds = 4

// findMoving looks which of the threads that differ changed since they were read.
func (r *run) findMoving(ctx context.Context, v *Verification) (found bool, err error) {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(v.suspects)), threadsPerRead) {
		now := map[int64]string{}
		for after, done := int64(firstThread), false; !done; {
			b, err := r.Source.Read(ctx, Scope{Threads: ids}, after)
			if err != nil {
				return false, err
			}
			for _, t := range b.Threads {
				now[t.ID] = string(t.Fingerprint)
			}
			after, done = b.Last, b.Done
		}
		journal, err := r.Store.ImportThreads(ctx, r.DB.DB, v.Journal.ID, ids[0], ids[len(ids)-1])
		if err != nil {
			return false, err
		}
		then := map[int64]store.ImportThread{}
		for _, t := range journal {
			then[t.SourceThread] = t
		}
		for _, id := range ids {
			t, imported := then[id]
			if fingerprint, there := now[id]; imported && !v.moving[id] && (!there || fingerprint != string(t.Fingerprint)) {
				v.moving[id], found = true, true
			}
		}
	}
	return found, nil
}

// Left reports whether a thread is left out of the checks because it changed in the
// source since it was read.
func (v *Verification) Left(thread int64) bool { return v.moving[thread] }

// Suspect notes that a thread differs, so that it is looked at again.
func (v *Verification) Suspect(thread int64) { v.suspects[thread] = true }

// maxRows is how many rows a check names.
const maxRows = 20

// fail notes a difference.
func (c *Check) fail(format string, args ...any) {
	c.OK = false
	if len(c.Rows) < maxRows {
		c.Rows = append(c.Rows, fmt.Sprintf(format, args...))
	}
}
