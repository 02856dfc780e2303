package textcache

import (
	"sync"
	"sync/atomic"
	"unicode"

	"parley/internal/cache"
)

func isGap(r rune) bool { return r == separator || unicode.IsSpace(r) }

// Cache holds entries up to a number of bytes. The least recently used go first
// (approximately: each gets a second chance). Safe for concurrent use.
type Cache struct {
	max int64

	mu    sync.RWMutex
	slots map[place]*slot
	ring  []*slot
	hand  int
	used  int64

	// A load that began before a Drop must not bring the dropped text back.
	epoch   uint64
	loads   int
	dropped map[int64]uint64 // conversation → epoch of its last drop, while loads run

	hits, misses, evicted atomic.Uint64
}

// place is where a conversation's text of a kind is kept.
type place struct {
	conversation int64
	kind         Kind
}

type slot struct {
	place
	at      int // in the ring
	entry   *Entry
	touched atomic.Bool
}

// New returns a cache of at most max bytes.
func New(max int64) *Cache {
	return &Cache{max: max, slots: make(map[place]*slot), dropped: make(map[int64]uint64)}
}

// Key asks for a conversation's text at a version or a newer one.
type Key struct {
	Conversation int64
	Kind         Kind
	Version      int64
}

// Get fills out with the entry of each key, nil where there is none as new as asked.
// Both slices have one length.
func (c *Cache) Get(keys []Key, out []*Entry) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	hits := 0
	for i, k := range keys {
		out[i] = nil
		if s := c.slots[place{k.Conversation, k.Kind}]; s != nil && s.entry.Version >= k.Version {
			out[i] = s.entry
			hits++
			if !s.touched.Load() {
				s.touched.Store(true)
			}
		}
	}
	c.hits.Add(uint64(hits))
	c.misses.Add(uint64(len(keys) - hits))
}

// Largest is the weight in bytes of the largest text worth keeping: a conversation
// beyond it would push out everybody else's.
func (c *Cache) Largest() int { return int(c.max / 8) }

// Load is a reading of texts from the database, open until End.
type Load struct {
	c     *Cache
	began uint64
	left  int64
}

// Begin opens a load. It is to be called before the database is read.
func (c *Cache) Begin() *Load {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loads++
	// One load may replace half of the cache at most: a mailbox larger than the
	// cache then costs its owner time, but not everybody else their entries.
	return &Load{c: c, began: c.epoch, left: c.max / 2}
}

// Put stores an entry unless its conversation was dropped since the load began, a
// newer one is there, or the load has stored its share.
func (l *Load) Put(conversation int64, e *Entry) {
	w := e.weight()
	if w > int64(l.c.Largest()) || w > l.left {
		return
	}
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped[conversation] > l.began {
		return
	}
	at := place{conversation, e.Kind}
	if s := c.slots[at]; s != nil {
		if s.entry.Version >= e.Version {
			return
		}
		c.used -= s.entry.weight()
		s.entry = e
	} else {
		s := &slot{place: at, at: len(c.ring), entry: e}
		c.slots[at] = s
		c.ring = append(c.ring, s)
	}
	l.left -= w
	c.used += w
	c.evict()
}

// End closes the load.
func (l *Load) End() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.c.loads--; l.c.loads == 0 {
		clear(l.c.dropped)
	}
}

// Drop forgets a conversation: renamed, purged, or changed without new activity.
func (c *Cache) Drop(conversation int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	if c.loads > 0 {
		c.dropped[conversation] = c.epoch
	}
	for _, kind := range []Kind{Plain, Stored} {
		if s := c.slots[place{conversation, kind}]; s != nil {
			c.remove(s)
		}
	}
}

// Stats returns the counters, in entries. A text that a search asks for again after
// waiting for its turn counts again.
func (c *Cache) Stats() cache.Stats {
	entries, _ := c.Size()
	return cache.Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Evictions: c.evicted.Load(), Size: entries}
}

// Size returns the number of entries and the bytes they weigh.
func (c *Cache) Size() (entries int, bytes int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.ring), c.used
}

func (c *Cache) evict() {
	for c.used > c.max && len(c.ring) > 0 {
		if c.hand >= len(c.ring) {
			c.hand = 0
		}
		s := c.ring[c.hand]
		if s.touched.Swap(false) {
			c.hand++
			continue
		}
		c.remove(s)
		c.evicted.Add(1)
	}
}

func (c *Cache) remove(s *slot) {
	last := c.ring[len(c.ring)-1]
	c.ring[s.at], last.at = last, s.at
	c.ring[len(c.ring)-1] = nil
	c.ring = c.ring[:len(c.ring)-1]
	delete(c.slots, s.place)
	c.used -= s.entry.weight()
}
