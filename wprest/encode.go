package wprest

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// JSON builds a JSON text by appending; it puts the commas. It is not safe for
// concurrent use. The zero value is ready.
type JSON struct {
	b []byte
	// first is true where no comma may stand: after an opening and after a key.
	first bool
}

// Bytes is the text built so far.
func (j *JSON) Bytes() []byte { return j.b }

// Reset empties the builder and keeps its memory.
func (j *JSON) Reset() { j.b, j.first = j.b[:0], false }

func (j *JSON) comma() {
	if !j.first && len(j.b) > 0 {
		j.b = append(j.b, ',')
	}
	j.first = false
}

// Open begins an object as the next value.
func (j *JSON) Open() *JSON { j.comma(); j.b = append(j.b, '{'); j.first = true; return j }

// Close ends the object.
func (j *JSON) Close() *JSON { j.b = append(j.b, '}'); j.first = false; return j }

// OpenList begins a list as the next value.
func (j *JSON) OpenList() *JSON { j.comma(); j.b = append(j.b, '['); j.first = true; return j }

// CloseList ends the list.
func (j *JSON) CloseList() *JSON { j.b = append(j.b, ']'); j.first = false; return j }

// Key begins a member of an object. The key must need no escaping.
func (j *JSON) Key(k string) *JSON {
	if !j.first {
		j.b = append(j.b, ',')
	}
	j.b = append(j.b, '"')
	j.b = append(j.b, k...)
	j.b = append(j.b, '"', ':')
	j.first = true
	return j
}

// Str appends a string value.
func (j *JSON) Str(s string) *JSON { j.comma(); j.b = appendString(j.b, s); return j }

// Int appends a number.
func (j *JSON) Int(n int64) *JSON { j.comma(); j.b = strconv.AppendInt(j.b, n, 10); return j }

// Bool appends true or false.
func (j *JSON) Bool(v bool) *JSON { j.comma(); j.b = strconv.AppendBool(j.b, v); return j }

// Null appends null.
func (j *JSON) Null() *JSON { j.comma(); j.b = append(j.b, "null"...); return j }

// Raw appends a JSON text made before.
func (j *JSON) Raw(b []byte) *JSON { j.comma(); j.b = append(j.b, b...); return j }

// Time appends a moment as ISO 8601 in UTC with seconds and Z, or null for the
// zero time.
func (j *JSON) Time(t time.Time) *JSON {
	if t.IsZero() {
		return j.Null()
	}
	j.comma()
	j.b = append(appendClock(append(j.b, '"'), t.UTC()), 'Z', '"')
	return j
}

// Clock appends what the clocks of a moment's location show, with seconds and without a
// zone.
func (j *JSON) Clock(t time.Time) *JSON {
	j.comma()
	j.b = append(appendClock(append(j.b, '"'), t), '"')
	return j
}

// appendClock is AppendFormat("2006-01-02T15:04:05"), which took a third of the time
// that an inbox page's JSON does: there are hundreds of moments in it.
func appendClock(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, "2006-01-02T15:04:05")
	}
	hour, minute, second := t.Clock()
	return append(b, digit(year/1000), digit(year/100), digit(year/10), digit(year), '-',
		digit(int(month)/10), digit(int(month)), '-', digit(day/10), digit(day), 'T',
		digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':',
		digit(second/10), digit(second))
}

// digit is the last decimal digit of n.
func digit(n int) byte { return byte('0' + n%10) }

// Value appends a request value; an empty Map prints as [], as PHP prints it.
func (j *JSON) Value(v Value) *JSON {
	switch v.Kind {
	case Bool:
		return j.Bool(v.Bool)
	case Number:
		j.comma()
		j.b = append(j.b, v.Text...)
		return j
	case String:
		return j.Str(v.Text)
	case List:
		j.OpenList()
		for i := range v.Items {
			j.Value(v.Items[i])
		}
		return j.CloseList()
	case Map:
		if len(v.Keys) == 0 {
			return j.OpenList().CloseList()
		}
		j.Open()
		for i := range v.Keys {
			j.name(v.Keys[i]).Value(v.Items[i])
		}
		return j.Close()
	}
	return j.Null()
}

// name is Key for keys that may need escaping.
func (j *JSON) name(k string) *JSON {
	if !j.first {
		j.b = append(j.b, ',')
	}
	j.b = append(appendString(j.b, k), ':')
	j.first = true
	return j
}

// asItIs marks the bytes that stand for themselves in a quoted string. One look per
// byte: texts are most of an answer.
var asItIs = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendString quotes s. U+2028 and U+2029 are escaped because an answer may be
// run as JavaScript (JSONP); bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if asItIs[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, s[start:i]...)
			b = append(b, `\ufffd`...)
			start = i + n
		case r == '\u2028' || r == '\u2029':
			b = append(b, s[start:i]...)
			b = append(b, '\\', 'u', '2', '0', '2', hexDigits[r&15])
			start = i + n
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// Members appends members of an object made before, "k":v,… without braces.
func (j *JSON) Members(b []byte) *JSON {
	if len(b) > 0 {
		j.comma()
		j.b = append(j.b, b...)
	}
	return j
}
