package api_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/messaging"
)

const me = "/wp-json/parley/v1/me"

func TestMeSaysWhoCallsAndWhatTheyMay(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice := c.as("alice").get(me).want(http.StatusOK)
	alice.eq("viewer.login", "alice").eq("viewer.name", "Alice Anders").eq("viewer.can_oversee", false).
		eq("can_start", true).eq("start_closed", "").eq("limits.message_length", 10000).eq("limits.members", 20).
		eq("labels.space_plural", "Spaces").eq("site.locale", "en-US").eq("site.timezone", "Europe/Berlin")
	c.as("admin").get(me).want(http.StatusOK).eq("viewer.can_oversee", true).eq("can_start", true)
	c.nobody().get(me).want(http.StatusUnauthorized)
	c.as("alice").post(me, object{}).want(http.StatusNotFound)
	for login, reason := range map[string]messaging.Reason{
		"dave": messaging.TrustTooLow, "sid": messaging.Silenced, "zed": messaging.Banned, "vera": messaging.PendingVerification,
	} {
		c.as(login).get(me).want(http.StatusOK).eq("can_start", false).eq("start_closed_reason", string(reason))
	}
	german := newCommunity(t, changed("INSERT INTO wp_options (option_name, option_value) VALUES ('WPLANG', 'de_DE')",
		"UPDATE wp_options SET option_value = '' WHERE option_name = 'timezone_string'",
		"UPDATE wp_options SET option_value = '5.5' WHERE option_name = 'gmt_offset'"))
	german.as("dave").get(me).want(http.StatusOK).eq("site.locale", "de-DE").eq("site.timezone", "+05:30").
		eq("start_closed", "Du brauchst eine höhere Vertrauensstufe, um Nachrichten zu senden.")
}

func TestAReadIsTaggedAndToldNothingNewOnce(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice, bob := c.as("alice"), c.as("bob")
	id := alice.start("Hello", "bob")
	for _, path := range []string{"/conversations", conv(id), messages(id) + "?mark_read=false", "/conversations/unread-count", me} {
		first := bob.get(path).want(http.StatusOK)
		tag := first.header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) {
			t.Fatalf("%s: ETag %q", path, tag)
		}
		for _, sent := range []string{tag, strings.TrimPrefix(tag, "W/"), `"other", ` + tag, "*"} {
			again := bob.do("GET", path, nil, "If-None-Match", sent)
			if again.want(http.StatusNotModified); len(again.raw) != 0 || again.header.Get("ETag") != tag || again.header.Get("Content-Type") != "" ||
				!strings.Contains(again.header.Get("Cache-Control"), "no-store") {
				t.Errorf("%s with %s: %v %s", path, sent, again.header, again.raw)
			}
		}
		bob.do("GET", path, nil, "If-None-Match", `W/"other"`).want(http.StatusOK)
		if head := bob.do("HEAD", path, nil).want(http.StatusOK); head.header.Get("ETag") != tag {
			t.Errorf("HEAD %s: ETag %q, want %q", path, head.header.Get("ETag"), tag)
		}
		bob.do("HEAD", path, nil, "If-None-Match", tag).want(http.StatusNotModified)
	}
	// What is told as nothing new has been read all the same.
	tag := bob.get(messages(id) + "?mark_read=false").header.Get("ETag")
	if n := bob.unread(); n != 1 {
		t.Fatalf("%d unread", n)
	}
	bob.do("GET", messages(id), nil, "If-None-Match", tag).want(http.StatusNotModified)
	if n := bob.unread(); n != 0 {
		t.Errorf("%d unread after reading", n)
	}
	alice.send(id, "Again")
	bob.do("GET", messages(id), nil, "If-None-Match", tag).want(http.StatusOK)
	// Another member's tag, an error, a change: nothing of that is "nothing new".
	bob.do("GET", "/conversations/999999", nil, "If-None-Match", "*").want(http.StatusNotFound)
	c.nobody().do("GET", "/conversations", nil, "If-None-Match", "*").want(http.StatusUnauthorized)
	if sent := bob.do("POST", messages(id), object{"content": "x"}, "If-None-Match", "*").want(http.StatusCreated); sent.header.Get("ETag") != "" {
		t.Error("a change is tagged")
	}
}

func TestAssetsAreThereForEverybody(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	if a := c.nobody().get("/wp-json/parley/v1/assets/parley.css").want(http.StatusOK); !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") ||
		a.header.Get("Cache-Control") != "public, no-cache" {
		t.Errorf("%v", a.header)
	}
	c.nobody().get("/wp-json/parley/v1/assets/../me").want(http.StatusNotFound)
	c.nobody().get("/wp-json/parley/v1/assets/").want(http.StatusNotFound)
	c.nobody().get("/wp-json/parley/v1/assets/manifest.json").want(http.StatusNotFound)
	c.nobody().do("POST", "/wp-json/parley/v1/assets/parley.css", nil).want(http.StatusMethodNotAllowed)
}
