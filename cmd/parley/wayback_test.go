package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"parley/internal/testdb"
)

// TestWayBackAtTheConsole imports, writes, looks, and exports.
func TestWayBackAtTheConsole(t *testing.T) {
	c := openConsole(t)
	dump, err := os.ReadFile("../../bpbridge/testdata/import/small.sql")
	if err != nil {
		t.Fatal(err)
	}
	testdb.Load(t, c.dsn, string(dump))
	c.run(exitOK, "import", "buddypress")
	c.ask(exitOK, nil, "send", "--conversation=1", "--from=alice", "--content=Written in Parley")
	out, _ := c.run(exitOK, "export", "buddypress")
	if !strings.Contains(out, "1 brought up to date") || !strings.Contains(out, "Nothing was written. With --write it is.") {
		t.Errorf("look: %s", out)
	}
	out, _ = c.run(exitOK, "export", "buddypress", "--write", "--json")
	var report struct {
		OK, Written bool
		Threads     struct{ Changed, Refused int }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.OK || !report.Written || report.Threads.Changed != 1 {
		t.Errorf("%v: %s", err, out)
	}
	db := testdb.Connect(t, c.dsn)
	db.MustExec("UPDATE wp_bp_messages_messages SET message = 'changed' WHERE message = 'Written in Parley'")
	out, errs := c.run(exitFailed, "export", "buddypress", "--write")
	if !strings.Contains(out, "has another text there") || !strings.Contains(errs, "see the conflicts") {
		t.Errorf("refused: %s%s", out, errs)
	}
	for _, bad := range [][]string{{"--target-prefix=a-b"}, {"now"}} {
		c.run(exitUsage, append([]string{"export", "buddypress"}, bad...)...)
	}
	if _, errs := c.run(exitFailed, "import", "jetonomy-pro"); !strings.Contains(errs, "there is no table wp_jt_pro_conversations") {
		t.Errorf("without tables: %s", errs)
	}
}
