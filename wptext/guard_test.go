package wptext_test

import (
	"testing"

	"parley/wptext"
)

func TestPermitted(t *testing.T) {
	for _, c := range []struct {
		html string
		want bool
	}{
		{`a &lt; b`, true},
		{`<p><a href="http://x.test/?a=1&#038;b=2" rel="nofollow">x</a><br />`, true},
		{`<img loading="lazy" src="a.png" /><img /><!-- c --><a href>x</a>`, true},
		{`<a href="alert(1)">x</a><a href="/a:b">x</a>`, true},
		{`<script>`, false},
		{`<a onclick="x">`, false},
		{`<a href="javascript:x">`, false},
		{`<a href="java&#x09;script:x">`, false},
		{`<a href='x'>`, false},
		{`<a href="x>`, false},
		{`<a href=x>`, false},
		{`<b class="x">`, false},
		{`<br onclick="x" />`, false},
		{`</p x>`, false},
		{`a > b`, false},
		{`a <b`, false},
		{`<!-- c >`, false},
	} {
		if got := wptext.Permitted(c.html); got != c.want {
			t.Errorf("Permitted(%q) = %v", c.html, got)
		}
	}
}
