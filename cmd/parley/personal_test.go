package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/testdb"
)

func TestExportAndEraseAMember(t *testing.T) {
	c := openConsole(t)
	c.create("--by=alice", "--with=bob", "--message=From Alice")
	dir := t.TempDir()
	file := filepath.Join(dir, "alice.html")
	out, _ := c.run(exitOK, "export", "member", "alice")
	if !json.Valid([]byte(out)) || !strings.Contains(out, "From Alice") {
		t.Errorf("JSON: %s", out)
	}
	if out, _ = c.run(exitOK, "export", "member", fmt.Sprint(testdb.Alice), "--format=html", "--out", file); out != "" {
		t.Errorf("with --out there is still %q", out)
	}
	page, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(page), "From Alice") {
		t.Errorf("%v: %s", err, page)
	}
	if s, err := os.Stat(file); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v", s.Mode(), err)
	}
	for _, bad := range []struct {
		exit   int
		saying string
		args   []string
	}{
		{exitFailed, "there already", []string{"export", "member", "alice", "--out", file}},
		{exitFailed, "no such file", []string{"export", "member", "alice", "--out", filepath.Join(dir, "absent", "x")}},
		{exitFailed, "no member of this site", []string{"export", "member", "nobody"}},
		{exitFailed, "no member of this site", []string{"erase", "member", "4711", "--yes"}},
		{exitFailed, "still has an account", []string{"erase", "member", "alice"}},
		{exitUsage, "neither json nor html", []string{"export", "member", "alice", "--format=xml"}},
		{exitUsage, "one argument", []string{"export", "member"}},
		{exitUsage, "one argument", []string{"erase", "member", "alice", "bob"}},
		{exitUsage, "no command", []string{"erase", "everybody"}},
	} {
		if _, errs := c.run(bad.exit, bad.args...); !strings.Contains(errs, bad.saying) {
			t.Errorf("%v says %q, not %q", bad.args, errs, bad.saying)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("what failed left something behind: %v, %v", left, err)
	}

	result := func(args ...string) (row erasedRow) {
		t.Helper()
		out, _ := c.run(exitOK, append([]string{"erase", "member", "--json"}, args...)...)
		var a answer
		if err := json.Unmarshal([]byte(out), &a); err != nil || json.Unmarshal(a.Data, &row) != nil {
			t.Fatalf("%v in %s", err, out)
		}
		return row
	}
	if r := result("alice", "--dry-run"); !r.DryRun || r.Conversations != 1 || r.Messages != 1 || r.Login != "alice" {
		t.Errorf("dry run: %+v", r)
	}
	if out, _ := c.run(exitOK, "export", "member", "alice"); !strings.Contains(out, "From Alice") {
		t.Error("a dry run erased something")
	}
	if r := result("alice", "--yes"); r.Conversations != 1 || r.Messages != 1 || !r.Account {
		t.Errorf("erased: %+v", r)
	}
	if out, _ := c.run(exitOK, "export", "member", "alice"); strings.Contains(out, "From Alice") {
		t.Error("it was not erased")
	}
	// An account that is gone is named by its id, and needs no second thought.
	db, bob := testdb.Connect(t, c.dsn), fmt.Sprint(testdb.Bob)
	if _, err := db.Exec("DELETE FROM wp_users WHERE user_login = 'bob'"); err != nil {
		t.Fatal(err)
	}
	if out, _ := c.run(exitOK, "export", "member", bob); !strings.Contains(out, `"has_account":false`) {
		t.Errorf("export of an account that is gone: %s", out)
	}
	if r := result(bob); r.Removed != 1 || r.Account {
		t.Errorf("erased: %+v", r)
	}
	if _, errs := c.run(exitFailed, "erase", "member", bob); !strings.Contains(errs, "nothing is kept") {
		t.Errorf("again: %s", errs)
	}
	var audit string
	if err := db.Get(&audit, "SELECT GROUP_CONCAT(action ORDER BY id) FROM wp_parley_audit_log WHERE action LIKE 'member.%' AND actor_login LIKE 'console:%'"); err != nil {
		t.Fatal(err)
	}
	if want := "member.export,member.export,member.erase_preview,member.export,member.erase,member.export,member.export,member.erase"; audit != want {
		t.Errorf("audit log: %s\nwant:      %s", audit, want)
	}
}
