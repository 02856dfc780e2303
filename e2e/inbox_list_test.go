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
	seeInbox(b, "carol", "")
	fresh := func(t *testing.T, path string) { t.Helper(); b.T = t; seeInbox(b, "", path) }
	menu := func(label string) {
		b.T.Helper()
		b.Run(`$(".has-menu > .icon").click()`)
		b.Until(`$("[role=menuitem]")`)
		b.Run(`$$("[role=menuitem]").find(i => i.innerText === ` + quoted(label) + `).click()`)
	}
	confirm := func(question, label string) {
		b.T.Helper()
		b.Until(`text("dialog h2") === ` + quoted(question))
		b.Run(`$$("dialog button").find(i => i.innerText === ` + quoted(label) + `).click()`)
		b.Until(`!$("dialog")`)
	}

	t.Run("UnreadShowsInRowTabTitleAndBadge", func(t *testing.T) {
		fresh(t, "")
		group(t, greta, "Unseen", "Look here", "carol")
		b.Until(`row("Unseen")?.classList.contains("unread") && row("Unseen").querySelector(".dot")`)
		b.Until(`/^\([1-9]\d*\) Messages – /.test(document.title) && !document.querySelector("#badge").hidden`)
		b.Run(`row("Unseen").click()`)
		b.Until(`said("Look here") === 1 && !row("Unseen").classList.contains("unread") && row("Unseen").ariaCurrent === "page"`)
		b.Until(`document.title.replace(/^\(\d+\) /, "").startsWith("Unseen – ") && location.pathname.match(/\/messages\/\d+\/$/)`)
		b.Do(chromedp.NavigateBack())
		b.Until(`text(".pane").startsWith("Select a conversation or start a new one")`)
	})

	t.Run("ViewsAndSearch", func(t *testing.T) {
		id := group(t, greta, "Harvest supper", "Bring the <b>Pumpkin</b> soup", "carol")
		fresh(t, fmt.Sprintf("%d/", id))
		b.Until(`said("Bring the Pumpkin soup") === 1`)
		b.Run(`$$(".views a")[2].click()`)
		b.Until(`$$(".views a")[2].ariaCurrent === "true" && location.search === "?filter=unread" && !row("Harvest supper")`)
		b.Run(`$$(".views a")[0].click()`)
		b.Until(`row("Harvest supper")`)
		b.Run(`type("input[type=search]", "pumpkin")`)
		b.Until(`$$(".row").length === 1 && text(".row .preview mark") === "Pumpkin"`)
		if url := b.Ask(`location.href`); strings.Contains(strings.ToLower(url), "pumpkin") {
			t.Errorf("what was searched for is in the address: %s", url)
		}
		b.Run(`$(".row").click()`)
		b.Until(`text(".bubble mark") === "Pumpkin"`)
		b.Run(`type("input[type=search]", "<img src=x onerror=alert(1)>")`)
		b.Until(`text(".list .nothing") === "No conversations match your search."`)
		b.Run(`type("input[type=search]", "")`)
		b.Until(`row("Harvest supper")`)
	})

	t.Run("MuteArchiveRenameReportLeave", func(t *testing.T) {
		id := group(t, greta, "To be managed", "Hello Carol", "carol", "bob")
		fresh(t, fmt.Sprintf("%d/", id))
		b.Until(`said("Hello Carol") === 1`)
		menu("Mute notifications")
		b.Until(`row("To be managed")?.querySelector(".glyph") && text(".toast") === "Notifications muted."`)
		menu("Archive conversation")
		b.Until(`!row("To be managed")`)
		if c := conversationOf(t, carol, id); !c.Muted || !c.Archived {
			t.Errorf("%+v", c)
		}
		b.Run(`$$(".views a")[1].click()`)
		b.Until(`row("To be managed")`)
		b.Run(`row("To be managed").click()`)
		b.Until(`said("Hello Carol") === 1`)
		menu("Unarchive conversation")
		b.Until(`!row("To be managed")`)
		menu("Unmute notifications")
		menu("Rename conversation")
		b.Until(`$("#rename")`)
		b.Run(`type("#rename", "<i>Renamed</i>")`)
		b.Press(kb.Enter)
		b.Until(`text(".heading bdi") === "<i>Renamed</i>"`)
		menu("Report")
		b.Until(`$("dialog select")`)
		b.Run(`$$("dialog input[type=radio]")[1].click(); type("dialog textarea", "Not nice")`)
		b.Run(`$("dialog form").requestSubmit()`)
		b.Until(`!$("dialog") && text(".toast").startsWith("Thank you.")`)
		menu("Report")
		b.Until(`$("dialog select")`)
		b.Run(`$("dialog form").requestSubmit()`)
		b.Until(`text("dialog .alarm") === "You have already reported this content."`)
		b.Press(kb.Escape)
		b.Until(`!$("dialog")`)
		menu("Leave conversation")
		confirm("Leave this conversation? You will not receive new messages.", "Leave")
		b.Until(`text(".closed") === "You left this conversation." && !$(".reply")`)
		if c := conversationOf(t, carol, id); c.Left == "" || c.Muted || c.Archived || c.Title != "<i>Renamed</i>" {
			t.Errorf("%+v", c)
		}
	})

	t.Run("BothSidesOfABlock", func(t *testing.T) {
		id := start(t, mona, "Between two", "carol").ID
		fresh(t, fmt.Sprintf("%d/", id))
		b.Until(`said("Between two") === 1`)
		menu("Block user")
		confirm("Block this user? They will no longer be able to message you here.", "Block")
		b.Until(`text(".closed p") === "You blocked this conversation."`)
		if a := do(t, mona, "POST", messagesOf(id), map[string]any{"content": "Hello?"}); a.Status != 403 || a.Code() != "jetonomy_cannot_send" {
			t.Errorf("the blocked side sends: %d %s", a.Status, a.Body)
		}
		b.Run(`$(".closed button").click()`)
		b.Until(`$(".reply textarea")`)
		// Blocked by the other side, a member finds out by sending only.
		want(t, mona, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, id), map[string]any{"blocked": true}, nil)
		fresh(t, fmt.Sprintf("%d/", id))
		b.Until(`$(".reply textarea")`)
		b.Run(`type(".reply textarea", "Still there?")`)
		b.Press(kb.Enter)
		b.Until(`text(".message.failed .foot").startsWith("Unable to send message.")`)
		b.Run(`$$(".failed .link").at(-1).click()`)
		b.Until(`said("Still there?") === 0`)
		want(t, mona, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, id), map[string]any{"blocked": false}, nil)
	})

	t.Run("AGroupIsStartedByTypingNames", func(t *testing.T) {
		fresh(t, "")
		b.Run(`$(".new").click()`)
		b.Until(`root.activeElement?.id === "to" && location.pathname.endsWith("/new/")`)
		b.Press("bo")
		b.Until(`text("#to-hint") === "Type at least 3 characters."`)
		b.Press("b")
		b.Until(`$$("#found li").length === 1 && $("#to").getAttribute("aria-activedescendant")`)
		b.Press(kb.Enter)
		b.Until(`text(".chip bdi") === "Bob Martinez" && !$("#group")`)
		b.Press("gre")
		b.Until(`$$("#found li").length === 1 && text("#found mark").toLowerCase() === "gre"`)
		b.Press(kb.Enter)
		b.Until(`$$(".chip").length === 2 && $("#group")`)
		b.Press("erin")
		b.Until(`text("#to-hint").startsWith("No matches. You can only message people who share at least one space with you.")`)
		b.Run(`type("#group", "Chess"); type("#text", "Who plays?")`)
		b.Press(kb.Enter)
		b.Until(`text("#to-hint") === "User not found: erin"`)
		b.Run(`type("#to", ""); $("#text").focus()`)
		b.Press(kb.Enter)
		b.Until(`text(".heading bdi") === "Chess" && said("Who plays?") === 1 && row("Chess")`)
		// Nothing of it is left for the next one.
		b.Run(`$(".new").click()`)
		b.Until(`$("#text") && $("#text").value === "" && !$(".chip")`)
		b.Run(`$(".compose").requestSubmit()`)
		b.Until(`text("#to-hint") === "Please enter a recipient."`)
	})

	t.Run("ToChoosesTheMember", func(t *testing.T) {
		fresh(t, "?to=bob")
		b.Until(`text(".chip bdi") === "Bob Martinez" && root.activeElement?.id === "text"`)
		fresh(t, "?to=%3Cimg%20src%3Dx%3E")
		b.Until(`text("#to-hint") === "User not found: <img src=x>" && !$(".compose img")`)
	})

	t.Run("BelowTheTrustLevelNewIsExplained", func(t *testing.T) {
		dave := newBrowser(t)
		seeInbox(dave, "dave", "")
		dave.Run(`$(".new").click()`)
		dave.Until(`text(".pane .nothing") === "You need a higher trust level to send messages." && !$("#text")`)
	})

	t.Run("WhatIsNotThereOrNotMineIsSaid", func(t *testing.T) {
		secret := group(t, greta, "Not Carol's", "Psst", "bob")
		fresh(t, "")
		b.Run(fmt.Sprintf(`history.pushState(null, "", "%s%d/"); dispatchEvent(new PopStateEvent("popstate"))`, inbox, secret))
		b.Until(`text(".pane .nothing") === "You are not a participant."`)
		b.Run(`history.pushState(null, "", "` + inbox + `99999999/"); dispatchEvent(new PopStateEvent("popstate"))`)
		b.Until(`text(".pane .nothing") === "Conversation not found."`)
	})

	t.Run("OnAPhoneOnePaneAtATime", func(t *testing.T) {
		b.T = t
		b.Do(chromedp.EmulateViewport(390, 844))
		fresh(t, "")
		const visible = `const seen = s => $(s)?.checkVisibility() ?? false; `
		b.Until(`(() => { ` + visible + `return seen(".list") && !seen(".pane") })()`)
		b.Run(`row("Harvest supper").click()`)
		b.Until(`(() => { ` + visible + `return !seen(".list") && seen(".pane") && seen(".back") && said("Bring the Pumpkin soup") })()`)
		if wide := b.Run(`return document.documentElement.scrollWidth`); wide != "390" {
			t.Errorf("the page is %s px wide", wide)
		}
		b.Run(`$(".back").click()`)
		// Back where one was, for the keyboard too.
		b.Until(`(() => { ` + visible + `return seen(".list") && !seen(".pane") && root.activeElement?.innerText.includes("Harvest supper") })()`)
		b.Do(chromedp.EmulateViewport(1280, 860))
	})

	t.Run("EverythingByKeyboard", func(t *testing.T) {
		fresh(t, "")
		b.Run(`$(".row").focus()`)
		b.Press(kb.ArrowDown)
		b.Press(kb.ArrowUp)
		b.Press(kb.Enter)
		b.Until(`root.activeElement?.matches(".reply textarea")`)
		title := b.Run(`return text(".heading bdi")`)
		b.Press("By keyboard" + kb.Enter)
		b.Until(`said("By keyboard") === 1 && !$(".message.pending")`)
		// Backwards over the messages to the menu, into it, and out.
		for range 12 {
			b.Press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
			if b.Run(`return root.activeElement?.matches(".has-menu > .icon")`) == "true" {
				break
			}
		}
		b.Press(kb.Enter)
		b.Until(`root.activeElement?.matches("[role=menuitem]")`)
		b.Press(kb.End)
		b.Press(kb.Enter)
		b.Until(`$("dialog")`)
		b.Press(kb.Tab + kb.Tab)
		if b.Run(`return $("dialog").contains(root.activeElement) || root.activeElement === null`) != "true" {
			t.Error("the focus left the dialog")
		}
		b.Press(kb.Escape)
		b.Until(`!$("dialog") && root.activeElement?.matches(".has-menu > .icon")`)
		if now := b.Run(`return text(".heading bdi")`); now != title {
			t.Errorf("%q became %q", title, now)
		}
	})

	t.Run("WhoSignedOutIsAskedToSignIn", func(t *testing.T) {
		fresh(t, "")
		b.Run(`localStorage.setItem("parley:/wp-json/:1:draft:1", "x"); await fetch("/wp-login.php?action=logout"); document.cookie.split("; ").forEach(c => document.cookie = c.split("=")[0] + "=; max-age=0; path=/")`)
		if err := logOutEverywhere(t, "carol"); err != nil {
			t.Fatal(err)
		}
		b.Until(`text(".nothing p") === "Please sign in to use this." && Object.keys(localStorage).filter(k => k.startsWith("parley:")).length === 0`)
	})
}

// logOutEverywhere ends every session of a member.
func logOutEverywhere(t *testing.T, login string) error {
	t.Helper()
	_, err := site.PHP(t.Context(), fmt.Sprintf("WP_Session_Tokens::get_instance( %d )->destroy_all();", site.Member(login).ID))
	return err
}
