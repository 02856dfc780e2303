package wptext

import "strings"

// nestable are the permitted elements that may stand inside one of their own
// kind. Another start tag of the others ends the one before.
var nestable = set("blockquote", "q", "span")

// balance closes what was left open and drops end tags that close nothing, as
// WordPress' force_balance_tags does. It works on filtered text, also on one
// with backslashes.
func balance(s string) string {
	i := strings.IndexByte(s, '<')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s)+32)
	var stack []string
	open := map[string]int{} // how often each name is in stack
	for ; i >= 0; i = strings.IndexByte(s, '<') {
		b = append(b, s[:i]...)
		s = s[i:]
		end := strings.IndexByte(s, '>')
		if end < 0 {
			break
		}
		whole := s[:end+1]
		s = s[end+1:]
		if whole[1] == '!' {
			b = append(b, whole...)
			continue
		}
		closing := whole[1] == '/'
		name, rest := tagParts(whole)
		switch {
		case closing:
			for open[name] > 0 {
				last := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				open[last]--
				b = appendEnd(b, last)
				if last == name {
					break
				}
			}
		case name == "img":
			b = append(b, whole[:end]...)
			if !strings.HasSuffix(rest, "/") {
				if rest == "" {
					b = append(b, ' ')
				}
				b = append(b, '/')
			}
			b = append(b, '>')
		case strings.HasSuffix(rest, "/"):
			b = append(b, strings.TrimRight(whole[:end-1], " ")...)
			b = append(b, '>')
			b = appendEnd(b, name)
		default:
			if n := len(stack); n > 0 && stack[n-1] == name && !nestable[name] {
				b = appendEnd(b, name)
			} else {
				stack = append(stack, name)
				open[name]++
			}
			b = append(b, whole...)
		}
	}
	b = append(b, s...)
	for n := len(stack) - 1; n >= 0; n-- {
		b = appendEnd(b, stack[n])
	}
	return string(b)
}

// tagParts returns the name of a tag and what follows the name, outer blanks
// trimmed.
func tagParts(whole string) (name, rest string) {
	inside := strings.TrimPrefix(whole[1:len(whole)-1], "/")
	n := 0
	for n < len(inside) && isAlnum(inside[n]) {
		n++
	}
	return inside[:n], strings.TrimSpace(inside[n:])
}

func appendEnd(b []byte, name string) []byte {
	b = append(b, "</"...)
	b = append(b, name...)
	return append(b, '>')
}
