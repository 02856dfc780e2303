//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"
)

const (
	// atMost is how many clients one process of a limit of 20,000 files can have.
	atMost = 19_800
	// settling is how long connections are left alone before memory is read: the
	// collector has run, and what it freed went back to the system.
	settling = 15 * time.Second
)

// benchMemory measures what a connection that nothing happens on takes of a process's
// resident memory and processor time.
func benchMemory(t *testing.T, s *realtimeSite) {
	w := table("what", "connections", "seconds to enter", "MiB before", "MiB entered", "MiB settled", "KiB/connection", "CPU µs to enter", "database", "idle CPU ms/s", "database", "stacks MiB", "heap in use MiB")
	type figures struct{ each float64 }
	line := func(what string, n int, entered time.Duration, before, then, after int, enter, enterDB float64, cpu, dbCPU time.Duration, stacks, heap float64) figures {
		each := float64(after-before) / float64(n)
		perSecond := func(d time.Duration) float64 { return float64(d.Milliseconds()) / settling.Seconds() }
		fmt.Fprintln(w, tabbed(what, n, entered.Seconds(), float64(before)/1024, float64(then)/1024, float64(after)/1024, each, enter, enterDB, perSecond(cpu), perSecond(dbCPU), stacks/(1<<20), heap/(1<<20)))
		w.Flush()
		return figures{each}
	}
	parley := func(what string, kind peerKind, n int) figures {
		svc := startService(t, s.dsn)
		defer svc.stop()
		// The first few pay for what is there once.
		crowd := newCrowd(t, 2)
		defer crowd.leave()
		crowd.enter(kind, svc.addr, s.members(0, 100), 10)
		time.Sleep(2 * time.Second)
		before := resident(t, svc.pid)
		began := time.Now()
		enterCPU, enterDB := cpuSince(t, svc.pid), cpuSince(t, s.dbPID)
		if *profiles != "" {
			go func() {
				_ = svc.profile(fmt.Sprintf("%s/realtime-enter-%s-%d.pprof", *profiles, what, n), 5*time.Second)
			}()
		}
		crowd.enter(kind, svc.addr, s.members(100, n-100), 64)
		entered, then := time.Since(began), resident(t, svc.pid)
		perEnter, perEnterDB := each(enterCPU(), int64(n-100)), each(enterDB(), int64(n-100))
		cpu, dbCPU := cpuSince(t, svc.pid), cpuSince(t, s.dbPID)
		time.Sleep(settling)
		used, dbUsed := cpu(), dbCPU()
		if at := crowd.state(); at.Open != int64(n) {
			t.Errorf("%s: %d of %d are connected: %v", what, at.Open, n, at.Reasons)
		}
		return line(what, n, entered, before, then, resident(t, svc.pid), perEnter, perEnterDB, used, dbUsed,
			svc.metric(t, "go_memstats_stack_inuse_bytes"), svc.metric(t, "go_memstats_heap_inuse_bytes"))
	}
	echo := func(with string, n int) figures {
		address, pid, stop := s.startEcho(t, with)
		defer stop()
		crowd := newCrowd(t, 2)
		defer crowd.leave()
		crowd.enter(byEcho, address, s.members(0, 100), 10)
		time.Sleep(2 * time.Second)
		before := resident(t, pid)
		began := time.Now()
		crowd.enter(byEcho, address, s.members(100, n-100), 64)
		entered, then := time.Since(began), resident(t, pid)
		cpu := cpuSince(t, pid)
		time.Sleep(settling)
		return line("bare "+with, n, entered, before, then, resident(t, pid), 0, 0, cpu(), 0, 0, 0)
	}
	websocket := parley("WebSocket", byWebSocket, 10_000)
	parley("WebSocket", byWebSocket, atMost)
	parley("event stream", byServerEvents, 10_000)
	bare, gorilla, tuned := echo("gobwas", 10_000), echo("gorilla", 10_000), echo("tuned", 10_000)
	fmt.Printf("A connection takes %.2f times what it takes of a bare gobwas server, %.2f of gorilla's, %.2f of gorilla's with small buffers.\n",
		websocket.each/bare.each, websocket.each/gorilla.each, websocket.each/tuned.each)
}
