package schema

import (
	"errors"
	"strings"
)

// split cuts a migration file into its statements, without comments and empty
// lines, so that each can be sent alone (the connection allows one at a time) and
// a change of wording in a comment does not change the checksum. It knows
// quotes, backslashes in them, and the three kinds of comment. Executable comments
// (/*! and /*M!) are refused: they mean different things to different servers.
func split(file string) ([]string, error) {
	var out []string
	var b strings.Builder
	flush := func() {
		var lines []string
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimRight(line, " \t\r\n"); line != "" {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 {
			out = append(out, strings.TrimLeft(strings.Join(lines, "\n"), " \t\r"))
		}
		b.Reset()
	}
	for i := 0; i < len(file); {
		rest := file[i:]
		switch c := file[i]; {
		case c == '\'' || c == '"' || c == '`':
			n := quoted(rest)
			if n == 0 {
				return nil, errors.New("a quote is not closed")
			}
			b.WriteString(rest[:n])
			i += n
		case c == '#' || isDashComment(rest):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i += n // the newline stays
		case strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!"):
			return nil, errors.New("executable comments are not allowed in migrations")
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return nil, errors.New("a comment is not closed")
			}
			b.WriteByte(' ')
			i += n + 4
		case c == ';':
			flush()
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	flush()
	return out, nil
}

// isDashComment: two dashes start a comment only before white space or the end.
func isDashComment(s string) bool {
	return strings.HasPrefix(s, "--") && (len(s) == 2 || strings.IndexByte(" \t\r\n", s[2]) >= 0)
}

// quoted returns the length of the quoted string s begins with, both quotes
// included, or 0 when it is not closed. A doubled quote reads as two strings side by
// side, which comes to the same.
func quoted(s string) int {
	q := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && q != '`':
			i++
		case s[i] == q:
			return i + 1
		}
	}
	return 0
}
