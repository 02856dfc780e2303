package wptext

import (
	"unicode"
	"unicode/utf8"
)

// Preview shortens plain text to one line of at most max code points: runs of
// white space become one blank, outer ones go. It cuts between code points
// and adds nothing.
func Preview(plain string, max int) string {
	if max <= 0 {
		return ""
	}
	b := make([]byte, 0, min(len(plain), 4*max))
	count, blank := 0, false
	for _, r := range plain {
		if unicode.IsSpace(r) {
			blank = count > 0
			continue
		}
		if blank {
			if count+2 > max {
				break
			}
			b = append(b, ' ')
			count++
			blank = false
		} else if count == max {
			break
		}
		b = utf8.AppendRune(b, r)
		count++
	}
	return string(b)
}
