package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"parley/internal/bound"
)

// findBrowser finds Chromium, or what PARLEY_BROWSER names.
func findBrowser(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	if v := os.Getenv("PARLEY_BROWSER"); v != "" {
		names = []string{v}
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Fatalf("no browser on this machine: none of %v", names)
	return ""
}

// browser is a tab of Chromium. Whatever it cannot do within a minute fails the
// test and says what the page shows. Selectors are CSS.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// chromium starts the one Chromium of all tests; its start takes longer than most of
// them.
func chromium(t *testing.T) context.Context {
	t.Helper()
	chromiumOnce.Do(func() {
		dir, err := os.MkdirTemp("", "parley-chromium-")
		if err == nil {
			err = bound.Remove(dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		options := []chromedp.ExecAllocatorOption{
			chromedp.ExecPath(findBrowser(t)), chromedp.NoSandbox, chromedp.Headless, chromedp.NoFirstRun,
			chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.Env("TMPDIR=" + dir), chromedp.WindowSize(1280, 900),
		}
		// Chromium is to talk to this site, and not to its maker.
		for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
			"disable-default-apps", "disable-extensions", "no-default-browser-check", "disable-dev-shm-usage"} {
			options = append(options, chromedp.Flag(flag, true))
		}
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, leave := chromedp.NewContext(allocator)
		atEnd = append(atEnd, func() { leave(); stop() })
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal(err)
		}
		chromiumTab = ctx
	})
	if chromiumTab == nil {
		t.Fatal("Chromium did not start")
	}
	return chromiumTab
}

var (
	chromiumOnce sync.Once
	chromiumTab  context.Context
)

// newBrowser is a browser without cookies.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return openTab(t, ctx)
}

// newPlainBrowser is a browser without cookies that runs no scripts.
func newPlainBrowser(t *testing.T) *browser {
	t.Helper()
	b := newBrowser(t)
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// withoutAssets keeps the scripts of the pages away, as a network that fails would: the
// plain page stays, and the browser runs what a test asks.
func (b *browser) withoutAssets() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(b.ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{
			URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*/assets/*.js", Block: true}}})
	}
	if err != nil {
		b.fail(err)
	}
}

func openTab(t *testing.T, ctx context.Context) *browser {
	t.Helper()
	// The start is not part of the minute: it would end the browser, too.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &browser{t, ctx}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.fail(err)
	}
}

func (b *browser) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%v; the browser is at %s and shows:\n%s", err, at, text)
}

// open goes to a path of the site.
func (b *browser) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(site.URL + path)) }

// see waits until something is visible.
func (b *browser) see(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// fill sets a field.
func (b *browser) fill(selector, value string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.SetValue(chromedp.CSS(selector), value))
}

// click clicks a link or a button and waits for the page it leads to.
func (b *browser) click(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.fail(err)
	}
}

// ask evaluates an expression whose value is a string.
func (b *browser) ask(expression string, options ...chromedp.EvaluateOption) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, options...))
	if err != nil {
		b.fail(err)
	}
	return v
}

// logIn fills in wp-login.php, which must be showing, and sends it.
func (b *browser) logIn(login string) {
	b.t.Helper()
	b.fill("#user_login", login)
	b.fill("#user_pass", site.Member(login).Password)
	b.click("#wp-submit")
}

// shoot leaves a picture of the page in PARLEY_SCREENSHOTS, if that names a folder.
func (b *browser) shoot(name string, width, height int64) {
	b.t.Helper()
	dir := os.Getenv("PARLEY_SCREENSHOTS")
	if dir == "" {
		return
	}
	b.do(chromedp.EmulateViewport(width, height))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.fail(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
