package api_test

import (
	"net/http"
	"testing"
	"time"

	"parley/internal/testdb"
)

// An address can be banned: who comes from it neither starts nor sends.
func TestBannedAddress(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.exec("INSERT INTO wp_jt_restrictions (user_id, type, reason, issued_by, created_at) VALUES (0, 'ip_ban', '198.51.100.7', 1, '2026-01-01')")
	from := []string{"X-Forwarded-For", "203.0.113.1, 198.51.100.7"}
	c.as("alice").do("POST", messages(ab), object{"content": "x"}, from...).refused(403, "jetonomy_forbidden")
	c.as("alice").do("POST", "/conversations", object{"recipient_ids": ids("carol"), "message": "x"}, from...).refused(403, "jetonomy_forbidden")
	c.as("alice").do("POST", conv(ab)+"/mute", nil, from...).want(200)
	c.as("alice").do("POST", messages(ab), object{"content": "x"}, "X-Forwarded-For", "198.51.100.7, 203.0.113.1").want(201)
}

func TestSuggestionsHaveALimit(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for range 60 {
		c.as("alice").get(suggestions + "?q=bob").want(200)
	}
	a := c.as("alice").get(suggestions+"?q=bob").refused(429, "jetonomy_rate_limited")
	if a.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After in %v", a.header)
	}
	c.clock.advance(time.Minute)
	c.as("alice").get(suggestions + "?q=bob").want(200)
}

// A request is a sign of life, written at most once a minute, also for a member
// without a profile row.
func TestPresence(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.exec("DELETE FROM wp_jt_user_profiles WHERE user_id = ?", testdb.Dave)
	ad := c.as("alice").start("hi", "dave")
	c.as("alice").get(conv(ad)).eq("participants.1.is_online", false)
	c.as("dave").get("/conversations/unread-count").want(200)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_jt_user_profiles WHERE user_id = ? AND last_seen_at = ?", testdb.Dave, c.clock.Now().Truncate(time.Second))
	c.eventually("dave is seen", func() bool {
		return c.as("alice").get(conv(ad)).at("participants.1.is_online").(bool)
	})
	c.clock.advance(5*time.Minute + time.Second)
	c.as("alice").get(conv(ad)).eq("participants.1.is_online", false)
}

// WordPress takes application passwords over https alone; who says https must be
// a declared proxy.
func TestApplicationPasswordsNeedHTTPS(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	p := testdb.Cast()["alice"]
	plain := client{c, p.ID, "alice without https", func(r *http.Request) {
		r.Header.Del("X-Forwarded-Proto")
		r.SetBasicAuth(p.Login, p.AppPassword)
	}}
	plain.get("/conversations").refused(401, "rest_not_logged_in")
	c.as("alice").get("/conversations").want(200)
}
