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
	for _, body := range bodies {
		b.Add([]byte(body))
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

// stored makes a text of messages with subjects, from member 1 and 2 by turns.
func stored(messages ...[2]string) *textcache.Entry {
	b := textcache.Builder{Kind: textcache.Stored}
	for i, m := range messages {
		b.AddStored(textcache.Line{Message: int64(i + 1), Sender: int64(i%2 + 1), At: int64(i)}, m[0], m[1])
	}
	return b.Entry(1, "", nil)
}

func anybody(textcache.Line) bool { return true }

func TestNewestNamesTheLastMessageThatHoldsATerm(t *testing.T) {
	e := stored([2]string{"trip", "red house"}, [2]string{"re: trip", "blue house"}, [2]string{"re: trip", "red\x01car"},
		[2]string{"a\x00b", "house"}, [2]string{"", ""})
	for term, want := range map[string]int64{"house": 4, "red": 3, "red house": 1, "blue": 2, "green": 0, "": 0, "trip": 3,
		"trip red": 0, "trip\x01red": 0, "a b": 4, "b\x01house": 0, "red car": 3, "house\x00": 0} {
		if got, ok := e.Newest([]byte(term), anybody); got.Message != want || ok != (want != 0) {
			t.Errorf("Newest(%q) = %d, want %d", term, got.Message, want)
		}
	}
	first := func(l textcache.Line) bool { return l.Sender == 1 }
	if got, _ := e.Newest([]byte("house"), first); got.Message != 1 {
		t.Errorf("the newest of the first member is %d, want 1", got.Message)
	}
	if _, ok := e.Newest([]byte("blue"), first); ok {
		t.Error("another member's message was taken")
	}
}

func TestNewestAgreesWithAPlainScan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) (s string) {
		for range r.IntN(n) {
			s += string(rune('a'+r.IntN(3))) + strings.Repeat(" ", r.IntN(2))
		}
		return s
	}
	for range 300 {
		messages := make([][2]string, r.IntN(200))
		for i := range messages {
			messages[i] = [2]string{word(3), word(4)}
		}
		e, term, want := stored(messages...), "a"+word(5), int64(0)
		for i, m := range messages {
			if i%2 == 0 && (strings.Contains(m[0], term) || strings.Contains(m[1], term)) {
				want = int64(i + 1)
			}
		}
		if got, _ := e.Newest([]byte(term), func(l textcache.Line) bool { return l.Sender == 1 }); got.Message != want {
			t.Fatalf("Newest(%q) in %q = %d, want %d", term, messages, got.Message, want)
		}
	}
}

func TestTheTwoTextsOfAConversationAreKeptApart(t *testing.T) {
	c := textcache.New(1 << 20)
	put(c, 7, entry(1, "plain"))
	if out := both(c, 7); out[0] == nil || out[1] != nil {
		t.Errorf("only the words are there: got %v", out)
	}
	put(c, 7, stored())
	if out := both(c, 7); out[0] == nil || out[1] == nil || out[1].Kind != textcache.Stored {
		t.Errorf("both are there: got %v", out)
	}
	c.Drop(7)
	if out := both(c, 7); out[0] != nil || out[1] != nil {
		t.Errorf("both were dropped: got %v", out)
	}
}

// both returns the texts of a conversation, words first.
func both(c *textcache.Cache, id int64) []*textcache.Entry {
	out := make([]*textcache.Entry, 2)
	c.Get([]textcache.Key{{Conversation: id}, {Conversation: id, Kind: textcache.Stored}}, out)
	return out
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
