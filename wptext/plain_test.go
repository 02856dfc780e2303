package wptext_test

import (
	"testing"

	"parley/wptext"
)

func TestPreview(t *testing.T) {
	for _, c := range []struct {
		plain string
		max   int
		want  string
	}{
		{"Hello", 255, "Hello"},
		{"  a \n\n b\tc\u00a0d ", 255, "a b c d"},
		{"abc", 2, "ab"},
		{"ab cd", 3, "ab"},
		{"ab cd", 4, "ab c"},
		{"ääää", 3, "äää"},
		{"😀😀", 1, "😀"},
		{"a\xffb", 5, "a\uFFFDb"},
		{"abc", 0, ""},
		{"", 10, ""},
	} {
		if got := wptext.Preview(c.plain, c.max); got != c.want {
			t.Errorf("Preview(%q, %d) = %q, want %q", c.plain, c.max, got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"abc 1", "abc 1"},
		{"ABC", "abc"},
		{"Crème Brûlée", "creme brulee"},
		{"Straße STRASSE ẞ", "strasse strasse ss"},
		{"ﬁn ①", "fin 1"},
		{"İstanbul", "istanbul"},
		{"ΆΛΦΑ", "αλφα"},
		{"Ёлка", "елка"},
		{"e\u0301", "e"},
		{"\u0301", ""},
		{"ｆｕｌｌ", "full"},
		{"한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"},
		{"😀", "😀"},
		{"a\xff", "a\uFFFD"},
	} {
		if got := wptext.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
