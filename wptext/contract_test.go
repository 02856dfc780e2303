package wptext_test

import (
	"strings"
	"testing"

	"parley/wptext"
)

type conversion struct{ in, want string }

func checkConversions(t *testing.T, f func(string) string, list []conversion) {
	t.Helper()
	for _, c := range list {
		if got := f(c.in); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

// The rows of the contract's tables in sections 2.9 and 3.1 to 3.3.

func TestExcerpt(t *testing.T) {
	checkConversions(t, wptext.Excerpt, []conversion{
		{strings.Repeat("a", 75), strings.Repeat("a", 75)},
		{strings.Repeat("a", 76), strings.Repeat("a", 65) + " [&hellip;]"},
		{"The quick brown fox jumps over the lazy dog and then keeps running through the forest until nightfall.",
			"The quick brown fox jumps over the lazy dog and then keeps [&hellip;]"},
		{"a " + strings.Repeat("x", 100), "a [&hellip;]"},
		{strings.Repeat("ü", 80), strings.Repeat("ü", 65) + " [&hellip;]"},
		{"a[caption id=\"x\"]gone[/caption]b [x]kept[/x]", "ab [x]kept[/x]"},
		{"[gallery]a [gallery", "a [gallery"},
		// Tags take no room, and no blank inside one is a place to cut.
		{`<a href="x">` + strings.Repeat("a", 75) + "</a>", strings.Repeat("a", 75)},
		{`a b<img src="x" alt="y z"/>` + strings.Repeat("x", 80), "a [&hellip;]"},
		// Behind a tag with a blank before it BuddyPress stops looking for one.
		{`&amp; &lt;  <img src="x"/> ` + strings.Repeat("a", 80), "&amp; &lt;   " + strings.Repeat("a", 59) + " [&hellip;]"},
		// What is cut loses a layer of backslashes, what is not keeps it.
		{`C:\path`, `C:\path`},
		{`C:\path It\'s ` + strings.Repeat("x", 80), "C:path It's [&hellip;]"},
	})
}

func TestStoreMessage(t *testing.T) {
	checkConversions(t, wptext.StoreMessage, []conversion{
		{"It's \"so\"", "It's \"so\""},
		{"<script>alert(1)</script>after", "alert(1)after"},
		{`<a href="javascript:alert(1)">l</a>`, `<a href="alert(1)">l</a>`},
		{`<a href="http://x.test" target="_blank" onclick="x()">l</a>`, `<a href="http://x.test">l</a>`},
		{`<img src="http://x.test/a.png" onerror="a()">`, `<img src="http://x.test/a.png"/>`},
		{"<b>bold <i>both</b></i>", "<b>bold <i>both</i></b>"},
		{"<strong>unclosed", "<strong>unclosed</strong>"},
		{"<div>div</div><br>br", "divbr"},
		{"a < b > c & d &bogus;", "a <b> c &amp; d &amp;bogus;</b>"},
		{"1 < 2 and <3 love", "1 &lt; 2 and &lt;3 love"},
		{"&#60;b&#62;", "&#060;b&#062;"},
		{"😀 ❤️ © ™", "&#x1f600; &#x2764;&#xfe0f; © &#x2122;"},
		{`<a href="x" href="y" TITLE='a "b"'>l</a>`, `<a href="x" title="a &quot;b&quot;">l</a>`},
		{`<a href="jav&#x61;script&colon;alert(1)">l</a>`, `<a href="alert(1)">l</a>`},
		{`<a href="feed:javascript:alert(1)">l</a>`, `<a href="feed:alert(1)">l</a>`},
		{`<a href="a:b:c:d:e:f:g:h:i">l</a>`, `<a href="">l</a>`},
		{`<a href="x title=y>l</a>`, `<a>l</a>`},
		{"<i>a<i>b", "<i>a</i><i>b</i>"},
		{"<q>a<q>b", "<q>a<q>b</q></q>"},
		{"<b/>x<img/><li/>", "<b></b>x<img /><li></li>"},
		{"<!-- a -- b --><!----><!-- c", "<!-- a - b -->&lt;!-- c"},
		{"a\x00\x01b\xffc", "ab\uFFFDc"},
	})
}

func TestStoreSubject(t *testing.T) {
	checkConversions(t, wptext.StoreSubject, []conversion{
		{"It's", `It\'s`},
		{`a \" b \\ c`, `a \" b \\ c`},
		{"<p>a</p><b>c", "a<b>c</b>"},
		{strings.Repeat("ü", 250), strings.Repeat("ü", 200)},
		{strings.Repeat("😀", 23), strings.Repeat("&#x1f600;", 22) + "&#"},
	})
}

func TestShowSubject(t *testing.T) {
	checkConversions(t, wptext.Style{}.Subject, []conversion{
		{`It\'s \"a\" -- b...`, "It&#8217;s &#8221;a&#8221; &#8212; b&#8230;"},
		{"&#x1f600; :)", "😀 🙂"},
	})
}

func TestShowThreadMessage(t *testing.T) {
	checkConversions(t, wptext.Style{SiteURL: "https://site.test/wp"}.ThreadMessage, []conversion{
		{"Line1\nLine2", "<p>Line1<br />\nLine2</p>\n"},
		{"Para1\n\nPara2", "<p>Para1</p>\n<p>Para2</p>\n"},
		{"", ""},
		{" \n ", ""},
		{`It's "quoted" -- dash ... x`, "<p>It&#8217;s &#8220;quoted&#8221; &#8212; dash &#8230; x</p>\n"},
		{`It\'s \"quoted\"`, "<p>It&#8217;s &#8220;quoted&#8221;</p>\n"},
		{`C:\path`, "<p>C:path</p>\n"},
		{"See http://example.com/a?b=1&amp;c=2.", `<p>See <a href="http://example.com/a?b=1&#038;c=2" rel="nofollow">http://example.com/a?b=1&#038;c=2</a>.</p>` + "\n"},
		{"www.example.org and foo@example.com", `<p><a href="http://www.example.org" rel="nofollow">http://www.example.org</a> and <a href="mailto:foo@example.com">foo@example.com</a></p>` + "\n"},
		{"(https://example.com/p_(x)) end", `<p>(<a href="https://example.com/p_(x)" rel="nofollow">https://example.com/p_(x)</a>) end</p>` + "\n"},
		{"https://SITE.test/x", `<p><a href="https://SITE.test/x">https://SITE.test/x</a></p>` + "\n"},
		{"https://x.test/" + strings.Repeat("a", 2000), "<p>https://x.test/" + strings.Repeat("a", 2000) + "</p>\n"},
		{"<code>http://x.test</code> <a href=\"/u\">see http://x.test</a>", "<p><code>http://x.test</code> <a href=\"/u\">see http://x.test</a></p>\n"},
		{`<code>"q" :)</code> "q"`, "<p><code>\"q\" :)</code> &#8220;q&#8221;</p>\n"},
		{"<ul>\n<li>a</li>\n</ul>", "<ul>\n<li>a</li>\n</ul>\n"},
		{"<blockquote>q</blockquote>", "<blockquote><p>q</p></blockquote>\n"},
		{"2x4 (tm)", "<p>2&#215;4 &#8482;</p>\n"},
		{"a--b a---b", "<p>a&#8211;b a&#8212;b</p>\n"},
		{"- a", "<p>&#8211; a</p>\n"},
		{":) text:)", "<p>🙂 text:)</p>\n"},
		{"@bob", "<p>@bob</p>\n"},
		{"&#x1f600;", "<p>😀</p>\n"},
	})
}

func TestShowMessage(t *testing.T) {
	checkConversions(t, wptext.Style{}.Message, []conversion{
		{`It\'s \"quoted\"`, "<p>It&#8217;s &#8221;quoted&#8221;</p>\n"},
		{`<img src="a.png"/>`, "<p><img loading=\"lazy\" src=\"a.png\" /></p>\n"},
		{"[embed]http://x.test/[/embed]", "<p><a href=\"http://x.test/\">http://x.test/</a></p>\n"},
		{"[embed]javascript:x[/embed]", "<p>[embed]javascript:x[/embed]</p>\n"},
	})
}

func TestDialects(t *testing.T) {
	for _, c := range []struct{ raw, stored string }{
		{"Hi", "Hi"},
		{"a < b & c", "a &lt; b &amp; c"},
		{"Map<String> </3>", "Map&lt;String&gt; &lt;/3&gt;"},
		{"a<br>b<br>\nc", "a\nb\nc"},
		{"<u>a</u><pre>b</pre><script>c</script>", "a\nb\n"},
		{`C:\new`, `C:\\new`},
		{"<b>a <i>b</b>", "<b>a <i>b</i></b>"},
		{`<a href="javascript:x">l</a><a href="https://x.test/?a=1&amp;b=2">m</a>`, `l<a href="https://x.test/?a=1&amp;b=2">m</a>`},
		{"😀", "&#x1f600;"},
	} {
		if got := wptext.ToBuddyPress(c.raw); got != c.stored {
			t.Errorf("ToBuddyPress(%q) = %q, want %q", c.raw, got, c.stored)
		}
	}
	checkConversions(t, func(s string) string { return wptext.Plain(wptext.FromBuddyPress(s)) }, []conversion{
		{`It\'s &amp; &#x1f600;`, "It's & 😀"},
		{"<p>a</p><p>b</p>", "a\n\nb"},
	})
	checkConversions(t, wptext.SubjectFromTitle, []conversion{
		{"Trip", "Trip"},
		{`It's <b> & C:\x`, `It\'s &lt;b&gt; &amp; C:\\x`},
	})
	if got := (wptext.Style{}).Subject(wptext.SubjectFromTitle(`a <b> & C:\x`)); got != `a &lt;b&gt; &amp; C:\x` {
		t.Errorf("title shows as %q", got)
	}
}
