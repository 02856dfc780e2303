package wptext

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// isEmojiPart tells whether a code point occurs in emoji: one by itself, a
// skin tone, a joiner, a flag letter, a variation selector.
func isEmojiPart(r rune) bool {
	i := sort.Search(len(emojiRanges), func(i int) bool { return emojiRanges[i][1] >= r })
	return i < len(emojiRanges) && emojiRanges[i][0] <= r
}

// encodeEmoji writes emoji as hexadecimal character references, which is how
// BuddyPress stores them.
func encodeEmoji(s string) string {
	var b []byte
	from := 0
	for i := 0; i < len(s); {
		if s[i] < 0xE2 { // nothing below U+2000 is one
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if isEmojiPart(r) {
			b = append(b, s[from:i]...)
			b = append(b, "&#x"...)
			b = strconv.AppendInt(b, int64(r), 16)
			b = append(b, ';')
			from = i + n
		}
		i += n
	}
	if b == nil {
		return s
	}
	return string(append(b, s[from:]...))
}

// emojiReference decodes the reference to an emoji code point that s starts
// with; its length is 0 if there is none.
func emojiReference(s string) (rune, int) {
	if !strings.HasPrefix(s, "&#x") {
		return 0, 0
	}
	end := strings.IndexByte(s[:min(len(s), 10)], ';')
	if end < 0 {
		return 0, 0
	}
	for i := 3; i < end; i++ {
		if 'A' <= s[i] && s[i] <= 'F' {
			return 0, 0 // not as it is stored
		}
	}
	v, err := strconv.ParseUint(s[3:end], 16, 32)
	if err != nil || !isEmojiPart(rune(v)) {
		return 0, 0
	}
	return rune(v), end + 1
}

// emojiCharacters writes references to emoji as characters.
func emojiCharacters(s string) string {
	i := strings.Index(s, "&#x")
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.Index(s, "&#x") {
		b = append(b, s[:i]...)
		s = s[i:]
		if r, n := emojiReference(s); n > 0 {
			b = utf8.AppendRune(b, r)
			s = s[n:]
		} else {
			b = append(b, "&#x"...)
			s = s[3:]
		}
	}
	return string(append(b, s...))
}

// emojiImages writes emoji as pictures found under base, outside of tags and
// code. Text that holds a hexadecimal reference already keeps the emoji it has
// as characters.
func emojiImages(s, base string) string {
	if !strings.Contains(s, "&#x") {
		encoded := encodeEmoji(s)
		if encoded == s {
			return s
		}
		s = encoded
	}
	b := make([]byte, 0, len(s)*2)
	var code nesting
	for p := range parts(s) {
		if p.isTag {
			code.see(p.text)
			b = append(b, p.text...)
		} else if code.in("pre", "code") {
			b = append(b, p.text...)
		} else {
			b = appendImages(b, p.text, base)
		}
	}
	if !hasPicture(s) {
		return string(b)
	}
	// Selectors that belong to no picture go as well.
	return strings.ReplaceAll(string(b), "&#xfe0f;", "")
}

// hasPicture tells whether s refers to an emoji that is one by itself, be it
// in code.
func hasPicture(s string) bool {
	for i := strings.Index(s, "&#x"); i >= 0; i = strings.Index(s, "&#x") {
		s = s[i:]
		if _, n := emojiSequence(s); n > 0 {
			return true
		}
		s = s[3:]
	}
	return false
}

const (
	joiner   = 0x200D
	selector = 0xFE0F // asks for the picture
	keycap   = 0x20E3
	tagEnd   = 0xE007F
)

// appendImages appends text with its emoji references as pictures.
func appendImages(b []byte, s, base string) []byte {
	for {
		i := strings.Index(s, "&#x")
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		s = s[i:]
		runes, n := emojiSequence(s)
		if n == 0 {
			b = append(b, "&#x"...)
			s = s[3:]
			continue
		}
		s = s[n:]
		b = appendImage(b, runes, base)
	}
}

// appendImage appends the picture of one emoji.
func appendImage(b []byte, runes []rune, base string) []byte {
	b = append(b, `<img src="`...)
	b = appendAttribute(b, base)
	for i, r := range runes {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendInt(b, int64(r), 16)
	}
	b = append(b, `.png" alt="`...)
	b = append(b, string(runes)...)
	return append(b, `" class="wp-smiley" style="height: 1em; max-height: 1em;" />`...)
}

// emojiSequence reads the references of one emoji and returns its code points
// and their length in s, 0 if s starts with none that is a picture by itself.
// The variation selector is part of it only inside of a joined sequence.
func emojiSequence(s string) (runes []rune, length int) {
	joined := false
	for {
		r, n := emojiReference(s[length:])
		if n == 0 {
			break
		}
		last := rune(0)
		if len(runes) > 0 {
			last = runes[len(runes)-1]
		}
		switch {
		case length == 0:
			if r == joiner || r == selector || r == keycap || r >= 0xE0000 {
				return nil, 0
			}
		case last == joiner, r == selector, r == keycap:
		case r == joiner:
			joined = true
		case 0x1F3FB <= r && r <= 0x1F3FF: // skin tone
		case isFlagLetter(r) && isFlagLetter(last) && len(runes) == 1:
		case 0xE0020 <= r && r <= tagEnd:
		default:
			return pictured(runes, joined), length
		}
		runes = append(runes, r)
		length += n
	}
	return pictured(runes, joined), length
}

func isFlagLetter(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

// pictured drops variation selectors where the picture's name has none.
func pictured(runes []rune, joined bool) []rune {
	kept := runes[:0]
	for i, r := range runes {
		if r == selector && (!joined || i == len(runes)-1) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}
