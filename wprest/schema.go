package wprest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type is what a parameter must be.
type Type uint8

// The types of rest_validate_value_from_schema that the surfaces use.
const (
	Any Type = iota // not looked at; the handler reads Args.Value
	TypeString
	TypeInt
	TypeBool
	TypeInts // integer list: list, single number, or a string split on commas and blanks
	TypeObjects
	TypeCustom // Arg.Parse decides
)

// names as they stand in messages and in OPTIONS answers.
var typeNames = [...]string{Any: "", TypeString: "string", TypeInt: "integer", TypeBool: "boolean",
	TypeInts: "array", TypeObjects: "array", TypeCustom: "string"}

// Arg is one declared parameter.
type Arg struct {
	Name string
	// Aliases are further spellings; the first that is sent and not null wins, Name
	// before all. Faults name the spelling that was sent, missing ones Name.
	Aliases     []string
	Type        Type
	Description string
	Required    bool
	// Default stands in when the parameter is not sent: int64, bool, string or nil.
	Default any
	Enum    []string
	// Min and Max bound an integer, or the elements of an integer list.
	Min, Max *int64
	// MinRunes and MaxRunes bound a string's length in code points after Trim; 0 = open.
	MinRunes, MaxRunes int
	// Trim takes outer blanks off a string.
	Trim bool
	// Parse reads a TypeCustom value.
	Parse func(param string, v Value) (int64, *Fault)
	// DefaultFor is a Default that depends on who calls; of an integer.
	DefaultFor func(*Call) int64
	// Needless says when a required parameter may be missing after all. May be nil.
	Needless func(*Call) bool
	// InPath marks a variable of the path: it is described, and what is sent under
	// its name is not looked at.
	InPath bool
	// Untold leaves the parameter out of OPTIONS answers.
	Untold bool
	// Told is the type to name in OPTIONS answers; "" for that of Type.
	Told string
	// More writes further members of the description in OPTIONS answers. May be nil.
	More func(*JSON)
}

// Schema is the list of an endpoint's parameters, in the order in which faults and
// OPTIONS answers name them.
type Schema []Arg

// Bound makes a pointer for Min and Max.
func Bound(n int64) *int64 { return &n }

// Args are checked parameters. Reading a name that is not in the schema panics:
// that is a mistake of the program, not of the caller.
type Args struct {
	schema Schema
	values []argValue
}

type argValue struct {
	sent bool
	raw  Value
	n    int64
	b    bool
	s    string
	list []int64
}

func (a *Args) of(name string) *argValue {
	for i := range a.schema {
		if a.schema[i].Name == name {
			return &a.values[i]
		}
	}
	panic("wprest: parameter " + name + " is not in the schema")
}

// Sent reports whether the parameter was sent and not null.
func (a *Args) Sent(name string) bool { return a.of(name).sent }

// Int is the value of a TypeInt or TypeCustom, or its default.
func (a *Args) Int(name string) int64 { return a.of(name).n }

// Bool is the value of a TypeBool, or its default.
func (a *Args) Bool(name string) bool { return a.of(name).b }

// MaybeBool is nil when the parameter was not sent.
func (a *Args) MaybeBool(name string) *bool {
	if v := a.of(name); v.sent {
		return &v.b
	}
	return nil
}

// String is the value of a TypeString, or its default.
func (a *Args) String(name string) string { return a.of(name).s }

// MaybeString is nil when the parameter was not sent.
func (a *Args) MaybeString(name string) *string {
	if v := a.of(name); v.sent {
		return &v.s
	}
	return nil
}

// Ints is the value of a TypeInts, in the order sent, duplicates kept.
func (a *Args) Ints(name string) []int64 { return a.of(name).list }

// Value is the parameter as it was sent.
func (a *Args) Value(name string) Value { return a.of(name).raw }

// check reads and validates every parameter as WP_REST_Request does: first what
// is missing, then everything that is wrong, each reported together.
func (s Schema) check(c *Call) (*Args, *Error) {
	args := &Args{schema: s, values: make([]argValue, len(s))}
	var missing []string
	var faults []Fault
	for i := range s {
		arg, v := &s[i], &args.values[i]
		if arg.InPath {
			continue
		}
		spelling, raw, ok := c.first(arg)
		if !ok {
			switch {
			case arg.DefaultFor != nil:
				v.n = arg.DefaultFor(c)
			case arg.Required && arg.Default == nil && (arg.Needless == nil || !arg.Needless(c)):
				missing = append(missing, arg.Name)
			}
			v.setDefault(arg.Default)
			continue
		}
		v.sent, v.raw = true, raw
		if f := arg.check(spelling, v); f != nil {
			faults = append(faults, *f)
		}
	}
	switch {
	case missing != nil:
		return nil, missingParams(missing)
	case faults != nil:
		return nil, InvalidParams(faults...)
	}
	return args, nil
}

func (v *argValue) setDefault(d any) {
	switch d := d.(type) {
	case int64:
		v.n = d
	case bool:
		v.b = d
	case string:
		v.s = d
	}
}

func (arg *Arg) check(param string, v *argValue) *Fault {
	switch arg.Type {
	case TypeInt:
		n, ok := v.raw.Int()
		if !ok {
			return wrongType(param, "integer")
		}
		v.n = n
		return arg.bounds(param, n)
	case TypeBool:
		b, ok := v.raw.Truth()
		if !ok {
			return wrongType(param, "boolean")
		}
		v.b = b
	case TypeString:
		return arg.checkString(param, v)
	case TypeInts:
		return arg.checkInts(param, v)
	case TypeObjects:
		items, ok := v.raw.elements()
		if !ok {
			return wrongType(param, "array")
		}
		for i := range items {
			if items[i].Kind != Map {
				f := wrongType(param+"["+strconv.Itoa(i)+"]", "object")
				f.Param = param
				return f
			}
		}
	case TypeCustom:
		n, f := arg.Parse(param, v.raw)
		v.n = n
		return f
	}
	return nil
}

func (arg *Arg) checkString(param string, v *argValue) *Fault {
	if v.raw.Kind != String {
		return wrongType(param, "string")
	}
	v.s = v.raw.Text
	if arg.Enum != nil {
		for _, e := range arg.Enum {
			if e == v.s {
				return nil
			}
		}
		return notInEnum(param, arg.Enum)
	}
	// What a JSON body cannot hold but a form can, and what no text needs.
	if !utf8.ValidString(v.s) {
		return &Fault{Param: param, Code: "rest_invalid_pattern", Message: param + " is not valid UTF-8."}
	}
	if strings.IndexByte(v.s, 0) >= 0 {
		return &Fault{Param: param, Code: "rest_invalid_pattern", Message: param + " contains a NUL character."}
	}
	if arg.Trim {
		v.s = strings.TrimFunc(v.s, unicode.IsSpace)
	}
	if arg.MinRunes > 0 || arg.MaxRunes > 0 {
		n := utf8.RuneCountInString(v.s)
		if n < arg.MinRunes {
			return &Fault{Param: param, Code: "rest_too_short",
				Message: fmt.Sprintf("%s must be at least %s long.", param, characters(arg.MinRunes))}
		}
		if arg.MaxRunes > 0 && n > arg.MaxRunes {
			return &Fault{Param: param, Code: "rest_too_long",
				Message: fmt.Sprintf("%s must be at most %s long.", param, characters(arg.MaxRunes))}
		}
	}
	return nil
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
}

func (arg *Arg) checkInts(param string, v *argValue) *Fault {
	items, ok := v.raw.elements()
	if !ok {
		return wrongType(param, "array")
	}
	v.list = make([]int64, 0, len(items))
	for i := range items {
		name := param + "[" + strconv.Itoa(i) + "]"
		n, ok := items[i].Int()
		f := (*Fault)(nil)
		if !ok {
			f = wrongType(name, "integer")
		} else {
			f = arg.bounds(name, n)
		}
		if f != nil {
			f.Param = param
			return f
		}
		v.list = append(v.list, n)
	}
	return nil
}

// Elements are the items of a value taken for a list; ok is false for what is none.
func (v *Value) Elements() (items []Value, ok bool) { return v.elements() }

// elements are the items of an array as rest_is_array understands one: a list, a
// map with integer keys, or a number or string split on commas and blanks
// (wp_parse_list).
func (v *Value) elements() ([]Value, bool) {
	switch v.Kind {
	case List:
		return v.Items, true
	case Map:
		for _, k := range v.Keys {
			if _, ok := arrayIndex(k); !ok {
				return nil, false
			}
		}
		return v.Items, true
	case Number, String:
		words := strings.FieldsFunc(v.Text, func(r rune) bool {
			return r == ',' || strings.ContainsRune(phpBlanks, r)
		})
		items := make([]Value, len(words))
		for i := range words {
			items[i] = Text(words[i])
		}
		return items, true
	}
	return nil, false
}

func (arg *Arg) bounds(param string, n int64) *Fault {
	var text string
	switch {
	case arg.Min != nil && arg.Max != nil && (n < *arg.Min || n > *arg.Max):
		text = fmt.Sprintf("%s must be between %d (inclusive) and %d (inclusive)", param, *arg.Min, *arg.Max)
	case arg.Min != nil && arg.Max == nil && n < *arg.Min:
		text = fmt.Sprintf("%s must be greater than or equal to %d", param, *arg.Min)
	case arg.Max != nil && arg.Min == nil && n > *arg.Max:
		text = fmt.Sprintf("%s must be less than or equal to %d", param, *arg.Max)
	default:
		return nil
	}
	return &Fault{Param: param, Code: "rest_out_of_bounds", Message: text}
}

func wrongType(param, want string) *Fault {
	return &Fault{Param: param, Code: "rest_invalid_type", TypeOf: param,
		Message: param + " is not of type " + want + "."}
}

func notInEnum(param string, enum []string) *Fault {
	text := param + " is not one of "
	switch n := len(enum); n {
	case 1:
		text = param + " is not " + enum[0]
	case 2:
		text += enum[0] + " and " + enum[1]
	default:
		text += strings.Join(enum[:n-1], ", ") + ", and " + enum[n-1]
	}
	return &Fault{Param: param, Code: "rest_not_in_enum", Message: text + "."}
}
