// Package textcache keeps the folded text of conversations in memory, so that a
// member's search costs one covering index range and a scan of bytes (design F of
// docs/decisions, "search"). It is bounded by bytes, keyed by conversation and never
// by member: who may search what is read from the database on every search, and
// nothing in here decides access.
//
// The process's other caches go through internal/cache. This one does not because
// its bound is memory, not a number of items: one conversation may weigh a
// thousand times another.
package textcache

import (
	"bytes"
	"sort"
	"strings"
)

// separator stands between messages in an entry's text. No word of a query holds
// it, so nothing matches across two messages.
const separator = 0

// Entry is what one conversation can be found by. It is never changed once built.
type Entry struct {
	// Version rises with every message and was read before the text: the text is at
	// least as new.
	Version int64
	// Title is the folded title, "" without one.
	Title string
	// People are the user ids of everybody in the conversation, those who left included.
	People []int64

	text  []byte
	grams grams
	ids   []int64  // message ids, ascending
	ends  []uint32 // where each message ends in text
}

// Contains reports whether a folded word occurs in the title or in a message.
func (e *Entry) Contains(word []byte) bool {
	return e.grams.mayHold(word) && bytes.Contains(e.text, word) || strings.Contains(e.Title, string(word))
}

// Newest returns the newest message that holds every word, 0 when there is none.
// A word found only in the title or in a name does not count.
func (e *Entry) Newest(words [][]byte) int64 {
	text := e.text
	for len(words) > 0 {
		at := bytes.LastIndex(text, words[0])
		if at < 0 {
			return 0
		}
		i := sort.Search(len(e.ends), func(i int) bool { return int(e.ends[i]) > at })
		start := 0
		if i > 0 {
			start = int(e.ends[i-1])
		}
		if containsAll(e.text[start:e.ends[i]], words[1:]) {
			return e.ids[i]
		}
		text = e.text[:start]
	}
	return 0
}

func containsAll(text []byte, words [][]byte) bool {
	for _, w := range words {
		if !bytes.Contains(text, w) {
			return false
		}
	}
	return true
}

// overhead is what an entry weighs beside its text and ids: its own fields, its
// place in the map and in the ring.
const overhead = 344

func (e *Entry) weight() int64 {
	return overhead + int64(cap(e.text)+8*cap(e.grams)+len(e.Title)+8*cap(e.ids)+4*cap(e.ends)+8*cap(e.People))
}

// Builder gathers the messages of one conversation, oldest first.
type Builder struct {
	text []byte
	ids  []int64
	ends []uint32
}

// Add appends a message's folded text.
func (b *Builder) Add(message int64, body []byte) {
	at := len(b.text)
	b.text = append(b.text, body...)
	for i := at; i < len(b.text); i++ {
		if b.text[i] == separator {
			b.text[i] = ' '
		}
	}
	b.text = append(b.text, separator)
	b.ids = append(b.ids, message)
	b.ends = append(b.ends, uint32(len(b.text)))
}

// Len is the number of text bytes gathered so far.
func (b *Builder) Len() int { return len(b.text) }

// Entry returns what was gathered, in slices of exactly its size, and empties the
// builder for the next conversation.
func (b *Builder) Entry(version int64, title string, people []int64) *Entry {
	e := &Entry{
		Version: version, Title: title, People: exact(people),
		text: exact(b.text), ids: exact(b.ids), ends: exact(b.ends),
	}
	e.grams = gramsOf(e.text)
	b.Reset()
	return e
}

// Reset drops what was gathered.
func (b *Builder) Reset() { b.text, b.ids, b.ends = b.text[:0], b.ids[:0], b.ends[:0] }

func exact[T any](s []T) []T {
	out := make([]T, len(s))
	copy(out, s)
	return out
}

// Words splits a folded term into the words that must all be found. A word holds
// no white space and no separator; doubles are dropped. At most MaxWords are
// returned; a term of 100 code points has fewer unless compatibility forms unfold.
func Words(folded string) [][]byte {
	seen := make(map[string]bool)
	var out [][]byte
	for _, w := range strings.FieldsFunc(folded, isGap) {
		if !seen[w] && len(out) < MaxWords {
			seen[w] = true
			out = append(out, []byte(w))
		}
	}
	// The longest word is the rarest, as a rule: it goes first, to say no early.
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) > len(out[j]) })
	return out
}

// MaxWords bounds the work of one search.
const MaxWords = 64
