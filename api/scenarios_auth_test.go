package api_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"parley/internal/testdb"
)

// The numbers are those of the contract's acceptance scenarios (jetonomy, section 7).

func TestScenario001NobodyListsIs401(t *testing.T) {
	t.Parallel()
	newCommunity(t).nobody().get("/conversations").
		refused(401, "rest_not_logged_in", "You must be logged in to perform this action.")
}

func TestScenario002NobodyChangesAnythingIs401(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, action := range []string{"mute", "archive", "block", "leave", "messages", "read", "report"} {
		c.nobody().post("/conversations/1/"+action, object{}).refused(401, "rest_not_logged_in")
	}
	c.nobody().post("/conversations", object{}).refused(401, "rest_not_logged_in")
	c.nobody().patch("/conversations/1", object{}).refused(401, "rest_not_logged_in")
	c.nobody().del("/conversations/1").refused(401, "rest_not_logged_in")
}

func TestScenario003ApplicationPasswordNeedsNoNonce(t *testing.T) {
	t.Parallel()
	a := newCommunity(t).as("alice").get("/conversations").want(200)
	if a.header.Get("X-WP-Nonce") != "" {
		t.Error("an application password gets no nonce")
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestScenario004WrongApplicationPasswordIs401(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	p := testdb.Cast()["alice"]
	wrong := []byte(p.AppPassword)
	wrong[0] ^= 1
	c.with("Authorization", basic("alice", string(wrong))).get("/conversations").refused(401, "rest_not_logged_in")
}

func TestScenario005OrdinaryPasswordOverBasicIs401(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.with("Authorization", basic("alice", testdb.Cast()["alice"].Password)).get("/conversations").
		refused(401, "rest_not_logged_in")
}

func TestScenario006UnknownLoginIs401(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.with("Authorization", basic("nosuch", testdb.Cast()["alice"].AppPassword)).get("/conversations").
		refused(401, "rest_not_logged_in")
}

func TestScenario007CookieAndNonceSend(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hello", "bob")
	a := c.web("alice").post(messages(ab), object{"content": "from the web"}).want(201)
	if len(a.header.Get("X-WP-Nonce")) != 10 {
		t.Errorf("no fresh nonce in %v", a.header)
	}
}

func TestScenario008NonceOfAnotherMemberIs403(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hello", "bob")
	alice, bob := testdb.Cast()["alice"], testdb.Cast()["bob"]
	c.with("Cookie", alice.Cookie(), "X-WP-Nonce", bob.Nonce(c.clock.Now())).post(messages(ab), object{"content": "x"}).
		refused(403, "rest_cookie_invalid_nonce", "Cookie check failed")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario009CookieWithoutOrWithEmptyNonce(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hello", "bob")
	cookie := testdb.Cast()["alice"].Cookie()
	c.with("Cookie", cookie).post(conv(ab)+"/mute", object{}).refused(401, "rest_not_logged_in")
	c.with("Cookie", cookie, "X-WP-Nonce", "").post(conv(ab)+"/mute", object{}).refused(403, "rest_cookie_invalid_nonce")
}

func TestScenario010CookieWithoutNonceReadsNothing(t *testing.T) {
	t.Parallel()
	newCommunity(t).with("Cookie", testdb.Cast()["alice"].Cookie()).get("/conversations").refused(401, "rest_not_logged_in")
}

func TestScenario011DestroyedSession(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice := testdb.Cast()["alice"]
	c.web("alice").get("/conversations").want(200)
	c.exec("DELETE FROM wp_usermeta WHERE user_id = ? AND meta_key = 'session_tokens'", alice.ID)
	c.eventually("the session is refused", func() bool {
		return c.web("alice").get("/conversations").status != http.StatusOK
	})
	c.web("alice").get("/conversations").refused(403, "rest_cookie_invalid_nonce")
	c.with("Cookie", alice.Cookie()).get("/conversations").refused(401, "rest_not_logged_in")
}

func TestScenario012ExpiredCookie(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hello", "bob")
	c.clock.advance(testdb.CookieExpires.Sub(c.clock.Now()) + time.Hour + time.Minute)
	c.web("alice").post(messages(ab), object{"content": "late"}).refused(403, "rest_cookie_invalid_nonce")
	c.with("Cookie", testdb.Cast()["alice"].Cookie()).post(messages(ab), object{"content": "late"}).refused(401, "rest_not_logged_in")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario013BannedMemberReadsAndCannotSend(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.exec("DELETE FROM wp_jt_restrictions WHERE user_id = ?", testdb.Zed)
	az := c.as("alice").start("hello", "zed")
	c.exec("INSERT INTO wp_jt_restrictions (user_id, type, issued_by, created_at) VALUES (?, 'global_ban', 1, '2026-01-01')", testdb.Zed)
	c.as("zed").post(messages(az), object{"content": "x"}).
		refused(403, "jetonomy_user_banned", "Your account has been banned from this community.")
	c.as("zed").get(messages(az)).want(200)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario014UnverifiedMemberCannotStart(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("vera").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).
		refused(403, "jetonomy_pending_verification", "Confirm your email to finish signing up before posting.")
	c.nothingStored()
}

func TestScenario015HeaderAndCookieTogether(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hello", "bob")
	alice := testdb.Cast()["alice"]
	c.with("Authorization", basic("alice", alice.AppPassword), "Cookie", "wordpress_logged_in_"+testdb.CookieHash+"=garbage").
		post(messages(ab), object{"content": "basic"}).want(201)
	wrong := basic("alice", "AAAA bbbb CCCC dddd EEEE ffff")
	c.with("Authorization", wrong, "Cookie", alice.Cookie(), "X-WP-Nonce", alice.Nonce(c.clock.Now())).
		post(messages(ab), object{"content": "cookie"}).want(201)
	c.with("Authorization", wrong, "Cookie", alice.Cookie()).
		post(messages(ab), object{"content": "neither"}).refused(401, "rest_not_logged_in")
	c.wantCount(3, "SELECT COUNT(*) FROM wp_parley_messages")
}
