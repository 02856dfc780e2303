package bpbridge_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"parley/wprest"
)

// deviation is a place where Parley means to answer otherwise than the recording.
type deviation struct {
	Surface    string   `json:"surface"`
	Transcript string   `json:"transcript"`
	Steps      []string `json:"steps"`
	Decision   string   `json:"decision"`
	Reason     string   `json:"reason"`
	// Skip leaves the step out: it would change what later steps are about.
	Skip bool `json:"skip"`
	// Status, Response and Headers stand in place of the recorded ones.
	Status   int                `json:"status"`
	Response json.RawMessage    `json:"response"`
	Headers  map[string]*string `json:"headers"`
	// Ignore are paths of the answer ("$[0].messages[1].subject.rendered", or
	// "*.rendered" for a key anywhere) that are not compared; "$" is everything.
	Ignore []string `json:"ignore"`
	// Set replaces values of the recorded answer, and Drop takes items out of it.
	Set  map[string]json.RawMessage `json:"set"`
	Drop []string                   `json:"drop"`
	// NotificationsMore and NotificationsLess are rows of bp_notifications that are
	// there, or are not, unlike in the recording: "user item secondary date new".
	NotificationsMore []string `json:"notifications_more"`
	NotificationsLess []string `json:"notifications_less"`
}

func readDeviations(t *testing.T) []deviation {
	t.Helper()
	b, err := os.ReadFile("testdata/deviations.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []deviation
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// altered is the recorded answer as a deviation changes it.
func altered(t *testing.T, recorded json.RawMessage, d *deviation) json.RawMessage {
	t.Helper()
	if d.Set == nil && d.Drop == nil {
		return recorded
	}
	v, err := wprest.ParseJSON(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for path, raw := range d.Set {
		item, err := wprest.ParseJSON(raw)
		if err != nil {
			t.Fatal(err)
		}
		parent, i := within(&v, path)
		if parent == nil {
			t.Fatalf("the recorded answer has no %s", path)
		}
		parent.Items[i] = item
	}
	for _, path := range d.Drop {
		parent, i := within(&v, path)
		if parent == nil {
			t.Fatalf("the recorded answer has no %s", path)
		}
		parent.Items = slices.Delete(parent.Items, i, i+1)
		if parent.Keys != nil {
			parent.Keys = slices.Delete(parent.Keys, i, i+1)
		}
	}
	var j wprest.JSON
	return j.Value(v).Bytes()
}

// within finds the parent and place of a path; nil when it is not there.
func within(v *wprest.Value, path string) (parent *wprest.Value, i int) {
	parts := strings.FieldsFunc(strings.TrimPrefix(path, "$"), func(r rune) bool { return strings.ContainsRune("[].", r) })
	for n, part := range parts {
		if v.Kind == wprest.Map {
			i = slices.Index(v.Keys, part)
		} else if _, err := fmt.Sscanf(part, "%d", &i); err != nil {
			return nil, 0
		}
		if i < 0 || i >= len(v.Items) {
			return nil, 0
		}
		if n == len(parts)-1 {
			return v, i
		}
		v = &v.Items[i]
	}
	return nil, 0
}
