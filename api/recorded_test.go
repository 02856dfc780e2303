package api_test

import (
	"encoding/json"
	"os"
	"testing"
)

// recorded is an answer of the free Jetonomy plugin.
type recorded struct {
	ID       string
	Status   int
	Response json.RawMessage
}

func recordings(t *testing.T, file string) map[string]recorded {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var scenario struct{ Steps []recorded }
	if err := json.Unmarshal(raw, &scenario); err != nil {
		t.Fatal(err)
	}
	steps := map[string]recorded{}
	for _, s := range scenario.Steps {
		steps[s.ID] = s
	}
	return steps
}

// Where Jetonomy's free plugin and Parley refuse for the same reason, they use the
// same words.
func TestRefusalsAsJetonomyWordsThem(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	writes, absent, bells := recordings(t, "errors-and-writes.json"), recordings(t, "conversations-absent.json"), recordings(t, "notifications.json")
	for _, tt := range []struct {
		name string
		want recorded
		got  answer
	}{
		{"nobody", writes["s01"], c.nobody().post("/conversations", object{})},
		{"bad nonce", writes["s02"], c.with("X-WP-Nonce", "0123456789").post("/conversations", object{})},
		{"content is missing", writes["s05"], c.as("alice").post(messages(1), object{})},
		{"no route", absent["s05"], c.as("alice").get("/wp-json/jetonomy/v1/messages")},
		{"limit=0", bells["s05"], c.as("alice").get("/conversations?limit=0")},
		{"limit=1000", bells["s06"], c.as("alice").get("/conversations?limit=1000")},
		{"limit=x", bells["s07"], c.as("alice").get("/conversations?limit=x")},
	} {
		var want, got any
		if err := json.Unmarshal(tt.want.Response, &want); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if err := json.Unmarshal(tt.got.raw, &got); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if tt.got.status != tt.want.Status || string(a) != string(b) {
			t.Errorf("%s: %d %s\nwant %d %s", tt.name, tt.got.status, a, tt.want.Status, b)
		}
	}
	// The house's list meta is part of ours.
	var list struct{ Meta object }
	if err := json.Unmarshal(bells["s01"].Response, &list); err != nil {
		t.Fatal(err)
	}
	ours := c.as("alice").get("/conversations").want(200)
	for name := range list.Meta {
		if name != "filter" {
			ours.at("meta." + name)
		}
	}
}
