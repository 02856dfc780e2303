// Package sitetest is what end-to-end tests share: one site for all tests of a package,
// members by HTTP, and members in Chromium.
package sitetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// Main is TestMain for tests on a site made with options: it makes the site, hands it to
// begin, runs the tests and ends the process. root leads to the root of the source tree.
// end, if not nil, has a last look while the site runs, when all tests have passed.
func Main(m *testing.M, root string, options wpsite.Options, begin func(*wpsite.Site) error, end func() error) {
	code, err := run(m, root, options, begin, end)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M, root string, o wpsite.Options, begin func(*wpsite.Site) error, end func() error) (code int, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return 1, err
	}
	tmp, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(tmp)
	o.Root, o.WordPressDir = root, os.Getenv("WORDPRESS_DIR")
	if o.Binary, err = wpsite.Program(root, tmp); err != nil {
		return 1, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	site, err := wpsite.Start(ctx, o)
	if err != nil {
		return 1, err
	}
	defer func() {
		log := site.ParleyLog()
		// A data race, too, makes Parley end badly.
		if err = errors.Join(err, site.Close()); err != nil || code != 0 {
			fmt.Fprintf(os.Stderr, "Parley's log ends:\n%s\n", log[max(0, len(log)-8000):])
		}
	}()
	defer closeChromium()
	if err := begin(site); err != nil {
		return 1, err
	}
	if code = m.Run(); code == 0 && end != nil {
		err = end()
	}
	return code, err
}

// Eventually waits until ok does not complain, for at most the time given.
func Eventually(t *testing.T, atMost time.Duration, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %v", atMost, err)
		case <-tick.C:
		}
	}
}
