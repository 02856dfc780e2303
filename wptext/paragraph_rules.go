package wptext

import "strings"

// skipBlanks returns the first position from i on that is no white space.
func skipBlanks(lumps []lump, i int) int {
	for i < len(lumps) && lumps[i].kind == lumpBlank {
		i++
	}
	return i
}

func kindAt(lumps []lump, i int) lumpKind {
	if i < len(lumps) {
		return lumps[i].kind
	}
	return lumpText
}

// dropEmptyParagraphs removes paragraphs that show nothing.
func dropEmptyParagraphs(lumps []lump) []lump {
	out := lumps[:0]
	for i := 0; i < len(lumps); i++ {
		if lumps[i].kind == lumpOpenP {
			if j := skipBlanks(lumps, i+1); kindAt(lumps, j) == lumpCloseP {
				i = j
				continue
			}
		}
		out = append(out, lumps[i])
	}
	return out
}

// unwrapLoneTags takes block tags out of paragraphs that hold nothing else.
func unwrapLoneTags(lumps []lump) []lump {
	out := lumps[:0]
	for i := 0; i < len(lumps); i++ {
		if lumps[i].kind == lumpOpenP {
			if j := skipBlanks(lumps, i+1); kindAt(lumps, j).isTag() {
				if k := skipBlanks(lumps, j+1); kindAt(lumps, k) == lumpCloseP {
					out = append(out, lumps[j])
					i = k
					continue
				}
			}
		}
		out = append(out, lumps[i])
	}
	return out
}

// unwrapItems takes list items of one line out of their paragraph.
func unwrapItems(lumps []lump) []lump {
	out := lumps[:0]
	for i := 0; i < len(lumps); i++ {
		if lumps[i].kind == lumpOpenP && i+1 < len(lumps) && strings.HasPrefix(lumps[i+1].text, "<li") && lumps[i+1].kind == lumpBlock {
			j := i + 2
			for j < len(lumps) && lumps[j].kind != lumpCloseP && (lumps[j].text[0] == '<' || strings.IndexByte(lumps[j].text, '\n') < 0) {
				j++
			}
			if kindAt(lumps, j) == lumpCloseP {
				out = append(out, lumps[i+1:j]...)
				i = j
				continue
			}
		}
		out = append(out, lumps[i])
	}
	return out
}

// moveIntoQuotes swaps the tags of quotes with those of the paragraphs around
// them.
func moveIntoQuotes(lumps []lump) []lump {
	for i := 0; i+1 < len(lumps); i++ {
		if lumps[i].kind == lumpOpenP && isTagOf(lumps[i+1], "<blockquote") {
			lumps[i], lumps[i+1] = lumps[i+1], lumps[i]
			i++
		}
	}
	for i := 0; i+1 < len(lumps); i++ {
		if lumps[i].text == "</blockquote>" && lumps[i+1].kind == lumpCloseP {
			lumps[i], lumps[i+1] = lumps[i+1], lumps[i]
			i++
		}
	}
	return lumps
}

func isTagOf(l lump, prefix string) bool {
	return l.kind == lumpBlock && strings.HasPrefix(l.text, prefix)
}

// dropBeforeTags removes paragraphs' start tags that stand before block tags.
func dropBeforeTags(lumps []lump) []lump {
	out := lumps[:0]
	for i := 0; i < len(lumps); i++ {
		if lumps[i].kind == lumpOpenP {
			if j := skipBlanks(lumps, i+1); kindAt(lumps, j).isTag() {
				i = j
			}
		}
		out = append(out, lumps[i])
	}
	return out
}

// dropBehindTags removes paragraphs' end tags that stand behind block tags.
func dropBehindTags(lumps []lump) []lump {
	out := lumps[:0]
	for i := 0; i < len(lumps); i++ {
		out = append(out, lumps[i])
		if lumps[i].kind.isTag() {
			if j := skipBlanks(lumps, i+1); kindAt(lumps, j) == lumpCloseP {
				i = j
			}
		}
	}
	return out
}

const lineBreak = "<br />\n"

// breaks writes everything down, with breaks for the newlines that are left.
// Newlines next to block tags need none.
func breaks(lumps []lump) string {
	size := 0
	for _, l := range lumps {
		size += len(l.text) + 8
	}
	b := make([]byte, 0, size)
	for i := 0; i < len(lumps); {
		l := lumps[i]
		if l.text[0] == '<' {
			b = append(b, l.text...)
			i++
			continue
		}
		// All white space and text up to the next tag.
		start := i
		for i < len(lumps) && lumps[i].text[0] != '<' {
			i++
		}
		text := l.text
		if i-start > 1 {
			var sb strings.Builder
			for _, e := range lumps[start:i] {
				sb.WriteString(e.text)
			}
			text = sb.String()
		}
		behind := start > 0 && lumps[start-1].kind.isTag()
		before := i < len(lumps) && endsBreak(lumps[i])
		b = appendBreaks(b, text, behind, before)
	}
	s := string(b)
	if strings.HasSuffix(s, "\n</p>\n") {
		s = s[:len(s)-len("\n</p>\n")] + "</p>\n"
	}
	return s
}

// endsBreak tells of the block tags that need no break before them.
func endsBreak(l lump) bool {
	return l.kind.isTag() && !strings.HasPrefix(strings.TrimPrefix(l.text[1:], "/"), "blockquote")
}

// appendBreaks appends text with its newlines as breaks.
func appendBreaks(b []byte, s string, behindTag, beforeTag bool) []byte {
	for len(s) > 0 {
		n := strings.IndexByte(s, '\n')
		if n < 0 {
			return append(b, s...)
		}
		// The white space around the newline, up to the last newline in it.
		start, end := n, n+1
		for start > 0 && (isSpace(s[start-1]) || s[start-1] == '\v') {
			start--
		}
		for j := end; j < len(s) && (isSpace(s[j]) || s[j] == '\v'); j++ {
			if s[j] == '\n' {
				end = j + 1
			}
		}
		b = append(b, s[:start]...)
		rest := s[end:]
		switch {
		case behindTag && start == 0, beforeTag && strings.Trim(rest, " \t\f\v") == "":
			b = append(b, '\n')
		default:
			b = append(b, lineBreak...)
		}
		s, behindTag = rest, false
	}
	return b
}
