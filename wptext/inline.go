package wptext

// inlineTag notes the start or end of an inline element. The same element
// inside itself is only counted.
func (r *renderer) inlineTag(t token) {
	n := &r.nested[t.tag]
	if !t.close {
		if *n++; *n == 1 {
			r.want = append(r.want, inline{tag: t.tag})
		}
		return
	}
	if *n == 0 {
		return
	}
	if *n--; *n == 0 {
		r.remove(t.tag)
	}
}

// anchor notes the start or end of a link. Links do not nest: any start or
// end tag ends the one before.
func (r *renderer) anchor(t token) {
	r.dropLink()
	if t.close {
		return
	}
	value, _ := attribute(t.attrs, "href")
	href, ok := safeURL(clean(decode(value)))
	if !ok {
		return
	}
	r.href = href
	r.links++
	r.nested[tagA] = 1
	r.want = append(r.want, inline{tag: tagA, link: r.links})
}

func (r *renderer) hasLink() bool { return r.nested[tagA] > 0 }

func (r *renderer) dropLink() {
	if r.hasLink() {
		r.nested[tagA] = 0
		r.remove(tagA)
	}
}

func (r *renderer) remove(t tag) {
	w := r.want[:0]
	for _, e := range r.want {
		if e.tag != t {
			w = append(w, e)
		}
	}
	r.want = w
}

// common returns how many of the written elements stay open.
func (r *renderer) common() int {
	n := 0
	for n < len(r.open) && n < len(r.want) && r.open[n] == r.want[n] {
		n++
	}
	return n
}

// closeInline closes written elements until n are left.
func (r *renderer) closeInline(n int) {
	for i := len(r.open) - 1; i >= n; i-- {
		r.closeTag(r.open[i].tag)
	}
	r.open = r.open[:n]
}

// openInline makes the written elements the wanted ones.
func (r *renderer) openInline() {
	r.closeInline(r.common())
	for _, e := range r.want[len(r.open):] {
		if e.tag == tagA {
			r.b = appendLink(r.b, r.href)
		} else {
			r.openTag(e.tag)
		}
		r.open = append(r.open, e)
	}
}

// appendLink appends the start tag of a link.
func appendLink(b []byte, href string) []byte {
	b = append(b, `<a href="`...)
	b = appendAttribute(b, href)
	b = append(b, '"')
	b = append(b, linkRel...)
	return append(b, '>')
}
