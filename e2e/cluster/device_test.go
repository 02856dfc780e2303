package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"parley/e2e/cluster/history"
)

// device keeps a stream of its member open, by one of the three ways in, comes back when
// it ends, and sometimes ends it.
type device struct {
	*member
	way    string // websocket, sse or poll
	cookie bool
	rng    *rand.Rand
	log    *history.Stream

	token    string // position to resume behind
	position atomic.Int64
	begun    atomic.Bool
	resumes  int
	resets   int
	refusals int // in a row
	say      chan []byte

	mu   sync.Mutex
	tops map[int64]int64 // newest message of each conversation
}

// told is a frame.
type told struct {
	Type         string `json:"type"`
	Position     string `json:"position"`
	Conversation int64  `json:"conversation"`
	Member       int64  `json:"member"`
	Seq          int64  `json:"seq"`
	Kind         string `json:"kind"`
	Reason       string `json:"reason"`
	Retry        int64  `json:"retry"`
	Message      json.RawMessage
	Members      json.RawMessage
	Resumed      bool
}

// errOver is the end of a connection that was told.
var errOver = errors.New("closed")

// Life of a connection, and how long a device waits for a word.
const (
	shortLife = 2 * time.Second
	longLife  = 15 * time.Second
	silence   = 8 * time.Second
	knock     = 10 * time.Second // until a connection is made
)

// run keeps the device connected until ctx ends.
func (d *device) run(ctx context.Context) {
	for ctx.Err() == nil {
		life := shortLife + time.Duration(d.rng.Int64N(int64(longLife-shortLife)))
		inner, cancel := context.WithTimeout(ctx, life)
		err := d.connect(inner)
		cancel()
		if !errors.Is(err, errOver) {
			d.write(history.Entry{Kind: history.Closed, Reason: "gone"})
		}
		pause(ctx, time.Duration(20+d.rng.IntN(300))*time.Millisecond)
	}
}

func (d *device) connect(ctx context.Context) error {
	base := d.where(d.rng)
	if d.token != "" {
		d.resumes++
	}
	switch d.way {
	case "websocket":
		return d.socket(ctx, base)
	case "sse":
		return d.events(ctx, base)
	}
	return d.polls(ctx, base)
}

func (d *device) write(e history.Entry) {
	e.At = d.rec.now()
	d.log.Entries = append(d.log.Entries, e)
}

// at notes where the device stands.
func (d *device) at(token string) int64 {
	position, ok := d.site.positions.Parse(token)
	if !ok {
		d.t.Errorf("%s: no position: %q", d.log.Name, token)
		return 0
	}
	d.token = token
	d.position.Store(position)
	d.begun.Store(true)
	return position
}

// take writes a frame down. The error is errOver when it was the last.
func (d *device) take(raw []byte) error {
	var f told
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("%s: %w in %s", d.log.Name, err, raw)
	}
	e := history.Entry{Type: f.Type, Conversation: f.Conversation, Member: f.Member, Seq: f.Seq}
	switch f.Type {
	case "hello":
		d.refusals = 0
		e = history.Entry{Kind: history.Opened}
		if d.token == "" {
			e.Position = d.at(f.Position)
		} else if f.Position == d.token {
			e.Position = d.position.Load()
		}
	case "position":
		e.Kind, e.Position = history.Stands, d.at(f.Position)
	case "reset":
		e.Kind, e.Position = history.Reset, d.at(f.Position)
		d.resets++
	case "close":
		e.Kind, e.Reason = history.Closed, f.Reason
		if !d.mayRetry(f.Reason) {
			d.write(e)
		}
		return errOver
	case "unread", "pong":
		return nil
	default:
		if e.Kind = history.Hint; f.Position != "" {
			e.Kind, e.Position = history.Told, d.at(f.Position)
		}
		d.detail(&f, &e)
	}
	d.write(e)
	if e.Kind == history.Reset {
		d.reload()
	}
	return nil
}

// detail reads what some frames hold.
func (d *device) detail(f *told, e *history.Entry) {
	switch f.Type {
	case "message.created":
		var m struct {
			ID     int64  `json:"id"`
			Sender int64  `json:"sender_id"`
			Text   string `json:"content_plain"`
		}
		if json.Unmarshal(f.Message, &m) != nil {
			d.t.Errorf("%s: message %s", d.log.Name, f.Message)
		}
		e.Message, e.Sender, e.Text = m.ID, m.Sender, m.Text
		d.learn(f.Conversation, false)
		d.saw(f.Conversation, f.Seq)
		d.mu.Lock()
		d.tops[f.Conversation] = m.ID
		d.mu.Unlock()
	case "conversation.created":
		d.learn(f.Conversation, f.Kind == "direct")
	case "presence":
		var members []struct{ Member int64 }
		if json.Unmarshal(f.Members, &members) != nil {
			d.t.Errorf("%s: presence %s", d.log.Name, f.Members)
		}
		for _, m := range members {
			e.Members = append(e.Members, m.Member)
		}
	}
}

// mayRetry reports whether a refusal may come of a nonce that the node's clock makes
// worthless: a browser gets another one with its next page, and so does the device.
func (d *device) mayRetry(reason string) bool {
	if !d.cookie || reason != "unauthenticated" {
		return false
	}
	d.refusals++
	return d.refusals < 20
}

// header are the device's credentials.
func (d *device) header() http.Header {
	h := http.Header{}
	if !d.cookie {
		req := http.Request{Header: h}
		req.SetBasicAuth(d.login, d.password)
		return h
	}
	offsets := d.offsets()
	at := time.Now().Add(offsets[d.refusals%len(offsets)])
	h.Set("Cookie", d.browser.Cookie())
	h.Set("X-WP-Nonce", d.browser.Nonce(at))
	h.Set("Origin", siteOrigin)
	return h
}

// has reports whether the device was told of a message.
func (d *device) has(conversation, message int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tops[conversation] >= message
}

// reload is what a client does after reset: everything anew.
func (d *device) reload() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a := d.call(ctx, d.rng, "GET", root+"?limit=100&filter=all", nil)
	if a.status != http.StatusOK {
		return
	}
	var list struct {
		Data []struct {
			ID   int64  `json:"id"`
			Type string `json:"type"`
		} `json:"data"`
	}
	a.into(d.t, &list)
	for _, c := range list.Data {
		d.learn(c.ID, c.Type == "direct")
	}
}

// catchUp polls until the device stands at a position. It is what a device does when it
// comes back in the end.
func (d *device) catchUp(ctx context.Context, head int64) error {
	for d.position.Load() < head {
		if !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("%s stands at %d of %d", d.log.Name, d.position.Load(), head)
		}
		_ = d.poll(ctx, d.where(d.rng), 0)
	}
	return nil
}
