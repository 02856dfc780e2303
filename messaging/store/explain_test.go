package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/schema"
	"parley/wpauth"
)

// big is a site large enough that the optimizer decides as it does in production:
// 20 000 conversations, 3 members each, 100 000 messages; member 9001 is in 1 000 of
// the conversations and conversation 1 has 5 000 messages.
func big(t *testing.T) *Store {
	t.Helper()
	db := testdb.CastSite(t)
	if _, err := schema.Up(context.Background(), db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	const digits = `(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
		UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`
	const at = `'2026-01-01' + INTERVAL n.n SECOND`
	for _, q := range []string{
		`CREATE TABLE numbers (n INT PRIMARY KEY)`,
		`INSERT INTO numbers SELECT a.d + 10*b.d + 100*c.d + 1000*e.d + 10000*f.d FROM ` + digits + ` a, ` +
			digits + ` b, ` + digits + ` c, ` + digits + ` e, (SELECT 0 d UNION ALL SELECT 1) f`,
		`INSERT INTO wp_parley_conversations (id, type, created_by, direct_low, direct_high, last_seq, message_count,
			last_message_at, last_message_preview, last_activity_at, created_at)
			SELECT n.n + 1, 1 + (n.n < 1000), 101 + n.n % 2000, IF(n.n < 1000, NULL, 101 + n.n % 2000),
			       IF(n.n < 1000, NULL, 5001 + n.n), 5, 5, ` + at + `, REPEAT('word ', 20), ` + at + `, ` + at + ` FROM numbers n`,
		`INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at, unread_count, has_unread, folder)
			SELECT n.n + 1, 101 + n.n % 2000, ` + at + `, ` + at + `, n.n % 7 = 0, n.n % 7 = 0, n.n % 11 = 0 FROM numbers n`,
		`INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at)
			SELECT n.n + 1, 5001 + n.n % 3000, ` + at + `, ` + at + ` FROM numbers n`,
		`INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at, unread_count, has_unread, folder)
			SELECT n.n + 1, 9001, ` + at + `, ` + at + `, n.n % 7 = 0, n.n % 7 = 0, n.n % 11 = 0 FROM numbers n WHERE n.n < 1000`,
		`INSERT INTO wp_parley_messages (conversation_id, seq, sender_id, content, created_at)
			SELECT c.n + 1, n.n + 1, 101 + c.n % 2000, REPEAT('word ', 20), ` + at + `
			  FROM numbers c STRAIGHT_JOIN numbers n WHERE n.n < 5 AND c.n > 0`,
		`INSERT INTO wp_parley_messages (conversation_id, seq, sender_id, content, created_at)
			SELECT 1, n.n + 1, 101, REPEAT('word ', 20), ` + at + ` FROM numbers n WHERE n.n < 5000`,
		`UPDATE wp_parley_participants SET last_sent_at = last_activity_at WHERE user_id % 2 = 1`,
		`INSERT INTO wp_parley_stars (user_id, conversation_id, message_id, message_at)
			SELECT 9001, m.conversation_id, m.id, m.created_at FROM wp_parley_messages m
			 WHERE m.conversation_id BETWEEN 2 AND 300 AND m.seq = 3`,
		`INSERT INTO wp_bp_notifications (user_id, item_id, secondary_item_id, component_name, component_action, date_notified, is_new)
			SELECT 101 + m.conversation_id % 2000, m.id, m.sender_id, 'messages', 'new_message', m.created_at, m.id % 5 = 0
			  FROM wp_parley_messages m WHERE m.conversation_id < 18000`,
		// 100 000 rows by now, and a member with 5 000 new ones in one thread.
		`INSERT INTO wp_bp_notifications (user_id, item_id, secondary_item_id, component_name, component_action, date_notified, is_new)
			SELECT 9001, m.id, m.sender_id, 'messages', 'new_message', m.created_at, 1
			  FROM wp_parley_messages m WHERE m.conversation_id = 1`,
		`INSERT INTO wp_parley_preferences (user_id, receipts, updated_at) SELECT 101 + n.n, n.n % 2, ` + at + ` FROM numbers n`,
		`INSERT INTO wp_parley_deliveries (conversation_id, user_id, delivered_seq, delivered_at)
			SELECT n.n + 1, 101 + n.n % 2000, 1 + n.n % 5, ` + at + ` FROM numbers n`,
		`ANALYZE TABLE wp_parley_conversations, wp_parley_participants, wp_parley_messages, wp_parley_stars, wp_bp_notifications,
			wp_parley_preferences, wp_parley_deliveries`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	return New(db, schema.Names("wp_parley_"), castTables, wpauth.Features{Jetonomy: true, JetonomyBell: true, BuddyPress: true, BuddyPressKey: true})
}

var castTables = wpauth.Tables{Users: "wp_users", JTProfiles: "wp_jt_user_profiles", JTNotifications: "wp_jt_notifications",
	JTBlockedUsers: "wp_jt_blocked_users", JTRestrictions: "wp_jt_restrictions", JTSpaceMembers: "wp_jt_space_members",
	BPNotifications: "wp_bp_notifications"}

// TestHotStatementsKeepToTheirIndexes holds every statement of the hot paths to its
// index. No table is ever read whole, and nothing is sorted but where sorted says so.
func TestHotStatementsKeepToTheirIndexes(t *testing.T) {
	s := big(t)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	page := func(f Filter, offset int) func() (string, []any) {
		return func() (string, []any) { return s.pageText(9001, f, 20, offset, now) }
	}
	yes, no := true, false
	box := func(q BoxQuery) func() (string, []any) {
		q.Viewer, q.Limit = 9001, 20
		return func() (string, []any) {
			if q.Box == BoxStarred {
				return s.boxIDsText(q)
			}
			return s.boxPageText(q)
		}
	}
	boxTotal := func(q BoxQuery) func() (string, []any) {
		q.Viewer = 9001
		return func() (string, []any) {
			from, args, _ := s.box(q)
			return `SELECT COUNT(*)` + from, args
		}
	}
	heads := func(q BoxQuery) func() (string, []any) {
		q.Viewer = 9001
		return func() (string, []any) {
			where, args := s.boxHeadsText(q)
			return `SELECT p.conversation_id FROM wp_parley_participants p FORCE INDEX (inbox)` + where, args
		}
	}
	thread := func(q ThreadQuery) func() (string, []any) {
		return func() (string, []any) { return s.threadText(q) }
	}
	counted := func(f func() (int, error)) func() (string, []any) {
		return func() (string, []any) {
			log := testdb.CountStatements(t, s.db, func() {
				if _, err := f(); err != nil {
					t.Fatal(err)
				}
			}).Log
			return log[0], []any{9001}
		}
	}
	total := func(f Filter) func() (string, []any) {
		return counted(func() (int, error) { return s.CountMailbox(context.Background(), 9001, f) })
	}
	reached := []Reached{{Conversation: 1, User: 101, Seq: 4000}, {Conversation: 2, User: 102, Seq: 5}, {Conversation: 300, User: 400, Seq: 3}}
	for _, tt := range []struct {
		name   string
		text   func() (string, []any)
		keys   map[string]string // by table or alias
		rows   float64           // at most, of every table read
		sorted bool
	}{
		{name: "inbox", text: page(Active, 0), keys: map[string]string{"p": "inbox", "c": "PRIMARY"}},
		{name: "inbox, far down", text: page(Active, 800), keys: map[string]string{"p": "inbox", "c": "PRIMARY"}},
		{name: "archive", text: page(Archived, 0), keys: map[string]string{"p": "inbox", "c": "PRIMARY"}},
		{name: "direct only", text: page(Direct, 0), keys: map[string]string{"p": "inbox", "c": "PRIMARY"}},
		{name: "unread", text: page(Unread, 0), keys: map[string]string{"p": "badge", "c": "PRIMARY"}, sorted: true},
		{name: "everything", text: page(All, 0), keys: map[string]string{"wp_parley_participants": "inbox", "c": "PRIMARY"}, sorted: true},
		{name: "total", text: total(Active), keys: map[string]string{"p": "badge"}},
		{name: "total of the archive", text: total(Archived), keys: map[string]string{"p": "badge"}},
		{name: "total of everything", text: total(All), keys: map[string]string{"p": "badge"}},
		{name: "total of unread", text: total(Unread), keys: map[string]string{"p": "badge"}},
		{name: "total of direct threads", text: total(Direct), keys: map[string]string{"p": "badge", "c": "PRIMARY"}},
		{name: "badge", text: counted(func() (int, error) { return s.CountUnread(context.Background(), 9001) }),
			keys: map[string]string{"p": "badge"}},
		{name: "people of a page", text: func() (string, []any) { return s.participantsText(9001, []int64{1, 5, 9, 300, 4000}) },
			keys: map[string]string{"p": "PRIMARY", "pref": "PRIMARY"}, rows: 20},
		{name: "preferences of members", text: func() (string, []any) { return s.preferencesText(4), []any{101, 102, 103, 104} },
			keys: map[string]string{"wp_parley_preferences": "PRIMARY"}, rows: 4},
		{name: "messages at places", text: func() (string, []any) { return s.messagesAtText([][2]int64{{1, 4000}, {2, 5}, {300, 1}}) },
			keys: map[string]string{"m": "seq"}, rows: 3},
		{name: "deliveries nobody knows", text: func() (string, []any) { return s.newReachedText(reached) },
			keys: map[string]string{"p": "PRIMARY", "d": "PRIMARY", "m": "seq"}, rows: 3},
		{name: "deliveries another node recorded", text: func() (string, []any) { return s.reachedOfText(reached) },
			keys: map[string]string{"d": "PRIMARY", "m": "seq"}, rows: 3},
		{name: "receipts of a conversation", text: func() (string, []any) { return s.receiptsText(), []any{300} },
			keys: map[string]string{"c": "PRIMARY", "p": "PRIMARY", "d": "PRIMARY", "r": "seq", "m": "seq"}, rows: 3},
		{name: "deliveries of who is gone", text: func() (string, []any) { return s.straysText(3), []any{1, 2, 300} },
			keys: map[string]string{"d": "PRIMARY", "p": "PRIMARY"}, rows: 6},
		{name: "newest page of a thread", text: thread(ThreadQuery{Conversation: 1, Limit: 51}), keys: map[string]string{"m": "PRIMARY"}},
		{name: "older page", text: thread(ThreadQuery{Conversation: 1, Before: 97000, Limit: 51}), keys: map[string]string{"m": "PRIMARY"}},
		{name: "newer page", text: thread(ThreadQuery{Conversation: 1, After: 97000, Oldest: true, Limit: 51}), keys: map[string]string{"m": "PRIMARY"}},
		{name: "page of somebody who left", text: thread(ThreadQuery{Conversation: 1, UpTo: 40, Limit: 51}), keys: map[string]string{"m": "PRIMARY", "l": "seq"}},
		{name: "facts of a send", text: func() (string, []any) { return s.sendFactsText(7, 107, now.Add(-time.Minute), now) },
			keys: map[string]string{"p": "PRIMARY", "m": "sender"}, rows: 20},
		{name: "facts of a start", text: func() (string, []any) {
			return s.startFactsText(2, []int64{3, 4, 5}, now.Add(-24*time.Hour), now.Add(-time.Minute), now)
		}, keys: map[string]string{"d": "creator", "m": "sender", "pair": "direct_pair", "mine": "PRIMARY"}, rows: 20},
		{name: "BuddyPress inbox", text: box(BoxQuery{Box: BoxInbox}), keys: map[string]string{"p": "inbox", "c": "PRIMARY", "f": "seq"}},
		{name: "BuddyPress inbox, far down", text: box(BoxQuery{Box: BoxInbox, Offset: 800}), keys: map[string]string{"p": "inbox"}},
		{name: "BuddyPress inbox, read", text: box(BoxQuery{Box: BoxInbox, Unread: &no}), keys: map[string]string{"p": "inbox"}},
		{name: "BuddyPress inbox, unread", text: box(BoxQuery{Box: BoxInbox, Unread: &yes}), keys: map[string]string{"p": "badge"}, sorted: true},
		{name: "sentbox", text: box(BoxQuery{Box: BoxSent}), keys: map[string]string{"p": "sentbox", "c": "PRIMARY", "f": "seq"}},
		{name: "sentbox, unread", text: box(BoxQuery{Box: BoxSent, Unread: &yes}), keys: map[string]string{"p": "sentbox"}},
		{name: "starred", text: box(BoxQuery{Box: BoxStarred}), keys: map[string]string{"wp_parley_stars": "PRIMARY", "p": "PRIMARY"}, sorted: true},
		{name: "heads of a search", text: heads(BoxQuery{Box: BoxInbox}), keys: map[string]string{"p": "inbox"}},
		{name: "heads of a search in the sentbox", text: heads(BoxQuery{Box: BoxSent, Unread: &yes}), keys: map[string]string{"p": "inbox"}},
		{name: "texts for a search", text: func() (string, []any) { return s.searchStoredText([]int64{1, 5, 9, 300, 4000}) },
			keys: map[string]string{"m": "seq", "c": "PRIMARY"}},
		{name: "inbox with somebody", text: box(BoxQuery{Box: BoxInbox, With: []int64{5001, 5002}}), keys: map[string]string{"p": "inbox"}},
		{name: "total of an inbox", text: boxTotal(BoxQuery{Box: BoxInbox}), keys: map[string]string{"p": "inbox"}, rows: 2000},
		{name: "total of a sentbox", text: boxTotal(BoxQuery{Box: BoxSent}), keys: map[string]string{"p": "sentbox"}, rows: 2000},
		{name: "parts of threads", text: func() (string, []any) {
			return s.slicesText(9001, []MessageSlice{{Conversation: 1, Limit: 10, Newest: true}, {Conversation: 2, Limit: 10}, {Conversation: 7, Limit: -1}}, false)
		}, keys: map[string]string{"m": "seq", "s": "PRIMARY"}},
		{name: "numbered parts of threads", text: func() (string, []any) {
			return s.slicesText(9001, []MessageSlice{{Conversation: 1, Limit: 10, Newest: true, LastSeq: 5000}, {Conversation: 2, Limit: 10, LastSeq: 5}, {Conversation: 7, Limit: -1, LastSeq: 5}}, false)
		}, keys: map[string]string{"m": "seq", "s": "PRIMARY"}, rows: 30},
		{name: "a thread and everybody in it", text: func() (string, []any) { return s.openText(), []any{7} },
			keys: map[string]string{"p": "PRIMARY"}, rows: 5},
		{name: "notifications of a thread that is read", text: func() (string, []any) { return s.readNoticesText(300, 401, 5) },
			keys: map[string]string{"n": "useritem", "m": "PRIMARY"}, rows: 2000},
		{name: "notifications of a thread that is read by somebody with many", text: func() (string, []any) { return s.readNoticesText(300, 9001, 5) },
			keys: map[string]string{"n": "useritem", "m": "PRIMARY"}, rows: 20000},
		{name: "notifications of a thread that is deleted", text: func() (string, []any) { return s.deleteNoticesText(300, 401) },
			keys: map[string]string{"n": "user_id", "m": "PRIMARY"}, rows: 2000},
		{name: "notifications of a thread that is removed", text: func() (string, []any) { return s.purgeNoticesText(300, 0, 50) },
			keys: map[string]string{"n": "item_id", "m": "seq"}, rows: 2000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, args := tt.text()
			plan := testdb.Explain(t, s.db, text, args...)
			used := map[string]string{}
			for _, step := range plan {
				ours := strings.HasPrefix(step.Table, "wp_parley") || !strings.HasPrefix(step.Table, "wp_") && !strings.HasPrefix(step.Table, "<")
				small := map[string]bool{"": true, "r": true, "a": true, "o": true, "b": true, "u": true, "prof": true, "pref": true, "bell": true}
				used[step.Table] = step.Key
				if ours && !small[step.Table] && (step.Type == "ALL" || step.Type == "index") {
					t.Errorf("read whole: %s", step)
				}
				if tt.rows > 0 && step.Rows > tt.rows {
					t.Errorf("too many rows: %s", step)
				}
				if strings.Contains(step.Extra, "filesort") && !tt.sorted {
					t.Errorf("sorted: %s", step)
				}
			}
			for table, key := range tt.keys {
				if used[table] != key {
					t.Errorf("%s is read by %q, want %q", table, used[table], key)
				}
			}
			if t.Failed() {
				for _, step := range plan {
					t.Log(step)
				}
			}
		})
	}
}
