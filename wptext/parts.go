package wptext

import (
	"iter"
	"strings"
)

// part is a tag (or comment) or a stretch of text between two.
type part struct {
	text  string
	isTag bool
}

// parts splits filtered text, in which every "<" opens a tag or comment that
// the next ">" ends.
func parts(s string) iter.Seq[part] {
	return func(yield func(part) bool) {
		for len(s) > 0 {
			if s[0] == '<' {
				end := strings.IndexByte(s, '>')
				if end < 0 {
					end = len(s) - 1
				}
				if !yield(part{s[:end+1], true}) {
					return
				}
				s = s[end+1:]
				continue
			}
			end := strings.IndexByte(s, '<')
			if end < 0 {
				end = len(s)
			}
			if !yield(part{s[:end], false}) {
				return
			}
			s = s[end:]
		}
	}
}

// nesting counts open elements by name.
type nesting map[string]int

// see takes note of a tag.
func (n *nesting) see(whole string) {
	if len(whole) < 3 || whole[1] == '!' {
		return
	}
	if *n == nil {
		*n = nesting{}
	}
	name, rest := tagParts(whole)
	switch {
	case whole[1] != '/':
		if !strings.HasSuffix(rest, "/") {
			(*n)[name]++
		}
	case (*n)[name] > 0:
		(*n)[name]--
	}
}

// in tells whether one of the named elements is open.
func (n nesting) in(names ...string) bool {
	for _, name := range names {
		if n[name] > 0 {
			return true
		}
	}
	return false
}
