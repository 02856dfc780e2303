package messaging

import (
	"container/heap"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/messaging/store"
	"parley/wptext"
)

const (
	// RosterTTL is how old the names may be that suggestions are looked up in. A
	// member who joined, or changed their name, is found when it is over.
	RosterTTL = 30 * time.Second
	// RosterMax is how many members of one space (or of a site without spaces) are
	// looked through, those with the lowest ids.
	RosterMax = 100_000
	// rostersMax bounds the memory for all spaces: about 120 bytes a member.
	rostersMax = 300_000
	// wholeSite is the roster of every account, for those who may write to everybody.
	wholeSite = 0
)

// person is a member as they are looked for: folded display name, login and
// nicename, with NUL between them.
type person struct {
	id   int64
	text string
}

// roster is everybody in a space at a moment.
type roster struct {
	people []person
	read   time.Time
}

// rosters keeps the names of spaces' members for a while. What is found in them is
// a proposal: the database is asked about everybody before they are shown.
type rosters struct {
	store *store.Store
	now   func() time.Time
	// reading is held by the one who reads from the database: those who need the same
	// spaces wait and find them.
	reading chan struct{}

	mu     sync.Mutex
	spaces map[int64]roster
	total  int // people in spaces
}

func newRosters(st *store.Store, now func() time.Time) *rosters {
	return &rosters{store: st, now: now, reading: make(chan struct{}, 1), spaces: make(map[int64]roster)}
}

// find returns everybody in one of the spaces whose name holds the folded term,
// ranked; in the whole site when spaces is nil.
func (r *rosters) find(ctx context.Context, spaces []int64, term string) (ranking, error) {
	if strings.IndexByte(term, 0) >= 0 {
		return nil, nil
	}
	if spaces == nil {
		spaces = []int64{wholeSite}
	}
	lists, err := r.people(ctx, spaces)
	if err != nil {
		return nil, err
	}
	var hits ranking
	for _, people := range lists {
		for _, p := range people {
			if at := strings.Index(p.text, term); at >= 0 {
				name, _, _ := strings.Cut(p.text, "\x00")
				hits = append(hits, hit{p.id, name, at == 0 || strings.Contains(p.text, "\x00"+term)})
			}
		}
	}
	heap.Init(&hits)
	return hits, nil
}

// people returns the rosters of spaces, from memory or from the database.
func (r *rosters) people(ctx context.Context, spaces []int64) ([][]person, error) {
	lists, absent := r.known(spaces, nil)
	if len(absent) == 0 {
		return lists, nil
	}
	select {
	case r.reading <- struct{}{}:
		defer func() { <-r.reading }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	lists, absent = r.known(absent, lists)
	slices.Sort(absent)
	for len(absent) > 0 {
		read, rest, err := r.read(ctx, absent)
		if err != nil {
			return nil, err
		}
		for _, space := range absent[:len(absent)-len(rest)] {
			lists = append(lists, read[space])
			r.keep(space, read[space])
		}
		absent = rest
	}
	return lists, nil
}

// read reads rosters with one statement, RosterMax people at most. rest are the
// spaces, of those asked for in rising order, that it did not come to the end of; a
// space that is larger than RosterMax by itself is read in part.
func (r *rosters) read(ctx context.Context, spaces []int64) (read map[int64][]person, rest []int64, err error) {
	read = make(map[int64][]person, len(spaces))
	n, last := 0, int64(0)
	err = r.store.Rosters(ctx, spaces, RosterMax, func(space int64, row store.RosterRow) {
		read[space] = append(read[space], person{row.ID,
			wptext.Fold(row.DisplayName) + "\x00" + wptext.Fold(row.Login) + "\x00" + wptext.Fold(row.Nicename)})
		n, last = n+1, space
	})
	if err != nil || n < RosterMax {
		return read, nil, err
	}
	cut := slices.Index(spaces, last)
	return read, spaces[max(cut, 1):], nil
}

// known appends the rosters that are in memory and young enough to lists, and
// returns the spaces of the others.
func (r *rosters) known(spaces []int64, lists [][]person) (_ [][]person, absent []int64) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, space := range spaces {
		if known, ok := r.spaces[space]; ok && now.Sub(known.read) < RosterTTL {
			lists = append(lists, known.people)
		} else {
			absent = append(absent, space)
		}
	}
	return lists, absent
}

// keep stores a roster, and lets the oldest go while there are too many people.
func (r *rosters) keep(space int64, people []person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(space)
	r.spaces[space] = roster{people, r.now()}
	r.total += len(people) + 1 // an empty space weighs something too
	for r.total > rostersMax && len(r.spaces) > 1 {
		oldest, read := int64(-1), time.Time{}
		for id, s := range r.spaces {
			if id != space && (oldest < 0 || s.read.Before(read)) {
				oldest, read = id, s.read
			}
		}
		r.forget(oldest)
	}
}

func (r *rosters) forget(space int64) {
	if known, ok := r.spaces[space]; ok {
		r.total -= len(known.people) + 1
		delete(r.spaces, space)
	}
}
