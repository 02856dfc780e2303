package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/resttest"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
)

// patience bounds every wait.
const patience = 20 * time.Second

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// end is one node's end of a relay.
type end struct {
	realtime.Relay
	node  *messaging.Node
	awake atomic.Bool

	mu    sync.Mutex
	heard []string
}

// all are the signals heard so far, without repetition, as "kind body".
func (e *end) all() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]int{}
	for _, h := range e.heard {
		out[h]++
	}
	return out
}

func (e *end) say(kind, body string) {
	e.Publish(realtime.Signal{Kind: realtime.SignalKind(kind), Body: json.RawMessage(body)})
}

// join registers a node and runs its end of the relay that make makes.
func join(t *testing.T, rooms *resttest.Rooms, make func(*messaging.Node) realtime.Relay) *end {
	t.Helper()
	node, err := rooms.Service.RegisterNode(t.Context(), t.Name(), "test")
	if err != nil {
		t.Fatal(err)
	}
	e := &end{Relay: make(node), node: node}
	e.awake.Store(true)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { node.Run(ctx) })
	running.Go(func() {
		e.Run(ctx, realtime.Intake{Awake: e.awake.Load, Take: func(s realtime.Signal) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.heard = append(e.heard, string(s.Kind)+" "+string(s.Body))
		}})
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return e
}

func byTable(node *messaging.Node) realtime.Relay {
	return realtime.NewTableRelay(node, slog.New(slog.DiscardHandler))
}

func rooms(t *testing.T) *resttest.Rooms {
	t.Helper()
	return resttest.Open(t, resttest.Settings{DSN: testdb.CastDSN(t), Limits: messaging.DefaultLimits()})
}

func TestSignalsPassThroughTheTable(t *testing.T) {
	t.Parallel()
	r := rooms(t)
	a := join(t, r, byTable)
	a.say("typing", `"to nobody"`)
	b := join(t, r, byTable)
	eventually(t, "each node knows the other", func() bool { return !a.node.Alone() && !b.node.Alone() })
	// A node begins where it is: what is said before its first look it need not hear.
	eventually(t, "b hears", func() bool { a.say("begin", "1"); return b.all()["begin 1"] > 0 })
	eventually(t, "a hears", func() bool { b.say("begin", "2"); return a.all()["begin 2"] > 0 })

	const many = 2000
	var saying sync.WaitGroup
	for i, e := range []*end{a, b} {
		saying.Go(func() {
			for n := range many {
				e.say("typing", fmt.Sprint(i*many+n))
			}
		})
	}
	// What is no node's own, or says nothing, disturbs nobody.
	for _, row := range []string{`(0, '', '', UTC_TIMESTAMP(6))`, `(99, 'typing', 'garbage {', UTC_TIMESTAMP(6))`, `(99, 'unheard of', X'00FF', UTC_TIMESTAMP(6))`} {
		if _, err := r.DB.Exec(`INSERT INTO wp_parley_signals (node_id, kind, body, created_at) VALUES ` + row); err != nil {
			t.Fatal(err)
		}
	}
	saying.Wait()
	for i, e := range []*end{b, a} {
		eventually(t, "all is heard", func() bool {
			heard := e.all()
			for n := range many {
				if heard[fmt.Sprintf("typing %d", i*many+n)] == 0 {
					return false
				}
			}
			return heard["typing garbage {"] == 1
		})
		for what, times := range e.all() {
			if what[0] == 't' && times != 1 {
				t.Errorf("%q was heard %d times", what, times)
			}
		}
		if own := e.all()[fmt.Sprintf("typing %d", (1-i)*many)]; own != 0 {
			t.Error("a node heard itself")
		}
	}
	if s := a.Stats(); s.Published < many || s.Received < many || s.Dropped != 0 {
		t.Errorf("counted %+v", s)
	}
	if n := b.all()[`typing "to nobody"`]; n != 0 {
		t.Error("a signal was written while there was no other node")
	}
}

func TestTheTableIsLeftAloneWhileNobodyNeedsIt(t *testing.T) {
	t.Parallel()
	r := rooms(t)
	a := join(t, r, byTable)
	quiet := func(what string) {
		t.Helper()
		before := r.DB.Counts().Data
		deadline := time.NewTimer(time.Second)
		defer deadline.Stop()
		<-deadline.C
		// The registry's own refresh is two statements in five seconds for each node.
		if n := r.DB.Counts().Data - before; n > 8 {
			t.Errorf("%s: %d statements in a second", what, n)
		}
	}
	a.say("typing", "1")
	quiet("alone")
	b := join(t, r, byTable)
	a.awake.Store(false)
	b.awake.Store(false)
	eventually(t, "each node knows the other", func() bool { return !a.node.Alone() && !b.node.Alone() })
	quiet("nobody connected")
}
