package bpbridge_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/wprest"
)

// transcript is one recorded scenario.
type transcript struct {
	Name  string
	Setup struct {
		Users []struct {
			ID       int64
			Login    string `json:"user_login"`
			Nicename string `json:"user_nicename"`
			Email    string `json:"user_email"`
			Name     string `json:"display_name"`
			Role     string
		}
	}
	Steps   []step
	DBAfter map[string][]map[string]any `json:"db_after"`
}

// step is one recorded request and its answer.
type step struct {
	ID, Auth, Before string
	As               *string
	At               time.Time
	Method, Path     string
	Query            json.RawMessage
	Body, Form       json.RawMessage
	Raw              *string
	ContentType      string            `json:"content_type"`
	RequestHeaders   map[string]string `json:"request_headers"`
	Status           int
	Headers          map[string]string
	Response         json.RawMessage
	ResponseText     *string `json:"response_text"`
	EmptyBody        bool    `json:"response_empty_body"`
	Reduced          bool    `json:"response_reduced"`
	Captures         map[string]string
}

func readTranscript(t *testing.T, path string) transcript {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tr transcript
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return tr
}

// account is how a recorded member proves who they are.
type account struct {
	ID       int64
	AppPass  string `json:"application_password"`
	Cookie   string `json:"cookie_header"`
	Token    string `json:"session_token"`
	password string // user_pass of members made here
}

func (a account) nonce(at time.Time) string {
	return testdb.Person{ID: a.ID, SessionToken: a.Token}.Nonce(at)
}

func readAccounts(t *testing.T) map[string]account {
	t.Helper()
	b, err := os.ReadFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	var site struct{ Users map[string]account }
	if err := json.Unmarshal(b, &site); err != nil {
		t.Fatal(err)
	}
	return site.Users
}

// newAccount makes the session of a member the recorded site does not have.
func newAccount(id int64, login string) account {
	a := account{ID: id, Token: strings.Repeat("T", 42) + fmt.Sprint(id%10), password: "$P$B12345678abcdefghijklmnopqrstuv"}
	const expires = "2087802000"
	key := mac(md5.New, testdb.Keys["LOGGED_IN_KEY"]+testdb.Keys["LOGGED_IN_SALT"],
		login+"|"+a.password[8:12]+"|"+expires+"|"+a.Token)
	signature := mac(sha256.New, key, login+"|"+expires+"|"+a.Token)
	a.Cookie = "wordpress_logged_in_" + testdb.CookieHash + "=" +
		url.QueryEscape(login+"|"+expires+"|"+a.Token+"|"+signature)
	return a
}

func (a account) sessions() string {
	sum := sha256.Sum256([]byte(a.Token))
	return fmt.Sprintf(`a:1:{s:64:"%s";a:2:{s:10:"expiration";i:2087802000;s:5:"login";i:1772442000;}}`,
		hex.EncodeToString(sum[:]))
}

func mac(h func() hash.Hash, key, text string) string {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

// request builds a step's request; values are what the captures stand for.
func (s *step) request(t *testing.T, root string, accounts map[string]account, values map[string]string) *http.Request {
	t.Helper()
	fill := func(text string) string {
		for name, v := range values {
			text = strings.ReplaceAll(text, "{"+name+"}", v)
		}
		return text
	}
	var body []byte
	contentType := s.ContentType
	switch {
	case s.Raw != nil:
		body = []byte(*s.Raw)
		if contentType == "" {
			contentType = "application/json"
		}
	case given(s.Body):
		text := string(s.Body)
		for name, v := range values {
			text = strings.ReplaceAll(text, `"{`+name+`}"`, v)
		}
		body, contentType = []byte(fill(text)), "application/json"
	case given(s.Form):
		body, contentType = []byte(fill2(parameters(t, s.Form), fill)), "application/x-www-form-urlencoded"
	}
	query := fill2(parameters(t, s.Query), fill)
	r, err := http.NewRequest(s.Method, root+fill(s.Path), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", contentType)
	}
	if s.As != nil {
		s.prove(t, r, accounts, &query)
	}
	for name, v := range s.RequestHeaders {
		r.Header.Set(name, v)
	}
	r.URL.RawQuery = query
	return r
}

func (s *step) prove(t *testing.T, r *http.Request, accounts map[string]account, query *string) {
	t.Helper()
	who, known := accounts[*s.As]
	if !known {
		t.Fatalf("%s: nobody is called %q", s.ID, *s.As)
	}
	switch s.Auth {
	case "app_password":
		r.SetBasicAuth(*s.As, who.AppPass)
		return
	case "bad_app_password":
		r.SetBasicAuth(*s.As, "AAAA bbbb CCCC dddd EEEE ffff")
		return
	}
	r.Header.Set("Cookie", who.Cookie)
	switch s.Auth {
	case "", "cookie":
		r.Header.Set("X-WP-Nonce", who.nonce(s.At))
	case "cookie_no_nonce":
	case "cookie_bad_nonce":
		r.Header.Set("X-WP-Nonce", "0123456789")
	case "cookie_foreign_nonce":
		for login, other := range accounts {
			if login != *s.As {
				r.Header.Set("X-WP-Nonce", other.nonce(s.At))
			}
		}
	case "cookie_query_nonce":
		*query = strings.TrimPrefix(*query+"&_wpnonce="+who.nonce(s.At), "&")
	default:
		t.Fatalf("%s: unknown way to log in %q", s.ID, s.Auth)
	}
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// parameters are pairs of an address or a form; a list becomes name[].
func parameters(t *testing.T, raw json.RawMessage) [][2]string {
	t.Helper()
	if !given(raw) {
		return nil
	}
	v, err := wprest.ParseJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	var pairs [][2]string
	for i, name := range v.Keys {
		if v.Items[i].Kind == wprest.List {
			for _, item := range v.Items[i].Items {
				pairs = append(pairs, [2]string{name + "[]", scalar(item)})
			}
			continue
		}
		pairs = append(pairs, [2]string{name, scalar(v.Items[i])})
	}
	return pairs
}

func scalar(v wprest.Value) string {
	if v.Kind == wprest.Bool {
		return map[bool]string{true: "true", false: "false"}[v.Bool]
	}
	return v.Text
}

func fill2(pairs [][2]string, fill func(string) string) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = url.QueryEscape(p[0]) + "=" + url.QueryEscape(fill(p[1]))
	}
	return strings.Join(parts, "&")
}

// capture reads "$[0].id" or "$.message_id" of an answer.
func capture(v wprest.Value, path string) (string, bool) {
	path = strings.TrimPrefix(path, "$")
	if rest, ok := strings.CutPrefix(path, "[0]"); ok {
		if v.Kind != wprest.List || len(v.Items) == 0 {
			return "", false
		}
		v, path = v.Items[0], rest
	}
	item, ok := v.Get(strings.TrimPrefix(path, "."))
	return item.Text, ok
}
