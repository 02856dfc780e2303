package api_test

import (
	"strings"
	"testing"

	"parley/internal/testdb"
)

// What a request costs in statements, everything included that is not done once
// in a while for everybody (settings every two seconds, presence once a minute).
func TestStatementsOfARequest(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("hi", "bob", "carol", "dave")
	for _, who := range []string{"bob", "dave"} {
		c.as("alice").start("hi", who)
	}
	c.as("alice").get(messages(g)).want(200)
	c.as("alice").get("/conversations").want(200)
	for _, tt := range []struct {
		name string
		most int
		call func()
	}{
		{"inbox page", 6, func() { c.as("alice").get("/conversations").want(200) }},
		{"thread page", 6, func() { c.as("alice").get(messages(g)).want(200) }},
		// The standing of the sender, and the transaction's eight: the bell rows of both
		// Jetonomy and BuddyPress are written here.
		{"send", 9, func() { c.as("alice").post(messages(g), object{"content": "x"}).want(201) }},
		{"unread count again", 0, func() { c.as("bob").unread() }},
	} {
		n := testdb.CountAtMost(t, c.db.DB, tt.most, tt.call)
		if n.Data > tt.most {
			t.Errorf("%s: %d statements, want at most %d:\n%s", tt.name, n.Data, tt.most, strings.Join(n.Log, "\n"))
		}
	}
}
