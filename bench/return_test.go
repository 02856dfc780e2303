//go:build bench

package bench

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// returning is how many clients come back, half of them to each node.
var returning = flag.Int("returning", 20_000, "clients of \"realtime return\"")

const (
	// besideRate is the ordinary requests a second that are watched meanwhile: half of
	// them inbox pages, half of them sends.
	besideRate = 40
)

// benchReturn restarts two nodes with ten thousand clients each, and watches ordinary
// requests until everybody is back: with the times the close frames say, and as a
// comparison with clients that all come at once.
func benchReturn(t *testing.T, s *realtimeSite) {
	w := table("clients", "requests", "seconds until all are back", "resets", "inbox before p50 ms", "p99", "during p50", "p99", "send before p50 ms", "p99", "during p50", "p99", "slower at p50", "at p99")
	type outcome struct{ slower50, slower99 float64 }
	run := func(what string, how int) outcome {
		a, b := startService(t, s.dsn), startService(t, s.dsn)
		defer a.stop()
		defer b.stop()
		crowds := []*crowd{newCrowd(t, 1), newCrowd(t, 1)}
		nodes := []*service{a, b}
		for i, c := range crowds {
			defer c.leave()
			c.enter(byWebSocket, nodes[i].addr, s.members(i**returning/2, *returning/2), 64)
		}
		time.Sleep(3 * time.Second)
		before := s.beside(nodes, func() bool { return false }, 2**duration+2*time.Second)

		for i, c := range crowds {
			c.returning(how)
			_ = nodes[i].cmd.Process.Signal(syscall.SIGTERM)
		}
		for _, n := range nodes {
			n.stop()
		}
		down := time.Now()
		for _, n := range nodes {
			n.start(t)
		}
		var back atomic.Bool
		var took time.Duration
		var resets, still int64
		var reasons map[string]int64
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for !back.Load() && time.Since(down) < 2*time.Minute {
				time.Sleep(100 * time.Millisecond)
				var open int64
				resets = 0
				reasons = map[string]int64{}
				for _, c := range crowds {
					at := c.state()
					open, resets = open+at.Open, resets+at.Resets
					for why, n := range at.Reasons {
						reasons[why] += n
					}
				}
				still = int64(*returning) - open
				if open == int64(*returning) {
					took = time.Since(down)
					back.Store(true)
				}
			}
		}()
		during := s.beside(nodes, back.Load, 2*time.Minute)
		<-watched
		if !back.Load() {
			t.Errorf("%s: %d did not come back: %v", what, still, reasons)
		}
		o := outcome{
			slower50: max(during.inbox.at(50)/before.inbox.at(50), during.send.at(50)/before.send.at(50)),
			slower99: max(during.inbox.at(99)/before.inbox.at(99), during.send.at(99)/before.send.at(99)),
		}
		fmt.Fprintln(w, tabbed(what, during.inbox.count()+during.send.count(), took.Seconds(), resets,
			before.inbox.at(50), before.inbox.at(99), during.inbox.at(50), during.inbox.at(99),
			before.send.at(50), before.send.at(99), during.send.at(50), during.send.at(99), o.slower50, o.slower99))
		w.Flush()
		if during.failed > 0 {
			t.Errorf("%s: %d ordinary requests failed, the first: %v", what, during.failed, during.first)
		}
		if how == whenAsked && took > 30*time.Second {
			fmt.Println("MISSED: everybody is to be back within 30 seconds.")
		}
		return o
	}
	asked := run(fmt.Sprintf("%d, when they were asked to", *returning), whenAsked)
	run(fmt.Sprintf("%d, all at once", *returning), immediately)
	if asked.slower50 > 2 || asked.slower99 > 2 {
		fmt.Printf("MISSED: ordinary requests are to stay under twice their time: %.2f at p50, %.2f at p99.\n", asked.slower50, asked.slower99)
	}
}

// besides are ordinary requests beside something else.
type besides struct {
	inbox, send *latencies
	failed      int
	first       error
}

// beside sends ordinary requests to nodes by turns until the end, or most of it.
func (s *realtimeSite) beside(nodes []*service, over func() bool, most time.Duration) besides {
	out := besides{inbox: newLatencies(), send: newLatencies()}
	pairs := s.pairs(talkers)
	var inboxes []request
	for _, n := range nodes {
		inboxes = append(inboxes, newRequest(n.addr, "GET", "/wp-json/jetonomy/v1/conversations", loginHeaders(heavyMember), "", 200))
	}
	var makers []func(int64) (request, string)
	for _, n := range nodes {
		makers = append(makers, sends(n.addr, pairs))
	}
	const workers = 32
	clients := make([][]*client, workers)
	for i := range clients {
		for _, n := range nodes {
			clients[i] = append(clients[i], &client{addr: n.addr})
		}
	}
	defer func() {
		for _, c := range clients {
			for _, one := range c {
				one.close()
			}
		}
	}()
	began := time.Now()
	// A second at a time, so that it can end when it is over.
	for first := int64(0); time.Since(began) < most && !over(); first += besideRate {
		run := openLoop(besideRate, time.Second, workers, func(w int, i int64, meant time.Time) error {
			node := int(i/2) % len(nodes)
			r, to := inboxes[node], out.inbox
			if i%2 == 1 {
				r, _ = makers[node]((first + i) * 7919)
				to = out.send
			}
			c := clients[w][node]
			err := c.do(r)
			if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
				err = c.do(r) // the server closed a connection that nothing was sent on
			}
			if err == nil {
				to.add(time.Since(meant))
			}
			return err
		})
		if out.failed += run.errors; out.first == nil {
			out.first = run.first
		}
	}
	return out
}
