package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"parley/internal/wpsite"
)

// The oversight page in a browser (contract 5.3).
func TestOversightPage(t *testing.T) {
	asAlice, asGreta := logIn(t, "alice"), logIn(t, "greta")
	gone := newMember(t, "leaver")
	trip := group(t, asGreta, "Oversight trip", "Who is in?", "alice", "bob")
	say(t, asAlice, trip, strings.Repeat("long ", 100))
	direct := start(t, asAlice, "Between the two of us", "greta").ID
	want(t, asAlice, 200, "POST", fmt.Sprintf("%s/%d/block", wpsite.Conversations, direct), map[string]any{"blocked": true}, nil)

	b := newBrowser(t)
	b.Open(inbox + "oversight/")
	b.LogIn("admin")
	b.Until(`$("tbody tr")`)
	if at := b.Ask("location.pathname"); at != inbox+"oversight/" {
		t.Fatalf("signing in led to %s", at)
	}
	row := func(id int64) string {
		return fmt.Sprintf(`$$("tbody tr").find(r => r.querySelector(".id").innerText === "#%d")`, id)
	}

	t.Run("ListsEverythingAndFilters", func(t *testing.T) {
		b.T = t
		if shown := b.Run(`return ` + row(trip) + `.innerText.replace(/\s+/g, " ")`); !strings.Contains(shown, "Oversight trip Alice Moreau, Bob Martinez, Greta Novak long long") ||
			!strings.Contains(shown, "Group 2 ") {
			t.Errorf("the row says %q", shown)
		}
		// By keyboard: the member from the list that opens, then the days.
		b.Run(`$("#member").focus()`)
		b.Press("alice mor")
		b.Until(`$("[role=option]")`)
		b.Press(kb.ArrowDown)
		b.Press(kb.Enter)
		b.Until(`$("#member").value === "Alice Moreau" && $("[role=listbox]").hidden`)
		b.Press(kb.Enter)
		b.Until(`text(".blocks h2") === "Blocks of Alice Moreau" && ` + row(direct))
		if at := b.Ask("location.search"); at != fmt.Sprintf("?member=%d", site.Member("alice").ID) {
			t.Errorf("the address is %s", at)
		}
		b.Run(`type("#to", "2001-12-31")`)
		b.Run(`$(".filters button[type=submit]").click()`)
		b.Until(`text(".empty").includes("No conversations match these filters.")`)
		b.Ask(`(history.back(), "")`)
		b.Until(row(direct))
		// A login that is typed out, of somebody nobody ever wrote to.
		b.Run(`type("#member", "` + gone.Login + `")`)
		b.Run(`$(".filters button[type=submit]").click()`)
		b.Until(`text(".empty").includes("No conversations match") && text(".blocks .muted").startsWith("Nobody is blocked")`)
		b.Run(`type("#member", "no-such-login")`)
		b.Run(`$(".filters button[type=submit]").click()`)
		b.Until(`text("[role=alert]") === "No member has this login or id."`)
		b.Run(`$$(".buttons button")[1].click()`)
		b.Until(row(trip))
	})

	t.Run("ShowsAThreadNewestFirstInExcerpts", func(t *testing.T) {
		b.T = t
		b.Run(`$("[aria-label='View conversation #` + fmt.Sprint(trip) + `']").click()`)
		b.Until(`$$(".thread li").length === 2`)
		if head := b.Run(`return text("h1") + "|" + $$(".thread strong").map(e => e.innerText).join(",") + "|" + [...text(".thread p")].length + "|" + root.activeElement.localName`); head != "Oversight trip|Alice Moreau,Greta Novak|300|h1" {
			t.Errorf("the thread shows %q", head)
		}
		b.Ask(`(location.reload(), "")`)
		b.Until(`$$(".thread li").length === 2`)
	})

	t.Run("ClearsABlock", func(t *testing.T) {
		b.T = t
		b.Open(inbox + "oversight/?member=greta")
		b.Until(`text(".blocks li").startsWith("Alice Moreau blocked Greta Novak")`)
		b.Run(`$(".blocks li button").click()`)
		b.Until(`$("dialog").open`)
		b.Run(`$("dialog .danger").click()`)
		b.Until(`!$("dialog") && text("[role=status]") === "Block cleared" && !$(".blocks li")`)
		if conversationOf(t, asAlice, direct).Blocked {
			t.Error("the block is still there")
		}
	})

	t.Run("PurgesAfterAsking", func(t *testing.T) {
		b.T = t
		b.Open(inbox + "oversight/")
		b.Until(row(trip))
		purge := `$("[aria-label='Purge conversation #` + fmt.Sprint(trip) + `']")`
		b.Run(purge + `.focus()`)
		b.Press(kb.Enter)
		b.Until(`$("dialog")?.innerText.includes("Permanently delete this conversation for all participants?")`)
		b.Press(kb.Escape)
		b.Until(`!$("dialog") && root.activeElement === ` + purge)
		want(t, asGreta, 200, "GET", fmt.Sprintf("%s/%d", wpsite.Conversations, trip), nil, nil)
		b.Press(kb.Enter)
		b.Until(`$("dialog")`)
		b.Run(`$("dialog .danger").click()`)
		b.Until(`!$("dialog") && text("[role=status]") === "Conversation purged" && !(` + row(trip) + `)`)
		want(t, asGreta, http.StatusNotFound, "GET", fmt.Sprintf("%s/%d", wpsite.Conversations, trip), nil, nil)
	})

	t.Run("WritesItAllDown", func(t *testing.T) {
		b.T = t
		b.Run(`$$(".tab")[1].click()`)
		b.Until(`$(".log tbody tr")`)
		log := b.Run(`return $$(".log tbody tr").map(r => r.innerText.replace(/\s+/g, " ")).join("\n")`)
		for _, line := range []string{"Purged a conversation Conversation #" + fmt.Sprint(trip), "Cleared blocks Greta Novak", "Read messages Conversation #" + fmt.Sprint(trip), "Ada Keller", "127.0.0.1"} {
			if !strings.Contains(log, line) {
				t.Errorf("no %q in\n%s", line, log)
			}
		}
	})
}

// Nobody else learns that there is such a page.
func TestOversightPageIsForAdministrators(t *testing.T) {
	for _, login := range []string{"mona", "alice"} {
		c := logIn(t, login)
		for _, path := range []string{"oversight/", "oversight/?conversation=1"} {
			a := do(t, c, "GET", inbox+path, nil)
			if a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), "Sorry, you are not allowed to do that.") || strings.Contains(string(a.Body), "parley-oversight") {
				t.Errorf("%s, %s: %d %s", login, path, a.Status, a.Body)
			}
		}
		if a := do(t, c, "GET", inbox, nil); strings.Contains(string(a.Body), "oversight/") {
			t.Errorf("%s is offered the page", login)
		}
		if a := do(t, c, "POST", inbox+"oversight/", nil); a.Status == http.StatusOK {
			t.Errorf("%s posts: %d", login, a.Status)
		}
	}
	if a := do(t, logIn(t, "admin"), "GET", inbox, nil); !strings.Contains(string(a.Body), inbox+"oversight/") {
		t.Error("an administrator is not offered the page")
	}
}
