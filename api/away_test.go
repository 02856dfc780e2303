package api_test

import (
	"testing"
	"time"

	"parley/internal/testdb"
)

// While the database is away every answer is a 503 with Retry-After within a
// second; when it is back so is the service, by itself, with everything that was
// acknowledged.
func TestDatabaseGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	server := testdb.NewServer(t)
	c := newCommunity(t, onServer(t, server))
	ab := c.as("alice").start("hi", "bob")
	for _, away := range []struct {
		how        string
		gone, back func()
	}{
		{"killed", func() { server.Kill(t) }, func() { server.Start(t) }},
		{"silent", func() { server.Pause(t) }, func() { server.Resume(t) }},
		{"stopped", func() { server.Stop(t) }, func() { server.Start(t) }},
	} {
		sent := c.as("alice").send(ab, "before it was "+away.how)
		away.gone()
		for range 3 {
			for _, e := range endpoints(ab) {
				begin := time.Now()
				a := c.as("alice").do(e.method, e.path+"?q=bob", object{"content": "lost", "message": "lost", "recipient_ids": ids("bob")})
				took := time.Since(begin)
				a.refused(503, "parley_unavailable")
				if took > 1500*time.Millisecond {
					t.Errorf("%s, %s took %v", away.how, a.what, took)
				}
				if a.header.Get("Retry-After") == "" || a.num("data.retry_after") < 1 {
					t.Errorf("%s: no Retry-After in %v", a.what, a.header)
				}
			}
		}
		away.back()
		c.eventually("the service is back after the database was "+away.how, func() bool {
			return c.as("bob").get(messages(ab)).status == 200
		})
		c.as("bob").get(messages(ab)).want(200).eq("data.0.id", sent)
	}
	c.wantCount(0, "SELECT COUNT(*) FROM wp_parley_messages WHERE content = 'lost'")
}
