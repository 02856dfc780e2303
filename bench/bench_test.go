//go:build bench

// Package bench measures the running service against the bare statements it is
// made of, on data made on the spot. `make bench` runs it; the build tag keeps it
// out of the tests, which never depend on time.
package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/schema"
)

var (
	scale    = flag.Int("scale", 1, "size of the data: 1 is 20,000 conversations and over 200,000 messages")
	duration = flag.Duration("duration", 5*time.Second, "how long each cell is measured")
	profiles = flag.String("profiles", "", "a folder to write a CPU profile of the service to for each case")
	only     = flag.String("only", "", "run only the cases of these names, between commas")
)

// token is the session token every seeded member is logged in with.
const token = "benchbenchbenchbenchbenchbenchbenchbenchben"

// orientation is what WordPress with BuddyPress answered on a machine of this
// class, requests per second; it was not measured in this run.
var orientation = map[string]float64{"inbox": 22, "thread": 67, "send": 60, "first send": 60, "unread": 77, "search": 15,
	"inbox of 10": 22, "bp list": 22, "bp thread": 67, "bp reply": 60, "bp search": 15}

func TestBench(t *testing.T) {
	if *only != "" && !slices.ContainsFunc(strings.Split(*only, ","), func(name string) bool {
		return name != importCase && !strings.HasPrefix(name, "realtime")
	}) {
		return
	}
	ctx := context.Background()
	dsn, db := benchDatabase(t)
	tables := schema.Names("wp_parley_")
	if _, err := schema.Up(ctx, db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	data, err := seed(ctx, db, tables, token, sizeFor(*scale), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var version string
	if err := db.Get(&version, "SELECT VERSION()"); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nMachine: %s; %s; MariaDB/MySQL %s, durable commits, 2 GiB buffer pool; load generator on the same cores.\n", machine(), runtime.Version(), version)
	fmt.Printf("Data: %d members, %d conversations, %d messages (seeded in %.0f s); the measured member has %d conversations.\n",
		data.members, data.conversations, data.messages, time.Since(began).Seconds(), data.heavy)
	fmt.Printf("Command: go test -tags bench -run TestBench ./bench -args -scale %d -duration %s\n", *scale, *duration)

	svc := startService(t, dsn)
	fmt.Printf("Service: ready %d ms after start, %.1f MiB resident when idle.\n\n", svc.ready.Milliseconds(), float64(svc.idleKiB)/1024)

	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "case\tconnections\treq/s\tp50 ms\tp95 ms\tp99 ms\tserver CPU µs\tstatements\t+control\tbare req/s\tratio\tbare CPU µs\tCPU ratio\tx WordPress")
	for _, c := range cases(svc, data) {
		if !wanted(c.name) {
			continue
		}
		measure(t, w, db, svc, c, tables)
	}
	w.Flush()
}

// measure fills the lines of one case: at 2, 8 and 64 connections, each beside a
// replay of the same statements from as many connections.
func measure(t *testing.T, w *tabwriter.Writer, db *sqlx.DB, svc *service, c benchCase, tables schema.Tables) {
	t.Helper()
	ctx := context.Background()
	warm := hammer(svc.addr, 2, *duration/5, c.pick)
	if warm.firstError != nil {
		t.Fatalf("%s: %v", c.name, warm.firstError)
	}
	replays, err := c.record(ctx, db, svc, tables)
	if err != nil {
		t.Fatalf("%s: recording statements: %v", c.name, err)
	}
	sample := replays.sample()
	connections := []int{2, 8, 64}
	// The replay first, on the rows as they were recorded: afterwards the numbers its
	// statements hold would be taken.
	type replayed struct {
		result
		cpu time.Duration
	}
	beside := map[int]replayed{}
	for _, n := range connections {
		if len(sample) == 0 {
			break
		}
		b, used, err := replays.run(ctx, db, n, *duration)
		if err != nil {
			t.Fatal(err)
		}
		beside[n] = replayed{b, used}
	}
	if err := replays.restore(ctx, db, tables); err != nil {
		t.Fatal(err)
	}
	for _, n := range connections {
		before, err := cpuOf(svc.pid)
		if err != nil {
			t.Fatal(err)
		}
		r := hammer(svc.addr, n, *duration, c.pick)
		after, err := cpuOf(svc.pid)
		if err != nil {
			t.Fatal(err)
		}
		if r.firstError != nil {
			t.Errorf("%s at %d connections: %d errors, the first: %v", c.name, n, r.errors, r.firstError)
		}
		perRequest := func(d time.Duration, requests int) float64 {
			return float64(d.Microseconds()) / float64(max(requests, 1))
		}
		cpu := perRequest(after-before, r.requests)
		row := fmt.Sprintf("%s\t%d\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%d\t%d", c.name, n, r.perSecond(), ms(r.p50), ms(r.p95), ms(r.p99), cpu, sample.data(), len(sample)-sample.data())
		if len(sample) > 0 {
			b := beside[n]
			bareCPU := perRequest(b.cpu, b.requests)
			row += fmt.Sprintf("\t%.0f\t%.2f\t%.0f\t%.2f", b.perSecond(), r.perSecond()/b.perSecond(), bareCPU, cpu/bareCPU)
		} else {
			row += "\t-\t-\t-\t-"
		}
		if base := orientation[c.name]; base > 0 {
			row += fmt.Sprintf("\t%.0f", r.perSecond()/base)
		} else {
			row += "\t-"
		}
		fmt.Fprintln(w, row)
		w.Flush()
	}
	if *profiles != "" {
		profile(t, svc, c)
	}
}

// profile writes a CPU profile of the service at work on a case.
func profile(t *testing.T, svc *service, c benchCase) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		done <- svc.profile(filepath.Join(*profiles, c.name+".pprof"), *duration)
	}()
	hammer(svc.addr, 8, *duration+500*time.Millisecond, c.pick)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
