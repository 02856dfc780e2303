package api_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/testdb"
)

const suggestions = "/messaging/recipient-suggestions"

func TestScenario101LengthOfTheTerm(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, q := range []string{"bo", strings.Repeat("b", 65), "", "++b++"} {
		c.as("alice").get(suggestions+"?q="+q).refused(400, "rest_invalid_param", "Invalid parameter(s): q")
	}
	c.as("alice").get(suggestions).refused(400, "rest_missing_callback_param").eq("data.params", []string{"q"})
	c.as("alice").get(suggestions+"?q=bob&limit=21").refused(400, "rest_invalid_param", "Invalid parameter(s): limit")
	c.nobody().get(suggestions+"?q=bob").refused(401, "rest_not_logged_in")
}

func TestScenario102WhoCanBeWrittenTo(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	a := c.as("alice").get(suggestions+"?q=car").want(200).wantIDs(testdb.Carol).eq("meta.count", 1)
	a.eq("data.0", object{"id": testdb.Carol, "user_login": "carol", "login": "carol", "handle": "carol",
		"display_name": testdb.Cast()["carol"].DisplayName, "avatar_url": "", "avatar": ""})
	c.as("alice").get(suggestions + "?q=erin").wantIDs()
	c.as("alice").get(suggestions + "?q=alice").wantIDs()
	c.as("alice").get(suggestions + "?q=example.test").wantIDs()
	c.as("alice").get(suggestions + "?q=%25%25%25").wantIDs()
	c.as("alice").get(suggestions + "?q=b_b").wantIDs()
	c.as("alice").get(suggestions + "?q=MARTINEZ").wantIDs(testdb.Bob)
	c.as("dave").get(suggestions + "?q=ali").wantIDs(testdb.Alice)
}

func TestScenario103BlockedAndBannedAreNotOffered(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, '2026-01-01')", testdb.Carol, testdb.Alice)
	c.as("alice").get(suggestions + "?q=car").want(200).wantIDs()
	c.as("carol").get(suggestions + "?q=ali").want(200).wantIDs()
	c.as("alice").get(suggestions + "?q=zed").want(200).wantIDs()
}

func TestScenario104StaffIsOfferedEveryone(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("admin").get(suggestions + "?q=eri").want(200).wantIDs(testdb.Erin)
}

func TestScenario105Report(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	a := c.as("alice").post(conv(ab)+"/report", object{"reason": "spam", "description": "it's <spam> 'DROP"}).want(201)
	a.eq("created", true)
	if a.id() <= 0 {
		t.Errorf("%s", a.raw)
	}
	c.wantCount(1, `SELECT COUNT(*) FROM wp_jt_flags WHERE reporter_id = ? AND object_type = 'user' AND object_id = ?
		AND reason = 'spam' AND status = 'pending'`, testdb.Alice, testdb.Bob)
	c.as("alice").post(conv(ab)+"/report", object{"reason": "other"}).
		refused(409, "jetonomy_already_flagged", "You have already reported this content.")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_jt_flags")
}

func TestScenario106ReportsThatCannotBe(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").post(conv(ab)+"/report", object{"reason": "rude"}).refused(400, "rest_invalid_param")
	a := c.as("alice").post("/conversations", object{"recipient_ids": ids("bob", "carol"), "message": "x"}).want(201)
	g := a.id()
	c.as("bob").post(conv(g)+"/report", nil).refused(400, "jetonomy_validation")
	c.as("bob").post(conv(g)+"/report", object{"message_id": a.num("message_id")}).want(201)
	c.as("alice").post(conv(g)+"/report", object{"message_id": a.num("message_id")}).refused(400, "jetonomy_flag_self")
	c.as("bob").post(conv(g)+"/report", object{"message_id": 999999}).refused(404, "jetonomy_not_found")
	c.as("bob").post(conv(ab)+"/report", object{"description": strings.Repeat("x", 2001)}).want(400)
}

const admin = "/wp-json/parley/v1/admin"

func TestScenario107Purge(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").get(messages(ab)).want(200)
	one := fmt.Sprintf("%s/conversations/%d", admin, ab)
	c.web("admin").get(admin+"/conversations").want(200).wantIDs(ab).eq("meta.per_page", 50)
	c.web("admin").get(one).want(200).eq("participants.0.login", "alice")
	c.web("admin").get(one+"/messages").want(200).eq("data.0.content_plain", "hi")
	a := c.web("admin").do("DELETE", one, nil).want(200)
	if want := fmt.Sprintf(`{"deleted":true,"id":%d}`, ab); string(a.raw) != want {
		t.Errorf("%s, want %s", a.raw, want)
	}
	for _, who := range []string{"alice", "bob"} {
		c.as(who).get(conv(ab)).refused(404, "jetonomy_not_found")
		c.as(who).get(messages(ab)).refused(404, "jetonomy_not_found")
		c.as(who).get("/conversations?filter=all").wantIDs()
	}
	if n := c.as("bob").unread(); n != 0 {
		t.Errorf("unread %d", n)
	}
	for _, table := range []string{"conversations", "participants", "messages", "message_text"} {
		c.wantCount(0, "SELECT COUNT(*) FROM wp_parley_"+table)
	}
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_events WHERE kind = 'conversation_purged' AND conversation_id = ? AND actor_id = ?", ab, testdb.Admin)
	c.web("admin").get(one).refused(404, "jetonomy_not_found")
	log := c.web("admin").get(admin + "/audit").want(200)
	if n := log.num("meta.total"); n < 4 {
		t.Errorf("only %d audit rows: %s", n, log.raw)
	}
	log.eq("data.0.actor_login", "admin").eq("data.0.ip", "127.0.0.1")
}

func TestScenario108OversightIsForAdministrators(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	for method, paths := range map[string][]string{
		"GET": {"/conversations", fmt.Sprintf("/conversations/%d", ab), fmt.Sprintf("/conversations/%d/messages", ab),
			fmt.Sprintf("/members/%d/blocks", testdb.Bob), "/audit", "/conversations?page=x"},
		"DELETE": {fmt.Sprintf("/conversations/%d", ab), fmt.Sprintf("/members/%d/blocks/%d", testdb.Alice, testdb.Bob)},
	} {
		for _, path := range paths {
			for _, who := range []string{"alice", "mona", "zed"} {
				c.as(who).do(method, admin+path, nil).refused(403, "rest_forbidden")
			}
			c.nobody().do(method, admin+path, nil).refused(401, "rest_not_logged_in")
		}
	}
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_conversations")
}

// The rest of the oversight surface: filters, blocks, their clearing.
func TestOversight(t *testing.T) {
	t.Parallel()
	c, ab := blocked(t)
	c.as("carol").start("hi", "dave")
	c.as("admin").get(admin+"/conversations").want(200).eq("meta.total", 2)
	c.as("admin").get(fmt.Sprintf("%s/conversations?member=%d", admin, testdb.Bob)).want(200).wantIDs(ab)
	c.as("admin").get(admin + "/conversations?before=2026-03-01").want(200).wantIDs()
	c.as("admin").get(admin+"/conversations?after=2026-03-01T00:00:00Z&before=2027-01-01").want(200).eq("meta.total", 2)
	c.as("admin").get(admin+"/conversations?before=yesterday&page=0").refused(400, "rest_invalid_param", "Invalid parameter(s): page, before")
	blocks := c.as("admin").get(fmt.Sprintf("%s/members/%d/blocks", admin, testdb.Alice)).want(200)
	blocks.eq("meta.count", 1).eq("data.0.conversation_id", ab).eq("data.0.blocker.login", "alice").eq("data.0.blocked.login", "bob")
	c.as("admin").do("DELETE", fmt.Sprintf("%s/members/%d/blocks/%d", admin, testdb.Alice, testdb.Bob), nil).want(200).eq("deleted", true)
	c.as("bob").send(ab, "free again")
}

func TestScenario111FlowOfTheApp(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	a := c.as("alice").post("/conversations", object{"recipient_ids": ids("bob", "carol"), "title": "Trip", "message": "hi"}).want(201)
	wantShape(t, a.at("data"), conversationShape)
	g := a.id()
	first := c.as("alice").get(messages(g) + "?limit=30&before=0").want(200)
	wantShape(t, first.at("data.0"), messageShape)
	newest := first.num("data.0.id")
	c.as("alice").get(messages(g) + fmt.Sprintf("?after=%d", newest)).want(200).wantIDs()
	theirs := c.as("bob").send(g, "hello")
	poll := c.as("alice").get(messages(g) + fmt.Sprintf("?after=%d", newest)).want(200).wantIDs(theirs)
	wantShape(t, poll.at("data.0"), messageShape)
	for _, action := range []string{"mute", "archive"} {
		wantShape(t, c.as("alice").post(conv(g)+"/"+action, object{"muted": true, "archived": true}).want(200).at("data"), conversationShape)
	}
	list := c.as("alice").get("/conversations?limit=20&filter=archived").want(200).wantIDs(g)
	wantShape(t, list.at("data.0"), conversationShape)
	wantShape(t, c.as("alice").post(conv(g)+"/leave", nil).want(200).at("data"), conversationShape)
	c.as("alice").get("/conversations").wantIDs()
}
