package bpseed

import (
	"math/rand/v2"
	"strings"
)

// author makes texts with a skew like that of a language: few words are everywhere.
type author struct {
	rnd   *rand.Rand
	words []string
	zipf  *rand.Zipf
}

func newAuthor(rnd *rand.Rand) *author {
	const vowels, rest = "aeiou", "bcdfghklmnprstvz"
	a := &author{rnd: rnd}
	known := map[string]bool{}
	for len(a.words) < 20_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(4) {
			b.WriteByte(rest[rnd.IntN(len(rest))])
			b.WriteByte(vowels[rnd.IntN(len(vowels))])
		}
		if w := b.String(); !known[w] {
			known[w] = true
			a.words = append(a.words, w)
		}
	}
	a.zipf = rand.NewZipf(rnd, 1.07, 20, uint64(len(a.words)-1))
	return a
}

func (a *author) sentence(words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(a.words[a.zipf.Uint64()])
	}
	return b.String()
}

// subject is in the form BuddyPress stores: with a backslash before quotes.
func (a *author) subject() string {
	s := a.sentence(1 + a.rnd.IntN(6))
	switch a.rnd.IntN(20) {
	case 0:
		return `It\'s ` + s
	case 1:
		return s + ` &amp; more`
	case 2:
		return s + ` &#x1f600;`
	case 3:
		return "No Subject"
	}
	return s
}

// message is in the form BuddyPress stores: HTML, emoji as references, and before
// version 15, here the older two thirds, with backslashes before quotes.
func (a *author) message(old bool) string {
	s := a.sentence(3 + a.rnd.IntN(22))
	switch n := a.rnd.IntN(100); {
	case n < 10:
		quoted := `I don't know "` + s + `"`
		if old {
			quoted = `I don\'t know \"` + s + `\"`
		}
		return quoted
	case n < 16:
		return "<b>" + s + "</b>\n\n" + a.sentence(8)
	case n < 20:
		return s + ` <a href="https://example.test/?a=1&amp;b=2">here</a>`
	case n < 26:
		return s + " &#x1f44d;"
	case n < 29:
		return "Grüße aus Köln, " + s + " 你好"
	case n < 31:
		return a.sentence(200 + a.rnd.IntN(600))
	case n == 31 && a.rnd.IntN(30) == 0:
		return a.sentence(4000)
	}
	return s
}
