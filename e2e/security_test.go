package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// attacks are texts that would call hit() if any page took them for more than text.
var attacks = []string{
	`<script>hit("script")</script>`,
	`<img src=x onerror=hit("img")>`,
	`"><svg onload=hit("svg")>`,
	`' autofocus onfocus=hit("focus") x='`,
	`</textarea></title><script>hit("end")</script>`,
	`<a href="javascript:hit('link')">here</a>`,
	`&lt;img src=x onerror=hit("twice")&gt;`,
	`<parley-inbox base="javascript:hit(1)"></parley-inbox>{{constructor.constructor("hit('template')")()}}`,
}

var attack = strings.Join(attacks, " ")

// watch notes, from the start of every page on, whatever an attack did and whatever
// the page's policy had to stop.
func watch(b *browser) {
	b.T.Helper()
	const script = `window.seen = []; window.hit = what => seen.push("ran: " + what); window.alert = hit;
		document.addEventListener("securitypolicyviolation", e => seen.push("stopped: " + e.effectiveDirective + " " + e.blockedURI + " " + e.sample));
		addEventListener("error", e => seen.push("error: " + e.message));
		addEventListener("unhandledrejection", e => seen.push("rejection: " + e.reason));`
	if _, err := chromedp.Call(b.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.Fail(err)
	}
}

// isUnharmed checks what watch noted, and that no element came of an attack.
func isUnharmed(b *browser, where string) {
	b.T.Helper()
	const strange = `(() => { const all = [], walk = n => { for (const e of n.querySelectorAll("*")) { all.push(e); if (e.shadowRoot) walk(e.shadowRoot); } }; walk(document);
		return [...seen, ...all.filter(e => e.matches('[src="x"], svg[onload], [onerror], [onfocus], [onload], a[href^="javascript" i], parley-inbox parley-inbox, iframe') ||
			(e.localName === "script" && !e.src)).map(e => "element: " + e.outerHTML.slice(0, 200))].join("\n") })()`
	if seen := b.Ask(strange); seen != "" {
		b.T.Errorf("%s: %s", where, seen)
	}
}

// suggestAttacks has whoever looks for members find one who is an attack altogether.
func suggestAttacks(b *browser) {
	b.T.Helper()
	b.Run(`const real = fetch, attack = ` + quoted(attack) + `;
		window.fetch = (u, o) => !String(u).includes("recipient-suggestions") ? real(u, o) :
			Promise.resolve(Response.json({data: [{id: 4711, login: attack, display_name: attack, avatar_url: "javascript:hit('avatar')"}]}))`)
}

// eve is a member whose very name is an attack; she may write to everybody.
func eve(t *testing.T) *wpsite.Session {
	t.Helper()
	m := newMember(t, "eve")
	code := fmt.Sprintf(`( new WP_User( %d ) )->set_role( 'editor' ); $wpdb->update( $wpdb->users, [ 'display_name' => base64_decode( '%s' ) ], [ 'ID' => %[1]d ] );`, m.ID, base64.StdEncoding.EncodeToString([]byte(strings.Join(attacks[:4], " "))))
	if out, err := site.PHP(t.Context(), code); err != nil || out != "" {
		t.Fatal(err, out)
	}
	c, err := site.LogIn(t.Context(), m.Login, m.Password, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Texts are texts, whoever wrote them and wherever they stand.
func TestNothingAMemberWritesRuns(t *testing.T) {
	eve := eve(t)
	titled := group(t, eve, attack[:255], attack, "alice", "bob")
	direct := start(t, eve, attack, "alice").ID
	for _, text := range attacks {
		say(t, eve, direct, "Look: "+text)
	}
	// What BuddyPress's clients send is formatted in another way.
	a := do(t, eve, "POST", "/wp-json/buddypress/v1/messages", map[string]any{"recipients": []int64{site.Member("alice").ID}, "subject": attack[:200], "message": attack})
	var threads []struct {
		ID int64 `json:"id"`
	}
	if err := a.JSON(&threads); a.Status != 200 || err != nil || len(threads) != 1 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for _, text := range attacks {
		do(t, eve, "POST", "/wp-json/buddypress/v1/messages", map[string]any{"id": threads[0].ID, "message": "Look: " + text})
	}
	term := url.QueryEscape(attack)

	t.Run("OnTheInbox", func(t *testing.T) {
		b := newBrowser(t)
		watch(b)
		seeInbox(b, "alice", "")
		b.Until(`$(".row")`)
		isUnharmed(b, "the list")
		for _, id := range []int64{titled, direct, threads[0].ID} {
			seeInbox(b, "", fmt.Sprintf("%d/", id))
			b.Until(`$(".bubble")`)
			isUnharmed(b, fmt.Sprint("thread ", id))
		}
		// What is no markup is read as it was written.
		if said := b.Run(`return document.title`); !strings.Contains(said, "<script>") {
			t.Errorf("the title is %q", said)
		}
		b.Run(`type("[role=search] input", ` + quoted(attack) + `)`)
		b.Until(`$(".list .nothing") || $(".row")`)
		isUnharmed(b, "the search")
		b.Run(`type("[role=search] input", "hit")`)
		b.Until(`$("mark")`)
		isUnharmed(b, "what is found")
		seeInbox(b, "", "?to="+term)
		b.Until(`$(".compose")`)
		isUnharmed(b, "?to=")
		seeInbox(b, "", "new/")
		b.Until(`$(".compose")`)
		suggestAttacks(b)
		b.Run(`type("[role=combobox]", "eve")`)
		b.Until(`$("[role=option]")`)
		isUnharmed(b, "the members offered")
		b.Run(`$("[role=option]").click()`)
		b.Until(`$(".chip")`)
		isUnharmed(b, "a chip")
		seeInbox(b, "", "?filter="+term)
		isUnharmed(b, "?filter=")
	})
	t.Run("WithoutScripts", func(t *testing.T) {
		// The plain page, in a browser whose inbox does not come.
		b := newBrowser(t)
		watch(b)
		b.WithoutAssets()
		b.Open(inbox)
		b.LogIn("alice")
		b.See(".row")
		isUnharmed(b, "the list")
		for _, path := range []string{fmt.Sprintf("%d/", titled), fmt.Sprintf("%d/", direct), fmt.Sprintf("%d/", threads[0].ID), "?to=" + term, "?to=eve", "?filter=" + term} {
			b.Open(inbox + path)
			b.See(".pane")
			isUnharmed(b, path)
		}
		b.Open(inbox + "new/")
		b.Fill("#to", attack)
		b.Fill("#message", attack)
		b.Click("form.compose button")
		b.See(".notice")
		isUnharmed(b, "a form that comes back")
		if back := b.Ask(`document.querySelector("#message").value`); back != attack {
			t.Errorf("what was typed comes back as %q", back)
		}
	})
	t.Run("OnTheOversightPage", func(t *testing.T) {
		b := newBrowser(t)
		watch(b)
		b.Open(inbox + "oversight/")
		b.LogIn("admin")
		b.Until(`$("tbody tr")`)
		isUnharmed(b, "the list")
		suggestAttacks(b)
		b.Run(`type("#member", "eve")`)
		b.Until(`$("[role=option]")`)
		isUnharmed(b, "the members offered")
		for _, id := range []int64{titled, direct, threads[0].ID} {
			b.Open(fmt.Sprintf("%soversight/?conversation=%d", inbox, id))
			b.Until(`$(".thread li")`)
			isUnharmed(b, fmt.Sprint("thread ", id))
		}
		b.Open(inbox + "oversight/?member=eve")
		b.Until(`$(".blocks") && $("tbody tr")`)
		isUnharmed(b, "a member")
		b.Open(inbox + "oversight/?member=" + term + "&from=" + term + "&pg=" + term)
		b.Until(`$("[role=alert]")`)
		isUnharmed(b, "filters of the address")
		b.Open(inbox + "oversight/?view=audit")
		b.Until(`$("tbody tr")`)
		isUnharmed(b, "the audit log")
	})
	t.Run("FromATranslationOfTheTheme", func(t *testing.T) {
		raw, err := os.ReadFile("../web/app/lang/en.json")
		if err != nil {
			t.Fatal(err)
		}
		wording := map[string]any{}
		if err := json.Unmarshal(raw, &wording); err != nil {
			t.Fatal(err)
		}
		for key := range wording {
			wording[key] = attack + " {n} {name} {id}"
		}
		wording["list.newer"] = map[string]any{"html": attack}
		wording["__proto__"] = map[string]any{"innerHTML": attack}
		raw, err = json.Marshal(wording)
		if err != nil {
			t.Fatal(err)
		}
		const path = "/wp-content/tampered.json"
		if err := os.WriteFile(filepath.Join(site.Dir, path), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t)
		watch(b)
		b.Open(inbox)
		b.LogIn("admin")
		for _, element := range []string{"parley-inbox", "parley-oversight"} {
			b.Open(map[string]string{"parley-inbox": fmt.Sprintf("%s%d/", inbox, direct), "parley-oversight": inbox + "oversight/"}[element])
			// The same element once more, with the theme's wording.
			b.Ask(`(() => { const old = document.querySelector("` + element + `"), e = document.createElement("` + element + `");
				for (const a of old.attributes) e.setAttribute(a.name, a.value);
				e.setAttribute("strings", "` + path + `"); old.replaceWith(e); return "" })()`)
			b.Until(`root && text("h1").includes("<script>")`)
			isUnharmed(b, element)
		}
	})
	// The log says where, never what.
	for _, secret := range []string{"hit(", "hit%28", "onerror"} {
		if log := site.ParleyLog(); strings.Contains(log, secret) {
			t.Errorf("the log holds what was written: %q", secret)
		}
	}
}

// Using the pages as members do breaks no rule of their policy; no text gets into an
// address; links do not give the page away.
func TestThePolicyIsKeptAndNothingLeaks(t *testing.T) {
	const secret = "peppermintcode"
	b := newBrowser(t)
	watch(b)
	seeInbox(b, "alice", "?to=bob")
	b.Until(`$(".chip")`)
	b.Write(".compose", "See https://example.org/x "+secret)
	b.Until(`$$(".bubble").some(e => e.innerText.includes("` + secret + `"))`)
	if rel := b.Run(`const a = $(".bubble a[href='https://example.org/x']"); return a.target + " " + a.rel`); !strings.Contains(rel, "noopener") {
		t.Errorf("a link opens with %q", rel)
	}
	b.Write(".reply", secret+" again")
	b.Until(`$$(".bubble").some(e => e.innerText.includes("` + secret + ` again"))`)
	b.Run(`type("[role=search] input", "` + secret + `")`)
	b.Until(`$("mark")`)
	thread := b.Ask("location.pathname")
	if at := b.Ask("location.href + JSON.stringify(history.state)"); strings.Contains(at, secret) {
		t.Errorf("the address holds the text: %s", at)
	}
	isUnharmed(b, "writing and searching")
	if log := site.ParleyLog(); strings.Contains(log, secret) {
		t.Error("the log holds what was written or searched for")
	}
	if a := do(t, logIn(t, "alice"), "GET", thread, nil); !strings.Contains(string(a.Body), `rel="nofollow ugc noopener"`) && !strings.Contains(string(a.Body), "noopener") {
		t.Error("the plain page links without noopener")
	}

	admin := newBrowser(t)
	watch(admin)
	admin.Open(inbox + "oversight/")
	admin.LogIn("admin")
	admin.Until(`$("tbody tr")`)
	admin.Run(`$("tbody tr a[aria-label]").click()`)
	admin.Until(`$(".thread li")`)
	isUnharmed(admin, "oversight")

	// A page of the same site may hold the inbox, and none may hold the oversight page.
	admin.Open("/")
	frame := func(path string) string {
		return admin.Ask(`new Promise(done => { const f = document.createElement("iframe"); f.src = "`+path+`"; f.onload = () => {
			let title = "refused"; try { title = f.contentDocument.title } catch {} done(title) }; document.body.append(f) })`, chromedp.EvalAwaitPromise)
	}
	if title := frame(inbox); !strings.HasPrefix(title, "Messages") {
		t.Errorf("the inbox in a frame of its site: %q", title)
	}
	if title := frame(inbox + "oversight/"); title != "refused" {
		t.Errorf("the oversight page lets itself be framed: %q", title)
	}
}

func TestAStaleNonceIsRefreshedOnceAndTheActionRepeated(t *testing.T) {
	asAlice := logIn(t, "alice")
	id := start(t, asAlice, "Before the nonce went stale", "greta").ID
	b := newBrowser(t)
	watch(b)
	seeInbox(b, "alice", fmt.Sprintf("%d/", id))
	b.Until(`$(".reply textarea")`)
	before := countMessages(t, asAlice, id)
	// As if the page had been open for two days: what it knows is good for nothing.
	b.Run(`const real = fetch; window.log = []; let stale = true;
		window.fetch = async (u, o) => {
			if (String(u).endsWith("/nonce")) { stale = false; log.push("refresh"); return real(u, o) }
			if (o?.method === "POST") log.push("post");
			if (stale && o?.headers?.["X-WP-Nonce"]) o = {...o, headers: {...o.headers, "X-WP-Nonce": "0123456789"}};
			return real(u, o) }`)
	b.Write(".reply", "After it")
	b.Until(`said("After it") === 1 && !$(".failed")`)
	eventually(t, 30*time.Second, func() error {
		if n := countMessages(t, asAlice, id); n != before+1 {
			return fmt.Errorf("%d messages more", n-before)
		}
		return nil
	})
	if log := b.Ask(`log.filter((e, i) => e === "refresh").length + " " + log.filter(e => e === "post").length`); log != "1 2" && log != "1 1" {
		t.Errorf("refreshes and posts: %s", log)
	}

	// Signed out elsewhere: a nonce cannot be had, and the page says so.
	b.Run(`window.fetch = async (u, o) => String(u).endsWith("/nonce") ? new Response("", {status: 401}) :
		o?.method === "POST" ? Response.json({code: "rest_cookie_invalid_nonce", message: "Cookie check failed"}, {status: 403}) : new Response("{}", {status: 500})`)
	b.Write(".reply", "Nobody is there")
	b.Until(`root.textContent.includes("Please sign in to use this.")`)
}
