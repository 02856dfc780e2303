package bpbridge_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/bpbridge"
)

// TestAnswersToUnusualQuestions holds what BuddyPress answers beyond what was recorded.
func TestAnswersToUnusualQuestions(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	alice := s.as("alice")
	_, _, v := alice.do("POST", "/messages", `{"recipients":[3,4],"subject":"Trip","message":"one"}`)
	id, first := at(t, v, "$[0].id"), at(t, v, "$[0].message_id")
	for _, from := range []string{"bob", "carol", "bob"} {
		s.minute()
		s.as(from).do("POST", "/messages", `{"id":`+id+`,"message":"more"}`)
	}
	const second = "/wp-json/buddypress/v2/messages"
	for _, tt := range []struct {
		name, login, method, path, body string
		status                          int
		allow                           string
		answer                          map[string]string
	}{
		{name: "fields as a map", login: "alice", method: "GET", path: "/messages?_fields[a]=id", status: 200, allow: "GET, POST",
			answer: map[string]string{"$[0]": `{"id":` + id + `}`}},
		{name: "an empty user_id is a wrong one, and names nobody", login: "alice", method: "DELETE", path: "/messages/" + id + "?user_id=",
			status: 400, allow: "GET, POST, PUT, PATCH, DELETE", answer: map[string]string{"$.code": `"rest_invalid_param"`}},
		{name: "version 2 turns the oldest messages around", login: "alice", method: "GET", path: second + "?messages_per_page=2&_fields=messages,message_id,sender_ids",
			status: 200, allow: "GET, POST", answer: map[string]string{"$[0].messages[1].id": first, "$[0].messages[0].sender_id": "3",
				"$[0].sender_ids": "[2,3]"}},
		{name: "version 2 takes message 0 for none", login: "bob", method: "PUT", path: second + "/" + id, body: `{"message_id":0}`,
			status: 200, allow: "GET, POST, PUT, PATCH, DELETE", answer: map[string]string{"$.id": id}},
		{name: "version 2 and a message that is not there", login: "bob", method: "PUT", path: second + "/" + id, body: `{"message_id":999}`,
			status: 404, allow: "GET, POST, PUT, PATCH, DELETE", answer: map[string]string{"$.code": `"bp_rest_invalid_id"`}},
		{name: "version 2 takes user 0 for nobody", login: "admin", method: "GET", path: second + "?user_id=0", status: 200, allow: "GET, POST"},
		{name: "version 1 does not", login: "admin", method: "GET", path: "/messages?user_id=0", status: 404, allow: "POST"},
	} {
		status, header, v := s.as(tt.login).do(tt.method, tt.path, tt.body)
		if status != tt.status || header.Get("Allow") != tt.allow {
			t.Errorf("%s: got %d, Allow %q: %s", tt.name, status, header.Get("Allow"), show(v))
		}
		for path, want := range tt.answer {
			if got := at(t, v, path); got != want {
				t.Errorf("%s: %s is %s, want %s", tt.name, path, got, want)
			}
		}
	}
}

// TestJSONPAndOrigins: without a name there is no script; a wrong name is said in one.
func TestJSONPAndOrigins(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	for query, want := range map[string]string{
		"":           "application/json; charset=UTF-8 401 {",
		"?_jsonp=":   "application/json; charset=UTF-8 401 {",
		"?_jsonp=cb": "application/javascript; charset=UTF-8 401 /**/cb({",
		"?_jsonp=-":  "application/javascript; charset=UTF-8 400 {",
	} {
		res, err := http.Get(s.url + "/wp-json/buddypress/v1/messages" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		want, begin := want[:strings.LastIndexByte(want, ' ')], want[strings.LastIndexByte(want, ' ')+1:]
		if got := fmt.Sprint(res.Header.Get("Content-Type"), " ", res.StatusCode); got != want || !strings.HasPrefix(string(body), begin) {
			t.Errorf("%s: got %s and %.40s, want %s and %s…", query, got, body, want, begin)
		}
	}
}

// TestBodiesWithoutAType: PHP reads no body of a POST that does not say what it is, and
// WordPress itself reads that of every other method.
func TestBodiesWithoutAType(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	bob := s.as("bob")
	_, _, v := s.as("alice").do("POST", "/messages", `{"recipients":[3],"message":"one"}`)
	id := at(t, v, "$[0].id")
	for method, want := range map[string]int{"POST": 500, "PUT": 200} {
		r, err := http.NewRequest(method, s.url+"/wp-json/buddypress/v1/messages/"+id, strings.NewReader("read=true"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", bob.who.Cookie)
		r.Header.Set("X-WP-Nonce", bob.who.nonce(s.clock()))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: got %d, want %d", method, res.StatusCode, want)
		}
	}
}

// TestSentDraftsAreForgotten: after a message was sent, the cookies of BuddyPress's form
// go, and at no other time.
func TestSentDraftsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	alice := s.as("alice")
	names := func(body string) (names []string) {
		_, header, _ := alice.do("POST", "/messages", body)
		for _, cookie := range header.Values("Set-Cookie") {
			name, rest, _ := strings.Cut(cookie, "=")
			if rest != "deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/" {
				t.Errorf("the cookie %s does not expire: %s", name, rest)
			}
			names = append(names, name)
		}
		return names
	}
	if got := names(`{"recipients":[3],"message":"x"}`); !slices.Equal(got, []string{"bp_messages_send_to", "bp_messages_subject", "bp_messages_content"}) {
		t.Errorf("sent: %v", got)
	}
	if got := names(`{"recipients":[3],"message":""}`); got != nil {
		t.Errorf("not sent: %v", got)
	}
}

// TestNamesAreThoseOfBuddyPress: Jetonomy may show members otherwise, BuddyPress shows
// the display name as it is stored.
func TestNamesAreThoseOfBuddyPress(t *testing.T) {
	t.Parallel()
	s := newStack(t, true, bpbridge.Settings{})
	s.db.MustExec("DELETE FROM wp_options WHERE option_name = 'jetonomy_settings'")
	s.db.MustExec(`INSERT INTO wp_options (option_name, option_value) VALUES ('jetonomy_settings', 'a:1:{s:19:"member_name_display";s:6:"handle";}')`)
	s.db.MustExec("UPDATE wp_users SET display_name = 'Bob <b>&amp; \"Co\"</b>' WHERE ID = 3")
	s.stop()
	s.start(bpbridge.Settings{})
	_, _, v := s.as("bob").do("POST", "/messages", `{"recipients":[3],"message":"to myself"}`)
	if got := at(t, v, "$[0].recipients[0].name"); got != `"Bob <b>&amp; \"Co\"</b>"` {
		t.Errorf("the name is %s", got)
	}
}

// TestMaskedAccounts: a site may hide in version 1 what version 2 always hides (D10).
func TestMaskedAccounts(t *testing.T) {
	t.Parallel()
	for mask, want := range map[bool][3]string{
		false: {`""`, `"<p>secret</p>\n"`, `"<p>secret</p>\n"`},
		true:  {`"Deleted User"`, `"<p>[deleted]</p>\n"`, `"<p>[deleted]</p>\n"`},
	} {
		s := newStack(t, false, bpbridge.Settings{MaskDeleted: mask})
		s.as("bob").do("POST", "/messages", `{"recipients":[2],"message":"secret"}`)
		s.deleteAccount(t, "the account of bob (id 3) is deleted")
		s.stop()
		s.start(bpbridge.Settings{MaskDeleted: mask})
		_, _, v := s.as("alice").do("GET", "/messages", "")
		for i, path := range []string{"$[0].recipients[1].name", "$[0].message.rendered", "$[0].messages[0].message.rendered"} {
			if got := at(t, v, path); got != want[i] {
				t.Errorf("masked %v: %s is %s, want %s", mask, path, got, want[i])
			}
		}
	}
}
