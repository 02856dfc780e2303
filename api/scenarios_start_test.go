package api_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/internal/testdb"
)

func TestScenario031StartADirectThread(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	a := c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": "Hello"}).want(201)
	if a.id() <= 0 || a.id() != a.num("conversation_id") || a.num("message_id") <= 0 {
		t.Errorf("ids in %s", a.raw)
	}
	a.eq("type", "direct").eq("reused", false).eq("participants.0.user_id", testdb.Alice).eq("participants.1.user_id", testdb.Bob)
	a.eq("last_message_preview", "Hello").eq("message_count", 1).eq("unread", false).eq("data.id", a.id())
	if n := len(a.at("participants").([]any)); n != 2 {
		t.Errorf("%d participants", n)
	}
}

func TestScenario032EverySpelling(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipients": ids("bob"), "content": "S"}).want(201)
	c.as("carol").post("/conversations", object{"participants": ids("bob"), "body": "D"}).want(201)
	// The first spelling that is not null wins, wherever it comes from.
	c.as("bob").post("/conversations?recipient_ids=7", object{"recipient_ids": nil, "recipients": ids("dave"), "message": nil,
		"content": "wins", "body": "loses"}).refused(403, "jetonomy_forbidden")
	a := c.as("bob").post("/conversations", object{"recipient_ids": nil, "recipients": ids("dave"), "participants": ids("erin"),
		"message": nil, "content": "wins", "body": "loses"}).want(201)
	a.eq("last_message_preview", "wins").eq("participants.1.login", "dave")
	// As a form, with brackets; as a comma list; as one number.
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	c.as("alice").do("POST", "/conversations", fmt.Sprintf("recipient_ids[]=%d&recipient_ids[]=%d&message=a+b", testdb.Bob, testdb.Carol), form...).
		want(201).eq("type", "group").eq("last_message_preview", "a b")
	c.as("alice").do("POST", "/conversations", fmt.Sprintf("recipients=%d,%d&message=x", testdb.Bob, testdb.Dave), form...).want(201).eq("type", "group")
	c.as("carol").post("/conversations", object{"recipients": testdb.Dave, "message": "x"}).want(201)
	c.as("carol").post("/conversations", object{"recipients": []string{"3"}, "message": "x"}).want(201)
}

func TestScenario033StartAGroup(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	a := c.as("alice").post("/conversations", object{"recipient_ids": ids("bob", "carol"), "title": "Trip", "message": "x"}).want(201)
	a.eq("type", "group").eq("title", "Trip").eq("participant_count", 3).eq("created_by", testdb.Alice)
	if n := len(a.at("participants").([]any)); n != 3 {
		t.Errorf("%d participants", n)
	}
}

func TestScenario034DirectThreadIsReused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("first", "bob")
	c.as("bob").post(conv(ab)+"/archive", object{"archived": true}).want(200)
	a := c.as("bob").post("/conversations", object{"recipient_ids": ids("alice"), "message": "second"}).want(200)
	a.eq("id", ab).eq("reused", true).eq("message_count", 2).eq("last_message_preview", "second").eq("is_archived", false)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_conversations")
}

const trustText = "You need a higher trust level to send messages."

func TestScenario035NewcomerCannotStart(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("dave").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).
		refused(403, "jetonomy_forbidden", trustText)
	c.nothingStored()
}

func TestScenario036NoProfileIsLevelZero(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.exec("DELETE FROM wp_jt_user_profiles WHERE user_id = ?", testdb.Dave)
	c.as("dave").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).
		refused(403, "jetonomy_forbidden", trustText)
}

func TestScenario037MinimumTrustIsASetting(t *testing.T) {
	t.Parallel()
	newCommunity(t, minTrust(0)).as("dave").start("x", "alice")
	newCommunity(t, minTrust(2)).as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": "x"}).
		refused(403, "jetonomy_forbidden", trustText)
}

func TestScenario038StaffBypassTrustAndScope(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("mona").start("x", "erin")
	c.as("admin").start("x", "erin")
}

const scopeText = "You can only message people who share at least one space with you."

func TestScenario039OnlyWhoSharesASpace(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": ids("erin"), "message": "x"}).
		refused(403, "jetonomy_forbidden", scopeText)
	c.nothingStored()
}

func TestScenario040OneBadRecipientRejectsTheGroup(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob", "erin"), "message": "x"}).
		refused(403, "jetonomy_forbidden", scopeText)
	c.nothingStored()
}

func TestScenario041OnlyOneself(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipients": ids("alice"), "message": "x"}).refused(400, "jetonomy_validation")
	c.nothingStored()
}

func TestScenario042NoRecipients(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipients": []int64{}, "message": "x"}).refused(400, "jetonomy_validation")
	c.as("alice").post("/conversations", object{"message": "x"}).
		refused(400, "rest_missing_callback_param", "Missing parameter(s): recipient_ids").eq("data.params", []string{"recipient_ids"})
}

func TestScenario043NoText(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipients": ids("bob")}).
		refused(400, "rest_missing_callback_param").eq("data.params", []string{"message"})
	for _, blank := range []string{"", "   ", "\n\t", "\u00a0", "<p> </p>"} {
		c.as("alice").post("/conversations", object{"recipients": ids("bob"), "message": blank}).refused(400, "jetonomy_validation")
	}
	c.as("alice").post("/conversations", object{}).
		refused(400, "rest_missing_callback_param").eq("data.params", []string{"recipient_ids", "message"})
	c.nothingStored()
}

func TestScenario044RecipientsThatAreNoIDs(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, bad := range []any{"abc", []any{object{}}, []any{"x"}, []any{1.5}, []any{true}, object{"a": 4}, []any{[]int{4}}, true, []any{""}, []any{0}, []any{-4}} {
		c.as("alice").post("/conversations", object{"recipient_ids": bad, "message": "x"}).
			refused(400, "rest_invalid_param", "Invalid parameter(s): recipient_ids")
	}
	c.nothingStored()
}

func TestScenario045UnknownAccount(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, who := range []string{"alice", "admin"} {
		if a := c.as(who).post("/conversations", object{"recipient_ids": []int64{testdb.Bob, 4711}, "message": "x"}).want(400); a.str("code") == "" {
			t.Errorf("%s", a.raw)
		}
	}
	c.nothingStored()
}

func TestScenario046TooManyMembers(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	many := c.recruit(25)
	c.as("alice").post("/conversations", object{"recipient_ids": many, "message": "x"}).refused(400, "jetonomy_validation")
	c.as("alice").post("/conversations", object{"recipient_ids": many[:20], "message": "x"}).refused(400, "jetonomy_validation")
	c.nothingStored()
	c.as("alice").post("/conversations", object{"recipient_ids": many[:19], "message": "x"}).want(201).eq("participant_count", 20)
}

func TestScenario047LengthOfTheText(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": strings.Repeat("ä", 10001)}).refused(400, "jetonomy_validation")
	c.nothingStored()
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": strings.Repeat("ä", 10000)}).want(201)
}

func TestScenario048DirectWithSeveral(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob", "carol"), "type": "direct", "message": "x"}).refused(400, "jetonomy_validation")
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "type": "crowd", "message": "x"}).refused(400, "rest_invalid_param")
	c.nothingStored()
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "type": "group", "message": "x"}).want(201).eq("type", "group")
}

func TestScenario049SilencedCannotStart(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("sid").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).
		refused(403, "silenced", "You are currently silenced.")
	c.nothingStored()
}

func TestScenario050CommunityBlockEitherWay(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id, created_at) VALUES (?, ?, '2026-01-01')", testdb.Alice, testdb.Bob)
	c.as("bob").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.as("bob").post("/conversations", object{"recipient_ids": ids("alice", "carol"), "message": "x"}).refused(403, "jetonomy_cannot_send")
	c.nothingStored()
}

func TestScenario051BannedRecipient(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": ids("zed"), "message": "x"}).refused(403, "jetonomy_cannot_send")
	c.nothingStored()
}

func TestScenario052DailyLimit(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("x", "bob")
	many := c.recruit(11)
	for _, id := range many[:9] {
		c.as("alice").post("/conversations", object{"recipient_ids": []int64{id}, "message": "x"}).want(201)
	}
	a := c.as("alice").post("/conversations", object{"recipient_ids": many[9:10], "message": "x"}).refused(429, "jetonomy_rate_limited")
	if a.num("data.retry_after") <= 0 || a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") == "0" {
		t.Errorf("no wait in %s %v", a.raw, a.header)
	}
	a = c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": "again"}).want(200)
	a.eq("id", ab).eq("reused", true)
	c.wantCount(10, "SELECT COUNT(*) FROM wp_parley_conversations")
}

func TestScenario053BodyThatIsNoJSON(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", "{").refused(400, "rest_invalid_json", "Invalid JSON body passed.").
		eq("data.json_error_code", 4).eq("data.json_error_message", "Syntax error")
}

func TestScenario054GroupsAreNeverReused(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	one := c.as("alice").start("x", "bob", "carol")
	if two := c.as("alice").start("x", "bob", "carol"); one == two {
		t.Errorf("group %d was reused", one)
	}
}
