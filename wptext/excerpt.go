package wptext

import (
	"strings"
	"unicode/utf8"
)

const (
	excerptLength = 75 // characters of text that is not cut
	excerptRoom   = 65 // characters before the ending, references counting as one
	excerptEnding = " [&hellip;]"
)

// Excerpt returns the short form of a stored message: without shortcodes and
// tags, at most 75 characters, cut at a blank where there is one (BuddyPress
// contract 2.9, excerpt.raw). Line breaks and references stay as they are.
func Excerpt(stored string) string {
	s := stripTags(stripShortcodes(stored))
	if utf8.RuneCountInString(s) <= excerptLength {
		return trimBlanks(s)
	}
	s = s[:excerptCut(s)]
	if i := strings.LastIndexByte(s, ' '); i >= 0 {
		s = s[:i]
	}
	return trimBlanks(trimBlanks(s) + excerptEnding)
}

func trimBlanks(s string) string { return strings.Trim(s, " \t\n\r\v\x00") }

// excerptCut returns where the characters end for which there is room.
func excerptCut(s string) int {
	i := 0
	for range excerptRoom {
		if i == len(s) {
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if s[i] == '&' {
			if j := strings.IndexByte(s[i:min(len(s), i+10)], ';'); j > 1 && isReferenceBody(s[i+1:i+j]) {
				size = j + 1
			}
		}
		i += size
	}
	return i
}

// isReferenceBody tells whether something can stand between "&" and ";".
func isReferenceBody(s string) bool {
	s = strings.TrimPrefix(s, "#")
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) {
			return false
		}
	}
	return s != ""
}

// stripTags removes tags and comments.
func stripTags(s string) string {
	if strings.IndexByte(s, '<') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for p := range parts(s) {
		if !p.isTag {
			b = append(b, p.text...)
		}
	}
	return string(b)
}

// stripShortcodes removes the shortcodes WordPress knows, with what they
// enclose.
func stripShortcodes(s string) string {
	i := strings.IndexByte(s, '[')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	noEnd := map[string]bool{} // names no end tag of which is left
	for ; i >= 0; i = strings.IndexByte(s, '[') {
		b = append(b, s[:i]...)
		s = s[i:]
		end := shortcodeEnd(s, 0)
		if end == 0 || s[1] == '/' || s[1] == '[' {
			b = append(b, '[')
			s = s[1:]
			continue
		}
		name := shortcodeName(s)
		s = s[end:]
		if noEnd[name] {
			continue
		}
		if n := strings.Index(s, "[/"+name+"]"); n >= 0 {
			s = s[n+len(name)+3:]
		} else {
			noEnd[name] = true
		}
	}
	return string(append(b, s...))
}

// shortcodeName returns the name of the shortcode s starts with.
func shortcodeName(s string) string {
	n := 1
	for n < len(s) && (isAlnum(s[n]) || s[n] == '_') {
		n++
	}
	return s[1:n]
}
