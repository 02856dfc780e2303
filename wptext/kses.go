package wptext

import (
	"strings"
	"unicode/utf8"
)

// filter lets only the tags and attributes of list pass, as WordPress' wp_kses
// does with what BuddyPress stores: a tag that is not in the list goes and its
// content stays, comments stay, "&" that starts no known reference becomes
// "&amp;", a "<" that is not followed by ">" before the next "<" becomes text
// together with what follows it.
//
// It differs in three points: names are always in lower case, comments hold no
// markup, and invalid UTF-8 becomes U+FFFD. The result has no "<" or ">" but
// those of permitted tags and of comments, and no comment has any inside.
func filter(s string, list allowlist) string {
	if isBare(s) {
		return s
	}
	s = normalizeEntities(dropControls(s))
	i := strings.IndexAny(s, "<>")
	if i < 0 {
		return s
	}
	f := filterState{list: list, s: s, b: make([]byte, 0, len(s)+len(s)/8)}
	for at := 0; ; {
		f.b = append(f.b, s[at:i]...)
		if s[i] == '>' {
			f.b = append(f.b, "&gt;"...)
			at = i + 1
		} else {
			at = f.angle(i)
		}
		n := strings.IndexAny(s[at:], "<>")
		if n < 0 {
			return string(append(f.b, s[at:]...))
		}
		i = at + n
	}
}

// dropControls makes text valid UTF-8 without control characters, white space
// and DEL excepted.
func dropControls(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	for i := 0; i < len(s); i++ {
		if isDropped(s[i]) {
			return strings.Map(func(r rune) rune {
				if r < 0x20 && isDropped(byte(r)) {
					return -1
				}
				return r
			}, s)
		}
	}
	return s
}

func isDropped(c byte) bool {
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r'
}

// filterState is a filtering under way.
type filterState struct {
	list      allowlist
	s         string
	b         []byte
	noComment int // no comment ends before here
}

// angle handles the "<" at i and returns where to go on.
func (f *filterState) angle(i int) int {
	s := f.s
	n := strings.IndexAny(s[i+1:], "<>")
	if n < 0 || s[i+1+n] == '<' {
		end := len(s)
		if n >= 0 {
			end = i + 1 + n
		}
		f.b = appendQuoted(f.b, s[i:end])
		return end
	}
	end := i + 1 + n + 1
	if strings.HasPrefix(s[i:], "<!--") {
		return f.comment(i, end)
	}
	f.tag(s[i+1 : end-1])
	return end
}

// appendQuoted appends text whose "&" are references already as HTML that may
// stand anywhere.
func appendQuoted(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&quot;"...)
		case '\'':
			b = append(b, "&#039;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// comment handles the comment that starts at i. It ends with its line at the
// latest, unless the next ">" stands on a later one.
func (f *filterState) comment(i, end int) int {
	s := f.s
	rest := s[i+4:]
	line := strings.IndexByte(rest, '\n')
	if line < 0 || line == len(rest)-1 {
		line = len(rest)
	}
	body := ""
	closing := -1
	if i+4 >= f.noComment {
		if closing = strings.Index(rest[:line], "-->"); closing < 0 {
			f.noComment = i + 4 + line
		}
	}
	switch {
	case closing >= 0:
		body, end = rest[:closing], i+4+closing+3
	case line == len(rest):
		body, end = strings.TrimSuffix(rest, "\n"), len(s)
		if strings.HasSuffix(rest, "\n") {
			end--
		}
	case end >= i+4:
		body = strings.TrimSuffix(s[min(i+4, end):end], "-->")
	}
	body = strings.ReplaceAll(body, "<!--", "")
	if body == "" {
		return end
	}
	f.b = append(f.b, "<!--"...)
	last := byte(0)
	for j := 0; j < len(body); j++ {
		switch c := body[j]; {
		case c == '<':
			f.b = append(f.b, "&lt;"...)
		case c == '>':
			f.b = append(f.b, "&gt;"...)
		case c == '-' && (last == '-' || j == len(body)-1):
		case c == '-' && strings.TrimLeft(body[j:], "-") == "":
		default:
			f.b = append(f.b, c)
		}
		last = body[j]
	}
	f.b = append(f.b, "-->"...)
	return end
}

// tag appends the tag with the given inside, if it is permitted.
func (f *filterState) tag(inside string) {
	inside = strings.TrimLeft(inside, " \t\n\r\f\v")
	closing := strings.HasPrefix(inside, "/")
	if closing {
		inside = strings.TrimLeft(inside[1:], " \t\n\r\f\v")
	}
	n := 0
	for n < len(inside) && (isAlnum(inside[n]) || inside[n] == '-') {
		n++
	}
	name := strings.ToLower(inside[:n])
	attributes, ok := f.list[name]
	if !ok {
		return
	}
	f.b = append(f.b, '<')
	if closing {
		f.b = append(f.b, '/')
		f.b = append(f.b, name...)
		f.b = append(f.b, '>')
		return
	}
	f.b = append(f.b, name...)
	rest := inside[n:]
	if len(attributes) > 0 {
		f.b = appendAttributes(f.b, rest, attributes)
	}
	if strings.HasSuffix(strings.TrimRight(rest, " \t\n\r\f\v"), "/") {
		f.b = append(f.b, " /"...)
	}
	f.b = append(f.b, '>')
}
