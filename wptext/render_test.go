package wptext_test

import (
	"strings"
	"testing"

	"parley/wptext"
)

const rel = ` rel="nofollow ugc noopener"`

var renderCases = []struct{ name, raw, html, plain string }{
	{"word", "Hi", "<p>Hi</p>", "Hi"},
	{"empty", "", "", ""},
	{"blanks", " \n\t ", "", " \n\t "},
	{"comparison", "a < b & c", "<p>a &lt; b &amp; c</p>", "a < b & c"},
	{"comparison both ways", "a < b > c", "<p>a &lt; b &gt; c</p>", "a < b > c"},
	{"quotes", `It's "so"`, `<p>It's "so"</p>`, `It's "so"`},
	{"outer blanks", "  x ", "<p>x </p>", "  x "},
	{"newline", "a\nb", "<p>a<br>b</p>", "a\nb"},
	{"paragraphs", "a\n\nb\n \n\nc", "<p>a</p><p>b</p><p>c</p>", "a\n\nb\n \n\nc"},
	{"windows newlines", "a\r\nb\rc", "<p>a<br>b<br>c</p>", "a\nb\nc"},
	{"formatting", "<strong>a</strong> <em>b</em> <B>c</B> <i>d</i> <u>e</u> <s>f</s> <code>g</code>",
		"<p><strong>a</strong> <em>b</em> <b>c</b> <i>d</i> <u>e</u> <s>f</s> <code>g</code></p>", "a b c d e f g"},
	{"attributes go", `<b class="x" onclick="y()">a</b>`, "<p><b>a</b></p>", "a"},
	{"br", "a<br>b<br/>c<br />\nd", "<p>a<br>b<br>c<br>d</p>", "a\nb\nc\nd"},
	{"two br", "a<br><br>b", "<p>a<br><br>b</p>", "a\n\nb"},
	{"p", "<p>a</p>\n<p>b</p>", "<p>a</p><p>b</p>", "a\n\nb"},
	{"empty p", "<p></p><p>b", "<p>b</p>", "b"},
	{"list", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "<ul><li>a</li><li>b</li></ul>", "a\nb"},
	{"open list", "<ol><li>a<li>b", "<ol><li>a</li><li>b</li></ol>", "a\nb"},
	{"nested list", "<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>", "a\nb"},
	{"li alone", "<li>a</li>b", "<ul><li>a</li></ul><p>b</p>", "a\nb"},
	{"text in list", "<ul>a<li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>", "a\nb"},
	{"quote", "<blockquote>q</blockquote>x", "<blockquote><p>q</p></blockquote><p>x</p>", "q\nx"},
	{"pre", "<pre>\na  <b>b</b>\n\n c</pre>", "<pre>a  <b>b</b>\n\n c</pre>", "a  b\n\n c"},
	{"unclosed", "<b>a", "<p><b>a</b></p>", "a"},
	{"crossed", "<b>a<i>b</b>c</i>", "<p><b>a<i>b</i></b><i>c</i></p>", "abc"},
	{"same inside same", "<b>a<b>b</b>c</b>d", "<p><b>abc</b>d</p>", "abcd"},
	{"stray end", "a</b></ul></p>b", "<p>a</p><p>b</p>", "a\n\nb"},
	{"bold paragraphs", "<b>a\n\nb</b>", "<p><b>a</b></p><p><b>b</b></p>", "a\n\nb"},
	{"empty elements", "<b></b><ul></ul><a href='http://x.test'></a>", "", ""},
	{"dropped", `<span>a</span><img src="x" onerror="y()"><font color=red>b</font>`, "<p>ab</p>", "ab"},
	{"dropped blocks", "<div>a</div><div>b</div><h1>c</h1>d", "<p>a<br>b</p><p>c</p><p>d</p>", "a\nb\n\nc\n\nd"},
	{"cells", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "<p>a  b <br>c </p>", "a  b \nc "},
	{"script", "a<script>alert('<b>')</script>b", "<p>ab</p>", "ab"},
	{"script any case", "a<SCRIPT src='x'>y</sCript >b", "<p>ab</p>", "ab"},
	{"style", "<style>p{}</style>b", "<p>b</p>", "b"},
	{"script named in passing", "use <script> here", "<p>use  here</p>", "use  here"},
	{"script reassembled", "<scr<script>x</script>ipt>alert(1)</script>", "<p>&lt;script&gt;alert(1)</p>", "<script>alert(1)"},
	{"unknown tag", "Map<String> <3 <b", "<p>Map&lt;String&gt; &lt;3 &lt;b</p>", "Map<String> <3 <b"},
	{"comment", "a<!-- <b> -->b<!-- c", "<p>ab&lt;!-- c</p>", "ab<!-- c"},
	{"gt in attribute", `<a title="a > b" href="http://x.test/">l</a>`, `<p><a href="http://x.test/"` + rel + `>l</a></p>`, "l"},
	{"entities", "&lt;b&gt; &amp;amp; &eacute;&#8364;&#x1f600; &bogus; &copy 2", "<p>&lt;b&gt; &amp;amp; é€😀 &amp;bogus; &amp;copy 2</p>", "<b> &amp; é€😀 &bogus; &copy 2"},
	{"semicolon entity", "a&semi; &notit;", "<p>a; &amp;notit;</p>", "a; &notit;"},
	{"control references", "a&#0;b&#1;c&#13;d", "<p>a\uFFFDbcd</p>", "a\uFFFDbcd"},
	{"controls", "a\x00b\x1bc\x7fd", "<p>abcd</p>", "abcd"},
	{"invalid UTF-8", "a\xffb", "<p>a\uFFFDb</p>", "a\uFFFDb"},
	{"link", `<a href="https://x.test/?a=1&amp;b=2">l</a>`, `<p><a href="https://x.test/?a=1&amp;b=2"` + rel + `>l</a></p>`, "l"},
	{"mailto", `<a href=mailto:a@x.test>l</a>`, `<p><a href="mailto:a@x.test"` + rel + `>l</a></p>`, "l"},
	{"javascript", `<a href="javascript:alert(1)">l</a>`, "<p>l</p>", "l"},
	{"javascript in pieces", "<a href=\" java&#x0A;script&colon;alert(1)\">l</a>", "<p>l</p>", "l"},
	{"data", `<a href="data:text/html,x">l</a>`, "<p>l</p>", "l"},
	{"relative", `<a href="/x">l</a> <a href="//y.test">m</a>`, "<p>l m</p>", "l m"},
	{"no host", `<a href="http://">l</a> http:// https://?`, "<p>l http:// https://?</p>", "l http:// https://?"},
	{"quote in href", `<a href='http://x.test/"onmouseover="y()'>l</a>`, `<p><a href="http://x.test/%22onmouseover=%22y()"` + rel + `>l</a></p>`, "l"},
	{"links do not nest", `<a href="http://x.test/">l<a href="http://y.test/">m</a>n</a>`,
		`<p><a href="http://x.test/"` + rel + `>l</a><a href="http://y.test/"` + rel + `>m</a>n</p>`, "lmn"},
	{"bare URL", "see https://x.test/a?b=1&c=2.", `<p>see <a href="https://x.test/a?b=1&amp;c=2"` + rel + `>https://x.test/a?b=1&amp;c=2</a>.</p>`, "see https://x.test/a?b=1&c=2."},
	{"bare www", "(www.x.test)", `<p>(<a href="http://www.x.test"` + rel + `>www.x.test</a>)</p>`, "(www.x.test)"},
	{"brackets in URL", "(https://x.test/p_(x)) end", `<p>(<a href="https://x.test/p_(x)"` + rel + `>https://x.test/p_(x)</a>) end</p>`, "(https://x.test/p_(x)) end"},
	{"two URLs", "http://x.test, HTTP://y.test!", `<p><a href="http://x.test"` + rel + `>http://x.test</a>, <a href="HTTP://y.test"` + rel + `>HTTP://y.test</a>!</p>`, "http://x.test, HTTP://y.test!"},
	{"URL of another script", "http://bücher.test/ä。次", `<p><a href="http://bücher.test/ä"` + rel + `>http://bücher.test/ä</a>。次</p>`, "http://bücher.test/ä。次"},
	{"no URL", "ftp://x.test xhttp://y.test awww.z.test a://b me@www.x.test", "<p>ftp://x.test xhttp://y.test awww.z.test a://b me@www.x.test</p>", "ftp://x.test xhttp://y.test awww.z.test a://b me@www.x.test"},
	{"percent", "http://x.test/100%", `<p><a href="http://x.test/100%25"` + rel + `>http://x.test/100%</a></p>`, "http://x.test/100%"},
	{"URL in link and code", `<a href="http://x.test/">http://y.test</a> <code>http://z.test</code>`,
		`<p><a href="http://x.test/"` + rel + `>http://y.test</a> <code>http://z.test</code></p>`, "http://y.test http://z.test"},
	{"URL in dropped link", `<a href="javascript:x">http://y.test</a>`, `<p><a href="http://y.test"` + rel + `>http://y.test</a></p>`, "http://y.test"},
	{"colon", "at 10:30: ok", "<p>at 10:30: ok</p>", "at 10:30: ok"},
	{"emoji", "👩‍👩‍👧 ❤️", "<p>👩‍👩‍👧 ❤️</p>", "👩‍👩‍👧 ❤️"},
}

func TestRender(t *testing.T) {
	policy := renderPolicy()
	for _, c := range renderCases {
		t.Run(c.name, func(t *testing.T) {
			if got := wptext.Render(c.raw); got != c.html {
				t.Errorf("Render(%q)\n got %q\nwant %q", c.raw, got, c.html)
			}
			if got := wptext.Plain(c.raw); got != c.plain {
				t.Errorf("Plain(%q)\n got %q\nwant %q", c.raw, got, c.plain)
			}
			checkRender(t, policy, c.raw)
		})
	}
}

func TestRenderDeepNesting(t *testing.T) {
	for _, tag := range []string{"<blockquote>", "<ul>", "<ul><li>", "<li>", "<b><i>", "<pre>", "<p>"} {
		got := wptext.Render(strings.Repeat(tag, 2000) + "x")
		if n := strings.Count(got, "<"); n > 80 {
			t.Errorf("2000 times %s: %d tags left", tag, n)
		}
		checkBalanced(t, got)
	}
}
