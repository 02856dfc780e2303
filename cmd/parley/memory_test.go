package main

import (
	"runtime"
	"testing"
	"time"
)

func TestRoomForGarbage(t *testing.T) {
	for alive, want := range map[uint64]int{
		0: 400, 5 << 20: 400, 6 << 20: 400, 12 << 20: 200, 24 << 20: 100, 48 << 20: 50, 96 << 20: 25, 1 << 40: 25,
	} {
		if got := percentFor(alive); got != want {
			t.Errorf("with %d MiB alive: %d percent, want %d", alive>>20, got, want)
		}
	}
}

// The percentage follows what lives, collection after collection, both ways.
func TestTheCollectorIsTuned(t *testing.T) {
	tuner := newMemoryTuner()
	var set []int
	tuner.set = func(percent int) { set = append(set, percent) }
	tuned := make(chan int, 16)
	tuner.adjusted = func() { tuned <- tuner.percent }
	tuner.watch()
	reach := func(what string, reached func(int) bool) {
		t.Helper()
		for deadline := time.After(30 * time.Second); ; {
			runtime.GC()
			select {
			case p := <-tuned:
				if reached(p) {
					return
				}
			case <-deadline:
				t.Fatal(what)
			}
		}
	}
	large := make([]byte, 200<<20)
	reach("a large heap is not collected more often", func(p int) bool { return p == leastPercent })
	runtime.KeepAlive(large)
	large = nil
	reach("a heap that became small is still collected often", func(p int) bool { return p > 2*leastPercent })
	if len(set) < 2 {
		t.Errorf("set %v", set)
	}
}
