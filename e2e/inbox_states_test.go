package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// startWith begins a conversation of two with an account made for a test.
func startWith(t *testing.T, c *wpsite.Session, m wpsite.Member, text string) int64 {
	t.Helper()
	var s started
	want(t, c, 201, "POST", wpsite.Conversations, map[string]any{"recipient_ids": []int64{m.ID}, "message": text}, &s)
	return s.ID
}

// States the sample members are never in.
func TestInboxStates(t *testing.T) {
	asMona := logIn(t, "mona")
	b := newBrowser(t)
	seeInbox(b, "mona", "")
	fresh := func(t *testing.T, path string) { t.Helper(); b.T = t; seeInbox(b, "", path) }

	t.Run("ErasedPeer", func(t *testing.T) {
		rook := newMember(t, "rook")
		id := startWith(t, asMona, rook, "Are you still with us?")
		if _, err := site.PHP(t.Context(), fmt.Sprintf("require_once ABSPATH . 'wp-admin/includes/user.php'; wp_delete_user( %d );", rook.ID)); err != nil {
			t.Fatal(err)
		}
		eventually(t, expectWithin, func() error {
			if title := conversationOf(t, asMona, id).Title; title != "Deleted User" {
				return fmt.Errorf("the conversation is with %q", title)
			}
			return nil
		})
		fresh(t, fmt.Sprintf("%d/", id))
		b.Until(`text(".closed") === "This account no longer exists." && text(".heading bdi") === "Deleted User" && !$(".reply")`)
	})

	t.Run("Silenced", func(t *testing.T) {
		quill := newMember(t, "quill")
		id := startWith(t, asMona, quill, "Quiet, please")
		if _, err := site.PHP(t.Context(), fmt.Sprintf("$wpdb->insert( $wpdb->prefix . 'jt_restrictions', array( 'user_id' => %d, 'type' => 'silence', 'issued_by' => 1, 'created_at' => gmdate( 'Y-m-d H:i:s' ) ) );", quill.ID)); err != nil {
			t.Fatal(err)
		}
		site.Members = append(site.Members, quill)
		q := newBrowser(t)
		seeInbox(q, "quill", fmt.Sprintf("%d/", id))
		q.Until(`text(".closed") === "You are currently silenced." && said("Quiet, please") === 1`)
	})

	t.Run("NobodyAnswers", func(t *testing.T) {
		fresh(t, "")
		b.Run(`window.real = fetch; window.fetch = () => Promise.reject(new TypeError("cut")); $$(".views a")[1].click()`)
		b.Until(`text(".list .nothing p") === "Network error. Please try again." && $(".banner")`)
		b.Run(`window.fetch = window.real; $(".list .nothing button").click()`)
		b.Until(`text(".list .nothing") === "No archived conversations" || $(".row")`)
		b.Run(`window.fetch = async () => new Response("<h1>Bad gateway</h1>", {status: 502}); $$(".views a")[0].click()`)
		b.Until(`text(".list .nothing p") === "Could not load conversations."`)
		b.Run(`window.fetch = window.real; $(".list .nothing button").click()`)
		b.Until(`$(".row")`)
	})

	// In other languages and from right to left, nothing runs out of the page.
	t.Run("LanguagesAndDirection", func(t *testing.T) {
		id := group(t, asMona, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "Sprachen", "carol", "greta")
		// What a theme translates is text.
		strings := filepath.Join(site.Dir, "strings.json")
		if err := os.WriteFile(strings, []byte(`{"app.messages": "<img src=x onerror=\"document.title='broken'\">", "list.new": 7}`), 0o644); err != nil {
			t.Fatal(err)
		}
		fresh(t, fmt.Sprintf("%d/", id))
		translate := func(lang, dir, more string) {
			b.Run(`const e = document.querySelector("parley-inbox"), f = e.cloneNode(); document.documentElement.dir = "` + dir + `";
				f.setAttribute("nonce", e.nonce); f.setAttribute("lang", "` + lang + `"); ` + more + ` e.replaceWith(f)`)
			b.Until(`said("Sprachen") === 1`)
		}
		for _, width := range []int64{1280, 390} {
			b.Do(chromedp.EmulateViewport(width, 844))
			translate("de_DE", "ltr", "")
			if got := b.Run(`return [text("h1"), $(".reply textarea").placeholder, text(".heading .more"), text(".send")].join("|")`); width == 1280 && got != "Nachrichten|Nachricht schreiben …|und 2 weitere|Senden" {
				t.Error(got)
			}
			translate("ar", "rtl", "")
			if got := b.Run(`const own = $(".message.own .bubble").getBoundingClientRect(), s = $(".scroller").getBoundingClientRect();
				return [own.left - s.left < s.right - own.right, text(".heading .more"), document.documentElement.scrollWidth <= innerWidth].join("|")`); got != "true|وشخصان آخران|true" {
				t.Errorf("%d px: %s", width, got)
			}
			b.Run(`document.documentElement.dir = ""`)
		}
		translate("en", "ltr", `f.setAttribute("strings", "/strings.json");`)
		if got := b.Run(`return [$("h1").textContent.startsWith("<img"), $$("h1 img").length, text(".new"), document.title.includes("broken'")].join("|")`); got != "true|0|New|false" {
			t.Error(got)
		}
	})
}
