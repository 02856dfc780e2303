//go:build bench

package bench

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A swarm is many clients of the stream that cost next to nothing: no goroutine and no
// buffer each, but a few loops over epoll that share theirs, so that ten thousand of
// them fit beside the service they measure.
type swarm struct {
	loops []*loop
	// frame is told each frame of Parley's protocol, in the loop that read it.
	frame func(p *peer, at time.Time, body []byte)
	// returning says what a client does whose connection ended.
	returning atomic.Int32

	open, failed, ended, goodbyes, frames, resets, hellos, next atomic.Int64
	wg                                                          sync.WaitGroup

	mu      sync.Mutex
	reasons map[string]int64 // of close frames, and refused handshakes by their status
}

// why counts why a connection ended, or was not made.
func (s *swarm) why(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reasons[reason]++
}

func (s *swarm) whys() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.reasons)
}

// What clients do when their connection ends.
const (
	stayAway    = iota
	whenAsked   // come back after the time the close frame says, as the protocol has it
	immediately // come back at once
)

// peer is one client.
type peer struct {
	number  int // counts the swarm's clients
	member  int64
	address netip.AddrPort
	kind    peerKind

	loop     *loop
	fd       int
	state    peerState
	rest     []byte // the beginning of a frame that has not come in whole
	out      []byte // what the socket did not take yet
	position [22]byte
	came     bool // hello came on this connection
	retry    time.Duration
	tries    int
}

type peerKind uint8

const (
	byWebSocket peerKind = iota
	byServerEvents
	byEcho // a WebSocket without Parley's protocol: open when the handshake is answered
)

type peerState uint8

const (
	idle peerState = iota
	connecting
	shaking
	streaming
)

// loop is one thread waiting for many sockets.
type loop struct {
	s      *swarm
	epoll  int
	mu     sync.Mutex
	orders []func()
	wake   [2]int // a pipe
	byFD   map[int]*peer
	later  timers
	buf    [64 << 10]byte
	done   bool
}

// source is where the clients of one machine come from: an address of the loopback net
// for each few thousand, because a pair of addresses has 28,000 ports.
func source(number int) [4]byte { return [4]byte{127, 0, 0, byte(2 + number%16)} }

func newSwarm(loops int, frame func(*peer, time.Time, []byte)) (*swarm, error) {
	s := &swarm{frame: frame, reasons: map[string]int64{}}
	for range loops {
		l := &loop{s: s, byFD: map[int]*peer{}}
		var err error
		if l.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
			return nil, err
		}
		if err = syscall.Pipe2(l.wake[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
			return nil, err
		}
		if err = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, l.wake[0], &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(l.wake[0])}); err != nil {
			return nil, err
		}
		s.loops = append(s.loops, l)
		s.wg.Go(l.run)
	}
	return s, nil
}

// enter connects clients, at most atOnce at a time, and waits until all were told hello.
func (s *swarm) enter(kind peerKind, address string, members []int64, atOnce int, patience time.Duration) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	before, failed := s.hellos.Load(), s.failed.Load()
	deadline := time.Now().Add(patience)
	for i, m := range members {
		for int64(i)-(s.hellos.Load()-before) >= int64(atOnce) {
			if s.failed.Load() > failed || time.Now().After(deadline) {
				return s.shortOf(len(members), before)
			}
			time.Sleep(200 * time.Microsecond)
		}
		n := int(s.next.Add(1))
		p := &peer{number: n, member: m, address: to, kind: kind, loop: s.loops[n%len(s.loops)], fd: -1}
		p.loop.order(p.connect)
	}
	for s.hellos.Load()-before < int64(len(members)) {
		if s.failed.Load() > failed || time.Now().After(deadline) {
			return s.shortOf(len(members), before)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (s *swarm) shortOf(want int, before int64) error {
	return fmt.Errorf("%d of %d clients were let in, %d failed: %v", s.hellos.Load()-before, want, s.failed.Load(), s.whys())
}

// leave ends all clients and the loops.
func (s *swarm) leave() {
	s.returning.Store(stayAway)
	for _, l := range s.loops {
		l.order(func() { l.done = true })
	}
	s.wg.Wait()
}

// order has the loop run something.
func (l *loop) order(f func()) {
	l.mu.Lock()
	l.orders = append(l.orders, f)
	first := len(l.orders) == 1
	l.mu.Unlock()
	if first {
		_, _ = syscall.Write(l.wake[1], []byte{0})
	}
}

func (l *loop) run() {
	events := make([]syscall.EpollEvent, 256)
	for !l.done {
		n, err := syscall.EpollWait(l.epoll, events, l.later.wait(time.Now()))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			panic(err)
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == l.wake[0] {
				l.obey()
				continue
			}
			if p := l.byFD[int(e.Fd)]; p != nil {
				p.ready(e.Events)
			}
		}
		l.later.due(time.Now(), (*peer).connect)
	}
	for _, p := range l.byFD {
		p.drop()
	}
	for _, fd := range []int{l.epoll, l.wake[0], l.wake[1]} {
		_ = syscall.Close(fd)
	}
}

func (l *loop) obey() {
	var drain [64]byte
	_, _ = syscall.Read(l.wake[0], drain[:])
	l.mu.Lock()
	orders := l.orders
	l.orders = nil
	l.mu.Unlock()
	for _, f := range orders {
		f()
	}
}

// connect opens the socket. All of it happens in the peer's loop.
func (p *peer) connect() {
	if p.fd >= 0 {
		return
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		p.fail()
		return
	}
	p.fd = fd
	const bindAddressNoPort = 24 // IP_BIND_ADDRESS_NO_PORT: the port is chosen by connect, for the pair
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, bindAddressNoPort, 1)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	// Reset instead of TIME_WAIT: the next run wants the ports.
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: source(p.number)}); err == nil {
		err = syscall.Connect(fd, &syscall.SockaddrInet4{Addr: p.address.Addr().As4(), Port: int(p.address.Port())})
	}
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) {
		p.lose()
		return
	}
	p.loop.byFD[fd] = p
	p.state, p.came, p.retry, p.out = connecting, false, 0, p.request()
	p.watch(syscall.EPOLL_CTL_ADD, syscall.EPOLLIN|syscall.EPOLLOUT)
}

func (p *peer) watch(how int, events uint32) {
	if err := syscall.EpollCtl(p.loop.epoll, how, p.fd, &syscall.EpollEvent{Events: events, Fd: int32(p.fd)}); err != nil {
		panic(err)
	}
}

// ready goes on with a socket.
func (p *peer) ready(events uint32) {
	if events&syscall.EPOLLOUT != 0 && len(p.out) > 0 {
		if p.state == connecting {
			p.state = shaking
		}
		n, err := syscall.Write(p.fd, p.out)
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			p.lose()
			return
		}
		if p.out = p.out[max(n, 0):]; len(p.out) == 0 {
			p.out = nil
			p.watch(syscall.EPOLL_CTL_MOD, syscall.EPOLLIN)
		}
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		n, err := syscall.Read(p.fd, p.loop.buf[:])
		switch {
		case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		case n <= 0 || err != nil:
			p.lose()
		default:
			p.take(p.loop.buf[:n], time.Now())
		}
	}
}

// write sends something small, now or when the socket takes it.
func (p *peer) write(b []byte) {
	if len(p.out) == 0 {
		n, err := syscall.Write(p.fd, b)
		if err == nil && n == len(b) {
			return
		}
		b = b[max(n, 0):]
		p.watch(syscall.EPOLL_CTL_MOD, syscall.EPOLLIN|syscall.EPOLLOUT)
	}
	p.out = append(p.out, b...)
}

// drop closes the socket.
func (p *peer) drop() {
	if p.fd < 0 {
		return
	}
	delete(p.loop.byFD, p.fd)
	_ = syscall.Close(p.fd)
	if p.came {
		p.loop.s.open.Add(-1)
	}
	p.fd, p.state, p.came, p.rest, p.out = -1, idle, false, nil, nil
}

// lose is the end of a connection, whoever wanted it, and what comes of it.
func (p *peer) lose() {
	s := p.loop.s
	how := s.returning.Load()
	if p.came {
		s.ended.Add(1)
		p.tries = 0
	} else if how == stayAway {
		s.failed.Add(1)
	}
	p.drop()
	if how == stayAway {
		return
	}
	wait := p.retry
	if how == immediately || wait == 0 {
		// Nobody said when: at once, and less often while it is of no use.
		wait = time.Duration(rand.Int64N(int64(200*time.Millisecond<<min(p.tries, 4)) + 1))
		p.tries++
	}
	p.loop.later.add(time.Now().Add(wait), p)
}

func (p *peer) fail() {
	p.loop.s.failed.Add(1)
	p.drop()
}
