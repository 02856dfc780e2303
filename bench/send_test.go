//go:build bench

package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	// sendRate is the messages a second of "realtime send" and "realtime nodes".
	sendRate = 500
	// fanRate is those of "realtime fan-out", to groupSize members each.
	fanRate = 4
	// talkers is how many pairs take turns.
	talkers = 400
)

// talkColumns are what the tables of messages say.
var talkColumns = []string{"what", "sent", "send p50 ms", "p99", "max",
	"received", "after the answer p50 ms", "p99", "max", "since meant p50 ms", "p99", "server CPU µs/send", "CPU µs/event", "database CPU µs/send"}

// everybody are the members of pairs, each once.
func everybody(pairs []pair) (out []int64) {
	for _, p := range pairs {
		out = append(out, p.from, p.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// other tells who reads the messages of pairs that take turns.
func other(pairs []pair) func(i, member int64) bool {
	return func(i, member int64) bool { return pairs[i%int64(len(pairs))].to == member }
}

// measured runs a talk and tells what it took of some processes.
func measured(t *testing.T, k *talk, l *listener, pids ...int) (r talked, cpu []time.Duration) {
	t.Helper()
	var spans []func() time.Duration
	for _, pid := range pids {
		spans = append(spans, cpuSince(t, pid))
	}
	r = k.run(t, l)
	for _, s := range spans {
		cpu = append(cpu, s())
	}
	return r, cpu
}

// each is a time for each of n, in microseconds.
func each(d time.Duration, n int64) float64 { return float64(d.Microseconds()) / float64(max(n, 1)) }

// benchSend measures how long a message takes from its acknowledgement to the other
// member, beside sends nobody is connected for and beside a server that only writes.
func benchSend(t *testing.T, s *realtimeSite) {
	pairs := s.pairs(talkers)
	members := everybody(pairs)
	var l listener
	w := table(talkColumns...)
	lasts := 4 * *duration

	svc := startService(t, s.dsn)
	defer svc.stop()
	k := &talk{perSecond: sendRate, lasts: 2 * time.Second, send: sends(svc.addr, pairs)}
	k.run(t, &l) // everybody's first request
	k.lasts = lasts / 2
	alone, cpu := measured(t, k, &l, svc.pid, s.dbPID)
	aloneCPU := each(cpu[0], alone.sent.took.count())
	fmt.Fprintln(w, tabbed("nobody connected", alone.sent.took.row(), 0, "-", "-", "-", "-", "-", aloneCPU, "-", each(cpu[1], alone.sent.took.count())))
	w.Flush()

	sw, err := newSwarm(1, l.frame)
	if err != nil {
		t.Fatal(err)
	}
	defer sw.leave()
	if err := sw.enter(byWebSocket, svc.addr, members, 64, time.Minute); err != nil {
		t.Fatal(err)
	}
	k.readers, k.reads = 1, other(pairs)
	k.lasts = 2 * time.Second
	k.run(t, &l)
	k.lasts = lasts
	if *profiles != "" {
		go func() { _ = svc.profile(*profiles+"/realtime-send.pprof", lasts) }()
	}
	frames := svc.metric(t, "parley_realtime_frames_total")
	r, cpu := measured(t, k, &l, svc.pid, s.dbPID)
	delivered := int64(svc.metric(t, "parley_realtime_frames_total") - frames)
	perSend := each(cpu[0], r.sent.took.count())
	fmt.Fprintln(w, tabbed(fmt.Sprintf("%d connected", len(members)), r.sent.took.row(), r.each.row(), r.eachMeant.at(50), r.eachMeant.at(99),
		perSend, (perSend-aloneCPU)*float64(r.sent.took.count())/float64(delivered), each(cpu[1], r.sent.took.count())))
	w.Flush()

	address, pid, stop := s.startEcho(t, "gobwas")
	defer stop()
	esw, err := newSwarm(1, l.frame)
	if err != nil {
		t.Fatal(err)
	}
	defer esw.leave()
	if err := esw.enter(byEcho, address, members, 64, time.Minute); err != nil {
		t.Fatal(err)
	}
	b := &talk{perSecond: sendRate, lasts: lasts / 2, readers: 1, reads: k.reads,
		send: echoes(address, func(i int64) string {
			p := pairs[i%int64(len(pairs))]
			return fmt.Sprintf("/to?id=%d&id=%d", p.from, p.to)
		})}
	bare, cpu := measured(t, b, &l, pid)
	fmt.Fprintln(w, tabbed("bare gobwas, no database", bare.sent.took.row(), bare.each.row(), bare.eachMeant.at(50), bare.eachMeant.at(99),
		each(cpu[0], bare.sent.took.count()), each(cpu[0], 2*bare.sent.took.count()), "-"))
	w.Flush()
	fmt.Printf("%d frames were written for %d messages. Aims: p50 under 8 ms, p99 under 50 ms after the answer; a send with everybody connected takes %.2f times what it takes with nobody at p99, %.2f times the processor time.\n",
		delivered, r.received, r.sent.took.at(99)/alone.sent.took.at(99), perSend/aloneCPU)
	if r.each.at(50) > 8 || r.each.at(99) > 50 {
		fmt.Println("MISSED: the aims of the delivery.")
	}
}

// benchFanOut measures how long a message takes to the last of a thousand.
func benchFanOut(t *testing.T, s *realtimeSite) {
	var l listener
	w := table("what", "sent", "send p50 ms", "p99", "max", "received", "each p50 ms", "p99", "max", "messages", "last p50 ms", "p99", "max", "server CPU µs/send", "CPU µs/event")
	members := make([]int64, groupSize)
	pairs := make([]pair, groupSize)
	for i := range members {
		members[i] = groupMember(i)
		pairs[i] = pair{groupID, members[i], 0}
	}
	others := func(i, member int64) bool { return pairs[i%int64(len(pairs))].from != member }
	lasts := 4 * *duration

	svc := startService(t, s.dsn)
	defer svc.stop()
	k := &talk{perSecond: fanRate, lasts: 2 * time.Second, send: sends(svc.addr, pairs)}
	k.run(t, &l)
	k.lasts = lasts / 2
	alone, cpu := measured(t, k, &l, svc.pid)
	aloneCPU := each(cpu[0], alone.sent.took.count())
	fmt.Fprintln(w, tabbed("nobody connected", alone.sent.took.row(), 0, "-", "-", "-", 0, "-", "-", "-", aloneCPU, "-"))
	w.Flush()

	sw, err := newSwarm(1, l.frame)
	if err != nil {
		t.Fatal(err)
	}
	defer sw.leave()
	if err := sw.enter(byWebSocket, svc.addr, members, 64, time.Minute); err != nil {
		t.Fatal(err)
	}
	k.lasts, k.readers, k.reads = lasts, groupSize-1, others
	if *profiles != "" {
		go func() { _ = svc.profile(*profiles+"/realtime-fan-out.pprof", lasts) }()
	}
	r, cpu := measured(t, k, &l, svc.pid)
	perSend := each(cpu[0], r.sent.took.count())
	fmt.Fprintln(w, tabbed("all connected", r.sent.took.row(), r.each.row(), r.last.row(), perSend, (perSend-aloneCPU)/groupSize))
	w.Flush()

	address, pid, stop := s.startEcho(t, "gobwas")
	defer stop()
	esw, err := newSwarm(1, l.frame)
	if err != nil {
		t.Fatal(err)
	}
	defer esw.leave()
	if err := esw.enter(byEcho, address, members, 64, time.Minute); err != nil {
		t.Fatal(err)
	}
	b := &talk{perSecond: fanRate, lasts: lasts / 2, readers: groupSize - 1, reads: others,
		send: echoes(address, func(int64) string { return "/all" })}
	bare, cpu := measured(t, b, &l, pid)
	perBare := each(cpu[0], bare.sent.took.count())
	fmt.Fprintln(w, tabbed("bare gobwas, no database", bare.sent.took.row(), bare.each.row(), bare.last.row(), perBare, perBare/groupSize))
	w.Flush()
	fmt.Printf("The last of %d members has it %.1f ms after the answer at p99 (aim: 100). The processor time of an event is %.2f times that of a bare write.\n",
		groupSize, r.last.at(99), (perSend-aloneCPU)/perBare)
	if r.last.at(99) > 100 {
		fmt.Println("MISSED: the aim of the fan-out.")
	}
}
