package bpbridge_test

import (
	"fmt"
	"strings"
	"testing"
)

const notCreated = "There was an error trying to create the message."

func TestScenariosOfCreate(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, _, m, _ := s.cast()
	create := func(t *testing.T, body string) asked {
		t.Helper()
		s.minute()
		return a.ask(t, "POST", "/messages", body)
	}
	failed := func(t *testing.T, bodies ...string) {
		t.Helper()
		for _, body := range bodies {
			create(t, body).refused(500, "bp_rest_messages_create_failed", notCreated)
		}
	}
	people := func(a asked) string {
		users := strings.Fields(column(a, "$[0].recipients", "user_id"))
		flags, unread := strings.Fields(column(a, "$[0].recipients", "sender_only")), strings.Fields(column(a, "$[0].recipients", "unread_count"))
		for i := range users {
			users[i] += ":" + flags[i] + ":" + unread[i]
		}
		return strings.Join(users, " ")
	}
	t.Run("C1", func(t *testing.T) {
		got := create(t, `{"recipients":[3,4],"subject":"Trip","message":"Hello"}`).is(200, "$[0].subject.raw", `"Trip"`, "$[0].unread_count", "0", "$[1]", "")
		if p := people(got); p != "3:0:1 4:0:1 2:1:0" {
			t.Errorf("recipients: %s", p)
		}
	})
	t.Run("C2", func(t *testing.T) {
		create(t, `{"recipients":[3],"message":"Hello"}`).is(200, "$[0].subject.raw", `"No Subject"`)
	})
	t.Run("C3", func(t *testing.T) {
		create(t, `{}`).is(400, "$.code", `"rest_missing_callback_param"`, "$.data.params", `["message","recipients"]`)
	})
	t.Run("C4", func(t *testing.T) { failed(t, `{"recipients":[3],"message":""}`) })
	t.Run("C5", func(t *testing.T) { failed(t, `{"recipients":[3],"message":"0"}`) })
	t.Run("C6", func(t *testing.T) {
		failed(t, `{"recipients":[3],"message":5}`, `{"recipients":[3],"message":["x"]}`, `{"recipients":[3],"message":{"raw":"x"}}`)
	})
	t.Run("C7", func(t *testing.T) {
		create(t, `{"recipients":[3],"message":"   "}`).is(200, "$[0].message.rendered", `""`)
	})
	t.Run("C8", func(t *testing.T) { failed(t, `{"recipients":[],"message":"x"}`) })
	t.Run("C9", func(t *testing.T) {
		failed(t, `{"recipients":[777,778],"message":"x"}`)
		if p := people(create(t, `{"recipients":[777,3],"message":"x"}`).is(200)); p != "3:0:1 2:1:0" {
			t.Errorf("recipients: %s", p)
		}
	})
	t.Run("C10", func(t *testing.T) {
		create(t, `{"recipients":["bob"],"message":"x"}`).is(400, "$.data.params.recipients", `"recipients[0] is not of type integer."`)
	})
	t.Run("C11", func(t *testing.T) {
		if p := people(create(t, `{"recipients":[3,3,4],"message":"x"}`).is(200)); p != "3:0:1 4:0:1 2:1:0" {
			t.Errorf("recipients: %s", p)
		}
	})
	t.Run("C12", func(t *testing.T) {
		if p := people(create(t, `{"recipients":[3,2],"message":"x"}`).is(200)); p != "3:0:1 2:1:0" {
			t.Errorf("recipients: %s", p)
		}
		if p := people(create(t, `{"recipients":[2],"message":"x"}`).is(200, "$[0].unread_count", "1")); p != "2:0:1" {
			t.Errorf("a note to self: %s", p)
		}
	})
	t.Run("C13", func(t *testing.T) {
		create(t, `{"recipients":[3],"message":"x","sender_id":4}`).is(200, "$[0].last_sender_id", "2")
		m.ask(t, "POST", "/messages", `{"recipients":[3],"message":"x","sender_id":4}`).is(200, "$[0].last_sender_id", "1")
	})
	t.Run("C14", func(t *testing.T) {
		create(t, `{"recipients":[3],"message":"x","sender_id":"abc"}`).is(400, "$.data.params.sender_id", `"sender_id is not of type integer."`)
	})
	t.Run("C15", func(t *testing.T) {
		s.nobody(t, "POST", "/messages", `{"recipients":[3],"message":"x"}`).refused(401, codeAuth, "Sorry, you need to be logged in to create a message.")
	})
	t.Run("C16", func(t *testing.T) {
		create(t, `{"recipients":[3],`).is(400, "$.code", `"rest_invalid_json"`, "$.data.json_error_code", "4", "$.message", `"Invalid JSON body passed."`)
	})
	t.Run("C17", func(t *testing.T) {
		a.typed(t, "POST", "/messages", "text/plain", "recipients=3&message=x").is(400, "$.data.params", `["message","recipients"]`)
	})
	t.Run("C18", func(t *testing.T) {
		if p := people(create(t, "recipients[]=3&recipients[]=4&message=x").is(200)); p != "3:0:1 4:0:1 2:1:0" {
			t.Errorf("recipients: %s", p)
		}
	})
	t.Run("C19", func(t *testing.T) {
		first, second := create(t, `{"recipients":[3],"message":"x"}`), create(t, `{"recipients":[3],"message":"x"}`)
		if first.get("$[0].id") == second.get("$[0].id") {
			t.Error("a second thread has the first one's id")
		}
	})
	t.Run("C20", func(t *testing.T) {
		create(t, `{"recipients":[3],"message":"x","subject":"It's"}`).is(200, "$[0].subject.raw", `"It\\'s"`, "$[0].subject.rendered", `"It&#8217;s"`)
	})
	_ = b
}

// column is one value of each item of a list in the answer.
func column(a asked, list, name string) string {
	a.t.Helper()
	parent, i := within(&a.body, list)
	if parent == nil {
		a.t.Fatalf("no %s in %s", list, show(a.body))
	}
	var out []string
	for k := range parent.Items[i].Items {
		out = append(out, at(a.t, a.body, fmt.Sprintf("%s[%d].%s", list, k, name)))
	}
	return strings.Join(out, " ")
}

func TestScenariosOfReplies(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, c, m, z := s.cast()
	id, _ := s.trip(t)
	unread := func(t *testing.T, who client) string {
		t.Helper()
		return who.ask(t, "GET", "/messages/"+id).is(200).get("$[0].unread_count")
	}
	answer := func(extra string) string { return `{"id":` + id + `,"recipients":[2],"message":"yes"` + extra + `}` }
	t.Run("R10", func(t *testing.T) {
		a.ask(t, "GET", "/messages").is(200, "$[0]", "")
		s.minute()
		b.ask(t, "POST", "/messages", answer("")).is(200)
		a.ask(t, "GET", "/messages").is(200, "$[0].id", id)
	})
	t.Run("R1", func(t *testing.T) {
		of := [3]string{unread(t, a), unread(t, b), unread(t, c)}
		s.minute()
		b.ask(t, "POST", "/messages", answer("")).is(200, "$[0].subject.raw", `"Re: Trip"`)
		if got := [3]string{unread(t, a), unread(t, b), unread(t, c)}; of != [3]string{"1", "1", "2"} || got != [3]string{"2", "1", "3"} {
			t.Errorf("unread: %v, then %v", of, got)
		}
	})
	t.Run("R2", func(t *testing.T) {
		s.minute()
		c.ask(t, "POST", "/messages", answer("")).is(200, "$[0].subject.raw", `"Re: Trip"`)
	})
	t.Run("R3", func(t *testing.T) {
		s.minute()
		c.ask(t, "POST", "/messages", answer(`,"subject":"Mine"`)).is(200, "$[0].subject.raw", `"Mine"`)
	})
	t.Run("R4", func(t *testing.T) {
		got := b.ask(t, "POST", "/messages", `{"id":`+id+`,"recipients":[5,6],"message":"yes"}`).is(200)
		if users := column(got, "$[0].recipients", "user_id"); users != "3 4 2" {
			t.Errorf("recipients: %s", users)
		}
	})
	t.Run("R5", func(t *testing.T) {
		b.ask(t, "POST", "/messages", `{"id":`+id+`,"message":"as the handbook says"}`).is(200, "$[0].excerpt.raw", `"as the handbook says"`)
	})
	t.Run("R6", func(t *testing.T) {
		z.ask(t, "POST", "/messages", answer("")).refused(403, codeAuth, "Sorry, you are not allowed to perform this action.")
	})
	t.Run("R7", func(t *testing.T) {
		const unknown = `{"id":999999,"recipients":[3],"message":"x"}`
		a.ask(t, "POST", "/messages", unknown).refused(403, codeAuth, "Sorry, you are not allowed to perform this action.")
		m.ask(t, "POST", "/messages", unknown).refused(500, "bp_rest_messages_create_failed", notCreated)
	})
	t.Run("R8", func(t *testing.T) {
		before := [3]string{unread(t, a), unread(t, b), unread(t, c)}
		s.minute()
		got := m.ask(t, "POST", "/messages", answer("")).is(200, "$[0].last_sender_id", "1")
		if users := column(got, "$[0].recipients", "user_id"); users != "3 4 2" {
			t.Errorf("recipients: %s", users)
		}
		for i, who := range []client{a, b, c} {
			if got := unread(t, who); got != fmt.Sprint(number(t, before[i])+1) {
				t.Errorf("%s has %s unread after %s", who.login, got, before[i])
			}
		}
		m.ask(t, "GET", "/messages?box=sentbox").is(200, "$[0]", "")
	})
	t.Run("R9", func(t *testing.T) {
		for _, wrong := range []string{`"abc"`, `""`} {
			a.ask(t, "POST", "/messages", `{"id":`+wrong+`,"recipients":[3],"message":"x"}`).is(400, "$.data.params.id", `"id is not of type integer."`)
		}
		if got := a.ask(t, "POST", "/messages", `{"id":null,"recipients":[3],"message":"x"}`).is(200).get("$[0].id"); got == id {
			t.Error("null names the thread")
		}
	})
}

func number(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestScenariosOfUpdates(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, c, m, z := s.cast()
	id, message := s.trip(t)
	path := "/messages/" + id
	put := func(t *testing.T, who client, body string) asked { t.Helper(); return who.ask(t, "PUT", path, body) }
	fresh := func(user int) (n int) {
		if err := s.db.Get(&n, `SELECT COUNT(*) FROM wp_bp_notifications WHERE user_id = ? AND is_new = 1`, user); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const failed = "There was an error trying to update the message."
	t.Run("U4", func(t *testing.T) {
		put(t, a, `{}`).is(200)
		put(t, b, `{}`).refused(500, "bp_rest_messages_update_failed", failed)
	})
	t.Run("U5", func(t *testing.T) {
		put(t, a, `{"read":"false"}`).is(200)
		put(t, b, `{"read":"false"}`).is(500)
	})
	t.Run("U1", func(t *testing.T) {
		if fresh(3) != 1 {
			t.Error("no notification")
		}
		put(t, b, `{"read":true}`).is(200, "$[0].unread_count", "0")
		if fresh(3) != 0 {
			t.Error("the notification is still new")
		}
	})
	t.Run("U2", func(t *testing.T) { put(t, b, `{"unread":true}`).is(200, "$[0].unread_count", "1") })
	t.Run("U3", func(t *testing.T) { put(t, b, `{"read":true,"unread":true}`).is(200, "$[0].unread_count", "1") })
	t.Run("U6", func(t *testing.T) {
		for _, wrong := range []string{`"yes"`, "2"} {
			put(t, b, `{"read":`+wrong+`}`).is(400, "$.data.params.read", `"read is not of type boolean."`)
		}
	})
	t.Run("U7", func(t *testing.T) {
		for _, method := range []string{"PATCH", "POST", "PUT"} {
			b.ask(t, method, path, `{"unread":true}`).is(200, "$[0].unread_count", "1")
			b.ask(t, method, path, "read=true").is(200, "$[0].unread_count", "0")
		}
	})
	t.Run("U8", func(t *testing.T) {
		put(t, a, `{"subject":"New","message":"New"}`).is(200, "$[0].subject.raw", `"Trip"`, "$[0].message.raw", `"See you there"`)
	})
	t.Run("U9", func(t *testing.T) {
		put(t, a, `{"recipients":[3]}`).is(400, "$.data.params.recipients", `"recipients[0] is not of type object."`)
	})
	t.Run("U10", func(t *testing.T) {
		put(t, m, `{"user_id":4,"read":true}`).is(200, "$[0].unread_count", "0")
		c.ask(t, "GET", path).is(200, "$[0].unread_count", "0")
	})
	t.Run("U11", func(t *testing.T) {
		put(t, z, `{"read":true}`).refused(403, codeAuth, "Sorry, you are not allowed to see this thread.")
		s.nobody(t, "PUT", path, `{"read":true}`).refused(401, codeAuth, "Sorry, you are not allowed to see this thread.")
		a.ask(t, "PUT", "/messages/999999", `{"read":true}`).refused(404, codeID, "Sorry, this thread does not exist.")
	})
	t.Run("U12", func(t *testing.T) {
		put(t, b, `{"unread":true}`).is(200)
		put(t, z, `{"user_id":3,"read":true}`).refused(403, codeAuth, "Sorry, you are not allowed to see this thread.")
		b.ask(t, "GET", path).is(200, "$[0].unread_count", "1")
	})
	t.Run("U13", func(t *testing.T) {
		_, other := s.trip(t)
		put(t, a, `{"message_id":`+other+`}`).refused(500, "bp_rest_messages_update_failed", failed)
		put(t, a, `{"message_id":`+message+`}`).is(200)
	})
}

func TestScenariosOfDeletion(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, c, m, z := s.cast()
	refusal := "Sorry, you are not allowed to see this thread."
	id, _ := s.trip(t)
	path := "/messages/" + id
	t.Run("X9", func(t *testing.T) { b.ask(t, "DELETE", path+"?user_id=abc").is(400) })
	t.Run("X7", func(t *testing.T) {
		z.ask(t, "DELETE", path+"?user_id=3").refused(403, codeAuth, refusal)
		b.ask(t, "GET", path).is(200, "$[0].recipients[0].is_deleted", "0")
	})
	t.Run("X1", func(t *testing.T) {
		b.ask(t, "DELETE", path).is(200, "$.deleted", "true", "$.previous.subject.raw", `"Trip"`, "$.previous._links", "")
	})
	t.Run("X2", func(t *testing.T) {
		b.ask(t, "GET", path).refused(403, codeAuth, refusal)
		b.ask(t, "DELETE", path).refused(403, codeAuth, refusal)
	})
	t.Run("X3", func(t *testing.T) {
		a.ask(t, "GET", path).is(200, "$[0].recipients[0].user_id", "3", "$[0].recipients[0].is_deleted", "1")
	})
	t.Run("X4", func(t *testing.T) {
		a.reply(t, id, "still there?")
		b.ask(t, "GET", "/messages").is(200, "$[0].id", id, "$[0].unread_count", "2", "$[0].messages[0].message.rendered", `"<p>See you there</p>\n"`)
	})
	t.Run("X6", func(t *testing.T) {
		m.ask(t, "DELETE", path).refused(403, codeAuth, "Sorry, you are not allowed to perform this action.")
		m.ask(t, "DELETE", path+"?user_id=5").refused(403, codeAuth, "Sorry, you are not allowed to perform this action.")
		m.ask(t, "DELETE", path+"?user_id=4").is(200, "$.deleted", "true")
		c.ask(t, "GET", path).refused(403, codeAuth, refusal)
	})
	t.Run("X8", func(t *testing.T) {
		other, _ := s.trip(t)
		b.ask(t, "DELETE", "/messages/"+other+"?user_id=3").is(200)
		c.ask(t, "DELETE", "/messages/"+other, "user_id=4").is(200)
		a.ask(t, "DELETE", "/messages/"+other, `{"user_id":2}`).is(200)
		m.ask(t, "GET", "/messages/"+other).is(404)
	})
	t.Run("X5", func(t *testing.T) {
		last, message := s.trip(t)
		a.ask(t, "POST", "/messages/starred/"+message).is(200)
		for _, who := range []client{a, b, c} {
			who.ask(t, "DELETE", "/messages/"+last).is(200)
		}
		for _, who := range []client{a, b, c, m} {
			who.ask(t, "GET", "/messages/"+last).refused(404, codeID, "Sorry, this thread does not exist.")
		}
		for _, table := range []string{"participants", "messages", "message_text", "stars", "message_meta"} {
			var n int
			if err := s.db.Get(&n, `SELECT COUNT(*) FROM wp_parley_`+table+` WHERE conversation_id = ?`, last); err != nil || n != 0 {
				t.Errorf("%d rows are left in %s (%v)", n, table, err)
			}
		}
	})
	t.Run("X10", func(t *testing.T) {
		gone, _ := s.trip(t)
		for _, who := range []client{a, b, c} {
			who.ask(t, "DELETE", "/messages/"+gone).is(200)
		}
		s.stop()
		s.start(wholeSettings)
		if next, _ := s.trip(t); number(t, next) <= number(t, gone) {
			t.Errorf("thread %s comes after %s", next, gone)
		}
	})
}

func TestScenariosOfStars(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, _, m, z := s.cast()
	id, message := s.trip(t)
	path := "/messages/starred/" + message
	t.Run("S1", func(t *testing.T) {
		a.ask(t, "POST", path).is(200, "$[0].is_starred", "true")
		a.ask(t, "POST", path).is(200, "$[0].is_starred", "false")
	})
	t.Run("S2", func(t *testing.T) {
		for i, method := range []string{"POST", "PUT", "PATCH"} {
			a.ask(t, method, path).is(200, "$[0].is_starred", fmt.Sprint(i%2 == 0))
		}
		for _, method := range []string{"GET", "DELETE"} {
			a.ask(t, method, path).refused(404, "rest_no_route", "No route was found matching the URL and request method.")
		}
	})
	t.Run("S3", func(t *testing.T) {
		for _, who := range []client{z, m} {
			who.ask(t, "POST", path).refused(403, codeAuth, "Sorry, you are not allowed to star/unstar messages.")
		}
	})
	t.Run("S4", func(t *testing.T) {
		a.ask(t, "POST", "/messages/starred/999999").refused(404, codeID, "Sorry, the thread of this message does not exist.")
		s.nobody(t, "POST", "/messages/starred/999999", "").refused(401, codeAuth, "Sorry, you need to be logged in to star/unstar a message.")
	})
	t.Run("S5", func(t *testing.T) {
		a.ask(t, "GET", "/messages/"+id).is(200, "$[0].starred_message_ids", "["+message+"]", "$[0].messages[0].is_starred", "true")
		b.ask(t, "GET", "/messages/"+id).is(200, "$[0].starred_message_ids", "[]", "$[0].messages[0].is_starred", "false")
	})
	t.Run("S7", func(t *testing.T) {
		b.ask(t, "POST", path).is(200, "$[0].message.raw", "")
		b.ask(t, "POST", path+"?context=edit").is(200, "$[0].message.raw", `"See you there"`)
	})
	t.Run("S6", func(t *testing.T) {
		a.ask(t, "DELETE", "/messages/"+id).is(200)
		a.ask(t, "POST", path).refused(403, codeAuth, "Sorry, you are not allowed to star/unstar messages.")
		a.ask(t, "GET", "/messages?box=starred").is(200, "$[0]", "")
	})
}
