package messaging

import (
	"cmp"
	"context"
	"slices"

	"parley/messaging/store"
	"parley/messaging/textcache"
	"parley/wpauth"
	"parley/wptext"
)

// threadMatch is a thread that a search finds in a box, and when the newest message
// that made it so was written.
// own tells that nobody but the viewer has written in it.
type threadMatch struct {
	conversation, at int64
	own              bool
}

// searchBox returns the threads of a box with a message that fulfils the box's condition
// and whose subject or text holds the term (2.3), newest such message first.
//
// Both are searched in the form BuddyPress stores, HTML included, whichever surface they
// were written on; the term and they are folded. As in searchIDs, membership, state, stars
// and the version of every text are read from the database each time, and texts come from
// memory.
func (s *searcher) searchBox(ctx context.Context, b store.BoxQuery, term string) ([]int64, error) {
	q := &boxSearch{searcher: s, box: b, term: []byte(wptext.Fold(term))}
	if !textcache.Searchable(q.term) {
		return nil, nil
	}
	var err error
	if q.heads, err = s.store.BoxHeads(ctx, b); err != nil {
		return nil, err
	}
	if b.Box == store.BoxStarred {
		if q.stars, err = s.store.StarredBy(ctx, b.Viewer); err != nil {
			return nil, err
		}
	}
	if err := q.run(ctx); err != nil {
		return nil, err
	}
	if err := q.dropUnanswered(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(q.found, func(a, b threadMatch) int {
		return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(b.conversation, a.conversation))
	})
	ids := make([]int64, len(q.found))
	for i, m := range q.found {
		ids[i] = m.conversation
	}
	return ids, nil
}

// boxSearch is one search of a box under way.
type boxSearch struct {
	*searcher
	box   store.BoxQuery
	term  []byte
	heads []store.Head
	stars map[int64]bool // messages the viewer starred; for the starred box alone
	found []threadMatch
}

// accepts holds the box's condition on messages (2.2).
func (q *boxSearch) accepts(l textcache.Line) bool {
	switch q.box.Box {
	case store.BoxSent:
		return l.Sender == q.box.Viewer
	case store.BoxStarred:
		return q.stars[l.Message]
	}
	return true
}

func (q *boxSearch) run(ctx context.Context) error {
	if q.box.Box == store.BoxStarred && len(q.stars) == 0 {
		return nil
	}
	absent := q.fromMemory(q.heads)
	if len(absent) == 0 {
		return nil
	}
	done, err := q.turns.enter(ctx, wpauth.UserID(q.box.Viewer))
	if err != nil {
		return err
	}
	defer done()
	// Another search of the same member may just have read them.
	for absent = q.fromMemory(absent); len(absent) > 0; {
		n := min(len(absent), searchBatch)
		if err := q.load(ctx, absent[:n]); err != nil {
			return err
		}
		absent = absent[n:]
	}
	return nil
}

// dropUnanswered takes what the viewer started and nobody answered out of the inbox
// (2.2). Only where nobody else has written can that be.
func (q *boxSearch) dropUnanswered(ctx context.Context) error {
	if q.box.Box != store.BoxInbox {
		return nil
	}
	var ids []int64
	for _, m := range q.found {
		if m.own {
			ids = append(ids, m.conversation)
		}
	}
	unanswered, err := q.store.SenderOnly(ctx, q.box.Viewer, ids)
	if err != nil {
		return err
	}
	q.found = slices.DeleteFunc(q.found, func(m threadMatch) bool { return unanswered[m.conversation] })
	return nil
}

// fromMemory looks through those conversations whose texts are in memory, and returns
// the others.
func (q *boxSearch) fromMemory(heads []store.Head) (absent []store.Head) {
	keys, entries := make([]textcache.Key, len(heads)), make([]*textcache.Entry, len(heads))
	for i, h := range heads {
		keys[i] = textcache.Key{Conversation: h.Conversation, Kind: textcache.Stored, Version: h.Version}
	}
	q.texts.Get(keys, entries)
	for i, e := range entries {
		if e == nil {
			absent = append(absent, heads[i])
		} else if l, ok := e.Newest(q.term, q.accepts); ok {
			q.found = append(q.found, threadMatch{heads[i].Conversation, l.At, e.OnlyBy(q.box.Viewer)})
		}
	}
	return absent
}

// load reads a batch of conversations that are not in memory as new as they are in the
// database, looks through them, and keeps them.
func (q *boxSearch) load(ctx context.Context, batch []store.Head) error {
	load := q.texts.Begin()
	defer load.End()
	ids, versions := make([]int64, len(batch)), make(map[int64]int64, len(batch))
	for i, h := range batch {
		ids[i], versions[h.Conversation] = h.Conversation, h.Version
	}
	b := textcache.Builder{Kind: textcache.Stored}
	var current int64
	var newest textcache.Line
	whole, found, own := true, false, true
	// look looks through what was gathered, which is newer than what was before.
	look := func() *textcache.Entry {
		e := b.Entry(versions[current], "", nil)
		if l, ok := e.Newest(q.term, q.accepts); ok {
			newest, found = l, true
		}
		own = own && e.OnlyBy(q.box.Viewer)
		return e
	}
	finish := func() {
		if current == 0 {
			return
		}
		if e := look(); whole {
			load.Put(current, e)
		}
		if found {
			q.found = append(q.found, threadMatch{current, newest.At, own})
		}
		whole, found, own = true, false, true
	}
	var named *subjects
	err := q.store.SearchStored(ctx, ids, func(m *store.ThreadMessage, title string) {
		if m.Conversation != current {
			finish()
			current = m.Conversation
			named = subjectsOf(title, store.First{Format: m.Format, Subject: m.Subject})
		}
		stored := threadMessage(m, named)
		b.AddStored(textcache.Line{Message: m.ID, Sender: m.Sender, At: m.CreatedAt.UnixMicro()},
			wptext.Fold(stored.Subject), wptext.Fold(stored.Content))
		// A conversation too large to keep is looked through piece by piece.
		if b.Len() > q.texts.Largest() {
			look()
			whole = false
		}
	})
	if err != nil {
		return err
	}
	finish()
	return nil
}
