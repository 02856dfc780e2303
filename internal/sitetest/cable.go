package sitetest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// Cable is the one way from a browser to the site, which can be cut: a proxy of HTTP/1.1
// that belongs to that browser alone.
type Cable struct {
	listener net.Listener

	mu    sync.Mutex
	state cableState
	turn  chan struct{}         // closed when state changes
	conns map[net.Conn]struct{} // of both sides
}

type cableState int

const (
	whole cableState = iota
	cut
	silent
)

// NewCabledBrowser is a browser without cookies that reaches the site through a cable.
func NewCabledBrowser(t *testing.T, site *wpsite.Site) (*Browser, *Cable) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cable{listener: listener, turn: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); c.Cut(); served.Wait() })
	first, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(first, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		// Chromium would go past a proxy to this machine.
		p.ProxyServer, p.ProxyBypassList = "http://"+listener.Addr().String(), "<-loopback>"
	}))
	t.Cleanup(cancel)
	return openTab(t, ctx, site), c
}

// Cut ends all connections, as a network that goes down, and refuses new ones.
func (c *Cable) Cut() { c.set(cut) }

// Silence lets connections stand and nothing through them, as a wireless network out of
// reach: nobody is told.
func (c *Cable) Silence() { c.set(silent) }

// Mend makes the cable whole. What Silence held back is lost with its connections.
func (c *Cable) Mend() { c.set(whole) }

func (c *Cable) set(state cableState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == cut || c.state == silent {
		for conn := range c.conns {
			conn.Close()
		}
	}
	c.state = state
	close(c.turn)
	c.turn = make(chan struct{})
}

// enter has a connection cut with the others, and reports whether there is a way.
func (c *Cable) enter(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != cut {
		c.conns[conn] = struct{}{}
	}
	return c.state != cut
}

func (c *Cable) leave(conn net.Conn) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

// passes waits while the cable is silent and reports whether it was not.
func (c *Cable) passes() bool {
	waited := false
	for {
		c.mu.Lock()
		state, turn := c.state, c.turn
		c.mu.Unlock()
		if state != silent {
			return state == whole && !waited
		}
		waited = true
		<-turn
	}
}

// serve passes one request on, which ends its connection, or what follows a CONNECT.
func (c *Cable) serve(browser net.Conn) {
	defer c.leave(browser)
	if !c.enter(browser) {
		return
	}
	in := bufio.NewReader(browser)
	r, err := http.ReadRequest(in)
	if err != nil || !c.passes() {
		return
	}
	server, err := net.Dial("tcp", r.Host)
	if err != nil {
		return
	}
	defer c.leave(server)
	if !c.enter(server) {
		return
	}
	var onward io.Writer = server
	if r.Method == http.MethodConnect {
		_, err = io.WriteString(browser, "HTTP/1.1 200 Connected\r\n\r\n")
	} else {
		r.Header.Del("Proxy-Connection")
		r.Close = true
		err = r.Write(server)
		onward = io.Discard // nothing follows but the end
	}
	var back sync.WaitGroup
	back.Go(func() { c.pass(onward, in); server.Close() })
	if err == nil {
		c.pass(browser, server)
	}
	browser.Close()
	back.Wait()
}

// pass copies what comes until the cable is cut, or was silent when something came.
func (c *Cable) pass(to io.Writer, from io.Reader) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			if !c.passes() {
				return
			}
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
