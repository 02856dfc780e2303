package wptext

import "strings"

// token is a stretch of text or one known tag.
type token struct {
	tag   tag    // tagNone for text
	close bool   // an end tag
	text  string // of text: as written, entities not decoded
	attrs string // of a start tag: everything between name and ">"
}

// lexer splits message text into text and known tags. A "<" that opens no
// known tag is text; comments, and script and style elements with their
// content, are left out. A script or style element that is never closed has
// no content: losing the rest of a message to a stray word would be worse
// than showing it.
type lexer struct {
	s       string
	pos     int
	pending token // the tag found behind the last text
	has     bool

	spent     int // bytes looked at in vain; bounds the work on hostile text
	noComment bool
	noScript  bool
	noStyle   bool
}

// next returns the next token, false at the end.
func (l *lexer) next() (token, bool) {
	if l.has {
		l.has = false
		return l.pending, true
	}
	start, from := l.pos, l.pos
	for from < len(l.s) {
		i := strings.IndexByte(l.s[from:], '<')
		if i < 0 {
			break
		}
		i += from
		t, end, ok := l.tagAt(i)
		if !ok {
			from = i + 1
			continue
		}
		l.pos = end
		if i > start {
			l.pending, l.has = t, true
			return token{text: l.s[start:i]}, true
		}
		return t, true
	}
	if start == len(l.s) {
		return token{}, false
	}
	l.pos = len(l.s)
	return token{text: l.s[start:]}, true
}

// tagAt reads the tag or comment whose "<" is at i and returns the position
// behind it. A comment counts as a dropped tag.
func (l *lexer) tagAt(i int) (t token, end int, ok bool) {
	s := l.s
	j := i + 1
	if strings.HasPrefix(s[j:], "!--") {
		return l.comment(i)
	}
	if j < len(s) && s[j] == '/' {
		t.close = true
		j++
	}
	nameAt := j
	var name [maxTagName]byte
	for j < len(s) && isAlnum(s[j]) {
		if j-nameAt == maxTagName {
			return t, 0, false
		}
		name[j-nameAt] = lower(s[j])
		j++
	}
	if j == nameAt || j == len(s) || !(isSpace(s[j]) || s[j] == '/' || s[j] == '>') {
		return t, 0, false
	}
	t.tag = tagsByName[string(name[:j-nameAt])]
	if t.tag == tagNone {
		return t, 0, false
	}
	end, ok = l.tagEnd(j)
	if !ok {
		return t, 0, false
	}
	t.attrs = s[j : end-1]
	if !t.close {
		switch t.tag {
		case tagScript:
			end = l.skipElement(end, "script", &l.noScript)
		case tagStyle:
			end = l.skipElement(end, "style", &l.noStyle)
		}
	}
	return t, end, true
}

// tagEnd returns the position behind the ">" that ends the tag whose name
// ended at j. A ">" inside a quoted value does not count; another "<" outside
// of one means that this was no tag. Text made to have many candidates looked
// at to its very end loses the first of these two courtesies.
func (l *lexer) tagEnd(j int) (int, bool) {
	s, start := l.s, j
	quotes := l.spent <= 8*len(s)
	for j < len(s) {
		switch s[j] {
		case '>':
			return j + 1, true
		case '<':
			l.spent += j - start
			return 0, false
		case '=':
			j++
			if !quotes {
				continue
			}
			for j < len(s) && isSpace(s[j]) {
				j++
			}
			if j < len(s) && (s[j] == '"' || s[j] == '\'') {
				if k := strings.IndexByte(s[j+1:], s[j]); k >= 0 {
					j += k + 2
				} else {
					j++
				}
			}
		default:
			j++
		}
	}
	l.spent += j - start
	return 0, false
}

// comment reads the comment that starts at i. One that is never closed is
// text.
func (l *lexer) comment(i int) (token, int, bool) {
	if l.noComment {
		return token{}, 0, false
	}
	k := strings.Index(l.s[i+2:], "-->")
	if k < 0 {
		l.noComment = true
		return token{}, 0, false
	}
	return token{tag: tagDrop}, i + 2 + k + 3, true
}

// skipElement returns the position behind the end tag of the element whose
// content starts at from, or from itself if it has none; missing remembers
// that.
func (l *lexer) skipElement(from int, name string, missing *bool) int {
	if *missing {
		return from
	}
	s := l.s
	for j := from; ; {
		k := strings.Index(s[j:], "</")
		if k < 0 {
			break
		}
		j += k + 2
		if len(s)-j <= len(name) || !strings.EqualFold(s[j:j+len(name)], name) {
			continue
		}
		j += len(name)
		if c := s[j]; !isSpace(c) && c != '/' && c != '>' {
			continue
		}
		g := strings.IndexByte(s[j:], '>')
		if g < 0 {
			break
		}
		return j + g + 1
	}
	*missing = true
	return from
}

// attribute returns the value of the first attribute called name (lower case)
// in the attribute part of a tag, entities not decoded.
func attribute(attrs, name string) (string, bool) {
	for i := 0; i < len(attrs); {
		for i < len(attrs) && (isSpace(attrs[i]) || attrs[i] == '/') {
			i++
		}
		start := i
		for i < len(attrs) && !isSpace(attrs[i]) && attrs[i] != '/' && (attrs[i] != '=' || i == start) {
			i++
		}
		key := attrs[start:i]
		for i < len(attrs) && isSpace(attrs[i]) {
			i++
		}
		value := ""
		if i < len(attrs) && attrs[i] == '=' {
			i++
			for i < len(attrs) && isSpace(attrs[i]) {
				i++
			}
			value, i = attributeValue(attrs, i)
		}
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// attributeValue reads the value at i and returns the position behind it.
func attributeValue(attrs string, i int) (string, int) {
	if i < len(attrs) && (attrs[i] == '"' || attrs[i] == '\'') {
		if k := strings.IndexByte(attrs[i+1:], attrs[i]); k >= 0 {
			return attrs[i+1 : i+1+k], i + k + 2
		}
		i++
	}
	start := i
	for i < len(attrs) && !isSpace(attrs[i]) {
		i++
	}
	return attrs[start:i], i
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
