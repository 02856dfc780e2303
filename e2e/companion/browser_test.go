package companion

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/internal/bound"
)

// browser is a tab of Chromium with cookies of its own. Whatever it cannot do within a
// minute fails the test and says what the page shows.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// chromium starts the one Chromium of all tests.
var chromium = sync.OnceValues(func() (context.Context, error) {
	program := os.Getenv("PARLEY_BROWSER")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && program == "" {
			program = p
		}
	}
	if program == "" {
		return nil, fmt.Errorf("no browser on this machine")
	}
	dir, err := os.MkdirTemp("", "parley-chromium-")
	if err != nil {
		return nil, err
	}
	if err := bound.Remove(dir); err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Headless, chromedp.NoFirstRun,
		chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.Env("TMPDIR=" + dir), chromedp.WindowSize(1280, 900)}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "no-default-browser-check", "disable-dev-shm-usage"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	atEnd = append(atEnd, func() { leave(); stop() })
	return ctx, chromedp.Do(ctx)
})

// open logs a member in, in a browser without cookies.
func open(t *testing.T, login string) *browser {
	t.Helper()
	first, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(first, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the start is not part of the minute
		t.Fatal(err)
	}
	b := &browser{t, ctx}
	b.visit("/wp-login.php")
	b.do(chromedp.WaitVisible(chromedp.CSS("#user_login")), chromedp.SetValue(chromedp.CSS("#user_login"), login),
		chromedp.SetValue(chromedp.CSS("#user_pass"), site.Member(login).Password))
	within, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.RunResponse(within, chromedp.Click(chromedp.CSS("#wp-submit"))); err != nil {
		b.fail(err)
	}
	return b
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.fail(err)
	}
}

func (b *browser) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%v; the browser is at %s and shows:\n%s", err, at, text)
}

func (b *browser) visit(path string) { b.t.Helper(); b.do(chromedp.Navigate(site.URL + path)) }

// ask evaluates an expression whose value is a string.
func (b *browser) ask(expression string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.fail(err)
	}
	return v
}

// until waits for an expression to have a value.
func (b *browser) until(expression, want string) {
	b.t.Helper()
	eventually(b.t, time.Minute, func() error {
		if got := b.ask(expression); got != want {
			return fmt.Errorf("%s is %q, not %q", expression, got, want)
		}
		return nil
	})
}

// before runs a script in every page before its own.
func (b *browser) before(script string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.fail(err)
	}
}

// shoot leaves a picture in PARLEY_SCREENSHOTS, if that names a folder.
func (b *browser) shoot(name string, width int64) {
	b.t.Helper()
	dir := os.Getenv("PARLEY_SCREENSHOTS")
	if dir == "" {
		return
	}
	b.do(chromedp.EmulateViewport(width, 900))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.fail(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

// inside is the shadow root of the inbox, or what a selector finds there.
const inside = `document.querySelector("parley-inbox")?.shadowRoot`

func within(selector string) string { return inside + "?.querySelector(`" + selector + "`)" }

// lastBubble is the text of the newest message.
var lastBubble = `[...(` + inside + `?.querySelectorAll(".bubble") ?? [])].at(-1)?.innerText.trim() ?? ""`

// write sends a text in the conversation that is open.
func (b *browser) write(text string) {
	b.t.Helper()
	b.until(`String(!!`+within(".reply textarea")+`)`, "true")
	b.ask(`(() => { ` + within(".reply textarea") + `.focus(); return ""; })()`)
	b.do(chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
	b.until(lastBubble, text)
}

func TestTwoMembersConverseInTheTheme(t *testing.T) {
	for _, theme := range []string{"plain-blocks", "plain-classic"} {
		t.Run(theme, func(t *testing.T) {
			use(t, theme)
			id := start(t, logIn(t, "alice"), "Shall we meet in "+theme+"?", "bob")
			alice, bob := open(t, "alice"), open(t, "bob")
			alice.visit(inbox + itoa(id) + "/")
			bob.visit(inbox)
			bob.until(`String(`+within(".row")+`?.innerText.includes("Shall we meet in `+theme+`?") ?? false)`, "true")
			bob.shoot(theme+"-list", 1280)
			bob.shoot(theme+"-list-390", 390)
			bob.ask(`(() => { ` + within(".row") + `.click(); return ""; })()`)
			bob.until("location.pathname", inbox+itoa(id)+"/")
			bob.write("At noon, by the lake.")
			alice.until(lastBubble, "At noon, by the lake.")
			alice.write("See you there!")
			bob.until(lastBubble, "See you there!")
			bob.shoot(theme+"-thread", 1280)
			bob.shoot(theme+"-thread-390", 390)
			if title := bob.ask("document.title"); !strings.Contains(title, "Parley demo") {
				t.Errorf("title %q", title)
			}
			if heading := bob.ask(`getComputedStyle(document.querySelector(".entry-title, .wp-block-post-title")).clipPath`); heading != "inset(50%)" {
				t.Errorf("the theme's title takes room: %s", heading)
			}
		})
	}
}

func TestTheComposerOnAPageOfTheOwnersChoice(t *testing.T) {
	use(t, "plain-classic")
	path := newPost(t, "[parley_inbox]")
	b := open(t, "alice")
	b.visit(path + "?to=bob")
	b.until(`String(`+inside+`?.textContent.includes("Bob Martinez") && !!`+within("form textarea")+`)`, "true")
	if at := b.ask("location.pathname"); at != path {
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
	carol.before(`(() => { const slow = window.setTimeout; window.setTimeout = (f, ms, ...more) => slow(f, ms / 90, ...more);
		const plain = window.fetch; window.asked = 0; window.fetch = (...a) => { if (String(a[0]).includes("unread-count")) window.asked++; return plain(...a); };
		window.away = false; Object.defineProperty(document, "hidden", { get: () => window.away }); })()`)
	carol.visit("/")
	carol.until(`String(window.asked > 1)`, "true")
	if shown := carol.ask(badgeText); shown != "" {
		t.Errorf("nothing is unread, and the badge shows %q", shown)
	}
	id := start(t, bob, "Are you there?", "carol")
	carol.until(badgeText, "1")
	if n := carol.ask(`String(document.querySelectorAll(".parley-badge").length)`); n != "1" {
		t.Errorf("%s links wear the badge", n)
	}
	start(t, logIn(t, "alice"), "And I?", "carol")
	carol.until(badgeText, "2")
	carol.shoot("badge", 1280)

	// Nobody looks, nobody asks; afterwards it goes on.
	carol.ask(`(() => { window.away = true; document.dispatchEvent(new Event("visibilitychange")); window.asked = 0; return ""; })()`)
	carol.ask(`(() => { document.dispatchEvent(new CustomEvent("parley:unread", { detail: { count: 120 } })); return ""; })()`)
	carol.until(badgeText, "99+")
	// A question may have been under way; no second one follows while others would.
	watcher := open(t, "carol")
	watcher.before(`(() => { const slow = window.setTimeout; window.setTimeout = (f, ms, ...more) => slow(f, ms / 90, ...more);
		const plain = window.fetch; window.asked = 0; window.fetch = (...a) => { if (String(a[0]).includes("unread-count")) window.asked++; return plain(...a); }; })()`)
	watcher.visit("/")
	watcher.until(`String(window.asked > 4)`, "true")
	if n := carol.ask("String(window.asked)"); n != "0" && n != "1" {
		t.Errorf("%s questions while hidden", n)
	}
	carol.ask(`(() => { window.away = false; document.dispatchEvent(new Event("visibilitychange")); return ""; })()`)
	carol.until(badgeText, "2")

	// A stale nonce is renewed.
	carol.visit("/")
	carol.ask(`(() => { const plain = window.fetch; window.fetch = (u, o) => { if (o?.headers?.["X-WP-Nonce"] && !window.renewed) { o.headers["X-WP-Nonce"] = "0123456789"; }
		if (String(u).includes("rest-nonce")) window.renewed = true; return plain(u, o); }; return ""; })()`)
	if a := do(t, logIn(t, "carol"), "GET", "/wp-json/jetonomy/v1/conversations/"+itoa(id)+"/messages", nil); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	carol.until(badgeText, "1")
	carol.until("String(window.renewed)", "true")
}

func TestWhatAdministratorsSeeInTheBrowser(t *testing.T) {
	b := open(t, "admin")
	b.visit("/wp-admin/admin.php?page=parley-status")
	b.until(`String("done" in document.querySelector("#parley-doctor").dataset)`, "true")
	routes := b.ask(`document.querySelector("#parley-routes").innerText`)
	if n := strings.Count(routes, "this plugin forwards these requests"); n != 4 || !strings.Contains(routes, "The inbox is a page of the theme.") {
		t.Errorf("what the browser sees:\n%s", routes)
	}
	holds(t, b.ask(`document.querySelector("#parley-doctor").innerText`), "The database answers.", "Parley's tables are up to date.", "answers.")
	b.shoot("status", 1280)
	b.shoot("status-390", 390)

	start(t, logIn(t, "bob"), "Seen by administrators", "carol")
	b.visit("/wp-admin/admin.php?page=parley")
	b.until(`String(document.querySelector("parley-oversight")?.shadowRoot?.textContent.includes("Seen by administrators") ?? false)`, "true")
	b.shoot("oversight", 1280)

	b.visit("/wp-admin/post-new.php?post_type=page")
	b.until(`window.wp?.blocks?.getBlockType("parley/inbox")?.title ?? ""`, "Messages")
	b.ask(`(wp.data.dispatch("core/block-editor").insertBlock(wp.blocks.createBlock("parley/inbox", { align: "wide" })), "")`)
	b.until(`String(document.body.innerText.includes("Here each member sees their own messages."))`, "true")
	if saved := b.ask(`wp.data.select("core/editor").getEditedPostContent()`); saved != `<!-- wp:parley/inbox {"align":"wide"} /-->` {
		t.Errorf("saved: %s", saved)
	}

	set(t, "forward", "false")
	b.visit("/wp-admin/admin.php?page=parley-status")
	b.until(`String("done" in document.querySelector("#parley-doctor").dataset)`, "true")
	routes = b.ask(`document.querySelector("#parley-routes").innerText`)
	if n := strings.Count(routes, "WordPress answers and knows no such address."); n != 4 {
		t.Errorf("what the browser sees without forwarding:\n%s", routes)
	}
	holds(t, b.ask(`document.querySelector("#parley-doctor").innerText`), "Parley could not be asked.")
}
