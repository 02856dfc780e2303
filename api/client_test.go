package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
)

// client is one way of calling.
type client struct {
	c    *community
	id   int64
	name string
	auth func(*http.Request)
}

// as calls with a member's application password.
func (c *community) as(login string) client {
	p := testdb.Cast()[login]
	return client{c, p.ID, login, func(r *http.Request) { r.SetBasicAuth(p.Login, p.AppPassword) }}
}

// web calls with a member's login cookie and nonce.
func (c *community) web(login string) client {
	p := testdb.Cast()[login]
	return client{c, p.ID, login + "'s browser", func(r *http.Request) {
		r.Header.Set("Cookie", p.Cookie())
		r.Header.Set("X-WP-Nonce", p.Nonce(c.clock.Now()))
	}}
}

// nobody calls without credentials.
func (c *community) nobody() client {
	return client{c, 0, "nobody", func(*http.Request) {}}
}

// with calls with the headers given.
func (c *community) with(headers ...string) client {
	return client{c, 0, strings.Join(headers, " "), func(r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
	}}
}

type object = map[string]any

const root = "/wp-json/jetonomy/v1"

func (cl client) get(path string) answer { cl.c.t.Helper(); return cl.do("GET", path, nil) }
func (cl client) post(path string, body any) answer {
	cl.c.t.Helper()
	return cl.do("POST", path, body)
}
func (cl client) patch(path string, body any) answer {
	cl.c.t.Helper()
	return cl.do("PATCH", path, body)
}
func (cl client) del(path string, body ...any) answer {
	cl.c.t.Helper()
	return cl.do("DELETE", path, nil)
}

// do sends one request. Paths below /conversations and /messaging are the
// surface's; others are taken as they are. A string body is sent as it is, with the
// type application/json unless headers say otherwise; other bodies become JSON.
func (cl client) do(method, path string, body any, headers ...string) answer {
	t := cl.c.t
	t.Helper()
	a, err := cl.try(method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try is do for goroutines.
func (cl client) try(method, path string, body any, headers ...string) (answer, error) {
	if strings.HasPrefix(path, "/conversations") || strings.HasPrefix(path, "/messaging") {
		path = root + path
	}
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, cl.c.url+path, reader)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("X-Forwarded-Proto", "https")
	if reader != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	cl.auth(r)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	cl.c.clock.advance(time.Millisecond)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{t: cl.c.t, what: cl.name + ": " + method + " " + path, status: res.StatusCode, header: res.Header, raw: raw}
	if len(raw) > 0 && strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&a.body); err != nil {
			return a, fmt.Errorf("%s: %w in %s", a.what, err, raw)
		}
	}
	return a, nil
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    []byte
	body   any
}

// want checks the status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, a.raw)
	}
	return a
}

// refused checks status, code and shape of an error, and the text when one is given.
func (a answer) refused(status int, code string, text ...string) answer {
	a.t.Helper()
	a.want(status)
	a.eq("code", code)
	a.eq("data.status", status)
	for _, want := range text {
		if got := a.str("message"); got != want {
			a.t.Errorf("%s: message %q, want %q", a.what, got, want)
		}
	}
	if a.str("message") == "" {
		a.t.Errorf("%s: no message in %s", a.what, a.raw)
	}
	return a
}

// at walks a dotted path; a missing step is a failure.
func (a answer) at(path string) any {
	a.t.Helper()
	v := a.body
	for _, step := range strings.Split(path, ".") {
		ok := false
		switch x := v.(type) {
		case object:
			v, ok = x[step]
		case []any:
			var i int
			if n, err := strconv.Atoi(step); err == nil {
				i = n
				if i < 0 {
					i += len(x)
				}
				if ok = i >= 0 && i < len(x); ok {
					v = x[i]
				}
			}
		}
		if !ok {
			a.t.Fatalf("%s: no %s in %s", a.what, path, a.raw)
		}
	}
	return v
}

// eq compares one value by its JSON text.
func (a answer) eq(path string, want any) answer {
	a.t.Helper()
	got, err := json.Marshal(a.at(path))
	if err != nil {
		a.t.Fatal(err)
	}
	exp, err := json.Marshal(want)
	if err != nil {
		a.t.Fatal(err)
	}
	if !bytes.Equal(got, exp) {
		a.t.Errorf("%s: %s = %s, want %s", a.what, path, got, exp)
	}
	return a
}

func (a answer) str(path string) string {
	a.t.Helper()
	s, _ := a.at(path).(string)
	return s
}

func (a answer) num(path string) int64 {
	a.t.Helper()
	n, ok := a.at(path).(json.Number)
	if !ok {
		a.t.Fatalf("%s: %s is no number in %s", a.what, path, a.raw)
	}
	i, err := n.Int64()
	if err != nil {
		a.t.Fatal(err)
	}
	return i
}

func (a answer) id() int64 { a.t.Helper(); return a.num("id") }

// ids are the ids of the items under data.
func (a answer) ids() []int64 {
	a.t.Helper()
	list, ok := a.at("data").([]any)
	if !ok {
		a.t.Fatalf("%s: data is no list in %s", a.what, a.raw)
	}
	out := []int64{}
	for i := range list {
		out = append(out, a.num("data."+strconv.Itoa(i)+".id"))
	}
	return out
}

// wantIDs checks the items of a list, in order.
func (a answer) wantIDs(want ...int64) answer {
	a.t.Helper()
	if got := a.ids(); fmt.Sprint(got) != fmt.Sprint(append([]int64{}, want...)) {
		a.t.Errorf("%s: ids %v, want %v", a.what, got, want)
	}
	return a
}

// start begins a conversation and returns its id.
func (cl client) start(text string, to ...string) int64 {
	cl.c.t.Helper()
	return cl.post("/conversations", object{"recipient_ids": ids(to...), "message": text}).want(201).id()
}

// send writes a message and returns its id.
func (cl client) send(conversation int64, text string) int64 {
	cl.c.t.Helper()
	return cl.post(messages(conversation), object{"content": text}).want(201).id()
}

// unread is the badge's number.
func (cl client) unread() int64 {
	cl.c.t.Helper()
	return cl.get("/conversations/unread-count").want(200).num("count")
}
