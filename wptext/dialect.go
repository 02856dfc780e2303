package wptext

import "strings"

// FromBuddyPress turns text stored by BuddyPress, subject or message, into
// text for Render and Plain: one layer of backslashes goes, as it does
// whenever BuddyPress shows text.
func FromBuddyPress(stored string) string { return Unslash(stored) }

// ToBuddyPress turns text written for Render into the form in which BuddyPress
// stores a message, so that it shows the same: <br> and the ends of dropped
// blocks become newlines, elements BuddyPress does not know leave their text,
// what is literal text here is escaped there, and backslashes are doubled
// because BuddyPress removes one layer on showing.
func ToBuddyPress(raw string) string {
	if isBare(raw) {
		return raw
	}
	s := clean(raw)
	b := make([]byte, 0, len(s)+len(s)/8)
	l := lexer{s: s}
	afterBr := false
	for {
		t, ok := l.next()
		if !ok {
			return encodeEmoji(balance(filter(string(b), messageTags)))
		}
		if t.tag == tagNone {
			text := t.text
			if afterBr {
				text = strings.TrimPrefix(text, "\n")
			}
			b = appendEscaped(b, strings.ReplaceAll(decode(text), `\`, `\\`))
		} else {
			b = appendForeign(b, t)
		}
		afterBr = t.tag == tagBr
	}
}

// appendForeign appends the tag that stands for t in BuddyPress.
func appendForeign(b []byte, t token) []byte {
	switch t.tag {
	case tagBr, tagPre, tagDropLine:
		return append(b, '\n')
	case tagDropPara:
		return append(b, "\n\n"...)
	case tagDropCell:
		return append(b, ' ')
	case tagU, tagDrop, tagScript, tagStyle:
		return b
	}
	if t.close {
		return appendEnd(b, keptNames[t.tag])
	}
	if t.tag == tagA {
		value, _ := attribute(t.attrs, "href")
		href, ok := safeURL(clean(decode(value)))
		if !ok {
			return b
		}
		b = append(b, `<a href="`...)
		b = appendAttribute(b, href)
		return append(b, `">`...)
	}
	b = append(b, '<')
	b = append(b, keptNames[t.tag]...)
	return append(b, '>')
}

// SubjectFromTitle turns the plain title of a conversation into a subject as
// BuddyPress stores it.
func SubjectFromTitle(title string) string {
	return StoreSubject(slash(string(appendEscaped(nil, clean(title)))))
}
