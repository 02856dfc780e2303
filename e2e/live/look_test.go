package live

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"parley/internal/sitetest"
)

// What realtime adds to the pages is for everybody: axe-core finds nothing serious in a
// thread with dots of presence, Seen and somebody typing, nor in the privacy menu. With
// PARLEY_SCREENSHOTS set to a folder it leaves pictures there.
func TestLook(t *testing.T) {
	axe, err := os.ReadFile("../../web/app/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	id := direct(t, logIn(t, "mona"), "greta")
	mona, greta := enter(t, "mona", 1, talk(id)), enter(t, "greta", 2, talk(id))
	writes(greta.Browser, "The library opens at nine on Saturday.")
	writes(mona.Browser, "Good to know. Shall we go together?")
	mona.Until(receipt + ` === "seen" && ` + there + ` === "online"`)
	look := func(name string, v sitetest.Variant, state string) {
		t.Helper()
		mona.Show(v)
		// Typing is shown for six seconds; greta goes on until it has been seen.
		eventually(t, time.Minute, func() error {
			greta.Press("o")
			if mona.Run(`return Boolean(`+state+`)`) != "true" {
				return fmt.Errorf("not true: %s", state)
			}
			return nil
		})
		if dir := os.Getenv("PARLEY_SCREENSHOTS"); dir != "" {
			mona.Picture(filepath.Join(dir, fmt.Sprintf("live-%s-%d-%s.png", name, v.Width, v.Scheme)))
		}
		mona.IsAccessible(v)
	}
	begins(greta.Browser, "S")
	mona.Run(string(axe))
	for _, v := range []sitetest.Variant{sitetest.DesktopLight, sitetest.PhoneDark} {
		look("thread", v, types+` && `+receipt)
	}
	mona.Show(sitetest.DesktopDark)
	mona.Run(`$(".privacy button").click()`)
	look("privacy", sitetest.DesktopDark, `$("[role=menuitemcheckbox]")`)
	mona.Press(kb.Escape)
}
