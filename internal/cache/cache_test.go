package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/cache"
)

func TestValuesGrowOld(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: 50 * time.Millisecond, MaxItems: 10})
	c.Set("a", 1)
	if v, ok := c.Get("a"); !ok || v != 1 {
		t.Fatalf("Get = %d, %v", v, ok)
	}
	eventually(t, "the value expires", func() bool { _, ok := c.Get("a"); return !ok })
}

func TestTheOldestGoesWhenFull(t *testing.T) {
	type id int64
	c := cache.New[id, int](cache.Options{TTL: time.Minute, MaxItems: 3})
	for i := range 3 {
		c.Set(id(i), i)
	}
	c.Set(0, 100) // stored anew: now 1 is the oldest
	c.Set(3, 3)
	for k, want := range map[id]bool{0: true, 1: false, 2: true, 3: true} {
		if _, ok := c.Get(k); ok != want {
			t.Errorf("key %d there: %v, want %v", k, ok, want)
		}
	}
	for k, want := range map[id]bool{0: true, 1: false} {
		if _, ok := c.Peek(k); ok != want {
			t.Errorf("key %d peeked: %v, want %v", k, ok, want)
		}
	}
	if s := c.Stats(); s.Size != 3 || s.Evictions != 1 || s.Hits != 4 || s.Misses != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestSizeStaysBoundedUnderReplacement(t *testing.T) {
	c := cache.New[int, int](cache.Options{TTL: time.Minute, MaxItems: 100})
	for i := range 20000 {
		c.Set(i%150, i)
		if i%7 == 0 {
			c.Delete(i % 150)
		}
		if n := c.Stats().Size; n > 100 {
			t.Fatalf("size %d after %d", n, i)
		}
	}
}

func TestStructKeysDoNotCollide(t *testing.T) {
	type key struct{ A, B string }
	c := cache.New[key, int](cache.Options{TTL: time.Minute, MaxItems: 10})
	c.Set(key{`a" "b`, "c"}, 1)
	c.Set(key{"a", `b" "c`}, 2)
	if v, _ := c.Get(key{`a" "b`, "c"}); v != 1 {
		t.Errorf("got the other key's value %d", v)
	}
}

func TestBadUseIsRefusedAtOnce(t *testing.T) {
	for name, f := range map[string]func(){
		"no bound":    func() { cache.New[string, int](cache.Options{TTL: time.Second}) },
		"no ttl":      func() { cache.New[string, int](cache.Options{MaxItems: 1}) },
		"pointer key": func() { cache.New[*int, int](cache.Options{TTL: time.Second, MaxItems: 1}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestConcurrentMissesLoadOnce(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: time.Minute, MaxItems: 10})
	var loads atomic.Int32
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			v, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) {
				loads.Add(1)
				<-release
				return 7, nil
			})
			if v != 7 || err != nil {
				t.Errorf("Fetch = %d, %v", v, err)
			}
		})
	}
	eventually(t, "all wait", func() bool { return c.Stats().Misses == 50 })
	close(release)
	wg.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("%d loads", n)
	}
}

func TestOneWhoGivesUpFailsNobodyElse(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: time.Minute, MaxItems: 10})
	release := make(chan struct{})
	load := func(ctx context.Context) (int, error) {
		select {
		case <-release:
			return 7, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	why := errors.New("gave up")
	first, giveUp := context.WithCancelCause(t.Context())
	errs := make(chan error, 2)
	go func() { _, err := c.Fetch(first, "k", load); errs <- err }()
	eventually(t, "the first waits", func() bool { return c.Stats().Misses == 1 })
	second := make(chan int, 1)
	go func() { v, _ := c.Fetch(t.Context(), "k", load); second <- v }()
	eventually(t, "the second waits", func() bool { return c.Stats().Misses == 2 })
	giveUp(why)
	if err := <-errs; !errors.Is(err, why) {
		t.Errorf("the first got %v, want the cause", err)
	}
	close(release)
	if v := <-second; v != 7 {
		t.Errorf("the second got %d", v)
	}
}

func TestLoadEndsWhenEverybodyHasGone(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: time.Minute, MaxItems: 10})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		_, _ = c.Fetch(ctx, "k", func(ctx context.Context) (int, error) {
			cancel()
			<-ctx.Done()
			close(ended)
			return 1, nil
		})
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the load goes on for nobody")
	}
	if v, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) { return 2, nil }); v != 2 || err != nil {
		t.Errorf("next Fetch = %d, %v", v, err)
	}
}

func TestALoadFromBeforeADeleteIsNeverStored(t *testing.T) {
	for name, drop := range map[string]func(*cache.Cache[string, int]){
		"delete": func(c *cache.Cache[string, int]) { c.Delete("k") },
		"clear":  func(c *cache.Cache[string, int]) { c.Clear() },
		"set":    func(c *cache.Cache[string, int]) { c.Set("k", 2) },
	} {
		t.Run(name, func(t *testing.T) {
			c := cache.New[string, int](cache.Options{TTL: time.Minute, MaxItems: 10})
			started, release := make(chan struct{}), make(chan struct{})
			old := make(chan int, 1)
			go func() {
				v, _ := c.Fetch(t.Context(), "k", func(context.Context) (int, error) {
					close(started)
					<-release
					return 1, nil
				})
				old <- v
			}()
			<-started
			drop(c)
			// Whoever comes after the change must not be given the load from before it.
			if v, _ := c.Fetch(t.Context(), "k", func(context.Context) (int, error) { return 2, nil }); v != 2 {
				t.Errorf("after the change: %d", v)
			}
			close(release)
			if v := <-old; v != 1 {
				t.Errorf("who waited before got %d", v)
			}
			if v, ok := c.Get("k"); !ok || v != 2 {
				t.Errorf("kept: %d, %v", v, ok)
			}
		})
	}
}

func TestErrorsAndPanicsAreNotKept(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: time.Minute, MaxItems: 10})
	bad := errors.New("bad")
	if _, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) { return 0, bad }); !errors.Is(err, bad) {
		t.Errorf("error: %v", err)
	}
	_, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) { panic("oops") })
	if err == nil || !strings.Contains(err.Error(), "oops") {
		t.Errorf("panic: %v", err)
	}
	if v, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("Fetch = %d, %v", v, err)
	}
}

func TestAgeCountsFromTheBeginningOfTheLoad(t *testing.T) {
	c := cache.New[string, int](cache.Options{TTL: time.Millisecond, MaxItems: 10})
	_, err := c.Fetch(t.Context(), "k", func(context.Context) (int, error) {
		began := time.Now()
		for time.Since(began) < 3*time.Millisecond {
		}
		return 1, nil
	})
	if _, ok := c.Get("k"); ok || err != nil {
		t.Errorf("a value that was old on arrival was kept (%v)", err)
	}
}

// TestReadersNeverSeeAnOldValueAfterItsChange hammers one key: a writer raises the
// truth and deletes, readers must never see less than what was true when they began.
func TestReadersNeverSeeAnOldValueAfterItsChange(t *testing.T) {
	c := cache.New[string, int64](cache.Options{TTL: time.Minute, MaxItems: 10})
	var truth atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := truth.Load()
				got, err := c.Fetch(t.Context(), "k", func(context.Context) (int64, error) { return truth.Load(), nil })
				if err != nil || got < least-1 {
					t.Errorf("got %d (%v) when at least %d was true", got, err, least-1)
					return
				}
			}
		})
	}
	for range 5000 {
		truth.Add(1)
		c.Delete("k")
	}
	close(stop)
	wg.Wait()
	if got, _ := c.Fetch(t.Context(), "k", func(context.Context) (int64, error) { return truth.Load(), nil }); got != truth.Load() {
		t.Errorf("at the end: %d, want %d", got, truth.Load())
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
