package live

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// person is a member at a browser with a cable of its own, and an app beside it.
type person struct {
	*sitetest.Browser
	cable *sitetest.Cable
	app   *wpsite.Session
	id    int64
}

// enter opens the inbox at a path below it for a member whose streams begin on a node.
func enter(t *testing.T, login string, node int, path string) *person {
	t.Helper()
	p := arrive(t, login, logIn(t, login))
	p.SetCookie("/", wpsite.NodeCookie, strconv.Itoa(node))
	p.SeeInbox("", path)
	return p
}

// arrive is a member with a login, before a browser that shows nothing yet.
func arrive(t *testing.T, login string, session *wpsite.Session) *person {
	t.Helper()
	b, cable := sitetest.NewCabledBrowser(t, site)
	p := &person{Browser: b, cable: cable, app: session, id: site.Member(login).ID}
	p.Adopt(session)
	return p
}

// talk is the path of a conversation below the inbox.
func talk(id int64) string { return fmt.Sprintf("%d/", id) }

// direct is the conversation of two members.
func direct(t *testing.T, c *wpsite.Session, with string) int64 {
	t.Helper()
	return sitetest.Start(t, c, "Hello "+with, with).ID
}

// begins types some letters, and does not send them.
func begins(b *sitetest.Browser, text string) {
	b.T.Helper()
	b.Until(`$(".reply textarea")`)
	b.Run(`$(".reply textarea").focus()`)
	b.Press(text)
}

// typesUntil goes on typing until another browser shows something, for a browser says
// every three seconds that somebody types, and empties the field.
func typesUntil(b, other *sitetest.Browser, expression string) {
	b.T.Helper()
	begins(b, "S")
	eventually(b.T, time.Minute, func() error {
		if other.Run(`return Boolean(`+expression+`)`) == "true" {
			return nil
		}
		b.Press("o")
		return fmt.Errorf("not true: %s", expression)
	})
	b.Run(`type(".reply textarea", "")`)
}

// writes sends a text with real keys, and sees it in the thread.
func writes(b *sitetest.Browser, text string) {
	b.T.Helper()
	begins(b, text)
	b.Press(kb.Enter)
	b.Until(shows(text))
}

// shows is true when a text is in the open thread once.
func shows(text string) string { return `said(` + sitetest.Quoted(text) + `) === 1` }

// bubbles are the texts of the open thread, from the top, those that begin with a prefix.
func bubbles(prefix string) string {
	return `$$(".bubble").map(b => b.innerText.trim()).filter(s => s.startsWith(` + sitetest.Quoted(prefix) + `)).join("|")`
}

// rung is the way a browser is connected by.
const rung = `document.querySelector("parley-inbox").dataset.rung`

// receipt is what the newest message of one's own says became of it: sent, delivered, seen.
const receipt = `$$("[part=receipt]").at(-1)?.dataset.state`

// there is the dot of the other member above a direct conversation.
const there = `$(".pane [part=presence]")?.dataset.state`

// types is whether the open thread says that somebody types.
const types = `$(".pane [part=typing]")`

// inSight has the page believe that it is looked at, or not.
func (p *person) inSight(yes bool) {
	p.T.Helper()
	p.Run(fmt.Sprintf(`Object.defineProperty(document, "hidden", {configurable: true, get: () => %v});
		Object.defineProperty(document, "visibilityState", {configurable: true, get: () => document.hidden ? "hidden" : "visible"});
		document.dispatchEvent(new Event("visibilitychange"))`, !yes))
}

// offline has the browser say that it has no network, or has it again, as when a
// flight begins and ends.
func (p *person) offline(yes bool) {
	p.T.Helper()
	if yes {
		p.cable.Cut()
	} else {
		p.cable.Mend()
	}
	if _, err := chromedp.Call(p.Ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		p.Fail(err)
	}
}
