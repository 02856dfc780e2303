package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The thread, in two browsers.
func TestInboxThread(t *testing.T) {
	alice, bob := newBrowser(t), newBrowser(t)
	asAlice, asBob := logIn(t, "alice"), logIn(t, "bob")
	seeInbox(alice, "alice", "")
	seeInbox(bob, "bob", "")
	open := func(t *testing.T, b *browser, id int64) {
		t.Helper()
		b.T = t
		seeInbox(b, "", fmt.Sprintf("%d/", id))
		b.Until(`$(".reply textarea") && $(".bubble")`)
	}

	t.Run("AReplyAppearsInTheOtherBrowserByItself", func(t *testing.T) {
		id := group(t, asAlice, "Two browsers", "Are you there?", "bob")
		open(t, alice, id)
		open(t, bob, id)
		bob.Run(`$(".reply textarea").focus()`)
		bob.Press("Yes")
		bob.Press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierShift))
		bob.Press("here")
		bob.Press(kb.Enter)
		bob.Until(`said("Yes\nhere") === 1 && $(".reply textarea").value === ""`)
		alice.Until(`said("Yes\nhere") === 1`)
		alice.Until(`text("[role=log]") === "Bob Martinez: Yes here"`)
		if got := plainOf(t, asBob, id); !slices.Equal(got, []string{"Are you there?", "Yes\nhere"}) {
			t.Errorf("stored: %q", got)
		}
		// Whoever writes is not told about it, and sees it was read.
		bob.Until(`text("[role=log]") === "" && text(".seen").startsWith("Seen by Alice Moreau")`)
	})

	t.Run("AnInputMethodThatComposesSendsNothing", func(t *testing.T) {
		id := group(t, asAlice, "Composing", "Hello", "bob")
		open(t, alice, id)
		alice.Run(`type(".reply textarea", "にほ"); $(".reply textarea").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))`)
		if n := len(plainOf(t, asAlice, id)); n != 1 || alice.Run(`return $(".reply textarea").value`) != "にほ" {
			t.Errorf("%d messages, field %q", n, alice.Run(`return $(".reply textarea").value`))
		}
	})

	t.Run("ADraftOutlivesAReloadAndIsNobodyElses", func(t *testing.T) {
		one, two := group(t, asAlice, "Draft one", "Hello", "bob"), group(t, asAlice, "Draft two", "Hello", "bob")
		open(t, alice, one)
		alice.Run(`type(".reply textarea", "Half a thought")`)
		open(t, alice, two)
		if draft := alice.Run(`return $(".reply textarea").value`); draft != "" {
			t.Errorf("the other conversation's field holds %q", draft)
		}
		open(t, alice, one)
		if draft := alice.Run(`return $(".reply textarea").value`); draft != "Half a thought" {
			t.Errorf("after the reload the field holds %q", draft)
		}
		// Another member in the same browser.
		alice.Run(`localStorage.setItem("parley:/wp-json/:999999:draft:1", "theirs")`)
		open(t, alice, one)
		if kept := alice.Run(`return localStorage.getItem("parley:/wp-json/:999999:draft:1")`); kept != "null" {
			t.Errorf("what another member left is still there: %s", kept)
		}
	})

	t.Run("AnAnswerThatIsLostLeavesOneMessage", func(t *testing.T) {
		id := group(t, asAlice, "Lost answers", "Hello", "bob")
		open(t, alice, id)
		// The server gets the first, and its answer never comes; the second does not get there.
		alice.Run(`const real = fetch; let n = 0;
			window.fetch = (u, o) => o?.method !== "POST" || !String(u).endsWith("/messages") ? real(u, o) : n++ ? Promise.reject(new TypeError("cut")) : real(u, o).then(() => { throw new TypeError("cut") });
			window.mend = () => { window.fetch = real };`)
		alice.Run(`type(".reply textarea", "Once only")`)
		alice.Press(kb.Enter)
		// The stream tells what the answer would have.
		alice.Until(`said("Once only") === 1 && !$(".message.pending, .message.failed")`)
		alice.Run(`type(".reply textarea", "Right behind")`)
		alice.Press(kb.Enter)
		alice.Until(`said("Right behind") === 1`)
		// A reload tries again by itself, in order.
		alice.Run(`mend()`)
		open(t, alice, id)
		alice.Until(`said("Right behind") === 1 && !$(".message.pending, .message.failed")`)
		if got := plainOf(t, asAlice, id); !slices.Equal(got, []string{"Hello", "Once only", "Right behind"}) {
			t.Errorf("stored: %q", got)
		}
	})

	t.Run("WithoutANetworkTheMessageWaitsAndGoesOnceItIsBack", func(t *testing.T) {
		id := group(t, asAlice, "Tunnel", "Hello", "bob")
		open(t, alice, id)
		alice.Run(`window.real = fetch; window.fetch = () => Promise.reject(new TypeError("offline")); window.dispatchEvent(new Event("offline"))`)
		alice.Until(`text(".banner").startsWith("You are offline")`)
		alice.Run(`type(".reply textarea", "From the tunnel")`)
		alice.Press(kb.Enter)
		alice.Until(`$(".message.failed")`)
		if shown := alice.Run(`return text(".message.failed .foot")`); !strings.Contains(shown, "Failed to send. Please try again.") || !strings.Contains(shown, "Retry") {
			t.Errorf("the failed message says %q", shown)
		}
		alice.Run(`window.fetch = window.real; window.dispatchEvent(new Event("online"))`)
		alice.Until(`said("From the tunnel") === 1 && !$(".message.pending, .message.failed") && !$(".banner")`)
		if got := plainOf(t, asBob, id); !slices.Equal(got, []string{"Hello", "From the tunnel"}) {
			t.Errorf("stored: %q", got)
		}
	})

	t.Run("AStaleNonceIsRefreshedAndTheMessageSent", func(t *testing.T) {
		id := group(t, asAlice, "Stale", "Hello", "bob")
		alice.T = t
		alice.Open(fmt.Sprintf("%s%d/", inbox, id))
		// As if the page had been open since yesterday.
		alice.Run(`const e = document.querySelector("parley-inbox"), f = e.cloneNode(); f.setAttribute("nonce", "0123456789"); e.replaceWith(f)`)
		alice.Until(`$(".reply textarea") && $(".bubble")`)
		alice.Run(`type(".reply textarea", "Still me")`)
		alice.Press(kb.Enter)
		alice.Until(`said("Still me") === 1 && !$(".message.pending")`)
		if got := plainOf(t, asAlice, id); !slices.Equal(got, []string{"Hello", "Still me"}) {
			t.Errorf("stored: %q", got)
		}
	})

	t.Run("AThreadOpensAtTheFirstUnreadMessageAndIsRead", func(t *testing.T) {
		id := group(t, asAlice, "Much to read", "First", "bob")
		want(t, asBob, 200, "GET", messagesOf(id), nil, nil)
		for n := range 25 {
			say(t, asAlice, id, fmt.Sprintf("Unread %d%s", n+1, strings.Repeat("\nline", n%4)))
		}
		open(t, bob, id)
		bob.Until(`$(".fresh") && said("Unread 1") === 1`)
		where := bob.Run(`const s = $(".scroller").getBoundingClientRect(), f = $(".fresh").getBoundingClientRect();
			return f.top >= s.top && f.bottom <= s.top + s.height / 2`)
		if where != "true" {
			t.Errorf("the first unread message is not in the upper half")
		}
		eventually(t, expectWithin, func() error {
			if n := conversationOf(t, asBob, id).Unread; n != 0 {
				return fmt.Errorf("%d still unread", n)
			}
			return nil
		})
		// Further up than the end: news are counted, and shown when asked for.
		bob.Run(`$(".scroller").scrollTop = 0`)
		bob.Until(`$(".pill")`)
		say(t, asAlice, id, "Down here")
		bob.Until(`text(".pill") === "1 new message"`)
		if n := conversationOf(t, asBob, id).Unread; n != 1 {
			t.Errorf("what is out of sight counts as %d unread", n)
		}
		bob.Run(`$(".pill").click()`)
		bob.Until(`said("Down here") === 1 && !$(".pill")`)
	})

	t.Run("TheServersRefusalIsShownAndTheMessageCanBeDiscarded", func(t *testing.T) {
		id := group(t, asAlice, "Refused", "Hello", "bob")
		open(t, bob, id)
		want(t, asBob, 200, "POST", fmt.Sprintf("/wp-json/jetonomy/v1/conversations/%d/leave", id), nil, nil)
		bob.Run(`type(".reply textarea", "Too late")`)
		bob.Press(kb.Enter)
		bob.Until(`$(".message.failed .failed")?.innerText.includes("Discard")`)
		bob.Run(`$$(".failed .link").at(-1).click()`)
		bob.Until(`said("Too late") === 0`)
		bob.Until(`text(".closed") === "You left this conversation."`)
	})

	t.Run("WhatIsNearTheLimitIsCounted", func(t *testing.T) {
		id := group(t, asAlice, "Long", "Hello", "bob")
		open(t, alice, id)
		alice.Run(`type(".reply textarea", "😀".repeat(9990))`)
		alice.Until(`text("#left") === "10 characters left" && $(".send").ariaDisabled === "false"`)
		alice.Run(`type(".reply textarea", "x".repeat(10001))`)
		alice.Until(`text("#left") === "1 character too many" && $(".send").ariaDisabled === "true"`)
		alice.Press(kb.Enter)
		if n := len(plainOf(t, asAlice, id)); n != 1 {
			t.Errorf("%d messages stored", n)
		}
		alice.Run(`type(".reply textarea", "")`)
	})

	t.Run("LinksLeadAwayAndNothingElseIsMarkup", func(t *testing.T) {
		const text = `See https://example.org/a?b=1&c=2 <img src=x onerror="document.title='broken'"><b onclick="x()">bold</b> <script>document.title='broken'</script><a href="javascript:alert(1)">no</a>`
		id := group(t, asAlice, "Markup", text, "bob")
		open(t, bob, id)
		got := bob.Run(`const a = $(".bubble a"); return [a.href, a.target, a.rel, $$(".bubble a").length, $$(".bubble img, .bubble script, .bubble [onclick]").length, $(".bubble b").innerText, document.title.includes("broken")].join(" ")`)
		if got != "https://example.org/a?b=1&c=2 _blank noopener nofollow ugc 1 0 bold false" {
			t.Error(got)
		}
	})
}
