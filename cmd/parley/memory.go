package main

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent lets the heap grow to five times what lives before it is collected.
	// Little lives here and every request makes garbage: with Go's 100 a busy service
	// collected a hundred times a second and spent a sixth of its time on it.
	gcPercent = 400
	// memoryFloor is what a process may use beside its search cache before collections
	// become more frequent again.
	memoryFloor = 128 << 20
)

// tuneMemory trades memory for time within bounds: searchCache is the memory for
// search in bytes. GOGC and GOMEMLIMIT, where set, stay as they are.
func tuneMemory(searchCache int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryFloor + 2*searchCache)
	}
}
