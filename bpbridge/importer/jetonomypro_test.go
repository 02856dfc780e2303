package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/bpbridge/importer"
	"parley/messaging"
	"parley/wpauth"
)

// jetonomyTables are the reference's with every column that is known.
const jetonomyTables = `
CREATE TABLE wp_jt_pro_conversations (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARCHAR(255) NULL, type ENUM('direct','group') NOT NULL DEFAULT 'direct',
  created_by BIGINT UNSIGNED NOT NULL, last_message_at DATETIME NULL, last_message_preview VARCHAR(255) NULL, message_count INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL);
CREATE TABLE wp_jt_pro_conversation_participants (conversation_id BIGINT UNSIGNED NOT NULL, user_id BIGINT UNSIGNED NOT NULL, last_read_at DATETIME NULL,
  is_muted TINYINT NOT NULL DEFAULT 0, joined_at DATETIME NOT NULL, is_archived TINYINT NOT NULL DEFAULT 0, left_at DATETIME NULL, is_blocked TINYINT NOT NULL DEFAULT 0, KEY c (conversation_id));
CREATE TABLE wp_jt_pro_messages (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, conversation_id BIGINT UNSIGNED NOT NULL, sender_id BIGINT UNSIGNED NOT NULL,
  content LONGTEXT NOT NULL, content_plain LONGTEXT NULL, is_system TINYINT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL, KEY conversation_id (conversation_id))`

// reference makes the tables and fills them. Members 2 to 6 are alice, bob, carol, dave
// and erin; 9 has no account.
func (s *shop) reference() {
	s.t.Helper()
	for _, q := range strings.Split(jetonomyTables, ";\n") {
		s.exec(q)
	}
	at := func(minute int) string { return fmt.Sprintf("2026-05-01 10:%02d:00", minute) }
	say := func(id, conversation, sender int64, text string, minute int) {
		s.exec("INSERT INTO wp_jt_pro_messages (id, conversation_id, sender_id, content, content_plain, created_at) VALUES (?, ?, ?, ?, '', ?)", id, conversation, sender, text, at(minute))
	}
	in := func(conversation, user int64, read any, rest string) {
		s.exec("INSERT INTO wp_jt_pro_conversation_participants (conversation_id, user_id, last_read_at, joined_at) VALUES (?, ?, ?, ?)", conversation, user, read, at(0))
		if rest != "" {
			s.exec("UPDATE wp_jt_pro_conversation_participants SET "+rest+" WHERE conversation_id = ? AND user_id = ?", conversation, user)
		}
	}
	begin := func(id int64, typ, title string, by int64) {
		s.exec("INSERT INTO wp_jt_pro_conversations (id, type, title, created_by, created_at) VALUES (?, ?, NULLIF(?, ''), ?, ?)", id, typ, title, by, at(0))
	}
	// 10: alice and bob; bob has read the first of three, and alice muted it.
	begin(10, "direct", "", 2)
	in(10, 2, at(9), "is_muted = 1")
	in(10, 3, at(2), "")
	say(100, 10, 2, "Hello <b>Bob</b>", 1)
	say(101, 10, 2, "Second &amp; last", 3)
	say(103, 10, 2, "Third", 4)
	// 11: the same two once more; bob wrote, alice never read, archived by both.
	begin(11, "direct", "", 3)
	in(11, 2, nil, "is_archived = 1")
	in(11, 3, at(9), "is_archived = 1")
	say(102, 11, 3, "Again", 2)
	// 20: a group with a title; carol archived it, dave left after the second message.
	begin(20, "group", "Trip & more", 2)
	in(20, 2, at(30), "")
	in(20, 4, nil, "is_archived = 1")
	in(20, 5, at(11), fmt.Sprintf("left_at = '%s'", at(13)))
	say(200, 20, 2, "One", 10)
	say(201, 20, 4, "Two", 12)
	s.exec("INSERT INTO wp_jt_pro_messages (id, conversation_id, sender_id, content, is_system, created_at) VALUES (202, 20, 5, 'Dave left the conversation', 1, ?)", at(13))
	say(203, 20, 2, "Three", 14)
	// 30: bob blocked erin. 31: the other side's account is gone, its row too. 32: nothing said.
	begin(30, "direct", "", 3)
	in(30, 3, nil, "")
	in(30, 6, nil, "is_blocked = 1")
	say(300, 30, 3, "No more", 20)
	begin(31, "direct", "", 9)
	in(31, 2, nil, "")
	say(310, 31, 9, "From nobody", 21)
	begin(32, "direct", "", 4)
	in(32, 4, nil, "")
	in(32, 5, nil, "")
	// 40: messages without a conversation. 41: people without one.
	say(400, 40, 2, "Orphan", 30)
	in(41, 2, nil, "")
}

func (s *shop) without(ctx context.Context, users []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for _, id := range users {
		cards, err := s.site.FreshMembers(ctx, []wpauth.UserID{wpauth.UserID(id)})
		if err != nil {
			return nil, err
		}
		if id > 0 && !cards[wpauth.UserID(id)].Exists {
			out[id] = true
		}
	}
	return out, nil
}

func (s *shop) jetonomy(change func(*importer.Options)) (*importer.Report, error) {
	s.t.Helper()
	o := importer.Options{DB: s.db, Store: s.store, Threads: s.Service, Source: importer.NewJetonomyPro(s.db.DB, "wp_", s.without)}
	if change != nil {
		change(&o)
	}
	return importer.Run(context.Background(), o)
}

// bringJetonomy makes a pass that must come to its end.
func (s *shop) bringJetonomy() *importer.Report {
	s.t.Helper()
	r, err := s.jetonomy(nil)
	if err != nil {
		for _, c := range r.Checks {
			s.t.Logf("%+v", c)
		}
		s.t.Fatalf("the import: %v", err)
	}
	return r
}

// state is everything of Parley's tables that an import decides.
func (s *shop) state() string {
	s.t.Helper()
	return s.text(`SELECT CONCAT_WS(':', id, type, COALESCE(title, '-'), created_by, COALESCE(direct_low, 0), last_seq, message_count, COALESCE(last_message_preview, '-'), created_at) FROM wp_parley_conversations ORDER BY id`) + "\n" +
		s.text(`SELECT CONCAT_WS(':', conversation_id, user_id, folder, unread_count, last_read_seq, is_muted, is_archived, is_blocked, sender_only, COALESCE(left_seq, '-')) FROM wp_parley_participants ORDER BY conversation_id, user_id`) + "\n" +
		s.text(`SELECT CONCAT_WS(':', conversation_id, id, seq, sender_id, kind, format, content, created_at) FROM wp_parley_messages ORDER BY conversation_id, seq`)
}

// TestScenario112ReferenceTablesImportedTwice imports the reference's tables twice: the same ids, counts and unread,
// and no duplicates.
func TestScenario112ReferenceTablesImportedTwice(t *testing.T) {
	s := openShop(t, "")
	s.reference()
	dry, err := s.jetonomy(func(o *importer.Options) { o.DryRun = true })
	check(t, err)
	if n := s.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 0 || dry.Pass.New != 6 {
		t.Errorf("dry run: %d conversations, %+v", n, dry.Pass)
	}
	r := s.bringJetonomy()
	want := `10:1:-:2:2:4:4:Third:2026-05-01 10:00:00.000000
20:2:Trip & more:2:0:4:3:Three:2026-05-01 10:00:00.000000
30:1:-:3:3:1:1:No more:2026-05-01 10:00:00.000000
31:1:-:0:0:1:1:From nobody:2026-05-01 10:00:00.000000
32:1:-:4:4:0:0:-:2026-05-01 10:00:00.000000
40:1:-:2:0:1:1:Orphan:2026-05-01 10:30:00.000000
10:2:0:1:2:1:0:0:0:-
10:3:0:2:1:0:0:0:0:-
20:2:0:0:4:0:0:0:0:-
20:4:1:2:0:0:1:0:0:-
20:5:2:1:1:0:0:0:0:3
30:3:0:0:0:0:0:0:1:-
30:6:0:1:0:0:0:1:0:-
31:0:0:0:1:0:0:0:0:-
31:2:0:1:0:0:0:0:0:-
32:4:0:0:0:0:0:0:1:-
32:5:0:0:0:0:0:0:1:-
40:2:2:0:1:0:0:0:0:1
10:100:1:2:0:0:Hello <b>Bob</b>:2026-05-01 10:01:00.000000
10:101:2:2:0:0:Second &amp; last:2026-05-01 10:03:00.000000
10:102:3:3:0:0:Again:2026-05-01 10:02:00.000000
10:103:4:2:0:0:Third:2026-05-01 10:04:00.000000
20:200:1:2:0:0:One:2026-05-01 10:10:00.000000
20:201:2:4:0:0:Two:2026-05-01 10:12:00.000000
20:202:3:5:1:0:Dave left the conversation:2026-05-01 10:13:00.000000
20:203:4:2:0:0:Three:2026-05-01 10:14:00.000000
30:300:1:3:0:0:No more:2026-05-01 10:20:00.000000
31:310:1:0:0:0:From nobody:2026-05-01 10:21:00.000000
40:400:1:2:0:0:Orphan:2026-05-01 10:30:00.000000`
	same(t, "imported", s.state(), want)
	findings := map[importer.Finding]int{}
	for _, f := range r.Findings {
		findings[f.Kind] = f.Count
	}
	for kind, n := range map[importer.Finding]int{importer.PairsMerged: 1, importer.NoConversationRow: 1, importer.ErasedSenders: 1, importer.EmptySeats: 1,
		importer.RowsWithoutThread: 1, importer.NoRecipients: 1, importer.LeftSenders: 1, importer.MissingUsers: 1} {
		if findings[kind] != n {
			t.Errorf("%s: %d, want %d", kind, findings[kind], n)
		}
	}
	if again := s.bringJetonomy(); again.Pass.New+again.Pass.Changed+again.Pass.Removed+again.Pass.Kept != 0 {
		t.Errorf("again: %+v", again.Pass)
	}
	same(t, "imported twice", s.state(), want)
	// Members see what they saw: bob the direct one with two unread, erin cannot write.
	ctx := context.Background()
	bob, erin := messaging.Actor{ID: 3, Login: "bob"}, messaging.Actor{ID: 6, Login: "erin"}
	if c, err := s.Get(ctx, bob, 10); err != nil || c.Me.Unread != 2 {
		t.Errorf("bob: %+v, %v", c, err)
	}
	if _, err := s.Send(ctx, erin, messaging.SendInput{Conversation: 30, Content: "Hi"}); messaging.ReasonOf(err) != messaging.CannotSend {
		t.Errorf("erin, who is blocked, sends: %v", err)
	}
	next, err := s.Send(ctx, bob, messaging.SendInput{Conversation: 10, Content: "Next"})
	check(t, err)
	if next.ID <= 400 || next.Seq != 5 {
		t.Errorf("the next message is %+v", next)
	}
	// The source goes on: what it has new comes over beside what was written here.
	s.exec("INSERT INTO wp_jt_pro_messages (id, conversation_id, sender_id, content, created_at) VALUES (401, 10, 2, 'Later', UTC_TIMESTAMP())")
	if p := s.bringJetonomy().Pass; p.Changed != 1 || p.Added != 1 {
		t.Errorf("a later message: %+v", p)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_messages WHERE conversation_id = 10"); n != 6 {
		t.Errorf("%d messages", n)
	}
}

// TestJetonomyProWithoutWhatIsOptional has tables as a first version may have had them.
func TestJetonomyProWithoutWhatIsOptional(t *testing.T) {
	s := openShop(t, "")
	s.exec("CREATE TABLE wp_jt_pro_conversations (id INT NOT NULL PRIMARY KEY)")
	s.exec("CREATE TABLE wp_jt_pro_conversation_participants (conversation_id INT NOT NULL, user_id INT NOT NULL)")
	s.exec("CREATE TABLE wp_jt_pro_messages (id INT NOT NULL PRIMARY KEY, conversation_id INT NOT NULL, sender_id INT NOT NULL, content_plain TEXT, created_at DATETIME)")
	s.exec("INSERT INTO wp_jt_pro_conversations VALUES (1)")
	s.exec("INSERT INTO wp_jt_pro_conversation_participants VALUES (1, 2), (1, 3)")
	s.exec("INSERT INTO wp_jt_pro_messages VALUES (1, 1, 2, 'a < b', '2026-01-01 00:00:00'), (2, 1, 3, 'so', NULL)")
	r := s.bringJetonomy()
	if len(r.Inventory.Notes) < 3 {
		t.Errorf("notes: %q", r.Inventory.Notes)
	}
	same(t, "imported", s.state(), `1:1:-:2:2:2:2:so:2026-01-01 00:00:00.000000
1:2:0:1:0:0:0:0:0:-
1:3:0:1:0:0:0:0:0:-
1:1:1:2:0:0:a &lt; b:2026-01-01 00:00:00.000000
1:2:2:3:0:0:so:2026-01-01 00:00:00.000000`)
}

// TestJetonomyProBadInput: tables that are missing or others, and ids that are taken.
func TestJetonomyProBadInput(t *testing.T) {
	s := openShop(t, "")
	refused := func(want string) {
		t.Helper()
		if _, err := s.jetonomy(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	refused("there is no table wp_jt_pro_conversations")
	s.reference()
	s.exec("ALTER TABLE wp_jt_pro_messages DROP COLUMN content, DROP COLUMN content_plain")
	refused("neither a column content nor content_plain")
	s.exec("ALTER TABLE wp_jt_pro_messages DROP COLUMN sender_id")
	refused("no column sender_id")

	s = openShop(t, "")
	s.exec("INSERT INTO wp_parley_conversations (id, type, created_by, last_activity_at, created_at) VALUES (20, 1, 2, NOW(), NOW())")
	s.reference()
	var conflict *importer.ConflictError
	if _, err := s.jetonomy(nil); !errors.As(err, &conflict) || len(conflict.Conflicts) != 1 || conflict.Conflicts[0] != (importer.Conflict{Kind: "thread", ID: 20}) {
		t.Errorf("a taken id: %v", err)
	}
	if n := s.number("SELECT COUNT(*) FROM wp_parley_conversations"); n != 1 {
		t.Errorf("%d conversations", n)
	}
}

// TestJetonomyProInPartsAndVerified imports a part that is named by the second conversation
// of a pair, then the rest; what is not as the source has it is found and named.
func TestJetonomyProInPartsAndVerified(t *testing.T) {
	s := openShop(t, "")
	s.reference()
	r, err := s.jetonomy(func(o *importer.Options) { o.Scope = importer.Scope{Threads: []int64{11}} })
	if err != nil || r.Pass.New != 1 || s.text("SELECT GROUP_CONCAT(id ORDER BY seq) FROM wp_parley_messages WHERE conversation_id = 10") != "100,101,102,103" {
		t.Fatalf("a part: %v, %+v", err, r)
	}
	if p := s.bringJetonomy().Pass; p.New != 5 || p.Unchanged != 1 {
		t.Errorf("the rest: %+v", p)
	}
	if r, err := s.jetonomy(func(o *importer.Options) { o.VerifyOnly = true }); err != nil {
		t.Errorf("verification: %v, %+v", err, r.Checks)
	}
	s.exec("UPDATE wp_parley_messages SET content = 'otherwise' WHERE id = 300")
	s.exec("UPDATE wp_parley_participants SET unread_count = 7, imported_state = NULL WHERE conversation_id = 31 AND user_id = 2")
	s.exec("DELETE FROM wp_parley_participants WHERE conversation_id = 32 AND user_id = 5")
	s.exec("DELETE FROM wp_parley_messages WHERE id = 201")
	r, err = s.jetonomy(func(o *importer.Options) { o.VerifyOnly = true })
	if !errors.Is(err, importer.ErrNotVerified) {
		t.Fatalf("verification: %v", err)
	}
	for _, c := range r.Checks {
		want := map[string]string{"V2": "conversation 20: 4 messages from 200 to 203 in the source, 3 from 200 to 203 in Parley",
			"V3": "conversation 32: user 5 has a row in the source and none in Parley", "V7": "conversation 30: the sum is"}[c.Name]
		if c.OK != (want == "") || !strings.Contains(strings.Join(c.Rows, "\n"), want) {
			t.Errorf("%s: %+v", c.Name, c)
		}
	}
}
