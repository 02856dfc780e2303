package textcache_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"parley/messaging/textcache"
)

func entry(version int64, bodies ...string) *textcache.Entry {
	var b textcache.Builder
	for i, body := range bodies {
		b.Add(int64(i+1), []byte(body))
	}
	return b.Entry(version, "", []int64{1, 2})
}

func get(c *textcache.Cache, conversation, version int64) *textcache.Entry {
	out := make([]*textcache.Entry, 1)
	c.Get([]textcache.Key{{Conversation: conversation, Version: version}}, out)
	return out[0]
}

func put(c *textcache.Cache, conversation int64, e *textcache.Entry) {
	l := c.Begin()
	defer l.End()
	l.Put(conversation, e)
}

func TestWordsAreSplitOnWhiteSpaceAndNUL(t *testing.T) {
	for term, want := range map[string][]string{
		"":                    nil,
		" \t\n ":              nil,
		"invoice":             {"invoice"},
		"a\x00b c":            {"a", "b", "c"},
		"the red house the":   {"house", "the", "red"},
		"\u00a0thin\u2009gap": {"thin", "gap"},
	} {
		var got []string
		for _, w := range textcache.Words(term) {
			got = append(got, string(w))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Words(%q) = %q, want %q", term, got, want)
		}
	}
	if n := len(textcache.Words(strings.Repeat("a ", 5) + manyWords(200))); n != textcache.MaxWords {
		t.Errorf("%d words, want the bound %d", n, textcache.MaxWords)
	}
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

func TestContainsNeverSpansTwoMessages(t *testing.T) {
	e := entry(1, "red ho", "use blue", "with\x00nul")
	for word, want := range map[string]bool{"red": true, "house": false, "blue": true, "hou": false, "nul": true} {
		if e.Contains([]byte(word)) != want {
			t.Errorf("Contains(%q) is %v", word, !want)
		}
	}
	var b textcache.Builder
	if e := b.Entry(1, "the trip", nil); !e.Contains([]byte("trip")) || e.Contains([]byte("trips")) {
		t.Error("a title is matched wrongly")
	}
}

func TestNewestNamesTheLastMessageWithEveryWord(t *testing.T) {
	e := entry(1, "red house", "blue house", "red car", "house", "")
	for term, want := range map[string]int64{"house": 4, "red": 3, "red house": 1, "blue": 2, "green": 0, "": 0, "car blue": 0} {
		if got := e.Newest(textcache.Words(term)); got != want {
			t.Errorf("Newest(%q) = %d, want %d", term, got, want)
		}
	}
}

func TestNewestAgreesWithAPlainScan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		bodies := make([]string, r.IntN(12))
		for i := range bodies {
			for range r.IntN(6) {
				bodies[i] += string(rune('a'+r.IntN(3))) + strings.Repeat(" ", r.IntN(2))
			}
		}
		e, term := entry(1, bodies...), string(rune('a'+r.IntN(3)))+string(rune('a'+r.IntN(3)))+" "+string(rune('a'+r.IntN(3)))
		words, want := textcache.Words(term), int64(0)
		for i, body := range bodies {
			all := true
			for _, w := range words {
				all = all && strings.Contains(body, string(w))
			}
			if all {
				want = int64(i + 1)
			}
		}
		if got := e.Newest(words); got != want {
			t.Fatalf("Newest(%q) in %q = %d, want %d", term, bodies, got, want)
		}
	}
}

func TestAnEntryServesItsVersionAndOlderAsks(t *testing.T) {
	c := textcache.New(1 << 20)
	put(c, 7, entry(100, "text"))
	for version, want := range map[int64]bool{99: true, 100: true, 101: false} {
		if (get(c, 7, version) != nil) != want {
			t.Errorf("version %d: found is %v", version, !want)
		}
	}
	put(c, 7, entry(50, "older"))
	if e := get(c, 7, 100); e == nil || !e.Contains([]byte("text")) {
		t.Error("an older text replaced a newer one")
	}
	put(c, 7, entry(200, "newer"))
	if e := get(c, 7, 150); e == nil || !e.Contains([]byte("newer")) {
		t.Error("a newer text did not replace an older one")
	}
	if s := c.Stats(); s.Hits != 4 || s.Misses != 1 || s.Size != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestALoadDoesNotBringBackWhatWasDroppedMeanwhile(t *testing.T) {
	c := textcache.New(1 << 20)
	l := c.Begin()
	c.Drop(7)
	l.Put(7, entry(1, "before the rename"))
	l.Put(8, entry(1, "another"))
	l.End()
	if get(c, 7, 1) != nil {
		t.Error("the dropped conversation is back")
	}
	if get(c, 8, 1) == nil {
		t.Error("another conversation was not kept")
	}
	put(c, 7, entry(1, "after the rename"))
	if get(c, 7, 1) == nil {
		t.Error("a load begun after the drop was not kept")
	}
}

func TestTheCacheNeverWeighsMoreThanItsBound(t *testing.T) {
	const max = 64 << 10
	c := textcache.New(max)
	hot := entry(1, strings.Repeat("hot ", 50))
	put(c, 1, hot)
	for i := int64(2); i < 2000; i++ {
		put(c, i, entry(1, strings.Repeat("x", int(i)%900)))
		if get(c, 1, 1) == nil {
			t.Fatalf("the entry in constant use was evicted at %d", i)
		}
		if _, n := c.Size(); n > max {
			t.Fatalf("%d bytes after %d puts, bound %d", n, i, max)
		}
	}
	put(c, 5000, entry(1, strings.Repeat("y", c.Largest())))
	if get(c, 5000, 1) != nil {
		t.Error("an oversized entry was kept")
	}
	for i := int64(1); i < 2000; i++ {
		c.Drop(i)
	}
	if n, bytes := c.Size(); n != 0 || bytes != 0 {
		t.Errorf("%d entries of %d bytes are left after dropping all", n, bytes)
	}
}

func TestOneLoadReplacesHalfOfTheCacheAtMost(t *testing.T) {
	c := textcache.New(64 << 10)
	l := c.Begin()
	for i := range int64(1000) {
		l.Put(i, entry(1, strings.Repeat("x", 500)))
	}
	l.End()
	if _, n := c.Size(); n > 32<<10 {
		t.Errorf("one load stored %d bytes", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := textcache.New(32 << 10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(uint64(g), 1))
			keys, out := make([]textcache.Key, 20), make([]*textcache.Entry, 20)
			for n := range 500 {
				for i := range keys {
					keys[i] = textcache.Key{Conversation: r.Int64N(200), Version: int64(n)}
				}
				c.Get(keys, out)
				l := c.Begin()
				for i, k := range keys {
					if out[i] == nil {
						l.Put(k.Conversation, entry(int64(n), strings.Repeat("z", r.IntN(400))))
					}
				}
				l.End()
				c.Drop(r.Int64N(200))
			}
		}()
	}
	wg.Wait()
	if _, n := c.Size(); n > 32<<10 {
		t.Errorf("%d bytes", n)
	}
}
