package cluster_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"parley/e2e/cluster/history"
)

const stream = "/wp-json/parley/v1/stream"

// since is the query of a stream.
func (d *device) since() string {
	if d.token == "" {
		return ""
	}
	return "?since=" + d.token
}

// socket is a WebSocket, until it ends or ctx does.
func (d *device) socket(ctx context.Context, base string) error {
	header := d.header()
	dialer := ws.Dialer{Timeout: knock, Header: ws.HandshakeHeaderHTTP(header)}
	// Browsers send no headers of their own: what is a header here is a query there.
	query := d.since()
	if nonce := header.Get("X-WP-Nonce"); nonce != "" {
		header.Del("X-WP-Nonce")
		if query == "" {
			query = "?"
		} else {
			query += "&"
		}
		query += "_wpnonce=" + nonce
	}
	conn, early, _, err := dialer.Dial(ctx, "ws"+strings.TrimPrefix(base, "http")+stream+query)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var from io.Reader = conn
	if early != nil {
		from = early
	}
	stop := make(chan struct{})
	defer close(stop)
	go d.speak(conn, stop)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(silence))
		h, err := ws.ReadHeader(from)
		if err != nil {
			return err
		}
		body := make([]byte, h.Length)
		if _, err := io.ReadFull(from, body); err != nil {
			return err
		}
		switch h.OpCode {
		case ws.OpPing:
			if err := write(conn, ws.OpPong, body); err != nil {
				return err
			}
		case ws.OpClose:
			return fmt.Errorf("closed: %s", body)
		case ws.OpText:
			if err := d.take(body); err != nil {
				return err
			}
		}
	}
}

// speak watches the member's conversations, says what the member says on this socket, and
// asks every two seconds whether the other side is there.
func (d *device) speak(conn net.Conn, stop <-chan struct{}) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for body := d.watch(); ; {
		if write(conn, ws.OpText, body) != nil {
			return
		}
		body = []byte(`{"type":"ping"}`)
		select {
		case <-stop:
			return
		case <-tick.C:
		case body = <-d.say:
		}
	}
}

// watch asks for the presence of everybody the member writes with.
func (d *device) watch() []byte {
	ids := []int64{}
	for _, p := range d.open() {
		ids = append(ids, p.id)
	}
	body, err := json.Marshal(map[string]any{"type": "watch", "conversations": ids[:min(len(ids), 100)]})
	if err != nil {
		panic(err)
	}
	return body
}

func write(conn net.Conn, op ws.OpCode, body []byte) error {
	f := ws.MaskFrame(ws.NewFrame(op, true, bytes.Clone(body)))
	_ = conn.SetWriteDeadline(time.Now().Add(silence))
	return ws.WriteFrame(conn, f)
}

// events is a stream of server-sent events.
func (d *device) events(ctx context.Context, base string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", base+stream+d.since(), nil)
	if err != nil {
		return err
	}
	req.Header = d.header()
	req.Header.Set("Accept", "text/event-stream")
	res, err := d.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return d.refused(res.StatusCode)
	}
	lines := bufio.NewReader(res.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		if body, isData := bytes.CutPrefix(line, []byte("data: ")); isData {
			if err := d.take(bytes.TrimSpace(body)); err != nil {
				return err
			}
		}
	}
}

// refusals are the endings that refusals over HTTP stand for; others are no refusals.
var refusals = map[int]string{400: "position", 401: "unauthenticated", 403: "banned"}

// refused notes why a stream or a poll was not begun.
func (d *device) refused(status int) error {
	reason := refusals[status]
	if reason == "" {
		return fmt.Errorf("status %d", status)
	}
	if status == 403 && d.cookie {
		reason = "unauthenticated" // a nonce WordPress takes for wrong
	}
	if !d.mayRetry(reason) {
		d.write(history.Entry{Kind: history.Closed, Reason: reason})
	}
	return errOver
}

// polls is one long poll after the other.
func (d *device) polls(ctx context.Context, base string) error {
	for {
		if err := d.poll(ctx, base, 5); err != nil {
			return err
		}
	}
}

// poll is one long poll.
func (d *device) poll(ctx context.Context, base string, wait int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(wait)*time.Second+knock)
	defer cancel()
	query := fmt.Sprintf("/wp-json/parley/v1/sync?wait=%d", wait)
	if d.token != "" {
		query += "&since=" + d.token
	}
	req, err := http.NewRequestWithContext(ctx, "GET", base+query, nil)
	if err != nil {
		return err
	}
	req.Header = d.header()
	res, err := d.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return d.refused(res.StatusCode)
	}
	var a struct {
		Position string            `json:"position"`
		Events   []json.RawMessage `json:"events"`
	}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return err
	}
	d.refusals = 0
	fresh := d.token == ""
	for _, raw := range a.Events {
		if err := d.take(raw); err != nil {
			return err
		}
	}
	kind := history.Stands
	if fresh {
		kind = history.Opened
	}
	e := history.Entry{Kind: kind, Position: d.at(a.Position)}
	d.write(e)
	return nil
}
