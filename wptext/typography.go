package wptext

import "strings"

// Typographic characters, as WordPress writes them.
const (
	openDouble  = "&#8220;"
	closeDouble = "&#8221;"
	openSingle  = "&#8216;"
	closeSingle = "&#8217;" // the apostrophe too
	primeSingle = "&#8242;"
	primeDouble = "&#8243;"
	enDash      = "&#8211;"
	emDash      = "&#8212;"
	timesSign   = "&#215;"
)

// shortcodes are the bracketed codes WordPress itself brings along. Their
// inside is not text.
var shortcodes = set("audio", "caption", "embed", "gallery", "playlist", "video", "wp_caption")

// texturize puts typographic quotes, dashes, ellipses and signs into text, as
// WordPress' wptexturize does in English. Tags, comments, shortcodes, and what
// stands in code, pre, kbd, style, script and tt is left alone.
func texturize(s string) string {
	if !strings.ContainsAny(s, `'"-.x(`+"`") {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/4)
	var quiet []string // open elements whose content is left alone
	for p := range parts(s) {
		switch {
		case p.isTag:
			b = append(b, p.text...)
			quiet = trackQuiet(quiet, p.text)
		case len(quiet) > 0:
			b = append(b, p.text...)
		default:
			b = texturizeText(b, p.text)
		}
	}
	return string(b)
}

// trackQuiet updates the stack of elements whose content is left alone. An end
// tag counts only for the element opened last.
func trackQuiet(stack []string, whole string) []string {
	if len(whole) < 3 || whole[1] == '!' {
		return stack
	}
	name, _ := tagParts(whole)
	switch name {
	case "pre", "code", "kbd", "style", "script", "tt":
	default:
		return stack
	}
	if whole[1] != '/' {
		return append(stack, name)
	}
	if n := len(stack); n > 0 && stack[n-1] == name {
		return stack[:n-1]
	}
	return stack
}

// texturizeText appends a stretch of text between tags.
func texturizeText(b []byte, s string) []byte {
	from := 0
	for i := strings.IndexByte(s, '['); i >= 0; {
		end := shortcodeEnd(s, i)
		if end > 0 {
			b = append(b, typography(s[from:i])...)
			b = append(b, s[i:end]...)
			from = end
		} else {
			end = i + 1
		}
		n := strings.IndexByte(s[end:], '[')
		if n < 0 {
			break
		}
		i = end + n
	}
	return append(b, typography(s[from:])...)
}

// shortcodeEnd returns the position behind the start or end tag of a shortcode
// that begins at i, 0 if there is none.
func shortcodeEnd(s string, i int) int {
	j := i + 1
	if j < len(s) && (s[j] == '/' || s[j] == '[') {
		j++
	}
	name := j
	for j < len(s) && (isAlnum(s[j]) || s[j] == '_') {
		j++
	}
	if j == len(s) || !shortcodes[s[name:j]] || !(isSpace(s[j]) || s[j] == ']' || s[j] == '/') {
		return 0
	}
	n := strings.IndexAny(s[j:], "[]<>")
	if n < 0 || s[j+n] != ']' {
		return 0
	}
	j += n + 1
	if j < len(s) && s[j] == ']' {
		j++
	}
	return j
}

// fixed are the replacements that look at nothing around them. Words that
// begin with an apostrophe would otherwise get an opening quote.
var fixed = strings.NewReplacer(
	"...", "&#8230;", "``", openDouble, "''", closeDouble, " (tm)", " &#8482;",
	"'tain't", "&#8217;tain&#8217;t", "'twere", "&#8217;twere", "'twas", "&#8217;twas",
	"'tis", "&#8217;tis", "'twill", "&#8217;twill", "'til", "&#8217;til",
	"'bout", "&#8217;bout", "'nuff", "&#8217;nuff", "'round", "&#8217;round",
	"'cause", "&#8217;cause", "'em", "&#8217;em")

// typography works on text without tags.
func typography(s string) string {
	if strings.Trim(s, " \t\n\r\v\x00") == "" || !strings.ContainsAny(s, `'"-.x(`+"`") {
		return s
	}
	if strings.ContainsAny(s, "'`") || strings.Contains(s, "...") || strings.Contains(s, " (tm)") {
		s = fixed.Replace(s)
	}
	if strings.IndexByte(s, '\'') >= 0 {
		s = singleQuotes(s)
	}
	if strings.IndexByte(s, '"') >= 0 {
		s = doubleQuotes(s)
	}
	if strings.IndexByte(s, '-') >= 0 {
		s = dashes(s)
	}
	if hasTimes(s) {
		s = timesSigns(s)
	}
	return s
}

// dashes replaces runs of hyphens: three are a long dash; two are one between
// blanks and a short dash elsewhere, but for the "xn--" of domain names; one
// is a short dash between blanks.
func dashes(s string) string {
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); {
		if s[i] != '-' {
			b = append(b, s[i])
			i++
			continue
		}
		end := i
		for end < len(s) && s[end] == '-' {
			end++
		}
		alone := (i == 0 || blankBefore(s, i)) && (end == len(s) || blankAt(s, end) > 0)
		n := end - i
		for range n / 3 {
			b = append(b, emDash...)
		}
		switch n {
		case 1:
			if alone {
				b = append(b, enDash...)
			} else {
				b = append(b, '-')
			}
		case 2:
			switch {
			case alone:
				b = append(b, emDash...)
			case strings.HasSuffix(s[:i], "xn"):
				b = append(b, "--"...)
			default:
				b = append(b, enDash...)
			}
		default:
			switch n % 3 {
			case 1:
				b = append(b, '-')
			case 2:
				b = append(b, enDash...)
			}
		}
		i = end
	}
	return string(b)
}

// hasTimes tells whether an "x" stands right between two digits. If none does,
// no "x" of the text is replaced.
func hasTimes(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == 'x' && isDigit(s[i-1]) && isDigit(s[i+1]) {
			return true
		}
	}
	return false
}

// timesSigns replaces the "x" between two numbers. "0x" is the start of a
// hexadecimal number.
func timesSigns(s string) string {
	var b []byte
	from, floor := 0, 0
	for i := 1; i+1 < len(s); i++ {
		if s[i] != 'x' || !isDigit(s[i+1]) || !isNumberPart(s[i-1]) {
			continue
		}
		if !numberBefore(s, floor, i) {
			continue
		}
		end := numberEnd(s, i+1)
		if end == 0 {
			continue
		}
		b = append(b, s[from:i]...)
		b = append(b, timesSign...)
		from, floor = i+1, end
		i = end - 1
	}
	if b == nil {
		return s
	}
	return string(append(b, s[from:]...))
}

// numberBefore tells whether a number that starts a word, at floor or behind,
// ends at i.
func numberBefore(s string, floor, i int) bool {
	for j := i - 1; j >= floor && isNumberPart(s[j]); j-- {
		if isDigit(s[j]) && (j == 0 || !isWord(s[j-1])) && (s[j] != '0' || i-j > 1) {
			return true
		}
	}
	return false
}

// numberEnd returns the farthest end at a word's edge of the number that
// starts at i, 0 if there is none.
func numberEnd(s string, i int) int {
	end := i + 1
	for end < len(s) && isNumberPart(s[end]) {
		end++
	}
	for ; end > i; end-- {
		if isWord(s[end-1]) != (end < len(s) && isWord(s[end])) {
			return end
		}
	}
	return 0
}

func isDigit(c byte) bool      { return '0' <= c && c <= '9' }
func isNumberPart(c byte) bool { return isDigit(c) || c == '.' || c == ',' }
func isWord(c byte) bool       { return isAlnum(c) || c == '_' }
