package wprest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The codes are what PHP 8.2's json_last_error says about the same bytes.
func TestParseJSONRefusesWhatPHPRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string
		code int
	}{
		{`"\ud800"`, 10}, {`"\udc00"`, 10}, {`"\ud83dx"`, 10}, {`"\u12"`, 4}, {`"\x"`, 4},
		{"\"a\tb\"", 3}, {"\"a\x00b\"", 3}, {"\x00", 3}, {"{\"a\":1}\x00", 3}, {"\x0b{}", 3}, {"[\"\x1f\"]", 3},
		{"\xff", 5}, {"\"\xff\"", 5}, {"\"\xed\xa0\x80\"", 5}, {"\"\xf4\x90\x80\x80\"", 5}, {"\"\xc0\x80\"", 5},
		{`[1,]`, 4}, {`01`, 4}, {`-`, 4}, {`1.`, 4}, {`true1`, 4}, {`TRUE`, 4}, {`NULL`, 4}, {"\xef\xbb\xbf{}", 4},
		{`{'a':1}`, 4}, {`[1]]`, 4}, {`{"a"}`, 4}, {`{"a":1,}`, 4}, {`{,}`, 4}, {`"abc`, 3}, {` `, 4}, {`{`, 4}, {`[`, 4},
		{strings.Repeat("[", 512) + strings.Repeat("]", 512), 1},
		{strings.Repeat("[", 100_000), 1},
		{strings.Repeat(`{"a":`, 100_000), 1},
	} {
		_, err := ParseJSON([]byte(tt.body))
		e, _ := err.(*JSONError)
		if e == nil || e.Code != tt.code {
			t.Errorf("ParseJSON(%.40q) = %v, want code %d", tt.body, err, tt.code)
		}
	}
}

func TestParseJSONReads(t *testing.T) {
	t.Parallel()
	v, err := ParseJSON([]byte(" {\"a\":1,\"b\":[true,null,\"x\\u00e9\\ud83d\\ude00\\n\"],\"a\":9223372036854775808,\"c\":{}} "))
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Keys; !reflect.DeepEqual(got, []string{"a", "b", "c"}) {
		t.Errorf("keys = %q", got)
	}
	if a, _ := v.Get("a"); a.Kind != Number || a.Text != "9223372036854775808" {
		t.Errorf("of two keys the last must win with its literal kept: %+v", a)
	}
	if b, _ := v.Get("b"); len(b.Items) != 3 || b.Items[2].Text != "xé😀\n" || b.Items[1].Kind != Null {
		t.Errorf("b = %+v", b)
	}
	deep := strings.Repeat("[", maxJSONDepth) + strings.Repeat("]", maxJSONDepth)
	if _, err := ParseJSON([]byte(deep)); err != nil {
		t.Errorf("%d brackets are allowed: %v", maxJSONDepth, err)
	}
}

// What is printed must read back the same, also by another parser.
func TestValuesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`[]`, `{"a":[1,-2.5e3,"\u2028<&>\\\" é😀"],"b c\"":{"d":null},"e":false}`, `"\u0000"`, `[[],[1],{"a":1}]`} {
		v, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var j JSON
		j.Value(v)
		var got, want any
		if err := json.Unmarshal(j.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", j.Bytes(), err)
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s became %s", text, j.Bytes())
		}
	}
	var j JSON
	if got := string(j.Str("a\xffb\u2029").Bytes()); got != `"a\ufffdb\u2029"` {
		t.Errorf("got %s", got)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,null,true,"\ud83d\ude00"]}`, `[[[[`, "\"\xff\"", `{"a":1,"a":2}`, `-0`, `""`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseJSON(b)
		// Everything accepted is JSON for the standard library too, and the other way
		// round except for what PHP refuses and Go mends: depth, bytes, surrogates.
		if err == nil && !json.Valid(b) {
			t.Fatalf("%q was accepted as %+v", b, v)
		}
		if e, ok := err.(*JSONError); ok && e.Code == 4 && json.Valid(b) {
			t.Fatalf("%q was refused: %v", b, err)
		}
	})
}

func TestMomentsAreWrittenAsISO8601(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 2*3600)
	for _, at := range []time.Time{
		time.Date(2026, 3, 2, 17, 49, 8, 999_999_000, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
		time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(2026, 1, 1, 1, 0, 0, 0, berlin), time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		var j JSON
		if got, want := string(j.Time(at).Bytes()), `"`+at.UTC().Format("2006-01-02T15:04:05Z")+`"`; got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
	var j JSON
	if got := string(j.Time(time.Time{}).Bytes()); got != "null" {
		t.Errorf("no moment: %s", got)
	}
}
