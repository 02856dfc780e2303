package bpbridge

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	searchAngles    = regexp.MustCompile(`<[^<>]*>?`)
	searchScripts   = regexp.MustCompile(`(?is)<script[^>]*?>.*?</script>|<style[^>]*?>.*?</style>`)
	searchBlanks    = regexp.MustCompile(`[\r\n\t ]+`)
	searchOctet     = regexp.MustCompile(`%[a-fA-F0-9]{2}`)
	searchEntity    = regexp.MustCompile(`&(?:#[0-9]+;|#[xX][0-9a-fA-F]+;|[a-zA-Z][a-zA-Z0-9]*;)?`)
	escapeForSearch = strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#039;")
)

// searchTerm is sanitize_text_field(): a "<" that opens no tag is escaped, tags, repeated
// and outer blanks and percent-octets go. Text that is no UTF-8 is no search, and neither
// is "0", as everywhere in PHP (contract 1.4).
func searchTerm(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	if strings.IndexByte(s, '<') >= 0 {
		s = searchAngles.ReplaceAllStringFunc(s, escapeLoneAngle)
		s = strings.ReplaceAll(stripSearchTags(searchScripts.ReplaceAllString(s, "")), "<\n", "&lt;\n")
	}
	s = trimSearch(searchBlanks.ReplaceAllString(s, " "))
	octets := false
	for octet := searchOctet.FindString(s); octet != ""; octet = searchOctet.FindString(s) {
		s, octets = strings.ReplaceAll(s, octet, ""), true
	}
	if octets {
		s = trimSearch(searchBlanks.ReplaceAllString(s, " "))
	}
	if s == "0" {
		return ""
	}
	return s
}

func trimSearch(s string) string { return strings.Trim(s, " \t\n\r\v\x00") }

// escapeLoneAngle is wp_pre_kses_less_than: esc_html for a "<" without a ">" before the
// next, and what follows it.
func escapeLoneAngle(match string) string {
	if strings.HasSuffix(match, ">") {
		return match
	}
	return escapeForSearch.Replace(searchEntity.ReplaceAllStringFunc(match, func(e string) string {
		if e == "&" {
			return "&amp;"
		}
		return e
	}))
}

// stripSearchTags is PHP's strip_tags: a "<" before white space is text, and quotes hold
// what ends a tag.
func stripSearchTags(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '<' || i+1 < len(s) && strings.IndexByte(" \t\n\r\v\f", s[i+1]) >= 0 {
			b.WriteByte(s[i])
			continue
		}
		if strings.HasPrefix(s[i:], "<!--") {
			if n := strings.Index(s[i:], "-->"); n >= 0 {
				i += n + len("-->") - 1
				continue
			}
			break
		}
		quote := byte(0)
		for i++; i < len(s) && (quote != 0 || s[i] != '>'); i++ {
			switch {
			case quote == 0 && (s[i] == '"' || s[i] == '\''):
				quote = s[i]
			case s[i] == quote:
				quote = 0
			}
		}
	}
	return b.String()
}
