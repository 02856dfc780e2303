package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr is the visitor's address: the socket's, unless that is a declared
// proxy; then the right-most address of X-Forwarded-For that is not one (contract
// 2). https is true for a TLS connection, or when a declared proxy says so in
// X-Forwarded-Proto.
func ClientAddr(r *http.Request, trusted []netip.Prefix) (addr netip.Addr, https bool) {
	https = r.TLS != nil
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		addr = peer.Addr().Unmap()
	}
	if !isIn(trusted, addr) {
		return addr, https
	}
	if proto := lastOf(r.Header.Values("X-Forwarded-Proto")); proto != "" {
		https = strings.EqualFold(proto, "https")
	}
	for _, line := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		hops := strings.Split(line, ",")
		for _, hop := range slices.Backward(hops) {
			a, ok := parseHop(strings.TrimSpace(hop))
			if !ok {
				return addr, https
			}
			addr = a
			if !isIn(trusted, a) {
				return addr, https
			}
		}
	}
	return addr, https
}

func isIn(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parseHop reads an address as proxies write it: bare, with a port, in brackets.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// lastOf is the value the nearest proxy wrote.
func lastOf(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	line := lines[len(lines)-1]
	return strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:])
}
