//go:build steppedclock

package main

import (
	"os"
	"strings"
	"time"
)

// With the tag steppedclock, the file PARLEY_CLOCK_FILE names says how far this machine's
// clock is off, as "-1h30m". It is read each time: the clock steps when the file changes.
// No monotonic reading is kept, so that differences step as well.
func init() {
	path := os.Getenv("PARLEY_CLOCK_FILE")
	if path == "" {
		return
	}
	clock = func() time.Time {
		now := time.Now().Round(0)
		text, err := os.ReadFile(path)
		if err != nil {
			return now
		}
		off, err := time.ParseDuration(strings.TrimSpace(string(text)))
		if err != nil {
			return now
		}
		return now.Add(off)
	}
}
