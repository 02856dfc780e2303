package api_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"parley/internal/testdb"
)

const inboxPage = "/community/messages/"

// attribute reads an attribute of the page's element.
func attribute(t *testing.T, page []byte, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<parley-[a-z]+ [^>]*?\b` + name + `="([^"]*)"`).FindSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(string(m[1]))
}

func TestThePageBringsWhatTheElementNeeds(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice, bob := c.as("alice"), c.web("bob")
	id := alice.start("Hello", "bob")
	alice.send(id, "Are you there?")
	list := bob.get(inboxPage).want(http.StatusOK)
	if badge := `<span class="badge" id="badge">1</span>`; !strings.Contains(string(list.raw), badge) {
		t.Errorf("no badge in %s", list.raw)
	}
	page := bob.get(fmt.Sprintf("%s%d/", inboxPage, id)).want(http.StatusOK).raw
	for name, want := range map[string]string{"root": "/wp-json/", "nonce-url": inboxPage + "nonce", "base": inboxPage, "lang": "en-US",
		"conversation": fmt.Sprint(id), "unread": "2", "to": "", "nonce": testdb.Cast()["bob"].Nonce(c.clock.Now())} {
		if got := attribute(t, page, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	var boot, answered any
	if err := json.Unmarshal([]byte(attribute(t, page, "boot")), &boot); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bob.get(me).want(http.StatusOK).raw, &answered); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(boot, answered) {
		t.Errorf("the page says\n%v, the interface\n%v", boot, answered)
	}
	// The page was the reading of it.
	again := bob.get(fmt.Sprintf("%s%d/", inboxPage, id)).want(http.StatusOK).raw
	if attribute(t, again, "unread") != "" || !strings.Contains(string(again), `id="badge" hidden`) {
		t.Error("read, and still unread")
	}
	if to := attribute(t, bob.get(inboxPage+"?to=carol").want(http.StatusOK).raw, "to"); to != "carol" {
		t.Errorf("to is %q", to)
	}
	// What is not there is said beside the list, whoever has it.
	for path, says := range map[string]string{"999999/": "Conversation not found."} {
		if a := bob.get(inboxPage + path).want(http.StatusNotFound); !strings.Contains(string(a.raw), says) || attribute(t, a.raw, "conversation") != "999999" {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	if a := c.web("carol").get(fmt.Sprintf("%s%d/", inboxPage, id)).want(http.StatusForbidden); strings.Contains(string(a.raw), "Hello") {
		t.Errorf("an outsider reads %s", a.raw)
	}
}

func TestThePageSpeaksTheLanguageOfTheSite(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, changed("INSERT INTO wp_options (option_name, option_value) VALUES ('WPLANG', 'ar')"))
	id := c.as("alice").start("Hello", "bob")
	page := string(c.web("bob").get(fmt.Sprintf("%s%d/", inboxPage, id)).want(http.StatusOK).raw)
	for _, part := range []string{`<html lang="ar" dir="rtl">`, `>الرسائل<`, `placeholder="اكتب رسالة..."`, `lang="ar"`, "مارس 2026"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %s in %s", part, page)
		}
	}
	if refused := string(c.web("dave").get(inboxPage + "new/").want(http.StatusOK).raw); !strings.Contains(refused, "تحتاج إلى مستوى ثقة أعلى لإرسال الرسائل.") {
		t.Errorf("dave is told %s", refused)
	}
}

func TestTheNavigationLeadsWhereTheViewerMayGo(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for login, want := range map[string][]string{
		"alice": {"/community/", "/community/search/", "/community/leaderboard/", "/community/u/alice/", inboxPage},
		"mona":  {"/community/", "/community/search/", "/community/leaderboard/", "/community/u/mona/", "/community/mod/", inboxPage},
		"admin": {"/community/", "/community/search/", "/community/leaderboard/", "/community/u/admin/", "/community/mod/", inboxPage, inboxPage + "oversight/"},
	} {
		page := string(c.web(login).get(inboxPage).want(http.StatusOK).raw)
		_, places, _ := strings.Cut(page, `class="places"`)
		places, _, _ = strings.Cut(places, "</nav>")
		var got []string
		for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(places, -1) {
			got = append(got, m[1])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", login, got, want)
		}
	}
	if a := c.web("admin").get(inboxPage + "oversight/").want(http.StatusOK); attribute(t, a.raw, "base") != inboxPage+"oversight/" {
		t.Errorf("%s", a.raw)
	}
	c.web("mona").get(inboxPage + "oversight/").want(http.StatusForbidden)
	c.nobody().get(inboxPage + "oversight/").want(http.StatusFound)
	c.nobody().get(inboxPage + "nonce").want(http.StatusUnauthorized)
}
