package realtime

// recent remembers the highest number of each of the keys that were used lately: at least
// most of them, at most twice as many. The zero value with most set is ready; it is not
// safe for concurrent use.
type recent[K comparable] struct {
	most       int
	young, old map[K]int64
}

// get returns a key's number; 0 when it is not known, or not any more.
func (r *recent[K]) get(key K) int64 {
	if n, ok := r.young[key]; ok {
		return n
	}
	return r.old[key]
}

// rise raises a key's number, and reports whether it was lower.
func (r *recent[K]) rise(key K, n int64) bool {
	if n <= r.get(key) {
		return false
	}
	if len(r.young) >= r.most {
		r.young, r.old = nil, r.young
	}
	if r.young == nil {
		r.young = make(map[K]int64)
	}
	r.young[key] = n
	return true
}
