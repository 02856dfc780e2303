package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// Scenario 109 of the contract.
func TestScenario109LoggedOutBrowserIsSentToSignIn(t *testing.T) {
	a := do(t, site.NewSession(), "GET", inbox, nil)
	wantTo := site.URL + "/wp-login.php?redirect_to=" + url.QueryEscape(site.URL+inbox)
	if a.Status != http.StatusFound || a.Header.Get("Location") != wantTo {
		t.Errorf("%d to %s, want 302 to %s", a.Status, a.Header.Get("Location"), wantTo)
	}
	b := sitetest.NewPlainBrowser(t, site)
	b.Open(inbox + "?filter=archived")
	b.LogIn("alice")
	b.See(".list")
	if at, heading := b.Ask("location.href"), b.Ask(`document.querySelector(".list h1").innerText`); at != site.URL+inbox+"?filter=archived" || heading != "Archived" {
		t.Errorf("after signing in the browser is at %s, heading %q", at, heading)
	}
	// The style sheet is there, in spite of the strict policy.
	if display := b.Ask(`getComputedStyle(document.querySelector(".card")).display`); display != "grid" {
		t.Errorf("the page is not styled: display %s", display)
	}
}

// Scenario 110 of the contract.
func TestScenario110ToOpensTheComposerWithTheMemberChosen(t *testing.T) {
	b := sitetest.NewPlainBrowser(t, site)
	b.Open(inbox + "?to=bob")
	b.LogIn("alice")
	b.See("form.compose")
	if to, chosen := b.Ask(`document.querySelector("#to").value`), b.Ask(`document.querySelector(".chosen").innerText`); to != "bob" || chosen != "Bob Martinez" {
		t.Errorf("To is %q (%q)", to, chosen)
	}
}

func TestTwoMembersConverseInTwoBrowsers(t *testing.T) {
	const question, answer = "Shall we <b>meet</b> & talk? <script>document.title='broken'</script>", "Yes.\n\nAt noon."
	alice := sitetest.NewPlainBrowser(t, site)
	bob := sitetest.NewPlainBrowser(t, site)
	alice.Open(inbox + "?to=bob")
	alice.LogIn("alice")
	alice.Fill("#message", question)
	alice.Click("form.compose button")
	alice.See(".message.own")
	const last = `[...document.querySelectorAll(".message")].at(-1).querySelector(".bubble").innerText`
	if title, shown := alice.Ask("document.title"), alice.Ask(last); !strings.HasPrefix(title, "Bob Martinez") || shown != "Shall we meet & talk?" {
		t.Errorf("alice's page %q shows %q", title, shown)
	}

	bob.Open(inbox)
	bob.LogIn("bob")
	bob.See(".row.unread")
	bob.Shoot("list-unread-390", 390, 844)
	bob.Shoot("list-unread-1280", 1280, 860)
	bob.Click(".row")
	bob.See("form.reply")
	if class := bob.Ask(`document.querySelector(".row").className`); class != "row" {
		t.Errorf("the thread bob has open is still unread in his list: %q", class)
	}
	bob.Fill("#message", answer)
	bob.Click("form.reply button")
	bob.See(".message.own")
	bob.Shoot("thread-390", 390, 844)
	bob.Shoot("thread-1280", 1280, 860)

	alice.Do(chromedp.Reload())
	alice.See(".message:not(.own)")
	if reply := alice.Ask(last); reply != answer {
		t.Errorf("alice reads %q", reply)
	}
	// Oldest first, and the newest in sight without a script.
	if order := alice.Ask(`[...document.querySelectorAll(".bubble")].slice(-2).map(b => b.innerText[0]).join("")`); order != "SY" {
		t.Errorf("the thread ends %q", order)
	}
	if y := alice.Ask(`String([...document.querySelectorAll(".message")].at(-1).getBoundingClientRect().bottom <= innerHeight)`); y != "true" {
		t.Error("the newest message is out of sight")
	}
}

var hiddenField = regexp.MustCompile(`name="(_wpnonce|client_id)" value="([^"]*)"`)

// formOf fetches a page and returns the fields its form hides.
func formOf(t *testing.T, c *wpsite.Session, path string) url.Values {
	t.Helper()
	a := do(t, c, "GET", path, nil)
	v := url.Values{}
	for _, m := range hiddenField.FindAllSubmatch(a.Body, -1) {
		v.Set(string(m[1]), string(m[2]))
	}
	if a.Status != 200 || len(v) != 2 {
		t.Fatalf("%s: %d, fields %v", path, a.Status, v)
	}
	return v
}

func countMessages(t *testing.T, c *wpsite.Session, id int64) int {
	t.Helper()
	var page struct {
		Meta struct {
			Total int `json:"total"`
		} `json:"meta"`
	}
	want(t, c, 200, "GET", messagesOf(id), nil, &page)
	return page.Meta.Total
}

func TestAFormSentTwiceIsOneMessageAndAForgedOneIsNone(t *testing.T) {
	c := logIn(t, "carol")
	talk := start(t, c, "A thread for forms", "greta")
	thread := fmt.Sprintf("%s%d/", inbox, talk.ID)
	before := countMessages(t, c, talk.ID)

	browser := c.Copy()
	browser.Nonce = "" // a browser's form has no header
	form := formOf(t, browser, thread)
	form.Set("message", "Sent by an impatient hand")
	for range 2 {
		if a := do(t, browser, "POST", thread, form); a.Status != http.StatusSeeOther || a.Header.Get("Location") != thread {
			t.Fatalf("%d to %q: %s", a.Status, a.Header.Get("Location"), a.Body)
		}
	}
	if n := countMessages(t, c, talk.ID); n != before+1 {
		t.Errorf("%d messages more", n-before)
	}
	for name, nonce := range map[string]string{"missing": "", "wrong": "0123456789", "another member's": logIn(t, "bob").Nonce} {
		forged := url.Values{"message": {"<i>Forged</i>"}, "client_id": {"A"}, "_wpnonce": {nonce}}
		a := do(t, browser, "POST", thread, forged)
		if a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "&lt;i&gt;Forged&lt;/i&gt;</textarea>") {
			t.Errorf("nonce %s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := countMessages(t, c, talk.ID); n != before+1 {
		t.Errorf("%d messages more after forgeries", n-before)
	}
	// The nonce in the page is WordPress's own kind.
	c.Nonce = form.Get("_wpnonce")
	whoIs(t, c)
}

func TestThePageSaysWhatIsWrongInSentences(t *testing.T) {
	alice, dave := logIn(t, "alice"), logIn(t, "dave")
	alice.Nonce, dave.Nonce = "", ""
	form := formOf(t, alice, inbox+"new/")
	for _, c := range []struct {
		to, text string
		status   int
		says     string
	}{
		{"nobody-here", "Hello", 422, "User not found: nobody-here"},
		{" , ", "Hello", 422, "Please enter a recipient."},
		{"erin", "Hello", 403, "You can only message people who share at least one space with you."},
		{"bob", "  ", 422, ""},
		{"alice", "Hello", 422, ""},
	} {
		form.Set("to", c.to)
		form.Set("message", c.text)
		a := do(t, alice, "POST", inbox+"new/", form)
		if a.Status != c.status || !strings.Contains(string(a.Body), `role="alert"`) || !strings.Contains(string(a.Body), c.says) {
			t.Errorf("to %q: %d %s", c.to, a.Status, a.Body)
		}
	}
	if a := do(t, dave, "GET", inbox+"new/", nil); a.Status != 200 || strings.Contains(string(a.Body), `name="message"`) ||
		!strings.Contains(string(a.Body), "You need a higher trust level to send messages.") {
		t.Errorf("below the trust level: %d %s", a.Status, a.Body)
	}
	for path, status := range map[string]int{"999999/": 404, "abc/": 404, "0/": 404, "99999999999999999999/": 404} {
		if a := do(t, alice, "GET", inbox+path, nil); a.Status != status {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	secret := start(t, logIn(t, "mona"), "Between us", "carol")
	if a := do(t, alice, "GET", fmt.Sprintf("%s%d/", inbox, secret.ID), nil); a.Status != 403 || strings.Contains(string(a.Body), "Between us") {
		t.Errorf("somebody else's thread: %d %s", a.Status, a.Body)
	}
}

func TestThePageIsStrictAboutWhatItLoadsAndIsNeverCached(t *testing.T) {
	c := logIn(t, "alice")
	a := do(t, c, "GET", inbox, nil)
	csp := a.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers %v", a.Header)
	}
	css := regexp.MustCompile(`href="([^"]+\.css)"`).FindSubmatch(a.Body)
	if css == nil {
		t.Fatalf("no style sheet: %s", a.Body)
	}
	if s := do(t, site.NewSession(), "GET", string(css[1]), nil); s.Status != 200 || !strings.HasPrefix(s.Header.Get("Content-Type"), "text/css") ||
		!strings.Contains(s.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("the style sheet: %d %v", s.Status, s.Header)
	}
	if a := do(t, c, "GET", strings.TrimSuffix(inbox, "/")+"?to=bob", nil); a.Status != http.StatusMovedPermanently || a.Header.Get("Location") != inbox+"?to=bob" {
		t.Errorf("without its last slash: %d %v", a.Status, a.Header)
	}
}
