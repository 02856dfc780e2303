package wptext

// smilies are the codes of WordPress and the emoji they stand for. Of
// ":mrgreen:", which is a picture of WordPress' own, the code stays.
var smilies = map[string]string{
	";-)": "😉", ";)": "😉", ":wink:": "😉",
	":|": "😐", ":-|": "😐", ":neutral:": "😐",
	":x": "😡", ":-x": "😡", ":mad:": "😡",
	":)": "🙂", ":-)": "🙂", ":smile:": "🙂",
	":(": "🙁", ":-(": "🙁", ":sad:": "🙁",
	":D": "😀", ":-D": "😀", ":grin:": "😀",
	":P": "😛", ":-P": "😛", ":razz:": "😛",
	":o": "😮", ":-o": "😮", ":eek:": "😮",
	":?": "😕", ":-?": "😕", ":???:": "😕",
	"8-)": "😎", ":cool:": "😎",
	"8O": "😯", "8-O": "😯", ":shock:": "😯",
	":twisted:": "😈", ":evil:": "👿", ":arrow:": "➡", ":idea:": "💡", ":oops:": "😳",
	":roll:": "🙄", ":cry:": "😥", ":lol:": "😆", ":!:": "❗", ":?:": "❓",
}

// smile replaces smilies that stand alone between blanks or at the edges of
// lines and tags, outside of code.
func smile(s string) string {
	if !mayHoldSmilies(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	var code nesting
	for p := range parts(s) {
		if p.isTag {
			code.see(p.text)
			b = append(b, p.text...)
		} else if code.in("code", "pre") {
			b = append(b, p.text...)
		} else {
			b = appendSmilies(b, p.text)
		}
	}
	return string(b)
}

// mayHoldSmilies is a quick look for the first characters of the codes where a
// code can begin.
func mayHoldSmilies(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if c := s[i]; (c == ':' || c == ';' || c == '8') && (i == 0 || s[i-1] == '>' || blankBefore(s, i)) {
			return true
		}
	}
	return false
}

func appendSmilies(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		if n := blankAt(s, i); n > 0 {
			b = append(b, s[i:i+n]...)
			i += n
			continue
		}
		start := i
		for i++; i < len(s) && blankAt(s, i) == 0; i++ {
		}
		word := s[start:i]
		if emoji, ok := smilies[word]; ok {
			word = emoji
		}
		b = append(b, word...)
	}
	return b
}
