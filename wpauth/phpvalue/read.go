package phpvalue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors of Parse; what is returned wraps one of them and tells the position.
var (
	// ErrSyntax is anything serialize() would not have written.
	ErrSyntax = errors.New("not a serialized PHP value")
	// ErrObject is an object, reference or custom serialization.
	ErrObject = errors.New("serialized PHP object or reference refused")
	// ErrLimit is a value that is too large, too deep or has too many elements.
	ErrLimit = errors.New("serialized PHP value over the limit")
)

// Limits of what Parse reads. They are far above what WordPress stores and keep
// a hostile value from costing more than about ten times its own size in memory.
const (
	// MaxBytes is the longest input.
	MaxBytes = 4 << 20
	// MaxDepth is how deep arrays may nest.
	MaxDepth = 32
	// MaxElements is how many array elements there may be in all.
	MaxElements = 1 << 16
)

// Parse reads one serialized value and nothing after it.
func Parse(data string) (Value, error) {
	if len(data) > MaxBytes {
		return Value{}, fmt.Errorf("%w: %d bytes", ErrLimit, len(data))
	}
	r := reader{data: data}
	v, err := r.value(0)
	if err == nil && r.pos != len(data) {
		err = ErrSyntax
	}
	if err != nil {
		return Value{}, fmt.Errorf("%w (at byte %d)", err, r.pos)
	}
	return v, nil
}

type reader struct {
	data     string
	pos      int
	elements int
}

func (r *reader) value(depth int) (Value, error) {
	if len(r.data)-r.pos < 2 {
		return Value{}, ErrSyntax
	}
	kind, sep := r.data[r.pos], r.data[r.pos+1]
	if kind == 'N' && sep == ';' {
		r.pos += 2
		return Value{}, nil
	}
	switch kind {
	case 'O', 'C', 'E', 'R', 'r':
		return Value{}, ErrObject
	}
	if sep != ':' {
		return Value{}, ErrSyntax
	}
	switch kind {
	case 'b':
		r.pos += 2
		text, err := r.until(';')
		if err != nil || (text != "0" && text != "1") {
			return Value{}, ErrSyntax
		}
		return NewBool(text == "1"), nil
	case 'i':
		n, err := r.integer()
		return Value{kind: Int, num: n}, err
	case 'd':
		r.pos += 2
		text, err := r.until(';')
		if err != nil || !isFloat(text) {
			return Value{}, ErrSyntax
		}
		return Value{kind: Float, text: text}, nil
	case 's':
		s, err := r.text()
		return Value{kind: String, text: s}, err
	case 'a':
		return r.array(depth)
	}
	return Value{}, ErrSyntax
}

// array reads `a:<count>:{<key><value>…}`.
func (r *reader) array(depth int) (Value, error) {
	if depth >= MaxDepth {
		return Value{}, fmt.Errorf("%w: nested deeper than %d", ErrLimit, MaxDepth)
	}
	r.pos += 2
	count, err := r.count()
	if err != nil {
		return Value{}, err
	}
	if r.elements += count; count > MaxElements || r.elements > MaxElements {
		return Value{}, fmt.Errorf("%w: more than %d elements", ErrLimit, MaxElements)
	}
	// The shortest element, i:0;N;, has six bytes: a count the rest of the input
	// cannot hold is refused before memory is taken for it.
	if !r.literal('{') || count > (len(r.data)-r.pos)/6 {
		return Value{}, ErrSyntax
	}
	entries := make([]Entry, 0, count)
	var seen map[Key]struct{}
	if count > 16 {
		seen = make(map[Key]struct{}, count)
	}
	for range count {
		key, err := r.key()
		if err != nil {
			return Value{}, err
		}
		if duplicate(entries, seen, key) {
			return Value{}, ErrSyntax
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		entries = append(entries, Entry{key, v})
	}
	if !r.literal('}') {
		return Value{}, ErrSyntax
	}
	return Value{kind: Array, entries: entries}, nil
}

// duplicate tells whether key is already there and remembers it. PHP would let
// the last one win; a stored value with two never came from serialize().
func duplicate(entries []Entry, seen map[Key]struct{}, key Key) bool {
	if seen != nil {
		_, dup := seen[key]
		seen[key] = struct{}{}
		return dup
	}
	for i := range entries {
		if entries[i].Key == key {
			return true
		}
	}
	return false
}

// key reads an array key: an integer or a string that is not an integer in disguise.
func (r *reader) key() (Key, error) {
	if len(r.data)-r.pos < 2 || r.data[r.pos+1] != ':' {
		return Key{}, ErrSyntax
	}
	switch r.data[r.pos] {
	case 'i':
		n, err := r.integer()
		return Key{IsInt: true, Int: n}, err
	case 's':
		s, err := r.text()
		if err != nil {
			return Key{}, err
		}
		if k := TextKey(s); !k.IsInt {
			return k, nil
		}
	}
	return Key{}, ErrSyntax
}

func (r *reader) integer() (int64, error) {
	r.pos += 2
	text, err := r.until(';')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, ErrSyntax
	}
	return n, nil
}

// text reads `s:<bytes>:"…";`.
func (r *reader) text() (string, error) {
	r.pos += 2
	n, err := r.count()
	if err != nil {
		return "", err
	}
	if !r.literal('"') || n > len(r.data)-r.pos-2 {
		return "", ErrSyntax
	}
	s := r.data[r.pos : r.pos+n]
	r.pos += n
	if !r.literal('"') || !r.literal(';') {
		return "", ErrSyntax
	}
	return s, nil
}

// count reads a length and the colon after it.
func (r *reader) count() (int, error) {
	text, err := r.until(':')
	if err != nil || len(text) > 9 {
		return 0, ErrSyntax
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || strconv.Itoa(n) != text {
		return 0, ErrSyntax
	}
	return n, nil
}

// until takes what stands before end (numbers only: at most 32 bytes) and end itself.
func (r *reader) until(end byte) (string, error) {
	rest := r.data[r.pos:]
	if len(rest) > 33 {
		rest = rest[:33]
	}
	i := strings.IndexByte(rest, end)
	if i < 0 {
		return "", ErrSyntax
	}
	r.pos += i + 1
	return rest[:i], nil
}

func (r *reader) literal(c byte) bool {
	if r.pos >= len(r.data) || r.data[r.pos] != c {
		return false
	}
	r.pos++
	return true
}

// isFloat accepts the forms PHP writes: digits with an optional fraction and
// exponent, INF, -INF and NAN.
func isFloat(s string) bool {
	switch s {
	case "INF", "-INF", "NAN":
		return true
	}
	s = strings.TrimPrefix(s, "-")
	mantissa, exponent, hasExponent := strings.Cut(s, "E")
	whole, fraction, hasFraction := strings.Cut(mantissa, ".")
	if !digits(whole) || (hasFraction && !digits(fraction)) {
		return false
	}
	if !hasExponent {
		return true
	}
	if exponent == "" || (exponent[0] != '+' && exponent[0] != '-') {
		return false
	}
	return digits(exponent[1:])
}

func digits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
