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
// contract 2.9, excerpt.raw). Line breaks and references stay as they are; what is
// cut loses a layer of backslashes.
func Excerpt(stored string) string {
	s := stripShortcodes(stored)
	if plain := stripTags(s); utf8.RuneCountInString(plain) <= excerptLength {
		return trimBlanks(plain)
	}
	cut := cutAtBlank(cutToRoom(s))
	return trimBlanks(stripTags(Unslash(strings.TrimRight(cut, blanks) + excerptEnding)))
}

const blanks = " \t\n\r\v\x00"

func trimBlanks(s string) string { return strings.Trim(s, blanks) }

// cutToRoom cuts text behind the characters for which there is room. Tags take none.
func cutToRoom(s string) string {
	b := make([]byte, 0, len(s))
	room := excerptRoom
	for p := range parts(s) {
		if p.isTag {
			b = append(b, p.text...)
			continue
		}
		n, used := characters(p.text, room)
		b = append(b, p.text[:n]...)
		if room -= used; room == 0 {
			break
		}
	}
	return string(b)
}

// characters returns where the first max characters of a text end, and how many there
// are.
func characters(s string, max int) (end, n int) {
	for n < max && end < len(s) {
		_, size := utf8.DecodeRuneInString(s[end:])
		if s[end] == '&' {
			if j := strings.IndexByte(s[end:min(len(s), end+10)], ';'); j > 1 && isReferenceBody(s[end+1:end+j]) {
				size = j + 1
			}
		}
		end += size
		n++
	}
	return end, n
}

// cutAtBlank cuts text at its last blank that is in no tag. Text stays whole when there
// is none, and when one comes, from the end, to the second character behind a tag that
// has a blank before it: so it is in BuddyPress.
func cutAtBlank(s string) string {
	i := strings.LastIndexByte(s, ' ')
	if strings.IndexByte(s, '<') < 0 {
		if i >= 0 {
			return s[:i]
		}
		return s
	}
	inTag := make([]bool, len(s))
	whole := make([]bool, len(s)+1) // behind the first character after such a tag
	at := 0
	for p := range parts(s) {
		if p.isTag {
			for k := at + 1; k < at+len(p.text); k++ {
				inTag[k] = true
			}
			before := (at + len(s) - 1) % len(s) // of a tag at the very start, the end
			if end := at + len(p.text); end < len(s) && s[before] == ' ' {
				whole[end+1] = true
			}
		}
		at += len(p.text)
	}
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] != ' ' && whole[i]:
			return s
		case s[i] == ' ' && !inTag[i]:
			return s[:i]
		}
	}
	return s
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
