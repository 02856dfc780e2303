package wptext

import (
	"html"
	"strings"
)

// permitted tells whether finished HTML holds nothing but the tags and
// attributes of messages, lazily loading pictures included. Backslashes are
// removed, typography and links are put in after the filter; this is the proof
// that none of it made a tag or a scheme that the filter would not have let
// pass.
func permitted(s string) bool {
	if !strings.ContainsAny(s, "<>") {
		return true
	}
	for p := range parts(s) {
		if !p.isTag {
			if strings.IndexByte(p.text, '>') >= 0 {
				return false
			}
			continue
		}
		if !permittedTag(p.text) {
			return false
		}
	}
	return true
}

func permittedTag(whole string) bool {
	if whole[len(whole)-1] != '>' {
		return false
	}
	if strings.HasPrefix(whole, "<!--") {
		return strings.HasSuffix(whole, "-->")
	}
	name, rest := tagParts(whole)
	if name == "br" {
		return whole == "<br />"
	}
	attributes, ok := messageTags[name]
	if !ok || whole[1] == '/' {
		return ok && rest == ""
	}
	rest = strings.TrimSpace(strings.TrimSuffix(rest, "/"))
	for rest != "" {
		n := strings.IndexAny(rest, "= ")
		if n < 0 {
			return attributes[rest]
		}
		key := rest[:n]
		if !attributes[key] && !(name == "img" && key == "loading") {
			return false
		}
		if rest[n] == ' ' {
			rest = strings.TrimLeft(rest[n:], " ")
			continue
		}
		rest = rest[n+1:]
		if rest == "" || rest[0] != '"' {
			return false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		if urlAttributes[key] && !permittedURL(html.UnescapeString(rest[1:1+end])) {
			return false
		}
		rest = strings.TrimLeft(rest[end+2:], " ")
	}
	return true
}

// permittedURL tells whether a URL has no scheme or a permitted one.
func permittedURL(u string) bool {
	i := strings.IndexByte(u, ':')
	if i < 0 || strings.ContainsAny(u[:i], "/?#") {
		return true
	}
	scheme := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, u[:i])
	return protocols[strings.ToLower(scheme)]
}
