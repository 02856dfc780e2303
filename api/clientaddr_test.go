package api

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientAddr(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		proto        []string
		addr         string
		https        bool
	}{
		{"no proxy", "203.0.113.9:4000", nil, nil, "203.0.113.9", false},
		{"a stranger's headers are not believed", "203.0.113.9:4000", []string{"198.51.100.1"}, []string{"https"}, "203.0.113.9", false},
		{"a proxy's are", "127.0.0.1:4000", []string{"198.51.100.1"}, []string{"https"}, "198.51.100.1", true},
		{"the right-most that is no proxy", "127.0.0.1:4000", []string{"6.6.6.6, 198.51.100.1, 10.1.2.3"}, nil, "198.51.100.1", false},
		{"over several lines", "127.0.0.1:4000", []string{"6.6.6.6, 198.51.100.1", "10.1.2.3"}, nil, "198.51.100.1", false},
		{"only proxies", "127.0.0.1:4000", []string{"10.1.2.3"}, nil, "10.1.2.3", false},
		{"nonsense ends the walk", "127.0.0.1:4000", []string{"198.51.100.1, unknown"}, nil, "127.0.0.1", false},
		{"with a port and brackets", "[::1]:4000", []string{"[2001:db8::7]:81"}, nil, "2001:db8::7", false},
		{"mapped", "[::ffff:127.0.0.1]:4000", []string{"::ffff:198.51.100.1"}, nil, "198.51.100.1", false},
		{"the nearest proxy's word on https", "127.0.0.1:4000", nil, []string{"https, http"}, "127.0.0.1", false},
		{"in any case", "127.0.0.1:4000", nil, []string{"HTTPS"}, "127.0.0.1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.remote
			r.Header["X-Forwarded-For"], r.Header["X-Forwarded-Proto"] = tt.forwarded, tt.proto
			addr, https := ClientAddr(r, trusted)
			if addr.String() != tt.addr || https != tt.https {
				t.Errorf("got %s %v, want %s %v", addr, https, tt.addr, tt.https)
			}
		})
	}
}
