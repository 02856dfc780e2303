package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/internal/wpsite"
)

// The list, what can be done with a conversation, and new ones.
func TestInboxList(t *testing.T) {
	b := newBrowser(t)
	carol, greta, mona := logIn(t, "carol"), logIn(t, "greta"), logIn(t, "mona")
	group(t, greta, "Very first", "So that there is one", "carol")
	b.seeInbox("carol", "")
	fresh := func(t *testing.T, path string) { t.Helper(); b.t = t; b.seeInbox("", path) }
	menu := func(label string) {
		b.t.Helper()
		b.run(`$(".has-menu > .icon").click()`)
		b.until(`$("[role=menuitem]")`)
		b.run(`$$("[role=menuitem]").find(i => i.innerText === ` + quoted(label) + `).click()`)
	}
	confirm := func(question, label string) {
		b.t.Helper()
		b.until(`text("dialog h2") === ` + quoted(question))
		b.run(`$$("dialog button").find(i => i.innerText === ` + quoted(label) + `).click()`)
		b.until(`!$("dialog")`)
	}

	t.Run("UnreadShowsInRowTabTitleAndBadge", func(t *testing.T) {
		fresh(t, "")
		group(t, greta, "Unseen", "Look here", "carol")
		b.until(`row("Unseen")?.classList.contains("unread") && row("Unseen").querySelector(".dot")`)
		b.until(`/^\([1-9]\d*\) Messages – /.test(document.title) && !document.querySelector("#badge").hidden`)
		b.run(`row("Unseen").click()`)
		b.until(`said("Look here") === 1 && !row("Unseen").classList.contains("unread") && row("Unseen").ariaCurrent === "page"`)
		b.until(`document.title.replace(/^\(\d+\) /, "").startsWith("Unseen – ") && location.pathname.match(/\/messages\/\d+\/$/)`)
		b.do(chromedp.NavigateBack())
		b.until(`text(".pane").startsWith("Select a conversation or start a new one")`)
	})

	t.Run("ViewsAndSearch", func(t *testing.T) {
		id := group(t, greta, "Harvest supper", "Bring the <b>Pumpkin</b> soup", "carol")
		fresh(t, fmt.Sprintf("%d/", id))
		b.until(`said("Bring the Pumpkin soup") === 1`)
		b.run(`$$(".views a")[2].click()`)
		b.until(`$$(".views a")[2].ariaCurrent === "true" && location.search === "?filter=unread" && !row("Harvest supper")`)
		b.run(`$$(".views a")[0].click()`)
		b.until(`row("Harvest supper")`)
		b.run(`type("input[type=search]", "pumpkin")`)
		b.until(`$$(".row").length === 1 && text(".row .preview mark") === "Pumpkin"`)
		if url := b.ask(`location.href`); strings.Contains(strings.ToLower(url), "pumpkin") {
			t.Errorf("what was searched for is in the address: %s", url)
		}
		b.run(`$(".row").click()`)
		b.until(`text(".bubble mark") === "Pumpkin"`)
		b.run(`type("input[type=search]", "<img src=x onerror=alert(1)>")`)
		b.until(`text(".list .nothing") === "No conversations match your search."`)
		b.run(`type("input[type=search]", "")`)
		b.until(`row("Harvest supper")`)
	})

	t.Run("MuteArchiveRenameReportLeave", func(t *testing.T) {
		id := group(t, greta, "To be managed", "Hello Carol", "carol", "bob")
		fresh(t, fmt.Sprintf("%d/", id))
		b.until(`said("Hello Carol") === 1`)
		menu("Mute notifications")
		b.until(`row("To be managed")?.querySelector(".glyph") && text(".toast") === "Notifications muted."`)
		menu("Archive conversation")
		b.until(`!row("To be managed")`)
		if c := conversationOf(t, carol, id); !c.Muted || !c.Archived {
			t.Errorf("%+v", c)
		}
		b.run(`$$(".views a")[1].click()`)
		b.until(`row("To be managed")`)
		b.run(`row("To be managed").click()`)
		b.until(`said("Hello Carol") === 1`)
		menu("Unarchive conversation")
		b.until(`!row("To be managed")`)
		menu("Unmute notifications")
		menu("Rename conversation")
		b.until(`$("#rename")`)
		b.run(`type("#rename", "<i>Renamed</i>")`)
		b.press(kb.Enter)
		b.until(`text(".heading bdi") === "<i>Renamed</i>"`)
		menu("Report")
		b.until(`$("dialog select")`)
		b.run(`$$("dialog input[type=radio]")[1].click(); type("dialog textarea", "Not nice")`)
		b.run(`$("dialog form").requestSubmit()`)
		b.until(`!$("dialog") && text(".toast").startsWith("Thank you.")`)
		menu("Report")
		b.until(`$("dialog select")`)
		b.run(`$("dialog form").requestSubmit()`)
		b.until(`text("dialog .alarm") === "You have already reported this content."`)
		b.press(kb.Escape)
		b.until(`!$("dialog")`)
		menu("Leave conversation")
		confirm("Leave this conversation? You will not receive new messages.", "Leave")
		b.until(`text(".closed") === "You left this conversation." && !$(".reply")`)
		if c := conversationOf(t, carol, id); c.Left == "" || c.Muted || c.Archived || c.Title != "<i>Renamed</i>" {
			t.Errorf("%+v", c)
		}
	})

	t.Run("BothSidesOfABlock", func(t *testing.T) {
		id := start(t, mona, "Between two", "carol").ID
		fresh(t, fmt.Sprintf("%d/", id))
		b.until(`said("Between two") === 1`)
		menu("Block user")
		confirm("Block this user? They will no longer be able to message you here.", "Block")
		b.until(`text(".closed p") === "You blocked this conversation."`)
		if a := do(t, mona, "POST", messagesOf(id), map[string]any{"content": "Hello?"}); a.Status != 403 || a.Code() != "jetonomy_cannot_send" {
			t.Errorf("the blocked side sends: %d %s", a.Status, a.Body)
		}
		b.run(`$(".closed button").click()`)
		b.until(`$(".reply textarea")`)
		// Blocked by the other side, a member finds out by sending only.
		want(t, mona, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, id), map[string]any{"blocked": true}, nil)
		fresh(t, fmt.Sprintf("%d/", id))
		b.until(`$(".reply textarea")`)
		b.run(`type(".reply textarea", "Still there?")`)
		b.press(kb.Enter)
		b.until(`text(".message.failed .foot").startsWith("Unable to send message.")`)
		b.run(`$$(".failed .link").at(-1).click()`)
		b.until(`said("Still there?") === 0`)
		want(t, mona, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, id), map[string]any{"blocked": false}, nil)
	})

	t.Run("AGroupIsStartedByTypingNames", func(t *testing.T) {
		fresh(t, "")
		b.run(`$(".new").click()`)
		b.until(`root.activeElement?.id === "to" && location.pathname.endsWith("/new/")`)
		b.press("bo")
		b.until(`text("#to-hint") === "Type at least 3 characters."`)
		b.press("b")
		b.until(`$$("#found li").length === 1 && $("#to").getAttribute("aria-activedescendant")`)
		b.press(kb.Enter)
		b.until(`text(".chip bdi") === "Bob Martinez" && !$("#group")`)
		b.press("gre")
		b.until(`$$("#found li").length === 1 && text("#found mark").toLowerCase() === "gre"`)
		b.press(kb.Enter)
		b.until(`$$(".chip").length === 2 && $("#group")`)
		b.press("erin")
		b.until(`text("#to-hint").startsWith("No matches. You can only message people who share at least one space with you.")`)
		b.run(`type("#group", "Chess"); type("#text", "Who plays?")`)
		b.press(kb.Enter)
		b.until(`text("#to-hint") === "User not found: erin"`)
		b.run(`type("#to", ""); $("#text").focus()`)
		b.press(kb.Enter)
		b.until(`text(".heading bdi") === "Chess" && said("Who plays?") === 1 && row("Chess")`)
		// Nothing of it is left for the next one.
		b.run(`$(".new").click()`)
		b.until(`$("#text") && $("#text").value === "" && !$(".chip")`)
		b.run(`$(".compose").requestSubmit()`)
		b.until(`text("#to-hint") === "Please enter a recipient."`)
	})

	t.Run("ToChoosesTheMember", func(t *testing.T) {
		fresh(t, "?to=bob")
		b.until(`text(".chip bdi") === "Bob Martinez" && root.activeElement?.id === "text"`)
		fresh(t, "?to=%3Cimg%20src%3Dx%3E")
		b.until(`text("#to-hint") === "User not found: <img src=x>" && !$(".compose img")`)
	})

	t.Run("BelowTheTrustLevelNewIsExplained", func(t *testing.T) {
		dave := newBrowser(t)
		dave.seeInbox("dave", "")
		dave.run(`$(".new").click()`)
		dave.until(`text(".pane .nothing") === "You need a higher trust level to send messages." && !$("#text")`)
	})

	t.Run("WhatIsNotThereOrNotMineIsSaid", func(t *testing.T) {
		secret := group(t, greta, "Not Carol's", "Psst", "bob")
		fresh(t, "")
		b.run(fmt.Sprintf(`history.pushState(null, "", "%s%d/"); dispatchEvent(new PopStateEvent("popstate"))`, inbox, secret))
		b.until(`text(".pane .nothing") === "You are not a participant."`)
		b.run(`history.pushState(null, "", "` + inbox + `99999999/"); dispatchEvent(new PopStateEvent("popstate"))`)
		b.until(`text(".pane .nothing") === "Conversation not found."`)
	})

	t.Run("OnAPhoneOnePaneAtATime", func(t *testing.T) {
		b.t = t
		b.do(chromedp.EmulateViewport(390, 844))
		fresh(t, "")
		const visible = `const seen = s => $(s)?.checkVisibility() ?? false; `
		b.until(`(() => { ` + visible + `return seen(".list") && !seen(".pane") })()`)
		b.run(`row("Harvest supper").click()`)
		b.until(`(() => { ` + visible + `return !seen(".list") && seen(".pane") && seen(".back") && said("Bring the Pumpkin soup") })()`)
		if wide := b.run(`return document.documentElement.scrollWidth`); wide != "390" {
			t.Errorf("the page is %s px wide", wide)
		}
		b.run(`$(".back").click()`)
		// Back where one was, for the keyboard too.
		b.until(`(() => { ` + visible + `return seen(".list") && !seen(".pane") && root.activeElement?.innerText.includes("Harvest supper") })()`)
		b.do(chromedp.EmulateViewport(1280, 860))
	})

	t.Run("EverythingByKeyboard", func(t *testing.T) {
		fresh(t, "")
		b.run(`$(".row").focus()`)
		b.press(kb.ArrowDown)
		b.press(kb.ArrowUp)
		b.press(kb.Enter)
		b.until(`root.activeElement?.matches(".reply textarea")`)
		title := b.run(`return text(".heading bdi")`)
		b.press("By keyboard" + kb.Enter)
		b.until(`said("By keyboard") === 1 && !$(".message.pending")`)
		// Backwards over the messages to the menu, into it, and out.
		for range 12 {
			b.press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
			if b.run(`return root.activeElement?.matches(".has-menu > .icon")`) == "true" {
				break
			}
		}
		b.press(kb.Enter)
		b.until(`root.activeElement?.matches("[role=menuitem]")`)
		b.press(kb.End)
		b.press(kb.Enter)
		b.until(`$("dialog")`)
		b.press(kb.Tab + kb.Tab)
		if b.run(`return $("dialog").contains(root.activeElement) || root.activeElement === null`) != "true" {
			t.Error("the focus left the dialog")
		}
		b.press(kb.Escape)
		b.until(`!$("dialog") && root.activeElement?.matches(".has-menu > .icon")`)
		if now := b.run(`return text(".heading bdi")`); now != title {
			t.Errorf("%q became %q", title, now)
		}
	})

	t.Run("WhoSignedOutIsAskedToSignIn", func(t *testing.T) {
		fresh(t, "")
		b.run(`localStorage.setItem("parley:/wp-json/:1:draft:1", "x"); await fetch("/wp-login.php?action=logout"); document.cookie.split("; ").forEach(c => document.cookie = c.split("=")[0] + "=; max-age=0; path=/")`)
		if err := logOutEverywhere(t, "carol"); err != nil {
			t.Fatal(err)
		}
		b.until(`text(".nothing p") === "Please sign in to use this." && Object.keys(localStorage).filter(k => k.startsWith("parley:")).length === 0`)
	})
}

// logOutEverywhere ends every session of a member.
func logOutEverywhere(t *testing.T, login string) error {
	t.Helper()
	_, err := site.PHP(t.Context(), fmt.Sprintf("WP_Session_Tokens::get_instance( %d )->destroy_all();", site.Member(login).ID))
	return err
}
