package bpbridge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parley/bpbridge"
	"parley/bpbridge/importer"
	"parley/internal/resttest"
	"parley/internal/testdb"
	"parley/messaging/store"
	"parley/schema"
	"parley/wprest"
)

// recordedSite is what BuddyPress itself answered on the dump beside it.
type recordedSite struct {
	ThreadIDs []int64 `json:"thread_ids"`
	Users     map[string]struct {
		ID                      int64
		Inbox, Sentbox, Starred recordedList
		UnreadIDs               []int64 `json:"inbox_unread_ids"`
		ReadIDs                 []int64 `json:"inbox_read_ids"`
		Unread                  int     `json:"messages_get_unread_count"`
		Threads                 map[string]recordedList
	}
}

type recordedList struct {
	Status, Total int
	Response      json.RawMessage
}

// oldSite is the dump in a database of its own.
func oldSite(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, dsn: testdb.SiteDSN(t), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	dump, err := os.ReadFile("testdata/import/small.sql")
	if err != nil {
		t.Fatal(err)
	}
	testdb.Load(t, s.dsn, string(dump))
	return s
}

// importAll makes a pass of the site's BuddyPress tables.
func (s *stack) importAll(t *testing.T) *importer.Report {
	t.Helper()
	rooms := resttest.Open(t, resttest.Settings{DSN: s.dsn})
	defer rooms.Close()
	db, site := rooms.DB.DB, rooms.Site
	report, err := importer.Run(t.Context(), importer.Options{DB: rooms.DB, Store: store.New(db, schema.Names("wp_parley_"), site.Tables(), site.Features()),
		Source:  importer.NewBuddyPress(db, "wp_", func(context.Context, []int64) (int, error) { return 0, nil }),
		Threads: rooms.Service})
	if err != nil {
		t.Errorf("the import: %v", err)
		for _, c := range report.Checks {
			t.Logf("%+v", c)
		}
		t.FailNow()
	}
	return report
}

// TestImportedSiteAnswersAsBuddyPressDid compares every list and every thread of every
// member with what BuddyPress answered on the same tables.
func TestImportedSiteAnswersAsBuddyPressDid(t *testing.T) {
	s := oldSite(t)
	s.importAll(t)
	text, err := os.ReadFile("testdata/import/small.expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var want recordedSite
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	s.start(bpbridge.Settings{EmojiBase: emojiBase})
	defer s.stop()
	for login, u := range want.Users {
		me := newAccount(u.ID, login)
		s.db.MustExec("UPDATE wp_users SET user_pass = ? WHERE ID = ?", me.password, u.ID)
		s.db.MustExec("DELETE FROM wp_usermeta WHERE user_id = ? AND meta_key = 'session_tokens'", u.ID)
		s.db.MustExec("INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (?, 'session_tokens', ?)", u.ID, me.sessions())
		c := client{s, login, me}
		const whole = "&context=edit&messages_per_page=100&recipients_per_page=100"
		for box, list := range map[string]recordedList{"inbox": u.Inbox, "sentbox": u.Sentbox, "starred": u.Starred} {
			status, header, v := c.do("GET", "/messages?per_page=100&box="+box+whole, "")
			sameAnswer(t, login+" "+box, list, status, v)
			if total := header.Get("X-WP-Total"); list.Total > 0 && total != fmt.Sprint(list.Total) {
				t.Errorf("%s %s: total %s, want %d", login, box, total, list.Total)
			}
		}
		for state, ids := range map[string][]int64{"unread": u.UnreadIDs, "read": u.ReadIDs} {
			_, _, v := c.do("GET", "/messages?per_page=100&type="+state, "")
			var got []int64
			for _, item := range v.Items {
				id, _ := item.Get("id")
				var n int64
				_, _ = fmt.Sscan(id.Text, &n)
				got = append(got, n)
			}
			if fmt.Sprint(got) != fmt.Sprint(ids) {
				t.Errorf("%s %s: %v, want %v", login, state, got, ids)
			}
		}
		for _, id := range want.ThreadIDs {
			status, _, v := c.do("GET", fmt.Sprintf("/messages/%d?order=asc%s", id, whole), "")
			recorded, shown := u.Threads[fmt.Sprint(id)]
			if !shown {
				if status != 403 {
					t.Errorf("%s thread %d: status %d, want 403", login, id, status)
				}
				continue
			}
			sameAnswer(t, fmt.Sprintf("%s thread %d", login, id), recorded, status, v)
		}
	}
}

// sameAnswer compares an answer with its recording, ids and row ids included; addresses
// of avatars may differ.
func sameAnswer(t *testing.T, what string, want recordedList, status int, got wprest.Value) {
	t.Helper()
	if status != want.Status {
		t.Errorf("%s: status %d, want %d", what, status, want.Status)
		return
	}
	recorded, err := wprest.ParseJSON(want.Response)
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{ids: sameIDs(), ignore: map[string]bool{"*.user_avatars": true}}
	c.item = c.ids.threads
	c.compare("$", "", recorded, got)
	if len(c.faults) > 0 {
		t.Errorf("%s:\n\t%s", what, strings.Join(c.faults, "\n\t"))
	}
}

// sameIDs pairs every id with itself.
func sameIDs() *ids {
	all := newIDs()
	for i := range 2000 {
		id := fmt.Sprint(i)
		for _, pair := range []twins{all.threads, all.messages, all.rows} {
			pair.there[id], pair.here[id] = id, id
		}
	}
	return all
}
