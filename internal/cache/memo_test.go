package cache_test

import (
	"sync"
	"testing"

	"parley/internal/cache"
)

func TestAMemoKeepsWhatIsAskedFor(t *testing.T) {
	m := cache.NewMemo[int, string](6400)
	m.Set(0, "in use", 100)
	for i := 1; i < 1000; i++ {
		m.Set(i, "once", 100)
		if v, ok := m.Get(0); !ok || v != "in use" {
			t.Fatalf("what is asked for all the time was forgotten at %d", i)
		}
		if n := m.Stats().Size; n > 64 {
			t.Fatalf("%d values of 100 bytes, bound 6400", n)
		}
	}
	if _, ok := m.Get(1); ok {
		t.Error("what nobody asked for is still there")
	}
	if _, ok := m.Get(999); !ok {
		t.Error("the newest was forgotten")
	}
	m.Set(5000, "large", 101)
	if _, ok := m.Get(5000); ok {
		t.Error("what is too large was kept")
	}
	if s := m.Stats(); s.Hits != 1000 || s.Misses != 2 || s.Evictions == 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestAMemoIsUsedByMany(t *testing.T) {
	m := cache.NewMemo[int, int](64000)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 2000 {
				key := (i*7 + g) % 900
				if v, ok := m.Get(key); ok && v != key {
					t.Errorf("got %d for %d", v, key)
				}
				m.Set(key, key, 100)
			}
		}()
	}
	wg.Wait()
}
