package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"parley/internal/bound"
)

// network is one of the networks hosts are connected by: a bridge. Each has its own
// links, so that a host can lose the database and keep its visitors.
type network int

const (
	front network = iota + 1 // proxy, nodes, and the members themselves
	data                     // nodes and the database
	cache                    // nodes and Redis
)

func (n network) String() string { return [...]string{"", "front", "data", "cache"}[n] }

var networks = []network{front, data, cache}

// lab is some hosts and what connects them. The test itself is on every network: it is
// the members, and it looks on.
type lab struct {
	t     testing.TB
	n     int
	dir   string
	hosts []*host
}

// host is a machine: a network namespace.
type host struct {
	*lab
	name string
	num  int
	on   []network
}

var labs atomic.Int64

// newLab makes the networks. They are gone when the test ends.
func newLab(t testing.TB) *lab {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-cluster-")
	if err == nil {
		err = bound.Remove(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, n: int(labs.Add(1)), dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var lines []string
	for _, n := range networks {
		lines = append(lines,
			fmt.Sprintf("link add %s type bridge", l.bridge(n)),
			fmt.Sprintf("link set %s address %s up", l.bridge(n), l.mac(n, 1)),
			fmt.Sprintf("addr add %s/24 dev %s", l.address(n, 1), l.bridge(n)))
	}
	l.must(ip(lines...))
	t.Cleanup(func() {
		for _, n := range networks {
			_ = ip("link del " + l.bridge(n))
		}
	})
	return l
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) bridge(n network) string { return fmt.Sprintf("%s%d", n, l.n) }
func (l *lab) address(n network, host int) string {
	return fmt.Sprintf("10.%d.%d.%d", 100+l.n, n, host)
}
func (l *lab) mac(n network, host int) string {
	return fmt.Sprintf("02:00:00:%02x:%02x:%02x", l.n, int(n), host)
}

// newHost connects a new host. Everybody knows everybody's hardware address for good: a
// packet that is lost is lost in silence, as beyond a router, and not for want of ARP.
func (l *lab) newHost(name string, num int, on ...network) *host {
	l.t.Helper()
	h := &host{lab: l, name: name, num: num, on: on}
	lines := []string{"netns add " + h.ns()}
	for _, n := range on {
		lines = append(lines, fmt.Sprintf("link add %s type veth peer name %s address %s netns %s", h.port(n), n, h.mac(n, num), h.ns()),
			fmt.Sprintf("link set %s master %s up", h.port(n), h.bridge(n)),
			fmt.Sprintf("neigh replace %s lladdr %s dev %s nud permanent", h.at(n), h.mac(n, num), h.bridge(n)))
	}
	l.must(ip(lines...))
	l.t.Cleanup(func() { _ = ip("netns del " + h.ns()) })
	l.hosts = append(l.hosts, h)
	h.inside("link set lo up")
	for _, n := range on {
		h.inside(fmt.Sprintf("addr add %s/24 dev %s", h.at(n), n), fmt.Sprintf("link set %s up", n),
			fmt.Sprintf("neigh replace %s lladdr %s dev %s nud permanent", h.address(n, 1), h.mac(n, 1), n))
		for _, o := range l.hosts {
			if o != h && o.isOn(n) {
				h.inside(fmt.Sprintf("neigh replace %s lladdr %s dev %s nud permanent", o.at(n), o.mac(n, o.num), n))
				o.inside(fmt.Sprintf("neigh replace %s lladdr %s dev %s nud permanent", h.at(n), h.mac(n, num), n))
			}
		}
	}
	return h
}

func (h *host) ns() string            { return fmt.Sprintf("%s%d", h.name, h.n) }
func (h *host) port(n network) string { return fmt.Sprintf("%s%d%s", h.name, h.n, n.String()[:1]) }
func (h *host) at(n network) string   { return h.address(n, h.num) }

func (h *host) isOn(n network) bool {
	for _, o := range h.on {
		if o == n {
			return true
		}
	}
	return false
}

// inside runs commands of ip on the host.
func (h *host) inside(lines ...string) {
	h.t.Helper()
	h.must(ipOn(h.ns(), lines...))
}

// within is what a program is started by to run on the host.
func (h *host) within() []string { return []string{"ip", "netns", "exec", h.ns()} }

func (h *host) path(name string) string { return filepath.Join(h.dir, h.name+"."+name) }

// unplug pulls the cable: both ends see that the link is down.
func (h *host) unplug(n network) { h.must(ip("link set " + h.port(n) + " down")) }

// plug puts it back in.
func (h *host) plug(n network) { h.must(ip("link set " + h.port(n) + " up")) }

// silence loses every packet of a link that looks well: connections stay half open.
// The port is taken off its bridge, which needs no module of the kernel as netem does.
func (h *host) silence(n network) { h.must(ip("link set " + h.port(n) + " nomaster")) }

// hear takes silence back.
func (h *host) hear(n network) {
	h.must(ip("link set " + h.port(n) + " master " + h.bridge(n)))
}

// ip runs commands of iproute2.
func ip(lines ...string) error { return ipOn("", lines...) }

func ipOn(ns string, lines ...string) error {
	args := []string{"-batch", "-"}
	if ns != "" {
		args = append([]string{"-n", ns}, args...)
	}
	cmd := exec.Command("ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w\n%s", strings.Join(lines, "; "), err, out)
	}
	return nil
}
