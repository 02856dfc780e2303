package api_test

import (
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/realtime"
)

// TestNoCredentialIsTrustedForLongWithoutTheDatabase takes the database away. Who is
// connected stays so for a moment, for it may be a short one; then nobody can tell
// whether they may still be, and everybody is sent away, to come back at times of their
// own. Nothing is missed.
func TestNoCredentialIsTrustedForLongWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	server := testdb.NewServer(t)
	c := newCommunity(t, onServer(t, server), live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	var ears []*ear
	for _, way := range ways {
		ears = append(ears, c.listenAs("bob", way, appPassword("bob"), ""))
	}
	// A server that is away for less than five seconds costs nobody their connection.
	server.Kill(t)
	c.eventually("the database is known to be away", func() bool { return !c.db.Available() })
	server.Start(t)
	c.eventually("the database is back", c.db.Available)
	for _, e := range ears[:2] {
		if !e.open() {
			t.Errorf("%s: ended by a short absence", e.name)
		}
	}
	server.Pause(t)
	begun := time.Now()
	for _, e := range ears[:2] {
		e.ended(t, 4503, "unavailable", 503)
		if took := time.Since(begun); took < 3*time.Second || took > 12*time.Second {
			t.Errorf("%s: trusted for %v", e.name, took)
		}
		if f := e.frames(func(f told) bool { return f.Type == "close" }); len(f) != 1 || f[0].Retry < 5000 {
			t.Errorf("%s: sent away with %s", e.name, f[len(f)-1].raw)
		}
	}
	// Meanwhile nobody is let in, and a WebSocket is told why.
	c.open("", appPassword("bob")).ends(4503, "unavailable")
	if _, res := c.listen(appPassword("bob"), ""); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("an event stream: %d", res.StatusCode)
	}
	c.as("bob").get("/wp-json/parley/v1/sync").refused(503, "parley_unavailable")
	server.Resume(t)
	c.eventually("the service is back", func() bool { return c.as("bob").get(messages(ab)).status == 200 })
	c.as("alice").send(ab, "back again")
	for _, e := range ears[:2] {
		if f := c.connect("bob", e.last).expect("message.created"); f.text() != "back again" {
			t.Errorf("resumed with %s", f.raw)
		}
	}
}
