package importer

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Remap gives rows of a source other ids than their own, by kind and id (rule 2).
type Remap map[string]map[int64]int64

// ReadRemap reads lines of kind, id in the source and id in Parley, with commas between
// them; empty lines and what follows # do not count.
func ReadRemap(r io.Reader) (Remap, error) {
	m := Remap{}
	taken := map[string]map[int64]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := strings.Split(line, ",")
		if len(parts) != 3 {
			return nil, fmt.Errorf("line %d: %q is not kind,id,new id", n, line)
		}
		kind := strings.TrimSpace(parts[0])
		from, err1 := strconv.ParseInt(strings.TrimSpace(parts[1]), 10, 64)
		to, err2 := strconv.ParseInt(strings.TrimSpace(parts[2]), 10, 64)
		switch {
		case kind != KindThread && kind != KindMessage && kind != KindRecipient:
			return nil, fmt.Errorf("line %d: %q is none of thread, message, recipient", n, kind)
		case err1 != nil || err2 != nil || to < 1:
			return nil, fmt.Errorf("line %d: %q does not hold two ids", n, line)
		case taken[kind][to]:
			return nil, fmt.Errorf("line %d: %s %d is given twice", n, kind, to)
		}
		if m[kind] == nil {
			m[kind], taken[kind] = map[int64]int64{}, map[int64]bool{}
		}
		if old, again := m[kind][from]; again && old != to {
			return nil, fmt.Errorf("line %d: %s %d has two new ids", n, kind, from)
		}
		m[kind][from], taken[kind][to] = to, true
	}
	return m, lines.Err()
}

// id is the id a row of the source has in Parley.
func (m Remap) id(kind string, id int64) int64 {
	if to, ok := m[kind][id]; ok {
		return to
	}
	return id
}

// apply puts the new ids into a thread.
func (m Remap) apply(t *Thread) {
	if len(m) == 0 {
		return
	}
	t.ID = m.id(KindThread, t.ID)
	for i := range t.Messages {
		t.Messages[i].ID = m.id(KindMessage, t.Messages[i].ID)
	}
	for i := range t.People {
		p := &t.People[i]
		if p.RowID != 0 {
			p.RowID = m.id(KindRecipient, p.RowID)
		}
		for j := range p.Stars {
			p.Stars[j] = m.id(KindMessage, p.Stars[j])
		}
	}
	for i := range t.Stars {
		t.Stars[i].Message = m.id(KindMessage, t.Stars[i].Message)
	}
	for i := range t.Meta {
		t.Meta[i].Message = m.id(KindMessage, t.Meta[i].Message)
	}
	for i := range t.Originals {
		t.Originals[i].Message = m.id(KindMessage, t.Originals[i].Message)
	}
}
