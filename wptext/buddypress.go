package wptext

import "strings"

// maxSubject is the length of a stored subject, in characters.
const maxSubject = 200

// StoreSubject returns the form in which BuddyPress stores a subject: filtered
// to the tags of subjects, with backslashes before quotes, tags balanced,
// emoji as references, cut at 200 characters wherever that is (contract 3.1).
func StoreSubject(raw string) string {
	s := encodeEmoji(balance(slash(filter(Unslash(raw), subjectTags))))
	if len(s) <= maxSubject {
		return s
	}
	n := 0
	for i := range s {
		if n == maxSubject {
			return s[:i]
		}
		n++
	}
	return s
}

// StoreMessage returns the form in which BuddyPress stores a message: filtered
// to the tags of messages, tags balanced, emoji as references (contract 3.1).
func StoreMessage(raw string) string {
	return encodeEmoji(balance(filter(raw, messageTags)))
}

// Style says how a site shows stored text.
type Style struct {
	// SiteURL is the address of the site. Links to its host carry no
	// rel="nofollow".
	SiteURL string
	// PlainSmilies leaves smilies as they were typed (option use_smilies off).
	PlainSmilies bool
	// EmojiBase is the address, with slash at the end, under which pictures of
	// emoji are found; empty to show emoji as characters.
	EmojiBase string
}

// Subject renders a stored subject, or an excerpt (contract 3.2): one line of
// HTML without paragraphs and links of its own.
func (y Style) Subject(stored string) string {
	s := slash(filter(Unslash(stored), subjectTags))
	if !y.PlainSmilies {
		s = smile(s)
	}
	return y.finish(Unslash(texturize(s)))
}

// ThreadMessage renders the stored text of a thread's newest message as the
// thread itself shows it (contract 3.3): backslashes go before quotes are set.
func (y Style) ThreadMessage(stored string) string {
	return y.finish(y.body(Unslash(filter(stored, messageTags))))
}

// Message renders the stored text of one message (contract 3.3): backslashes
// go at the end, pictures load lazily.
func (y Style) Message(stored string) string {
	s := y.body(embedLinks(filter(stored, messageTags)))
	s = Unslash(s)
	s = strings.ReplaceAll(s, "<img ", `<img loading="lazy" `)
	return y.finish(s)
}

// body is what both renderings of messages have in common.
func (y Style) body(s string) string {
	if !y.PlainSmilies {
		s = smile(s)
	}
	return paragraphs(texturize(clickable(s, y.SiteURL)))
}

// finish has a last look at the HTML and shows emoji the way the site does.
func (y Style) finish(s string) string {
	if !permitted(s) {
		s = string(appendEscaped(nil, decode(stripTags(s))))
	}
	if y.EmojiBase == "" {
		return emojiCharacters(s)
	}
	return emojiImages(s, y.EmojiBase)
}

// embedLinks makes links of [embed]URL[/embed]. Nothing is looked up.
func embedLinks(s string) string {
	const opening, closing = "[embed]", "[/embed]"
	i := strings.Index(s, opening)
	if i < 0 {
		return s
	}
	var b []byte
	for ; i >= 0; i = strings.Index(s, opening) {
		n := strings.Index(s[i:], closing)
		if n < 0 {
			break
		}
		address := strings.TrimSpace(s[i+len(opening) : i+n])
		href := ""
		if !strings.ContainsAny(address, " \t\n<>\"'\\[]") {
			href = escURL(address)
		}
		b = append(b, s[:i]...)
		if href == "" {
			b = append(b, s[i:i+n+len(closing)]...)
		} else {
			b = append(b, `<a href="`+href+`">`+href+`</a>`...)
		}
		s = s[i+n+len(closing):]
	}
	return string(append(b, s...))
}
