package wptext

import "strings"

// blankAt returns the length of the blank that s has at i, 0 if there is
// none: white space, a no-break space or &nbsp;.
func blankAt(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	switch c := s[i]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		return 1
	case c == 0xC2 && strings.HasPrefix(s[i:], "\u00a0"):
		return 2
	case c == '&' && strings.HasPrefix(s[i:], "&nbsp;"):
		return 6
	}
	return 0
}

// blankBefore tells whether a blank ends at i.
func blankBefore(s string, i int) bool {
	if i == 0 {
		return false
	}
	switch c := s[i-1]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		return true
	case c == 0xA0:
		return strings.HasSuffix(s[:i], "\u00a0")
	case c == ';':
		return strings.HasSuffix(s[:i], "&nbsp;")
	}
	return false
}
