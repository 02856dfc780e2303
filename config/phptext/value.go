package phptext

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is the PHP type of a Value.
type Type uint8

// The types. Unknown is everything this package cannot tell without running PHP.
const (
	Unknown Type = iota
	Null
	Bool
	Int
	Float
	String
)

// Value is what an expression means.
type Value struct {
	Type Type
	// Reason says why an Unknown value is one, as a phrase ("a heredoc"). On Null
	// and false it may say what was missing ("the environment variable X is not set").
	Reason string
	// Line is where the expression ended, in the file Path.
	Line int
	Path string

	s string // Int, Float, String; "1" for true
}

func unknown(format string, args ...any) Value {
	return Value{Reason: fmt.Sprintf(format, args...)}
}

func text(s string) Value {
	if len(s) > maxString {
		return unknown("a text longer than %d bytes", maxString)
	}
	return Value{Type: String, s: s}
}

func boolean(b bool) Value {
	if b {
		return Value{Type: Bool, s: "1"}
	}
	return Value{Type: Bool}
}

// Known reports whether the value could be read.
func (v Value) Known() bool { return v.Type != Unknown }

// Text is the value as PHP converts it to a string: true is "1", false and null
// are "".
func (v Value) Text() string { return v.s }

// Truthy is the value as PHP converts it to a boolean. An Unknown value is false.
func (v Value) Truthy() bool {
	switch v.Type {
	case Bool, String, Int:
		return v.s != "" && v.s != "0"
	case Float:
		f, _ := strconv.ParseFloat(v.s, 64)
		return f != 0
	default:
		return false
	}
}

// number reads a literal of PHP.
func number(s string) Value {
	if v, err := strconv.ParseInt(phpInt(s), 0, 64); err == nil {
		return Value{Type: Int, s: strconv.FormatInt(v, 10)}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return Value{Type: Float, s: strconv.FormatFloat(f, 'G', -1, 64)}
	}
	return unknown("the number %.40s", s)
}

// phpInt spells an octal literal the way Go does; the rest is the same in both.
func phpInt(s string) string {
	if len(s) > 1 && s[0] == '0' && strings.Trim(s, "01234567") == "" {
		return "0o" + s[1:]
	}
	return s
}

// same compares as ===.
func same(a, b Value) bool { return a.Type == b.Type && a.s == b.s }

// loose compares as ==, for the cases a configuration file has; ok is false for
// the ones with rules of their own (numbers against texts).
func loose(a, b Value) (equal, ok bool) {
	switch {
	case a.Type == Bool || b.Type == Bool || a.Type == Null || b.Type == Null:
		if a.Type == Null && b.Type == String || a.Type == String && b.Type == Null {
			return a.s == b.s, true
		}
		return a.Truthy() == b.Truthy(), true
	case a.Type == b.Type && (a.Type == Int || a.s == b.s):
		return a.s == b.s, true
	case a.Type == String && b.Type == String:
		// Two different texts may still be equal numbers.
		_, ea := strconv.ParseFloat(strings.TrimSpace(a.s), 64)
		_, eb := strconv.ParseFloat(strings.TrimSpace(b.s), 64)
		return false, ea != nil || eb != nil
	default:
		return false, false
	}
}
