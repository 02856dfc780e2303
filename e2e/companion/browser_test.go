package companion

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/internal/sitetest"
)

// open logs a member in, in a browser without cookies.
func open(t *testing.T, login string) *sitetest.Browser {
	t.Helper()
	b := sitetest.NewBrowser(t, site)
	b.Open("/wp-login.php")
	b.LogIn(login)
	return b
}

// shoot leaves a picture in PARLEY_SCREENSHOTS, if that names a folder.
func shoot(b *sitetest.Browser, name string, width int64) {
	b.T.Helper()
	b.Shoot(name, width, 900)
	b.Do(chromedp.EmulateViewport(1280, 900))
}

// inside is the shadow root of the inbox, or what a selector finds there.
const inside = `document.querySelector("parley-inbox")?.shadowRoot`

func within(selector string) string { return inside + "?.querySelector(`" + selector + "`)" }

// lastBubble is the text of the newest message.
var lastBubble = `[...(` + inside + `?.querySelectorAll(".bubble") ?? [])].at(-1)?.innerText.trim() ?? ""`

// write sends a text in the conversation that is open.
func write(b *sitetest.Browser, text string) {
	b.T.Helper()
	b.Becomes(`String(!!`+within(".reply textarea")+`)`, "true")
	b.Ask(`(() => { ` + within(".reply textarea") + `.focus(); return ""; })()`)
	b.Do(chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
	b.Becomes(lastBubble, text)
}

func TestTwoMembersConverseInTheTheme(t *testing.T) {
	for _, theme := range []string{"plain-blocks", "plain-classic"} {
		t.Run(theme, func(t *testing.T) {
			use(t, theme)
			id := start(t, logIn(t, "alice"), "Shall we meet in "+theme+"?", "bob")
			alice, bob := open(t, "alice"), open(t, "bob")
			alice.Open(inbox + itoa(id) + "/")
			bob.Open(inbox)
			bob.Becomes(`String(`+within(".row")+`?.innerText.includes("Shall we meet in `+theme+`?") ?? false)`, "true")
			shoot(bob, theme+"-list", 1280)
			shoot(bob, theme+"-list-390", 390)
			bob.Ask(`(() => { ` + within(".row") + `.click(); return ""; })()`)
			bob.Becomes("location.pathname", inbox+itoa(id)+"/")
			write(bob, "At noon, by the lake.")
			alice.Becomes(lastBubble, "At noon, by the lake.")
			write(alice, "See you there!")
			bob.Becomes(lastBubble, "See you there!")
			shoot(bob, theme+"-thread", 1280)
			shoot(bob, theme+"-thread-390", 390)
			if title := bob.Ask("document.title"); !strings.Contains(title, "Parley demo") {
				t.Errorf("title %q", title)
			}
			if heading := bob.Ask(`getComputedStyle(document.querySelector(".entry-title, .wp-block-post-title")).clipPath`); heading != "inset(50%)" {
				t.Errorf("the theme's title takes room: %s", heading)
			}
		})
	}
}

func TestTheComposerOnAPageOfTheOwnersChoice(t *testing.T) {
	use(t, "plain-classic")
	path := newPost(t, "[parley_inbox]")
	b := open(t, "alice")
	b.Open(path + "?to=bob")
	b.Becomes(`String(`+inside+`?.textContent.includes("Bob Martinez") && !!`+within("form textarea")+`)`, "true")
	if at := b.Ask("location.pathname"); at != path {
		t.Errorf("the inbox moved the page to %s", at)
	}
}

// badgeText is what the badge of the theme's menu shows, "" while it is hidden.
const badgeText = `[...document.querySelectorAll(".menu-item .parley-badge")].filter(b => !b.hidden).map(b => b.innerText.split("\n")[0].trim()).join()`

func TestTheBadgeIsLive(t *testing.T) {
	use(t, "plain-classic")
	menu := php(t, `$menu = wp_create_nav_menu( 'Main' );
		foreach ( array( 'Messages' => '/community/messages/', 'Write' => '/community/messages/?to=bob', 'Home' => '/' ) as $title => $path ) {
			wp_update_nav_menu_item( $menu, 0, array( 'menu-item-title' => $title, 'menu-item-url' => home_url( $path ), 'menu-item-status' => 'publish' ) );
		}
		set_theme_mod( 'nav_menu_locations', array( 'main' => $menu ) ); echo $menu;`)
	defer php(t, "wp_delete_nav_menu( "+menu+" ); remove_theme_mod( 'nav_menu_locations' );")
	bob := logIn(t, "bob")
	carol := open(t, "carol")
	// Thirty seconds are a third of one here; hidden is what the test says.
	carol.Before(`(() => { const slow = window.setTimeout; window.setTimeout = (f, ms, ...more) => slow(f, ms / 90, ...more);
		const plain = window.fetch; window.asked = 0; window.fetch = (...a) => { if (String(a[0]).includes("unread-count")) window.asked++; return plain(...a); };
		window.away = false; Object.defineProperty(document, "hidden", { get: () => window.away }); })()`)
	carol.Open("/")
	carol.Becomes(`String(window.asked > 1)`, "true")
	if shown := carol.Ask(badgeText); shown != "" {
		t.Errorf("nothing is unread, and the badge shows %q", shown)
	}
	id := start(t, bob, "Are you there?", "carol")
	carol.Becomes(badgeText, "1")
	if n := carol.Ask(`String(document.querySelectorAll(".parley-badge").length)`); n != "1" {
		t.Errorf("%s links wear the badge", n)
	}
	start(t, logIn(t, "alice"), "And I?", "carol")
	carol.Becomes(badgeText, "2")
	shoot(carol, "badge", 1280)

	// Nobody looks, nobody asks; afterwards it goes on.
	carol.Ask(`(() => { window.away = true; document.dispatchEvent(new Event("visibilitychange")); window.asked = 0; return ""; })()`)
	carol.Ask(`(() => { document.dispatchEvent(new CustomEvent("parley:unread", { detail: { count: 120 } })); return ""; })()`)
	carol.Becomes(badgeText, "99+")
	// A question may have been under way; no second one follows while others would.
	watcher := open(t, "carol")
	watcher.Before(`(() => { const slow = window.setTimeout; window.setTimeout = (f, ms, ...more) => slow(f, ms / 90, ...more);
		const plain = window.fetch; window.asked = 0; window.fetch = (...a) => { if (String(a[0]).includes("unread-count")) window.asked++; return plain(...a); }; })()`)
	watcher.Open("/")
	watcher.Becomes(`String(window.asked > 4)`, "true")
	if n := carol.Ask("String(window.asked)"); n != "0" && n != "1" {
		t.Errorf("%s questions while hidden", n)
	}
	carol.Ask(`(() => { window.away = false; document.dispatchEvent(new Event("visibilitychange")); return ""; })()`)
	carol.Becomes(badgeText, "2")

	// A stale nonce is renewed.
	carol.Open("/")
	carol.Ask(`(() => { const plain = window.fetch; window.fetch = (u, o) => { if (o?.headers?.["X-WP-Nonce"] && !window.renewed) { o.headers["X-WP-Nonce"] = "0123456789"; }
		if (String(u).includes("rest-nonce")) window.renewed = true; return plain(u, o); }; return ""; })()`)
	if a := do(t, logIn(t, "carol"), "GET", "/wp-json/jetonomy/v1/conversations/"+itoa(id)+"/messages", nil); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	carol.Becomes(badgeText, "1")
	carol.Becomes("String(window.renewed)", "true")
}

func TestWhatAdministratorsSeeInTheBrowser(t *testing.T) {
	b := open(t, "admin")
	b.Open("/wp-admin/admin.php?page=parley-status")
	b.Becomes(`String("done" in document.querySelector("#parley-doctor").dataset)`, "true")
	routes := b.Ask(`document.querySelector("#parley-routes").innerText`)
	if n := strings.Count(routes, "this plugin forwards these requests"); n != 4 || !strings.Contains(routes, "The inbox is a page of the theme.") {
		t.Errorf("what the browser sees:\n%s", routes)
	}
	holds(t, b.Ask(`document.querySelector("#parley-doctor").innerText`), "The database answers.", "Parley's tables are up to date.", "answers.")
	shoot(b, "status", 1280)
	shoot(b, "status-390", 390)

	start(t, logIn(t, "bob"), "Seen by administrators", "carol")
	b.Open("/wp-admin/admin.php?page=parley")
	b.Becomes(`String(document.querySelector("parley-oversight")?.shadowRoot?.textContent.includes("Seen by administrators") ?? false)`, "true")
	shoot(b, "oversight", 1280)

	b.Open("/wp-admin/post-new.php?post_type=page")
	b.Becomes(`window.wp?.blocks?.getBlockType("parley/inbox")?.title ?? ""`, "Messages")
	b.Ask(`(wp.data.dispatch("core/block-editor").insertBlock(wp.blocks.createBlock("parley/inbox", { align: "wide" })), "")`)
	b.Becomes(`String(document.body.innerText.includes("Here each member sees their own messages."))`, "true")
	if saved := b.Ask(`wp.data.select("core/editor").getEditedPostContent()`); saved != `<!-- wp:parley/inbox {"align":"wide"} /-->` {
		t.Errorf("saved: %s", saved)
	}

	set(t, "forward", "false")
	b.Open("/wp-admin/admin.php?page=parley-status")
	b.Becomes(`String("done" in document.querySelector("#parley-doctor").dataset)`, "true")
	routes = b.Ask(`document.querySelector("#parley-routes").innerText`)
	if n := strings.Count(routes, "WordPress answers and knows no such address."); n != 4 {
		t.Errorf("what the browser sees without forwarding:\n%s", routes)
	}
	holds(t, b.Ask(`document.querySelector("#parley-doctor").innerText`), "Parley could not be asked.")
}
