package bpseed_test

import (
	"testing"

	"github.com/jmoiron/sqlx"

	"parley/bench/bpseed"
	"parley/internal/testdb"
)

func number(t *testing.T, db *sqlx.DB, query string) (n int64) {
	t.Helper()
	if err := db.Get(&n, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestTheSameRowsEveryTime writes a site twice; the numbers are as asked for, the
// states keep BuddyPress's rules, and every oddity is there.
func TestTheSameRowsEveryTime(t *testing.T) {
	const sum = "SELECT SUM(CRC32(CONCAT_WS(':',id,thread_id,sender_id,subject,message,date_sent))) FROM wp_bp_messages_messages"
	const states = "SELECT SUM(CRC32(CONCAT_WS(':',id,thread_id,user_id,unread_count,sender_only,is_deleted))) FROM wp_bp_messages_recipients"
	db := testdb.Open(t)
	var before [2]int64
	for again := range 2 {
		s, err := bpseed.Write(t.Context(), db, bpseed.Options{Threads: 11_000, Messages: 30_000})
		if err != nil {
			t.Fatal(err)
		}
		if s.Duplicates == 0 || s.WithoutRecipients == 0 || s.WithoutMessages == 0 || s.ForeignStars == 0 {
			t.Errorf("an oddity is missing: %+v", s)
		}
		if n := int64(s.Messages); n != number(t, db, "SELECT COUNT(*) FROM wp_bp_messages_messages") || n != 30_000 {
			t.Errorf("%d messages", n)
		}
		now := [2]int64{number(t, db, sum), number(t, db, states)}
		if again == 1 && now != before {
			t.Errorf("other rows: %v, %v", before, now)
		}
		before = now
	}
	for _, c := range []struct{ what, query string }{
		{"sender-only rows with something unread", "SELECT COUNT(*) FROM wp_bp_messages_recipients WHERE sender_only = 1 AND unread_count > 0"},
		{"more unread than others wrote", `SELECT COUNT(*) FROM wp_bp_messages_recipients r WHERE unread_count > (SELECT COUNT(*) FROM wp_bp_messages_messages m
			WHERE m.thread_id = r.thread_id AND (m.sender_id <> r.user_id OR m.id = (SELECT MIN(f.id) FROM wp_bp_messages_messages f WHERE f.thread_id = r.thread_id)))
			AND EXISTS (SELECT 1 FROM wp_bp_messages_messages m WHERE m.thread_id = r.thread_id)`},
		{"ids against the dates", "SELECT COUNT(*) FROM wp_bp_messages_messages a JOIN wp_bp_messages_messages b ON b.id = a.id + 1 WHERE b.date_sent < a.date_sent AND YEAR(b.date_sent) > 0"},
	} {
		if n := number(t, db, c.query); n > 0 {
			t.Errorf("%s: %d", c.what, n)
		}
	}
}

func TestWhatCannotBe(t *testing.T) {
	db := testdb.Open(t)
	for _, o := range []bpseed.Options{{Prefix: "wp-"}, {Threads: 10, Messages: 9}, {Threads: -1}, {Members: 2}} {
		if _, err := bpseed.Write(t.Context(), db, o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
