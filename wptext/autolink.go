package wptext

import (
	"net/url"
	"strconv"
	"strings"
)

// linker turns addresses in stored text into links, as WordPress'
// make_clickable does. What stands in code or in a link already is left alone.
type linker struct {
	b    []byte
	site string // address of the site, to whose host links carry no rel
}

// Limits of WordPress: stretches of text longer than the first, and URLs
// longer than the second, stay text. In bytes.
const (
	maxLinkedText = 10000
	maxLinkedURL  = 2000
)

// clickable returns s with its addresses as links.
func clickable(s, site string) string {
	if !strings.Contains(s, "://") && strings.IndexByte(s, '@') < 0 && strings.IndexByte(s, '.') < 0 {
		return s
	}
	l := linker{b: make([]byte, 0, len(s)+len(s)/2), site: site}
	var around nesting
	for p := range parts(s) {
		switch {
		case p.isTag:
			around.see(p.text)
			l.b = append(l.b, p.text...)
		case len(p.text) > maxLinkedText || around.in("a", "code", "pre"):
			l.b = append(l.b, p.text...)
		default:
			l.urls(p.text)
		}
	}
	return string(l.b)
}

// urls links what has a scheme and hands the text between on.
func (l *linker) urls(s string) {
	from, blank := 0, 0
	for at := 0; ; {
		n := strings.Index(s[at:], "://")
		if n < 0 {
			break
		}
		n += at
		// Somewhere behind it there must be a blank, but neither at once nor too
		// far away.
		if blank < n+3 {
			if blank = strings.IndexAny(s[n+3:], " \t\n\r\f\v"); blank < 0 {
				blank = len(s)
			} else {
				blank += n + 3
			}
		}
		start := n
		for start > at && n-start < 21 && isWord(s[start-1]) {
			start--
		}
		if start == n || n-start > 20 || !schemeStarts(s, start) || blank == n+3 || blank-n-3 > maxLinkedURL {
			at = n + 3
			continue
		}
		end, suffix := urlExtent(s, start, n+3)
		at = suffix
		href := escURL(s[start:end])
		if href == "" {
			continue
		}
		l.names(s[from:start])
		l.link(href, href, l.rel(href))
		from = end
	}
	l.names(s[from:])
}

// schemeStarts tells whether a URL can start at i.
func schemeStarts(s string, i int) bool {
	return startsHere(s, i) || strings.IndexByte("(<.,;:!?", s[i-1]) >= 0
}

// urlExtent returns where the URL from start, whose variable part begins at
// body, ends as a link, and where the search for the next one goes on.
func urlExtent(s string, start, body int) (end, next int) {
	next = body
	for next < len(s) {
		if isURLByte(s[next]) {
			next++
		} else if next+1 < len(s) && strings.IndexByte("'.,;:!?)", s[next]) >= 0 && isURLByte(s[next+1]) {
			next += 2
		} else {
			break
		}
	}
	end = next
	unpaired := strings.Count(s[start:end], ")") - strings.Count(s[start:end], "(")
	if next < len(s) && s[next] == ')' {
		if strings.IndexByte(s[start:end], '(') >= 0 {
			end++
			unpaired++
		}
		next++
	}
	for unpaired > 0 {
		end--
		switch s[end] {
		case ')':
			unpaired--
		case '(':
			unpaired++
		}
	}
	return end, next
}

// isURLByte tells of the bytes a URL may end with.
func isURLByte(c byte) bool {
	return isWord(c) || c >= 0x80 || strings.IndexByte("#%~/@[]*(+=&$-", c) >= 0
}

// names links what begins with "www." or "ftp." and hands the text between on.
func (l *linker) names(s string) {
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '.' || i < 3 || !startsHere(s, i-3) {
			continue
		}
		if name := s[i-3 : i]; !strings.EqualFold(name, "www") && !strings.EqualFold(name, "ftp") {
			continue
		}
		end := i + 1
		for end < len(s) && (isWord(s[end]) || s[end] >= 0x80 || strings.IndexByte("#$%&~/.-;:=,?@[]+", s[end]) >= 0) {
			end++
		}
		if end == i+1 {
			continue
		}
		next := end
		if strings.IndexByte(".,;:)", s[end-1]) >= 0 {
			end--
		}
		if href := escURL("http://" + s[i-3:end]); href != "" {
			l.addresses(s[from : i-3])
			l.link(href, href, l.rel(href))
			from = end
		}
		i = next - 1
	}
	l.addresses(s[from:])
}

// startsHere tells whether an address can start at i: at the start of the
// text, behind white space, or right behind a link.
func startsHere(s string, i int) bool {
	return i == 0 || isSpace(s[i-1]) || s[i-1] == '\v'
}

// addresses links e-mail addresses.
func (l *linker) addresses(s string) {
	from, floor := 0, 0
	for {
		n := strings.IndexByte(s[floor:], '@')
		if n < 0 {
			break
		}
		at := floor + n
		start := at
		for start > floor && isMailByte(s[start-1]) {
			start--
		}
		end := domainEnd(s, at+1)
		floor = at + 1
		if start == at || end == 0 || !startsHere(s, start) {
			continue
		}
		l.b = append(l.b, s[from:start]...)
		l.link("mailto:"+s[start:end], s[start:end], "")
		from, floor = end, end
	}
	l.b = append(l.b, s[from:]...)
}

func isMailByte(c byte) bool { return isWord(c) || c == '.' || c == '+' || c == '-' }

// domainEnd returns where the longest domain name that starts at i ends: labels
// with dots between, the last one of two characters at least and without
// hyphen. It returns 0 if there is none.
func domainEnd(s string, i int) int {
	best := 0
	labels := 0
	for {
		start := i
		plain := i
		for i < len(s) && (isAlnum(s[i]) || s[i] == '-') {
			if s[i] != '-' && plain == i {
				plain++
			}
			i++
		}
		if labels > 0 && plain-start >= 2 {
			best = plain
		}
		if i == start || i == len(s) || s[i] != '.' {
			return best
		}
		i++
		labels++
	}
}

func (l *linker) link(href, text, rel string) {
	l.b = append(l.b, `<a href="`...)
	l.b = append(l.b, href...)
	l.b = append(l.b, '"')
	l.b = append(l.b, rel...)
	l.b = append(l.b, '>')
	l.b = append(l.b, text...)
	l.b = append(l.b, "</a>"...)
}

// rel is the attribute of links to other sites.
func (l *linker) rel(href string) string {
	scheme, rest, _ := strings.Cut(href, "://")
	if scheme != "http" && scheme != "https" {
		return ""
	}
	host := rest
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		if port, err := strconv.ParseUint(host[i+1:], 10, 16); err == nil && port > 0 || i+1 == len(host) {
			host = host[:i]
		} else {
			return ""
		}
	}
	if host == "" || strings.EqualFold(host, siteHost(l.site)) {
		return ""
	}
	return ` rel="nofollow"`
}

// siteHost returns the host of the site's address, without port.
func siteHost(siteURL string) string {
	u, err := url.Parse(siteURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// escURL makes an address fit to stand in an attribute, as WordPress' esc_url
// does; "" if its scheme is not a permitted one.
func escURL(u string) string {
	u = dropEncodedNewlines(u)
	u = strings.ReplaceAll(u, ";//", "://")
	u = normalizeEntities(u)
	u = strings.ReplaceAll(u, "&amp;", "&#038;")
	u = strings.ReplaceAll(u, "'", "&#039;")
	scheme, rest, ok := strings.Cut(u, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !protocols[scheme] {
		return ""
	}
	front := len(scheme) + 1
	if strings.HasPrefix(rest, "//") {
		front += 2
		if i := strings.IndexAny(rest[2:], "/?#"); i >= 0 {
			front += i
		} else {
			front += len(rest) - 2
		}
	}
	u = scheme + ":" + rest
	return u[:front] + brackets.Replace(u[front:])
}

// brackets encodes what may stand only in the host of a URL.
var brackets = strings.NewReplacer("[", "%5B", "]", "%5D")

// dropEncodedNewlines removes %0d and %0a, also those that removing others
// brings together.
func dropEncodedNewlines(u string) string {
	if strings.IndexByte(u, '%') < 0 {
		return u
	}
	b := make([]byte, 0, len(u))
	for i := 0; i < len(u); i++ {
		b = append(b, u[i])
		if n := len(b); n >= 3 && b[n-3] == '%' && b[n-2] == '0' && (lower(b[n-1]) == 'a' || lower(b[n-1]) == 'd') {
			b = b[:n-3]
		}
	}
	return string(b)
}
