// Package wordpress holds the companion plugin; its tests need no WordPress.
package wordpress

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the template of translations anew")

const template = "parley/languages/parley.pot"

// Every call that translates, with its text and its domain when they are plain.
var (
	anyCall   = regexp.MustCompile(`\b(?:i18n\.)?(?:__|_e|_x|_n|_ex|_nx|esc_html__|esc_html_e|esc_html_x|esc_attr__|esc_attr_e|esc_attr_x)\(`)
	plainCall = regexp.MustCompile(`^[a-z0-9_.]+\(\s*'((?:[^'\\]|\\.)*)',\s*'parley'\s*\)`)
	note      = regexp.MustCompile(`/\* (translators: .*?) \*/\s*$`)
)

// Every text of the plugin is translatable: in the plugin's domain, and in the template.
func TestTheTemplateOfTranslationsIsComplete(t *testing.T) {
	var files []string
	for _, pattern := range []string{"parley/*.php", "parley/*/*.php", "parley/*/*.js"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	type entry struct {
		places []string
		notes  string
	}
	texts, order := map[string]*entry{}, []string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source := string(b)
		for _, at := range anyCall.FindAllStringIndex(source, -1) {
			line := 1 + strings.Count(source[:at[0]], "\n")
			m := plainCall.FindStringSubmatch(source[at[0]:])
			if m == nil {
				t.Errorf("%s:%d: not a plain text in the domain parley", file, line)
				continue
			}
			text := strings.ReplaceAll(m[1], `\'`, `'`)
			if texts[text] == nil {
				texts[text] = &entry{}
				order = append(order, text)
			}
			if place := strings.TrimPrefix(file, "parley/"); !slices.Contains(texts[text].places, place) {
				texts[text].places = append(texts[text].places, place)
			}
			before := source[max(0, at[0]-300):at[0]]
			before = strings.TrimRight(before[:strings.LastIndexByte(before, '\n')+1], " \t\n")
			if n := note.FindStringSubmatch(before); n != nil && !strings.Contains(n[1], "*/") {
				texts[text].notes = n[1]
			} else if strings.Contains(text, "%") && texts[text].notes == "" {
				t.Errorf("%s:%d: translators are not told what %% stands for", file, line)
			}
		}
	}
	var b strings.Builder
	b.WriteString("msgid \"\"\nmsgstr \"\"\n\"Project-Id-Version: Parley 1.0.0\\n\"\n\"MIME-Version: 1.0\\n\"\n" +
		"\"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Content-Transfer-Encoding: 8bit\\n\"\n\"X-Domain: parley\\n\"\n")
	for _, text := range order {
		b.WriteString("\n")
		if n := texts[text].notes; n != "" {
			b.WriteString("#. " + n + "\n")
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
		fmt.Fprintf(&b, "#: %s\nmsgid \"%s\"\nmsgstr \"\"\n", strings.Join(texts[text].places, " "), quoted)
	}
	if *update {
		if err := os.WriteFile(template, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not of these sources; go test ./wordpress -update writes it anew", template)
	}
}
