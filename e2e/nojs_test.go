package e2e

import (
	"fmt"
	"strings"
	"testing"

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

	b := newPlainBrowser(t)
	b.open(inbox + "?filter=archived")
	b.logIn("carol")
	b.see(".row.unread")
	const badge = `document.querySelector("#badge").hidden ? "" : document.querySelector("#badge").innerText`
	b.click(".row")
	b.see("form.reply")
	if shown := b.ask(`document.querySelector("h2").innerText + "|" + document.querySelectorAll(".message").length + "|" + [...document.querySelectorAll(".bubble")].at(-1).innerText + "|" + document.querySelector(".crumbs").innerText.replace(/\s+/g, " ")`); !strings.HasPrefix(shown, "Plain group|50|Line 59|Home Messages Plain group") {
		t.Errorf("the thread shows %q", shown)
	}
	if conversationOf(t, asCarol, id).Unread != 0 {
		t.Error("what was shown is still unread")
	}
	b.click(".older a")
	b.see(".message")
	if oldest := b.ask(`document.querySelector(".bubble").innerText`); oldest != "First" {
		t.Errorf("the page before begins with %q", oldest)
	}
	// Whoever answers has it back among their messages.
	b.fill("#message", "I am back")
	b.click("form.reply button")
	b.see(".message.own")
	b.open(inbox)
	b.see(".row")
	if first := b.ask(`document.querySelector(".row .title").innerText`); first != "Plain group" {
		t.Errorf("first in the list is %q", first)
	}
	if n := b.ask(badge); n == "0" {
		t.Errorf("the badge says %q", n)
	}
	// The administrators' page says what it needs.
	admin := newPlainBrowser(t)
	admin.open(inbox + "oversight/")
	admin.logIn("admin")
	admin.see("parley-oversight .sentence")
}
