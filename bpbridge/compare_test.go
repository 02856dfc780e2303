package bpbridge_test

import (
	"fmt"
	"regexp"
	"strings"

	"parley/wprest"
)

// twins pairs the ids of a recording with the ids of the replay, both ways.
type twins struct{ there, here map[string]string }

func newTwins() twins { return twins{map[string]string{}, map[string]string{}} }

// same pairs two ids at their first meeting and holds them together afterwards.
func (p twins) same(recorded, replayed string) bool {
	r, a := p.there[recorded], p.here[replayed]
	if r == "" && a == "" {
		p.there[recorded], p.here[replayed] = replayed, recorded
		return true
	}
	return r == replayed && a == recorded
}

// ids are the id spaces of the surface.
type ids struct{ threads, messages, rows twins }

func newIDs() *ids { return &ids{newTwins(), newTwins(), newTwins()} }

// comparison collects where an answer differs from the recording.
type comparison struct {
	ids *ids
	// item is what a bare id of an item names: threads, or messages on the star route.
	item   twins
	ignore map[string]bool
	faults []string
}

func (c *comparison) fault(path, format string, args ...any) {
	if len(c.faults) < 8 {
		c.faults = append(c.faults, path+": "+fmt.Sprintf(format, args...))
	}
}

func show(v wprest.Value) string {
	var j wprest.JSON
	j.Value(v)
	if s := string(j.Bytes()); len(s) <= 300 {
		return s
	}
	return string(j.Bytes()[:300]) + "…"
}

var address = regexp.MustCompile(`^(.*/messages/)(starred/)?(\d+)$`)

func (c *comparison) compare(path, key string, want, got wprest.Value) {
	if c.ignore[path] || c.ignore["*."+key] {
		return
	}
	if want.Kind != got.Kind {
		c.fault(path, "want %s, got %s", show(want), show(got))
		return
	}
	switch want.Kind {
	case wprest.List:
		if len(want.Items) != len(got.Items) {
			c.fault(path, "want %d items %s, got %d %s", len(want.Items), show(want), len(got.Items), show(got))
			return
		}
		for i := range want.Items {
			c.compare(fmt.Sprintf("%s[%d]", path, i), key, want.Items[i], got.Items[i])
		}
	case wprest.Map:
		c.compareMaps(path, want, got)
	case wprest.Bool:
		if want.Bool != got.Bool {
			c.fault(path, "want %v, got %v", want.Bool, got.Bool)
		}
	case wprest.Number, wprest.String:
		c.compareScalars(path, key, want.Text, got.Text)
	}
}

// compareMaps holds the order of keys too, but for the descriptions of arguments.
func (c *comparison) compareMaps(path string, want, got wprest.Value) {
	if strings.Contains(path, ".args.") {
		c.compareUnordered(path, want, got)
		return
	}
	links := strings.HasSuffix(path, "._links")
	for i, k := range want.Keys {
		if i >= len(got.Keys) {
			c.fault(path, "%q is missing in %s", k, show(got))
			return
		}
		if g := got.Keys[i]; k != g && !(links && c.ids.messages.same(k, g)) {
			c.fault(path, "key %d is %q, want %q", i, g, k)
			return
		}
		c.compare(path+"."+k, k, want.Items[i], got.Items[i])
	}
	if len(got.Keys) > len(want.Keys) {
		c.fault(path, "%q is too much", got.Keys[len(want.Keys)])
	}
}

func (c *comparison) compareUnordered(path string, want, got wprest.Value) {
	for i, k := range want.Keys {
		item, ok := got.Get(k)
		if !ok {
			c.fault(path, "%q is missing in %s", k, show(got))
			continue
		}
		c.compare(path+"."+k, k, want.Items[i], item)
	}
	for _, k := range got.Keys {
		if _, ok := want.Get(k); !ok {
			c.fault(path, "%q is too much", k)
		}
	}
}

func (c *comparison) compareScalars(path, key, want, got string) {
	ok := want == got
	switch {
	case key == "id" && strings.Contains(path, ".messages["):
		ok = c.ids.messages.same(want, got)
	case key == "id" && strings.Contains(path, ".recipients["):
		ok = c.ids.rows.same(want, got)
	case key == "id" && !strings.Contains(path, ".args."):
		ok = c.item.same(want, got)
	case key == "thread_id":
		ok = c.ids.threads.same(want, got)
	case key == "message_id", key == "starred_message_ids":
		ok = c.ids.messages.same(want, got)
	case key == "href":
		if w, g := address.FindStringSubmatch(want), address.FindStringSubmatch(got); w != nil && g != nil {
			pair := c.ids.threads
			if w[2] != "" {
				pair = c.ids.messages
			}
			ok = w[1] == g[1] && w[2] == g[2] && pair.same(w[3], g[3])
		}
	}
	if !ok {
		c.fault(path, "\n\twant %q\n\tgot  %q", want, got)
	}
}
