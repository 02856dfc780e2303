package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// look is a state of a page: how to get there, and what shows that one is there. With a
// name of "plain-…" it is the page as the server made it.
type look struct {
	name, login, path string
	// ready is an expression that is true in that state.
	ready string
	// then goes on from the page that was opened; may be nil.
	then func(b *browser)
}

func (l look) plain() bool { return strings.HasPrefix(l.name, "plain-") }

// looks are the states of the inbox and of the oversight page, in the order of their
// members, for each of them has one browser. ids are those of the stage.
func looks(s stage) []look {
	thread := func(id int64) string { return fmt.Sprintf("%s%d/", inbox, id) }
	clicks := func(statement, until string) func(*browser) {
		return func(b *browser) { b.Run(statement); b.Until(until) }
	}
	const menu = `$(".has-menu button").click()`
	const bubbles = `$(".bubble")`
	choose := func(item, until string) func(*browser) {
		return func(b *browser) {
			b.Run(menu)
			b.Until(`$("[role=menuitem]")`)
			b.Run(fmt.Sprintf(`$$("[role=menuitem]")[%s].click()`, item))
			b.Until(until)
		}
	}
	return []look{
		{"list", "alice", inbox, `$$(".row").length > 2`, nil},
		{"thread", "alice", thread(s.direct), bubbles, nil},
		{"group", "alice", thread(s.group), bubbles, nil},
		{"rich", "alice", thread(s.rich), bubbles, nil},
		{"menu", "alice", thread(s.group), bubbles, clicks(menu, `$("[role=menuitem]")`)},
		{"rename", "alice", thread(s.group), bubbles, choose("3", `$("dialog")`)},
		{"leave", "alice", thread(s.group), bubbles, choose("5", `$("dialog")`)},
		{"report", "alice", thread(s.group), bubbles, choose("4", `$("dialog")`)},
		{"archived", "alice", inbox + "?filter=archived", `$(".row")`, nil},
		{"search", "alice", inbox, `$(".row")`, clicks(`type("[role=search] input", "picnic")`, `$("mark")`)},
		{"search-none", "alice", inbox, `$(".row")`, clicks(`type("[role=search] input", "zzzzzz")`, `!$(".row") && $(".nothing")`)},
		{"new", "alice", inbox + "new/", `$(".compose")`, nil},
		{"new-suggestions", "alice", inbox + "new/", `$(".compose")`, clicks(`type("[role=combobox]", "car")`, `$("[role=option]")`)},
		{"new-to", "alice", inbox + "?to=bob", `$(".chip")`, nil},
		{"new-error", "alice", inbox + "new/", `$(".compose")`, func(b *browser) {
			b.Run(`type("[role=combobox]", "nobody-here")`)
			b.Run(`$(".compose button[type=submit]").click()`)
			b.Until(`$(".compose [role=alert]")`)
		}},
		{"blocked", "alice", thread(s.blocked), `$(".closed")`, nil},
		{"not-found", "alice", inbox + "999999/", `$(".pane [role=alert]")`, nil},
		{"forbidden", "alice", thread(s.foreign), `$(".pane [role=alert]")`, nil},
		{"failed", "alice", thread(s.direct), bubbles, func(b *browser) {
			b.Run(`const real = fetch; window.fetch = (u, o) => o?.method === "POST" ? Promise.resolve(Response.json({code: "jetonomy_cannot_send", message: "Unable to send message."}, {status: 403})) : real(u, o)`)
			b.Write(".reply", "Is anybody there?")
			b.Until(`$(".failed")`)
		}},
		{"left", "carol", thread(s.left), `$(".closed")`, nil},
		{"trust", "dave", inbox + "new/", `$(".pane .nothing") || $(".pane [role=status]")`, nil},
		{"empty", "lena", inbox, `$(".nothing")`, nil},
		{"plain-list", "bob", inbox, "", nil},
		{"plain-thread", "bob", thread(s.group), "", nil},
		{"plain-new", "bob", inbox + "?to=alice", "", nil},
		{"plain-archived", "bob", inbox + "?filter=archived", "", nil},
		{"plain-not-found", "bob", inbox + "999999/", "", nil},
		{"plain-refused", "bob", inbox + "oversight/", "", nil},
		{"oversight", "admin", inbox + "oversight/", `$("tbody tr")`, nil},
		{"oversight-member", "admin", fmt.Sprintf("%soversight/?member=%d", inbox, site.Member("alice").ID), `$(".blocks li")`, nil},
		{"oversight-suggestions", "admin", inbox + "oversight/", `$("tbody tr")`, clicks(`type("#member", "ali")`, `$("[role=option]")`)},
		{"oversight-none", "admin", inbox + "oversight/?from=2001-01-01&to=2001-01-31", `$(".empty")`, nil},
		{"oversight-unknown", "admin", inbox + "oversight/?member=nobody-here", `$("[role=alert]")`, nil},
		{"oversight-thread", "admin", fmt.Sprintf("%soversight/?conversation=%d", inbox, s.group), `$(".thread li")`, nil},
		{"oversight-purge", "admin", fmt.Sprintf("%soversight/?conversation=%d", inbox, s.group), `$(".thread li")`, clicks(`$("button.purge").click()`, `$("dialog")`)},
		{"oversight-audit", "admin", inbox + "oversight/?view=audit", `$("tbody tr")`, nil},
	}
}

// stage is what the states need: conversations by what is special about them.
type stage struct {
	direct, group, rich, blocked, foreign, left int64
	passwords                                   map[string]string
}

func setStage(t *testing.T) (s stage) {
	t.Helper()
	if err := site.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.passwords = map[string]string{"lena": newMember(t, "lena").Password}
	for _, m := range site.Members {
		s.passwords[m.Login] = m.Password
	}
	alice, greta := logIn(t, "alice"), logIn(t, "greta")
	s.foreign = start(t, greta, "Shall we plan the harvest?", "erin").ID
	s.blocked = start(t, alice, "Please stop.", "dave").ID
	want(t, alice, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, s.blocked), map[string]any{"blocked": true}, nil)
	s.left = group(t, greta, "Lake trip", "Who is in?", "carol", "bob")
	want(t, logIn(t, "carol"), 200, "POST", fmt.Sprintf("%s/%d/leave", wpsite.Conversations, s.left), nil, nil)
	archived := group(t, greta, "Last year's fair", "Thank you all!", "alice", "bob")
	want(t, alice, 200, "POST", fmt.Sprintf("%s/%d/archive", wpsite.Conversations, archived), map[string]any{"archived": true}, nil)
	s.rich = group(t, greta, "Reading group", "<p>This month: <strong>three</strong> chapters.</p><ul><li>One</li><li>Two</li></ul><blockquote>Slowly.</blockquote><pre><code>page = 12\nchapter = 2</code></pre>Notes at https://example.org/a/very/long/address/that/does/not/fit/into/one/line/of/a/phone", "alice", "bob")
	want(t, alice, 200, "POST", fmt.Sprintf("%s/%d/mute", wpsite.Conversations, s.rich), map[string]any{"muted": true}, nil)
	s.group, s.direct = titled(t, alice, "Summer picnic"), titled(t, alice, "Bob Martinez")
	return s
}

// titled finds the newest conversation of a member with a title.
func titled(t *testing.T, c *wpsite.Session, title string) int64 {
	t.Helper()
	var page struct {
		Data []struct {
			ID    int64  `json:"id"`
			Title string `json:"title"`
		} `json:"data"`
	}
	want(t, c, 200, "GET", wpsite.Conversations+"?limit=100", nil, &page)
	for _, row := range page.Data {
		if row.Title == title {
			return row.ID
		}
	}
	t.Fatalf("no conversation %q among %v", title, page.Data)
	return 0
}

// spread puts the messages of the stage hours and days apart, as they are in life.
func spread(t *testing.T) {
	t.Helper()
	out, err := site.PHP(t.Context(), `
		$p = $wpdb->prefix . 'parley_';
		$last = (int) $wpdb->get_var( "SELECT MAX(id) FROM {$p}messages" );
		$wpdb->query( "UPDATE {$p}messages SET created_at = created_at - INTERVAL POW($last - id, 2) * 7 MINUTE" );
		$wpdb->query( "UPDATE {$p}conversations c JOIN (SELECT conversation_id, MIN(created_at) born, MAX(created_at) latest FROM {$p}messages GROUP BY conversation_id) m
			ON m.conversation_id = c.id SET c.created_at = m.born, c.last_message_at = m.latest, c.last_activity_at = m.latest" );
		$wpdb->query( "UPDATE {$p}participants p JOIN {$p}conversations c ON c.id = p.conversation_id SET p.last_activity_at = c.last_activity_at, p.joined_at = c.created_at" );
		echo $wpdb->last_error;`)
	if err != nil || out != "" {
		t.Fatal(err, out)
	}
}

// TestLook goes through every state of the pages, on a desktop and a phone, light and
// dark, written from the left and from the right: axe-core finds nothing serious. With
// PARLEY_SCREENSHOTS set to a folder it leaves pictures of all of them there.
func TestLook(t *testing.T) {
	folder := os.Getenv("PARLEY_SCREENSHOTS")
	axe, err := os.ReadFile("../web/app/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	siteOfItsOwn(t)
	s := setStage(t)
	// Each direction once with each width and each scheme.
	variants := map[string][]variant{"en_US": {sitetest.DesktopLight, sitetest.PhoneDark}, "ar": {sitetest.DesktopDark, sitetest.PhoneLight}}
	if folder != "" {
		spread(t)
		// What it remembers of before is no longer so.
		if err := site.StopParley(); err != nil {
			t.Fatal(err)
		}
		if err := site.StartParley(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := []variant{sitetest.DesktopLight, sitetest.DesktopDark, sitetest.PhoneLight, sitetest.PhoneDark}
		variants = map[string][]variant{"en_US": all, "ar": all}
	}
	var turns [4]turn // of about the same length
	for i, l := range looks(s) {
		mine := &turns[3]
		switch l.login {
		case "alice":
			mine = &turns[i%2]
		case "admin":
			mine = &turns[2]
		}
		if mine.browsers[l.login] == nil {
			b := newBrowser(t)
			b.Open("/wp-login.php")
			b.SignIn(s.passwords[l.login], l.login)
			if l.plain() {
				b.WithoutAssets()
			}
			mine.open(l.login, b)
		}
		mine.looks = append(mine.looks, l)
	}
	for _, locale := range []string{"en_US", "ar"} {
		speak(t, locale)
		t.Run(locale, func(t *testing.T) {
			for i, turn := range turns {
				t.Run(strconv.Itoa(i+1), func(t *testing.T) {
					if folder == "" { // pictures show what the ones before left
						t.Parallel()
					}
					for _, l := range turn.looks {
						t.Run(l.name, func(t *testing.T) {
							l.examine(t, turn.browsers[l.login], string(axe), variants[locale], func(v variant) string {
								if folder == "" {
									return ""
								}
								return filepath.Join(folder, fmt.Sprintf("%s-%d-%s-%s.png", l.name, v.Width, v.Scheme, map[string]string{"en_US": "ltr", "ar": "rtl"}[locale]))
							})
						})
					}
				})
			}
		})
	}
}

// turn is some of the looks, one after the other, beside other turns.
type turn struct {
	looks    []look
	browsers map[string]*browser // by login
}

func (w *turn) open(login string, b *browser) {
	if w.browsers == nil {
		w.browsers = map[string]*browser{}
	}
	w.browsers[login] = b
}

// examine goes to a state of a page and has it examined in each variant. picture names the
// file for a picture of it, "" for none.
func (l look) examine(t *testing.T, b *browser, axe string, variants []variant, picture func(variant) string) {
	t.Helper()
	b.T = t
	b.Show(variants[0])
	b.Open(l.path)
	if l.plain() {
		b.See("main")
	} else {
		b.Until(l.ready)
	}
	if l.then != nil {
		l.then(b)
	}
	b.Run(axe)
	for _, v := range variants {
		b.Show(v)
		if file := picture(v); file != "" {
			b.Picture(file)
		}
		b.IsAccessible(v)
	}
}

// speak sets the language of the site.
func speak(t *testing.T, locale string) {
	t.Helper()
	set := func(ctx context.Context, locale string) {
		// update_option would want the language's files.
		out, err := site.PHP(ctx, "$wpdb->replace( $wpdb->options, [ 'option_name' => 'WPLANG', 'option_value' => '"+locale+"', 'autoload' => 'yes' ] );")
		if err != nil {
			t.Fatal(err, out)
		}
	}
	set(t.Context(), locale)
	t.Cleanup(func() { set(context.Background(), "") })
	alice := logIn(t, "alice")
	lang := `<html lang="` + strings.ReplaceAll(locale, "_", "-") + `"`
	eventually(t, 20*time.Second, func() error { // settings are a few seconds old
		if a := do(t, alice, "GET", inbox, nil); !strings.Contains(string(a.Body), lang) {
			return fmt.Errorf("the page is not %s: %.200s", lang, a.Body)
		}
		return nil
	})
}
