// Package phpvalue reads and writes the values PHP's serialize() makes of
// scalars and arrays, as WordPress keeps them in its options and meta tables.
//
// The reader is strict and bounded: it takes exactly what serialize() writes and
// nothing else, never instantiates anything (objects, references and custom
// serializations are errors), and works within limits of size, depth and number
// of elements. What it accepted, Value.String writes back byte for byte.
package phpvalue

import (
	"math"
	"strconv"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values PHP data is made of.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Array
)

// Value is one PHP value. The zero Value is null. Values are immutable: With
// gives a changed copy.
type Value struct {
	kind    Kind
	num     int64 // Int, Bool (0 or 1)
	text    string
	entries []Entry
}

// Key is an array key: a number or a text.
type Key struct {
	// IsInt tells which of the two it is.
	IsInt bool
	Int   int64
	Text  string
}

// Entry is one element of an array, in stored order.
type Entry struct {
	Key   Key
	Value Value
}

// NewInt makes an integer.
func NewInt(n int64) Value { return Value{kind: Int, num: n} }

// NewString makes a string; PHP strings are bytes, any bytes will do.
func NewString(s string) Value { return Value{kind: String, text: s} }

// NewBool makes a boolean.
func NewBool(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.num = 1
	}
	return v
}

// NewArray makes an array of entries whose keys must differ.
func NewArray(entries ...Entry) Value { return Value{kind: Array, entries: entries} }

// TextKey is the key PHP makes of a string: numbers written in the shortest
// decimal form become integers.
func TextKey(s string) Key {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return Key{IsInt: true, Int: n}
	}
	return Key{Text: s}
}

// IntKey is an integer key.
func IntKey(n int64) Key { return Key{IsInt: true, Int: n} }

// Kind tells what the value is.
func (v Value) Kind() Kind { return v.kind }

// Int is the integer, and whether the value is one. Nothing is converted.
func (v Value) Int() (int64, bool) { return v.num, v.kind == Int }

// Str is the string, and whether the value is one. Nothing is converted.
func (v Value) Str() (string, bool) { return v.text, v.kind == String }

// Entries are the elements of an array in stored order, nil for anything else.
// The slice must not be changed.
func (v Value) Entries() []Entry { return v.entries }

// Get finds an array element by its text key.
func (v Value) Get(key string) (Value, bool) { return v.find(TextKey(key)) }

func (v Value) find(key Key) (Value, bool) {
	for _, e := range v.entries {
		if e.Key == key {
			return e.Value, true
		}
	}
	return Value{}, false
}

// With is a copy of an array in which key holds value: in its old place, or at
// the end when it is new, as an assignment in PHP does. Anything but an array is
// treated as an empty one.
func (v Value) With(key Key, value Value) Value {
	entries := make([]Entry, len(v.entries), len(v.entries)+1)
	copy(entries, v.entries)
	for i := range entries {
		if entries[i].Key == key {
			entries[i].Value = value
			return Value{kind: Array, entries: entries}
		}
	}
	return Value{kind: Array, entries: append(entries, Entry{key, value})}
}

// Truthy is PHP's conversion to boolean: null, false, 0, 0.0, "", "0" and the
// empty array are false.
func (v Value) Truthy() bool {
	switch v.kind {
	case Bool, Int:
		return v.num != 0
	case Float:
		f, err := strconv.ParseFloat(v.text, 64)
		return v.text == "NAN" || err != nil || f != 0
	case String:
		return v.text != "" && v.text != "0"
	case Array:
		return len(v.entries) > 0
	}
	return false
}

// Text is PHP's conversion of a scalar to string, "" for null and arrays.
func (v Value) Text() string {
	switch v.kind {
	case Bool:
		if v.num != 0 {
			return "1"
		}
	case Int:
		return strconv.FormatInt(v.num, 10)
	case Float, String:
		return v.text
	}
	return ""
}

// Number is the value as an integer, as PHP's (int) makes it of scalars; false
// when the value is no number and no text that is one.
func (v Value) Number() (int64, bool) {
	switch v.kind {
	case Bool, Int:
		return v.num, true
	case Float:
		f, err := strconv.ParseFloat(v.text, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
			return 0, false
		}
		return int64(f), true
	case String:
		n, err := strconv.ParseInt(strings.TrimSpace(v.text), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// String is the value as serialize() writes it.
func (v Value) String() string { return string(v.Append(nil)) }

// Append adds the serialized value to dst.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case Null:
		return append(dst, "N;"...)
	case Bool:
		return append(dst, 'b', ':', byte('0'+v.num), ';')
	case Int:
		return appendInt(dst, v.num)
	case Float:
		dst = append(dst, 'd', ':')
		return append(append(dst, v.text...), ';')
	case String:
		return appendString(dst, v.text)
	}
	dst = append(dst, 'a', ':')
	dst = strconv.AppendInt(dst, int64(len(v.entries)), 10)
	dst = append(dst, ':', '{')
	for _, e := range v.entries {
		if e.Key.IsInt {
			dst = appendInt(dst, e.Key.Int)
		} else {
			dst = appendString(dst, e.Key.Text)
		}
		dst = e.Value.Append(dst)
	}
	return append(dst, '}')
}

func appendInt(dst []byte, n int64) []byte {
	dst = append(dst, 'i', ':')
	return append(strconv.AppendInt(dst, n, 10), ';')
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, 's', ':')
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	dst = append(dst, ':', '"')
	return append(append(dst, s...), '"', ';')
}
