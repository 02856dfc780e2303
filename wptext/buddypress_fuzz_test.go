package wptext_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"parley/wptext"
)

var comments = regexp.MustCompile(`<!--[^<>]*-->`)

// messagePolicy is a second opinion on what stored and shown messages may
// hold.
func messagePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("abbr", "acronym", "b", "blockquote", "q", "cite", "code", "del", "em", "i", "s", "strike",
		"strong", "ul", "ol", "li", "p", "br")
	p.AllowNoAttrs().OnElements("a", "img", "span")
	p.AllowAttrs("href", "title", "aria-label", "class", "data-bp-tooltip", "id", "rel").OnElements("a")
	p.AllowAttrs("title").OnElements("abbr", "acronym")
	p.AllowAttrs("cite").OnElements("blockquote", "q")
	p.AllowAttrs("datetime").OnElements("del")
	p.AllowAttrs("src", "alt", "width", "height", "class", "id", "loading").OnElements("img")
	p.AllowAttrs("class", "data-livestamp").OnElements("span")
	return p
}

// checkSafe fails unless a message holds nothing but what it may.
func checkSafe(t *testing.T, policy *bluemonday.Policy, in, got string) {
	t.Helper()
	if !utf8.ValidString(got) || strings.IndexByte(got, 0) >= 0 {
		t.Fatalf("%q became the invalid %q", in, got)
	}
	got = comments.ReplaceAllString(got, "")
	if a, b := outline(t, got, false), outline(t, policy.Sanitize(got), false); a != b {
		t.Fatalf("%q became %q, which is not safe:\n got %q\nleft %q", in, got, a, b)
	}
	z := html.NewTokenizer(strings.NewReader(got))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		for _, a := range z.Token().Attr {
			if a.Key != "href" && a.Key != "src" && a.Key != "cite" {
				continue
			}
			u := strings.Map(func(r rune) rune {
				if r <= ' ' {
					return -1
				}
				return r
			}, strings.ToLower(a.Val))
			for _, scheme := range []string{"javascript:", "data:", "vbscript:", "file:"} {
				if strings.HasPrefix(u, scheme) {
					t.Fatalf("%q became %q with %s", in, got, scheme)
				}
			}
		}
	}
}

func FuzzBuddyPress(f *testing.F) {
	for _, v := range recordedTexts(f) {
		f.Add(v["input"])
	}
	for _, c := range renderCases {
		f.Add(c.raw)
	}
	policy := messagePolicy()
	y := wptext.Style{SiteURL: "https://site.test"}
	f.Fuzz(func(t *testing.T, raw string) {
		message, subject := wptext.StoreMessage(raw), wptext.StoreSubject(raw)
		checkSafe(t, policy, raw, message)
		checkBalanced(t, comments.ReplaceAllString(message, ""))
		// Only the blank before the end of a picture's tag comes and goes.
		if again := wptext.StoreMessage(message); strings.ReplaceAll(again, " />", "/>") != strings.ReplaceAll(message, " />", "/>") {
			t.Fatalf("StoreMessage(%q) = %q, again %q", raw, message, again)
		}
		if n := utf8.RuneCountInString(subject); n > 200 {
			t.Fatalf("StoreSubject(%q) has %d characters", raw, n)
		}
		for _, stored := range []string{message, raw} {
			if html, ok := wptext.Unguarded(y, stored); !ok {
				t.Fatalf("%q needed the last look: %q", stored, html)
			}
			checkSafe(t, policy, stored, y.Message(stored))
			checkSafe(t, policy, stored, y.ThreadMessage(stored))
			checkSafe(t, policy, stored, y.Subject(stored))
			checkSafe(t, policy, stored, y.Subject(wptext.Excerpt(stored)))
		}
		checkSafe(t, policy, subject, y.Subject(subject))
		converted := wptext.ToBuddyPress(raw)
		checkSafe(t, policy, raw, converted)
		if a, b := nospace(wptext.Plain(wptext.FromBuddyPress(converted))), nospace(wptext.Plain(raw)); a != b {
			t.Fatalf("ToBuddyPress(%q) = %q shows %q, want %q", raw, converted, a, b)
		}
	})
}
