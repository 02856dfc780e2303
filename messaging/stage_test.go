package messaging

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/config"
	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/schema"
	"parley/wpauth"
	"parley/wptext"
)

const stagePrefix = "wp_parley_"

// stage is a site with its cast and a Service on it, with a clock that stands still.
type stage struct {
	*Service
	t    testing.TB
	pool *mysql.DB
	at   time.Time
	next int64 // last conversation id handed out
}

// newStage sets the stage; change may adjust the options.
func newStage(t testing.TB, change ...func(*Options)) *stage {
	t.Helper()
	return stageOn(t, testdb.CastDSN(t), change...)
}

func stageOn(t testing.TB, dsn string, change ...func(*Options)) *stage {
	t.Helper()
	ctx := context.Background()
	db, err := mysql.Open(ctx, mysql.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := schema.Up(ctx, db.DB, stagePrefix); err != nil {
		t.Fatal(err)
	}
	g := &stage{t: t, pool: db, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return g.at }
	site, err := wpauth.NewSite(ctx, db.DB, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_"}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{DB: db, Tables: schema.Names(stagePrefix), Directory: site, MinTrustLevel: 1, Now: now}
	for _, f := range change {
		f(&o)
	}
	if g.Service, err = New(o); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *stage) exec(query string, args ...any) {
	g.t.Helper()
	if _, err := g.pool.ExecContext(context.Background(), query, args...); err != nil {
		g.t.Fatalf("%s: %v", query, err)
	}
}

func (g *stage) count(query string, args ...any) (n int) {
	g.t.Helper()
	if err := g.pool.GetContext(context.Background(), &n, query, args...); err != nil {
		g.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// actor is a member without any special right.
func actor(id wpauth.UserID) Actor { return Actor{ID: id, Login: fmt.Sprintf("user%d", id)} }

// line is one message to seed.
type line struct {
	from wpauth.UserID
	text string
}

// seed writes a conversation as sending would have, without going through it.
func (g *stage) seed(kind Type, title string, people []wpauth.UserID, lines ...line) ConversationID {
	g.t.Helper()
	g.next++
	id := g.next
	g.exec(`INSERT INTO wp_parley_conversations (id, type, title, created_by, last_activity_at, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		id, kind, nullText(title), people[0], g.at, g.at)
	for _, p := range people {
		g.exec(`INSERT INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at) VALUES (?, ?, ?, ?)`,
			id, p, g.at, g.at)
	}
	for _, l := range lines {
		g.say(ConversationID(id), l.from, l.text)
	}
	return ConversationID(id)
}

func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// say appends a message a second after the last.
func (g *stage) say(c ConversationID, from wpauth.UserID, text string) MessageID {
	g.t.Helper()
	g.at = g.at.Add(time.Second)
	g.exec(`UPDATE wp_parley_conversations SET last_seq = last_seq + 1, message_count = message_count + 1,
		last_message_at = ?, last_message_preview = ?, last_activity_at = ? WHERE id = ?`, g.at, wptext.Preview(text, 255), g.at, c)
	done, err := g.pool.Exec(`INSERT INTO wp_parley_messages (conversation_id, seq, sender_id, content, created_at)
		SELECT id, last_seq, ?, ?, ? FROM wp_parley_conversations WHERE id = ?`, from, text, g.at, c)
	if err != nil {
		g.t.Fatal(err)
	}
	id, err := done.LastInsertId()
	if err != nil {
		g.t.Fatal(err)
	}
	g.exec(`INSERT INTO wp_parley_message_text (conversation_id, message_id, sender_id, body) VALUES (?, ?, ?, ?)`,
		c, id, from, []byte(wptext.Fold(text)))
	g.exec(`UPDATE wp_parley_participants SET last_activity_at = ?, unread_count = unread_count + (user_id <> ?),
		has_unread = unread_count > 0 WHERE conversation_id = ? AND left_at IS NULL`, g.at, from, c)
	return MessageID(id)
}

// wantReason fails unless err is a refusal for the reason; "" wants no error.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if want == "" && err != nil || want != "" && ReasonOf(err) != want {
		t.Fatalf("got %v, want reason %q", err, want)
	}
}

func spell(ids []ConversationID) string { return strings.Trim(fmt.Sprint(ids), "[]") }
