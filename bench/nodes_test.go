//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/testredis"
)

// benchNodes measures what it adds that the reader is connected to another node than the
// one that took the message.
func benchNodes(t *testing.T, s *realtimeSite) {
	w := table(talkColumns[:11]...)
	lasts := 2 * *duration
	// The same pairs on one node, then on two: what differs is what is added.
	across := func(what string, env ...string) {
		pairs := s.pairs(talkers)
		members := everybody(pairs)
		a, b := startService(t, s.dsn, env...), startService(t, s.dsn, env...)
		defer a.stop()
		defer b.stop()
		var l listener
		k := &talk{perSecond: sendRate / 2, lasts: 2 * time.Second, send: sends(a.addr, pairs)}
		k.run(t, &l)
		var results []talked
		for _, at := range []*service{a, b} {
			sw, err := newSwarm(1, l.frame)
			if err != nil {
				t.Fatal(err)
			}
			if err := sw.enter(byWebSocket, at.addr, members, 64, time.Minute); err != nil {
				t.Fatal(err)
			}
			k.readers, k.reads, k.lasts = 1, other(pairs), 2*time.Second
			k.run(t, &l)
			k.lasts = lasts
			r := k.run(t, &l)
			results = append(results, r)
			where := "the same node"
			if at == b {
				where = "the other node"
			}
			fmt.Fprintln(w, tabbed(what+", "+where, r.sent.took.row(), r.each.row(), r.eachMeant.at(50), r.eachMeant.at(99)))
			w.Flush()
			sw.leave()
		}
		fmt.Printf("%s: the other node adds %.1f ms at p50, %.1f ms at p99.\n", what,
			results[1].each.at(50)-results[0].each.at(50), results[1].each.at(99)-results[0].each.at(99))
	}
	across("MySQL alone")
	redis := testredis.New(t)
	across("Redis", "PARLEY_REALTIME_REDIS="+redis.URL())
}
