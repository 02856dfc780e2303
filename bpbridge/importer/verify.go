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
	v := &Verification{Store: r.Store, Journal: r.src, Scope: r.Scope, Threads: r.Threads, erased: r.erased}
	if !r.VerifyOnly {
		v.Newest = r.inventory.MaxMessage
	}
	return r.patiently(ctx, func(ctx context.Context) error {
		v.suspects, v.moving = map[int64]bool{}, map[int64]bool{}
		checks, err := r.Source.Verify(ctx, v)
		if err != nil {
			return err
		}
		if err := r.findMoving(ctx, v); err != nil {
			return err
		}
		r.report.Checks = checks
		failed := false
		for i := range checks {
			checks[i].settle(v.moving)
			failed = failed || !checks[i].OK
		}
		if n := len(v.moving); n > 0 {
			r.Say(fmt.Sprintf("%d threads changed in the source since they were read and were left out of the checks; the next pass brings them", n))
			note := fmt.Sprintf("%d threads that changed in the source meanwhile are left out of all checks", n)
			if checks[0].Note != "" {
				note = checks[0].Note + "; " + note
			}
			checks[0].Note = note
		}
		if failed {
			return ErrNotVerified
		}
		return nil
	})
}

// findMoving looks which of the threads that differ changed since they were read.
func (r *run) findMoving(ctx context.Context, v *Verification) error {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(v.suspects)), threadsPerRead) {
		now := map[int64]string{}
		for after, done := int64(firstThread), false; !done; {
			b, err := r.Source.Read(ctx, Scope{Threads: ids}, after)
			if err != nil {
				return err
			}
			for _, t := range b.Threads {
				now[t.ID] = string(t.Fingerprint)
			}
			after, done = b.Last, b.Done
		}
		journal, err := r.Store.ImportThreads(ctx, r.DB.DB, v.Journal.ID, ids[0], ids[len(ids)-1])
		if err != nil {
			return err
		}
		then := map[int64]store.ImportThread{}
		for _, t := range journal {
			then[t.SourceThread] = t
		}
		for _, id := range ids {
			t, imported := then[id]
			if fingerprint, there := now[id]; imported && (!there || fingerprint != string(t.Fingerprint)) {
				v.moving[id] = true
			}
		}
	}
	return nil
}

// Left reports whether a thread is left out of the checks because it came after the pass.
func (v *Verification) Left(thread int64) bool { return v.moving[thread] }

// Suspect notes that a thread differs, so that it is looked at again.
func (v *Verification) Suspect(thread int64) { v.suspects[thread] = true }

const (
	// maxRows is how many rows a check names.
	maxRows = 20
	// maxDifferences is how many a check remembers. Members do not change more threads
	// than that while a pass runs.
	maxDifferences = 50_000
)

// difference is a row that is not the same on both sides.
type difference struct {
	thread int64
	// anyway tells that the row is not of one thread.
	anyway bool
	text   string
}

// fail notes a difference that is not of one thread.
func (c *Check) fail(format string, args ...any) {
	c.differ(difference{anyway: true, text: fmt.Sprintf(format, args...)})
}

// failIn notes a difference in a thread.
func (c *Check) failIn(thread int64, format string, args ...any) {
	c.differ(difference{thread: thread, text: fmt.Sprintf(format, args...)})
}

func (c *Check) differ(d difference) {
	if len(c.differences) < maxDifferences {
		c.differences = append(c.differences, d)
	}
}

// settle decides the check, threads that changed in the source left out.
func (c *Check) settle(moving map[int64]bool) {
	c.OK = true
	for _, d := range c.differences {
		if !d.anyway && moving[d.thread] {
			continue
		}
		c.OK = false
		if len(c.Rows) < maxRows {
			c.Rows = append(c.Rows, d.text)
		}
	}
}
