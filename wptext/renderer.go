package wptext

import "strings"

// maxDepth bounds how deep lists and quotes may be nested. Deeper ones lose
// their tags and keep their text.
const maxDepth = 16

// block is an open block element.
type block struct {
	tag      tag
	implicit bool // made up to hold what would stand in the wrong place
	filled   bool // something stands in it already
}

// openText says how the text being written is held.
type openText uint8

const (
	textNone openText = iota // nothing is being written
	textP                    // in a paragraph
	textBare                 // directly in a list item or preformatted block
)

// inline is an inline element, open or wanted.
type inline struct {
	tag  tag
	link int // tells links apart
}

// renderer writes tokens as HTML. Elements are only wanted at first and
// written when text arrives for them, so nothing empty is ever written and
// whatever was opened is known.
type renderer struct {
	b []byte

	blocks  []block
	written int         // how many of blocks are in b
	ignored [256]uint16 // start tags not honoured whose end tags are still to come, by tag

	text   openText
	para   bool // a paragraph ends before the next text
	breaks int  // <br> before the next text
	line   bool // at least one <br> before it

	newlines int  // newlines since the last text
	afterBr  bool // the newline behind a <br> is only layout of the source

	want, open []inline // inline elements wanted, and those written
	nested     [inlineEnd]int
	href       string // of the wanted link
	links      int
}

func (r *renderer) token(t token) {
	if t.tag != tagNone && t.tag != tagDrop {
		r.afterBr = false
	}
	switch {
	case t.tag == tagNone:
		r.writeText(decode(t.text))
	case t.tag == tagBr:
		r.br()
	case t.tag == tagA:
		r.anchor(t)
	case t.tag < inlineEnd:
		r.inlineTag(t)
	case t.tag == tagDropCell:
		r.writeText(" ")
	case t.tag == tagDropLine:
		r.line = true
	case t.tag == tagP, t.tag == tagDropPara:
		if r.top() == tagPre {
			r.line = true
		} else {
			r.para = true
		}
	case t.tag == tagPre, t.tag == tagBlockquote, t.tag == tagUl, t.tag == tagOl, t.tag == tagLi:
		if t.close {
			r.closeBlock(t.tag)
		} else {
			r.openBlock(t.tag)
		}
	}
}

// top returns the innermost open block, tagNone outside of any.
func (r *renderer) top() tag {
	if len(r.blocks) == 0 {
		return tagNone
	}
	return r.blocks[len(r.blocks)-1].tag
}

func (r *renderer) br() {
	if r.top() == tagPre {
		r.preText("\n")
		return
	}
	r.breaks++
	r.newlines = 0
	r.afterBr = true
}

func (r *renderer) openBlock(t tag) {
	top := r.top()
	if top == tagPre {
		r.ignored[t]++
		r.line = true
		return
	}
	if len(r.blocks)+2 > maxDepth && !(t == tagLi && top == tagLi) {
		r.ignored[t]++
		r.line = true
		return
	}
	r.closeParagraph()
	inList := top == tagUl || top == tagOl
	switch {
	case t == tagLi && top == tagLi:
		r.popTo(len(r.blocks) - 1)
	case t == tagLi && !inList:
		r.blocks = append(r.blocks, block{tag: tagUl, implicit: true})
	case t != tagLi && inList:
		if r.blocks[len(r.blocks)-1].implicit {
			r.popTo(len(r.blocks) - 1)
		} else {
			r.blocks = append(r.blocks, block{tag: tagLi, implicit: true})
		}
	}
	r.blocks = append(r.blocks, block{tag: t})
}

func (r *renderer) closeBlock(t tag) {
	if r.ignored[t] > 0 {
		r.ignored[t]--
		r.line = true
		return
	}
	for i := len(r.blocks) - 1; i >= 0; i-- {
		switch b := r.blocks[i].tag; {
		case b == t:
			r.closeParagraph()
			r.popTo(i)
			return
		case t == tagLi && (b == tagUl || b == tagOl):
			return
		}
	}
}

// popTo closes blocks until n are left.
func (r *renderer) popTo(n int) {
	for len(r.blocks) > n {
		last := len(r.blocks) - 1
		if r.written > last {
			r.closeTag(r.blocks[last].tag)
			r.written = last
		}
		r.blocks = r.blocks[:last]
	}
}

// closeParagraph ends the text being written.
func (r *renderer) closeParagraph() {
	// A link ends with its paragraph. The other inline elements go on in the
	// next one.
	for _, e := range r.open {
		if e.tag == tagA {
			r.dropLink()
		}
	}
	r.closeInline(0)
	if r.text == textP {
		r.closeTag(tagP)
	}
	r.text = textNone
	r.para, r.line, r.breaks, r.newlines = false, false, 0, 0
}

// begin makes b ready for text: closes what ends, opens what is wanted.
func (r *renderer) begin() {
	if r.para {
		r.closeParagraph()
	}
	if r.text != textNone {
		breaks := r.breaks
		if breaks == 0 && r.line {
			breaks = 1
		}
		same := r.common()
		r.closeInline(same)
		for range breaks {
			r.openTag(tagBr)
		}
	} else {
		r.beginBlock()
	}
	r.line, r.breaks, r.newlines = false, 0, 0
	r.openInline()
}

// beginBlock opens what the first text of a block needs.
func (r *renderer) beginBlock() {
	if n := len(r.blocks); n > 0 && (r.top() == tagUl || r.top() == tagOl) {
		if r.blocks[n-1].implicit {
			r.popTo(n - 1)
		} else {
			r.blocks = append(r.blocks, block{tag: tagLi, implicit: true})
		}
	}
	for ; r.written < len(r.blocks); r.written++ {
		if r.written > 0 {
			r.blocks[r.written-1].filled = true
		}
		r.openTag(r.blocks[r.written].tag)
	}
	r.text = textP
	if n := len(r.blocks); n > 0 {
		b := &r.blocks[n-1]
		if b.tag == tagPre || b.tag == tagLi && !b.filled {
			r.text = textBare
		}
		b.filled = true
	}
	if r.text == textP {
		r.openTag(tagP)
	}
}

// writeText writes text of one or more lines.
func (r *renderer) writeText(s string) {
	if r.top() == tagPre {
		r.preText(s)
		return
	}
	if r.afterBr {
		s = strings.TrimPrefix(s, "\n")
		r.afterBr = false
	}
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			r.writeLine(s)
			return
		}
		r.writeLine(s[:i])
		s = s[i+1:]
		r.newlines++
		r.breaks++
		if r.newlines > 1 {
			r.para = true
		}
	}
}

// writeLine writes text without newlines. Blanks at the start of a line go.
func (r *renderer) writeLine(s string) {
	if r.text == textNone || r.para || r.line || r.breaks > 0 {
		s = strings.TrimLeft(s, " \t")
	}
	if s == "" {
		return
	}
	r.begin()
	if r.nested[tagCode] > 0 || r.hasLink() {
		r.b = appendEscaped(r.b, s)
		return
	}
	from := 0
	for {
		u, ok := nextURL(s, from)
		if !ok {
			break
		}
		r.b = appendEscaped(r.b, s[from:u.start])
		r.b = appendLink(r.b, u.href)
		r.b = appendEscaped(r.b, s[u.start:u.end])
		r.closeTag(tagA)
		from = u.end
	}
	r.b = appendEscaped(r.b, s[from:])
}

// preText writes preformatted text as it is. Newlines at the very start are
// left out, for browsers swallow the first.
func (r *renderer) preText(s string) {
	if r.text == textNone {
		s = strings.TrimLeft(s, "\n")
		if strings.TrimLeft(s, " \t\n") == "" {
			return
		}
	}
	if s == "" {
		return
	}
	line := r.line && r.text != textNone && r.b[len(r.b)-1] != '\n'
	r.line = false
	r.begin()
	if line && s[0] != '\n' {
		r.b = append(r.b, '\n')
	}
	r.b = appendEscaped(r.b, s)
}

func (r *renderer) openTag(t tag) {
	r.b = append(r.b, '<')
	r.b = append(r.b, keptNames[t]...)
	r.b = append(r.b, '>')
}

func (r *renderer) closeTag(t tag) {
	r.b = append(r.b, '<', '/')
	r.b = append(r.b, keptNames[t]...)
	r.b = append(r.b, '>')
}
