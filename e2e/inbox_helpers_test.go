package e2e

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// inShadow goes before every expression: $ and $$ find elements of the inbox, text
// what one shows, type puts text into a field as its user would.
const inShadow = `const root = document.querySelector("parley-inbox, parley-oversight")?.shadowRoot;
const $ = s => root?.querySelector(s), $$ = s => [...(root?.querySelectorAll(s) ?? [])];
const text = s => $(s)?.innerText.trim() ?? "";
const type = (s, v) => { const e = $(s); e.focus(); e.value = v; e.dispatchEvent(new InputEvent("input", {bubbles: true})); };
const row = title => $$(".row").find(r => r.innerText.includes(title));
const said = words => $$(".bubble").filter(b => b.innerText.trim() === words).length;
`

// run runs statements in the page; the value of a return comes back as text.
func (b *browser) run(statements string) string {
	b.t.Helper()
	return b.ask(`(async () => {`+inShadow+`const v = await (async () => {`+statements+`})(); return v === undefined ? "" : String(v) })()`, chromedp.EvalAwaitPromise)
}

// until waits until an expression is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		got := b.run(`return Boolean(` + expression + `)`)
		if got == "true" {
			return
		}
		if time.Now().After(deadline) {
			b.fail(fmt.Errorf("not true after 30 s: %s; the inbox shows:\n%s", expression, b.run(`return root?.querySelector(".frame")?.innerText`)))
		}
		b.do(chromedp.Sleep(30 * time.Millisecond))
	}
}

// press types with real keys into whatever has the focus.
func (b *browser) press(keys string, options ...chromedp.KeyOption) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, options...))
}

// seeInbox opens a path below the inbox, signs in when asked, and waits until the
// inbox can be used. It then looks for news more often than members' browsers do.
func (b *browser) seeInbox(login, path string) {
	b.t.Helper()
	b.open(inbox + path)
	if login != "" {
		b.logIn(login)
	}
	b.until(`performance.getEntriesByName("parley:ready").length`)
	b.run(`document.querySelector("parley-inbox").setAttribute("poll", "1,0.5")`)
}

// group starts a group conversation of its own for a test.
func group(t *testing.T, c *wpsite.Session, title, text string, with ...string) int64 {
	t.Helper()
	var ids []int64
	for _, login := range with {
		ids = append(ids, site.Member(login).ID)
	}
	var s started
	want(t, c, 201, "POST", wpsite.Conversations, map[string]any{"recipient_ids": ids, "message": text, "title": title, "type": "group"}, &s)
	return s.ID
}

// say sends a message.
func say(t *testing.T, c *wpsite.Session, id int64, text string) {
	t.Helper()
	want(t, c, 201, "POST", messagesOf(id), map[string]any{"content": text}, nil)
}

// conversationOf is what a member sees of a conversation.
func conversationOf(t *testing.T, c *wpsite.Session, id int64) (v struct {
	Title    string `json:"title"`
	Unread   int    `json:"unread_count"`
	Muted    bool   `json:"is_muted"`
	Archived bool   `json:"is_archived"`
	Blocked  bool   `json:"is_blocked"`
	Left     string `json:"left_at"`
}) {
	t.Helper()
	want(t, c, 200, "GET", wpsite.Conversations+"/"+strconv.FormatInt(id, 10), nil, &v)
	return v
}

// plainOf are the texts of a thread, oldest first.
func plainOf(t *testing.T, c *wpsite.Session, id int64) (texts []string) {
	t.Helper()
	var page struct {
		Data []struct {
			Plain string `json:"content_plain"`
		} `json:"data"`
	}
	want(t, c, 200, "GET", messagesOf(id)+"?limit=100&order=asc&mark_read=false", nil, &page)
	for _, m := range page.Data {
		texts = append(texts, m.Plain)
	}
	return texts
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string
	}
	return string(b)
}

// expectWithin bounds what happens by itself after something was done.
const expectWithin = 20 * time.Second
