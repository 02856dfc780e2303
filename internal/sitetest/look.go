package sitetest

import (
	"encoding/json"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Variant is a way to show a page.
type Variant struct {
	Width, Height int64
	Scheme        string // light or dark
}

// The variants pages are looked at in.
var (
	DesktopLight, DesktopDark = Variant{1280, 860, "light"}, Variant{1280, 860, "dark"}
	PhoneLight, PhoneDark     = Variant{390, 844, "light"}, Variant{390, 844, "dark"}
)

// Show sets the size of the window and what the system is set to; nothing moves.
func (b *Browser) Show(v Variant) {
	b.T.Helper()
	b.Do(chromedp.EmulateViewport(v.Width, v.Height))
	if _, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: v.Scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
		b.Fail(err)
	}
	b.Ask(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(""), 60))))`, chromedp.EvalAwaitPromise)
}

// finding is what axe-core has against a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct{ Target, HTML, Why string }
}

// IsAccessible has axe-core, which must have been run in the page, look at it: nothing
// serious is found. v is what was shown.
func (b *Browser) IsAccessible(v Variant) {
	b.T.Helper()
	var found []finding
	answer := b.Ask(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.map(n => ({Target: n.target.flat().join(" "), HTML: n.html, Why: n.failureSummary}))}))))`, chromedp.EvalAwaitPromise)
	if err := json.Unmarshal([]byte(answer), &found); err != nil {
		b.T.Fatal(err)
	}
	for _, f := range found {
		report := b.T.Logf
		if f.Impact == "serious" || f.Impact == "critical" {
			report = b.T.Errorf
		}
		for _, n := range f.Nodes {
			report("%d %s: %s, %s: %s\n%s\n%.300s\n%s", v.Width, v.Scheme, f.Impact, f.ID, f.Help, n.Target, n.HTML, n.Why)
		}
	}
}
