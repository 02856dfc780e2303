package phptext

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the class of a token.
type kind uint8

const (
	tokEnd    kind = iota
	tokName        // identifier, keyword or qualified name; text as written
	tokVar         // $name; text without the dollar
	tokString      // a quoted literal; text is its value
	tokOpaque      // a literal that is not read (heredoc, interpolation); text says why
	tokNumber      // text as written, without underscores
	tokOp          // operator or punctuation
	tokHTML        // what stands outside <?php … ?>; ends a statement
)

// token is one lexical element of PHP source. Comments and blanks leave none.
type token struct {
	kind kind
	text string
	line int
}

// lexer splits PHP source into tokens in one pass.
type lexer struct {
	src  []byte
	pos  int
	line int
	out  []token
}

// lex tokenizes a file; inside says that src starts in PHP mode, as the text
// given to eval does.
func lex(src []byte, inside bool) []token {
	l := &lexer{src: src, line: 1}
	if !inside {
		l.html()
	}
	for l.pos < len(l.src) {
		l.next()
	}
	l.emit(tokEnd, "")
	return l.out
}

func (l *lexer) emit(k kind, text string) {
	l.out = append(l.out, token{k, text, l.line})
}

// advance moves over n bytes and counts the lines in them.
func (l *lexer) advance(n int) {
	end := min(l.pos+n, len(l.src))
	l.line += bytes.Count(l.src[l.pos:end], []byte{'\n'})
	l.pos = end
}

func (l *lexer) at(s string) bool { return bytes.HasPrefix(l.src[l.pos:], []byte(s)) }

// html skips to just behind the next opening tag, or to the end of the file.
func (l *lexer) html() {
	l.emit(tokHTML, "")
	i := bytes.Index(l.src[l.pos:], []byte("<?"))
	if i < 0 {
		l.advance(len(l.src))
		return
	}
	l.advance(i + len("<?"))
	switch {
	case len(l.src)-l.pos >= 3 && strings.EqualFold(string(l.src[l.pos:l.pos+3]), "php"):
		l.advance(3)
	case l.at("="):
		l.advance(1)
	}
}

// operators of two and three characters, longest first.
var operators = []string{
	"<=>", "===", "!==", "**=", "...", "<<=", ">>=", "??=", "?->",
	"#[", "==", "!=", "<>", "<=", ">=", "&&", "||", "??", "->", "=>", "::", ".=", "+=", "-=",
	"*=", "/=", "%=", "&=", "|=", "^=", "++", "--", "**", "<<", ">>",
}

func (l *lexer) next() {
	c := l.src[l.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f':
		l.advance(1)
	case l.at("?>"):
		l.advance(2)
		l.html()
	case c == '#' && !l.at("#["), l.at("//"):
		l.lineComment()
	case l.at("/*"):
		end := bytes.Index(l.src[l.pos+2:], []byte("*/"))
		if end < 0 {
			end = len(l.src)
		}
		l.advance(end + 4)
	case c == '\'':
		l.singleQuoted()
	case c == '"' || c == '`':
		l.doubleQuoted(c)
	case l.at("<<<"):
		if !l.heredoc() {
			l.op()
		}
	case c == '$' && l.pos+1 < len(l.src) && nameStart(l.src[l.pos+1]):
		n := nameLen(l.src[l.pos+1:])
		l.emit(tokVar, string(l.src[l.pos+1:l.pos+1+n]))
		l.advance(n + 1)
	case nameStart(c) || c == '\\':
		n := 1
		for l.pos+n < len(l.src) && (namePart(l.src[l.pos+n]) || l.src[l.pos+n] == '\\') {
			n++
		}
		l.emit(tokName, strings.TrimPrefix(string(l.src[l.pos:l.pos+n]), "\\"))
		l.advance(n)
	case c >= '0' && c <= '9', c == '.' && l.pos+1 < len(l.src) && digit(l.src[l.pos+1]):
		l.number()
	default:
		l.op()
	}
}

func (l *lexer) op() {
	for _, o := range operators {
		if l.at(o) {
			l.emit(tokOp, o)
			l.advance(len(o))
			return
		}
	}
	l.emit(tokOp, string(l.src[l.pos:l.pos+1]))
	l.advance(1)
}

// lineComment skips to the end of the line; a closing tag ends it too.
func (l *lexer) lineComment() {
	rest := l.src[l.pos:]
	n := len(rest)
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		n = i
	}
	if i := bytes.Index(rest[:n], []byte("?>")); i >= 0 {
		n = i
	}
	l.advance(n)
}

func (l *lexer) singleQuoted() {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.src); i++ {
		c := l.src[i]
		if c == '\'' {
			l.emit(tokString, b.String())
			l.advance(i + 1 - l.pos)
			return
		}
		if c == '\\' && i+1 < len(l.src) && (l.src[i+1] == '\\' || l.src[i+1] == '\'') {
			i++
			c = l.src[i]
		}
		b.WriteByte(c)
	}
	l.emit(tokOpaque, "a quote that is never closed")
	l.advance(len(l.src))
}

// doubleQuoted reads "…" (and `…`, which runs a command and is never read).
func (l *lexer) doubleQuoted(quote byte) {
	var b strings.Builder
	interpolated := false
	i := l.pos + 1
	for i < len(l.src) {
		c := l.src[i]
		switch {
		case c == quote:
			switch {
			case quote == '`':
				l.emit(tokOpaque, "the output of a command")
			case interpolated:
				l.emit(tokOpaque, "a text with a variable in it")
			default:
				l.emit(tokString, b.String())
			}
			l.advance(i + 1 - l.pos)
			return
		case c == '\\' && i+1 < len(l.src):
			i += unescape(&b, l.src[i:])
			continue
		case c == '$' && i+1 < len(l.src) && (nameStart(l.src[i+1]) || l.src[i+1] == '{'),
			c == '{' && i+1 < len(l.src) && l.src[i+1] == '$':
			interpolated = true
		}
		b.WriteByte(c)
		i++
	}
	l.emit(tokOpaque, "a quote that is never closed")
	l.advance(len(l.src))
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'e': 0x1b, 'f': '\f', '\\': '\\', '$': '$', '"': '"'}

// unescape writes the meaning of the escape at the start of s, as PHP reads it
// inside double quotes, and returns how many bytes it took. An escape PHP does
// not know stands for itself, backslash included.
func unescape(b *strings.Builder, s []byte) int {
	if c, ok := simpleEscapes[s[1]]; ok {
		b.WriteByte(c)
		return 2
	}
	digits := func(from, most int, ok func(byte) bool) string {
		n := from
		for n < len(s) && n < from+most && ok(s[n]) {
			n++
		}
		return string(s[from:n])
	}
	switch {
	case s[1] >= '0' && s[1] <= '7':
		d := digits(1, 3, func(c byte) bool { return c >= '0' && c <= '7' })
		v, _ := strconv.ParseUint(d, 8, 16) // PHP keeps the low eight bits
		b.WriteByte(byte(v))
		return 1 + len(d)
	case s[1] == 'x' || s[1] == 'X':
		if d := digits(2, 2, hexDigit); s[1] == 'x' && d != "" {
			v, _ := strconv.ParseUint(d, 16, 8)
			b.WriteByte(byte(v))
			return 2 + len(d)
		}
	case s[1] == 'u' && len(s) > 2 && s[2] == '{':
		d := digits(3, 8, hexDigit)
		if end := 3 + len(d); d != "" && end < len(s) && s[end] == '}' {
			if v, err := strconv.ParseUint(d, 16, 32); err == nil && v <= utf8.MaxRune {
				b.WriteRune(rune(v))
				return end + 1
			}
		}
	}
	b.WriteByte('\\')
	return 1
}

// heredoc skips <<<ID … ID and reports whether there was one.
func (l *lexer) heredoc() bool {
	eol := bytes.IndexByte(l.src[l.pos:], '\n')
	if eol < 0 {
		return false
	}
	label := strings.Trim(string(l.src[l.pos+3:l.pos+eol]), " \t\r'\"")
	if label == "" || !nameStart(label[0]) || nameLen([]byte(label)) != len(label) {
		return false
	}
	l.emit(tokOpaque, "a heredoc")
	at := l.pos + eol + 1
	for at < len(l.src) {
		end := bytes.IndexByte(l.src[at:], '\n')
		next := at + end + 1
		if end < 0 {
			next = len(l.src)
		}
		trimmed := bytes.TrimLeft(l.src[at:next], " \t")
		if bytes.HasPrefix(trimmed, []byte(label)) && (len(trimmed) == len(label) || !namePart(trimmed[len(label)])) {
			l.advance(next - len(trimmed) + len(label) - l.pos)
			return true
		}
		at = next
	}
	l.advance(len(l.src))
	return true
}

func (l *lexer) number() {
	n := 0
	for l.pos+n < len(l.src) {
		c := l.src[l.pos+n]
		sign := (c == '+' || c == '-') && n > 0 && (l.src[l.pos+n-1]|0x20) == 'e' && !l.hex()
		if !digit(c) && c != '.' && c != '_' && !nameStart(c) && !sign {
			break
		}
		n++
	}
	l.emit(tokNumber, strings.ReplaceAll(string(l.src[l.pos:l.pos+n]), "_", ""))
	l.advance(n)
}

func (l *lexer) hex() bool { return l.at("0x") || l.at("0X") }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func hexDigit(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func nameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func namePart(c byte) bool { return nameStart(c) || digit(c) }

func nameLen(s []byte) int {
	n := 0
	for n < len(s) && namePart(s[n]) {
		n++
	}
	return n
}
