package e2e

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// stream is where members will hear what happens.
const stream = "/wp-json/parley/v1/stream"

// inPlaceOfParley stops Parley and lets h answer at its address until the test ends.
func inPlaceOfParley(t *testing.T, h http.Handler) {
	t.Helper()
	if err := site.StopParley(); err != nil {
		t.Error(err)
	}
	back := func() {
		if err := site.StartParley(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", site.ParleyAddress())
	if err != nil {
		back()
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		back()
	})
}

// from is a visitor with another address of this machine.
func from(c *wpsite.Session, address string) *wpsite.Session {
	c.HTTP.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext}
	return c
}

// arrived is a request as it reached the upstream.
type arrived struct {
	Method, URI, Host string
	Header            http.Header
	Length            int
	Hash              string
}

func TestRequestsArriveAsTheyWereSent(t *testing.T) {
	inPlaceOfParley(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Method", r.Method)
		_ = json.NewEncoder(w).Encode(arrived{r.Method, r.RequestURI, r.Host, r.Header, len(body), fmt.Sprintf("%x", sha256.Sum256(body))})
	}))
	ask := func(c *wpsite.Session, method, path string, body any) (got arrived) {
		t.Helper()
		a := do(t, c, method, path, body)
		if method == "HEAD" {
			if a.Header.Get("X-Method") != "HEAD" || len(a.Body) != 0 {
				t.Errorf("HEAD: %d %v %q", a.Status, a.Header, a.Body)
			}
			return
		}
		if err := a.JSON(&got); err != nil || a.Status != 200 {
			t.Fatalf("%s %s: %d, %v", method, path, a.Status, err)
		}
		return got
	}
	c := site.NewSession()
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"} {
		if got := ask(c, method, wpsite.Conversations, nil); method != "HEAD" && got.Method != method {
			t.Errorf("%s arrives as %s", method, got.Method)
		}
	}
	for _, path := range []string{
		wpsite.Conversations + "?limit=1&search=a%20b%26c+d&search[]=%C3%A9", wpsite.Conversations + "/12/messages/", inbox + "?to=bob%40example.org",
		buddyPress("v1") + "/7?_locale=user",
	} {
		if got := ask(c, "GET", path, nil); got.URI != path || got.Host != strings.TrimPrefix(site.URL, "http://") {
			t.Errorf("%s arrives as %s at %s", path, got.URI, got.Host)
		}
	}
	const query = "rest_route=/jetonomy/v1/conversations/7&x=%2F"
	if got := ask(c, "GET", "/?"+query, nil); !strings.HasSuffix(got.URI, "?"+query) {
		t.Errorf("/?%s arrives as %s", query, got.URI)
	}
	text := strings.Repeat("ü&=+%", 50<<10)
	form := url.Values{"message": {text}}
	if got := ask(c, "POST", inbox+"new/", form); got.Length != len(form.Encode()) || got.Hash != fmt.Sprintf("%x", sha256.Sum256([]byte(form.Encode()))) ||
		got.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("a form of %d bytes arrives as %+v", len(form.Encode()), got)
	}
	// Credentials, nonces and what conditional and cross-origin requests need.
	c.User, c.AppPassword, c.Nonce = "bob", "abcd efgh", "0123456789"
	c.Header = http.Header{"Cookie": {"wordpress_logged_in_x=a%7Cb"}, "Origin": {"https://app.example"}, "If-None-Match": {`W/"1", "2"`},
		"X-Http-Method-Override": {"PUT"}}
	got := ask(c, "POST", wpsite.Conversations, map[string]int{"x": 1})
	for name, want := range map[string]string{"Authorization": "Basic Ym9iOmFiY2QgZWZnaA==", "X-Wp-Nonce": "0123456789", "Cookie": "wordpress_logged_in_x=a%7Cb",
		"Origin": "https://app.example", "If-None-Match": `W/"1", "2"`, "X-Http-Method-Override": "PUT", "Content-Type": "application/json"} {
		if v := got.Header[name]; len(v) != 1 || v[0] != want {
			t.Errorf("%s arrives as %q", name, v)
		}
	}
	// Who is believed about the visitor is the web server, whatever the visitor says.
	lies := http.Header{"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"for=203.0.113.9;proto=https"}}
	for origin, scheme := range map[string]string{site.URL: "http", site.TLSURL: "https"} {
		honest := site.NewSession()
		honest.Origin = origin
		if got := ask(honest, "GET", wpsite.Conversations, nil); got.Header.Get("X-Forwarded-For") != "127.0.0.1" || got.Header.Get("X-Forwarded-Proto") != scheme {
			t.Errorf("%s: %v", origin, got.Header)
		}
	}
	liar := from(site.NewSession(), "127.0.0.2")
	liar.Header = lies
	h := ask(liar, "GET", wpsite.Conversations, nil).Header
	if hops := h.Values("X-Forwarded-For"); len(hops) != 1 || !strings.HasSuffix(hops[0], "127.0.0.2") || len(h.Values("X-Forwarded-Proto")) != 1 || h.Get("X-Forwarded-Proto") != "http" {
		t.Errorf("a visitor from 127.0.0.2 who lies: %v", h)
	}
}

// An answer that is compressed on its way can still be asked for again with its ETag.
func TestAnswersAreCompressedAndAskedForAgain(t *testing.T) {
	const tag = `W/"5f2b"`
	inPlaceOfParley(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "private, no-cache")
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		fmt.Fprintf(w, "[%q]", strings.Repeat("a long text ", 1000))
	}))
	for _, encoding := range []string{"", "gzip", "gzip, deflate, br"} {
		c := site.NewSession()
		c.Header = http.Header{"Accept-Encoding": {encoding}}
		a := do(t, c, "GET", wpsite.Conversations, nil)
		if a.Status != 200 || a.Header.Get("ETag") == "" || a.Header.Get("Cache-Control") != "private, no-cache" ||
			encoding == "" && len(a.Body) < 12000 || a.Header.Get("Content-Encoding") == "gzip" && len(a.Body) > 2000 {
			t.Errorf("%q: %d, %d bytes, %v", encoding, a.Status, len(a.Body), a.Header)
		}
		c.Header.Set("If-None-Match", a.Header.Get("ETag"))
		if again := do(t, c, "GET", wpsite.Conversations, nil); again.Status != 304 || len(again.Body) != 0 {
			t.Errorf("%q, with %s: %d, %d bytes", encoding, a.Header.Get("ETag"), again.Status, len(again.Body))
		}
	}
}

func TestAStreamIsPassedOnAsItComes(t *testing.T) {
	read, gone := make(chan bool), make(chan bool, 8)
	inPlaceOfParley(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		out := http.NewResponseController(w)
		say := func(s string) {
			fmt.Fprintf(w, "data: %s\n\n", s)
			if err := out.Flush(); err != nil {
				gone <- true
			}
		}
		for _, word := range []string{"one", "two", "three"} {
			say(word)
			select {
			case <-read: // not before the visitor has it
			case <-r.Context().Done():
				t.Error("the connection ended")
				return
			}
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				gone <- true
				return
			case <-tick.C:
				fmt.Fprint(w, ":\n\n")
				_ = out.Flush()
			}
		}
	}))
	for _, path := range []string{stream, "/?rest_route=/parley/v1/stream"} {
		for _, encoding := range []string{"identity", "gzip, deflate, br"} {
			t.Run(path+" "+encoding, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, "GET", site.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Accept", "text/event-stream")
				if encoding == "identity" { // else Go asks for gzip, and unpacks it
					req.Header.Set("Accept-Encoding", encoding)
				}
				resp, err := (&http.Transport{}).RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				lines := bufio.NewScanner(resp.Body)
				for _, word := range []string{"one", "two", "three"} {
					if !lines.Scan() || lines.Text() != "data: "+word || !lines.Scan() {
						t.Fatalf("%q instead of %q: %v", lines.Text(), word, lines.Err())
					}
					read <- true
				}
				// The upstream learns that the visitor has gone.
				cancel()
				select {
				case <-gone:
				case <-time.After(10 * time.Second):
					t.Error("the upstream still writes to nobody")
				}
			})
		}
	}
}

func TestAWebSocketIsLetThrough(t *testing.T) {
	inPlaceOfParley(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") ||
			r.Header.Get("Sec-WebSocket-Key") != "dGhlIHNhbXBsZSBub25jZQ==" {
			http.Error(w, fmt.Sprint("no upgrade: ", r.Header), http.StatusUpgradeRequired)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw) // what the visitor says comes back
	}))
	for _, path := range []string{stream, stream + "/", "/?rest_route=/parley/v1/stream"} {
		t.Run(path, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(site.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: %s\r\n\r\n", path, strings.TrimPrefix(site.URL, "http://"), site.URL)
			r := bufio.NewReader(conn)
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				body, _ := io.ReadAll(resp.Body)
				t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, body)
			}
			for _, frame := range []string{"\x81\x85\x01\x02\x03\x04abcde", "\x89\x80\x01\x02\x03\x04"} {
				if _, err := io.WriteString(conn, frame); err != nil {
					t.Fatal(err)
				}
				echo := make([]byte, len(frame))
				if _, err := io.ReadFull(r, echo); err != nil || string(echo) != frame {
					t.Fatalf("%q came back as %q: %v", frame, echo, err)
				}
			}
		})
	}
}
