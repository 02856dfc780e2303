package messaging

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/messaging/store"
	"parley/messaging/textcache"
	"parley/wpauth"
	"parley/wptext"
)

// What search costs at most unless Options say otherwise.
const (
	// DefaultSearchCache is the memory for folded texts, in bytes: about 600,000
	// messages of ordinary length.
	DefaultSearchCache = 64 << 20
	// DefaultSearchTimeout is how long one search may take.
	DefaultSearchTimeout = 5 * time.Second
	// searchBatch is how many conversations' texts one pair of statements reads.
	searchBatch = 200
)

// errSearchTooLong is the cause of a search's end by its own time limit.
var errSearchTooLong = errors.New("the search took longer than its limit")

// searcher finds a member's conversations by what is written in them, by title and
// by the names of the other people in them.
type searcher struct {
	store   *store.Store
	names   *nameCache
	texts   *textcache.Cache
	turns   *turnstile
	timeout time.Duration
}

func newSearcher(st *store.Store, dir wpauth.Directory, cacheBytes int64, timeout time.Duration) *searcher {
	return &searcher{store: st, names: newNameCache(dir), texts: textcache.New(cacheBytes), turns: newTurnstile(), timeout: timeout}
}

// searchIDs returns every conversation of the actor's list that the term finds, in
// list order (last activity, then id, both descending).
//
// The term is folded (case, accents, compatibility forms) and split into words. A
// conversation is found when each word occurs, as a part of any word, in its title, in
// the display name of somebody else in it (those who left included), or in a message
// the actor may see; the words may occur in different places. A term without any word
// finds nothing.
//
// Membership and the version of every text are read from the database each time; what
// comes from memory is text alone, never older than that version. Names may be a
// minute old. Texts are read from the database for one search of a member at a time; a
// search may take Options.SearchTimeout.
func (s *Service) searchIDs(ctx context.Context, a Actor, f Filter, term string) ([]ConversationID, error) {
	ids, err := s.search.find(ctx, a.ID, f, term)
	return ids, s.fault(ctx, tooLong(err))
}

// tooLong tells members of a search that was given up.
func tooLong(err error) error {
	if errors.Is(err, errSearchTooLong) {
		return &Error{Reason: Unavailable, Text: "The search took too long. Please try again.", RetryAfter: time.Second, Err: err}
	}
	return err
}

func (s *searcher) find(ctx context.Context, user wpauth.UserID, f Filter, term string) ([]ConversationID, error) {
	words := textcache.Words(wptext.Fold(term))
	if len(words) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, errSearchTooLong)
	defer cancel()
	heads, err := s.store.SearchHeads(ctx, int64(user), store.Filter(f))
	if err != nil {
		return nil, whyEnded(ctx, err)
	}
	q := &query{searcher: s, viewer: int64(user), words: words, heads: heads, found: make([]bool, len(heads))}
	if err := q.run(ctx); err != nil {
		return nil, whyEnded(ctx, err)
	}
	var ids []ConversationID
	for i, found := range q.found {
		if found {
			ids = append(ids, ConversationID(heads[i].Conversation))
		}
	}
	return ids, nil
}

// whyEnded prefers the reason a context ended to what a statement made of it.
func whyEnded(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSearchTooLong) {
		return cause
	}
	return err
}

// query is one search under way.
type query struct {
	*searcher
	viewer int64
	words  [][]byte
	heads  []store.Head
	found  []bool
}

// missing is the set of words not found yet, by their place.
type missing uint64

func (q *query) all() missing { return missing(1)<<len(q.words) - 1 }

func (q *query) run(ctx context.Context) error {
	which := make([]int, len(q.heads))
	for i := range which {
		which[i] = i
	}
	absent, err := q.fromMemory(ctx, which)
	if err != nil || len(absent) == 0 {
		return err
	}
	done, err := q.turns.enter(ctx, wpauth.UserID(q.viewer))
	if err != nil {
		return err
	}
	defer done()
	// Another search of the same member may just have read them.
	if absent, err = q.fromMemory(ctx, absent); err != nil {
		return err
	}
	for len(absent) > 0 {
		n := min(len(absent), searchBatch)
		if err := q.load(ctx, absent[:n]); err != nil {
			return err
		}
		absent = absent[n:]
	}
	return nil
}

func (q *query) key(i int) textcache.Key {
	return textcache.Key{Conversation: q.heads[i].Conversation, Version: q.heads[i].Version}
}

// fromMemory decides on those conversations whose texts are in memory, and returns
// the others. It lets go of the texts: beside the cache a search holds one batch.
func (q *query) fromMemory(ctx context.Context, which []int) (absent []int, err error) {
	keys, entries := make([]textcache.Key, len(which)), make([]*textcache.Entry, len(which))
	for n, i := range which {
		keys[n] = q.key(i)
	}
	q.texts.Get(keys, entries)
	var left []candidate
	for n, e := range entries {
		if e == nil {
			absent = append(absent, which[n])
		} else if m := q.unfound(e, q.all()); m == 0 {
			q.found[which[n]] = true
		} else {
			left = append(left, candidate{which[n], m, e.People})
		}
	}
	return absent, q.byName(ctx, left)
}

// unfound returns those of m that a text does not hold.
func (q *query) unfound(e *textcache.Entry, m missing) missing {
	for w, word := range q.words {
		if bit := missing(1) << w; m&bit != 0 && e.Contains(word) {
			m &^= bit
		}
	}
	return m
}

// candidate is a conversation whose text lacks some words; names may have them.
type candidate struct {
	head   int
	lacks  missing
	people []int64
}

// byName looks for the words that texts lack in the other people's names.
func (q *query) byName(ctx context.Context, left []candidate) error {
	if len(left) == 0 {
		return nil
	}
	names, err := q.names.folded(ctx, left, q.viewer)
	if err != nil {
		return err
	}
	for _, c := range left {
		for _, id := range c.people {
			if id == q.viewer {
				continue
			}
			name := names[id]
			for w, word := range q.words {
				if bit := missing(1) << w; c.lacks&bit != 0 && strings.Contains(name, string(word)) {
					c.lacks &^= bit
				}
			}
		}
		q.found[c.head] = c.lacks == 0
	}
	return nil
}

// load reads a batch of conversations that are not in memory as new as they are in
// the database, decides on them, and keeps them.
func (q *query) load(ctx context.Context, batch []int) error {
	load := q.texts.Begin()
	defer load.End()
	ids, at := make([]int64, len(batch)), make(map[int64]int, len(batch))
	for n, i := range batch {
		ids[n] = q.heads[i].Conversation
		at[q.heads[i].Conversation] = i
	}
	subjects, err := q.store.SearchSubjects(ctx, ids)
	if err != nil {
		return err
	}
	var left []candidate
	finish := func(conversation int64, b *textcache.Builder, m missing, whole bool) {
		subject, there := subjects[conversation]
		if !there {
			b.Reset()
			return // purged in the meantime
		}
		i := at[conversation]
		e := b.Entry(q.heads[i].Version, wptext.Fold(subject.Title), subject.People)
		if whole {
			load.Put(conversation, e)
		}
		if m = q.unfound(e, m); m == 0 {
			q.found[i] = true
		} else {
			left = append(left, candidate{i, m, subject.People})
		}
		delete(subjects, conversation)
	}

	var b textcache.Builder
	var current int64
	lacks, whole := q.all(), true
	err = q.store.SearchTexts(ctx, ids, func(conversation int64, body []byte) {
		if conversation != current {
			if current != 0 {
				finish(current, &b, lacks, whole)
			}
			current, lacks, whole = conversation, q.all(), true
		}
		b.Add(body)
		// A conversation too large to keep is looked through piece by piece.
		if b.Len() > q.texts.Largest() {
			lacks, whole = q.unfound(b.Entry(0, "", nil), lacks), false
		}
	})
	if err != nil {
		return err
	}
	if current != 0 {
		finish(current, &b, lacks, whole)
	}
	for conversation := range subjects { // without any message
		finish(conversation, &b, q.all(), true)
	}
	return q.byName(ctx, left)
}
