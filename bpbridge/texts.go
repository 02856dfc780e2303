package bpbridge

import (
	"strings"

	"parley/internal/cache"
	"parley/wprest"
	"parley/wptext"
)

// textKind says what a stored text is shown as.
type textKind uint8

const (
	subjectText textKind = iota
	excerptText          // of a message
	threadText           // a message as its thread shows it
	messageText          // a message by itself
)

// shown is a text on the wire: JSON strings, quotes included.
type shown struct{ raw, rendered []byte }

// textKey is everything a shown text depends on.
type textKey struct {
	kind   textKind
	style  wptext.Style
	stored string
}

// shownTexts remembers how texts are shown: rendering is most of the work of a page.
type shownTexts struct{ known *cache.Memo[textKey, shown] }

const (
	// textsBytes is the memory for shown texts: some 20,000 messages of ordinary length.
	textsBytes = 16 << 20
	// textOverhead is what a shown text weighs beside its bytes.
	textOverhead = 256
)

func newShownTexts() *shownTexts { return &shownTexts{cache.NewMemo[textKey, shown](textsBytes)} }

func (t *shownTexts) of(kind textKind, style wptext.Style, stored string) shown {
	key := textKey{kind, style, stored}
	if s, ok := t.known.Get(key); ok {
		return s
	}
	raw := stored
	var rendered string
	switch kind {
	case subjectText:
		rendered = style.Subject(raw)
	case excerptText:
		raw = wptext.Excerpt(stored)
		rendered = style.Subject(raw)
	case threadText:
		rendered = style.ThreadMessage(raw)
	case messageText:
		rendered = style.Message(raw)
	}
	s := shown{quoted(raw), quoted(rendered)}
	key.stored = strings.Clone(stored) // which may be a part of a larger text
	t.known.Set(key, s, int64(len(stored)+len(s.raw)+len(s.rendered)+textOverhead))
	return s
}

// quoted is a JSON string.
func quoted(s string) []byte {
	var j wprest.JSON
	return j.Str(s).Bytes()
}
