package wprest

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how deep arrays and objects may be nested: PHP's json_decode
// with its default depth of 512 refuses the 512th bracket.
const maxJSONDepth = 511

// JSONError is why a body is not JSON, in the numbers and words of PHP's
// json_last_error, which WordPress passes on to the client.
type JSONError struct {
	Code    int
	Message string
}

func (e *JSONError) Error() string { return e.Message }

// The errors of PHP's JSON parser.
var (
	errJSONDepth   = &JSONError{1, "Maximum stack depth exceeded"}
	errJSONControl = &JSONError{3, "Control character error, possibly incorrectly encoded"}
	errJSONSyntax  = &JSONError{4, "Syntax error"}
	errJSONUTF8    = &JSONError{5, "Malformed UTF-8 characters, possibly incorrectly encoded"}
	errJSONUTF16   = &JSONError{10, "Single unpaired UTF-16 surrogate in unicode escape"}
)

// ParseJSON reads a JSON text. Of equal keys in an object the last one wins.
// Numbers keep their literal, so that none is rounded.
func ParseJSON(b []byte) (Value, error) {
	p := jsonParser{b: b}
	v, err := p.value(0)
	if err == nil {
		p.blanks()
		if p.i < len(p.b) {
			err = p.unexpected()
		}
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

type jsonParser struct {
	b []byte
	i int
}

func (p *jsonParser) blanks() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// unexpected names what is wrong with the byte at hand, as PHP's scanner does.
func (p *jsonParser) unexpected() *JSONError {
	switch {
	case p.i >= len(p.b):
		return errJSONSyntax
	case p.b[p.i] < ' ':
		return errJSONControl
	case p.b[p.i] >= utf8.RuneSelf:
		if r, n := utf8.DecodeRune(p.b[p.i:]); r == utf8.RuneError && n == 1 {
			return errJSONUTF8
		}
	}
	return errJSONSyntax
}

func (p *jsonParser) value(depth int) (Value, *JSONError) {
	p.blanks()
	if p.i >= len(p.b) {
		return Value{}, errJSONSyntax
	}
	switch c := p.b[p.i]; {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		s, err := p.str()
		return Value{Kind: String, Text: s}, err
	case c == '-' || isDigit(c):
		return p.number()
	case p.word("true"):
		return Value{Kind: Bool, Bool: true}, nil
	case p.word("false"):
		return Value{Kind: Bool}, nil
	case p.word("null"):
		return Value{}, nil
	}
	return Value{}, p.unexpected()
}

func (p *jsonParser) word(w string) bool {
	if len(p.b)-p.i >= len(w) && string(p.b[p.i:p.i+len(w)]) == w {
		p.i += len(w)
		return true
	}
	return false
}

func (p *jsonParser) object(depth int) (Value, *JSONError) {
	if depth > maxJSONDepth {
		return Value{}, errJSONDepth
	}
	v := Value{Kind: Map}
	var index map[string]int
	p.i++
	p.blanks()
	if p.take('}') {
		return v, nil
	}
	for ; ; p.blanks() {
		if p.i >= len(p.b) || p.b[p.i] != '"' {
			return Value{}, p.unexpected()
		}
		key, err := p.str()
		if err != nil {
			return Value{}, err
		}
		p.blanks()
		if !p.take(':') {
			return Value{}, p.unexpected()
		}
		item, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		// A plain search while an object is small; an index keeps a body of many
		// thousand keys from costing their square.
		if index == nil && len(v.Keys) >= 16 {
			index = make(map[string]int, 64)
			for i, k := range v.Keys {
				index[k] = i
			}
		}
		if index == nil {
			v.set(key, item)
		} else if i, ok := index[key]; ok {
			v.Items[i] = item
		} else {
			index[key] = len(v.Keys)
			v.Keys = append(v.Keys, key)
			v.Items = append(v.Items, item)
		}
		p.blanks()
		if p.take('}') {
			return v, nil
		}
		if !p.take(',') {
			return Value{}, p.unexpected()
		}
	}
}

func (p *jsonParser) array(depth int) (Value, *JSONError) {
	if depth > maxJSONDepth {
		return Value{}, errJSONDepth
	}
	v := Value{Kind: List}
	p.i++
	p.blanks()
	if p.take(']') {
		return v, nil
	}
	for {
		item, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		v.Items = append(v.Items, item)
		p.blanks()
		if p.take(']') {
			return v, nil
		}
		if !p.take(',') {
			return Value{}, p.unexpected()
		}
	}
}

func (p *jsonParser) take(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) number() (Value, *JSONError) {
	start := p.i
	p.take('-')
	switch {
	case p.take('0'):
	case p.i < len(p.b) && isDigit(p.b[p.i]):
		p.digits()
	default:
		return Value{}, p.unexpected()
	}
	if p.take('.') && !p.digits() {
		return Value{}, p.unexpected()
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !p.digits() {
			return Value{}, p.unexpected()
		}
	}
	return Value{Kind: Number, Text: string(p.b[start:p.i])}, nil
}

func (p *jsonParser) digits() bool {
	start := p.i
	for p.i < len(p.b) && isDigit(p.b[p.i]) {
		p.i++
	}
	return p.i > start
}

// str reads a string; the opening quote is at hand.
func (p *jsonParser) str() (string, *JSONError) {
	p.i++
	start := p.i
	var out []byte // nil while the text can be taken as it is
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			s := p.b[start:p.i]
			p.i++
			if out == nil {
				return string(s), nil
			}
			return string(append(out, s...)), nil
		case c == '\\':
			out = append(out, p.b[start:p.i]...)
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			start = p.i
		case c < ' ':
			return "", errJSONControl
		case c < utf8.RuneSelf:
			p.i++
		default:
			r, n := utf8.DecodeRune(p.b[p.i:])
			if r == utf8.RuneError && n == 1 {
				return "", errJSONUTF8
			}
			p.i += n
		}
	}
	return "", errJSONControl
}

// escape reads one escape sequence; the backslash is at hand.
func (p *jsonParser) escape() (rune, *JSONError) {
	p.i++
	if p.i >= len(p.b) {
		return 0, errJSONControl
	}
	c := p.b[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, ok := p.hex4()
		if !ok {
			return 0, errJSONSyntax
		}
		if !utf16.IsSurrogate(r) {
			return r, nil
		}
		if p.i+1 < len(p.b) && p.b[p.i] == '\\' && p.b[p.i+1] == 'u' {
			p.i += 2
			if low, ok := p.hex4(); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, nil
				}
			}
		}
		return 0, errJSONUTF16
	}
	return 0, errJSONSyntax
}

func (p *jsonParser) hex4() (rune, bool) {
	if len(p.b)-p.i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range p.b[p.i : p.i+4] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}
