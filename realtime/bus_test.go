package realtime_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"parley/internal/resttest"
	"parley/internal/testredis"
	"parley/messaging"
	"parley/realtime"
	"parley/realtime/redis"
)

// byRedis makes relays that meet on a server.
func byRedis(t *testing.T, server *testredis.Server) func(*messaging.Node) realtime.Relay {
	return func(node *messaging.Node) realtime.Relay {
		bus, err := redis.New(redis.Options{URL: server.URL(), Channel: "parley:test", Silence: realtime.BusSilence})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(bus.Close)
		return realtime.NewBusRelay(bus, node, slog.New(slog.DiscardHandler))
	}
}

// way waits until nodes use a way.
func way(t *testing.T, want realtime.RelayWay, ends ...*end) {
	t.Helper()
	eventually(t, fmt.Sprint("signals go by ", want), func() bool {
		for _, e := range ends {
			if !e.node.Alone() && e.Stats().Way == want && e.Prompt() == (want == realtime.ByBus) {
				continue
			}
			return false
		}
		return true
	})
}

// passes says something until it is heard.
func passes(t *testing.T, from, to *end, what string) {
	t.Helper()
	eventually(t, what+" passes", func() bool {
		from.say("typing", `"`+what+`"`)
		return to.all()[`typing "`+what+`"`] > 0
	})
}

func TestSignalsPassThroughRedisAndBesideIt(t *testing.T) {
	t.Parallel()
	server := testredis.New(t)
	r := rooms(t)
	a, b := join(t, r, byRedis(t, server)), join(t, r, byRedis(t, server))
	way(t, realtime.ByBus, a, b)
	if n := tabled(t, r); n != 0 {
		// Before the bus was relied on nothing was said.
		t.Errorf("%d signals are in the table", n)
	}
	const many = 3000
	for n := range many {
		a.say("typing", fmt.Sprint(n))
		a.say("events", "null")
	}
	eventually(t, "everything is heard", func() bool {
		heard := b.all()
		for n := range many {
			if heard[fmt.Sprint("typing ", n)] != 1 {
				return false
			}
		}
		return heard["events null"] > 0
	})
	if n := b.all()["events null"]; n > many/2 {
		t.Errorf("%d times somebody said that there are events", n)
	}
	if n := tabled(t, r); n != 0 {
		t.Errorf("%d signals are in the table", n)
	}

	// Whatever else is said on the channel is left alone.
	for _, garbage := range []string{"", "garbage {", "null", "[]", `{"beat":true,"from":1}`, `{"signals":[{"kind":7}]}`,
		`{"node":-1,"beat":true,"hears":true}`, `{"from":"x","node":"y"}`, strings.Repeat("x", 1<<20), strings.Repeat("[", 1<<16)} {
		server.Do(t, "PUBLISH", "parley:test", garbage)
	}
	passes(t, a, b, "after garbage")
	way(t, realtime.ByBus, a, b)

	// Without Redis only latency is lost, and it is found again by itself.
	server.Kill(t)
	passes(t, a, b, "without redis")
	passes(t, b, a, "without redis")
	way(t, realtime.ByTable, a, b)
	server.Start(t)
	way(t, realtime.ByBus, a, b)
	passes(t, b, a, "with redis again")

	// A server that does not answer, to either.
	server.Pause(t)
	passes(t, a, b, "while redis is silent")
	way(t, realtime.ByTable, a, b)
	server.Resume(t)
	way(t, realtime.ByBus, a, b)
	if s := a.Stats(); s.Dropped != 0 || s.Published < many {
		t.Errorf("counted %+v", s)
	}

	// A node that was not told of Redis is reached all the same, and nobody relies on it.
	c := join(t, r, byTable)
	way(t, realtime.ByTable, a, b)
	eventually(t, "c knows of others", func() bool { return !c.node.Alone() })
	passes(t, a, c, "to one without redis")
	passes(t, c, b, "from one without redis")
}

// tabled counts the signals in the table.
func tabled(t *testing.T, r *resttest.Rooms) (n int) {
	t.Helper()
	if err := r.DB.Get(&n, `SELECT COUNT(*) FROM wp_parley_signals`); err != nil {
		t.Fatal(err)
	}
	return n
}
