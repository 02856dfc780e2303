package wptext

// RenderSlow renders without the short cut for plain text.
func RenderSlow(raw string) string { return render(raw) }
