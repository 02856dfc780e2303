package schema

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"parley/internal/testdb"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"two statements", "SELECT 1;\nSELECT 2;", []string{"SELECT 1", "SELECT 2"}},
		{"no semicolon at the end", "SELECT 1", []string{"SELECT 1"}},
		{"empty statements", ";;\n ; SELECT 1;;", []string{"SELECT 1"}},
		{"semicolons in quotes", "SELECT ';', \";\", `;`;", []string{"SELECT ';', \";\", `;`"}},
		{"doubled and escaped quotes", `SELECT 'it''s; \'; ', "a\";"; SELECT 2`, []string{`SELECT 'it''s; \'; ', "a\";"`, "SELECT 2"}},
		{"a backslash in backticks is itself", "SELECT `\\`; SELECT 2", []string{"SELECT `\\`", "SELECT 2"}},
		{"comments", "-- one; two\nSELECT 1 # three;\n + /* four; 'five */ 2; --\n--x;\n", []string{"SELECT 1\n +   2", "--x"}},
		{"comment marks in quotes", "SELECT '-- no', '/* no */', '#'", []string{"SELECT '-- no', '/* no */', '#'"}},
		{"minus minus is arithmetic", "SELECT 1--1", []string{"SELECT 1--1"}},
		{"nothing", " -- only words\n", nil},
	} {
		got, err := split(c.file)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	for _, bad := range []string{"SELECT 'x", "SELECT `x", "/* x", "/*! SET x */", "/*M! SET x */", `SELECT 'x\'`} {
		if got, err := split(bad); err == nil {
			t.Errorf("%q was accepted as %q", bad, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("SELECT ';' -- x\n; /* y */ DROP TABLE `a`;")
	f.Fuzz(func(t *testing.T, file string) {
		statements, err := split(file)
		if err != nil {
			return
		}
		// What was split stays as it is when split again.
		for _, s := range statements {
			again, err := split(s)
			if err != nil || len(again) > 1 {
				t.Errorf("%q became %q, %v", s, again, err)
			}
		}
	})
}

func TestFilesAreCheckedAtTheStart(t *testing.T) {
	one := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, c := range []struct {
		name, says string
		files      fstest.MapFS
	}{
		{"gap", "version 1 is missing", fstest.MapFS{"m/0002_b.up.sql": one("SELECT 1"), "m/0002_b.down.sql": one("SELECT 1")}},
		{"no down", "lacks its up or down", fstest.MapFS{"m/0001_a.up.sql": one("SELECT 1")}},
		{"empty up", "lacks its up or down", fstest.MapFS{"m/0001_a.up.sql": one("-- x"), "m/0001_a.down.sql": one("SELECT 1")}},
		{"two names", "two names", fstest.MapFS{"m/0001_a.up.sql": one("SELECT 1"), "m/0001_b.down.sql": one("SELECT 1")}},
		{"odd name", "is not named", fstest.MapFS{"m/0001-a.sql": one("SELECT 1")}},
		{"open quote", "not closed", fstest.MapFS{"m/0001_a.up.sql": one("SELECT '"), "m/0001_a.down.sql": one("SELECT 1")}},
	} {
		if _, err := load(c.files, "m"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestStatementsNameOnlyPrefixedTables reads every statement: it makes, changes or
// drops a table whose name begins with the prefix, may run again, and says its
// character set.
func TestStatementsNameOnlyPrefixedTables(t *testing.T) {
	for _, m := range known {
		for _, s := range append(slices.Clone(m.up), m.down...) {
			if !strings.Contains(s, "`{{p}}") || strings.Count(s, "{{p}}") != strings.Count(s, "`{{p}}") {
				t.Errorf("%04d: the prefix is missing or not quoted:\n%s", m.version, s)
			}
			switch {
			case strings.HasPrefix(s, "CREATE TABLE"):
				if !strings.HasPrefix(s, "CREATE TABLE IF NOT EXISTS `{{p}}") ||
					!strings.HasSuffix(s, "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci") {
					t.Errorf("%04d: not safe to run again, or without its character set:\n%s", m.version, s)
				}
			case strings.HasPrefix(s, "DROP TABLE"):
				if !strings.HasPrefix(s, "DROP TABLE IF EXISTS `{{p}}") {
					t.Errorf("%04d: not safe to run again:\n%s", m.version, s)
				}
			}
		}
	}
}

// TestAFailedStatementIsNamedAndResumed uses migrations of its own, with a mistake
// in the middle that is then mended.
func TestAFailedStatementIsNamedAndResumed(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	steps := func(second string) []migration {
		m, err := load(fstest.MapFS{
			"m/0001_one.up.sql":   {Data: []byte("CREATE TABLE IF NOT EXISTS `{{p}}a` (id INT); CREATE TABLE IF NOT EXISTS `{{p}}b` (id INT);")},
			"m/0001_one.down.sql": {Data: []byte("DROP TABLE IF EXISTS `{{p}}b`; DROP TABLE IF EXISTS `{{p}}a`")},
			"m/0002_two.up.sql":   {Data: []byte("CREATE TABLE IF NOT EXISTS `{{p}}c` (id INT); " + second)},
			"m/0002_two.down.sql": {Data: []byte("DROP TABLE IF EXISTS `{{p}}c`")},
		}, "m")
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	applied, err := up(ctx, db, "x_", steps("CREATE TABLES oops"))
	if len(applied) != 1 || err == nil || !strings.Contains(err.Error(), "migration 2 (two): statement 2 of 2") {
		t.Fatalf("up = %v, %v", applied, err)
	}
	mended := steps("INSERT INTO `{{p}}c` SELECT 1 FROM (SELECT 1) AS one WHERE NOT EXISTS (SELECT * FROM `{{p}}c`)")
	r, err := status(ctx, db, "x_", mended)
	if err != nil || r.Migrations[0].State != Applied || r.Migrations[1].State != Interrupted {
		t.Fatalf("status = %+v, %v", r, err)
	}
	if applied, err = up(ctx, db, "x_", mended); err != nil || len(applied) != 1 || applied[0].Name != "two" {
		t.Fatalf("up = %v, %v", applied, err)
	}
	if reverted, err := down(ctx, db, "x_", mended, 1); err != nil || len(reverted) != 1 || reverted[0].Name != "two" {
		t.Fatalf("down = %v, %v", reverted, err)
	}
	// The older binary goes on with the older tables.
	if r, err = status(ctx, db, "x_", mended[:1]); err != nil || len(r.Pending()) != 0 || r.usable() != nil {
		t.Fatalf("status of the older = %+v, %v", r, err)
	}
}

// TestAnInterruptedAlterCountsAsDone has an ALTER TABLE that went through before the
// end was noted.
func TestAnInterruptedAlterCountsAsDone(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	steps, err := load(fstest.MapFS{
		"m/0001_a.up.sql":   {Data: []byte("CREATE TABLE IF NOT EXISTS `{{p}}a` (id INT)")},
		"m/0001_a.down.sql": {Data: []byte("DROP TABLE IF EXISTS `{{p}}a`")},
		"m/0002_b.up.sql":   {Data: []byte("ALTER TABLE `{{p}}a` ADD COLUMN b INT, ADD KEY b (b); INSERT INTO `{{p}}a` (b) VALUES (1)")},
		"m/0002_b.down.sql": {Data: []byte("ALTER TABLE `{{p}}a` DROP COLUMN b")},
	}, "m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up(ctx, db, "x_", steps[:1]); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ALTER TABLE x_a ADD COLUMN b INT, ADD KEY b (b)"); err != nil {
		t.Fatal(err)
	}
	// Without an interruption on record, a column that is there is a mistake.
	if _, err := up(ctx, db, "x_", steps); err == nil || !strings.Contains(err.Error(), "statement 1 of 2") {
		t.Fatalf("first: %v", err)
	}
	if applied, err := up(ctx, db, "x_", steps); err != nil || len(applied) != 1 {
		t.Fatalf("resumed: %v, %v", applied, err)
	}
	if _, err := db.Exec("UPDATE x_schema_migrations SET applied_at = NULL WHERE version = 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ALTER TABLE x_a DROP COLUMN b"); err != nil {
		t.Fatal(err)
	}
	if reverted, err := down(ctx, db, "x_", steps, 1); err != nil || len(reverted) != 1 {
		t.Fatalf("down resumed: %v, %v", reverted, err)
	}
}
