package wptext

import "strings"

// Plain returns the text of a message exactly as a reader sees it: known tags
// are gone, so are script and style elements with their content, character
// references are decoded once and newlines are kept. <br> is a newline, the
// ends of blocks start a new line, those of paragraphs leave a blank one.
// Text without markup comes out as it went in, outer blanks included
// (Jetonomy contract 1.2, content_plain).
func Plain(raw string) string {
	s := clean(raw)
	if strings.IndexByte(s, '<') < 0 {
		return decode(s)
	}
	p := plainWriter{b: make([]byte, 0, len(s))}
	l := lexer{s: s}
	for {
		t, ok := l.next()
		if !ok {
			return string(p.b)
		}
		switch t.tag {
		case tagNone:
			p.text(decode(t.text))
		case tagBr:
			p.br()
		case tagP, tagDropPara:
			p.gap = 2
		case tagPre, tagBlockquote, tagUl, tagOl, tagLi, tagDropLine:
			p.gap = max(p.gap, 1)
		case tagDropCell:
			p.text(" ")
		}
	}
}

// plainWriter collects plain text.
type plainWriter struct {
	b       []byte
	gap     int  // newlines that have to stand before the next text
	afterBr bool // the newline behind a <br> is only layout of the source
}

func (p *plainWriter) text(s string) {
	if p.afterBr {
		s = strings.TrimPrefix(s, "\n")
		p.afterBr = false
	}
	if p.gap > 0 {
		s = strings.TrimLeft(s, " \t\n")
		if s == "" {
			return
		}
		p.flushGap()
	}
	p.b = append(p.b, s...)
}

func (p *plainWriter) br() {
	p.flushGap()
	p.b = append(p.b, '\n')
	p.afterBr = true
}

// flushGap adds the newlines that are missing. The very first block needs
// none.
func (p *plainWriter) flushGap() {
	end, have := len(p.b), 0
	for end > 0 && have < p.gap && isSpace(p.b[end-1]) {
		end--
		if p.b[end] == '\n' {
			have++
		}
	}
	if end > 0 {
		for ; have < p.gap; have++ {
			p.b = append(p.b, '\n')
		}
	}
	p.gap = 0
}
