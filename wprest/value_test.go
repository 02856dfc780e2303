package wprest

import "testing"

func TestIntegers(t *testing.T) {
	t.Parallel()
	number := func(s string) Value { return Value{Kind: Number, Text: s} }
	for _, tt := range []struct {
		v    Value
		want int64
		ok   bool
	}{
		{number("5"), 5, true}, {number("3.0"), 3, true}, {number("1e2"), 100, true}, {number("-7"), -7, true},
		{number("1.5"), 0, false}, {number("9223372036854775807"), 9223372036854775807, true},
		{number("9223372036854775808"), 0, false}, {number("1e400"), 0, false}, {number("-9223372036854775809"), 0, false},
		{Text(" 5"), 5, true}, {Text("5 \v"), 5, true}, {Text("1e1"), 10, true}, {Text("+5"), 5, true}, {Text("1."), 1, true},
		{Text(".5"), 0, false}, {Text("."), 0, false}, {Text(""), 0, false}, {Text(" "), 0, false}, {Text("x"), 0, false},
		{Text("10abc"), 0, false}, {Text("0x1A"), 0, false}, {Text("1e"), 0, false}, {Text("1_000"), 0, false},
		{Text("inf"), 0, false}, {Text("--5"), 0, false}, {Text("99999999999999999999"), 0, false}, {Text("5\x00"), 0, false},
		{Value{Kind: Bool, Bool: true}, 0, false}, {Value{Kind: List}, 0, false}, {Value{}, 0, false},
	} {
		if n, ok := tt.v.Int(); n != tt.want || ok != tt.ok {
			t.Errorf("Int(%+v) = %d, %v, want %d, %v", tt.v, n, ok, tt.want, tt.ok)
		}
	}
}

func TestBooleans(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"1", "true", "TRUE", "True"} {
		if v, ok := (&Value{Kind: String, Text: s}).Truth(); !v || !ok {
			t.Errorf("%q must be true", s)
		}
	}
	for _, s := range []string{"0", "false", "FALSE"} {
		if v, ok := (&Value{Kind: String, Text: s}).Truth(); v || !ok {
			t.Errorf("%q must be false", s)
		}
	}
	for _, v := range []Value{Text(""), Text("yes"), Text("2"), Text(" 1"), {Kind: Number, Text: "2"}, {Kind: Number, Text: "1.0"}, {Kind: List}, {Kind: Map}} {
		if _, ok := v.Truth(); ok {
			t.Errorf("%+v is no boolean", v)
		}
	}
}
