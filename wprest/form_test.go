package wprest

import (
	"net/url"
	"testing"
)

// The right side is json_encode of what PHP 8.2's parse_str makes of the left.
func TestParseFormReadsAsPHPDoes(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		`a=1&a=2`:             `{"a":"2"}`,
		`a[]=1&a[]=2`:         `{"a":["1","2"]}`,
		`a[0]=1&a[x]=2&a[]=3`: `{"a":{"0":"1","x":"2","1":"3"}}`,
		`a.b=1&c d=2`:         `{"a_b":"1","c_d":"2"}`,
		`a[b][c]=1`:           `{"a":{"b":{"c":"1"}}}`,
		`a[b=1`:               `{"a_b":"1"}`,
		`a]=1`:                `{"a]":"1"}`,
		`[a]=1`:               `[]`,
		`=1`:                  `[]`,
		`a`:                   `{"a":""}`,
		`a=%zz`:               `{"a":"%zz"}`,
		`a[][b]=1&a[][b]=2`:   `{"a":[{"b":"1"},{"b":"2"}]}`,
		`a=1&a[]=2`:           `{"a":["2"]}`,
		`a[]=2&a=1`:           `{"a":"1"}`,
		`a%5B%5D=3`:           `{"a":["3"]}`,
		`a+b=c+d`:             `{"a_b":"c d"}`,
		`a[b]x=1`:             `{"a":{"b":"1"}}`,
		` a=1`:                `{"a":"1"}`,
		`a[5]=x&a[]=y`:        `{"a":{"5":"x","6":"y"}}`,
		`a[-5]=x&a[]=y`:       `{"a":{"-5":"x","-4":"y"}}`,
		`a[05]=x`:             `{"a":{"05":"x"}}`,
		`a[ ]=1`:              `{"a":["1"]}`,
		`a%00b=1`:             `{"a":"1"}`,
		`a;b=2&c`:             `{"a;b":"2","c":""}`,
		`&&a=1&`:              `{"a":"1"}`,
	} {
		v := ParseForm(form)
		settleLists(&v)
		var j JSON
		if got := string(j.Value(v).Bytes()); got != want {
			t.Errorf("ParseForm(%q) = %s, want %s", form, got, want)
		}
	}
}

func TestRouteOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url, base, want string
		list, ok        bool
	}{
		{"/wp-json/jetonomy/v1/conversations", "", "/jetonomy/v1/conversations", false, true},
		{"/wp-json/jetonomy/v1/conversations/", "", "/jetonomy/v1/conversations", false, true},
		{"/wp-json//jetonomy///v1/conversations", "", "/jetonomy/v1/conversations", false, true},
		{"//wp-json/a", "", "/a", false, true},
		{"/index.php/wp-json/a/b", "", "/a/b", false, true},
		{"/wp-json/a/%31", "", "/a/1", false, true},
		{"/?rest_route=/a/b", "", "/a/b", false, true},
		{"/?rest_route=%2Fa%2Fb%2F&x=1", "", "/a/b", false, true},
		{"/index.php?rest_route=/a", "", "/a", false, true},
		{"/?rest_route[]=/a", "", "", true, true},
		{"/?rest_route=", "", "", false, false},
		{"/?x=rest_route", "", "", false, false},
		{"/blog/wp-json/a", "/blog", "/a", false, true},
		{"/blog?rest_route=/a", "/blog", "/a", false, true},
		{"/blog/?rest_route=/a", "/blog", "/a", false, true},
		{"/blogger/wp-json/a", "/blog", "", false, false},
		{"/wp-json/a", "/blog", "", false, false},
		{"/wp-jsonx/a", "", "", false, false},
		{"/about?rest_route=/a", "", "", false, false},
		{"/wp-json", "", "/", false, true},
	} {
		u, err := url.ParseRequestURI(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		route, list, ok := RouteOf(u, tt.base)
		if route != tt.want || list != tt.list || ok != tt.ok {
			t.Errorf("RouteOf(%q, %q) = %q %v %v, want %q %v %v", tt.url, tt.base, route, list, ok, tt.want, tt.list, tt.ok)
		}
	}
}
