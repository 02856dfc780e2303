package wptext

import (
	"strconv"
	"strings"
)

// normalizeEntities writes "&" as "&amp;" where it starts no character
// reference known to HTML 4, and references the way WordPress stores them:
// decimal ones with at least three digits, hexadecimal ones with a small "x"
// and without leading zeros.
func normalizeEntities(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i >= 0 {
		b = append(b, s[:i]...)
		s = s[i:]
		ref, n := normalReference(s)
		b = append(b, ref...)
		s = s[n:]
		i = strings.IndexByte(s, '&')
	}
	return string(append(b, s...))
}

// maxReference bounds the length of a reference between "&" and ";": "#" and
// seven digits behind leading zeros.
const maxReference = 64

// normalReference returns the normal form of the reference s starts with and
// its length in s; "&amp;" and 1 if it starts with none.
func normalReference(s string) (string, int) {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return "&amp;", 1
	}
	name := s[1:end]
	if name[0] != '#' {
		if entityNames[name] {
			return s[:end+1], end + 1
		}
		return "&amp;", 1
	}
	digits, base, most := name[1:], 10, 7
	if digits != "" && lower(digits[0]) == 'x' {
		digits, base, most = digits[1:], 16, 6
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > most {
		return "&amp;", 1
	}
	r, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLChar(rune(r)) {
		return "&amp;", 1
	}
	if base == 16 {
		return "&#x" + digits + ";", end + 1
	}
	for len(digits) < 3 {
		digits = "0" + digits
	}
	return "&#" + digits + ";", end + 1
}

// isXMLChar tells whether a code point may be referred to.
func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0xD7FF ||
		0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= 0x10FFFF
}
