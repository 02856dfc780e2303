package wptext_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// renderPolicy is a second opinion on what rendered text may hold.
func renderPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "b", "i", "u", "s", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("href", "rel").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	return p
}

// outline parses HTML and writes it as one line of tags, attributes and text,
// white space collapsed.
func outline(t *testing.T, s string, attributes bool) string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return squeeze(b.String())
		case html.TextToken:
			b.WriteString(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			b.WriteString("<" + tok.Data)
			for _, a := range tok.Attr {
				b.WriteString(" " + a.Key)
				if attributes {
					b.WriteString("=" + a.Val)
				}
			}
			b.WriteString(">")
		case html.EndTagToken:
			b.WriteString("</" + z.Token().Data + ">")
		default:
			t.Fatalf("unexpected token %q in %q", z.Raw(), s)
		}
	}
}

// visible returns the text a browser shows of s, without any white space.
func visible(t *testing.T, s string) string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return nospace(b.String())
		case html.TextToken:
			b.WriteString(z.Token().Data)
		}
	}
}

func nospace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// checkBalanced fails unless every element is closed in order.
func checkBalanced(t *testing.T, s string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(s))
	var stack []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(stack) > 0 {
				t.Fatalf("left open: %v in %q", stack, s)
			}
			return
		case html.StartTagToken:
			if name := z.Token().Data; name != "br" && name != "img" {
				stack = append(stack, name)
			}
		case html.EndTagToken:
			name := z.Token().Data
			if len(stack) == 0 || stack[len(stack)-1] != name {
				t.Fatalf("</%s> closes nothing in %q", name, s)
			}
			stack = stack[:len(stack)-1]
		}
	}
}
