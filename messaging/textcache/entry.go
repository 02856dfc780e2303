// Package textcache keeps the folded text of conversations in memory, so that a
// member's search costs one range of an index and a scan of bytes (decision 1). It is
// bounded by bytes, keyed by conversation and never by member: who may search what is
// read from the database on every search, and nothing in here decides access.
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

// Separators of an entry's text: one between messages, one between the subject and the
// text of a message. Nothing that holds one of them is ever looked for, so nothing
// matches across two messages or across the two parts of one.
const (
	separator = 0
	divider   = 1
)

// Kind tells the two texts of a conversation apart.
type Kind uint8

// The kinds: the messages' plain text and the title, or their subjects and texts as
// BuddyPress stores them, with who wrote each message and when.
const (
	Plain Kind = iota
	Stored
)

// Entry is what one conversation can be found by. It is never changed once built.
type Entry struct {
	Kind Kind
	// Version rises with every message and was read before the text: the text is at
	// least as new.
	Version int64
	// Title is the folded title, "" without one.
	Title string
	// People are the user ids of everybody in the conversation, those who left included.
	People []int64

	text  []byte
	grams grams
	lines []Line   // of a Stored text, oldest first
	ends  []uint32 // where each of lines ends in text
}

// Line is a message of a Stored text.
type Line struct {
	Message, Sender int64
	At              int64 // microseconds since 1970, UTC
}

// Contains reports whether a folded word occurs in the title or in a message.
func (e *Entry) Contains(word []byte) bool {
	return e.grams.mayHold(word) && bytes.Contains(e.text, word) || strings.Contains(e.Title, string(word))
}

// span is how many messages Newest looks through at once: many enough that most texts
// are scanned in one go, few enough that a word of many messages is found early.
const span = 64

// Newest returns the newest message of a Stored text that accept takes and that holds a
// folded term; ok is false when there is none.
func (e *Entry) Newest(term []byte, accept func(Line) bool) (found Line, ok bool) {
	if !Searchable(term) || !e.grams.mayHold(term) {
		return Line{}, false
	}
	for end := len(e.lines); end > 0; {
		first := max(0, end-span)
		if bytes.Contains(e.text[e.start(first):e.ends[end-1]], term) {
			for i := end - 1; i >= first; i-- {
				if accept(e.lines[i]) && bytes.Contains(e.text[e.start(i):e.ends[i]], term) {
					return e.lines[i], true
				}
			}
		}
		end = first
	}
	return Line{}, false
}

// OnlyBy reports whether every message of a Stored text is a member's own.
func (e *Entry) OnlyBy(member int64) bool {
	for i := range e.lines {
		if e.lines[i].Sender != member {
			return false
		}
	}
	return true
}

// start is where a line begins in text.
func (e *Entry) start(line int) uint32 {
	if line == 0 {
		return 0
	}
	return e.ends[line-1]
}

// Searchable reports whether a folded term can be in a Stored text.
func Searchable(term []byte) bool {
	return len(term) > 0 && bytes.IndexByte(term, separator) < 0 && bytes.IndexByte(term, divider) < 0
}

// overhead is what an entry weighs beside its text and ids: its own fields, its
// place in the map and in the ring.
const overhead = 368

func (e *Entry) weight() int64 {
	return overhead + int64(cap(e.text)+8*cap(e.grams)+len(e.Title)+24*cap(e.lines)+4*cap(e.ends)+8*cap(e.People))
}

// Builder gathers the messages of one conversation, oldest first, for a text of its
// kind.
type Builder struct {
	Kind Kind

	text  []byte
	lines []Line
	ends  []uint32
}

// Add appends a message's folded text.
func (b *Builder) Add(body []byte) {
	b.append(body)
	b.text = append(b.text, separator)
}

// AddStored appends a message's folded subject and text.
func (b *Builder) AddStored(line Line, subject, body string) {
	b.append([]byte(subject))
	b.text = append(b.text, divider)
	b.append([]byte(body))
	b.text = append(b.text, separator)
	b.lines = append(b.lines, line)
	b.ends = append(b.ends, uint32(len(b.text)))
}

// append takes text without what separates.
func (b *Builder) append(text []byte) {
	at := len(b.text)
	b.text = append(b.text, text...)
	for i := at; i < len(b.text); i++ {
		if b.text[i] == separator || b.text[i] == divider && b.Kind == Stored {
			b.text[i] = ' '
		}
	}
}

// Len is the number of text bytes gathered so far.
func (b *Builder) Len() int { return len(b.text) }

// Entry returns what was gathered, in slices of exactly its size, and empties the
// builder for the next conversation.
func (b *Builder) Entry(version int64, title string, people []int64) *Entry {
	e := &Entry{
		Kind: b.Kind, Version: version, Title: title, People: exact(people),
		text: exact(b.text), lines: exact(b.lines), ends: exact(b.ends),
	}
	e.grams = gramsOf(e.text)
	b.Reset()
	return e
}

// Reset drops what was gathered.
func (b *Builder) Reset() { b.text, b.lines, b.ends = b.text[:0], b.lines[:0], b.ends[:0] }

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
