package e2e

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// What cannot be done without a script is still all there to read.
func TestWithoutScriptsTheArchiveAndAGroupCanBeRead(t *testing.T) {
	asCarol, asGreta := logIn(t, "carol"), logIn(t, "greta")
	id := group(t, asGreta, "Plain group", "First", "carol", "bob")
	for i := range 60 {
		say(t, asGreta, id, fmt.Sprintf("Line %d", i))
	}
	want(t, asCarol, 200, "POST", fmt.Sprintf("%s/%d/archive", wpsite.Conversations, id), map[string]any{"archived": true}, nil)

	b := sitetest.NewPlainBrowser(t, site)
	b.Open(inbox + "?filter=archived")
	b.LogIn("carol")
	b.See(".row.unread")
	const badge = `document.querySelector("#badge").hidden ? "" : document.querySelector("#badge").innerText`
	b.Click(".row")
	b.See("form.reply")
	if shown := b.Ask(`document.querySelector("h2").innerText + "|" + document.querySelectorAll(".message").length + "|" + [...document.querySelectorAll(".bubble")].at(-1).innerText + "|" + document.querySelector(".crumbs").innerText.replace(/\s+/g, " ")`); !strings.HasPrefix(shown, "Plain group|50|Line 59|Home Messages Plain group") {
		t.Errorf("the thread shows %q", shown)
	}
	if conversationOf(t, asCarol, id).Unread != 0 {
		t.Error("what was shown is still unread")
	}
	b.Click(".older a")
	b.See(".message")
	if oldest := b.Ask(`document.querySelector(".bubble").innerText`); oldest != "First" {
		t.Errorf("the page before begins with %q", oldest)
	}
	// Whoever answers has it back among their messages.
	b.Fill("#message", "I am back")
	b.Click("form.reply button")
	b.See(".message.own")
	b.Open(inbox)
	b.See(".row")
	if first := b.Ask(`document.querySelector(".row .title").innerText`); first != "Plain group" {
		t.Errorf("first in the list is %q", first)
	}
	if n := b.Ask(badge); n == "0" {
		t.Errorf("the badge says %q", n)
	}
	// The administrators' page says what it needs.
	admin := sitetest.NewPlainBrowser(t, site)
	admin.Open(inbox + "oversight/")
	admin.LogIn("admin")
	admin.See("parley-oversight .sentence")
}
