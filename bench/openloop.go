//go:build bench

package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latencies are times from a microsecond to a minute, three digits exact.
type latencies struct {
	mu sync.Mutex
	h  *hdrhistogram.Histogram
}

func newLatencies() *latencies {
	return &latencies{h: hdrhistogram.New(1, time.Minute.Microseconds(), 3)}
}

// add notes one; what is less than nothing is nothing.
func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.h.RecordValue(min(max(0, d.Microseconds()), time.Minute.Microseconds()))
}

// at is a quantile in milliseconds; q in percent.
func (l *latencies) at(q float64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.h.ValueAtQuantile(q)) / 1000
}

func (l *latencies) count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.h.TotalCount()
}

// row is what the tables say of them: how many, p50, p99 and the longest.
func (l *latencies) row() string {
	return tabbed(l.count(), l.at(50), l.at(99), l.at(100))
}

// openRun is what an open-loop run did.
type openRun struct {
	// took is from the moment each request was meant to go out, late or not: a service
	// that stands still is charged for everybody who would have come meanwhile.
	took   *latencies
	errors int
	first  error
}

// openLoop sends perSecond requests a second for d, each at its own time whether or not
// earlier ones were answered, from as many connections as workers. do is told the
// request's number and when it was meant to go out.
func openLoop(perSecond float64, d time.Duration, workers int, do func(worker int, i int64, meant time.Time) error) openRun {
	type job struct {
		i     int64
		meant time.Time
	}
	run := openRun{took: newLatencies()}
	total := int64(perSecond * d.Seconds())
	jobs := make(chan job, total)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for j := range jobs {
				err := do(w, j.i, j.meant)
				if err == nil {
					run.took.add(time.Since(j.meant))
					continue
				}
				mu.Lock()
				if run.errors++; run.first == nil {
					run.first = err
				}
				mu.Unlock()
			}
		})
	}
	start := time.Now()
	for i := range total {
		meant := start.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
		if ahead := time.Until(meant); ahead > 0 {
			time.Sleep(ahead)
		}
		jobs <- job{i, meant}
	}
	close(jobs)
	wg.Wait()
	return run
}
