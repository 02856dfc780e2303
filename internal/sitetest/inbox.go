package sitetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// Inbox is the path of Parley's own page.
const Inbox = "/community/messages/"

// inShadow goes before every expression: $ and $$ find elements of the inbox, text
// what one shows, type puts text into a field as its user would.
const inShadow = `const root = document.querySelector("parley-inbox, parley-oversight")?.shadowRoot;
const $ = s => root?.querySelector(s), $$ = s => [...(root?.querySelectorAll(s) ?? [])];
const text = s => $(s)?.innerText.trim() ?? "";
const type = (s, v) => { const e = $(s); e.focus(); e.value = v; e.dispatchEvent(new InputEvent("input", {bubbles: true})); };
const row = title => $$(".row").find(r => r.innerText.includes(title));
const said = words => $$(".bubble").filter(b => b.innerText.trim() === words).length;
`

// Run runs statements in the page; the value of a return comes back as text.
func (b *Browser) Run(statements string) string {
	b.T.Helper()
	return b.Ask(`(async () => {`+inShadow+`const v = await (async () => {`+statements+`})(); return v === undefined ? "" : String(v) })()`, chromedp.EvalAwaitPromise)
}

// Until waits until an expression is true.
func (b *Browser) Until(expression string) {
	b.T.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		got := b.Run(`return Boolean(` + expression + `)`)
		if got == "true" {
			return
		}
		if time.Now().After(deadline) {
			b.Fail(fmt.Errorf("not true after 30 s: %s; the inbox shows:\n%s", expression, b.Run(`return root?.querySelector(".frame")?.innerText`)))
		}
		b.Do(chromedp.Sleep(30 * time.Millisecond))
	}
}

// SeeInbox opens a path below the inbox, signs in when login is not "", and waits until
// the inbox can be used.
func (b *Browser) SeeInbox(login, path string) {
	b.T.Helper()
	b.Open(Inbox + path)
	if login != "" {
		b.LogIn(login)
	}
	b.Until(`performance.getEntriesByName("parley:ready").length`)
}

// Write fills in the text of a form of the inbox, and sends it.
func (b *Browser) Write(form, text string) {
	b.T.Helper()
	b.Run(`type("` + form + ` textarea", ` + Quoted(text) + `)`)
	b.Run(`$("` + form + ` button[type=submit]").click()`) // when the field's value has arrived
}

// Quoted is a text as a script writes it.
func Quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string
	}
	return string(b)
}
