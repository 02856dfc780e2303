package wptext

import (
	"html"
	"strings"
)

// appendAttributes appends the permitted ones of a tag's attributes: names in
// lower case, values in double quotes with references decoded and encoded
// again, URLs without a forbidden scheme, the first of two with one name. A
// quote that is never closed makes all of them disappear.
func appendAttributes(b []byte, s string, permitted map[string]bool) []byte {
	start := len(b)
	var seen [12]string // no element has more
	done := seen[:0]
	for i := 0; ; {
		for i < len(s) && (isSpace(s[i]) || s[i] == '/') {
			i++
		}
		if i == len(s) {
			return b
		}
		nameAt := i
		for i < len(s) && !isSpace(s[i]) && s[i] != '/' && (s[i] != '=' || i == nameAt) {
			i++
		}
		name := s[nameAt:i]
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		value, valued := "", false
		if i < len(s) && s[i] == '=' {
			valued = true
			i++
			for i < len(s) && isSpace(s[i]) {
				i++
			}
			if i < len(s) && (s[i] == '"' || s[i] == '\'') {
				n := strings.IndexByte(s[i+1:], s[i])
				if n < 0 {
					return b[:start]
				}
				value = s[i+1 : i+1+n]
				i += n + 2
			} else {
				valueAt := i
				for i < len(s) && !isSpace(s[i]) {
					i++
				}
				value = s[valueAt:i]
			}
		}
		name = strings.ToLower(name)
		if !permitted[name] || contains(done, name) {
			continue
		}
		done = append(done, name)
		b = append(b, ' ')
		b = append(b, name...)
		if valued {
			value = html.UnescapeString(value)
			if urlAttributes[name] {
				value = safeScheme(value)
			}
			b = append(b, `="`...)
			b = appendValue(b, value)
			b = append(b, '"')
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// appendValue appends the value of an attribute.
func appendValue(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '"':
			b = append(b, "&quot;"...)
		case c == '\'':
			b = append(b, "&apos;"...)
		case isDropped(c):
		default:
			b = append(b, c)
		}
	}
	return b
}

// safeScheme cuts forbidden schemes off a URL and keeps the rest, so that
// "javascript:alert(1)" becomes the harmless relative "alert(1)". A URL that
// has more than a handful of them is not worth keeping.
func safeScheme(u string) string {
	u = dropControls(u)
	for range 6 {
		next := cutScheme(u, false)
		if next == u {
			return u
		}
		u = next
	}
	return ""
}

// cutScheme looks at the first scheme of a URL once. What follows "feed:" is a
// URL of its own to feed readers, but not another one of that kind.
func cutScheme(u string, inner bool) string {
	i, n := colon(u)
	if n == 0 || strings.Contains(u[:i], "/?") {
		return u
	}
	rest := strings.TrimFunc(u[i+n:], func(r rune) bool { return r == 0 || r < 0x80 && isSpace(byte(r)) || r == '\v' })
	scheme := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, html.UnescapeString(u[:i]))
	scheme = strings.ToLower(scheme)
	switch {
	case !protocols[scheme]:
		return rest
	case scheme == "feed" && inner:
		return ""
	case scheme == "feed":
		return "feed:" + cutScheme(rest, true)
	}
	return scheme + ":" + rest
}

// colon finds the first colon of a URL, be it written as a reference.
func colon(u string) (at, length int) {
	for i := 0; i < len(u); i++ {
		switch u[i] {
		case ':':
			return i, 1
		case '&':
			end := strings.IndexByte(u[i:min(len(u), i+maxReference)], ';')
			if end > 0 && html.UnescapeString(u[i:i+end+1]) == ":" {
				return i, end + 1
			}
		}
	}
	return 0, 0
}
