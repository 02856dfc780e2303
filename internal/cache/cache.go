// Package cache is the one wrapper around go-cache: typed, bounded, with
// concurrent misses loaded once.
package cache

import (
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	gocache "github.com/patrickmn/go-cache"
)

// Options bound a cache. Both fields are required.
type Options struct {
	// TTL is how old a value may grow. For values of Fetch the age counts from the
	// beginning of the load, which is when the database was asked.
	TTL time.Duration
	// MaxItems is how many values are kept; beyond it the one stored longest ago goes.
	MaxItems int
}

// Stats are counted since New. A Fetch that waited for another's load is a miss.
type Stats struct {
	Hits, Misses, Evictions uint64
	Size                    int // expired values that were not swept yet included
}

// Cache keeps values of type V under keys of type K. Values are shared between
// callers and must not be changed. Safe for concurrent use.
type Cache[K comparable, V any] struct {
	ttl     time.Duration
	max     int
	nameOf  func(K) string
	store   *gocache.Cache
	hits    atomic.Uint64
	misses  atomic.Uint64
	evicted atomic.Uint64

	mu      sync.Mutex
	serial  uint64
	order   []place // oldest first; places of replaced and deleted values included
	flights map[string]*flight[V]
}

// item is what go-cache holds; serial tells it from an older value of the same key.
type item[V any] struct {
	value  V
	serial uint64
}

type place struct {
	name   string
	serial uint64
}

// New makes a cache. K may be of a string or integer type, or a struct or array of
// such. It panics on other keys and on options without bounds: both are mistakes
// of the program, not of its input.
func New[K comparable, V any](o Options) *Cache[K, V] {
	if o.TTL <= 0 || o.MaxItems <= 0 {
		panic("cache: TTL and MaxItems must be positive")
	}
	return &Cache[K, V]{
		ttl: o.TTL, max: o.MaxItems, nameOf: naming[K](),
		store:   gocache.New(o.TTL, max(o.TTL, time.Second)),
		flights: map[string]*flight[V]{},
	}
}

// Get returns the value of a key, if it is there and young enough.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	v, ok := c.lookup(c.nameOf(key))
	if ok {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
	return v, ok
}

// Peek is Get for a caller who goes on to Fetch what is missing: it counts no miss.
func (c *Cache[K, V]) Peek(key K) (V, bool) {
	v, ok := c.lookup(c.nameOf(key))
	if ok {
		c.hits.Add(1)
	}
	return v, ok
}

func (c *Cache[K, V]) lookup(name string) (v V, ok bool) {
	x, ok := c.store.Get(name)
	if !ok {
		return v, false
	}
	return x.(item[V]).value, true
}

// Set stores a value. A load of the same key that is under way will not replace it.
func (c *Cache[K, V]) Set(key K, v V) {
	name := c.nameOf(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, name)
	c.put(name, v, c.ttl)
}

// Delete removes a key. What is being loaded for it at this moment is given to
// those who wait for it already, and never stored: the next Fetch loads anew.
func (c *Cache[K, V]) Delete(key K) {
	name := c.nameOf(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, name)
	c.store.Delete(name)
}

// Clear is Delete for every key.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.flights)
	c.store.Flush()
	c.order = nil
}

// Stats returns the counters.
func (c *Cache[K, V]) Stats() Stats {
	return Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Evictions: c.evicted.Load(), Size: c.store.ItemCount()}
}

// put stores under c.mu and makes room.
func (c *Cache[K, V]) put(name string, v V, ttl time.Duration) {
	c.serial++
	c.store.Set(name, item[V]{v, c.serial}, ttl)
	c.order = append(c.order, place{name, c.serial})
	for c.store.ItemCount() > c.max && len(c.order) > 0 {
		oldest := c.order[0]
		c.order = c.order[1:]
		if c.current(oldest) {
			c.store.Delete(oldest.name)
			c.evicted.Add(1)
		}
	}
	if len(c.order) > 2*c.max+16 {
		kept := make([]place, 0, c.max+1)
		for _, p := range c.order {
			if c.current(p) {
				kept = append(kept, p)
			}
		}
		c.order = kept
	}
}

func (c *Cache[K, V]) current(p place) bool {
	x, ok := c.store.Get(p.name)
	return ok && x.(item[V]).serial == p.serial
}

// naming chooses how a key becomes go-cache's string: different keys, different strings.
func naming[K comparable]() func(K) string {
	t := reflect.TypeFor[K]()
	switch t.Kind() {
	case reflect.String:
		return func(k K) string { return reflect.ValueOf(k).String() }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(k K) string { return strconv.FormatInt(reflect.ValueOf(k).Int(), 36) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(k K) string { return strconv.FormatUint(reflect.ValueOf(k).Uint(), 36) }
	}
	if !plain(t) {
		panic(fmt.Sprintf("cache: %v cannot be a key", t))
	}
	// Go syntax quotes strings, so no two values read the same.
	return func(k K) string { return fmt.Sprintf("%#v", k) }
}

func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return false
}
