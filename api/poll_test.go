package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// polled is the answer of a long poll.
type polled struct {
	Version  int    `json:"version"`
	Position string `json:"position"`
	Unread   int    `json:"unread"`
	Events   []told `json:"events"`
	More     bool   `json:"more"`
}

// tryPoll polls, for goroutines.
func (c *community) tryPoll(login, since string, wait int) (a polled, err error) {
	path := fmt.Sprintf("/wp-json/parley/v1/sync?wait=%d", wait)
	if since != "" {
		path += "&since=" + since
	}
	res, err := c.as(login).try("GET", path, nil)
	if err != nil {
		return a, err
	}
	if res.status != 200 {
		return a, fmt.Errorf("%s: %d %s", path, res.status, res.raw)
	}
	var raw struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(res.raw, &raw); err != nil {
		return a, err
	}
	if err := json.Unmarshal(res.raw, &a); err != nil {
		return a, err
	}
	for i := range a.Events {
		a.Events[i].raw = raw.Events[i]
		if err := asDescribed(raw.Events[i]); err != nil {
			return a, err
		}
	}
	return a, nil
}

// poll asks for what happened, without waiting.
func (c *community) poll(login, since string) polled {
	c.t.Helper()
	a, err := c.tryPoll(login, since, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// sameJSON compares a value with one that a test's client decoded.
func sameJSON(t *testing.T, got []byte, want any) {
	t.Helper()
	expected, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal(expected, &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("got  %s\nwant %s", got, expected)
	}
}
