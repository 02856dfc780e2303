package wptext

import "strings"

// lump is a piece of text on its way to paragraphs: a block tag, or what
// stands between two.
type lump struct {
	text string
	kind lumpKind
}

type lumpKind uint8

const (
	lumpText   lumpKind = iota // shows something
	lumpBlank                  // white space
	lumpOpenP                  // <p>
	lumpCloseP                 // </p>
	lumpBlock                  // another block tag, or <p> as a start tag with attributes
)

func (k lumpKind) isTag() bool { return k >= lumpOpenP }

var (
	openP  = lump{"<p>", lumpOpenP}
	closeP = lump{"</p>", lumpCloseP}
)

// paragraphs makes paragraphs of blocks of text and breaks of single newlines,
// as WordPress' wpautop does with the few block elements a message may have.
func paragraphs(s string) string {
	if strings.Trim(s, " \t\n\r\v\x00") == "" {
		return ""
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lumps := blocks(s)
	lumps = dropEmptyParagraphs(lumps)
	lumps = unwrapLoneTags(lumps)
	lumps = unwrapItems(lumps)
	lumps = moveIntoQuotes(lumps)
	lumps = dropBeforeTags(lumps)
	lumps = dropBehindTags(lumps)
	return breaks(lumps)
}

// blockList collects blocks, each of them as a paragraph.
type blockList struct {
	lumps []lump
	start int  // where the block under way begins, behind its <p>
	begun bool // something ended before it
}

func (l *blockList) add(text string, kind lumpKind) {
	if len(l.lumps) == l.start {
		l.lumps = append(l.lumps, openP)
		l.start++
	}
	l.lumps = append(l.lumps, lump{text, kind})
}

// end ends the block under way, without its outer newlines. A block of which
// nothing is left is none, nor is white space alone between two borders.
func (l *blockList) end() {
	begun := l.begun
	l.begun = true
	if len(l.lumps) == l.start {
		return
	}
	block := trimBlock(l.lumps[l.start:])
	if len(block) == 0 || begun && len(block) == 1 && block[0].kind == lumpBlank {
		l.lumps = l.lumps[:l.start-1]
	} else {
		n := copy(l.lumps[l.start:], block)
		l.lumps = append(l.lumps[:l.start+n], closeP, newline)
	}
	l.start = len(l.lumps)
}

// newline stands between blocks.
var newline = lump{"\n", lumpBlank}

// blocks makes paragraphs of the blocks of a text. A block ends at a blank
// line, before a block's start tag and behind its end tag.
func blocks(s string) []lump {
	l := blockList{lumps: make([]lump, 0, len(s)/8+8)}
	behindEnd := false // the last part was a block's end tag
	for p := range parts(s) {
		if p.isTag {
			kind := tagKind(p)
			opening := kind.isTag() && p.text[1] != '/'
			behindEnd = kind.isTag() && !opening
			if opening {
				l.end()
			}
			l.add(p.text, kind)
			if behindEnd {
				l.end()
			}
			continue
		}
		rest := p.text
		if behindEnd {
			rest = cutLeading(rest)
			behindEnd = false
		}
		for rest != "" {
			text, next, ok := cutBlankLine(rest)
			if text != "" {
				l.add(text, textKind(text))
			}
			if !ok {
				break
			}
			l.end()
			rest = next
		}
	}
	l.end()
	return l.lumps
}

// tagKind classifies a tag that is a paragraph of its own or starts or ends
// one; other parts are text.
func tagKind(p part) lumpKind {
	if !p.isTag {
		return lumpText
	}
	switch p.text {
	case openP.text:
		return lumpOpenP
	case closeP.text:
		return lumpCloseP
	}
	switch name, _ := tagParts(p.text); name {
	case "p", "ul", "ol", "li", "blockquote":
		return lumpBlock
	}
	return lumpText
}

func textKind(s string) lumpKind {
	if strings.Trim(s, white) == "" {
		return lumpBlank
	}
	return lumpText
}

// cutBlankLine cuts text at its first blank line: a newline, white space and
// another newline.
func cutBlankLine(s string) (before, after string, found bool) {
	for i := strings.IndexByte(s, '\n'); i >= 0; {
		end := i + 1
		last := i
		for end < len(s) && isSpace(s[end]) || end < len(s) && s[end] == '\v' {
			if s[end] == '\n' {
				last = end
			}
			end++
		}
		if last > i {
			return s[:i], s[last+1:], true
		}
		n := strings.IndexByte(s[end:], '\n')
		if n < 0 {
			break
		}
		i = end + n
	}
	return s, "", false
}

// white is what counts as white space here.
const white = " \t\n\f\v\r"

// cutLeading cuts leading white space up to its last newline: the border of
// the block before counts as a blank line.
func cutLeading(s string) string {
	n := len(s) - len(strings.TrimLeft(s, white))
	return s[strings.LastIndexByte(s[:n], '\n')+1:]
}

// cutTrailing cuts trailing white space from its first newline on.
func cutTrailing(s string) string {
	n := len(strings.TrimRight(s, white))
	if i := strings.IndexByte(s[n:], '\n'); i >= 0 {
		return s[:n+i]
	}
	return s
}

// trimBlock removes the newlines at the borders of a block.
func trimBlock(block []lump) []lump {
	for n := len(block); n > 0 && block[n-1].text[0] != '<'; n = len(block) {
		if text := cutTrailing(block[n-1].text); text != "" {
			block[n-1] = lump{text, textKind(text)}
			break
		}
		block = block[:n-1]
	}
	for len(block) > 0 && block[0].text[0] != '<' {
		if text := strings.TrimLeft(block[0].text, "\n"); text != "" {
			block[0] = lump{text, textKind(text)}
			break
		}
		block = block[1:]
	}
	return block
}
