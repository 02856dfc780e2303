package wptext

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold makes text comparable for searching: compatibility decomposition
// (NFKD), combining marks dropped, lower case, "ß" as "ss". Folding twice is
// the same as folding once. ASCII text that is lower case already is returned
// as it is.
func Fold(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && !('A' <= s[i] && s[i] <= 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	b = append(b, s[:i]...)
	for ; i < len(s) && s[i] < utf8.RuneSelf; i++ {
		b = append(b, lower(s[i]))
	}
	if i == len(s) {
		return string(b)
	}
	// An ASCII character before a combining mark may not be folded on its own,
	// but marks are dropped anyway, and ASCII composes with nothing else.
	for _, r := range norm.NFKD.String(s[i:]) {
		b = appendFolded(b, r)
	}
	return string(b)
}

// appendFolded appends one decomposed code point.
func appendFolded(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(b, lower(byte(r)))
	case r == 'ß', r == 'ẞ':
		return append(b, "ss"...)
	case unicode.Is(unicode.M, r):
		return b
	default:
		return utf8.AppendRune(b, unicode.ToLower(r))
	}
}
