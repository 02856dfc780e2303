package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/e2e/cluster/history"
	"parley/internal/testdb"
)

// member is somebody with a login and what their devices know together.
type member struct {
	*run
	id       int64
	login    string
	password string         // of the application
	browser  *testdb.Person // whose cookie a browser has; nil: no browser
	rng      *rand.Rand

	mu    sync.Mutex
	knows map[int64]*place
}

// place is what a member knows of a conversation.
type place struct {
	id     int64
	direct bool
	left   bool
	seen   int64 // newest place they were told
}

const root = "/wp-json/jetonomy/v1/conversations"

func conversationOf(id int64) string { return fmt.Sprintf("%s/%d", root, id) }
func messagesOf(id int64) string     { return conversationOf(id) + "/messages" }

// learn notes that a conversation exists.
func (m *member) learn(id int64, direct bool) *place {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.knows[id]
	if p == nil {
		p = &place{id: id, direct: direct}
		m.knows[id] = p
	}
	return p
}

// saw notes the newest place of a conversation.
func (m *member) saw(id, seq int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.knows[id]; p != nil {
		p.seen = max(p.seen, seq)
	}
}

func (m *member) seen(id int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.knows[id]; p != nil {
		return p.seen
	}
	return 0
}

// open are the conversations the member has not left, in order.
func (m *member) open() (out []place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.knows {
		if !p.left {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b place) int { return int(a.id - b.id) })
	return out
}

// answer is what a request came to.
type answer struct {
	status   int // 0: no answer that tells
	attempts int
	raw      []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.raw, v); err != nil {
		t.Errorf("%v in %s", err, a.raw)
	}
}

// lines reads a page of messages.
func (a answer) lines(t testing.TB) (out []history.Line, more bool) {
	t.Helper()
	var page struct {
		Data []struct {
			ID     int64  `json:"id"`
			Sender int64  `json:"sender_id"`
			Text   string `json:"content_plain"`
		} `json:"data"`
		Meta struct {
			More bool `json:"has_more"`
		} `json:"meta"`
	}
	a.into(t, &page)
	for _, l := range page.Data {
		out = append(out, history.Line{Message: l.ID, Sender: l.Sender, Text: l.Text})
	}
	return out, page.Meta.More
}

// outcome is what the member knows after that.
func (a answer) outcome() history.Outcome {
	switch {
	case a.status >= 200 && a.status < 300:
		return history.Acknowledged
	case a.status >= 400:
		return history.Refused
	}
	return history.Unknown
}

// Times of one attempt: a client loses patience, a little later each time.
const (
	firstAttempt = 2 * time.Second
	longest      = 10 * time.Second
)

// call makes a request as a client does: again with the same body, on whichever node,
// until an answer says how it went. It gives up when ctx ends, and sometimes before.
func (m *member) call(ctx context.Context, rng *rand.Rand, method, path string, body any) (a answer) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	for wait := firstAttempt; ctx.Err() == nil; wait = min(longest, wait*3/2) {
		a.attempts++
		a.status, a.raw = m.try(ctx, wait, m.where(rng), method, path, raw)
		switch {
		case a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout, a.status >= 500:
		case a.status >= 200:
			return a
		}
		a.status = 0
		pause(ctx, time.Duration(50+rng.IntN(250))*time.Millisecond)
	}
	return a
}

// try makes one attempt.
func (m *member) try(ctx context.Context, wait time.Duration, base, method, path string, body []byte) (int, []byte) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	if method == "GET" {
		req.Body, req.ContentLength = nil, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(m.login, m.password)
	res, err := m.http.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, raw
}

// where is the proxy half of the time, else a node.
func (r *run) where(rng *rand.Rand) string {
	if rng.IntN(2) == 0 {
		return "http://" + r.site.proxy.at(front)
	}
	return r.site.nodes[rng.IntN(len(r.site.nodes))].base()
}

// pause waits, and reports whether ctx lives on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
