package importer

import (
	"context"
	"runtime"
	"sync"

	"parley/messaging/store"
)

// verdict is what is to be done with a thread.
type verdict int

const (
	threadNew      verdict = iota
	threadChanged          // since it was imported
	threadKnown            // as it was imported
	threadGoneHere         // removed in Parley, or not followed any more
)

// decided is a thread of a batch and its verdict.
type decided struct {
	id      int64
	verdict verdict
	journal store.ImportThread // but for threadNew
	built   *Thread            // of what is new or changed
	added   int                // messages, when it was merged
	more    Findings           // that were made while it was written
}

// prepared is a batch that is ready to be written.
type prepared struct {
	batch   Batch
	after   int64 // the id it begins behind
	threads []decided
	// vanished are threads of the journal in the batch's range the source has no more.
	vanished []store.ImportThread
	err      error
}

// ahead is how many batches may be ready, and how many read, before they are written.
const ahead = 2

// pipeline reads and prepares batches while others are written. The channel is closed
// behind the last batch or the first error; wait returns when nothing is at work any
// more, which the end of ctx brings about.
func (r *run) pipeline(ctx context.Context) (work <-chan prepared, wait func()) {
	read, out := make(chan prepared, ahead), make(chan prepared, ahead)
	source := r.src.ID // what else is in r.src changes with every batch that is written
	var busy sync.WaitGroup
	busy.Go(func() {
		defer close(read)
		for after := int64(firstThread); ; {
			p := prepared{after: after}
			p.err = r.patiently(ctx, func(ctx context.Context) (err error) {
				p.batch, err = r.Source.Read(ctx, r.Scope, after)
				return err
			})
			if !send(ctx, read, p) || p.err != nil || p.batch.Done {
				return
			}
			after = p.batch.Last
		}
	})
	busy.Go(func() {
		defer close(out)
		for p := range read {
			if p.err == nil {
				p.err = r.patiently(ctx, func(ctx context.Context) error { return r.prepare(ctx, source, &p) })
			}
			if !send(ctx, out, p) || p.err != nil {
				return
			}
		}
	})
	return out, busy.Wait
}

func send(ctx context.Context, to chan<- prepared, p prepared) bool {
	select {
	case to <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// prepare compares a batch with the journal of a source, 0 for none, and builds what has
// to be written.
func (r *run) prepare(ctx context.Context, source int64, p *prepared) error {
	last := p.batch.Last
	if p.batch.Done {
		last = beyond
	}
	journal := map[int64]store.ImportThread{}
	if source != 0 {
		list, err := r.Store.ImportThreads(ctx, r.DB.DB, source, p.after, last)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.SourceThread > p.after || p.after == firstThread {
				journal[t.SourceThread] = t
			}
		}
	}
	before := p.threads
	p.threads, p.vanished = make([]decided, len(p.batch.Threads)), nil
	for i, t := range p.batch.Threads {
		d := decided{id: t.ID}
		known, ok := journal[t.ID]
		delete(journal, t.ID)
		switch d.journal = known; {
		case !ok:
			d.verdict = threadNew
		case known.State != store.ThreadFollowed:
			d.verdict = threadGoneHere
		case string(known.Fingerprint) == string(t.Fingerprint):
			d.verdict = threadKnown
		default:
			d.verdict = threadChanged
		}
		if before != nil {
			d.built = before[i].built // the batch comes a second time
		}
		p.threads[i] = d
	}
	for _, t := range journal {
		if t.State == store.ThreadFollowed {
			p.vanished = append(p.vanished, t)
		}
	}
	r.build(p)
	return nil
}

// build makes the conversations of a batch, on all processors.
func (r *run) build(p *prepared) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				p.threads[i].built = p.batch.Threads[i].Build()
				r.erased.apply(p.threads[i].built)
				r.Remap.apply(p.threads[i].built)
			}
		})
	}
	for i := range p.threads {
		if d := &p.threads[i]; d.built == nil && (d.verdict == threadNew || d.verdict == threadChanged) {
			next <- i
		}
	}
	close(next)
	wg.Wait()
}
