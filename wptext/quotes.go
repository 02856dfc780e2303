package wptext

import "strings"

// mark says what a quote character stands for.
type mark uint8

const (
	markNone mark = iota
	markOpen
	markApostrophe
	markClose       // a closing quote of the same kind
	markCloseDouble // the closing quote of a year in double quotes
	markPrime
	markCandidate // may turn out to be a closing quote
)

// quote is one quote character of a text.
type quote struct {
	at   int
	mark mark
}

// findQuotes lists the positions of a quote character.
func findQuotes(s string, c byte) []quote {
	q := make([]quote, 0, strings.Count(s, string(c)))
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			q = append(q, quote{at: i})
		}
	}
	return q
}

// closesAt tells whether a quote before i can be a closing one: at the end of
// the text or before punctuation or a blank.
func closesAt(s string, i int) bool {
	return i >= len(s) || strings.IndexByte(".,:;!?)}-]", s[i]) >= 0 ||
		strings.HasPrefix(s[i:], "&gt;") || blankAt(s, i) > 0
}

// opensAt tells whether a quote at i can be an opening one: at the start of
// the text or behind a blank, an opening bracket or one of more.
func opensAt(s string, i int, more string) bool {
	return i == 0 || strings.IndexByte("([{-", s[i-1]) >= 0 || strings.IndexByte(more, s[i-1]) >= 0 ||
		strings.HasSuffix(s[:i], "&lt;") || blankBefore(s, i)
}

// quotedNumber tells whether a number starts at i and is followed by the quote
// character c.
func quotedNumber(s string, i int, c byte) bool {
	if i >= len(s) || !isDigit(s[i]) {
		return false
	}
	end := i + 1
	for end < len(s) && isNumberPart(s[end]) {
		end++
	}
	return end < len(s) && s[end] == c
}

// twoDigits tells whether two digits stand at i.
func twoDigits(s string, i int) bool {
	return i+1 < len(s) && isDigit(s[i]) && isDigit(s[i+1])
}

// singleQuotes replaces the single quote characters of a text, and the double
// ones that close a year.
func singleQuotes(s string) string {
	q := markYears(s, findQuotes(s, '\''))
	// A quoted number, then opening quotes, then apostrophes inside of words.
	for k := 0; k+1 < len(q); k++ {
		i := q[k].at
		if q[k].mark == markNone && q[k+1].mark == markNone && (i == 0 || blankBefore(s, i)) && quotedNumber(s, i+1, '\'') {
			q[k].mark, q[k+1].mark = markOpen, markClose
			k++
		}
	}
	yearBefore := func(k int) bool {
		return k > 0 && q[k-1].at == q[k].at-1 && q[k-1].mark == markCloseDouble
	}
	for k := range q {
		if q[k].mark == markNone && opensAt(s, q[k].at, `"`) && !yearBefore(k) {
			q[k].mark = markOpen
		}
	}
	for k := range q {
		if i := q[k].at; q[k].mark == markNone && inWord(s, i) {
			q[k].mark = markApostrophe
		}
	}
	resolvePrimes(s, q, closeSingle)
	return writeQuotes(s, q, openSingle, closeSingle, primeSingle, "'")
}

// markYears marks the quotes around and before years.
func markYears(s string, singles []quote) []quote {
	// '99' at the end of a quotation.
	for k := 0; k+1 < len(singles); k++ {
		if i := singles[k].at; singles[k+1].at == i+3 && twoDigits(s, i+1) && closesAt(s, i+4) {
			singles[k].mark, singles[k+1].mark = markApostrophe, markClose
			k++
		}
	}
	// '99" likewise; '99 and '99s, but not '999 or '99%.
	q := make([]quote, 0, len(singles))
	for _, e := range singles {
		i := e.at
		if e.mark != markNone || !twoDigits(s, i+1) {
			q = append(q, e)
			continue
		}
		if i+3 < len(s) && s[i+3] == '"' && closesAt(s, i+4) {
			q = append(q, quote{i, markApostrophe}, quote{i + 3, markCloseDouble})
			continue
		}
		if yearEnds(s, i+3) {
			e.mark = markApostrophe
		}
		q = append(q, e)
	}
	return q
}

// yearEnds tells whether two digits before i are a year of their own.
func yearEnds(s string, i int) bool {
	if i >= len(s) {
		return true
	}
	if s[i] == '%' || isDigit(s[i]) {
		return false
	}
	return !((s[i] == '.' || s[i] == ',') && i+1 < len(s) && isDigit(s[i+1]))
}

// inWord tells whether the quote at i is followed by more of a word and does
// not stand behind a blank.
func inWord(s string, i int) bool {
	if blankBefore(s, i) {
		return false
	}
	i++
	return i < len(s) && strings.IndexByte(`.,:;!?"'(){}[]-`, s[i]) < 0 &&
		!strings.HasPrefix(s[i:], "&lt;") && !strings.HasPrefix(s[i:], "&gt;") && blankAt(s, i) == 0
}

// doubleQuotes replaces the double quote characters of a text.
func doubleQuotes(s string) string {
	q := findQuotes(s, '"')
	for k := 0; k+1 < len(q); k++ {
		i := q[k].at
		if (i == 0 || blankBefore(s, i)) && quotedNumber(s, i+1, '"') {
			q[k].mark, q[k+1].mark = markOpen, markClose
			k++
		}
	}
	for k := range q {
		if i := q[k].at; q[k].mark == markNone && opensAt(s, i, "") && blankAt(s, i+1) == 0 {
			q[k].mark = markOpen
		}
	}
	resolvePrimes(s, q, closeDouble)
	return writeQuotes(s, q, openDouble, closeDouble, primeDouble, closeDouble)
}

// resolvePrimes decides about the quotes that are left: feet and inches, or
// closing quotes. It does so for each stretch from one opening quote to the
// next. A stretch that an opening quote began and that has no closing quote
// yet needs one, which takes precedence over primes.
func resolvePrimes(s string, q []quote, closing string) {
	for start, opened := 0, false; start <= len(q); {
		end := start
		for end < len(q) && q[end].mark != markOpen {
			end++
		}
		textEnd, textStart := len(s), 0
		if end < len(q) {
			textEnd = q[end].at
		}
		if opened {
			textStart = q[start-1].at + 1
		}
		resolveStretch(s[:textEnd], textStart, q[start:end], opened, closing)
		start, opened = end+1, true
	}
}

// resolveStretch decides about the quotes of one stretch of text, which ends
// with s and starts at from.
func resolveStretch(s string, from int, q []quote, opened bool, closing string) {
	left := 0
	hasClose := strings.Contains(s[from:], closing)
	for k := range q {
		switch q[k].mark {
		case markNone:
			left++
		case markClose:
			hasClose = true
		}
	}
	if left == 0 {
		return
	}
	digit := func(k int) bool { return q[k].at > from && isDigit(s[q[k].at-1]) }
	if !opened || hasClose {
		for k := range q {
			if q[k].mark != markNone {
				continue
			}
			if digit(k) {
				q[k].mark = markPrime
			} else if closesAt(s, q[k].at+1) {
				q[k].mark = markClose
			}
		}
		return
	}
	resolveOpened(s, q, digit)
}

// resolveOpened decides about the quotes of a stretch that still needs its
// closing quote.
func resolveOpened(s string, q []quote, digit func(int) bool) {
	candidates, last, lastPeriod, plain := 0, -1, -1, 0
	for k := range q {
		if q[k].mark != markNone || !closesAt(s, q[k].at+1) {
			continue
		}
		q[k].mark = markCandidate
		candidates++
		last = k
		if i := q[k].at + 1; i < len(s) && s[i] == '.' {
			lastPeriod = k
		}
		if !digit(k) {
			plain++
		}
	}
	chosen := last
	if lastPeriod >= 0 {
		chosen = lastPeriod
	}
	for k := range q {
		switch {
		case q[k].mark == markNone && digit(k):
			q[k].mark = markPrime
		case q[k].mark != markCandidate:
		case candidates == 1, !digit(k), plain == 0 && k == chosen:
			q[k].mark = markClose
		default:
			q[k].mark = markPrime
		}
	}
}

// writeQuotes writes a text with its quotes replaced; rest stands for those
// nothing was decided about.
func writeQuotes(s string, q []quote, opening, closing, prime, rest string) string {
	b := make([]byte, 0, len(s)+6*len(q))
	from := 0
	for _, e := range q {
		b = append(b, s[from:e.at]...)
		from = e.at + 1
		switch e.mark {
		case markOpen:
			b = append(b, opening...)
		case markApostrophe:
			b = append(b, closeSingle...)
		case markClose:
			b = append(b, closing...)
		case markCloseDouble:
			b = append(b, closeDouble...)
		case markPrime:
			b = append(b, prime...)
		default:
			b = append(b, rest...)
		}
	}
	return string(append(b, s[from:]...))
}
