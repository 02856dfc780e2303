package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/internal/wpsite"
)

// news is a frame of the stream.
type news struct {
	Type     string `json:"type"`
	Position string `json:"position"`
	Message  struct {
		Plain string `json:"content_plain"`
	} `json:"message"`
}

// heardOf waits until a message is told.
func heardOf(t *testing.T, way, text string, frames <-chan news) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case n, open := <-frames:
			if !open {
				t.Fatalf("%s ended", way)
			}
			if n.Type == "message.created" && n.Message.Plain == text {
				return
			}
		case <-deadline:
			t.Fatalf("%s did not tell %q", way, text)
		}
	}
}

// overWebSocket connects as a page of the site does: cookies, origin, and the nonce in
// the first frame.
func overWebSocket(t *testing.T, c *wpsite.Session) <-chan news {
	t.Helper()
	home, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Origin": {site.URL}}
	for _, cookie := range c.HTTP.Jar.Cookies(home) {
		header.Add("Cookie", cookie.Name+"="+cookie.Value)
	}
	header.Set("Cookie", strings.Join(header["Cookie"], "; "))
	conn, early, _, err := ws.Dialer{Timeout: 20 * time.Second, Header: ws.HandshakeHeaderHTTP(header)}.
		Dial(t.Context(), "ws"+strings.TrimPrefix(site.URL, "http")+stream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if early != nil {
		t.Fatal("Parley spoke before it knew who is there")
	}
	hello, err := json.Marshal(map[string]string{"type": "auth", "nonce": c.Nonce})
	if err != nil {
		t.Fatal(err)
	}
	if err := wsutil.WriteClientText(conn, hello); err != nil {
		t.Fatal(err)
	}
	frames := make(chan news, 64)
	go func() {
		defer close(frames)
		for {
			b, err := wsutil.ReadServerText(conn)
			var n news
			if err != nil || json.Unmarshal(b, &n) != nil {
				return
			}
			frames <- n
		}
	}()
	return frames
}

// overEvents connects as an app does: an application password, and an event stream.
func overEvents(t *testing.T, app *wpsite.Session) <-chan news {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", site.URL+stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(app.User, app.AppPassword)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("the event stream: %d %v", resp.StatusCode, resp.Header)
	}
	frames := make(chan news, 64)
	go func() {
		defer close(frames)
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			var n news
			if data, is := strings.CutPrefix(lines.Text(), "data: "); is && json.Unmarshal([]byte(data), &n) == nil {
				frames <- n
			}
		}
	}()
	return frames
}

func TestMembersAreToldThroughTheWebServer(t *testing.T) {
	bob, carol := logIn(t, "bob"), logIn(t, "carol")
	talk := start(t, carol, "Are you there?", "bob")
	app := site.NewSession()
	app.User, app.AppPassword = "bob", newPassword(t, bob, "stream").Password
	accepted(t, app)

	ways := map[string]<-chan news{"the WebSocket": overWebSocket(t, bob), "the event stream": overEvents(t, app)}
	position := ""
	for way, frames := range ways {
		select {
		case n := <-frames:
			if n.Type != "hello" || n.Position == "" {
				t.Fatalf("%s begins with %+v", way, n)
			}
			position = n.Position
		case <-time.After(30 * time.Second):
			t.Fatalf("%s says nothing", way)
		}
	}
	// Twice: what is held back comes with what follows.
	for _, text := range []string{"The first", "The second"} {
		want(t, carol, 201, "POST", messagesOf(talk.ID), map[string]string{"content": text}, nil)
		for way, frames := range ways {
			heardOf(t, way, text, frames)
		}
	}
	var poll struct {
		Events []news `json:"events"`
	}
	want(t, app, 200, "GET", fmt.Sprintf("/wp-json/parley/v1/sync?since=%s&wait=25", url.QueryEscape(position)), nil, &poll)
	told := 0
	for _, n := range poll.Events {
		if n.Type == "message.created" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("a poll from the beginning tells %+v", poll.Events)
	}
}
