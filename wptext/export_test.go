package wptext

// RenderSlow renders without the short cut for plain text.
func RenderSlow(raw string) string { return render(raw) }

// Unguarded returns what a message, the newest message of a thread and a
// subject look like before the last look at them, and whether they pass it.
func Unguarded(y Style, stored string) (html [3]string, ok bool) {
	html = [3]string{
		Unslash(y.body(embedLinks(filter(stored, messageTags)))),
		y.body(Unslash(filter(stored, messageTags))),
		Unslash(texturize(slash(filter(Unslash(stored), subjectTags)))),
	}
	return html, permitted(html[0]) && permitted(html[1]) && permitted(html[2])
}

// Permitted is the last look at finished HTML.
func Permitted(html string) bool { return permitted(html) }
