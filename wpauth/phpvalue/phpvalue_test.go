package phpvalue_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/wpauth/phpvalue"
)

// written are values as serialize() of PHP 8.2 wrote them.
var written = []string{
	`N;`, `b:1;`, `b:0;`, `i:0;`, `i:-1;`, `i:9223372036854775807;`, `i:-9223372036854775808;`,
	`d:0.1;`, `d:1;`, `d:-2.5;`, `d:1.0E+25;`, `d:1.5E-7;`, `d:INF;`, `d:-INF;`, `d:NAN;`, `d:0;`, `d:-0;`,
	`d:1.2345678901234568E+17;`, `s:0:"";`, `s:1:"a";`, `s:1:"0";`, `s:13:"žofie 李雷";`, `s:13:"a"b;s:1:"x";}";`,
	`a:0:{}`, `a:3:{i:0;i:1;i:1;i:2;i:2;i:3;}`, `a:2:{s:1:"a";i:1;s:1:"b";a:2:{i:0;b:1;i:1;N;}}`,
	`a:4:{i:5;s:1:"x";s:2:"05";s:1:"y";i:-3;i:1;s:2:"-0";i:2;}`,
	`a:1:{s:1:"x";a:1:{s:1:"y";a:1:{s:1:"z";a:2:{i:0;d:1.5;i:1;s:1:"q";}}}}`,
	"s:3:\"\x00\xff\n\";",
}

// refused are values that serialize() would not have written, or that hold what
// must never be read.
var refused = []struct {
	data string
	want error
}{
	{``, phpvalue.ErrSyntax},
	{`x`, phpvalue.ErrSyntax},
	{`N`, phpvalue.ErrSyntax},
	{`N;N;`, phpvalue.ErrSyntax},
	{` i:1;`, phpvalue.ErrSyntax},
	{`i:1`, phpvalue.ErrSyntax},
	{`i:;`, phpvalue.ErrSyntax},
	{`i:01;`, phpvalue.ErrSyntax},
	{`i:+1;`, phpvalue.ErrSyntax},
	{`i:-0;`, phpvalue.ErrSyntax},
	{`i:9223372036854775808;`, phpvalue.ErrSyntax},
	{`i:1.0;`, phpvalue.ErrSyntax},
	{`b:2;`, phpvalue.ErrSyntax},
	{`b:;`, phpvalue.ErrSyntax},
	{`b:true;`, phpvalue.ErrSyntax},
	{`d:;`, phpvalue.ErrSyntax},
	{`d:1e5;`, phpvalue.ErrSyntax},
	{`d:.5;`, phpvalue.ErrSyntax},
	{`d:0x1p4;`, phpvalue.ErrSyntax},
	{`d:1.0E25;`, phpvalue.ErrSyntax},
	{`s:1:"ab";`, phpvalue.ErrSyntax},
	{`s:3:"ab";`, phpvalue.ErrSyntax},
	{`s:02:"ab";`, phpvalue.ErrSyntax},
	{`s:-1:"";`, phpvalue.ErrSyntax},
	{`s:2:'ab';`, phpvalue.ErrSyntax},
	{`s:2:"ab"`, phpvalue.ErrSyntax},
	{`s:999999999:"a";`, phpvalue.ErrSyntax},
	{`s:99999999999999999999:"a";`, phpvalue.ErrSyntax},
	{`S:2:"\61b";`, phpvalue.ErrSyntax},
	{`a:1:{}`, phpvalue.ErrSyntax},
	{`a:0:{i:0;i:1;}`, phpvalue.ErrSyntax},
	{`a:1:{i:0;i:1;`, phpvalue.ErrSyntax},
	{`a:1:{b:1;i:1;}`, phpvalue.ErrSyntax},
	{`a:1:{d:1;i:1;}`, phpvalue.ErrSyntax},
	{`a:1:{s:1:"5";i:1;}`, phpvalue.ErrSyntax},
	{`a:2:{i:0;i:1;i:0;i:2;}`, phpvalue.ErrSyntax},
	{`a:50000:{i:0;i:1;}`, phpvalue.ErrSyntax},
	{`a:-1:{}`, phpvalue.ErrSyntax},
	{`O:8:"stdClass":0:{}`, phpvalue.ErrObject},
	{`a:1:{i:0;O:8:"stdClass":0:{}}`, phpvalue.ErrObject},
	{`C:11:"ArrayObject":21:{x:i:0;a:0:{};m:a:0:{}}`, phpvalue.ErrObject},
	{`E:7:"Suit:Up";`, phpvalue.ErrObject},
	{`a:2:{i:0;i:1;i:1;R:2;}`, phpvalue.ErrObject},
	{`r:1;`, phpvalue.ErrObject},
	{`a:999999:{}`, phpvalue.ErrLimit},
	{strings.Repeat(`a:1:{i:0;`, phpvalue.MaxDepth+1) + `N;` + strings.Repeat(`}`, phpvalue.MaxDepth+1), phpvalue.ErrLimit},
	{fmt.Sprintf(`s:%d:"%s";`, phpvalue.MaxBytes, strings.Repeat("x", phpvalue.MaxBytes)), phpvalue.ErrLimit},
}

func TestParse_WritesBackWhatItRead(t *testing.T) {
	for _, data := range written {
		v, err := phpvalue.Parse(data)
		if err != nil {
			t.Errorf("%q: %v", data, err)
		} else if got := v.String(); got != data {
			t.Errorf("%q was written as %q", data, got)
		}
	}
	deep := strings.Repeat(`a:1:{i:0;`, phpvalue.MaxDepth) + `N;` + strings.Repeat(`}`, phpvalue.MaxDepth)
	if _, err := phpvalue.Parse(deep); err != nil {
		t.Errorf("at the depth limit: %v", err)
	}
}

func TestParse_Refuses(t *testing.T) {
	for _, tt := range refused {
		if _, err := phpvalue.Parse(tt.data); !errors.Is(err, tt.want) {
			t.Errorf("%.60q: got %v, want %v", tt.data, err, tt.want)
		}
	}
}

func TestParse_DuplicatesAmongMany(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "i:%d;N;", i%19)
	}
	if _, err := phpvalue.Parse("a:20:{" + b.String() + "}"); !errors.Is(err, phpvalue.ErrSyntax) {
		t.Errorf("got %v", err)
	}
}

func TestTruthy_AsPHP(t *testing.T) {
	for data, want := range map[string]bool{
		`N;`: false, `b:0;`: false, `b:1;`: true, `i:0;`: false, `i:-1;`: true, `d:0;`: false, `d:-0;`: false,
		`d:0.5;`: true, `d:NAN;`: true, `d:INF;`: true, `s:0:"";`: false, `s:1:"0";`: false, `s:2:"00";`: true,
		`s:1:" ";`: true, `a:0:{}`: false, `a:1:{i:0;N;}`: true,
	} {
		v, err := phpvalue.Parse(data)
		if err != nil || v.Truthy() != want {
			t.Errorf("%s: got %v, %v; want %v", data, v.Truthy(), err, want)
		}
	}
}

func TestWith_KeepsTheOrder(t *testing.T) {
	v, err := phpvalue.Parse(`a:2:{s:1:"a";N;s:1:"b";i:1;}`)
	if err != nil {
		t.Fatal(err)
	}
	changed := v.With(phpvalue.TextKey("a"), phpvalue.NewInt(7)).With(phpvalue.TextKey("3"), phpvalue.NewBool(true))
	if got, want := changed.String(), `a:3:{s:1:"a";i:7;s:1:"b";i:1;i:3;b:1;}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := v.String(), `a:2:{s:1:"a";N;s:1:"b";i:1;}`; got != want {
		t.Errorf("the original became %s, want %s", got, want)
	}
}

func TestAccessors(t *testing.T) {
	v, err := phpvalue.Parse(`a:4:{s:1:"n";i:5;s:1:"s";s:2:"42";s:1:"d";d:2.9;s:1:"x";s:1:"x";}`)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]struct {
		number int64
		ok     bool
		text   string
	}{"n": {5, true, "5"}, "s": {42, true, "42"}, "d": {2, true, "2.9"}, "x": {0, false, "x"}, "none": {0, false, ""}} {
		e, _ := v.Get(key)
		if n, ok := e.Number(); n != want.number || ok != want.ok || e.Text() != want.text {
			t.Errorf("%s: got %d, %v, %q; want %+v", key, n, ok, e.Text(), want)
		}
	}
	if _, ok := v.Int(); ok {
		t.Error("an array is no integer")
	}
}

// FuzzParse holds the reader to its promises: it never panics, and what it
// accepts it consumed to the last byte and writes back the same.
func FuzzParse(f *testing.F) {
	for _, data := range written {
		f.Add(data)
	}
	for _, tt := range refused {
		if len(tt.data) < 1<<10 {
			f.Add(tt.data)
		}
	}
	f.Fuzz(func(t *testing.T, data string) {
		v, err := phpvalue.Parse(data)
		if err != nil {
			return
		}
		if got := v.String(); got != data {
			t.Fatalf("%q was written as %q", data, got)
		}
		for _, more := range []string{";", "N;", "}", " "} {
			if _, err := phpvalue.Parse(data + more); err == nil {
				t.Fatalf("%q with %q after it was accepted", data, more)
			}
		}
		_, _ = v.Truthy(), v.Text()
		_, _ = v.Number()
	})
}

// FuzzStrings holds the writer to it: any string in any place comes back.
func FuzzStrings(f *testing.F) {
	f.Add("", "", int64(0))
	f.Add("key", "\";}", int64(-5))
	f.Add("5", "\x00\xff", int64(1<<62))
	f.Fuzz(func(t *testing.T, key, text string, n int64) {
		if len(key)+len(text) > 1<<16 || phpvalue.TextKey(key) == phpvalue.IntKey(n) {
			return
		}
		v := phpvalue.NewArray(
			phpvalue.Entry{Key: phpvalue.TextKey(key), Value: phpvalue.NewString(text)},
			phpvalue.Entry{Key: phpvalue.IntKey(n), Value: phpvalue.NewArray(
				phpvalue.Entry{Key: phpvalue.IntKey(0), Value: phpvalue.NewInt(n)})},
		)
		back, err := phpvalue.Parse(v.String())
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		e, ok := back.Get(key)
		if got, _ := e.Str(); !ok || got != text || back.String() != v.String() {
			t.Fatalf("%s came back as %s", v, back)
		}
	})
}
