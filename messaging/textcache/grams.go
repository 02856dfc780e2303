package textcache

import "math/bits"

// grams is a set of hashed runs of three bytes of a text. It answers "not in here"
// for most words that are not, in a few instructions; a word of which all runs are in
// it must still be looked for. Empty for texts that are scanned as quickly.
type grams []uint64

const (
	gramsFrom = 192     // texts below this many bytes have no set
	gramsMost = 1 << 18 // bits; natural text has far fewer different runs
)

// gramsOf makes the set of a text: two bits for each of its bytes, so that about a
// quarter of them is set.
func gramsOf(text []byte) grams {
	if len(text) < gramsFrom {
		return nil
	}
	size := min(1<<bits.Len(uint(2*len(text)-1)), gramsMost)
	g := make(grams, size/64)
	for i := 0; i+3 <= len(text); i++ {
		bit := g.bit(text[i], text[i+1], text[i+2])
		g[bit/64] |= 1 << (bit % 64)
	}
	return g
}

// bit is where a run is kept: the top bits of a multiplicative hash.
func (g grams) bit(a, b, c byte) uint32 {
	run := uint32(a)<<16 | uint32(b)<<8 | uint32(c)
	return run * 0x9e3779b1 >> (33 - bits.Len(uint(64*len(g))))
}

// mayHold reports false only when the word is not in the text.
func (g grams) mayHold(word []byte) bool {
	if len(g) == 0 {
		return true
	}
	for i := 0; i+3 <= len(word); i++ {
		if bit := g.bit(word[i], word[i+1], word[i+2]); g[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}
