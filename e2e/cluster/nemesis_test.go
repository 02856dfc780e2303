package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// fault is something that goes wrong, and how it is mended.
type fault struct {
	of   string // the host that fails
	what string
	do   func()
	undo func()
	// seen waits, after the site is well again, until the fault has shown. nil: it has.
	seen func()
}

// kinds are what can go wrong; each makes one with the choices of a source.
func (r *run) kinds() map[string]func(*rand.Rand) fault {
	s := r.site
	anyNode := func(rng *rand.Rand) *node { return s.nodes[rng.IntN(len(s.nodes))] }
	nothing := func() {}
	const month = 40 * 24 * time.Hour
	// link is a fault of one link of a node.
	link := func(n network, how string, cut, mend func(*host, network)) func(*rand.Rand) fault {
		return func(rng *rand.Rand) fault {
			h := anyNode(rng).host
			return fault{of: h.name, what: fmt.Sprintf("%s: its link to the %s is %s", h.name, n, how), do: func() { cut(h, n) }, undo: func() { mend(h, n) }}
		}
	}
	// program is a fault of a node's Parley.
	program := func(what string, do, undo func(*node)) func(*rand.Rand) fault {
		return func(rng *rand.Rand) fault {
			n := anyNode(rng)
			return fault{of: n.name, what: n.name + " is " + what, do: func() { do(n) }, undo: func() { undo(n) }}
		}
	}
	database := func(what string, do, undo func()) func(*rand.Rand) fault {
		return func(*rand.Rand) fault {
			return fault{of: s.mysql.name, what: "the database is " + what, do: do, undo: undo}
		}
	}
	step := func(h *host, rng *rand.Rand, by time.Duration) fault {
		off := time.Duration(rng.Int64N(int64(2*by)) - int64(by)).Truncate(time.Second)
		return fault{of: h.name, what: fmt.Sprintf("the clock of %s is off by %v", h.name, off), undo: nothing,
			do: func() { r.step(h, off) }, seen: func() { r.hasStepped(h, off) }}
	}
	kinds := map[string]func(*rand.Rand) fault{
		"node killed":    program("killed", func(n *node) { n.is.kill() }, (*node).launch),
		"node restarted": program("restarted", func(n *node) { n.is.term() }, (*node).launch),
		"node frozen": program("frozen", func(n *node) { n.is.signal(syscall.SIGSTOP) },
			func(n *node) { n.is.signal(syscall.SIGCONT) }),
		"database link cut":    link(data, "cut", (*host).unplug, (*host).plug),
		"database link silent": link(data, "silent", (*host).silence, (*host).hear),
		"visitors' link cut":   link(front, "cut", (*host).unplug, (*host).plug),
		"visitors' link lost":  link(front, "silent", (*host).silence, (*host).hear),
		"node isolated": program("isolated", func(n *node) {
			for _, on := range n.on {
				n.silence(on)
			}
		}, func(n *node) {
			for _, on := range n.on {
				n.hear(on)
			}
		}),
		"database killed":    database("killed", func() { s.server.Kill(r.t) }, func() { s.server.Start(r.t) }),
		"database restarted": database("restarted", func() { s.server.Stop(r.t) }, func() { s.server.Start(r.t) }),
		"database frozen":    database("frozen", func() { s.server.Pause(r.t) }, func() { s.server.Resume(r.t) }),
		"node's clock steps": func(rng *rand.Rand) fault { return step(anyNode(rng).host, rng, 30*time.Hour) },
		// All events are old then, and Parley lets them go.
		"node's clock a month ahead": func(rng *rand.Rand) fault {
			h := anyNode(rng).host
			return fault{of: h.name, what: "the clock of " + h.name + " is 40 days ahead",
				do: func() { r.step(h, month) }, undo: nothing, seen: func() { r.hasStepped(h, month) }}
		},
		"database's clock steps": func(rng *rand.Rand) fault {
			return step(s.mysql, rng, 30*time.Hour)
		},
	}
	if s.redis != nil {
		kinds["Redis link cut"] = link(cache, "cut", (*host).unplug, (*host).plug)
		kinds["Redis link silent"] = link(cache, "silent", (*host).silence, (*host).hear)
		kinds["Redis killed"] = func(*rand.Rand) fault {
			return fault{of: s.redis.name, what: "Redis is killed", do: func() { s.redisIs.kill() }, undo: s.startRedis}
		}
	}
	return kinds
}

func (r *run) count(kind string) { r.struck[kind]++ }

// both is two faults at once.
func both(a, b fault) fault {
	return fault{of: a.of + b.of, what: a.what + ", and " + b.what, do: func() { a.do(); b.do() }, undo: func() { b.undo(); a.undo() },
		seen: func() {
			for _, f := range []fault{a, b} {
				if f.seen != nil {
					f.seen()
				}
			}
		}}
}

// step sets how far a host's clock is off.
func (r *run) step(h *host, off time.Duration) {
	r.stepped.Store(h.name, off)
	h.step(off)
}

// hasStepped waits until it shows that a host's clock is off: in what a node writes, or in
// what the database answers.
func (r *run) hasStepped(h *host, off time.Duration) {
	r.t.Helper()
	shows := "SELECT COUNT(*) FROM wp_parley_messages WHERE ABS(TIMESTAMPDIFF(SECOND, created_at, FROM_UNIXTIME(?))) < 600"
	if h == r.site.mysql {
		shows = "SELECT ABS(UNIX_TIMESTAMP() - ?) < 600"
	}
	eventually(r.t, fmt.Sprintf("the clock of %s is off by %v", h.name, off), func() error {
		var n int
		err := r.site.db.Get(&n, shows, time.Now().Add(off).Unix())
		if err == nil && n == 0 {
			err = fmt.Errorf("it is not")
		}
		return err
	})
}

// strike makes one fault, holds it, mends it, and waits until the site is well and
// messages pass again.
func (r *run) strike(f fault, hold time.Duration) {
	r.t.Helper()
	r.rec.fault(f.what)
	f.do()
	time.Sleep(hold) // a fault lasts; nothing says when it has lasted long enough
	f.undo()
	r.rec.fault("mended")
	r.site.settled()
	if f.seen != nil {
		f.seen()
	}
	before := r.rec.acknowledged()
	eventually(r.t, "messages are acknowledged after: "+f.what, func() error {
		if n := r.rec.acknowledged() - before; n < 10 {
			return fmt.Errorf("%d were", n)
		}
		return nil
	})
}
