package wptext

import "strings"

// Unslash removes one layer of backslash escapes, as PHP's stripslashes does:
// a backslash goes and the character behind it stays, whatever it is. The
// escape of a NUL byte goes whole, for no text may hold one.
func Unslash(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b = append(b, s[:i]...)
		if i+1 == len(s) {
			return string(b)
		}
		if s[i+1] != '0' {
			b = append(b, s[i+1])
		}
		s = s[i+2:]
	}
	return string(append(b, s...))
}

// slash puts a backslash before quotes and backslashes.
func slash(s string) string {
	if !strings.ContainsAny(s, `'"\`) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/8)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'', '"', '\\':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}
