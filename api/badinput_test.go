package api_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"parley/internal/testdb"
)

// endpoint is one way to call the surface, with a body that would be accepted.
type endpoint struct{ method, path, text string }

// endpoints are all routes of the surface on a conversation; text names the
// parameter that takes free text.
func endpoints(id int64) []endpoint {
	c := conv(id)
	return []endpoint{
		{"GET", "/conversations", "search"}, {"POST", "/conversations", "message"}, {"GET", c, ""}, {"PATCH", c, "title"},
		{"DELETE", c, ""}, {"GET", c + "/messages", "before"}, {"POST", c + "/messages", "content"},
		{"GET", "/conversations/unread-count", ""}, {"POST", c + "/mute", "muted"}, {"POST", c + "/archive", "archived"},
		{"POST", c + "/leave", ""}, {"POST", c + "/block", "blocked"}, {"POST", c + "/read", ""},
		{"POST", c + "/report", "description"}, {"GET", "/messaging/recipient-suggestions", "q"},
	}
}

// wantClear checks that an answer is a success or a clear refusal, never a fault,
// and of the right shape.
func (a answer) wantClear() {
	a.t.Helper()
	if a.status >= 500 {
		a.t.Errorf("%s: %d %s", a.what, a.status, a.raw)
	}
	if a.status >= 400 {
		a.refused(a.status, a.str("code"))
	}
}

// Every route with every kind of bad input: a clear answer of the right shape, no
// 500, and nothing stored by halves.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, noDailyLimit, func(s *setup) { s.limits.SuggestPerMinute = 0 })
	id := c.as("alice").start("hi", "bob")
	const form = "application/x-www-form-urlencoded"
	before := c.sums()
	for _, bad := range []struct{ name, contentType, body string }{
		{"broken JSON", "application/json", "{"},
		{"nested 100 000 deep", "application/json", strings.Repeat(`{"content":`, 100_000)},
		{"lists 100 000 deep", "application/json", `{"content":` + strings.Repeat("[", 100_000) + "1" + strings.Repeat("]", 100_000) + "}"},
		{"more than 256 KiB", "application/json", `{"content":"` + strings.Repeat("x", 256<<10) + `"}`},
		{"more than 256 KiB of form", form, "content=" + strings.Repeat("x", 256<<10)},
		{"invalid UTF-8", "application/json", "{\"content\":\"\xff\xfe\",\"message\":\"\xff\"}"},
		{"overlong UTF-8", "application/json", "{\"content\":\"\xc0\x80\"}"},
		{"NUL in JSON", "application/json", "{\"content\":\"a\x00b\"}"},
		{"lone surrogate", "application/json", `{"content":"\ud800","message":"\udfff"}`},
		{"JSON in a form's clothes", "application/json", "content=x&message=x"},
		{"half a multipart", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nhalf"},
		{"multipart without boundary", "multipart/form-data", "--b--"},
		{"BOM", "application/json", "\xef\xbb\xbf{}"},
	} {
		for _, e := range endpoints(id) {
			if e.method == "GET" || e.text == "" || strings.HasSuffix(e.path, "e") || strings.HasSuffix(e.path, "k") {
				continue // toggles take an absent body; the texts are what could be stored by halves
			}
			a := c.as("alice").do(e.method, e.path, bad.body, "Content-Type", bad.contentType)
			// Multipart is read on POST alone (as PHP reads it), elsewhere it is no body.
			ignored := e.method == "PATCH" && strings.HasPrefix(bad.contentType, "multipart")
			if a.status != 400 && a.status != 413 && !ignored {
				t.Errorf("%s to %s %s: %d %s", bad.name, e.method, e.path, a.status, a.raw)
			}
			a.wantClear()
		}
		for _, e := range endpoints(id) {
			if e.method == "GET" {
				c.as("alice").do(e.method, e.path, bad.body, "Content-Type", bad.contentType).wantClear()
			}
		}
	}
	if after := c.sums(); after != before {
		t.Errorf("rows before %s, after %s", before, after)
	}
}

// values no parameter should choke on.
var oddValues = []any{
	nil, true, false, 0, -1, 1.5, -9223372036854775808.0, "9223372036854775808", "-9223372036854775809", "1e400", "NaN", "0x10",
	"", " ", "\u0000", "a\u0000b", "%", "_", "%%%", "\\", "' OR '1'='1", "\"; DROP TABLE wp_users; --", "') UNION SELECT user_pass FROM wp_users -- ",
	"${jndi:x}", "{{7*7}}", "<script>alert(1)</script>", "O:8:\"stdClass\":0:{}", "a:1:{i:0;O:3:\"Foo\":0:{}}", "\u202egnirts", strings.Repeat("é", 9000),
	[]any{}, []any{nil}, []any{[]any{1}}, object{}, object{"0": 4}, object{"a": object{"b": 1}}, strings.Repeat("1,", 5000), "../../etc/passwd", "\U0010ffff",
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, noMinuteLimit, noDailyLimit, func(s *setup) { s.limits.SuggestPerMinute = 0 })
	id := c.as("alice").start("hi", "bob")
	users := c.count("SELECT COUNT(*) FROM wp_users")
	names := []string{"recipient_ids", "recipients", "participants", "message", "content", "body", "title", "type", "client_id", "muted",
		"is_muted", "archived", "is_archived", "blocked", "limit", "per_page", "offset", "page", "after", "before", "order", "mark_read",
		"filter", "search", "q", "reason", "description", "message_id", "id"}
	for _, v := range oddValues {
		for _, name := range names {
			body := object{"recipient_ids": ids("bob"), "message": "x", "content": "x"}
			body[name] = v
			for _, e := range endpoints(id) {
				if !concerns(e, name) {
					continue
				}
				c.as("alice").do(e.method, e.path, body).wantClear()
			}
		}
	}
	c.wantCount(users, "SELECT COUNT(*) FROM wp_users")
	c.wantCount(0, "SELECT COUNT(*) FROM wp_parley_messages m LEFT JOIN wp_parley_message_text x ON x.message_id = m.id WHERE m.kind = 0 AND x.message_id IS NULL")
	// What was accepted is gapless and comes back to everybody.
	c.wantCount(c.count("SELECT last_seq FROM wp_parley_conversations WHERE id = ?", id), "SELECT COUNT(*) FROM wp_parley_messages WHERE conversation_id = ?", id)
	c.as("bob").get(messages(id) + "?limit=100").want(200)
	c.as("bob").get("/conversations?limit=100&filter=all").want(200)
}

// concerns reports whether an endpoint takes a parameter, so that each is tried
// where it matters.
func concerns(e endpoint, name string) bool {
	switch name {
	case "recipient_ids", "recipients", "participants", "type":
		return e.method == "POST" && e.path == "/conversations"
	case "message", "content", "body", "client_id":
		return e.text == "message" || e.text == "content"
	case "title":
		return e.text == "title" || e.text == "message"
	case "limit", "per_page", "offset", "page", "after", "before", "order", "mark_read", "filter", "search", "q":
		return e.method == "GET"
	case "reason", "description", "message_id":
		return e.text == "description"
	case "id":
		return e.method == "GET" && e.path == "/conversations"
	}
	return strings.HasSuffix(name, e.text) && e.text != "" || e.method == "PATCH"
}

// sums counts the rows of every table that is written.
func (c *community) sums() string {
	c.t.Helper()
	var b strings.Builder
	for _, table := range []string{"wp_parley_conversations", "wp_parley_participants", "wp_parley_messages", "wp_parley_message_text",
		"wp_parley_events", "wp_parley_reports", "wp_jt_notifications", "wp_jt_flags"} {
		fmt.Fprintf(&b, "%s=%d ", table, c.count("SELECT COUNT(*) FROM "+table))
	}
	return b.String()
}

// SQL metacharacters in a text are text.
func TestSQLInText(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	for _, text := range []string{`'; DROP TABLE wp_parley_messages; -- `, `\' OR 1=1 #`, "\\", `%_%`, "/*!50000 1*/ \"` ; \x1a", "?,:name,@x"} {
		want := strings.TrimSpace(text)
		a := c.as("alice").post(messages(ab), object{"content": text}).want(201)
		if got := strings.TrimSpace(a.str("content_plain")); got != want && !strings.Contains(text, "\x1a") {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	c.as("alice").get("/conversations?search=DROP%20TABLE").wantIDs(ab)
	c.as("alice").get("/conversations?search='%20OR%20''='").want(200)
	c.as("alice").get("/conversations?search=%25").want(200)
	c.as("bob").get(messages(ab)).want(200).eq("meta.total", 7)
}

// Credentials that are forged, foreign, expired or of another scheme are nobody's,
// and never a fault.
func TestForgedCredentials(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice, bob := testdb.Cast()["alice"], testdb.Cast()["bob"]
	nonce := alice.Nonce(c.clock.Now())
	name := "wordpress_logged_in_" + testdb.CookieHash + "="
	value := strings.TrimPrefix(alice.Cookie(), name)
	for _, cookie := range []string{
		name, name + "x", name + strings.Repeat("%7C", 3), name + "alice%7C99999999999999999999%7Cx%7Cy", name + "alice|-1|x|y",
		name + strings.Replace(value, "alice", "admin", 1), name + value + "0", name + value[:len(value)-1],
		"wordpress_logged_in_00000000000000000000000000000000=" + value, "wordpress_" + testdb.CookieHash + "=" + value,
		name + "alice%00%7C2087802000%7Cx%7Cy", name + "%FF%FE%7C2087802000%7Cx%7Cy", name + "a'%20OR%201=1%20--%20%7C2087802000%7Cx%7Cy",
		name + strings.Repeat("A", 60_000),
	} {
		c.with("Cookie", cookie).get("/conversations").refused(401, "rest_not_logged_in")
		if a := c.with("Cookie", cookie, "X-WP-Nonce", nonce).get("/conversations"); a.status != 403 {
			t.Errorf("%.80s with a nonce: %d %s", cookie, a.status, a.raw)
		}
	}
	c.with("Cookie", bob.Cookie(), "X-WP-Nonce", nonce).get("/conversations").refused(403, "rest_cookie_invalid_nonce")
	for _, header := range []string{"Basic", "Basic ", "Basic !!!", "Basic " + base64.StdEncoding.EncodeToString([]byte("nocolon")),
		basic("alice", ""), basic("", alice.AppPassword), basic("alice", strings.Repeat("x", 70_000)), basic("alice\x00", alice.AppPassword),
		basic("\xff", "\xff"), basic("' OR 1=1 -- ", alice.AppPassword), basic("%", alice.AppPassword), "Bearer " + alice.AppPassword, basic("bob", alice.AppPassword)} {
		c.with("Authorization", header).get("/conversations").refused(401, "rest_not_logged_in")
	}
	for _, n := range []string{"x", "0123456789", nonce + "0", nonce[:9], strings.Repeat("f", 5000), "'--"} {
		c.with("Cookie", alice.Cookie(), "X-WP-Nonce", n).get("/conversations").refused(403, "rest_cookie_invalid_nonce")
	}
}

// Serialized objects and rubbish where WordPress keeps sessions, roles and
// application passwords: the account is as good as without them, and nothing else.
func TestSerializedPayloadsInUserMeta(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`O:8:"stdClass":1:{s:1:"a";b:1;}`, `a:1:{i:0;O:10:"Evil\Thing":0:{}}`, `C:11:"ArrayObject":21:{x:i:0;a:0:{};m:a:0:{}}`,
		`a:99999999999:{}`, `a:1:{s:13:"administrator";`, `s:9999999:"x";`, strings.Repeat(`a:1:{i:0;`, 50_000), "a:1:{s:13:\"administrator\";R:1;}",
		"\x00\xff", `i:5`, "",
	} {
		c := newCommunity(t)
		ab := c.as("alice").start("hi", "bob")
		for _, key := range []string{"session_tokens", "_application_passwords", "wp_capabilities"} {
			c.exec("UPDATE wp_usermeta SET meta_value = ? WHERE user_id = ? AND meta_key = ?", []byte(strings.ToValidUTF8(payload, "?")), testdb.Bob, key)
		}
		for _, cl := range []client{c.as("bob"), c.web("bob")} {
			a := cl.do("DELETE", fmt.Sprintf("%s/conversations/%d", admin, ab), nil)
			if a.status != 401 && a.status != 403 {
				t.Errorf("%.40q: %d %s", payload, a.status, a.raw)
			}
		}
		c.as("alice").send(ab, "still here")
	}
}
