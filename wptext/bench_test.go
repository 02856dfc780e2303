package wptext_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/wptext"
)

// hostile are texts of 10 KB made to be slow.
var hostile = func() map[string]string {
	m := map[string]string{}
	for _, unit := range []string{
		"<", "<a", "<a ", "<a =\"", "<a ='<a =\"", "<a \"<a \" ", "<a x=\"<a\" ", "<a x=\"<a \" ",
		"<!--", "<!-- -->", "</", "<script>", "<script></script", "<script></script>", "<style><script>",
		"&", "&#", "&amp", "&CounterClockwiseContourIntegral", "&amp;", "<br>", "<p>", "<p><br>", "\n", "\n\n", "a\n\n", " \n",
		"<b>", "<b><i>", "<b></i>", "<b><i><u><s><em><strong><code>a\n\n", "</b>", "<b>a</i><i>b</b>",
		"<ul>", "<ul><li>", "<li>", "<blockquote>", "</ul>", "<pre>", "<td>", "<div>", "<div>a",
		"http://", "http://a", "http://a.b ", "www.", "www.a ", "http://a(", "http://a)", "://", ":", ")", "]",
		"<a href=http://x>", "<a href=http://x>a\n\n", "e\u0301", "\u0301", "İ", "\xff", "\x00", "😀", "ß", "  ", "a b ",
		"'", "\"", "--", "...", "\\", ":)", "@", "a@b.c ", "[", "[audio]", "x2", "&#x1f600;", ":-", "(c)", "a://", "a://!!", "<blockquote>", "<blockquote></q>", "<img>", "<!-- >", "<!-- >\n", "[embed]", "[gallery] ",
		"<a href=\"feed:", "<a href=feed:feed:>", "%0%0aa", "1x", "0,x1", "'99\"", " '", "\"5\" ", "5' ", "<li>\n", "<p> \n", "&nbsp;", "\\\\", "--a ", "</p>",
	} {
		m[unit] = strings.Repeat(unit, 10240/len(unit)+1)[:10240]
	}
	m["link in paragraphs"] = "<a href=http://x/" + strings.Repeat("a", 2000) + ">" + strings.Repeat("a\n\n", 2700)
	m["one bracketed URL"] = "http://a" + strings.Repeat("(", 5000) + strings.Repeat(")", 5000)
	m["letters"] = strings.Repeat("a", 10240)
	return m
}()

// cpuTime returns the processor time this process has used. Unlike a clock it
// does not run while others have the processor.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// within fails when the fastest of a few runs of f takes longer than limit.
func within(t *testing.T, name string, limit time.Duration, f func()) {
	t.Helper()
	best := time.Hour
	for range 20 {
		start := cpuTime(t)
		f()
		if best = min(best, cpuTime(t)-start); best <= limit {
			return
		}
	}
	t.Errorf("%s took %v, want at most %v", name, best, limit)
}

func TestHostileTextIsFast(t *testing.T) {
	for unit, s := range hostile {
		const limit = 5 * time.Millisecond * slowdown
		within(t, "Render of "+unit, limit, func() { wptext.Render(s) })
		within(t, "Plain of "+unit, limit, func() { wptext.Plain(s) })
		within(t, "Preview of "+unit, limit, func() { wptext.Preview(s, 255) })
		within(t, "Fold of "+unit, limit, func() { wptext.Fold(s) })
		within(t, "StoreMessage of "+unit, limit, func() { wptext.StoreMessage(s) })
		within(t, "StoreSubject of "+unit, limit, func() { wptext.StoreSubject(s) })
		within(t, "ToBuddyPress of "+unit, limit, func() { wptext.ToBuddyPress(s) })
		within(t, "Excerpt of "+unit, limit, func() { wptext.Excerpt(s) })
		for _, y := range []wptext.Style{{}, {EmojiBase: "https://e.test/"}} {
			within(t, "Subject of "+unit, limit, func() { y.Subject(s) })
			within(t, "ThreadMessage of "+unit, limit, func() { y.ThreadMessage(s) })
			within(t, "Message of "+unit, limit, func() { y.Message(s) })
		}
		if n := len(wptext.Render(s)); n > 300_000 {
			t.Errorf("Render of %s: %d bytes", unit, n)
		}
	}
}

const chat = "Hi Bob, are you coming to the meeting at 10:30 tomorrow? I put the agenda on the table in the kitchen.\nSee you!"

func BenchmarkRenderPlain(b *testing.B) { bench(b, chat, wptext.Render) }
func BenchmarkRenderMarkup(b *testing.B) {
	bench(b, "<b>Hi</b> see https://x.test/a?b=1&c=2 "+chat, wptext.Render)
}
func BenchmarkPlain(b *testing.B)       { bench(b, chat, wptext.Plain) }
func BenchmarkPlainMarkup(b *testing.B) { bench(b, "<b>Hi</b> & "+chat, wptext.Plain) }
func BenchmarkFoldASCII(b *testing.B)   { bench(b, chat, wptext.Fold) }
func BenchmarkFold(b *testing.B)        { bench(b, "Crème "+chat, wptext.Fold) }
func BenchmarkPreview(b *testing.B) {
	bench(b, chat, func(s string) string { return wptext.Preview(s, 255) })
}

func BenchmarkStoreMessage(b *testing.B) { bench(b, chat, wptext.StoreMessage) }
func BenchmarkShowMessage(b *testing.B)  { bench(b, chat, wptext.Style{}.Message) }
func BenchmarkShowMarkup(b *testing.B) {
	bench(b, "<b>Hi</b> see https://x.test/a?b=1&amp;c=2 \"now\" &#x1f600; "+chat, wptext.Style{}.Message)
}
func BenchmarkExcerpt(b *testing.B) { bench(b, chat, wptext.Excerpt) }

func bench(b *testing.B, s string, f func(string) string) {
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		f(s)
	}
}
