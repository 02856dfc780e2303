//go:build bench

package bench

import (
	"fmt"
	"path/filepath"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	// many is how many connections are measured everywhere.
	many = 10_000
	// atMost is how many clients one process of a limit of 20,000 files can have.
	atMost = 19_800
	// settling is how long connections are left alone before memory is read: the
	// collector has run, and what it freed went back to the system.
	settling = 15 * time.Second
)

// idleness is what connections that nothing happens on take of a process's resident
// memory and processor time.
type idleness struct {
	connections         int
	took                time.Duration // for all to enter
	before, then, after int           // KiB: with a hundred connections, with all, and settled
	// enter and enterDB are the processor time of one entering, in µs; idle and idleDB
	// that of all of them, in ms each second. The database's is 0 where there is none.
	enter, enterDB, idle, idleDB float64
	stacks, heap                 float64 // MiB, of Parley
}

func idleTable() *tabwriter.Writer {
	return table("what", "connections", "seconds to enter", "MiB before", "MiB entered", "MiB settled", "KiB/connection",
		"CPU µs to enter", "database", "idle CPU ms/s", "database", "stacks MiB", "heap in use MiB")
}

// each is the resident memory of a connection, in KiB.
func (i idleness) each() float64 { return float64(i.after-i.before) / float64(i.connections) }

func (i idleness) print(w *tabwriter.Writer, what string) {
	fmt.Fprintln(w, tabbed(what, i.connections, i.took.Seconds(), float64(i.before)/1024, float64(i.then)/1024, float64(i.after)/1024,
		i.each(), i.enter, i.enterDB, i.idle, i.idleDB, i.stacks, i.heap))
	w.Flush()
}

// idlers connects n clients to a process and leaves them alone.
func (s *realtimeSite) idlers(t *testing.T, kind peerKind, address string, pid, n int) (out idleness, c *crowd) {
	t.Helper()
	out.connections = n
	c = newCrowd(t, 2)
	// The first few pay for what is there once.
	const first = 100
	c.enter(kind, address, s.members(0, first), 10)
	time.Sleep(2 * time.Second)
	out.before = resident(t, pid)
	began := time.Now()
	cpu, dbCPU := cpuSince(t, pid), cpuSince(t, s.dbPID)
	c.enter(kind, address, s.members(first, n-first), 64)
	out.took, out.then = time.Since(began), resident(t, pid)
	out.enter, out.enterDB = each(cpu(), int64(n-first)), each(dbCPU(), int64(n-first))
	cpu, dbCPU = cpuSince(t, pid), cpuSince(t, s.dbPID)
	time.Sleep(settling)
	perSecond := func(d time.Duration) float64 { return float64(d.Milliseconds()) / settling.Seconds() }
	out.idle, out.idleDB = perSecond(cpu()), perSecond(dbCPU())
	out.after = resident(t, pid)
	if at := c.state(); at.Open != int64(n) {
		t.Errorf("%d of %d are connected: %v", at.Open, n, at.Reasons)
	}
	return out, c
}

func (s *realtimeSite) idleParley(t *testing.T, w *tabwriter.Writer, what string, kind peerKind, n int) idleness {
	t.Helper()
	svc := startService(t, s.dsn)
	defer svc.stop()
	out, c := s.idlers(t, kind, svc.addr, svc.pid, n)
	defer c.leave()
	out.stacks, out.heap = svc.metric(t, "go_memstats_stack_inuse_bytes")/(1<<20), svc.metric(t, "go_memstats_heap_inuse_bytes")/(1<<20)
	out.print(w, what)
	if *profiles != "" {
		if err := svc.fetch("heap?gc=1", filepath.Join(*profiles, "realtime-idle.pprof")); err != nil {
			t.Error(err)
		}
	}
	return out
}

func (s *realtimeSite) idleBare(t *testing.T, w *tabwriter.Writer, with string) idleness {
	t.Helper()
	address, pid, stop := s.startEcho(t, with)
	defer stop()
	out, c := s.idlers(t, byEcho, address, pid, many)
	defer c.leave()
	out.enterDB, out.idleDB = 0, 0
	out.print(w, "bare "+with)
	return out
}

// benchMemory measures idle WebSockets beside those of a bare server.
func benchMemory(t *testing.T, s *realtimeSite) {
	w := idleTable()
	ours := s.idleParley(t, w, "WebSocket", byWebSocket, many)
	bare := s.idleBare(t, w, "gobwas")
	fmt.Printf("A WebSocket takes %.2f times the memory it takes of a bare gobwas server. The aim is 8 KiB.\n", ours.each()/bare.each())
	if ours.each() > 8 {
		fmt.Println("MISSED: the aim of the memory.")
	}
}

// benchMost is benchMemory with as many as one process can have.
func benchMost(t *testing.T, s *realtimeSite) {
	s.idleParley(t, idleTable(), "WebSocket", byWebSocket, atMost)
}

// benchEventStreams is benchMemory for server-sent events.
func benchEventStreams(t *testing.T, s *realtimeSite) {
	s.idleParley(t, idleTable(), "event stream", byServerEvents, many)
}

// benchBare is what gorilla/websocket takes, as its examples use it and with care.
func benchBare(t *testing.T, s *realtimeSite) {
	w := idleTable()
	for _, with := range []string{"gorilla", "tuned"} {
		s.idleBare(t, w, with)
	}
}
