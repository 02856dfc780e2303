package importer

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Tables that were made long ago are declared latin1 or 3-byte utf8. WordPress wrote
// UTF-8 into the first as if it were latin1 wherever its connection was latin1 too, so
// what a value holds is told by its bytes, and the server is never asked to convert it:
// it would encode twice what is UTF-8 already.

// asStored are the character sets whose bytes are taken as they are: UTF-8, or no text.
var asStored = []string{"utf8", "utf8mb3", "utf8mb4", "ascii", "binary"}

const latin1 = "latin1"

// bytesOf is an expression for the bytes of a text column: those that are stored for
// the character sets above and latin1, else those of its UTF-8.
func (t *table) bytesOf(alias, name string) string {
	expr := alias + ".`" + name + "`"
	if c := t.columns[name]; c.Charset != nil && *c.Charset != latin1 && !slices.Contains(asStored, *c.Charset) {
		return "CAST(CONVERT(" + expr + " USING utf8mb4) AS BINARY)"
	}
	return "CAST(" + expr + " AS BINARY)"
}

// isLatin1 reports whether a column is declared so.
func (t *table) isLatin1(name string) bool {
	c := t.columns[name]
	return c.Charset != nil && *c.Charset == latin1
}

// textKind says what became of the bytes of a text.
type textKind int

const (
	textAsIs      textKind = iota
	textConverted          // latin1, made UTF-8
	textRepaired           // held bytes that are no text, which U+FFFD stands for now
)

// toText makes text of stored bytes. In a latin1 column, bytes that are mostly UTF-8 are
// UTF-8; others are latin1, which to MySQL is cp1252.
func toText(b []byte, declaredLatin1 bool) (string, textKind) {
	if utf8.Valid(b) {
		return string(b), textAsIs
	}
	if declaredLatin1 && !mostlyUTF8(b) {
		out := make([]byte, 0, len(b)+len(b)/8)
		for _, c := range b {
			r := charmap.Windows1252.DecodeByte(c)
			if r == utf8.RuneError {
				r = rune(c) // the five bytes cp1252 leaves open are themselves to MySQL
			}
			out = utf8.AppendRune(out, r)
		}
		return string(out), textConverted
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), textRepaired
}

// mostlyUTF8 reports whether bytes hold at least as many sequences of UTF-8 as runs of
// bytes that are none: a text that was cut in the middle of a character is UTF-8, and
// latin1 hardly ever looks like it.
func mostlyUTF8(b []byte) bool {
	good, bad, broken := 0, 0, false
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		invalid := r == utf8.RuneError && n == 1
		switch {
		case invalid && !broken:
			bad++
		case n > 1:
			good++
		}
		b, broken = b[n:], invalid
	}
	return good > 0 && good >= bad
}
