package sitetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// Browser is a tab of Chromium. Whatever it cannot do within a minute fails the test T
// and says what the page shows. Selectors are CSS.
type Browser struct {
	T    *testing.T
	Ctx  context.Context
	Site *wpsite.Site
}

// NewBrowser is a browser without cookies, closed at the end of the test.
func NewBrowser(t *testing.T, site *wpsite.Site) *Browser {
	t.Helper()
	first, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(first, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return openTab(t, ctx, site)
}

// NewPlainBrowser is a browser without cookies that runs no scripts.
func NewPlainBrowser(t *testing.T, site *wpsite.Site) *Browser {
	t.Helper()
	b := NewBrowser(t, site)
	if _, err := chromedp.Call(b.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fail(err)
	}
	return b
}

// Tab is another tab of the same browser, with its cookies.
func (b *Browser) Tab() *Browser {
	b.T.Helper()
	ctx, cancel := chromedp.NewContext(b.Ctx)
	b.T.Cleanup(cancel)
	return openTab(b.T, ctx, b.Site)
}

func openTab(t *testing.T, ctx context.Context, site *wpsite.Site) *Browser {
	t.Helper()
	// The start is not part of the minute: it would end the browser, too.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &Browser{t, ctx, site}
}

// WithoutAssets keeps the scripts of the pages away, as a network that fails would: the
// plain page stays, and the browser runs what a test asks.
func (b *Browser) WithoutAssets() {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(b.Ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{
			URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*/assets/*.js", Block: true}}})
	}
	if err != nil {
		b.Fail(err)
	}
}

// Do carries out actions.
func (b *Browser) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fail(err)
	}
}

// Fail ends the test and says where the browser is.
func (b *Browser) Fail(err error) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.T.Fatalf("%v; the browser is at %s and shows:\n%s", err, at, text)
}

// Open goes to a path of the site.
func (b *Browser) Open(path string) { b.T.Helper(); b.Do(chromedp.Navigate(b.Site.URL + path)) }

// See waits until something is visible.
func (b *Browser) See(selector string) {
	b.T.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Fill sets a field.
func (b *Browser) Fill(selector, value string) {
	b.T.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SetValue(chromedp.CSS(selector), value))
}

// Click clicks a link or a button and waits for the page it leads to.
func (b *Browser) Click(selector string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.Fail(err)
	}
}

// Ask evaluates an expression whose value is a string.
func (b *Browser) Ask(expression string, options ...chromedp.EvaluateOption) string {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, options...))
	if err != nil {
		b.Fail(err)
	}
	return v
}

// Becomes waits until an expression has a value.
func (b *Browser) Becomes(expression, want string) {
	b.T.Helper()
	Eventually(b.T, time.Minute, func() error {
		if got := b.Ask(expression); got != want {
			return fmt.Errorf("%s is %q, not %q", expression, got, want)
		}
		return nil
	})
}

// Before runs a script in every page before its own.
func (b *Browser) Before(script string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.Fail(err)
	}
}

// Press types with real keys into whatever has the focus.
func (b *Browser) Press(keys string, options ...chromedp.KeyOption) {
	b.T.Helper()
	b.Do(chromedp.KeyEvent(keys, options...))
}

// LogIn fills in wp-login.php, which must be showing, for a member of the site.
func (b *Browser) LogIn(login string) {
	b.T.Helper()
	b.SignIn(b.Site.Member(login).Password, login)
}

// SignIn fills in wp-login.php, which must be showing.
func (b *Browser) SignIn(password, login string) {
	b.T.Helper()
	b.Fill("#user_login", login)
	b.Fill("#user_pass", password)
	b.Click("#wp-submit")
}

// Shoot leaves a picture of the page in PARLEY_SCREENSHOTS, if that names a folder, and
// the window in that size.
func (b *Browser) Shoot(name string, width, height int64) {
	b.T.Helper()
	if dir := os.Getenv("PARLEY_SCREENSHOTS"); dir != "" {
		b.Do(chromedp.EmulateViewport(width, height))
		b.Picture(filepath.Join(dir, name+".png"))
	}
}

// Picture writes a picture of the page.
func (b *Browser) Picture(file string) {
	b.T.Helper()
	png, err := chromedp.Run(b.Ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		b.Fail(err)
	}
}

// SetCookie gives the browser a cookie for the paths of the site below path.
func (b *Browser) SetCookie(path, name, value string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.Site.URL + path, Path: path}); err != nil {
		b.Fail(err)
	}
}

// Adopt gives the browser the login of a session.
func (b *Browser) Adopt(c *wpsite.Session) {
	b.T.Helper()
	for path, cookies := range c.Cookies() {
		for _, cookie := range cookies {
			b.SetCookie(path, cookie.Name, cookie.Value)
		}
	}
}
