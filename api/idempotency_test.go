package api_test

import (
	"strings"
	"sync"
	"testing"
)

// A repeated send is the same message and gets the same answer.
func TestRepeatedSends(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	one := c.as("alice").post(messages(ab), object{"content": "x", "client_id": "k-1"}).want(201)
	for range 3 {
		again := c.as("alice").post(messages(ab), object{"content": "another text", "client_id": "k-1"}).want(201)
		if string(again.raw) != string(one.raw) {
			t.Errorf("%s\nis not %s", again.raw, one.raw)
		}
	}
	c.as("alice").do("POST", messages(ab), object{"content": "x"}, "Idempotency-Key", "k-1").want(201).eq("id", one.id())
	// The field goes before the header, and ids of another member are another's.
	other := c.as("alice").do("POST", messages(ab), object{"content": "x", "client_id": "k-2"}, "Idempotency-Key", "k-1").want(201)
	if other.id() == one.id() {
		t.Error("the header won over the field")
	}
	if his := c.as("bob").post(messages(ab), object{"content": "x", "client_id": "k-1"}).want(201); his.id() == one.id() {
		t.Error("bob got alice's message")
	}
	c.wantCount(4, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestFiftyConcurrentRepeats(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	answers := make([]answer, 50)
	errs := make([]error, len(answers))
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i], errs[i] = c.as("alice").try("POST", messages(ab), object{"content": "once", "client_id": "one"})
		})
	}
	wg.Wait()
	for i := range answers {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		answers[i].want(201)
		if answers[i].id() != answers[0].id() || string(answers[i].raw) != string(answers[0].raw) {
			t.Errorf("%s\nis not %s", answers[i].raw, answers[0].raw)
		}
	}
	c.wantCount(2, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestRepeatedStarts(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	body := object{"recipient_ids": ids("bob", "carol"), "message": "x", "client_id": "s-1"}
	one := c.as("alice").post("/conversations", body).want(201)
	two := c.as("alice").post("/conversations", body).want(201)
	if one.id() != two.id() || one.num("message_id") != two.num("message_id") {
		t.Errorf("%s\nis not %s", two.raw, one.raw)
	}
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_conversations")
	// A direct pair by two people at once is one thread.
	var wg sync.WaitGroup
	for _, pair := range [][2]string{{"bob", "carol"}, {"carol", "bob"}} {
		for range 5 {
			wg.Go(func() {
				a, err := c.as(pair[0]).try("POST", "/conversations", object{"recipient_ids": ids(pair[1]), "message": "x"})
				if err != nil || a.status != 200 && a.status != 201 {
					t.Errorf("%v %d %s", err, a.status, a.raw)
				}
			})
		}
	}
	wg.Wait()
	c.wantCount(2, "SELECT COUNT(*) FROM wp_parley_conversations")
	c.wantCount(11, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestBadClientIDs(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	for _, bad := range []any{"", strings.Repeat("x", 65), "with blank", "tab\t", "ümlaut", "\x7f", 7, true, []string{"x"}} {
		c.as("alice").post(messages(ab), object{"content": "x", "client_id": bad}).refused(400, "rest_invalid_param", "Invalid parameter(s): client_id")
	}
	for _, bad := range []string{strings.Repeat("x", 65), "with blank", "ümlaut"} {
		c.as("alice").do("POST", messages(ab), object{"content": "x"}, "Idempotency-Key", bad).
			refused(400, "rest_invalid_param", "Invalid parameter(s): Idempotency-Key")
	}
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
	c.as("alice").post(messages(ab), object{"content": "x", "client_id": strings.Repeat("~", 64)}).want(201)
}
