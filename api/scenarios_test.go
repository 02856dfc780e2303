package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

var scenarioRow = regexp.MustCompile("(?m)^\\| (\\d+) \\| .* \\| (\\S+) \\| `?([^`|]+?)`? \\|$")

// docs/scenarios.md must name an existing test for every scenario.
func TestScenariosAreAllTested(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := scenarioRow.FindAllStringSubmatch(string(doc), -1)
	if len(rows) != 112 {
		t.Fatalf("%d rows, want 112", len(rows))
	}
	for i, row := range rows {
		n, dir, name := i+1, row[2], row[3]
		if row[1] != strconv.Itoa(n) {
			t.Fatalf("row %d is about scenario %s", n, row[1])
		}
		if !declares(t, filepath.Join("..", dir), name) {
			t.Errorf("scenario %d: there is no %s in %s", n, name, dir)
		}
	}
}

// declares reports whether a test of that name stands in a package's folder.
func declares(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	decl := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(t \*testing\.T\)`)
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if decl.Match(src) {
			return true
		}
	}
	return false
}
