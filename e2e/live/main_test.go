package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// site is the one site of all tests here.
var site *wpsite.Site

func TestMain(m *testing.M) {
	sitetest.Main(m, "../..", wpsite.Options{Nodes: 2,
		ParleyEnv: []string{"PARLEY_TRUSTED_PROXIES=127.0.0.1", "PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0"}},
		func(s *wpsite.Site) error { site = s; return nil }, nil)
}

var (
	eventually = sitetest.Eventually
	want       = sitetest.Want
	messagesOf = sitetest.MessagesOf
	group      = sitetest.Group
	say        = sitetest.Say
	plainOf    = sitetest.PlainOf
)

// sessions are the logins so far.
var sessions = map[string]*wpsite.Session{}

// logIn is a member's session, a browser of its own for every caller.
func logIn(t *testing.T, login string) *wpsite.Session {
	t.Helper()
	if sessions[login] == nil {
		sessions[login] = sitetest.LogIn(t, site, login)
	}
	return sessions[login].Copy()
}

// connections counts what the nodes say they have open, in any of the three ways. A
// node that does not run has none.
func connections(t *testing.T, node *wpsite.Node) int {
	t.Helper()
	a, err := site.NewSession().Get(t.Context(), node.OpsURL()+"/metrics")
	if err != nil {
		return 0
	}
	n, found := 0, false
	for line := range strings.Lines(string(a.Body)) {
		if rest, is := strings.CutPrefix(line, "parley_realtime_connections{"); is {
			_, value, _ := strings.Cut(rest, "} ")
			var more int
			if _, err := fmt.Sscan(value, &more); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			n, found = n+more, true
		}
	}
	if !found {
		t.Fatal("the metrics tell no parley_realtime_connections")
	}
	return n
}

// settled waits until the nodes have as many connections as are named, the first node's
// first.
func settled(t *testing.T, counts ...int) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		for i, n := range counts {
			if got := connections(t, site.Nodes[i]); got != n {
				return fmt.Errorf("node %d has %d connections, not %d", i+1, got, n)
			}
		}
		return nil
	})
}

// backAtTheEnd starts a node that a test ends when the test is over.
func backAtTheEnd(t *testing.T, node *wpsite.Node) {
	t.Helper()
	t.Cleanup(func() {
		if !node.Running() {
			if err := node.Start(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
}
