package wptext_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"

	"parley/wptext"
)

var links = regexp.MustCompile(`<a [^>]*>|</a>`)

// checkRender holds what is true of every message.
func checkRender(t *testing.T, policy *bluemonday.Policy, raw string) {
	t.Helper()
	got, plain := wptext.Render(raw), wptext.Plain(raw)
	if !utf8.ValidString(got) || !utf8.ValidString(plain) {
		t.Fatalf("invalid UTF-8 from %q", raw)
	}
	if slow := wptext.RenderSlow(raw); slow != got {
		t.Fatalf("Render(%q) = %q, without short cut %q", raw, got, slow)
	}
	checkBalanced(t, got)
	if a, b := outline(t, got, false), outline(t, policy.Sanitize(got), false); a != b {
		t.Fatalf("Render(%q) = %q is not safe:\n got %q\nleft %q", raw, got, a, b)
	}
	if a, b := visible(t, got), nospace(plain); a != b {
		t.Fatalf("Render(%q) shows %q, Plain is %q", raw, a, b)
	}
	// Text on both sides of a dropped tag can become a bare URL the second
	// time; nothing else changes.
	if again := wptext.Render(got); links.ReplaceAllString(again, "") != links.ReplaceAllString(got, "") {
		t.Fatalf("Render(%q) = %q, rendered again %q", raw, got, again)
	}
	if a, b := nospace(wptext.Plain(got)), nospace(plain); a != b {
		t.Fatalf("Plain(%q) = %q, of what is rendered %q", raw, b, a)
	}
}

func FuzzRender(f *testing.F) {
	for _, c := range renderCases {
		f.Add(c.raw)
	}
	policy := renderPolicy()
	f.Fuzz(func(t *testing.T, raw string) { checkRender(t, policy, raw) })
}

func FuzzPreview(f *testing.F) {
	f.Add("a  b\n", 3)
	f.Add("é\xff\u00a0x", 2)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n &= 1023
		got := wptext.Preview(s, n)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > n {
			t.Fatalf("Preview(%q, %d) = %q", s, n, got)
		}
		if again := wptext.Preview(got, n); again != got {
			t.Fatalf("Preview(%q) = %q, again %q", s, got, again)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"ÀÉ", "Straße", "ﬁ", "İ", "ϔ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := wptext.Fold(s)
		if again := wptext.Fold(got); again != got {
			t.Fatalf("Fold(%q) = %q, again %q", s, got, again)
		}
	})
}
