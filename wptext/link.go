package wptext

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxURL is the length of the longest link, in bytes. Longer ones stay text.
const maxURL = 2048

// linkRel says of every link in a message that the site does not vouch for it.
const linkRel = ` rel="nofollow ugc noopener"`

// safeURL makes the value of an href ready for output: only http, https and
// mailto pass, and what may not stand in a URL is percent-encoded.
func safeURL(raw string) (string, bool) {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if len(raw) > maxURL {
		return "", false
	}
	switch {
	case hasPrefixFold(raw, "http://"), hasPrefixFold(raw, "https://"):
		if i := strings.IndexByte(raw, ':') + 3; i == len(raw) {
			return "", false
		}
	case hasPrefixFold(raw, "mailto:"):
		if len(raw) == len("mailto:") {
			return "", false
		}
	default:
		return "", false
	}
	u := encodeURL(raw)
	if p, err := url.Parse(u); err != nil || p.Scheme != "mailto" && p.Host == "" {
		return "", false
	}
	return u, true
}

// encodeURL percent-encodes the bytes that may not stand in a URL, a "%" that
// starts no encoded byte among them. Letters of other scripts stay.
func encodeURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b []byte
	from := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			continue
		case c <= ' ', c == 0x7f, strings.IndexByte("%\"<>\\^`{|}", c) >= 0:
			b = append(b, s[from:i]...)
			b = append(b, '%', hex[c>>4], hex[c&15])
			from = i + 1
		}
	}
	if from == 0 {
		return s
	}
	return string(append(b, s[from:]...))
}

func isHex(c byte) bool {
	c = lower(c)
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// bareURL is a URL that stands in text.
type bareURL struct {
	start, end int
	href       string
}

// nextURL finds the next bare URL of s at or behind from: http:// or https://,
// or a name starting with "www.", not in the middle of a word. Punctuation
// behind it and a closing bracket that it did not open are not part of it.
func nextURL(s string, from int) (bareURL, bool) {
	for at := from; at < len(s); {
		start, body := urlStart(s, from, at)
		if start < 0 {
			return bareURL{}, false
		}
		end := urlEnd(s, body)
		if end > body {
			text := s[start:end]
			if lower(text[0]) == 'w' {
				text = "http://" + text
			}
			if href, ok := safeURL(text); ok {
				return bareURL{start, end, href}, true
			}
		}
		at = max(end, body)
	}
	return bareURL{}, false
}

// urlStart finds the next start of a URL at or behind at, and where what
// follows "://" or "www." begins; start is -1 when there is none. Nothing
// before from belongs to it.
func urlStart(s string, from, at int) (start, body int) {
	for i := at; i < len(s); i++ {
		switch s[i] {
		case ':':
			if !strings.HasPrefix(s[i:], "://") {
				continue
			}
			for _, scheme := range [...]string{"https", "http"} {
				b := i - len(scheme)
				if b >= from && strings.EqualFold(s[b:i], scheme) && wordStart(s, b) {
					return b, i + 3
				}
			}
		case '.':
			b := i - 3
			if b >= from && strings.EqualFold(s[b:i], "www") && wordStart(s, b) {
				return b, i + 1
			}
		}
	}
	return -1, 0
}

// wordStart tells whether a URL can start at i: not behind a letter or digit,
// and not inside an address or path.
func wordStart(s string, i int) bool {
	if i == 0 {
		return true
	}
	c := s[i-1]
	return !isAlnum(c) && strings.IndexByte("_-./@=", c) < 0
}

// urlEnd returns where the URL whose variable part begins at i ends.
func urlEnd(s string, i int) int {
	end := i
	var round, square int // brackets closed more often than opened
	for end < len(s) {
		c := s[end]
		if c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' {
			break
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[end:])
			if isWide(r) {
				break
			}
			end += n
			continue
		}
		switch c {
		case '(':
			round--
		case ')':
			round++
		case '[':
			square--
		case ']':
			square++
		}
		end++
	}
	for end > i {
		switch c := s[end-1]; {
		case strings.IndexByte(".,;:!?'*_", c) >= 0:
		case c == ')' && round > 0:
			round--
		case c == ']' && square > 0:
			square--
		default:
			return end
		}
		end--
	}
	return end
}

// isWide tells of blanks and punctuation outside of ASCII that end a URL.
func isWide(r rune) bool {
	switch {
	case r == 0x85, r == 0xA0, r == 0xAB, r == 0xBB, r == 0xFEFF, r == 0xFFFD,
		0x2000 <= r && r <= 0x206F, // blanks, quotation marks, dashes
		0x3000 <= r && r <= 0x301F, // East Asian blanks, full stops, brackets
		r == 0xFF01, r == 0xFF08, r == 0xFF09, r == 0xFF0C, r == 0xFF1A, r == 0xFF1B, r == 0xFF1F:
		return true
	}
	return false
}
