package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/internal/testdb"
)

// Every way WordPress lets an address be written.
func TestAddresses(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	for _, path := range []string{
		"/wp-json/jetonomy/v1/conversations/%d",
		"/wp-json/jetonomy/v1/conversations/%d/",
		"/wp-json/Jetonomy/V1/CONVERSATIONS/%d",
		"/wp-json//jetonomy/v1//conversations/%d",
		"/index.php/wp-json/jetonomy/v1/conversations/%d",
		"/?rest_route=/jetonomy/v1/conversations/%d",
		"/?rest_route=/jetonomy/v1/conversations/%d/",
		"/index.php?rest_route=/jetonomy/v1/conversations/%d",
		"/wp-json/jetonomy/v1/conversat%%69ons/%d",
	} {
		path := fmt.Sprintf(path, ab)
		c.as("alice").get(path).want(200).eq("id", ab)
		c.as("carol").get(path).refused(403, "jetonomy_forbidden")
	}
	c.as("alice").get("/?rest_route[]=/jetonomy/v1/conversations").refused(400, "rest_path_invalid_type", "The REST route parameter must be a string.")
	c.as("alice").get("/wp-json/wp/v2/users/me").refused(404, "rest_no_route")
	if a := c.as("alice").get("/about"); a.status != 404 || a.body != nil {
		t.Errorf("an address of WordPress's own: %d %s", a.status, a.raw)
	}
}

func TestSiteInASubdirectory(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, func(s *setup) { s.home = "http://127.0.0.1:8090/blog" })
	a := c.as("alice").get("/blog/wp-json/jetonomy/v1/conversations").want(200)
	if got := a.header.Get("Link"); got != `<http://127.0.0.1:8090/blog/wp-json/>; rel="https://api.w.org/"` {
		t.Errorf("Link %s", got)
	}
	c.as("alice").get("/blog/?rest_route=/jetonomy/v1/conversations").want(200)
	if a := c.as("alice").get("/wp-json/jetonomy/v1/conversations"); a.status != 404 {
		t.Errorf("outside of the site: %d", a.status)
	}
}

func TestHeadOptionsAndOverride(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	head := c.as("alice").do("HEAD", "/conversations", nil).want(200)
	if len(head.raw) > 0 || head.header.Get("X-WP-Total") != "1" || head.header.Get("Allow") != "GET, POST" {
		t.Errorf("HEAD: %q %v", head.raw, head.header)
	}
	c.nobody().do("HEAD", "/conversations", nil).want(401)
	o := c.nobody().do("OPTIONS", conv(ab), nil).want(200)
	o.eq("namespace", "jetonomy/v1").eq("methods", []string{"GET", "PATCH", "DELETE"})
	o.eq("endpoints.1.args.is_muted.type", "boolean")
	if o.header.Get("Allow") != "" {
		t.Error("nobody is allowed anything")
	}
	c.as("alice").do("OPTIONS", "/conversations", nil).want(200).
		eq("_links.self.0.href", testdb.SiteURL+"/wp-json/jetonomy/v1/conversations").eq("schema.title", "conversation")
	if a := c.as("alice").do("OPTIONS", "/conversations/none", nil).want(200); string(a.raw) != "[]" {
		t.Errorf("OPTIONS of nothing: %s", a.raw)
	}
	c.as("alice").do("POST", conv(ab), object{"is_muted": true}, "X-HTTP-Method-Override", "PATCH").want(200).eq("is_muted", true)
	c.as("alice").do("GET", conv(ab)+"/mute?_method=POST&muted=0", nil).want(200).eq("is_muted", false)
	c.nobody().do("GET", conv(ab)+"/mute?_method=POST", nil).refused(401, "rest_not_logged_in")
	// What is done by an overridden method is refused like the method itself.
	c.web("alice").do("GET", conv(ab)+"/mute?_method=POST&_wpnonce=bad", nil).refused(403, "rest_cookie_invalid_nonce")
}

func TestStandardHeaders(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, a := range []answer{
		c.web("alice").get("/conversations").want(200), c.nobody().get("/conversations").want(401),
		c.as("alice").get("/conversations/7").want(404), c.as("alice").get("/conversations/abc").want(404),
		c.as("alice").post("/conversations", "{").want(400),
	} {
		for name, want := range map[string]string{
			"Content-Type":                  "application/json; charset=UTF-8",
			"Cache-Control":                 "no-cache, must-revalidate, max-age=0, no-store, private",
			"X-Content-Type-Options":        "nosniff",
			"X-Robots-Tag":                  "noindex",
			"Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
			"Link":                          `<http://127.0.0.1:8090/wp-json/>; rel="https://api.w.org/"`,
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", a.what, name, got, want)
			}
		}
	}
}

// 401 comes before anything is said about the request (contract 1.0).
func TestNobodyLearnsNothing(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").start("hi", "bob")
	for _, body := range []string{"{", strings.Repeat("x", 300<<10), `{"recipient_ids":"abc"}`, strings.Repeat("[", 100_000)} {
		for _, header := range [][]string{nil, {"Content-Type", "application/x-www-form-urlencoded"}} {
			c.nobody().do("POST", "/conversations", body, header...).refused(401, "rest_not_logged_in")
			c.nobody().do("POST", "/conversations/1/messages?limit=x", body, header...).refused(401, "rest_not_logged_in")
		}
	}
	c.nobody().get("/conversations/1").refused(401, "rest_not_logged_in")
	c.nobody().get("/conversations/999999?limit=x").refused(401, "rest_not_logged_in")
}

// Account gates come before parameters, parameters before existence, existence
// before participation (contract 1.0, 2).
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").start("hi", "bob")
	for _, body := range []string{"{", `{}`} {
		c.as("zed").post("/conversations", body).refused(403, "jetonomy_user_banned")
		c.as("vera").post("/conversations", body).refused(403, "jetonomy_pending_verification")
		c.as("sid").post("/conversations", body).refused(403, "silenced")
		c.as("zed").post("/conversations/999999/mute", body).refused(403, "jetonomy_user_banned")
	}
	c.as("alice").post(messages(999999), object{}).refused(400, "rest_missing_callback_param")
	c.as("carol").post(messages(1), object{}).refused(400, "rest_missing_callback_param")
	c.as("carol").post(messages(999999), object{"content": " "}).refused(404, "jetonomy_not_found")
	c.as("carol").post(messages(1), object{"content": " "}).refused(403, "jetonomy_forbidden")
	c.exec("DELETE FROM wp_usermeta WHERE user_id = ? AND meta_key = 'wp_capabilities'", testdb.Alice)
	c.eventually("the role is gone", func() bool { return c.as("alice").post(conv(1)+"/mute", nil).status == 403 })
	c.as("alice").post(conv(1)+"/mute", "{").refused(403, "rest_forbidden", "Sorry, you are not allowed to do that.")
	c.as("alice").get(conv(1)).want(200)
}

// _fields, _envelope and the rest, over the surface's own shapes.
func TestShapingOfAnswers(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	if a := c.as("alice").get(conv(ab) + "?_fields=id,title,data.type"); string(a.raw) != fmt.Sprintf(`{"id":%d,"title":"Bob Martinez","data":{"type":"direct"}}`, ab) {
		t.Errorf("%s", a.raw)
	}
	a := c.as("alice").get("/conversations?_envelope&limit=x").want(200)
	a.eq("status", 400).eq("body.code", "rest_invalid_param").eq("headers.Allow", "GET, POST")
	a = c.as("alice").get("/conversations?_envelope").want(200).eq("status", 200).eq("headers.X-WP-Total", 1)
	if a.header.Get("X-WP-Total") != "" {
		t.Error("the total is in the envelope")
	}
	a = c.as("alice").get("/conversations/unread-count?_jsonp=cb")
	if string(a.raw) != `/**/cb({"count":0,"unread":0,"unread_count":0})` || a.header.Get("Content-Type") != "application/javascript; charset=UTF-8" {
		t.Errorf("%s %v", a.raw, a.header)
	}
	if pretty := c.as("alice").get(conv(ab) + "?_pretty"); !json.Valid(pretty.raw) || !strings.Contains(string(pretty.raw), "\n    \"id\"") {
		t.Errorf("%s", pretty.raw)
	}
}
