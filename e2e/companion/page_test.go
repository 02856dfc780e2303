package companion

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const inbox = "/community/messages/"

// themes are the two of testdata, and those of WordPress's that are there.
func themes(t *testing.T) []string {
	t.Helper()
	names := []string{"plain-classic", "plain-blocks"}
	found, err := filepath.Glob(filepath.Join(site.Dir, "wp-content/themes/twenty*/style.css"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if info, err := os.Stat(filepath.Join(filepath.Dir(path), "index.php")); err == nil && info.Size() > 0 {
			names = append(names, filepath.Base(filepath.Dir(path)))
		}
	}
	return names
}

var elementPattern = regexp.MustCompile(`<parley-inbox ([^>]*)>`)

// element finds the one inbox of a page and returns its attributes as they are written.
func element(t *testing.T, html string) string {
	t.Helper()
	found := elementPattern.FindAllStringSubmatch(html, -1)
	if len(found) != 1 {
		t.Fatalf("%d inboxes in\n%s", len(found), html)
	}
	return found[0][1]
}

func TestTheInboxIsAPageOfTheTheme(t *testing.T) {
	alice, admin := logIn(t, "alice"), logIn(t, "admin")
	for _, theme := range themes(t) {
		t.Run(theme, func(t *testing.T) {
			use(t, theme)
			a := do(t, alice, "GET", inbox, nil)
			html := string(a.Body)
			if cache := a.Header.Get("Cache-Control"); a.Status != 200 || !strings.Contains(cache, "no-store") {
				t.Errorf("%d, Cache-Control %q", a.Status, cache)
			}
			attributes := element(t, html)
			holds(t, attributes, `root="/wp-json/"`, `nonce="`, `nonce-url="/wp-admin/admin-ajax.php?action=rest-nonce"`, `base="/community/messages/"`, `lang="en-US"`)
			lacks(t, attributes, "conversation=", " to=")
			holds(t, html, "<title>Messages &#8211; Parley demo</title>", "parley-inbox-page", "alignwide", "noindex",
				`<script type="module" src="`+site.URL+`/wp-json/parley/v1/assets/inbox.js"`, `href="`+site.URL+`/community/messages/?plain=1"`)
			lacks(t, html, "hello-world", "?p=0", "pages/0", "oembed", "page-id-0")

			html = page(t, admin, inbox+"17/?to=o%27neil+%3Cb%3E")
			holds(t, element(t, html), `conversation="17"`, `to="o&#039;neil"`)
			lacks(t, html, "post.php?post=0", "Edit this")
		})
	}
	if n := php(t, "echo wp_count_posts( 'page' )->publish;"); n != "1" {
		t.Errorf("%s pages are in the database, not WordPress's sample alone", n)
	}
}

func TestAddressesOfTheInbox(t *testing.T) {
	use(t, "plain-classic")
	c := logIn(t, "alice")
	nobody := site.NewSession()
	for path, to := range map[string]string{
		inbox:               site.URL + "/wp-login.php?redirect_to=" + url.QueryEscape(site.URL+inbox),
		inbox + "7/":        site.URL + "/wp-login.php?redirect_to=" + url.QueryEscape(site.URL+inbox+"7/"),
		inbox + "?to=a%26b": site.URL + "/wp-login.php?redirect_to=" + url.QueryEscape(site.URL+inbox+"?to=a%26b"),
	} {
		a := do(t, nobody, "GET", path, nil)
		if a.Status != http.StatusFound || a.Header.Get("Location") != to || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %d to %s, want %s", path, a.Status, a.Header.Get("Location"), to)
		}
	}
	for path, to := range map[string]string{"/community/messages": inbox, "/community/messages/7?x=1": inbox + "7/?x=1"} {
		if a := do(t, c, "GET", path, nil); a.Status != http.StatusMovedPermanently || strings.TrimPrefix(a.Header.Get("Location"), site.URL) != to {
			t.Errorf("%s: %d to %s, want %s", path, a.Status, a.Header.Get("Location"), to)
		}
	}
	element(t, page(t, c, inbox+"new/"))
	for _, path := range []string{inbox + "abc/", inbox + "1/2/", "/community/messagesque/"} {
		if a := do(t, c, "GET", path, nil); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

// Without JavaScript a member asks for Parley's own pages, and has them until the
// browser is closed.
func TestPagesThatNeedNoJavaScript(t *testing.T) {
	c := logIn(t, "alice")
	id := start(t, c, "Without a script", "bob")
	own := page(t, c, inbox+"?plain=1")
	lacks(t, own, "parley-inbox-page")
	holds(t, own, "Bob Martinez")
	thread := page(t, c, strings.TrimPrefix(own[strings.Index(own, `href="/community/messages/`)+len(`href="`):][:len(inbox)], site.URL))
	lacks(t, thread, "parley-inbox-page")
	form := regexp.MustCompile(`name="(_wpnonce|client_id)" value="([^"]*)"`)
	fields := url.Values{"message": {"Sent by a form"}}
	address := inbox + itoa(id) + "/"
	for _, m := range form.FindAllStringSubmatch(page(t, c, address), -1) {
		fields.Set(m[1], m[2])
	}
	if a := do(t, c, "POST", address, fields); a.Status != http.StatusSeeOther {
		t.Fatalf("the form: %d %s", a.Status, a.Body)
	}
	holds(t, page(t, c, address), "Sent by a form")
	use(t, "plain-classic")
	holds(t, page(t, c, inbox+"?plain=0"), "parley-inbox-page")
	holds(t, page(t, c, inbox), "parley-inbox-page")
}

func TestParleysOwnPageInsteadOfTheThemes(t *testing.T) {
	set(t, "page", "'own'")
	c := logIn(t, "alice")
	lacks(t, page(t, c, inbox), "parley-inbox-page")
	if a := do(t, c, "GET", "/community/messages", nil); a.Status != http.StatusMovedPermanently || a.Header.Get("X-Parley-Via") == "" {
		t.Errorf("without a slash: %d %v", a.Status, a.Header)
	}
}

// newPost puts a page into the site until the test ends and returns its path.
func newPost(t *testing.T, content string) string {
	t.Helper()
	id := php(t, `echo wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Mine', 'post_name' => 'mine', 'post_content' => '`+content+`' ) );`)
	t.Cleanup(func() {
		if _, err := site.PHP(context.Background(), "wp_delete_post( "+id+", true );"); err != nil {
			t.Error(err)
		}
	})
	return "/mine/"
}

func TestShortcodeAndBlock(t *testing.T) {
	use(t, "plain-blocks")
	c := logIn(t, "alice")
	for _, content := range []string{"[parley_inbox]", `<!-- wp:parley/inbox {"align":"full"} /-->`} {
		t.Run(content, func(t *testing.T) {
			path := newPost(t, content)
			a := do(t, c, "GET", path+"?to=bob&conversation=12", nil)
			attributes := element(t, string(a.Body))
			holds(t, attributes, `root="/wp-json/"`, `to="bob"`, `conversation="12"`)
			lacks(t, attributes, "base=")
			if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("a page with a nonce on it may be kept: %v", a.Header)
			}
			if full := strings.Contains(string(a.Body), `class="parley-inbox alignfull"`); full != strings.Contains(content, "full") {
				t.Errorf("full width: %t", full)
			}
			html := page(t, site.NewSession(), path)
			holds(t, html, "Please sign in to use this.", "wp-login.php?redirect_to="+url.QueryEscape(site.URL+path))
			lacks(t, html, "<parley-inbox", "inbox.js", "parley-badge")
		})
	}
}

// Plain permalinks: no pretty address, but the query variable and ?rest_route= serve.
func TestPlainPermalinks(t *testing.T) {
	use(t, "plain-classic")
	php(t, "global $wp_rewrite; $wp_rewrite->set_permalink_structure( '' ); flush_rewrite_rules( false );")
	defer php(t, "global $wp_rewrite; $wp_rewrite->set_permalink_structure( '/%postname%/' ); flush_rewrite_rules( false );")
	c := logIn(t, "alice")
	attributes := element(t, page(t, c, "/?parley_inbox=1&parley_conversation=5"))
	holds(t, attributes, `root="/index.php?rest_route=/"`, `conversation="5"`)
	lacks(t, attributes, "base=")
	if a := do(t, c, "GET", "/index.php?rest_route=/jetonomy/v1/conversations/unread-count", nil); a.Status != 200 || a.Header.Get("X-Parley-Via") == "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if got := php(t, "echo parley_message_url( get_user_by( 'login', 'bob' )->ID );"); got != site.URL+"/?parley_inbox=1&to=bob" {
		t.Errorf("address of a new message: %s", got)
	}
}

// Another base slug is served at once, and the old address is no more.
func TestTheSlugIsJetonomys(t *testing.T) {
	use(t, "plain-classic")
	php(t, "update_option( 'jetonomy_settings', array( 'base_slug' => 'forum' ) );")
	defer php(t, "delete_option( 'jetonomy_settings' );")
	c := logIn(t, "alice")
	page(t, c, "/") // the rules are written down on the way
	holds(t, element(t, page(t, c, "/forum/messages/3/")), `base="/forum/messages/"`, `conversation="3"`)
	if a := do(t, c, "GET", inbox, nil); a.Status != 404 {
		t.Errorf("the old address: %d", a.Status)
	}
}
