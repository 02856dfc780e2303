package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)
	bellPattern   = regexp.MustCompile(`^[a-z0-9_-]{1,50}$`)
	slugPattern   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}(/[A-Za-z0-9_-]{1,100}){0,4}$`)
	tablePattern  = regexp.MustCompile(`^([A-Za-z0-9_$-]{1,64}\.)?[A-Za-z0-9_$-]{1,64}$`)
)

func prefix(v string) error {
	if v != "" && !prefixPattern.MatchString(v) {
		return errors.New("a table prefix: up to 40 letters, digits and underscores")
	}
	return nil
}

func table(v string) error {
	if v != "" && !tablePattern.MatchString(v) {
		return errors.New("the name of a table")
	}
	return nil
}

// address checks a listen address; the host may be left out, the port may be 0.
func address(v string) error {
	host, port, err := net.SplitHostPort(v)
	if err != nil || strings.ContainsAny(host, " /") {
		return errors.New("an address to listen on, as 127.0.0.1:8070")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("an address to listen on with a port from 0 to 65535")
	}
	return nil
}

func webAddress(v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("an address that begins with http:// or https://")
	}
	return nil
}

// redisAddress checks as much as can be checked without the client's own reader. The
// value holds a password, so nothing of it is repeated.
func redisAddress(v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != "" || err == nil && u.Scheme == "unix" && u.Path != "" {
		return nil
	}
	return errors.New("the address of a Redis or Valkey server, as redis://user:password@host:6379, rediss:// with TLS, or unix:///path")
}

func webAddresses(v string) error {
	for _, item := range listed(v) {
		if webAddress(item) != nil {
			return errors.New("a list of addresses that begin with http:// or https://, separated by commas")
		}
	}
	return nil
}

// listed are the items of a comma-separated list.
func listed(v string) (out []string) {
	for _, item := range strings.Split(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// networks that the words of trusted_proxies stand for.
var networks = map[string][]string{
	"none":     nil,
	"loopback": {"127.0.0.0/8", "::1/128"},
	"private":  {"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"},
}

func proxies(v string) error {
	_, err := parseProxies(v)
	return err
}

// parseProxies reads a comma-separated list of addresses, networks and words.
func parseProxies(v string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, item := range strings.Split(v, ",") {
		item = strings.TrimSpace(item)
		words, isWord := networks[strings.ToLower(item)]
		if !isWord {
			words = []string{item}
		}
		for _, w := range words {
			p, err := netip.ParsePrefix(w)
			if err != nil {
				a, err := netip.ParseAddr(w)
				if err != nil {
					return nil, errors.New("a list of addresses, networks as 10.0.0.0/8, or the words loopback, private, none")
				}
				p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
			}
			out = append(out, p.Masked())
		}
	}
	return out, nil
}

func fiveNumbers(v string) error {
	_, err := parseFive(v)
	return err
}

var errFive = errors.New("five whole numbers from 0 to 100000 separated by commas, one for each trust level 0, 1, 2, 3 and 4 or more")

// parseFive reads one number for each trust level 0, 1, 2, 3 and 4+.
func parseFive(v string) (out [5]int, err error) {
	items := strings.Split(v, ",")
	if len(items) != len(out) {
		return out, errFive
	}
	for i, item := range items {
		n, err := strconv.Atoi(strings.TrimSpace(item))
		if err != nil || n < 0 || n > 100000 {
			return out, errFive
		}
		out[i] = n
	}
	return out, nil
}

func roleTrust(v string) error {
	_, err := parseRoleTrust(v)
	return err
}

var errRoleTrust = errors.New("a list of roles with trust levels from 0 to 5, each role once, as subscriber=1,author=2,administrator=5")

// parseRoleTrust reads role=level items; nil for none.
func parseRoleTrust(v string) (map[string]int, error) {
	if v == "" {
		return nil, nil
	}
	levels := map[string]int{}
	for _, item := range strings.Split(v, ",") {
		role, level, _ := strings.Cut(item, "=")
		role = strings.TrimSpace(role)
		n, err := strconv.Atoi(strings.TrimSpace(level))
		if _, twice := levels[role]; err != nil || n < 0 || n > 5 || role == "" || twice {
			return nil, errRoleTrust
		}
		levels[role] = n
	}
	return levels, nil
}

// iconWords are what Jetonomy's app picks the icon of a notification by (contract 4.2).
var iconWords = []string{"post", "reply", "vote", "mention", "badge"}

func bellType(v string) error {
	if !bellPattern.MatchString(v) {
		return errors.New("a notification type: up to 50 small letters, digits, underscores and hyphens")
	}
	for _, w := range iconWords {
		if strings.Contains(v, w) {
			return errors.New("a notification type without " + strings.Join(iconWords, ", ") + " in it, which Jetonomy's app takes for something else")
		}
	}
	return nil
}

func slug(v string) error {
	if !slugPattern.MatchString(v) {
		return errors.New("the path of a page: letters, digits, underscores and hyphens, as community or members/inbox")
	}
	return nil
}
