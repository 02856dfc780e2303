package sitetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/chromedp/chromedp"

	"parley/internal/bound"
)

// findBrowser finds Chromium, or what PARLEY_BROWSER names.
func findBrowser() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	if v := os.Getenv("PARLEY_BROWSER"); v != "" {
		names = []string{v}
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("no browser on this machine: none of %v", names)
}

// chromium starts the one Chromium of all tests; its start takes longer than most of
// them.
var chromium = sync.OnceValues(func() (context.Context, error) {
	program, err := findBrowser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parley-chromium-")
	if err != nil {
		return nil, err
	}
	if err := bound.Remove(dir); err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Headless, chromedp.NoFirstRun,
		chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.Env("TMPDIR=" + dir), chromedp.WindowSize(1280, 900),
	}
	// Chromium is to talk to the site, and not to its maker.
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "no-default-browser-check", "disable-dev-shm-usage"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	// Nobody looks at its own menus: it need not make their pages beforehand.
	options = append(options, chromedp.Flag("disable-features", "PreloadTopChromeWebUI"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	closeChromium = func() { leave(); stop() }
	return ctx, chromedp.Do(ctx)
})

// closeChromium ends it when all tests are done.
var closeChromium = func() {}
