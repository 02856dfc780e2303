//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// request is one prepared HTTP/1.1 request: written to the socket as it is, so
// that the load generator costs as little as it can on the cores it shares.
type request struct {
	raw  []byte
	want int
}

func newRequest(host, method, path string, headers map[string]string, body string, want int) request {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for k, v := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return request{raw: b.Bytes(), want: want}
}

// client is one keep-alive connection.
type client struct {
	addr string
	conn net.Conn
	r    *bufio.Reader
	body []byte
}

func (c *client) do(req request) error {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, 5*time.Second)
		if err != nil {
			return err
		}
		c.conn, c.r = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	if err := c.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := c.conn.Write(req.raw); err != nil {
		c.close()
		return err
	}
	status, err := c.read()
	if err != nil {
		c.close()
		return err
	}
	if status != req.want {
		return fmt.Errorf("status %d, want %d: %.200s", status, req.want, c.body)
	}
	return nil
}

// read consumes one response and leaves its body in c.body.
func (c *client) read() (status int, err error) {
	length, chunked := 0, false
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("short status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	for {
		line, err = c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			chunked = true
		}
	}
	c.body = c.body[:0]
	if !chunked {
		c.body = slices.Grow(c.body, length)[:length]
		_, err = io.ReadFull(c.r, c.body)
		return status, err
	}
	for {
		line, err = c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return 0, err
		}
		at := len(c.body)
		c.body = slices.Grow(c.body, int(n)+2)[:at+int(n)+2]
		if _, err = io.ReadFull(c.r, c.body[at:]); err != nil {
			return 0, err
		}
		c.body = c.body[:at+int(n)]
		if n == 0 {
			return status, nil
		}
	}
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// result is what one cell of the table is made of.
type result struct {
	requests      int
	elapsed       time.Duration
	p50, p95, p99 time.Duration
	errors        int
	firstError    error
}

func (r result) perSecond() float64 { return float64(r.requests) / r.elapsed.Seconds() }

// closedLoop runs work from n workers for d and measures every call. work gets
// the worker's number and a running number over all workers.
func closedLoop(n int, d time.Duration, work func(worker int, i int64) error) result {
	var (
		next      atomic.Int64
		wg        sync.WaitGroup
		mu        sync.Mutex
		latencies []time.Duration
		res       result
	)
	runtime.GC()
	start := time.Now()
	deadline := start.Add(d)
	for w := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mine := make([]time.Duration, 0, 1<<16)
			failed, first := 0, error(nil)
			for time.Now().Before(deadline) {
				t := time.Now()
				if err := work(w, next.Add(1)-1); err != nil {
					failed++
					if first == nil {
						first = err
					}
					continue
				}
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			defer mu.Unlock()
			latencies = append(latencies, mine...)
			res.errors += failed
			if res.firstError == nil {
				res.firstError = first
			}
		}()
	}
	wg.Wait()
	res.elapsed = time.Since(start)
	res.requests = len(latencies)
	slices.Sort(latencies)
	at := func(q float64) time.Duration {
		if len(latencies) == 0 {
			return 0
		}
		return latencies[min(len(latencies)-1, int(q*float64(len(latencies))))]
	}
	res.p50, res.p95, res.p99 = at(0.50), at(0.95), at(0.99)
	return res
}

// hammer sends requests over n connections for d.
func hammer(addr string, n int, d time.Duration, pick func(i int64) request) result {
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = &client{addr: addr}
	}
	defer func() {
		for _, c := range clients {
			c.close()
		}
	}()
	return closedLoop(n, d, func(w int, i int64) error { return clients[w].do(pick(i)) })
}
