package live

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/internal/sitetest"
)

// leads is whether a tab has the connection of its browser.
const leads = `document.querySelector("parley-inbox").dataset.leader === "true"`

// leaderOf waits until one of some tabs leads, and no other, and returns it.
func leaderOf(t *testing.T, tabs []*sitetest.Browser) (leader int) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		var found []int
		for i, tab := range tabs {
			if tab.Run(`return `+leads) == "true" {
				found = append(found, i)
			}
		}
		if len(found) != 1 {
			return fmt.Errorf("%v of %d tabs lead", found, len(tabs))
		}
		leader = found[0]
		return nil
	})
	return leader
}

// Three tabs of one member have one connection. Whichever tab has it may be closed, or
// crash; and what is written in two of them without a network is sent once each.
func TestTabsShareOneConnection(t *testing.T) {
	alice := logIn(t, "alice")
	id := group(t, alice, "Three tabs", "Hello", "bob")
	bob := arrive(t, "bob", logIn(t, "bob"))
	var tabs []*sitetest.Browser
	for range 4 {
		tab := bob.Tab()
		tab.SeeInbox("", talk(id))
		tabs = append(tabs, tab)
	}
	everywhere := func(text string) {
		t.Helper()
		say(t, alice, id, text)
		for _, tab := range tabs {
			tab.Until(shows(text))
		}
		if one, two := connections(t, site.Nodes[0]), connections(t, site.Nodes[1]); one+two != 1 {
			t.Errorf("%d and %d connections for %d tabs", one, two, len(tabs))
		}
	}
	leader := leaderOf(t, tabs)
	everywhere("To four tabs")

	if err := chromedp.Do(tabs[leader].Ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	tabs = slices.Delete(tabs, leader, leader+1)
	leader = leaderOf(t, tabs)
	everywhere("One has left")

	// It does not answer: it is gone.
	ctx, cancel := context.WithTimeout(tabs[leader].Ctx, 2*time.Second)
	_, _ = chromedp.Call(ctx, page.Crash, cdp.Empty{})
	cancel()
	tabs = slices.Delete(tabs, leader, leader+1)
	leaderOf(t, tabs)
	everywhere("One has crashed")

	bob.cable.Cut()
	for i, tab := range tabs {
		writes(tab, fmt.Sprintf("From tab %d", i))
	}
	bob.cable.Mend()
	for _, tab := range tabs {
		tab.Until(shows("From tab 0") + ` && ` + shows("From tab 1") + ` && !$(".pending, .failed")`)
	}
	got := slices.DeleteFunc(plainOf(t, alice, id), func(s string) bool { return s != "From tab 0" && s != "From tab 1" })
	if slices.Sort(got); !slices.Equal(got, []string{"From tab 0", "From tab 1"}) {
		t.Errorf("stored: %q", got)
	}
	everywhere("All is well")
}
