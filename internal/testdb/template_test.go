package testdb_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"parley/internal/testdb"
)

// TestTemplateIsMadeOnceAndWhole has several ask at once where an earlier process
// died half-way.
func TestTemplateIsMadeOnceAndWhole(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	first, err := testdb.Template(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(first, first+".half"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(first+".half", "mysql")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			dir, err := testdb.Template(base)
			if err != nil || dir != first {
				t.Errorf("%s, %v", dir, err)
				return
			}
			if _, err := os.Stat(filepath.Join(dir, "mysql")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(first + ".half"); !os.IsNotExist(err) {
		t.Errorf("the half one is still there: %v", err)
	}
}
