package messaging

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/wptext"
)

// previewRunes is the length of a conversation's preview (contract 1.2).
const previewRunes = 255

// text is a message's content as it came, and what is made of it once.
type text struct {
	content, plain, preview string
	format                  Format
	subject                 string // stored form; of FormatBuddyPress alone
}

// checkContent refuses what cannot be a message (contract 1.3, 2): text that is not
// UTF-8, holds NUL, is too long, or shows nothing to a reader.
func (s *Service) checkContent(content string) (text, error) {
	if err := checkText("message", content, s.limits.MessageRunes); err != nil {
		return text{}, err
	}
	if blank(content) {
		return text{}, Refuse(Invalid, "Please write a message.")
	}
	t := text{content: content, plain: wptext.Plain(content)}
	if blank(t.plain) {
		return text{}, Refuse(Invalid, "Please write a message.")
	}
	t.preview = wptext.Preview(t.plain, previewRunes)
	return t, nil
}

// checkTitle returns a title as it is stored: trimmed, "" for none.
func (s *Service) checkTitle(title string) (string, error) {
	if err := checkText("title", title, s.limits.TitleRunes); err != nil {
		return "", err
	}
	if blank(title) {
		return "", nil
	}
	return strings.TrimSpace(title), nil
}

// checkText refuses text that the tables cannot keep as it is, and more than max code
// points of it.
func checkText(what, text string, max int) error {
	switch {
	case !utf8.ValidString(text):
		return Refuse(Invalid, "The "+what+" is not valid UTF-8 text.")
	case strings.IndexByte(text, 0) >= 0:
		return Refuse(Invalid, "The "+what+" contains a character that is not allowed.")
	case len(text) > max && utf8.RuneCountInString(text) > max:
		return Refuse(Invalid, "The "+what+" is too long: at most "+strconv.Itoa(max)+" characters are allowed.")
	}
	return nil
}

// maxClientID is how long a client's own id of a message may be.
const maxClientID = 64

// checkClientID refuses ids that are not visible ASCII.
func checkClientID(id string) error {
	if len(id) > maxClientID {
		return Refuse(Invalid, "The client id is too long: at most "+strconv.Itoa(maxClientID)+" characters are allowed.")
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return Refuse(Invalid, "The client id may only hold visible ASCII characters.")
		}
	}
	return nil
}

// blank reports whether a reader sees nothing: white space of any script, control and
// formatting characters, and the letters that are made to look empty.
func blank(text string) bool {
	for _, r := range text {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
		case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800', r == '\u034f',
			r == '\u17b4', r == '\u17b5', unicode.Is(unicode.Variation_Selector, r):
		default:
			return false
		}
	}
	return true
}
