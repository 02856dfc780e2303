package wptext

// tag identifies what the reader of message text does with an HTML element.
type tag uint8

const (
	tagNone tag = iota // not a known element: its "<" is literal text

	// Inline elements that are kept. They come first so that they can index
	// small arrays.
	tagStrong
	tagEm
	tagB
	tagI
	tagU
	tagS
	tagCode
	tagA
	inlineEnd

	// Block elements that are kept.
	tagP
	tagBr
	tagPre
	tagBlockquote
	tagUl
	tagOl
	tagLi

	// Elements that are dropped.
	tagDrop     // within a line: nothing marks its place
	tagDropCell // a table cell: a blank marks its place
	tagDropLine // its content stands on lines of its own
	tagDropPara // its content stands in paragraphs of its own
	tagScript   // dropped with everything inside
	tagStyle
)

// keptNames spells the elements that may appear in rendered text.
var keptNames = [...]string{
	tagStrong: "strong", tagEm: "em", tagB: "b", tagI: "i", tagU: "u", tagS: "s",
	tagCode: "code", tagA: "a", tagP: "p", tagBr: "br", tagPre: "pre",
	tagBlockquote: "blockquote", tagUl: "ul", tagOl: "ol", tagLi: "li",
}

// maxTagName is the length of the longest known element name, in bytes.
const maxTagName = 10

// tagsByName knows every element of HTML, the obsolete ones included, by its
// lower-case name. What is not in it is text.
var tagsByName = func() map[string]tag {
	m := make(map[string]tag, 160)
	for t, name := range keptNames {
		if name != "" {
			m[name] = tag(t)
		}
	}
	add := func(t tag, names ...string) {
		for _, n := range names {
			m[n] = t
		}
	}
	add(tagScript, "script")
	add(tagStyle, "style")
	add(tagDrop,
		"abbr", "acronym", "applet", "area", "audio", "base", "basefont", "bdi", "bdo",
		"bgsound", "big", "blink", "button", "canvas", "cite", "col", "colgroup", "data",
		"datalist", "del", "dfn", "embed", "font", "frame", "iframe", "image", "img",
		"input", "ins", "isindex", "kbd", "keygen", "label", "link", "map", "mark",
		"marquee", "math", "meta", "meter", "nobr", "noembed", "noframes", "noscript",
		"object", "output", "param", "picture", "progress", "q", "rb", "rp", "rt", "rtc",
		"ruby", "samp", "slot", "small", "source", "spacer", "span", "strike", "sub",
		"sup", "svg", "template", "time", "track", "tt", "var", "video", "wbr")
	add(tagDropCell, "td", "th")
	add(tagDropLine,
		"body", "caption", "dd", "div", "dt", "head", "html", "legend", "optgroup",
		"option", "summary", "tbody", "tfoot", "thead", "tr")
	add(tagDropPara,
		"address", "article", "aside", "center", "details", "dialog", "dir", "dl",
		"fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2",
		"h3", "h4", "h5", "h6", "header", "hgroup", "hr", "listing", "main", "menu",
		"menuitem", "nav", "plaintext", "search", "section", "select", "table",
		"textarea", "title", "xmp")
	return m
}()
