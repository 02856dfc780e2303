package api_test

import (
	"testing"

	"parley/internal/testdb"
)

func TestScenario086NothingUnread(t *testing.T) {
	t.Parallel()
	a := newCommunity(t).as("alice").get("/conversations/unread-count").want(200)
	if string(a.raw) != `{"count":0,"unread":0,"unread_count":0}` {
		t.Errorf("%s", a.raw)
	}
}

func TestScenario087UnreadCountsThreads(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	c.as("alice").send(ab, "2")
	c.as("alice").send(ab, "3")
	cb := c.as("carol").start("1", "bob")
	c.as("carol").send(cb, "2")
	a := c.as("bob").get("/conversations/unread-count").want(200).eq("count", 2).eq("unread", 2).eq("unread_count", 2)
	if got := a.header.Get("X-Cache"); got != "MISS" {
		t.Errorf("X-Cache %q", got)
	}
	if got := c.as("bob").get("/conversations/unread-count").header.Get("X-Cache"); got != "HIT" {
		t.Errorf("second X-Cache %q", got)
	}
}

func TestScenario088OwnMessagesAreRead(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	c.as("alice").send(ab, "2")
	if n := c.as("alice").unread(); n != 0 {
		t.Errorf("unread %d", n)
	}
}

func TestScenario089ReadWithinOneSecond(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	if n := c.as("bob").unread(); n != 1 {
		t.Errorf("unread %d", n)
	}
	c.as("bob").post(conv(ab)+"/read", nil).want(200).eq("unread", false)
	if n := c.as("bob").unread(); n != 0 {
		t.Errorf("unread %d after reading", n)
	}
	c.as("alice").send(ab, "2")
	if n := c.as("bob").unread(); n != 1 {
		t.Errorf("unread %d after another", n)
	}
}

func TestScenario090ArchivedAndLeftDoNotCount(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	g := c.as("alice").start("1", "bob", "carol")
	if n := c.as("bob").unread(); n != 2 {
		t.Fatalf("unread %d", n)
	}
	c.as("bob").post(conv(ab)+"/archive", object{"archived": true}).want(200)
	if n := c.as("bob").unread(); n != 1 {
		t.Errorf("unread %d after archiving", n)
	}
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	if n := c.as("bob").unread(); n != 0 {
		t.Errorf("unread %d after leaving", n)
	}
}

func TestScenario091MuteTogglesAndSets(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	mute := conv(ab) + "/mute"
	c.as("alice").post(mute, object{}).want(200).eq("is_muted", true).eq("data.is_muted", true)
	c.as("alice").post(mute, nil).want(200).eq("is_muted", false)
	c.as("alice").post(mute, object{"muted": true}).want(200).eq("is_muted", true)
	c.as("alice").post(mute, object{"is_muted": true}).want(200).eq("is_muted", true)
	c.as("alice").do("POST", mute, "muted=0", "Content-Type", "application/x-www-form-urlencoded").want(200).eq("is_muted", false)
}

func TestScenario092Archive(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	archive := conv(ab) + "/archive"
	c.as("bob").post(archive, object{"archived": true}).want(200).eq("is_archived", true).eq("unread", true)
	c.as("bob").get("/conversations").wantIDs()
	c.as("bob").get("/conversations?filter=archived").wantIDs(ab)
	c.as("alice").get("/conversations").wantIDs(ab).eq("data.0.is_archived", false)
	c.as("bob").post(archive, object{"archived": false}).want(200).eq("is_archived", false)
	c.as("bob").get("/conversations").wantIDs(ab)
	c.as("bob").post(archive, nil).want(200).eq("is_archived", true)
}

func TestScenario093Leave(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	c.as("alice").post(conv(ab)+"/leave", nil).refused(400, "jetonomy_validation")
	c.as("alice").del(conv(ab)).refused(400, "jetonomy_validation")
	g := c.as("alice").start("1", "bob", "carol")
	a := c.as("bob").post(conv(g)+"/leave", nil).want(200).eq("deleted", true).eq("data.id", g)
	if !timePattern.MatchString(a.str("left_at")) {
		t.Errorf("left_at %q", a.str("left_at"))
	}
	c.as("bob").get("/conversations?filter=all").wantIDs(ab)
	m := c.as("carol").get(messages(g)).want(200)
	m.eq("data.0.is_system", true).eq("data.0.content_plain", "Bob Martinez left the conversation").eq("data.0.sender_id", testdb.Bob).eq("meta.count", 2)
	c.as("carol").del(conv(g)).want(200).eq("deleted", true)
	c.as("alice").get(conv(g)).eq("participant_count", 1)
	c.as("alice").post(conv(g)+"/leave", nil).want(200)
}

func TestScenario094AfterLeaving(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("before", "bob", "carol")
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	c.as("alice").send(g, "after")
	c.as("bob").post(messages(g), object{"content": "x"}).refused(403, "jetonomy_forbidden")
	a := c.as("bob").get(messages(g)).want(200)
	for i := range a.ids() {
		if a.at("data").([]any)[i].(object)["content_plain"] == "after" {
			t.Errorf("a member who left reads on: %s", a.raw)
		}
	}
	c.as("bob").get(conv(g)).want(200).eq("last_message_preview", "before").eq("message_count", 1)
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages WHERE kind = 1")
}

func TestScenario095NothingArrivesAfterLeaving(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("before", "bob", "carol")
	c.as("bob").send(g, "mine")
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	c.exec("DELETE FROM wp_jt_notifications")
	c.as("alice").send(g, "after")
	if n := len(c.bells("bob", g)); n != 0 {
		t.Errorf("%d bell rows", n)
	}
	if n := c.as("bob").unread(); n != 0 {
		t.Errorf("unread %d", n)
	}
	c.as("carol").get(messages(g)).want(200).eq("data.2.sender_name", "Bob Martinez").eq("data.2.content_plain", "mine")
}

func TestScenario096LeaveNoticeChangesNothingElse(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("hi", "bob", "carol")
	c.as("carol").get(messages(g)).want(200)
	before := c.as("carol").get("/conversations").want(200)
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	after := c.as("carol").get("/conversations").want(200)
	for _, field := range []string{"last_message_preview", "last_message_at", "message_count", "unread", "unread_count"} {
		after.eq("data.0."+field, before.at("data.0."+field))
	}
	if n := c.as("carol").unread(); n != 0 {
		t.Errorf("unread %d", n)
	}
}

func TestScenario097GroupsCannotBeBlocked(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("hi", "bob", "carol")
	c.as("alice").post(conv(g)+"/block", nil).refused(400, "jetonomy_validation")
}

// blocked is DM ab in which alice blocked bob.
func blocked(t *testing.T) (*community, int64) {
	t.Helper()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").post(conv(ab)+"/block", object{"blocked": true}).want(200).eq("is_blocked", true).eq("data.is_blocked", true)
	return c, ab
}

func TestScenario098BlockIsOnTheOthersRow(t *testing.T) {
	t.Parallel()
	c, ab := blocked(t)
	c.wantCount(1, "SELECT is_blocked FROM wp_parley_participants WHERE conversation_id = ? AND user_id = ?", ab, testdb.Bob)
	c.wantCount(0, "SELECT is_blocked FROM wp_parley_participants WHERE conversation_id = ? AND user_id = ?", ab, testdb.Alice)
	c.as("bob").post(conv(ab)+"/block", nil).want(200).eq("is_blocked", true)
	c.as("bob").post(conv(ab)+"/block", nil).want(200).eq("is_blocked", false)
	c.as("alice").get(conv(ab)).eq("is_blocked", true)
}

func TestScenario099NeitherSideSends(t *testing.T) {
	t.Parallel()
	c, ab := blocked(t)
	c.as("bob").post(messages(ab), object{"content": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.as("alice").post(messages(ab), object{"content": "x"}).refused(403, "jetonomy_cannot_send",
		"You blocked this conversation. Unblock it to send messages.")
	c.as("bob").get(messages(ab)).want(200)
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario100NoWayAroundABlock(t *testing.T) {
	t.Parallel()
	c, ab := blocked(t)
	c.as("bob").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.as("bob").post("/conversations", object{"recipient_ids": ids("alice", "carol"), "message": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_conversations")
	c.as("alice").post(conv(ab)+"/block", object{"blocked": false}).want(200).eq("is_blocked", false)
	c.as("bob").send(ab, "at last")
}
