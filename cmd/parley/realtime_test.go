package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/internal/testdb"
)

// process is parley as it is run: a process of its own.
type process struct {
	t           *testing.T
	cmd         *exec.Cmd
	log         *lockedBuffer
	public, ops string // host:port
	ended       chan error
}

// serveProcess starts one with the settings siteConfig made.
func serveProcess(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], "serve"), log: &lockedBuffer{}, ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), actAsParley+"=1", "PARLEY_LOG_FORMAT=json")
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	eventually(t, "serving", func() bool { return strings.Contains(p.log.String(), "parley serves") })
	found := regexp.MustCompile(`"listen":"([^"]+)","ops_listen":"([^"]+)"`).FindStringSubmatch(p.log.String())
	if found == nil {
		t.Fatalf("where does it listen?\n%s", p.log.String())
	}
	p.public, p.ops = found[1], found[2]
	return p
}

func (p *process) ready() {
	p.t.Helper()
	eventually(p.t, "ready", func() bool {
		status, _, _ := get(p.t, "http://"+p.ops+"/readyz", nil)
		return status == http.StatusOK
	})
}

// stops asks it to stop, and has it end with 0 in time.
func (p *process) stops(within time.Duration) {
	p.t.Helper()
	begun := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("exit: %v\n%s", err, p.log.String())
		}
	case <-time.After(within):
		p.t.Fatalf("still there %v after it was told to stop", time.Since(begun))
	}
}

func basicOf(login string) string {
	p := testdb.Cast()[login]
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(p.Login+":"+p.AppPassword))
}

// frame is what this file's tests read of what the server says.
type frame struct {
	Type, Position, Reason string
	Code                   int
	Retry                  int64
	Seq                    int64
}

// websocket connects a member and reads the hello.
func (p *process) websocket(login, since string) net.Conn {
	p.t.Helper()
	d := ws.Dialer{Timeout: deadline, Header: ws.HandshakeHeaderHTTP{"Authorization": {basicOf(login)}}}
	conn, early, _, err := d.Dial(context.Background(), "ws://"+p.public+"/wp-json/parley/v1/stream?since="+since)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	if early != nil {
		conn = &readAhead{conn, early}
	}
	if f := readFrame(p.t, conn); f.Type != "hello" {
		p.t.Fatalf("the first frame is %+v", f)
	}
	return conn
}

// readAhead is a connection some of which was read already.
type readAhead struct {
	net.Conn
	io.Reader
}

func (r *readAhead) Read(b []byte) (int, error) { return r.Reader.Read(b) }

func readFrame(t *testing.T, conn net.Conn) (f frame) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(deadline))
	raw, err := wsutil.ReadServerText(conn)
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// until reads frames up to one of a type.
func until(t *testing.T, conn net.Conn, kind string) frame {
	t.Helper()
	for {
		if f := readFrame(t, conn); f.Type == kind {
			return f
		}
	}
}

func (p *process) request(login, path, accept string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest("GET", "http://"+p.public+"/wp-json/parley/v1"+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", basicOf(login))
	r.Header.Set("Accept", accept)
	return r
}

// deaf connects a member who will never read.
func (p *process) deaf(login string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.public)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	if err := p.request(login, "/stream", "text/event-stream").Write(conn); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) send(login, path, body string) {
	p.t.Helper()
	r := p.request(login, "", "")
	r.Method, r.URL.Path = "POST", "/wp-json/jetonomy/v1/conversations"+path
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		p.t.Fatalf("POST %s: %d", path, res.StatusCode)
	}
}

// metric is the value of one line of /metrics; -1 without.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	_, _, page := get(p.t, "http://"+p.ops+"/metrics", nil)
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err == nil {
				return v
			}
		}
	}
	return -1
}

// TestARestartLosesNobody stops the program while members are connected in every way, one
// of them not reading at all. Everybody is told when to come back, it ends in time, and
// the next one goes on behind their positions.
func TestARestartLosesNobody(t *testing.T) {
	siteConfig(t, testdb.CastDSN(t))
	t.Setenv("PARLEY_LIMITS_MESSAGES_PER_MINUTE", "0")
	p := serveProcess(t)
	p.ready()
	p.send("alice", "", `{"recipient_ids":[4],"message":"Hello"}`)
	p.send("alice", "", `{"recipient_ids":[5],"message":"Hello"}`)
	bob := p.websocket("bob", "")
	res, err := http.DefaultClient.Do(p.request("bob", "/stream", "text/event-stream"))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	defer res.Body.Close()
	p.deaf("carol")
	eventually(t, "three are connected", func() bool {
		return p.metric(`parley_realtime_connections{kind="websocket"}`) == 1 && p.metric(`parley_realtime_connections{kind="sse"}`) == 2
	})
	p.send("alice", "/1/messages", `{"content":"One"}`)
	message := until(t, bob, "message.created")
	if message.Seq != 2 {
		t.Fatalf("%+v", message)
	}

	// What operators see of it.
	for name, least := range map[string]float64{
		"parley_realtime_events_total": 3, "parley_realtime_frames_total": 6, "parley_realtime_lag_seconds_count": 2,
		"parley_realtime_resumes_total": 0, "parley_realtime_resets_total": 0, "parley_realtime_dropped_total": 0,
		`parley_realtime_refused_total{reason="unauthenticated"}`: 0, `parley_realtime_ended_total{reason="slow"}`: 0,
	} {
		if v := p.metric(name); v < least {
			t.Errorf("%s is %v", name, v)
		}
	}

	// Room for what carol does not read is used up, and one poll waits.
	text := `{"content":"` + strings.Repeat("word ", 1900) + `"}`
	for begun := time.Now(); p.metric("parley_realtime_dropped_total")+p.metric(`parley_realtime_ended_total{reason="gone"}`) < 1 && time.Since(begun) < 5*time.Second; {
		p.send("alice", "/2/messages", text)
	}
	p.send("alice", "/1/messages", `{"content":"Which bob reads before he goes"}`)
	dave := make(chan *http.Response, 1)
	first, err := http.DefaultClient.Do(p.request("dave", "/sync", ""))
	if err != nil {
		t.Fatal(err)
	}
	var at frame
	if err := json.NewDecoder(first.Body).Decode(&at); err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close()
	go func() {
		res, err := http.DefaultClient.Do(p.request("dave", "/sync?since="+at.Position, ""))
		if err != nil {
			t.Error(err)
		}
		dave <- res
	}()
	eventually(t, "a poll waits", func() bool { return p.metric(`parley_realtime_connections{kind="poll"}`) == 1 })
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.stops(deadline) }()

	if res := <-dave; res == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the poll: %+v", res)
	}
	goodbye := until(t, bob, "close")
	if goodbye.Code != 1001 || goodbye.Reason != "restart" || goodbye.Retry < 1000 || goodbye.Retry > 30_000 {
		t.Errorf("goodbye was %+v", goodbye)
	}
	events, err := io.ReadAll(bufio.NewReader(res.Body))
	if err != nil || !strings.Contains(string(events), `"code":1001,"reason":"restart"`) || !strings.Contains(string(events), "\nretry: ") {
		t.Errorf("the event stream ended with %.300q, %v", events[max(0, len(events)-300):], err)
	}
	<-stopped

	next := serveProcess(t)
	next.ready()
	next.send("alice", "/1/messages", `{"content":"The end"}`)
	again := next.websocket("bob", message.Position)
	for seq := message.Seq + 1; seq <= 4; seq++ {
		if f := until(t, again, "message.created"); f.Seq != seq {
			t.Fatalf("message %d instead of %d", f.Seq, seq)
		}
	}
	if v := next.metric("parley_realtime_resumes_total"); v != 1 {
		t.Errorf("%v resumes", v)
	}
	next.stops(deadline)
}
