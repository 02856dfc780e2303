package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/e2e/cluster/history"
)

// TestNothingIsLost has members send, read, leave and block on all nodes of a site while
// everything fails that can, and has what they saw judged.
func TestNothingIsLost(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64N(1 << 32)
	}
	for _, variant := range variants {
		t.Run(variant.name, func(t *testing.T) {
			t.Logf("-seed=%d", seed)
			r := newRun(t, seed, variant.nodes, variant.redis)
			r.play(variant.kinds, *soakFlag/time.Duration(len(variants)))
			r.judge()
		})
	}
}

// variants are the sites the test runs on, with the faults of a short run.
var variants = []struct {
	name  string
	nodes int
	redis bool
	kinds []string
}{
	{"with MySQL alone", 2, false, []string{"node killed", "database link silent", "visitors' link cut", "database killed",
		"node frozen", "node's clock steps", "node's clock a month ahead", "database's clock steps"}},
	{"with Redis", 3, true, []string{"Redis killed", "Redis link silent", "node killed", "database restarted", "node isolated"}},
}

// play runs the site and its members, and makes faults: those of a short run each once,
// or any of them until a time is over.
func (r *run) play(kinds []string, length time.Duration) {
	r.t.Helper()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	sending, enough := context.WithCancel(ctx)
	defer enough()
	connected, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var senders, devices sync.WaitGroup
	r.connect(connected, &devices)
	quarrelsome := r.begin(ctx)
	for _, m := range r.members {
		senders.Go(func() { m.live(sending, ctx) })
	}
	for _, m := range quarrelsome {
		for _, p := range m.open() {
			if p.direct {
				senders.Go(func() { m.quarrel(sending, ctx, p.id) })
			}
		}
	}
	r.nemesis(kinds, length)
	enough()
	r.await("what was begun is ended", &senders)
	r.mark(ctx)
	hangUp()
	r.await("the devices hang up", &devices)
	r.finish(ctx)
}

// nemesis makes the faults.
func (r *run) nemesis(names []string, length time.Duration) {
	r.t.Helper()
	rng, kinds := r.random("nemesis"), r.kinds()
	if length == 0 {
		names = slices.Clone(names)
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			r.count(name)
			r.strike(kinds[name](rng), time.Second+time.Duration(rng.IntN(1500))*time.Millisecond)
		}
		return
	}
	names = slices.Sorted(maps.Keys(kinds))
	for until := time.Now().Add(length); time.Now().Before(until); {
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for i, name := range names {
			f := kinds[name](rng)
			r.count(name)
			also := names[(i+1)%len(names)]
			if second := kinds[also](rng); rng.IntN(4) == 0 && second.of != f.of {
				f = both(f, second)
				r.count(also)
			}
			r.strike(f, time.Second+time.Duration(rng.ExpFloat64()*float64(5*time.Second)))
			if time.Now().After(until) {
				return
			}
		}
	}
}

// await waits for a group, for as long as a busy machine may need.
func (r *run) await(what string, group *sync.WaitGroup) {
	r.t.Helper()
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		r.t.Fatalf("not within %v: %s", patience, what)
	}
}

// mark has somebody send a last message into every conversation, and waits until every
// device that is to be told was told, on the stream it has open.
func (r *run) mark(ctx context.Context) {
	r.t.Helper()
	marks := map[int64]history.Op{}
	for _, m := range r.members {
		for _, p := range m.open() {
			if marks[p.id].Kind == "" {
				if op := m.send(ctx, p.id); op.Outcome == history.Acknowledged {
					marks[p.id] = op
				}
			}
		}
	}
	for _, d := range r.devices {
		for _, p := range d.open() {
			if op, marked := marks[p.id]; marked {
				err := within(fmt.Sprintf("%s is told %q", d.log.Name, op.Text), func() error {
					if !d.has(p.id, op.Message) {
						return fmt.Errorf("it stands at %d", d.position.Load())
					}
					return nil
				})
				if err != nil {
					r.t.Error(err)
					return // the history says more
				}
			}
		}
	}
}

// finish has every device catch up, and writes down what is there.
func (r *run) finish(ctx context.Context) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var head int64
	r.site.must(r.site.db.Get(&head, "SELECT MAX(id) FROM kept_events WHERE kind <> ''"))
	var all sync.WaitGroup
	for _, d := range r.devices {
		all.Go(func() {
			if err := d.catchUp(ctx, head); err != nil {
				r.t.Error(err)
			}
		})
	}
	all.Wait()
	r.site.tables(r.h)
	r.threads()
}

// judge has the history checked, and looks for races in the nodes' logs.
func (r *run) judge() {
	r.t.Helper()
	found := history.Check(r.h)
	for _, n := range r.site.nodes {
		if log, err := os.ReadFile(n.path("log")); err != nil || bytes.Contains(log, []byte("DATA RACE")) {
			r.t.Errorf("%s: a data race: %s, %v", n.name, log, err)
		}
	}
	r.t.Log(r.summary(found))
	if len(found) == 0 && !r.t.Failed() {
		return
	}
	for _, v := range found[:min(len(found), 20)] {
		r.t.Error(v)
	}
	for _, f := range r.h.Faults {
		r.t.Log(f)
	}
	path, err := save(r.h)
	r.t.Errorf("%d promises are broken; run again with -seed=%d; the history is in %s (%v)", len(found), r.seed, path, err)
	for _, n := range r.site.nodes {
		r.t.Logf("%s said last:\n%s", n.name, n.is.said())
	}
}
