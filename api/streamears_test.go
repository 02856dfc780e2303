package api_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/realtime"
)

// The ways in.
var ways = []realtime.Kind{realtime.WebSocket, realtime.ServerEvents, realtime.LongPoll}

// ear hears everything one connection is told, while other things happen.
type ear struct {
	name string
	way  realtime.Kind
	hang func() // closes the connection

	mu     sync.Mutex
	heard  []told
	last   string // position
	status int    // why a poll was refused
	code   string // and how it was called
	err    error  // why it ended
	done   chan struct{}
}

// listenAs begins to listen, by one of the ways, with the headers of a credential and,
// where it is a cookie, its nonce.
func (c *community) listenAs(name string, way realtime.Kind, header http.Header, nonce string) *ear {
	c.t.Helper()
	e := &ear{name: fmt.Sprintf("%s by %s", name, way), way: way, done: make(chan struct{})}
	query := "?"
	if nonce != "" {
		query += "_wpnonce=" + nonce + "&"
	}
	switch way {
	case realtime.WebSocket:
		s := c.open(query, header)
		e.hang = func() { _ = s.conn.Close() }
		go e.run(func() error {
			f, err := s.next(time.Minute)
			e.take(f)
			return err
		})
	case realtime.ServerEvents:
		source, res := c.listen(header, query)
		if res.StatusCode != http.StatusOK {
			c.t.Fatalf("%s: %d", e.name, res.StatusCode)
		}
		source.lines = bufio.NewScanner(res.Body)
		source.lines.Buffer(nil, 1<<20)
		e.hang = func() { _ = res.Body.Close() }
		go e.run(func() error {
			for source.lines.Scan() {
				if data, ok := strings.CutPrefix(source.lines.Text(), "data: "); ok {
					return e.parse([]byte(data))
				}
			}
			return io.EOF
		})
	case realtime.LongPoll:
		stop := make(chan struct{})
		e.hang = sync.OnceFunc(func() { close(stop) })
		first, err := c.pollAs(header, query)
		if err != nil || first.status != http.StatusOK {
			c.t.Fatalf("%s: %d, %v", e.name, first.status, err)
		}
		e.last = first.Position
		go e.run(func() error {
			select {
			case <-stop:
				return io.EOF
			default:
			}
			return e.poll(c, header, query)
		})
	}
	c.t.Cleanup(func() { e.hang(); <-e.done })
	if way != realtime.LongPoll {
		e.waitFor(c.t, "hello", func(f told) bool { return f.Type == "hello" })
	}
	return e
}

// pollAnswer is the answer of a long poll, or its refusal.
type pollAnswer struct {
	status   int
	Code     string            `json:"code"`
	Position string            `json:"position"`
	Events   []json.RawMessage `json:"events"`
}

func (c *community) pollAs(header http.Header, query string) (a pollAnswer, err error) {
	r, err := http.NewRequest("GET", c.url+"/wp-json/parley/v1/sync"+query, nil)
	if err != nil {
		return a, err
	}
	r.Header = header.Clone()
	r.Header.Set("X-Forwarded-Proto", "https")
	res, err := transport.RoundTrip(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	a.status = res.StatusCode
	return a, json.NewDecoder(res.Body).Decode(&a)
}

// errRefused is the end of somebody who polls.
var errRefused = errors.New("refused")

func (e *ear) poll(c *community, header http.Header, query string) error {
	a, err := c.pollAs(header, query+"wait=3&since="+e.last)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.status, e.code = a.status, a.Code
	e.mu.Unlock()
	if a.status != http.StatusOK {
		return errRefused
	}
	for _, raw := range a.Events {
		if err := e.parse(raw); err != nil {
			return err
		}
	}
	e.mu.Lock()
	e.last = a.Position
	e.mu.Unlock()
	return nil
}

func (e *ear) parse(raw []byte) error {
	f := told{raw: raw}
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("%s: %w", raw, err)
	}
	e.take(f)
	return nil
}

func (e *ear) take(f told) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Type != "" {
		e.heard = append(e.heard, f)
	}
	if f.Position != "" {
		e.last = f.Position
	}
}

func (e *ear) run(next func() error) {
	defer close(e.done)
	for {
		if err := next(); err != nil {
			e.mu.Lock()
			e.err = err
			e.mu.Unlock()
			return
		}
	}
}

// frames are what was heard so far, and fit.
func (e *ear) frames(fits func(told) bool) (out []told) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.heard {
		if fits(f) {
			out = append(out, f)
		}
	}
	return out
}

// waitFor waits until something was heard.
func (e *ear) waitFor(t testing.TB, what string, fits func(told) bool) told {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(2 * time.Millisecond) {
		if out := e.frames(fits); len(out) > 0 {
			return out[0]
		}
	}
	t.Fatalf("%s did not hear %s", e.name, what)
	return told{}
}

// open reports whether the connection is still there.
func (e *ear) open() bool {
	select {
	case <-e.done:
		return false
	default:
		return true
	}
}

// ended waits until the server ends the connection, and checks how it says so. A poll
// that begins anew is refused with a status of its own.
func (e *ear) ended(t testing.TB, code int, reason string, status int) {
	t.Helper()
	select {
	case <-e.done:
	case <-time.After(patience):
		t.Errorf("%s: still connected", e.name)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.way == realtime.LongPoll {
		// A request that begins with a login that ended is refused for its nonce already.
		if e.status != status && !(status == http.StatusUnauthorized && e.code == "rest_cookie_invalid_nonce") {
			t.Errorf("%s: %d %s, %v, want %d", e.name, e.status, e.code, e.err, status)
		}
		return
	}
	last := told{}
	if len(e.heard) > 0 {
		last = e.heard[len(e.heard)-1]
	}
	if last.Type != "close" || last.Code != code || last.Reason != reason {
		t.Errorf("%s: ended with %s, %v, want %d %s", e.name, last.raw, e.err, code, reason)
	}
}

// messages checks that the messages heard of a conversation have no gap, and answers the
// first and the last one's sequence; zero for none.
func (e *ear) messages(t testing.TB, conversation int64) (first, last int64) {
	t.Helper()
	for _, f := range e.frames(func(f told) bool { return f.Type == "message.created" && f.Conversation == conversation }) {
		if last != 0 && f.Seq != last+1 {
			t.Errorf("%s: message %d after %d", e.name, f.Seq, last)
		}
		if first == 0 {
			first = f.Seq
		}
		last = f.Seq
	}
	return first, last
}

// chatter has members send to conversations all the time until it is stopped. Refusals
// are the sender's end.
type chatter struct {
	stopped chan struct{}
	all     sync.WaitGroup
	mu      sync.Mutex
	acked   map[int64][]int64 // sequences acknowledged, by conversation
	refused map[string]answer // by sender
}

func (c *community) chat(conversation int64, logins ...string) *chatter {
	return c.chatAll(map[int64][]string{conversation: logins})
}

func (c *community) chatAll(who map[int64][]string) *chatter {
	ch := &chatter{stopped: make(chan struct{}), acked: map[int64][]int64{}, refused: map[string]answer{}}
	for conversation, logins := range who {
		for _, login := range logins {
			ch.all.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-ch.stopped:
						return
					default:
					}
					a, err := c.as(login).try("POST", messages(conversation), object{"content": fmt.Sprintf("%s %d", login, n)})
					if err != nil {
						c.t.Error(err)
						return
					}
					ch.mu.Lock()
					if a.status != http.StatusCreated {
						ch.refused[login] = a
						ch.mu.Unlock()
						return
					}
					ch.acked[conversation] = append(ch.acked[conversation], a.num("id"))
					ch.mu.Unlock()
				}
			})
		}
	}
	c.t.Cleanup(ch.stop)
	return ch
}

// stop stops everybody and waits for them.
func (ch *chatter) stop() {
	ch.mu.Lock()
	select {
	case <-ch.stopped:
	default:
		close(ch.stopped)
	}
	ch.mu.Unlock()
	ch.all.Wait()
}

// count is how many messages of a conversation were acknowledged.
func (ch *chatter) count(conversation int64) int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return len(ch.acked[conversation])
}

// going waits until some more were acknowledged.
func (ch *chatter) going(c *community, conversation int64, more int) {
	c.t.Helper()
	had := ch.count(conversation)
	for begun := time.Now(); ch.count(conversation) < had+more; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 4*patience {
			c.t.Fatalf("only %d messages of %d more", ch.count(conversation)-had, more)
		}
	}
}

// position is what a token says.
func (c *community) position(token string) int64 {
	c.t.Helper()
	at, ok := realtime.NewPositions(c.site.Secret("realtime position")).Parse(token)
	if !ok {
		c.t.Fatalf("%q is no position", token)
	}
	return at
}

// nonce is a member's.
func (c *community) nonce(login string) string { return testdb.Cast()[login].Nonce(c.clock.Now()) }
