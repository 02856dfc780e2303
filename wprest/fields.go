package wprest

import "strings"

// fieldTree is what `_fields` asks for; a nil subtree takes everything below.
type fieldTree map[string]fieldTree

// filterFields keeps what `_fields` lists (rest_filter_response_fields): of the
// object, or of each item when the answer is a list. Dotted paths go down maps,
// not lists.
func (c *Call) filterFields() {
	v, ok := c.param("_fields")
	if !ok {
		return
	}
	names := v.Items // of a list or map
	if v.Kind != Map && v.Kind != List {
		names, _ = v.elements()
	}
	tree := fieldTree{}
	for i := range names {
		if name := strings.TrimSpace(names[i].Text); name != "" {
			tree.add(strings.Split(name, "."))
		}
	}
	if len(tree) == 0 {
		return
	}
	answer, err := ParseJSON(c.Out.b)
	if err != nil {
		return
	}
	if answer.Kind == List {
		for i := range answer.Items {
			answer.Items[i] = tree.keep(answer.Items[i])
		}
	} else {
		links, linked := answer.Get("_links")
		linked = linked && c.KeepLinks
		if linked {
			delete(tree, "_links")
		}
		if answer = tree.keep(answer); linked {
			answer.set("_links", links)
		}
	}
	c.Out.Reset()
	c.Out.Value(answer)
}

func (t fieldTree) add(path []string) {
	sub, seen := t[path[0]]
	switch {
	case len(path) == 1:
		t[path[0]] = nil
	case seen && sub == nil: // the parent is wanted as a whole
	default:
		if sub == nil {
			sub = fieldTree{}
			t[path[0]] = sub
		}
		sub.add(path[1:])
	}
}

func (t fieldTree) keep(v Value) Value {
	switch v.Kind {
	case List:
		return Value{Kind: List}
	case Map:
	default:
		return v
	}
	out := Value{Kind: Map}
	for i, k := range v.Keys {
		sub, wanted := t[k]
		if !wanted {
			continue
		}
		item := v.Items[i]
		if sub != nil {
			item = sub.keep(item)
		}
		out.Keys, out.Items = append(out.Keys, k), append(out.Items, item)
	}
	return out
}
