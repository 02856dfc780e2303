package main

import (
	"log/slog"
	"strings"
	"testing"

	"parley/api"
)

func TestLinesOfTheLogAreGatheredAndNoneIsLost(t *testing.T) {
	var out lockedBuffer
	lines := &logLines{w: &out}
	log := slog.New(promptHandler{api.NewLogger(lines, "info", "text").Handler(), lines}).With("by", "test")
	log.Info("quiet")
	eventually(t, "a quiet line is written", func() bool { return strings.Contains(out.String(), "quiet by=test") })
	log.Info("before")
	log.Warn("loud")
	if got := out.String(); !strings.Contains(got, "loud") || strings.Index(got, "before") > strings.Index(got, "loud") {
		t.Errorf("a warning waits, or overtakes: %s", got)
	}
	for range 2 * logBuffer / 16 {
		log.Info("many")
	}
	log.Info("last")
	lines.Flush()
	if got := out.String(); strings.Count(got, "many") != 2*logBuffer/16 || strings.Count(got, "last") != 1 {
		t.Errorf("%d of %d lines", strings.Count(got, "many"), 2*logBuffer/16)
	}
}
