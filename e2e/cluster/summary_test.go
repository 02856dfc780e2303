package cluster_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/e2e/cluster/history"
)

// summary says in a few lines what a run was.
func (r *run) summary(found []history.Violation) string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "\n  %-36s ", what)
		fmt.Fprintf(&b, format, args...)
	}
	sent, acknowledged, refused, longestWait := 0, 0, 0, time.Duration(0)
	var answered []time.Duration
	returned := map[int64]time.Duration{}
	for i := range r.h.Ops {
		op := &r.h.Ops[i]
		if op.Kind != history.Send && op.Kind != history.Start {
			continue
		}
		sent++
		switch op.Outcome {
		case history.Acknowledged:
			acknowledged++
			longestWait = max(longestWait, op.Returned-op.Invoked)
			answered = append(answered, op.Returned)
			returned[op.Message] = op.Returned
		case history.Refused:
			refused++
		}
	}
	frames, resumes, resets, latest := 0, 0, 0, time.Duration(0)
	var lags []time.Duration
	for _, s := range r.h.Streams {
		for _, e := range s.Entries {
			if e.Kind != history.Told {
				continue
			}
			frames++
			if at, ok := returned[e.Message]; ok && e.Type == "message.created" {
				lags = append(lags, max(0, e.At-at))
				latest = max(latest, e.At-at)
			}
		}
	}
	for _, d := range r.devices {
		resumes += d.resumes
		resets += d.resets
	}
	slices.Sort(answered)
	slices.Sort(lags)
	outage := time.Duration(0)
	for i := 1; i < len(answered); i++ {
		outage = max(outage, answered[i]-answered[i-1])
	}
	fmt.Fprintf(&b, "%v, %d nodes, %d members, %d devices, -seed=%d", r.rec.now().Truncate(time.Second), len(r.site.nodes),
		len(r.members), len(r.devices), r.seed)
	line("messages sent", "%d: %d acknowledged, %d refused, %d without an answer", sent, acknowledged, refused, sent-acknowledged-refused)
	line("conversations, events", "%d, %d", len(r.h.Conversations), len(r.h.Events))
	line("frames told", "%d, after the acknowledgement p50 %v, p99 %v, at most %v", frames, at(lags, 0.5), at(lags, 0.99), latest.Truncate(time.Millisecond))
	line("resumes, resets", "%d, %d", resumes, resets)
	line("longest without an answer", "%v on the site, %v for one message", outage.Truncate(time.Millisecond), longestWait.Truncate(time.Millisecond))
	for _, kind := range slices.Sorted(maps.Keys(r.struck)) {
		line("fault: "+kind, "%d", r.struck[kind])
	}
	verdict := "every promise kept"
	if len(found) > 0 {
		verdict = fmt.Sprintf("%d promises broken", len(found))
	}
	line("verdict", "%s", verdict)
	return b.String()
}

// at is a quantile of sorted times.
func at(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))].Truncate(100 * time.Microsecond)
}
