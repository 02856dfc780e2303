package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector is given room to work in, in bytes and not in multiples of what lives:
// ten thousand connections live in tens of MiB and make next to no garbage, while a busy
// service makes much of it whatever lives.
const (
	// roomForGarbage is how much the heap may grow between two collections.
	roomForGarbage = 24 << 20
	// mostPercent lets a small heap grow to five times what lives: with Go's 100 a busy
	// service collected a hundred times a second and spent a sixth of its time on it.
	// leastPercent keeps collections of a large heap apart.
	mostPercent, leastPercent = 400, 25
)

// tuneMemory trades memory for time within these bounds, anew after each collection.
// GOGC and GOMEMLIMIT, where set, are obeyed instead.
func tuneMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	t := newMemoryTuner()
	t.set(t.percent)
	t.watch()
}

// memoryTuner sets the collector's percentage by what it found alive.
type memoryTuner struct {
	percent int
	lives   []metrics.Sample
	set     func(percent int)
	// adjusted is called after each collection.
	adjusted func()
}

func newMemoryTuner() *memoryTuner {
	return &memoryTuner{percent: mostPercent, adjusted: func() {}, set: func(percent int) { debug.SetGCPercent(percent) },
		lives: []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}}
}

// watch has adjust called after the next collection, by an object that nobody holds.
func (t *memoryTuner) watch() {
	sentinel := new([16]byte)
	runtime.SetFinalizer(sentinel, func(*[16]byte) {
		t.adjust()
		t.watch()
		t.adjusted()
	})
}

func (t *memoryTuner) adjust() {
	metrics.Read(t.lives)
	var alive uint64
	for _, s := range t.lives {
		alive += s.Value.Uint64()
	}
	// A change stops everything for a moment: small ones are not worth it.
	if want := percentFor(alive); want*10 < t.percent*9 || want*9 > t.percent*10 {
		t.percent = want
		t.set(want)
	}
}

// percentFor is how many percent of what lives roomForGarbage is, within bounds.
func percentFor(alive uint64) int {
	return int(min(mostPercent, max(leastPercent, roomForGarbage*100/max(alive, 1))))
}
