package wprest

import (
	"strconv"
	"strings"
)

// What PHP does by default with more parameters or deeper brackets than these
// (max_input_vars, max_input_nesting_level): it leaves them out.
const (
	maxFormVars  = 1000
	maxFormDepth = 64
)

// ParseForm reads a query string or form body as PHP's parse_str does: bracket
// names make lists and maps (a[]=1, a[x]=1), of equal names the last one wins,
// blanks and dots in names become underscores, broken percent escapes stay.
func ParseForm(s string) Value {
	form := Value{Kind: Map}
	for n := 0; s != "" && n < maxFormVars; {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if pair == "" {
			continue
		}
		n++
		name, value, _ := strings.Cut(pair, "=")
		addFormVar(&form, unescape(name), unescape(value))
	}
	for i := range form.Items {
		settleLists(&form.Items[i])
	}
	return form
}

// addFormVar puts one parameter where its brackets say
// (php_register_variable_ex).
func addFormVar(form *Value, name, value string) {
	name = strings.TrimLeft(name, " ")
	name, _, _ = strings.Cut(name, "\x00")
	base, rest := name, ""
	if i := strings.IndexByte(name, '['); i >= 0 {
		base, rest = name[:i], name[i:]
	}
	if base == "" {
		return
	}
	if rest != "" && !strings.Contains(rest, "]") {
		base, rest = base+"_"+rest[1:], ""
	}
	path := []string{formName(base)}
	for rest != "" && rest[0] == '[' {
		index, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			break
		}
		path = append(path, strings.TrimLeft(index, " \t\r\n"))
		rest = after
	}
	if len(path) > maxFormDepth {
		return
	}
	at := form
	for depth, key := range path {
		if depth > 0 && key == "" {
			key = nextIndex(at)
		}
		if depth == len(path)-1 {
			at.set(key, Text(value))
			return
		}
		child, ok := at.Get(key)
		if !ok || child.Kind != Map {
			at.set(key, Value{Kind: Map})
		}
		at = at.ref(key)
	}
}

var formNames = strings.NewReplacer(" ", "_", ".", "_")

func formName(s string) string {
	if strings.ContainsAny(s, " .") {
		return formNames.Replace(s)
	}
	return s
}

// ref returns the member itself; it must be there.
func (v *Value) ref(key string) *Value {
	for i := range v.Keys {
		if v.Keys[i] == key {
			return &v.Items[i]
		}
	}
	return nil
}

// nextIndex is the key PHP gives to an appended element: the highest integer key
// plus one.
func nextIndex(v *Value) string {
	next, seen := int64(0), false
	for _, k := range v.Keys {
		if n, ok := arrayIndex(k); ok && (!seen || n >= next) {
			next, seen = n+1, true
		}
	}
	return strconv.FormatInt(next, 10)
}

// arrayIndex reads a key that PHP would store as an integer: decimal, without
// leading zeros or plus sign.
func arrayIndex(key string) (int64, bool) {
	n, err := strconv.ParseInt(key, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == key
}

// settleLists turns maps with the keys 0…n-1 in order into lists, all the way down.
func settleLists(v *Value) {
	if v.Kind != Map {
		return
	}
	isList := true
	for i := range v.Items {
		settleLists(&v.Items[i])
		isList = isList && v.Keys[i] == strconv.Itoa(i)
	}
	if isList {
		v.Kind, v.Keys = List, nil
	}
}

// unescape is PHP's urldecode.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b = append(b, byte(n))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
