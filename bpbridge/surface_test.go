package bpbridge_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bpbridge"
	"parley/wprest"
)

// client calls as one member, at the time the stack's clock shows.
type client struct {
	s     *stack
	login string
	who   account
}

func (s *stack) as(login string) client {
	s.t.Helper()
	who, ok := readAccounts(s.t)[login]
	if !ok {
		s.t.Fatalf("nobody is called %s", login)
	}
	return client{s, login, who}
}

// do sends a request and returns status, headers and the answer. A body that begins
// with { is JSON, another one a form.
func (c client) do(method, path, body string) (int, http.Header, wprest.Value) {
	t := c.s.t
	t.Helper()
	if strings.HasPrefix(path, "/messages") {
		path = "/wp-json/buddypress/v1" + path
	}
	r, err := http.NewRequest(method, c.s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", c.who.Cookie)
	r.Header.Set("X-WP-Nonce", c.who.nonce(c.s.clock()))
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := wprest.ParseJSON(raw)
	if err != nil {
		t.Fatalf("%s %s: %v: %.200s", method, path, err, raw)
	}
	return res.StatusCode, res.Header, v
}

// at reads a value of an answer, as JSON.
func at(t *testing.T, v wprest.Value, path string) string {
	t.Helper()
	parent, i := within(&v, path)
	if parent == nil {
		t.Fatalf("no %s in %s", path, show(v))
	}
	var j wprest.JSON
	return string(j.Value(parent.Items[i]).Bytes())
}

// minute lets a minute go by.
func (s *stack) minute() { s.setClock(s.clock().Add(time.Minute)) }

func TestReplyWithoutRecipients(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	_, _, v := s.as("alice").do("POST", "/messages", `{"recipients":[3],"subject":"Trip","message":"Hello"}`)
	s.minute()
	status, _, v := s.as("bob").do("POST", "/messages", `{"id":`+at(t, v, "$[0].id")+`,"message":"Hi"}`)
	if status != 200 || at(t, v, "$[0].subject.raw") != `"Re: Trip"` {
		t.Errorf("got %d %s", status, show(v))
	}
	if status, _, v = s.as("bob").do("POST", "/messages", `{"id":0,"message":"Hi"}`); status != 400 || at(t, v, "$.code") != `"rest_missing_callback_param"` {
		t.Errorf("a new thread: got %d %s", status, show(v))
	}
}

// Jetonomy's rules hold here too, and say no more than they must (D12).
func TestRulesOfTheHouse(t *testing.T) {
	t.Parallel()
	s := newStack(t, true, bpbridge.Settings{})
	s.db.MustExec("UPDATE wp_jt_blocked_users SET blocker_id = 2 WHERE blocked_id = 3") // alice blocks bob
	for _, tt := range []struct {
		name, login, body string
		status            int
		code, message     string
	}{
		{"silenced", "carol", `{"recipients":[2],"message":"x"}`, 403, "bp_rest_authorization_required", "You are currently silenced."},
		{"no space in common", "bob", `{"recipients":[4],"message":"x"}`, 403, "bp_rest_authorization_required", "You can only message people who share at least one space with you."},
		{"blocked by the recipient", "bob", `{"recipients":[2],"message":"x"}`, 403, "bp_rest_messages_create_failed", "Unable to send message"},
		{"bytes that are no text", "alice", "recipients=5&message=%ff%fe", 500, "bp_rest_messages_create_failed", "There was an error trying to create the message."},
		{"nothing but tags", "alice", `{"recipients":[5],"message":"<br>"}`, 500, "bp_rest_messages_create_failed", "There was an error trying to create the message."},
	} {
		status, _, v := s.as(tt.login).do("POST", "/messages", tt.body)
		if status != tt.status || at(t, v, "$.code") != `"`+tt.code+`"` || at(t, v, "$.message") != `"`+tt.message+`"` {
			t.Errorf("%s: got %d %s", tt.name, status, show(v))
		}
	}
	if _, _, v := s.as("alice").do("GET", "/messages?box=sentbox", ""); len(v.Items) != 0 {
		t.Errorf("something was sent: %s", show(v))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{StarredSlug: "marked", MembersSlug: "people", SenderIDsAsList: true, WithoutVersion2: true,
		Fields: []bpbridge.Field{
			{Name: "priority", Type: "integer"}, {Name: "urgent", Type: "boolean", MetaKey: "_urgent"},
			{Name: "note", Type: "string", Contexts: []string{"edit"}}, {Name: "weight", Type: "number"}}})
	alice := s.as("alice")
	status, _, v := alice.do("POST", "/messages", `{"recipients":[3],"message":"Hello 😀 :)","priority":"7","urgent":true,"note":"mine","weight":1.5}`)
	if status != 200 {
		t.Fatalf("got %d %s", status, show(v))
	}
	for path, want := range map[string]string{
		"$[0].message.raw":             `"Hello &#x1f600; :)"`,
		"$[0].message.rendered":        `"<p>Hello 😀 🙂</p>\n"`,
		"$[0].sender_ids":              `[2]`,
		"$[0].recipients[0].user_link": `"http://127.0.0.1:8090/people/bob/"`,
		"$[0].priority":                `7`,
		"$[0].urgent":                  `true`,
		"$[0].note":                    `"mine"`,
		"$[0].weight":                  `1.5`,
		"$[0].messages[0].priority":    `7`,
	} {
		if got := at(t, v, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	id, message := at(t, v, "$[0].id"), at(t, v, "$[0].message_id")
	if got := at(t, v, "$[0]._links."+message+"[0].href"); got != `"http://127.0.0.1:8090/wp-json/buddypress/v1/messages/marked/`+message+`"` {
		t.Errorf("link of the star: %s", got)
	}
	if status, _, v = alice.do("PUT", "/messages/"+id, `{"priority":9}`); status != 200 || at(t, v, "$[0].priority") != "9" {
		t.Errorf("a field changed: got %d %s", status, show(v))
	}
	if status, _, v = alice.do("PUT", "/messages/"+id, `{"priority":"soon"}`); status != 400 {
		t.Errorf("a field of the wrong type: got %d %s", status, show(v))
	}
	if _, _, v = s.as("bob").do("GET", "/messages/"+id, ""); at(t, v, "$[0].urgent") != "true" {
		t.Errorf("a field seen by the other: %s", show(v))
	}
	if _, there := v.Items[0].Get("note"); there {
		t.Errorf("a field for edit is shown in view: %s", show(v))
	}
	if status, _, v = alice.do("PUT", "/messages/marked/"+message, ""); status != 200 || at(t, v, "$[0].is_starred") != "true" {
		t.Errorf("a star under its own word: got %d %s", status, show(v))
	}
	for _, path := range []string{"/messages/starred/" + message, "/wp-json/buddypress/v2/messages"} {
		if status, _, _ = alice.do("POST", path, ""); status != 404 {
			t.Errorf("%s: got %d", path, status)
		}
	}
}

func TestWithoutStars(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{WithoutStars: true})
	alice := s.as("alice")
	_, _, v := alice.do("POST", "/messages", `{"recipients":[3],"message":"x"}`)
	if _, there := v.Items[0].Get("starred_message_ids"); there {
		t.Errorf("stars are shown: %s", show(v))
	}
	if status, _, _ := alice.do("PUT", "/messages/starred/"+at(t, v, "$[0].message_id"), ""); status != 404 {
		t.Errorf("the route of stars: got %d", status)
	}
	if status, _, v := alice.do("GET", "/messages?box=starred", ""); status != 400 || at(t, v, "$.data.params.box") != `"box is not one of sentbox and inbox."` {
		t.Errorf("the box of stars: got %d %s", status, show(v))
	}
}

func TestSiteWithPlainPermalinksAndNoAvatars(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	s.db.MustExec("DELETE FROM wp_options WHERE option_name IN ('permalink_structure', 'show_avatars', 'use_smilies')")
	s.db.MustExec("INSERT INTO wp_options (option_name, option_value) VALUES ('permalink_structure', ''), ('show_avatars', '0'), ('use_smilies', '0')")
	s.stop()
	s.start(bpbridge.Settings{})
	alice := s.as("alice")
	const route = "/?rest_route=/buddypress/v1/messages"
	var ids []string
	for range 3 {
		_, _, v := alice.do("POST", route, `{"recipients":[3],"message":"x :)"}`)
		ids = append(ids, at(t, v, "$[0].id"))
		s.minute()
	}
	status, header, v := alice.do("GET", route+"&box=sentbox&per_page=1&page=2", "")
	const root = "http://127.0.0.1:8090/index.php?rest_route=/"
	if status != 200 || at(t, v, "$[0]._links.self[0].href") != fmt.Sprintf("%q", root+"buddypress/v1/messages/"+ids[1]) ||
		at(t, v, "$[0].recipients[0].user_link") != `"http://127.0.0.1:8090/?bp_members=1&#038;bp_member=bob"` ||
		at(t, v, "$[0].message.rendered") != `"<p>x :)</p>\n"` {
		t.Errorf("got %d %s", status, show(v))
	}
	if _, there := v.Items[0].Items[0].Get("user_avatars"); there || strings.Contains(show(v), "gravatar") {
		t.Errorf("avatars are shown: %s", show(v))
	}
	page := func(n int, rel string) string {
		q := url.Values{"box": {"sentbox"}, "per_page": {"1"}, "page": {fmt.Sprint(n)}}
		return "<" + root + "buddypress/v1/messages&" + q.Encode() + `>; rel="` + rel + `"`
	}
	want := []string{"<" + root + `>; rel="https://api.w.org/"`, page(1, "prev") + ", " + page(3, "next")}
	if got := header.Values("Link"); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("Link:\n\tgot  %q\n\twant %q", got, want)
	}
}

// A page of the list takes at most six statements, however much is on it.
func TestListTakesAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	alice, bob := s.as("alice"), s.as("bob")
	cost := func() int64 {
		if status, _, v := bob.do("GET", "/messages", ""); status != 200 {
			t.Fatalf("got %d %s", status, show(v))
		}
		before := s.db.Counts().Data
		bob.do("GET", "/messages", "")
		return s.db.Counts().Data - before
	}
	for n := range 10 {
		alice.do("POST", "/messages", `{"recipients":[3,4,5,6,7],"message":"x"}`)
		s.minute()
		if got := cost(); got > 6 {
			t.Fatalf("%d threads: %d statements", n+1, got)
		}
	}
}

func TestSearchTermIsCleanedAsWordPressDoes(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"": "", "0": "", "  two \t words\n": "two words", "<b>bold</b> x": "bold x", "100%": "100%",
		"a%20b": "ab", "a%2%200b": "ab", "1 < 2": "1 &lt; 2", "%": "%",
		"<": "&lt;", "tr<ip": "tr&lt;ip", "a<b>c": "ac", "a<b<c>d": "a&lt;bd", "< e >": "< e >", `<x"&'y`: "&lt;x&quot;&amp;&#039;y",
		"<script>x</script>trip": "trip", "tr<!-- c -->ip": "trip", `<a href=">">trip`: "trip", "<\nx": "&lt; x", "\xff": "",
	} {
		if got := bpbridge.SearchTerm(sent); got != want {
			t.Errorf("%q: got %q, want %q", sent, got, want)
		}
	}
}
