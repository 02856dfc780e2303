package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"parley/bpbridge/importer"
)

func TestProgressText(t *testing.T) {
	p := importer.Progress{Phase: "importing", Messages: 250_000, OfMessages: 1_000_000}
	for _, c := range []struct {
		p    importer.Progress
		took time.Duration
		bar  bool
		want string
	}{
		{p, 20 * time.Second, true, "importing ██████░░░░░░░░░░░░░░░░░░  25 %  250,000 of 1,000,000 messages  12,500/s  1m0s left"},
		{p, 20 * time.Second, false, "importing  25 %  250,000 of 1,000,000 messages  12,500/s  1m0s left"},
		{p, time.Millisecond, false, "importing  25 %  250,000 of 1,000,000 messages"},
		{importer.Progress{Messages: 12, OfMessages: 10}, time.Second, false, "importing 100 %  12 of 10 messages  12/s  0s left"},
		{importer.Progress{}, time.Second, true, "importing …"},
	} {
		if got := progressText(c.p, "importing", c.took, c.bar); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestProgressOnATerminalStaysInItsLine(t *testing.T) {
	var out bytes.Buffer
	b := newProgressBar(&out)
	b.terminal = true
	b.show(importer.Progress{Phase: "looking at the source"})
	b.show(importer.Progress{Phase: "importing", OfMessages: 10})
	b.say("the database is away")
	b.show(importer.Progress{Phase: "importing", Messages: 10, OfMessages: 10})
	b.end()
	text := out.String()
	if n := strings.Count(text, "\n"); n != 3 {
		t.Errorf("%d lines: %q", n, text)
	}
	if !strings.Contains(text, "\rparley: the database is away\n") || !strings.HasSuffix(text, "100 %  10 of 10 messages\n") {
		t.Errorf("%q", text)
	}
}
