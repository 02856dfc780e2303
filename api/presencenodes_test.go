package api_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/messaging"
	"parley/realtime"
	"parley/wpauth"
)

// deaf is a client that takes everything and says nothing.
type deaf struct{}

func (deaf) Write([]*realtime.Frame) error { return nil }
func (deaf) End(*realtime.Ending)          {}
func (deaf) Hurry()                        {}

// joins connects a member to a node without a network between.
func (c *community) joins(hub *realtime.Hub, login string, away bool) *realtime.Conn {
	c.t.Helper()
	id, _, err := c.site.Authenticate(context.Background(), wpauth.Credentials{Method: "GET", HTTPS: true, Header: appPassword(login)})
	if err != nil {
		c.t.Fatal(err)
	}
	conn, err := hub.Join(context.Background(), realtime.Newcomer{Identity: id, Kind: realtime.WebSocket, Sink: deaf{}, Away: away})
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

func TestPresenceOnTwoNodes(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, present(quick()))
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	alice := c.connect("alice", "")
	alice.watches(is("bob", "offline"), ab)

	// The other node is kept alive by the test alone.
	var other *messaging.Node
	hub := c.node(realtime.DefaultLimits(), func(o *realtime.Options) {
		node, err := c.svc.RegisterNode(context.Background(), "other", "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		other = node
		o.Node, o.Presence = node, quick()
	})
	seenAgo := func(span string) {
		t.Helper()
		c.exec("UPDATE wp_parley_nodes SET seen_at = UTC_TIMESTAMP(6) + INTERVAL "+span+" WHERE id = ?", other.ID())
	}
	seenAgo("25 SECOND")
	there := c.joins(hub, "bob", true)
	alice.sees(is("bob", "away"))
	here := c.connect("bob", "")
	alice.sees(is("bob", "online")) // the best of both
	_ = here.conn.Close()
	alice.sees(is("bob", "away"))

	// It is not heard of any more, as when it was killed, and then again.
	seenAgo("-31 SECOND")
	if got := seen(t, alice.expect("presence").Members); !strings.HasPrefix(got, is("bob", "offline")) {
		t.Errorf("after the node died bob is %s", got)
	}
	c.eventually("the rows of the dead node are gone", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE node_id = ?", other.ID()) == 0 ||
			c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE node_id = ? AND user_id <> ?", other.ID(), testdb.Bob) == 0
	})
	seenAgo("25 SECOND")
	alice.sees(is("bob", "away")) // it wrote its rows anew
	there.End(realtime.Gone)
	alice.expect("presence")

	// It stops: its members are on their way back, and nobody sees them go.
	c.joins(hub, "bob", false)
	alice.sees(is("bob", "online"))
	closing, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	hub.Close(closing)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ? AND state = 1", testdb.Bob)
	alice.seesNothing()
	c.connect("bob", "")
	c.eventually("bob is written down here", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ?", testdb.Bob) == 2
	})
	seenAgo("-31 SECOND")
	c.eventually("the rows of the node that ended are gone", func() bool {
		return c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ?", testdb.Bob) == 1
	})
	alice.seesNothing()
	// Rows that somebody else removed are written anew.
	c.exec("DELETE FROM wp_parley_presence")
	c.eventually("both are written down again", func() bool { return c.count("SELECT COUNT(*) FROM wp_parley_presence") == 2 })
}

// What is over within the grace was never gone.
func TestReloadingMakesNoFlicker(t *testing.T) {
	t.Parallel()
	slow := quick()
	slow.Grace, slow.PollGrace = time.Hour, time.Hour
	c := newCommunity(t, present(slow))
	g := c.as("alice").start("all of us", "bob", "carol")
	c.settled()
	alice, bob := c.connect("alice", ""), c.connect("bob", "")
	c.poll("carol", "")
	c.as("alice").becomes(is("bob", "online")+", "+is("carol", "online"), g)
	alice.watches(is("bob", "online")+", "+is("carol", "online"), g)
	for range 3 {
		_ = bob.conn.Close()
		c.eventually("bob's connection is gone", func() bool { return c.hub.Stats().WebSockets == 1 })
		bob = c.connect("bob", "")
		c.poll("carol", "")
	}
	alice.seesNothing()
	// Who may not come back does not linger.
	c.exec("UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = ? AND meta_key = '_application_passwords'", testdb.Bob)
	bob.ends(4402, "logged_out")
	if got := seen(t, alice.expect("presence").Members); !strings.HasPrefix(got, is("bob", "offline")) {
		t.Errorf("bob was logged out and is %s", got)
	}
}

// A thousand changes are a few frames and a few statements.
func TestChangesOfPresenceAreToldTogether(t *testing.T) {
	t.Parallel()
	calm := quick()
	calm.Pause = 300 * time.Millisecond
	c := newCommunity(t, present(calm))
	l := realtime.DefaultLimits()
	l.Frames = 0 // no limit
	hub := c.node(l, func(o *realtime.Options) { c.enrol(o, calm) })
	ab := c.as("alice").start("hello", "bob")
	c.settled()
	alice := c.connect("alice", "")
	bob := c.joins(hub, "bob", false)
	c.as("alice").becomes(is("bob", "online"), ab)
	alice.watches(is("bob", "online"), ab)
	var frames atomic.Int64
	var took time.Duration
	n := testdb.CountStatements(t, c.db.DB, func() {
		begun := time.Now()
		for range 500 {
			for _, state := range []string{"away", "online"} {
				if e := bob.Receive([]byte(`{"type":"state","state":"` + state + `"}`)); e != nil {
					t.Fatal(e)
				}
			}
		}
		bob.Receive([]byte(`{"type":"state","state":"away"}`))
		alice.until("bob is away", func(f told) bool {
			if f.Type != "presence" {
				return false
			}
			frames.Add(1)
			return seen(t, f.Members) == is("bob", "away") &&
				c.count("SELECT COUNT(*) FROM wp_parley_presence WHERE user_id = ? AND state = 2", testdb.Bob) == 1
		})
		took = time.Since(begun)
	})
	pauses := int(took/calm.Pause) + 2
	writes := 0
	for _, text := range n.Log {
		if strings.HasPrefix(text, "INSERT INTO `wp_parley_presence`") || strings.HasPrefix(text, "DELETE FROM `wp_parley_presence`") {
			writes++
		}
	}
	if got := int(frames.Load()); got > pauses || writes > pauses || writes == 0 {
		t.Errorf("%d frames and %d statements in %d pauses", got, writes, pauses)
	}
}
