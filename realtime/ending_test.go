package realtime

import (
	"testing"
	"time"
)

// TestACrowdComesBackOverTime sends 20,000 clients away: all are back within thirty
// seconds, and no second has many more than its share of them.
func TestACrowdComesBackOverTime(t *testing.T) {
	const crowd = 20_000
	for name, ending := range map[string]func() *Ending{
		"a restart":            func() *Ending { return restart(crowd) },
		"a database that left": func() *Ending { return unavailable(spreadOf(crowd)) },
	} {
		perSecond := map[time.Duration]int{}
		for range crowd {
			e := ending()
			if e.Retry < soonest || e.Retry > 30*time.Second {
				t.Fatalf("%s: back after %v", name, e.Retry)
			}
			perSecond[e.Retry/time.Second]++
		}
		for second, n := range perSecond {
			if n > 1500 {
				t.Errorf("%s: %d come back in second %d", name, n, second)
			}
		}
	}
	if in := restart(3).Retry; in > 4*time.Second {
		t.Errorf("three clients come back after %v", in)
	}
}

// TestEveryEndingIsCounted keeps the list of endings whole: one that is not in it would
// be missing from the metrics until it happens.
func TestEveryEndingIsCounted(t *testing.T) {
	var r reasons
	for _, e := range endings {
		if _, known := r.read()[e.Reason]; !known {
			t.Errorf("%s is not counted", e.Reason)
		}
	}
	r.count(Slow)
	if counts := r.read(); counts["slow"] != 1 || counts["gone"] != 0 || len(counts) != len(endings) {
		t.Errorf("counted %v", counts)
	}
}
