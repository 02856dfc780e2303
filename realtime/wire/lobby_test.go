package wire

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestALobbyIsFairToThoseWhoComeFromElsewhere(t *testing.T) {
	l := newLobby(4)
	var out []string
	enter := func(name, from string) (done func()) {
		return l.enter(netip.MustParseAddr(from), func() { out = append(out, name) })
	}
	gone := func(want ...string) {
		t.Helper()
		if fmt.Sprint(out) != fmt.Sprint(want) {
			t.Errorf("gone are %v, want %v", out, want)
		}
	}
	enter("a", "192.0.2.1")
	bDone := enter("b", "192.0.2.2")
	enter("c1", "2001:db8::1")
	enter("c2", "2001:db8::2") // of the same network
	gone()
	enter("d", "192.0.2.3") // most come from c's network, and c1 came first
	gone("c1")
	bDone()
	bDone() // is harmless
	enter("e", "192.0.2.4")
	gone("c1")
	enter("f", "192.0.2.5") // everybody is alone: who waits longest
	gone("c1", "a")
	enter("g", "::ffff:192.0.2.5") // f's address, written otherwise
	gone("c1", "a", "c2")
	enter("h", "192.0.2.6")
	gone("c1", "a", "c2", "f")
	if l.n != 4 || len(l.waiting) != 4 {
		t.Errorf("%d wait in %d groups", l.n, len(l.waiting))
	}
	l.enter(netip.Addr{}, func() {})() // an address that nobody knows
	if l.n != 3 {
		t.Errorf("%d wait", l.n)
	}
}
