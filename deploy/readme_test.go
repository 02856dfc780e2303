// Package deploy holds what site owners install. Its test compares the README with it;
// the end-to-end tests run with the web servers' files.
package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var fenced = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")

// What the README shows of a web server's file is that file, and it shows all of them.
func TestTheREADMEShowsTheFilesAsTheyAre(t *testing.T) {
	readme := readFile(t, "../README.md")
	blocks := map[string]bool{}
	for _, m := range fenced.FindAllStringSubmatch(readme, -1) {
		blocks[m[1]] = true
	}
	var known []string
	for _, server := range []string{"nginx", "apache", "caddy"} {
		files, err := filepath.Glob(server + "/*")
		if err != nil || len(files) != 2 {
			t.Fatalf("%s: %v, %v", server, files, err)
		}
		for _, f := range files {
			text := readFile(t, f)
			known = append(known, text)
			if !blocks[text] || !strings.Contains(readme, `href="deploy/`+f+`"`) {
				t.Errorf("the README does not show deploy/%s as it is", f)
			}
		}
	}
	for block := range blocks {
		for _, sign := range []string{"proxy_pass ", "RewriteRule ", "reverse_proxy "} {
			if strings.Contains(block, sign) && !strings.Contains(strings.Join(known, ""), block) {
				t.Errorf("a rule of the README that no test runs with:\n%s", block)
			}
		}
	}
}

// The lines that bring a file in are the ones the file itself names, at the place the
// README copies it to.
func TestTheREADMEIncludesWhatItInstalls(t *testing.T) {
	readme := readFile(t, "../README.md")
	for file, lines := range map[string][]string{
		"nginx/parley.conf":             {"sudo cp deploy/nginx/parley*.conf /etc/nginx/snippets/", "include /etc/nginx/snippets/parley.conf;"},
		"nginx/parley-buddypress.conf":  {"include /etc/nginx/snippets/parley-buddypress.conf;"},
		"apache/parley.conf":            {"sudo cp deploy/apache/parley*.conf /etc/apache2/", "Include /etc/apache2/parley.conf", "a2enmod proxy proxy_http headers rewrite"},
		"apache/parley-buddypress.conf": {"Include /etc/apache2/parley-buddypress.conf"},
		"caddy/parley.caddy":            {"sudo cp deploy/caddy/parley*.caddy /etc/caddy/", "import /etc/caddy/parley.caddy"},
		"caddy/parley-buddypress.caddy": {"import /etc/caddy/parley-buddypress.caddy"},
	} {
		outside := strings.ReplaceAll(readme, readFile(t, file), "")
		for _, line := range lines {
			if !strings.Contains(outside, line) {
				t.Errorf("the README lacks %q", line)
			}
			if !strings.HasPrefix(line, "sudo ") && !strings.Contains(readFile(t, file), line) {
				t.Errorf("deploy/%s lacks %q", file, line)
			}
		}
	}
}
