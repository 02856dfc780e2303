package wire

import (
	"net/netip"
	"sync"
)

// lobby is where clients wait that have not said yet who they are. When it is full, room
// is made by those who take up most of it.
type lobby struct {
	most int

	mu      sync.Mutex
	waiting map[netip.Prefix][]*stranger // by where they come from, longest waiting first
	n       int
	ever    int
}

// stranger is one who waits.
type stranger struct {
	from  netip.Prefix
	since int    // how many had come before
	leave func() // shows them out; must not wait
}

func newLobby(most int) *lobby {
	return &lobby{most: most, waiting: map[netip.Prefix][]*stranger{}}
}

// neighbourhood is what one visitor has for themselves: an address, or of IPv6 the
// network that a connection to the Internet comes with.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap(); a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // an address that nobody knows
		return netip.Prefix{}
	}
	return p
}

// enter lets somebody wait, at the cost of another one if need be. leave is called, at
// most once, when they have to make room; done must be called in any case.
func (l *lobby) enter(from netip.Addr, leave func()) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.n >= l.most {
		out := l.longestLocked()
		l.removeLocked(out)
		out.leave()
	}
	s := &stranger{neighbourhood(from), l.ever, leave}
	l.ever++
	l.n++
	l.waiting[s.from] = append(l.waiting[s.from], s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.removeLocked(s)
	}
}

// longestLocked is who waits longest of the neighbourhood that most come from.
func (l *lobby) longestLocked() *stranger {
	var out *stranger
	crowd := 0
	for _, group := range l.waiting {
		if n := len(group); n > crowd || n == crowd && group[0].since < out.since {
			out, crowd = group[0], n
		}
	}
	return out
}

func (l *lobby) removeLocked(s *stranger) {
	group := l.waiting[s.from]
	for i := range group {
		if group[i] != s {
			continue
		}
		if l.n--; len(group) == 1 {
			delete(l.waiting, s.from)
			return
		}
		copy(group[i:], group[i+1:])
		group[len(group)-1] = nil
		l.waiting[s.from] = group[:len(group)-1]
		return
	}
}
