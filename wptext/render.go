package wptext

import (
	"strings"
	"unicode/utf8"
)

// Render returns a message as safe HTML (Jetonomy contract 1.2, Rendering).
// It holds nothing but p, br, strong, em, b, i, u, s, code, pre, blockquote,
// ul, ol, li, and a with href (http, https, mailto) and rel; it is balanced
// and every attribute is quoted. Blank lines make paragraphs, single newlines
// breaks, bare URLs links; other known tags go and leave their text, script
// and style elements go whole. A "<" that opens no known tag is literal.
// Blank text gives "".
func Render(raw string) string {
	if isPlainLine(raw) {
		return renderPlain(raw)
	}
	return render(raw)
}

// render is Render without the short cut for plain text.
func render(raw string) string {
	s := clean(raw)
	r := renderer{b: make([]byte, 0, len(s)+len(s)/4+32)}
	l := lexer{s: s}
	for {
		t, ok := l.next()
		if !ok {
			break
		}
		r.token(t)
	}
	r.closeParagraph()
	r.popTo(0)
	return string(r.b)
}

// plainByte marks the bytes of text that need no attention: everything but
// markup, control characters and what can be part of a URL's start.
var plainByte = func() (t [256]bool) {
	for c := range t {
		t[c] = !isControl(byte(c)) && strings.IndexByte("<>&:", byte(c)) < 0
	}
	return t
}()

// isPlainLine tells whether text has neither markup nor URLs nor anything that
// clean would change.
func isPlainLine(s string) bool {
	ascii := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		ascii |= c
		if plainByte[c] {
			if c == '.' && i >= 3 && lower(s[i-1]) == 'w' && lower(s[i-2]) == 'w' && lower(s[i-3]) == 'w' {
				return false
			}
			continue
		}
		if c != ':' || strings.HasPrefix(s[i:], "://") {
			return false
		}
	}
	return ascii < utf8.RuneSelf || utf8.ValidString(s)
}

// renderPlain renders text for which isPlainLine holds, without looking at
// every byte again.
func renderPlain(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 8 + 4*strings.Count(s, "\n"))
	newlines := 2 // before the line at hand, the start counting as a blank line
	for len(s) > 0 {
		line := s
		i := strings.IndexByte(s, '\n')
		if i >= 0 {
			line, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		if line = strings.TrimLeft(line, " \t"); line != "" {
			switch {
			case b.Len() == 0:
				b.WriteString("<p>")
			case newlines > 1:
				b.WriteString("</p><p>")
			default:
				b.WriteString("<br>")
			}
			b.WriteString(line)
			newlines = 0
		}
		newlines++
	}
	if b.Len() == 0 {
		return ""
	}
	b.WriteString("</p>")
	return b.String()
}
