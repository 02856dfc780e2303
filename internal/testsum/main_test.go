package main

import (
	"strings"
	"testing"
)

func TestTheLastLineCountsAndFailuresAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		ok   bool
		want []string
	}{
		"all well": {`{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.5}`, true, []string{"pass  p", "1 passed, 0 failed, 0 skipped\n"}},
		"a failure": {`{"Action":"output","Package":"p","Test":"TestA","Output":"the reason\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, false, []string{"the reason\n", "0 passed, 1 failed, 0 skipped\n"}},
		"a build failure": {`{"ImportPath":"p","Action":"build-output","Output":"undefined: x\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p"}`, false, []string{"undefined: x\n", "0 passed"}},
		"nothing ran": {"", false, []string{"0 passed, 0 failed, 0 skipped\n"}},
		"a killed test": {`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}`, false, []string{"panic: test timed out"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if ok := sum(strings.NewReader(c.in), &out); ok != c.ok {
				t.Errorf("ok = %v, want %v", ok, c.ok)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the output lacks %q:\n%s", want, out.String())
				}
			}
		})
	}
}
