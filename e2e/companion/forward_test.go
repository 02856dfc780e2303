package companion

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// exchange is one request, sent to Parley itself and through WordPress.
type exchange struct {
	method, target string
	header         http.Header
	body           string
}

// plainly is a client that follows no redirect and unpacks nothing.
var plainly = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (x exchange) send(t *testing.T, address string) wpsite.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), x.method, address+x.target, strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = x.header.Clone()
	req.Host = strings.TrimPrefix(site.URL, "http://")
	resp, err := plainly.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", x.method, x.target, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", x.method, x.target, err)
	}
	return wpsite.Answer{Status: resp.StatusCode, Header: resp.Header, Body: b}
}

// cookieOf is the Cookie header of a session.
func cookieOf(t *testing.T, c *wpsite.Session) string {
	t.Helper()
	u, err := url.Parse(site.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for _, cookie := range c.HTTP.Jar.Cookies(u) {
		pairs = append(pairs, cookie.String())
	}
	return strings.Join(pairs, "; ")
}

// What comes through WordPress is what Parley said, to the byte.
func TestForwardedAnswersAreParleysOwn(t *testing.T) {
	set(t, "forward_buddypress", "true")
	c := logIn(t, "alice")
	id := start(t, c, "Grüße & <b>more</b>", "bob")
	cookie := cookieOf(t, c)
	head := func(more ...string) http.Header {
		h := http.Header{"Cookie": {cookie}, "X-Wp-Nonce": {c.Nonce}}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	json := head("Content-Type", "application/json")
	thread := fmt.Sprintf("%s/%d", wpsite.Conversations, id)
	for _, x := range []exchange{
		{"GET", wpsite.Conversations + "?limit=1&search=Gr%C3%BC%C3%9Fe", head(), ""},
		{"GET", thread + "/messages?mark_read=false", head("Accept-Encoding", "gzip, br"), ""},
		{"HEAD", thread, head(), ""},
		{"OPTIONS", wpsite.Conversations, head("Origin", "https://elsewhere.example"), ""},
		{"GET", wpsite.Conversations, http.Header{}, ""},
		{"GET", wpsite.Conversations, head("X-WP-Nonce", "0123456789"), ""},
		{"GET", wpsite.Conversations + "/abc", head(), ""},
		{"POST", thread + "/mute", json, `{"muted":true}`},
		{"POST", thread + "/mute", head("Content-Type", "application/x-www-form-urlencoded"), "muted=0"},
		{"POST", thread + "/mute", json, `{`},
		{"PATCH", thread, json, `{"is_muted":true}`},
		{"POST", thread, head("Content-Type", "application/json", "X-HTTP-Method-Override", "PATCH"), `{"is_muted":false}`},
		{"DELETE", thread, head(), ""},
		{"GET", "/?rest_route=%2Fjetonomy%2Fv1%2Fconversations%2Funread-count", head(), ""},
		{"GET", "/index.php/wp-json/jetonomy/v1/conversations/unread-count", head(), ""},
		{"GET", "/wp-json/Jetonomy/V1/Conversations/unread-count/", head(), ""},
		{"GET", "/wp-json/jetonomy/v1/messaging/recipient-suggestions?q=bob", head(), ""},
		{"GET", "/wp-json/buddypress/v1/messages?per_page=1", head(), ""},
		{"GET", "/wp-json/parley/v1/admin/audit", head(), ""},
		{"GET", "/wp-json/parley/v1/assets/inbox.js", http.Header{"Accept-Encoding": {"br"}}, ""},
		{"GET", "/wp-json/parley/v1/assets/none.js", http.Header{}, ""},
		{"POST", "/community/messages/new/", http.Header{"Cookie": {cookie}, "Content-Type": {"application/x-www-form-urlencoded"}}, "to=bob&message=hi&_wpnonce=bad"},
	} {
		direct, through := x.send(t, "http://"+site.ParleyAddress()), x.send(t, site.URL)
		if through.Status != direct.Status || !bytes.Equal(through.Body, direct.Body) && x.method != "POST" {
			t.Errorf("%s %s: %d %.300s; Parley itself: %d %.300s", x.method, x.target, through.Status, through.Body, direct.Status, direct.Body)
		}
		for _, name := range []string{"Date", "Connection", "X-Request-Id", "X-Cache"} {
			direct.Header.Del(name)
			through.Header.Del(name)
		}
		through.Header.Del("Server") // nginx's
		if via := through.Header.Get("X-Parley-Via"); via != "wordpress" {
			t.Errorf("%s %s: via %q", x.method, x.target, via)
		}
		through.Header.Del("X-Parley-Via")
		if x.method == "HEAD" { // nginx knows none of an empty body
			direct.Header.Del("Content-Length")
		}
		if !maps.EqualFunc(direct.Header, through.Header, slices.Equal) {
			t.Errorf("%s %s: headers\n%v; Parley itself:\n%v", x.method, x.target, through.Header, direct.Header)
		}
	}
}

func TestAnApplicationPasswordPasses(t *testing.T) {
	c := logIn(t, "greta")
	var made struct {
		Password string `json:"password"`
	}
	if err := c.Want(t.Context(), 201, "POST", "/wp-json/wp/v2/users/me/application-passwords", map[string]string{"name": "phone"}, &made); err != nil {
		t.Fatal(err)
	}
	phone := site.NewSession()
	phone.User, phone.AppPassword = "greta", made.Password
	// Until Parley has seen that the site has any.
	eventually(t, 5*time.Second, func() error { return phone.Want(t.Context(), 200, "GET", wpsite.Conversations, nil, nil) })
}

// The rest of the interface stays with WordPress.
func TestOnlyParleysAddressesAreForwarded(t *testing.T) {
	c := logIn(t, "alice")
	wordpress := []string{"/", "/wp-json/", "/wp-json/wp/v2/users/me", "/wp-json/jetonomy/v1/spaces", "/wp-json/jetonomy/v1/conversationsque",
		"/wp-json/parley/v12", "/wp-json/buddypress/v1/messages", "/wp-json/buddypress/v1/members", "/?rest_route=/wp/v2/users/me",
		"/?rest_route[]=/jetonomy/v1/conversations", "/hello-world/?rest_route=/jetonomy/v1/conversations", "/community/", "/community/messages/"}
	for _, path := range wordpress {
		if a := do(t, c, "GET", path, nil); a.Header.Get("X-Parley-Via") == "wordpress" {
			t.Errorf("%s was forwarded: %d", path, a.Status)
		}
	}
	set(t, "forward", "false")
	for _, path := range []string{wpsite.Conversations, "/wp-json/parley/v1/me"} {
		if a := do(t, c, "GET", path, nil); a.Status != 404 || a.Code() != "rest_no_route" || a.Header.Get("X-Parley-Via") != "" {
			t.Errorf("not to be forwarded, but %s: %d %s", path, a.Status, a.Body)
		}
	}
}

// listen answers in Parley's place and returns its last request.
func listen(t *testing.T, answer http.HandlerFunc) (last func() *http.Request) {
	t.Helper()
	seen := make(chan *http.Request, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		seen <- r
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	set(t, "url", "'"+srv.URL+"'")
	return func() *http.Request { t.Helper(); return <-seen }
}

func TestWhatIsForwarded(t *testing.T) {
	binary := bytes.Repeat([]byte{0, 255, '\r', '\n', 128}, 40000)
	last := listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/wp-json/parley/v1/away":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/wp-json/parley/v1/same":
			w.Header().Set("ETag", `W/"1"`)
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header()["Set-Cookie"] = []string{"a=1; Path=/", "b=2; Path=/"}
			w.Header().Set("Content-Type", "image/x-own")
			w.Header().Set("Keep-Alive", "timeout=5")
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write(binary)
		}
	})
	x := exchange{"PUT", "/wp-json/parley/v1/x%2Fy?a=1&a=2&b=%26+", http.Header{"Authorization": {"Bearer abc"}, "Content-Type": {"application/octet-stream"},
		"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}, "Forwarded": {"for=1.2.3.4"},
		"X-Real-Ip": {"1.2.3.4"}, "Te": {"trailers"}, "Upgrade": {"h2c"}, "Proxy": {"http://evil.example"}, "Accept-Language": {"de, en;q=0.5"}}, "a\x00b\r\nc"}
	a := x.send(t, site.URL)
	r := last()
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != x.body || r.Method != "PUT" || r.RequestURI != x.target || r.Host != strings.TrimPrefix(site.URL, "http://") {
		t.Errorf("forwarded: %s %s to %s, body %q", r.Method, r.RequestURI, r.Host, body)
	}
	for name, want := range map[string]string{"Authorization": "Bearer abc", "Content-Type": "application/octet-stream", "Accept-Language": "de, en;q=0.5",
		"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": r.Host, "Connection": "close", "Content-Length": "6",
		"Forwarded": "", "X-Real-Ip": "", "Te": "", "Upgrade": "", "Proxy": "", "X-Parley-Forwarded": "1"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.Status != http.StatusTeapot || !bytes.Equal(a.Body, binary) || a.Header.Get("Content-Type") != "image/x-own" ||
		!slices.Equal(a.Header.Values("Set-Cookie"), []string{"a=1; Path=/", "b=2; Path=/"}) || a.Header.Get("Keep-Alive") != "" {
		t.Errorf("answer: %d, %d bytes, %v", a.Status, len(a.Body), a.Header)
	}
	if a := (exchange{"GET", "/wp-json/parley/v1/away", nil, ""}).send(t, site.URL); a.Status != 302 || a.Header.Get("Location") != "/elsewhere" {
		t.Errorf("redirect: %d to %q", a.Status, a.Header.Get("Location"))
	}
	last()
	if a := (exchange{"GET", "/wp-json/parley/v1/same", nil, ""}).send(t, site.URL); a.Status != 304 || a.Header.Get("ETag") != `W/"1"` || a.Header.Get("Content-Type") != "" || len(a.Body) != 0 {
		t.Errorf("not modified: %d %v", a.Status, a.Header)
	}
	last()

	// PHP has taken a multipart form apart; what was in it arrives.
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, value := range []string{"2", "3"} {
		if err := w.WriteField("recipients[]", value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	(exchange{"POST", "/wp-json/parley/v1/form", http.Header{"Content-Type": {w.FormDataContentType()}}, form.String()}).send(t, site.URL)
	r = last()
	if err := r.ParseForm(); err != nil || r.PostForm.Get("recipients[0]") != "2" || r.PostForm.Get("recipients[1]") != "3" {
		t.Errorf("form: %v %v", r.PostForm, err)
	}
	too := exchange{"POST", "/wp-json/parley/v1/form", nil, strings.Repeat("x", 1<<20+1)}
	if a := too.send(t, site.URL); a.Status != 413 {
		t.Errorf("too large: %d", a.Status)
	}
}

func TestParleyIsNotThere(t *testing.T) {
	refused := func(what string, status int, code string) {
		t.Helper()
		a := exchange{"GET", wpsite.Conversations, nil, ""}.send(t, site.URL)
		if a.Status != status || a.Code() != code || a.Header.Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Errorf("%s: %d %s %v", what, a.Status, a.Body, a.Header)
		}
		if status == 503 && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", what)
		}
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	set(t, "url", "'http://"+address+"'")
	refused("nobody listens", 503, "parley_unavailable")
	set(t, "url", "'nonsense'")
	refused("no address", 503, "parley_unavailable")
	set(t, "url", "'"+site.URL+"'")
	refused("the site itself", 508, "parley_loop")
	a := exchange{"GET", "/community/messages/assets/parley.css", nil, ""}.send(t, site.URL)
	if a.Status != 508 || a.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
		t.Errorf("a file: %d %v", a.Status, a.Header)
	}
	set(t, "url", "'http://"+address+"'")
	hangUp, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp.Close()
	go func() {
		for {
			conn, err := hangUp.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
			_ = conn.Close()
		}
	}()
	refused("another program", 503, "parley_unavailable")
}

// Somebody who accepts and says nothing is given up after the time that was granted.
func TestSilenceIsNotWaitedFor(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	began := time.Now()
	out := php(t, "echo parley_request( 'http://"+silent.Addr().String()+"', 'GET', '/', array( 'Host: x' ), '', 1 );")
	if took := time.Since(began); out != "no answer in time" || took > 15*time.Second {
		t.Errorf("%q after %s", out, took)
	}
}

func TestAddressesOfTheService(t *testing.T) {
	for typed, want := range map[string]string{
		"http://127.0.0.1:8070":       "http://127.0.0.1:8070",
		" HTTPS://parley.internal/ ":  "https://parley.internal",
		"http://[::1]:8070":           "http://[::1]:8070",
		"127.0.0.1:8070":              "",
		"ftp://127.0.0.1":             "",
		"http://a/b":                  "",
		"http://user:secret@host":     "",
		"http://host?x=1":             "",
		"http://ho st":                "",
		"http://host\\r\\nX: y":       "",
		"unix:///run/parley.sock":     "",
		"javascript:alert(1)//x.test": "",
	} {
		if got := php(t, `echo parley_clean_url( "`+typed+`" );`); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
