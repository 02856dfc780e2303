package wptext

import (
	"html"
	"strings"
	"unicode/utf8"
)

// clean makes text safe to work on: valid UTF-8, line ends as "\n", no control
// characters besides newline and tab. Text that is so already is returned as
// it is.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	i := 0
	for i < len(s) && !isControl(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	b = append(b, s[:i]...)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			b = append(b, '\n')
		case !isControl(c):
			b = append(b, c)
		}
	}
	return string(b)
}

// bareByte marks the bytes of text that is the same before and after every filter:
// ASCII without markup, references, backslashes and control characters.
var bareByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c < utf8.RuneSelf && !isControl(byte(c)) && strings.IndexByte(`<>&\`, byte(c)) < 0
	}
	return t
}()

// isBare tells whether text holds nothing but bareBytes, as most messages do.
func isBare(s string) bool {
	for i := 0; i < len(s); i++ {
		if !bareByte[s[i]] {
			return false
		}
	}
	return true
}

func isControl(c byte) bool {
	return c < 0x20 && c != '\n' && c != '\t' || c == 0x7f
}

// maxEntity is the length of the longest character reference that is decoded,
// with "&" and ";" (&CounterClockwiseContourIntegral;), in bytes.
const maxEntity = 33

// decode replaces character references by what they stand for, once. Only
// complete ones count: "&copy" without semicolon is text, as in a URL.
// References to control characters vanish.
func decode(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for {
		b = append(b, s[:i]...)
		s = s[i:]
		if c, n := reference(s); n > 0 {
			b = append(b, c...)
			s = s[n:]
		} else {
			b = append(b, '&')
			s = s[1:]
		}
		if i = strings.IndexByte(s, '&'); i < 0 {
			return string(append(b, s...))
		}
	}
}

// reference decodes the character reference s starts with and returns its
// length, 0 if there is none.
func reference(s string) (string, int) {
	n := 1
	for n < len(s) && n < maxEntity-1 && (isAlnum(s[n]) || s[n] == '#') {
		n++
	}
	if n < 2 || n == len(s) || s[n] != ';' {
		return "", 0
	}
	n++
	c := html.UnescapeString(s[:n])
	if c == s[:n] || len(c) > 1 && c[len(c)-1] == ';' {
		return "", 0
	}
	if c == "\r" || len(c) == 1 && isControl(c[0]) {
		c = ""
	}
	return c, n
}
