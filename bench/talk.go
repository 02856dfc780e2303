//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// talk sends messages at a constant rate and notes when they were acknowledged and when
// each of those they are for received them.
type talk struct {
	perSecond float64
	lasts     time.Duration
	// send is the request of the i-th message, with mark(i) in its text, and who sends.
	send func(i int64) (r request, address string)
	// readers tells how many receive the i-th message; reads whether a member is one.
	readers int
	reads   func(i, member int64) bool
}

// mark is what a message is known by.
func mark(i int64) string {
	return fmt.Sprintf("bench#%d about as long as people write, if they write.", i)
}

var markStart = []byte("bench#")

// talked is what came of it. All times are from when the acknowledgement was read, and
// nothing when the message was there before.
type talked struct {
	sent openRun
	// each counts every reception, last the latest of each message; each also from the
	// moment the message was meant to be sent.
	each, last, eachMeant *latencies
	received              int64
	missing               int
}

// listener notes receptions for the talk that is on.
type listener struct{ now atomic.Pointer[hearing] }

type hearing struct {
	talk  *talk
	began time.Time
	acked []atomic.Int64
	meant []time.Time
	heard [][]int64 // since began
	count []atomic.Int64
	total atomic.Int64
}

// frame takes in a frame of a swarm.
func (l *listener) frame(p *peer, at time.Time, body []byte) {
	h := l.now.Load()
	if h == nil {
		return
	}
	_, rest, ok := bytes.Cut(body, markStart)
	if !ok {
		return
	}
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	i, err := strconv.ParseInt(string(rest[:digits]), 10, 64)
	if err != nil || i >= int64(len(h.heard)) || !h.talk.reads(i, p.member) {
		return
	}
	if n := h.count[i].Add(1); n <= int64(len(h.heard[i])) {
		h.heard[i][n-1] = at.Sub(h.began).Nanoseconds()
		h.total.Add(1)
	}
}

// run talks. Readers are connected already, or there are none.
func (k *talk) run(t *testing.T, l *listener) talked {
	t.Helper()
	total := int(k.perSecond * k.lasts.Seconds())
	h := &hearing{talk: k, acked: make([]atomic.Int64, total), meant: make([]time.Time, total),
		heard: make([][]int64, total), count: make([]atomic.Int64, total)}
	for i := range h.heard {
		h.heard[i] = make([]int64, k.readers)
	}
	h.began = time.Now()
	l.now.Store(h)
	const workers = 64
	clients := make([]*client, workers)
	for i := range clients {
		clients[i] = &client{}
		defer clients[i].close()
	}
	out := talked{each: newLatencies(), last: newLatencies(), eachMeant: newLatencies()}
	out.sent = openLoop(k.perSecond, k.lasts, workers, func(w int, i int64, meant time.Time) error {
		r, address := k.send(i)
		c := clients[w]
		if c.addr != address {
			c.close()
			c.addr = address
		}
		h.meant[i] = meant
		err := c.do(r)
		h.acked[i].Store(time.Since(h.began).Nanoseconds())
		return err
	})
	if out.sent.errors > 0 {
		t.Fatalf("%d sends failed, the first: %v", out.sent.errors, out.sent.first)
	}
	want := int64(total * k.readers)
	for deadline := time.Now().Add(10 * time.Second); h.total.Load() < want && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	l.now.Store(nil)
	out.received = h.total.Load()
	out.missing = int(want - out.received)
	for i := range h.heard {
		acked, last := h.acked[i].Load(), int64(0)
		for _, at := range h.heard[i][:min(h.count[i].Load(), int64(k.readers))] {
			out.each.add(time.Duration(at - acked))
			out.eachMeant.add(h.began.Add(time.Duration(at)).Sub(h.meant[i]))
			last = max(last, at)
		}
		if k.readers > 0 {
			out.last.add(time.Duration(last - acked))
		}
	}
	if out.missing > 0 {
		t.Errorf("%d of %d messages did not arrive", out.missing, want)
	}
	return out
}

// pair is a direct conversation with its two.
type pair struct{ conversation, from, to int64 }

// pairs are n conversations of two, in both directions by turns.
func (s *realtimeSite) pairs(n int) []pair {
	var out []pair
	for i := len(s.data.directs) - 2; i >= 0 && len(out) < n; i -= 2 {
		a, b := s.data.directs[i], s.data.directs[i+1]
		if len(out)%2 == 1 {
			a, b = b, a
		}
		out = append(out, pair{a[0], a[1], b[1]})
	}
	return out
}

// sends makes the requests of pairs that take turns.
func sends(host string, pairs []pair) func(i int64) (request, string) {
	headers := make([]map[string]string, len(pairs))
	for i, p := range pairs {
		headers[i] = loginHeaders(p.from)
	}
	return func(i int64) (request, string) {
		p := pairs[i%int64(len(pairs))]
		return newRequest(host, "POST", "/wp-json/jetonomy/v1/conversations/"+itoa(p.conversation)+"/messages",
			headers[i%int64(len(pairs))], `{"content":"`+mark(i)+`"}`, 201), host
	}
}

// echoes makes requests that have ./echo write to some clients what Parley would.
func echoes(host string, query func(i int64) string) func(i int64) (request, string) {
	return func(i int64) (request, string) {
		body := `{"type":"message.created","position":"AAAAAAAAAAAAAAAAAAAAAA","at":"2026-11-21T10:00:00.000Z","conversation":17,"seq":5,"message":{"id":1,"content":"` +
			mark(i) + `","sender":{"id":1,"name":"Member 1","avatar_url":"https://secure.gravatar.com/avatar/1?s=96&d=mm&r=g"}}}`
		return newRequest(host, "POST", query(i), nil, body, 200), host
	}
}
