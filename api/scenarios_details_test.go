package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"parley/internal/testdb"
)

func TestScenario055DetailsFlatAndUnderData(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	a := c.as("alice").get(conv(ab)).want(200)
	flat := object{}
	for k, v := range a.body.(object) {
		if k != "data" {
			flat[k] = v
		}
	}
	if !reflect.DeepEqual(flat, a.at("data")) {
		t.Errorf("flat and data differ: %s", a.raw)
	}
	wantShape(t, a.at("data"), conversationShape)
}

const outsiderText = "You are not a participant in this conversation."

func TestScenario056OutsidersAre403(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	for _, who := range []string{"carol", "admin", "mona"} {
		c.as(who).get(conv(ab)).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).patch(conv(ab), object{"is_muted": true}).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/read", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/mute", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/archive", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/block", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/leave", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(conv(ab)+"/report", nil).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).del(conv(ab)).refused(403, "jetonomy_forbidden", outsiderText)
	}
}

func TestScenario057UnknownIDsAre404(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").start("hi", "bob")
	for _, id := range []string{"999999", "0", "99999999999999999999", "00"} {
		path := "/conversations/" + id
		c.as("alice").get(path).refused(404, "jetonomy_not_found", "Conversation not found.")
		c.as("alice").patch(path, object{}).refused(404, "jetonomy_not_found")
		for _, action := range []string{"mute", "archive", "leave", "block", "read", "report"} {
			c.as("alice").post(path+"/"+action, nil).refused(404, "jetonomy_not_found")
		}
	}
}

func TestScenario058IDsAreDigits(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, path := range []string{"/conversations/abc", "/conversations/-1", "/conversations/1x", "/conversations/1/none",
		"/conversations/1/messages/2", "/messaging", "/messaging/none", "/conversations/unread-counts", "/conversations/1%2f%2e%2e"} {
		c.as("alice").get(path).refused(404, "rest_no_route", "No route was found matching the URL and request method.")
	}
	c.nobody().get("/conversations/abc").refused(404, "rest_no_route")
}

func TestScenario059DetailsMarkNothingRead(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("bob").get(conv(ab)).want(200).eq("unread", true)
	c.as("bob").get(conv(ab)).want(200).eq("unread", true).eq("unread_count", 1)
}

func TestScenario060PatchMuted(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").patch(conv(ab), object{"is_muted": true}).want(200).eq("is_muted", true).eq("muted", true).eq("data.is_muted", true)
	c.as("alice").patch(conv(ab), object{"muted": false}).want(200).eq("is_muted", false)
	c.as("alice").patch(conv(ab), object{"is_archived": "1"}).want(200).eq("is_archived", true)
	c.as("alice").patch(conv(ab), object{"archived": 0, "is_muted": "TRUE"}).want(200).eq("is_archived", false).eq("is_muted", true)
	c.as("bob").get(conv(ab)).eq("is_muted", false).eq("participants.0.is_muted", false)
}

func TestScenario061EmptyPatchChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	before := c.as("alice").get(conv(ab)).want(200)
	for _, body := range []any{object{}, nil, object{"title": nil, "is_muted": nil}, object{"unknown": 1}, "[]", "7"} {
		after := c.as("alice").patch(conv(ab), body).want(200)
		if !reflect.DeepEqual(before.body, after.body) {
			t.Errorf("%v changed %s into %s", body, before.raw, after.raw)
		}
	}
}

func TestScenario062TitleOfAGroup(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("hi", "bob", "carol")
	c.as("carol").get(conv(g)).eq("title", "Alice Anders, Bob Martinez")
	c.as("bob").patch(conv(g), object{"title": "New"}).want(200).eq("title", "New")
	c.as("carol").get(conv(g)).eq("title", "New")
	c.as("bob").patch(conv(g), object{"title": ""}).want(200)
	c.as("carol").get(conv(g)).eq("title", "Alice Anders, Bob Martinez")
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").patch(conv(ab), object{"title": "New"}).refused(400, "jetonomy_validation")
}

func TestScenario063PatchWithNonsense(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").patch(conv(ab), object{"is_muted": "maybe"}).refused(400, "rest_invalid_param").
		eq("data.params.is_muted", "is_muted is not of type boolean.")
	c.as("alice").patch(conv(ab), object{"muted": "maybe", "title": 7}).refused(400, "rest_invalid_param", "Invalid parameter(s): muted, title")
}

func TestScenario064PutIsNoRoute(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").do("PUT", conv(ab), object{"is_muted": true}).refused(404, "rest_no_route")
}

// A setting of mine is nobody else's business, and neither is a block for its target.
func TestParticipantsShowOnlyMyOwnSettings(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("alice").patch(conv(ab), object{"is_muted": true, "archived": true}).want(200)
	mine := c.as("alice").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	mine.eq("participants.0.is_muted", true).eq("participants.0.is_archived", true).eq("participants.0.is_blocked", false)
	mine.eq("participants.1.is_muted", false).eq("participants.1.is_blocked", true).eq("can_reply", false)
	his := c.as("bob").get(conv(ab)).want(200)
	for i := range 2 {
		for _, field := range []string{"is_muted", "is_archived", "is_blocked"} {
			his.eq(fmt.Sprintf("participants.%d.%s", i, field), false)
		}
	}
	his.eq("is_blocked", false).eq("can_reply", true)
}

func TestCanReply(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	as := c.as("alice").start("hi", "sid")
	c.as("sid").get(conv(as)).eq("can_reply", false)
	c.as("alice").get(conv(as)).eq("can_reply", true)
	g := c.as("alice").start("hi", "bob", "carol")
	c.as("bob").post(conv(g)+"/leave", nil).want(200).eq("can_reply", false)
	ab := c.as("alice").start("hi", "bob")
	c.exec("DELETE FROM wp_users WHERE ID = ?", testdb.Bob)
	c.eventually("the account is gone", func() bool {
		return !c.as("alice").get(conv(ab)).at("can_reply").(bool)
	})
	c.as("alice").get(conv(ab)).eq("title", "Deleted User").eq("participants.1.display_name", "Deleted User")
}

// Untitled groups show three names and how many more.
func TestUntitledGroups(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").post("/conversations", object{"recipient_ids": c.recruit(5), "message": "x"}).want(201).
		eq("title", "Recruit 0, Recruit 1, Recruit 2 and 2 others")
}

// What the path says stands, whatever body and query claim.
func TestThePathIDIsNotOverridable(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("one", "bob")
	ac := c.as("alice").start("two", "carol")
	c.as("alice").get(conv(ab)+fmt.Sprintf("?id=%d", ac)).eq("id", ab)
	c.as("alice").post(messages(ab)+fmt.Sprintf("?id=%d&conversation_id=%d", ac, ac),
		object{"id": ac, "conversation_id": ac, "content": "x", "sender_id": testdb.Bob, "user_id": testdb.Bob}).want(201).
		eq("conversation_id", ab).eq("sender_id", testdb.Alice)
}

// types of JSON values by field (contract 1.2); "string?" may be null.
var (
	participantShape = object{
		"user_id": "int", "id": "int", "display_name": "string", "avatar": "string", "avatar_url": "string",
		"last_read_at": "time?", "is_muted": "bool", "is_archived": "bool", "left_at": "time?", "is_blocked": "bool",
		"joined_at": "time", "login": "string", "user_login": "string", "trust_level": "int", "is_online": "bool",
	}
	conversationShape = object{
		"id": "int", "title": "string", "type": "string", "created_by": "int", "participants": []object{participantShape},
		"last_message_at": "time?", "last_message_preview": "string?", "message_count": "int", "unread": "bool",
		"is_muted": "bool", "is_archived": "bool", "left_at": "time?", "is_blocked": "bool", "created_at": "time",
		"last_message": "string?", "unread_count": "int", "muted": "bool", "archived": "bool", "updated_at": "time",
		"participant_count": "int", "can_reply": "bool",
	}
	senderShape  = object{"id": "int", "login": "string", "display_name": "string", "avatar": "string", "trust_level": "int"}
	messageShape = object{
		"id": "int", "conversation_id": "int", "sender_id": "int", "sender_name": "string", "sender_avatar": "string",
		"content": "string", "content_plain": "string", "is_system": "bool", "created_at": "time", "created_at_human": "string",
		"sender": senderShape, "body": "string", "cursor": "string",
	}
)

// wantShape checks that an object has exactly the fields of a shape, each of its type.
func wantShape(t *testing.T, got any, shape object) {
	t.Helper()
	o, ok := got.(object)
	if !ok {
		t.Fatalf("no object: %v", got)
	}
	for name := range o {
		if _, ok := shape[name]; !ok {
			t.Errorf("unexpected field %s", name)
		}
	}
	for name, typ := range shape {
		v, ok := o[name]
		if !ok {
			t.Errorf("field %s is missing", name)
			continue
		}
		switch typ := typ.(type) {
		case object:
			wantShape(t, v, typ)
		case []object:
			for _, item := range v.([]any) {
				wantShape(t, item, typ[0])
			}
		case string:
			if !isType(v, typ) {
				t.Errorf("%s = %v is no %s", name, v, typ)
			}
		}
	}
}

func isType(v any, typ string) bool {
	if len(typ) > 0 && typ[len(typ)-1] == '?' {
		if v == nil {
			return true
		}
		typ = typ[:len(typ)-1]
	}
	switch typ {
	case "int":
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		_, err := n.Int64()
		return err == nil
	case "bool":
		_, ok := v.(bool)
		return ok
	case "time":
		s, _ := v.(string)
		return timePattern.MatchString(s)
	}
	_, ok := v.(string)
	return ok
}
