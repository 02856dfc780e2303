package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"parley/internal/testdb"
)

// testConsole runs commands on a fresh cast.
type testConsole struct {
	*testing.T
	dsn string
}

func openConsole(t *testing.T) *testConsole {
	t.Helper()
	dsn := testdb.CastDSN(t)
	siteConfig(t, dsn)
	c := &testConsole{t, dsn}
	c.run(exitOK, "migrate", "up")
	return c
}

func (c *testConsole) run(want int, args ...string) (stdout, stderr string) {
	c.Helper()
	var out, errs bytes.Buffer
	if got := run(c.Context(), args, &out, &errs); got != want {
		c.Fatalf("parley %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, want, &out, &errs)
	}
	return out.String(), errs.String()
}

// answer is the JSON form.
type answer struct {
	Success  *bool           `json:"success"`
	Data     json.RawMessage `json:"data"`
	Errors   []string        `json:"errors"`
	Logs     []string        `json:"logs"`
	Duration *int64          `json:"duration_ms"`
}

// ask runs a messaging command for JSON; into takes the data.
func (c *testConsole) ask(want int, into any, args ...string) answer {
	c.Helper()
	out, _ := c.run(want, append(append([]string{"messaging"}, args...), "--format=json")...)
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		c.Fatalf("%v in %s", err, out)
	}
	if a.Success == nil || *a.Success != (want == exitOK) || a.Duration == nil || a.Errors == nil || a.Logs == nil ||
		(len(a.Errors) == 0) != *a.Success {
		c.Fatalf("form of the answer: %s", out)
	}
	if into != nil {
		if err := json.Unmarshal(a.Data, into); err != nil {
			c.Fatalf("%v in %s", err, a.Data)
		}
	}
	return a
}

func (c *testConsole) create(args ...string) (r createdRow) {
	c.Helper()
	c.ask(exitOK, &r, append([]string{"create-conversation"}, args...)...)
	return r
}

// fails wants a refusal that says something.
func (c *testConsole) fails(saying string, args ...string) {
	c.Helper()
	a := c.ask(exitFailed, nil, args...)
	if len(a.Errors) != 1 || !strings.Contains(a.Errors[0], saying) || string(a.Data) != "null" {
		c.Errorf("%v: %q does not say %q", args, a.Errors, saying)
	}
}

func (c *testConsole) unread(who string) (n int) {
	c.Helper()
	var r struct{ Unread int }
	c.ask(exitOK, &r, "unread", "--by="+who)
	return r.Unread
}

func TestConversationsAtTheConsole(t *testing.T) {
	c := openConsole(t)
	direct := c.create("--by=alice", "--with=bob")
	if direct.Type != "direct" || direct.Participants != 2 || direct.Reused || direct.Message != nil {
		t.Errorf("two people: %+v", direct)
	}
	id := fmt.Sprintf("--conversation=%d", direct.Conversation)
	if n := c.unread("bob"); n != 0 {
		t.Errorf("%d unread before any message", n)
	}
	var none []messageRow
	if c.ask(exitOK, &none, "read", id, "--by=bob"); none == nil || len(none) != 0 {
		t.Errorf("messages: %v", none)
	}
	for _, text := range []string{"First", "Second", "Third"} {
		c.ask(exitOK, nil, "send", id, "--from=alice", "--content="+text)
	}
	if n := c.unread("bob"); n != 1 {
		t.Errorf("%d unread after messages", n)
	}
	var page []messageRow
	c.ask(exitOK, &page, "read", id, "--by="+fmt.Sprint(testdb.Bob), "--limit=2")
	if len(page) != 2 || page[0].Content != "Second" || page[1].Content != "Third" || page[0].Name != "Alice Anders" {
		t.Errorf("messages: %+v", page)
	}
	if n := c.unread("bob"); n != 1 {
		t.Errorf("looking at the console marked as read: %d", n)
	}
	c.ask(exitOK, nil, "mark-read", id, "--by=bob")
	if n := c.unread("bob"); n != 0 {
		t.Errorf("%d unread after mark-read", n)
	}
	if again := c.create("--by=bob", "--with=alice", "--message=Again"); !again.Reused || again.Conversation != direct.Conversation || again.Message == nil {
		t.Errorf("the pair's conversation: %+v", again)
	}
	group := c.create("--by=alice", "--with=bob, carol", "--title=Garden", "--message=Hello")
	if group.Type != "group" || group.Participants != 3 || group.Message == nil || *group.Message == 0 {
		t.Errorf("three people: %+v", group)
	}
	var list []conversationRow
	c.ask(exitOK, &list, "list", "--by=alice")
	if len(list) != 2 || list[0].Title != "Garden" || list[1].Title != "Bob Martinez" || list[1].Unread != 1 ||
		strings.Join(list[0].Participants, " ") != "alice bob carol" {
		t.Errorf("list: %+v", list)
	}
	var export []exportRow
	c.ask(exitOK, &export, "export-conversations", "--by=alice")
	if len(export) != 2 || len(export[0].Messages) != 1 || len(export[1].Messages) != 4 || export[1].Messages[0].Content != "First" {
		t.Errorf("export: %+v", export)
	}
	c.fails("participant", "send", id, "--from=carol", "--content=Let me in")
	c.fails("participant", "read", id, "--by=admin")
	c.fails("participant", "create-conversation", "--by=alice", "--with=")
	c.fails("nobody-here", "create-conversation", "--by=alice", "--with=bob,nobody-here")
	c.fails("trust level", "create-conversation", "--by=dave", "--with=alice")
	c.fails("banned", "send", id, "--from=zed", "--content=Hi")
	c.fails("nobody-here", "list", "--by=nobody-here")
	c.fails("not found", "read", "--conversation=999", "--by=alice")
	c.fails("", "list", "--by=alice", "--filter=odd")

	db := testdb.Connect(t, c.dsn)
	var actions string
	if err := db.Get(&actions, `SELECT GROUP_CONCAT(DISTINCT action ORDER BY action SEPARATOR ' ') FROM wp_parley_audit_log
		WHERE actor_id = 0 AND actor_login LIKE 'console:%' AND member_id > 0`); err != nil {
		t.Fatal(err)
	}
	if actions != "console.export console.list console.mark_read console.read console.send console.start console.unread" {
		t.Errorf("audit log: %s", actions)
	}
}

func TestPurgeOldAtTheConsole(t *testing.T) {
	c := openConsole(t)
	old := c.create("--by=alice", "--with=bob", "--message=Long ago")
	young := c.create("--by=alice", "--with=carol", "--message=Just now")
	db := testdb.Connect(t, c.dsn)
	for _, table := range []string{"conversations SET last_activity_at = last_activity_at - INTERVAL 40 DAY WHERE id = ?",
		"participants SET last_activity_at = last_activity_at - INTERVAL 40 DAY WHERE conversation_id = ?"} {
		if _, err := db.Exec("UPDATE wp_parley_"+table, old.Conversation); err != nil {
			t.Fatal(err)
		}
	}
	var rows []purgeRow
	a := c.ask(exitOK, &rows, "purge-old", "--older-than=30", "--dry-run", "--yes")
	if len(rows) != 1 || rows[0].ID != old.Conversation || rows[0].Purged || rows[0].Messages != 1 || a.Logs[0] != "conversations that would be purged: 1" {
		t.Errorf("dry run: %+v %v", rows, a.Logs)
	}
	c.ask(exitOK, &rows, "purge-old", "--older-than=30", "--yes")
	if len(rows) != 1 || !rows[0].Purged {
		t.Errorf("purge: %+v", rows)
	}
	if c.ask(exitOK, &rows, "purge-old", "--older-than=30", "--yes"); len(rows) != 0 {
		t.Errorf("again: %+v", rows)
	}
	var left int64
	if err := db.Get(&left, "SELECT id FROM wp_parley_conversations"); err != nil || left != young.Conversation {
		t.Errorf("left: %d, %v", left, err)
	}
	var audited int
	if err := db.Get(&audited, `SELECT COUNT(*) FROM wp_parley_audit_log WHERE action = 'conversation.purge'
		AND conversation_id = ? AND actor_login LIKE 'console:%'`, old.Conversation); err != nil || audited != 1 {
		t.Errorf("%d audit rows, %v", audited, err)
	}
}

func TestFormatsOfTheConsole(t *testing.T) {
	c := openConsole(t)
	c.create("--by=alice", "--with=bob", "--message=true")
	c.run(exitOK, "messaging", "send", "--conversation=1", "--from=alice", "--content=two\nlines, \x1b[31mred")
	out, _ := c.run(exitOK, "messaging", "read", "--conversation=1", "--by=bob")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "MESSAGE_ID  SENDER_ID") || strings.Contains(out, "\x1b") || !strings.Contains(lines[2], "two lines, [31mred") {
		t.Errorf("table:\n%q", out)
	}
	out, _ = c.run(exitOK, "messaging", "export-conversations", "--by=bob", "--format=csv")
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(records) != 3 || records[0][0] != "conversation_id" || records[2][0] != "1" ||
		!strings.HasPrefix(records[2][len(records[2])-3], "two\nlines, ") {
		t.Errorf("csv: %q, %v", records, err)
	}
	out, _ = c.run(exitOK, "messaging", "export-conversations", "--by=bob", "--format=yaml")
	var got []struct {
		ID       int `yaml:"conversation_id"`
		Messages []struct{ Content any }
	}
	if err := yaml.Unmarshal([]byte(out), &got); err != nil || len(got) != 1 || got[0].ID != 1 || len(got[0].Messages) != 2 ||
		got[0].Messages[0].Content != "true" || strings.HasPrefix(out, "[") {
		t.Errorf("yaml: %+v, %v\n%s", got, err, out)
	}
	out, _ = c.run(exitOK, "messaging", "list", "--by=carol")
	if !strings.HasPrefix(out, "CONVERSATION_ID") || strings.Count(out, "\n") != 1 {
		t.Errorf("nothing to list: %q", out)
	}
	_, errs := c.run(exitFailed, "messaging", "read", "--conversation=1", "--by=carol")
	if !strings.Contains(errs, "carol") || !strings.Contains(errs, "participant") {
		t.Errorf("said %q", errs)
	}
}

func TestWrongUseOfTheConsole(t *testing.T) {
	// Nothing of it needs a database.
	for _, args := range [][]string{
		{},
		{"sing"},
		{"list"},
		{"list", "--by="},
		{"list", "--by=alice", "--format=xml"},
		{"list", "alice"},
		{"read", "--by=alice"},
		{"read", "--by=alice", "--conversation=x"},
		{"send", "--conversation=1"},
		{"create-conversation", "--by=alice"},
		{"create-conversation", "--by=alice", "--with=bob", "--type=secret"},
		{"purge-old"},
		{"purge-old", "--older-than=30"},
		{"purge-old", "--older-than=0", "--yes"},
		{"purge-old", "--older-than=-1", "--yes"},
	} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), append([]string{"messaging"}, args...), &out, &errs); got != exitUsage || out.Len() != 0 || errs.Len() == 0 {
			t.Errorf("%v: exit %d, %q, %q", args, got, &out, &errs)
		}
	}
}
