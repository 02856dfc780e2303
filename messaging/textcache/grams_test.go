package textcache

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestGramsNeverDenyAWordThatIsThere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for _, length := range []int{0, 2, gramsFrom - 1, gramsFrom, 1000, 4096, 300_000} {
		text := make([]byte, length)
		for i := range text {
			text[i] = byte('a' + r.IntN(20))
		}
		g := gramsOf(text)
		if 64*len(g) > gramsMost {
			t.Errorf("%d bits for %d bytes", 64*len(g), length)
		}
		for range 2000 {
			from := r.IntN(length + 1)
			if word := text[from : from+r.IntN(min(12, length-from+1))]; !g.mayHold(word) {
				t.Fatalf("%q is denied in %d bytes", word, length)
			}
		}
	}
}

func TestGramsDenyMostWordsThatAreNotThere(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 4))
	random := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = byte('a' + r.IntN(26))
		}
		return out
	}
	text := random(1300)
	g := gramsOf(text)
	passed := 0
	for range 1000 {
		if word := random(6); !bytes.Contains(text, word) && g.mayHold(word) {
			passed++
		}
	}
	if passed > 100 {
		t.Errorf("%d of 1000 absent words would be looked for", passed)
	}
}
