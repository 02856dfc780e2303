package cache

import (
	"sync"
	"sync/atomic"
)

// Memo keeps what is dear to make, under keys that say all it was made of: nothing in it
// grows old. It is bounded by bytes. Values are shared between callers and must not be
// changed. Safe for concurrent use.
//
// It holds two generations. What is asked for moves to the younger one; when that is
// half of the bound, it becomes the older one, and what was not asked for since is
// forgotten.
type Memo[K comparable, V any] struct {
	half int64

	mu           sync.RWMutex
	young, old   map[K]memorized[V]
	used         int64 // by young
	hits, misses atomic.Uint64
	forgotten    atomic.Uint64
}

type memorized[V any] struct {
	value  V
	weight int64
}

// NewMemo returns a memo of at most max bytes.
func NewMemo[K comparable, V any](max int64) *Memo[K, V] {
	return &Memo[K, V]{half: max / 2, young: map[K]memorized[V]{}, old: map[K]memorized[V]{}}
}

// Get returns what is kept under a key.
func (m *Memo[K, V]) Get(key K) (V, bool) {
	m.mu.RLock()
	found, ok := m.young[key]
	older := false
	if !ok {
		found, older = m.old[key]
	}
	m.mu.RUnlock()
	switch {
	case older:
		m.Set(key, found.value, found.weight)
	case !ok:
		m.misses.Add(1)
		return found.value, false
	}
	m.hits.Add(1)
	return found.value, true
}

// Set keeps a value that weighs so many bytes, its key and their places in the memo
// included. What weighs more than a sixty-fourth of the bound is not kept.
func (m *Memo[K, V]) Set(key K, value V, weight int64) {
	if weight > m.half/32 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.young[key]; ok {
		return
	}
	if m.used+weight > m.half {
		m.forgotten.Add(uint64(len(m.old)))
		m.old, m.young, m.used = m.young, map[K]memorized[V]{}, 0
	}
	m.young[key] = memorized[V]{value, weight}
	m.used += weight
}

// Stats returns the counters.
func (m *Memo[K, V]) Stats() Stats {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Stats{Hits: m.hits.Load(), Misses: m.misses.Load(), Evictions: m.forgotten.Load(), Size: len(m.young) + len(m.old)}
}
