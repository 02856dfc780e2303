package wprest

import (
	"math"
	"strconv"
	"strings"
)

// Kind is the type of a request value.
type Kind uint8

// The kinds. Query and form parameters know only String, List and Map.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// Value is one value of a request: from JSON, or from a form or query in PHP's
// bracket notation. The zero Value is null.
type Value struct {
	Kind Kind
	// Bool is the value of a Bool.
	Bool bool
	// Text is the text of a String, or the literal of a Number as it was sent.
	Text string
	// Items are the elements of a List or the values of a Map.
	Items []Value
	// Keys are the keys of a Map, in order, parallel to Items.
	Keys []string
}

// Text makes a String value.
func Text(s string) Value { return Value{Kind: String, Text: s} }

// Get returns the member of a Map; ok is false for absent keys and other kinds.
func (v *Value) Get(key string) (Value, bool) {
	if v.Kind == Map {
		for i := range v.Keys {
			if v.Keys[i] == key {
				return v.Items[i], true
			}
		}
	}
	return Value{}, false
}

// set adds or replaces a member of a Map; of equal keys the last one wins, at
// the place of the first, as in PHP's arrays.
func (v *Value) set(key string, item Value) {
	for i := range v.Keys {
		if v.Keys[i] == key {
			v.Items[i] = item
			return
		}
	}
	v.Keys = append(v.Keys, key)
	v.Items = append(v.Items, item)
}

// Int reads an integer as WordPress's rest_is_integer does: whole numbers, and
// numeric strings with surrounding blanks, sign or exponent. Numbers beyond int64
// are no integers here.
func (v *Value) Int() (int64, bool) {
	switch v.Kind {
	case Number:
		return wholeNumber(v.Text)
	case String:
		s := strings.TrimLeft(v.Text, phpBlanks)
		s = strings.TrimRight(s, phpBlanks)
		if !numeric(s) {
			return 0, false
		}
		return wholeNumber(s)
	}
	return 0, false
}

// Truth reads a boolean as WordPress's rest_is_boolean does: true, false, 1, 0 and
// those words as strings in any case.
func (v *Value) Truth() (value, ok bool) {
	switch v.Kind {
	case Bool:
		return v.Bool, true
	case Number:
		return v.Text == "1", v.Text == "0" || v.Text == "1"
	case String:
		switch {
		case v.Text == "1" || strings.EqualFold(v.Text, "true"):
			return true, true
		case v.Text == "0" || strings.EqualFold(v.Text, "false"):
			return false, true
		}
	}
	return false, false
}

// phpBlanks are the blanks PHP's is_numeric tolerates around a number.
const phpBlanks = " \t\n\r\v\f"

// numeric reports whether s is sign, digits, point and exponent in the places
// where PHP's is_numeric allows them.
func numeric(s string) bool {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
			digits++
		}
	}
	if digits == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		start := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == start {
			return false
		}
	}
	return i == len(s)
}

// wholeNumber converts a literal that numeric accepts.
func wholeNumber(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if !strings.ContainsAny(s, ".eE") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
