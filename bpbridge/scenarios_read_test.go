package bpbridge_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/bpbridge"
)

func TestScenariosOfLists(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, _, m, z := s.cast()
	t.Run("L1", func(t *testing.T) {
		got := s.nobody(t, "GET", "/messages", "").refused(401, codeAuth, "Sorry, you are not allowed to perform this action.")
		if _, there := got.header["Allow"]; there {
			t.Error("nobody may do something")
		}
	})
	t.Run("L2", func(t *testing.T) {
		got := z.ask(t, "GET", "/messages").is(200).totals("", "")
		if show(got.body) != "[]" {
			t.Errorf("got %s", show(got.body))
		}
	})
	id, _ := s.trip(t)
	t.Run("L3", func(t *testing.T) {
		b.ask(t, "GET", "/messages").is(200, "$[0].id", id, "$[0].unread_count", "1", "$[1]", "").totals("1", "1")
	})
	t.Run("L4", func(t *testing.T) {
		a.ask(t, "GET", "/messages").is(200, "$[0]", "")
		other, _ := s.trip(t)
		b.reply(t, other, "yes")
		a.ask(t, "GET", "/messages").is(200, "$[0].id", other, "$[1]", "")
	})
	t.Run("L5", func(t *testing.T) {
		if got := " " + a.ask(t, "GET", "/messages?box=sentbox").is(200).column("id") + " "; !strings.Contains(got, " "+id+" ") {
			t.Errorf("alice's sentbox: %s", got)
		}
		if got := " " + b.ask(t, "GET", "/messages?box=sentbox").is(200).column("id") + " "; strings.Contains(got, " "+id+" ") {
			t.Errorf("bob's sentbox: %s", got)
		}
	})
	t.Run("L6", func(t *testing.T) { b.ask(t, "GET", "/messages?page=99").is(200, "$[0]", "").totals("", "") })
	t.Run("L10", func(t *testing.T) {
		b.reply(t, id, "nothing of the kind")
		b.ask(t, "GET", "/messages?search=see+YOU+there&box=inbox&per_page=100").is(200)
		if got := b.ask(t, "GET", "/messages?search=SEE+you&per_page=100").is(200).column("id"); !strings.Contains(" "+got+" ", " "+id+" ") {
			t.Errorf("found %s", got)
		}
	})
	t.Run("L11", func(t *testing.T) {
		sure, _ := s.trip(t)
		a.reply(t, sure, "100% sure")
		b.ask(t, "GET", "/messages?search=%25").is(200, "$[0].id", sure, "$[1]", "")
	})
	t.Run("L12", func(t *testing.T) {
		all, zero := b.ask(t, "GET", "/messages").column("id"), b.ask(t, "GET", "/messages?search=0").is(200).column("id")
		if all != zero || all == "" {
			t.Errorf("got %q, want %q", zero, all)
		}
	})
	t.Run("L13", func(t *testing.T) {
		a.ask(t, "GET", "/messages?user_id=3").refused(403, codeAuth, "Sorry, you cannot view the messages.")
	})
	t.Run("L14", func(t *testing.T) {
		mine, theirs := b.ask(t, "GET", "/messages"), m.ask(t, "GET", "/messages?user_id=3").is(200)
		for _, path := range []string{"id", "unread_count"} {
			if mine.column(path) != theirs.column(path) {
				t.Errorf("%s: %s, want %s", path, theirs.column(path), mine.column(path))
			}
		}
	})
	t.Run("L15", func(t *testing.T) {
		m.ask(t, "GET", "/messages?user_id=999999").refused(404, codeID, "Invalid member ID.")
	})
	t.Run("L16", func(t *testing.T) { a.ask(t, "GET", "/messages?user_id=abc").is(400, "$.code", `"rest_invalid_param"`) })
	t.Run("L17", func(t *testing.T) {
		a.ask(t, "GET", "/messages?box=trash").is(400, "$.data.params.box", `"box is not one of sentbox, inbox, and starred."`)
	})
	t.Run("L18", func(t *testing.T) {
		for _, size := range []string{"0", "101"} {
			a.ask(t, "GET", "/messages?per_page="+size).is(400, "$.data.params.per_page", `"per_page must be between 1 (inclusive) and 100 (inclusive)"`)
		}
	})
	t.Run("L19", func(t *testing.T) {
		a.ask(t, "GET", "/messages?page=abc&box=zzz").is(400, "$.message", `"Invalid parameter(s): page, box"`)
	})
	t.Run("L20", func(t *testing.T) {
		s.nobody(t, "GET", "/messages?box=zzz", "").is(400, "$.code", `"rest_invalid_param"`)
	})
	t.Run("L21", func(t *testing.T) {
		b.ask(t, "GET", "/messages?context=edit&search=sure").is(200, "$[0].subject.raw", `"Re: Trip"`)
		b.ask(t, "GET", "/messages?search=sure").is(200, "$[0].subject.raw", "", "$[0].subject.rendered", `"Re: Trip"`)
	})
	t.Run("L22", func(t *testing.T) {
		long, _ := s.trip(t)
		var last string
		for i := range 11 {
			last = b.reply(t, long, fmt.Sprint("message ", i+2))
		}
		got := a.ask(t, "GET", "/messages").is(200, "$[0].id", long, "$[0].message_id", last, "$[0].messages[0].message.rendered",
			`"<p>See you there</p>\n"`, "$[0].messages[9].message.rendered", `"<p>message 10</p>\n"`, "$[0].messages[10]", "")
		if got.get("$[0].excerpt.rendered") != `"message 12"` {
			t.Error("the thread does not describe its newest message")
		}
	})
	t.Run("L23", func(t *testing.T) {
		own, message := s.trip(t)
		a.ask(t, "POST", "/messages/starred/"+message).is(200, "$[0].is_starred", "true")
		a.ask(t, "GET", "/messages?box=starred").is(200, "$[0].id", own, "$[0].starred_message_ids", "["+message+"]")
		b.ask(t, "GET", "/messages?box=starred").is(200, "$[0]", "")
	})
}

func TestScenariosOfPaging(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	_, b, _, _, _ := s.cast()
	var ids []string
	for range 25 {
		id, _ := s.trip(t)
		ids = append(ids, id)
	}
	t.Run("L7", func(t *testing.T) {
		b.ask(t, "GET", "/messages?per_page=10").is(200).totals("25", "3")
		b.ask(t, "GET", "/messages?per_page=10&page=3").is(200, "$[4].id", ids[0], "$[5]", "").totals("25", "3")
	})
	t.Run("L8", func(t *testing.T) {
		b.ask(t, "GET", "/messages").is(200, "$[0].id", ids[24])
		b.reply(t, ids[3], "up")
		b.ask(t, "GET", "/messages").is(200, "$[0].id", ids[3], "$[1].id", ids[24])
	})
	t.Run("L9", func(t *testing.T) {
		b.ask(t, "PUT", "/messages/"+ids[7], `{"read":true}`).is(200)
		read := b.ask(t, "GET", "/messages?type=read&per_page=100").is(200).totals("1", "1").column("id")
		unread := b.ask(t, "GET", "/messages?type=unread&per_page=100").is(200).totals("24", "1").column("id")
		if read != ids[7] || strings.Contains(" "+unread+" ", " "+ids[7]+" ") {
			t.Errorf("read: %s; unread: %s", read, unread)
		}
	})
}

func TestScenariosOfGet(t *testing.T) {
	t.Parallel()
	s := emptyStack(t)
	a, b, _, m, z := s.cast()
	id, _ := s.trip(t)
	path := "/messages/" + id
	t.Run("G1", func(t *testing.T) { a.ask(t, "GET", path).is(200, "$[0].id", id, "$[1]", "").totals("1", "1") })
	t.Run("G2", func(t *testing.T) {
		for range 2 {
			b.ask(t, "GET", path).is(200, "$[0].unread_count", "1")
		}
	})
	t.Run("G3", func(t *testing.T) {
		z.ask(t, "GET", path).refused(403, codeAuth, "Sorry, you are not allowed to see this thread.")
		s.nobody(t, "GET", path, "").refused(401, codeAuth, "Sorry, you are not allowed to see this thread.")
		for _, none := range []string{"0", "999999"} {
			a.ask(t, "GET", "/messages/"+none).refused(404, codeID, "Sorry, this thread does not exist.")
		}
	})
	t.Run("G4", func(t *testing.T) {
		z.ask(t, "GET", path+"?user_id=3").refused(403, codeAuth, "Sorry, you are not allowed to see this thread.")
	})
	t.Run("G5", func(t *testing.T) {
		got := m.ask(t, "GET", path).is(200, "$[0].unread_count", "0")
		if strings.Contains(got.get("$[0].recipients"), `"user_id":1,`) {
			t.Error("the moderator is among the recipients")
		}
		m.ask(t, "GET", path+"?user_id=3").is(200, "$[0].unread_count", "1")
	})
	t.Run("G6", func(t *testing.T) {
		long, _ := s.trip(t)
		for i := range 11 {
			b.reply(t, long, fmt.Sprint("message ", i+2))
		}
		a.ask(t, "GET", "/messages/"+long+"?messages_per_page=5").is(200, "$[0].messages[4].message.rendered", `"<p>message 5</p>\n"`,
			"$[0].messages[5]", "").totals("12", "3")
	})
	reply := b.reply(t, id, "answer")
	t.Run("G7", func(t *testing.T) {
		a.ask(t, "GET", path+"?order=desc").is(200, "$[0].messages[0].id", reply)
		a.ask(t, "GET", path+"?order=DESC").is(400, "$.data.params.order", `"order is not one of asc and desc."`)
	})
	t.Run("G8", func(t *testing.T) {
		a.ask(t, "GET", path+"?messages_page=9").is(200, "$[0].messages", "[]", "$[0].sender_ids", "[]").totals("2", "1")
	})
	t.Run("G9", func(t *testing.T) {
		var to []string
		for i := range 14 {
			s.db.MustExec(`INSERT INTO wp_users (ID, user_login, user_nicename, user_email, user_registered, display_name)
				VALUES (?, ?, ?, ?, '2026-01-01', 'One of many')`, 500+i, fmt.Sprint("many", i), fmt.Sprint("many", i), fmt.Sprint("many", i, "@example.test"))
			to = append(to, fmt.Sprint(500+i))
		}
		big := b.ask(t, "POST", "/messages", `{"recipients":[`+strings.Join(to, ",")+`],"message":"all"}`).is(200).get("$[0].id")
		b.ask(t, "GET", "/messages/"+big).is(200, "$[0].recipients[9].user_id", "509", "$[0].recipients[10]", "")
		b.ask(t, "GET", "/messages/"+big+"?recipients_page=2").is(200, "$[0].recipients[4].user_id", "3", "$[0].recipients[5]", "")
		m.ask(t, "GET", "/messages/"+big+"?user_id=500&recipients_page=2").is(200, "$[0].unread_count", "1")
	})
	t.Run("G10", func(t *testing.T) {
		const root = `"http://127.0.0.1:8090/wp-json/buddypress/v1/messages/`
		got := a.ask(t, "GET", path).is(200, "$[0]._links.self[0].href", root+id+`"`, "$[0]._links.collection[0].href", root+`"`,
			"$[0]._links."+reply+"[0].href", root+`starred/`+reply+`"`)
		if links, _ := got.body.Items[0].Get("_links"); len(links.Keys) != 4 {
			t.Errorf("links: %v", links.Keys)
		}
	})
	t.Run("G12", func(t *testing.T) {
		got := a.ask(t, "GET", path).is(200)
		local, gmt, sent := got.get("$[0].date"), got.get("$[0].date_gmt"), got.get("$[0].messages[1].date_sent")
		if gmt != sent || local == gmt || gmt != `"`+s.clock().UTC().Format("2006-01-02T15:04:05")+`"` {
			t.Errorf("date %s, date_gmt %s, date_sent %s", local, gmt, sent)
		}
	})
	t.Run("G11", func(t *testing.T) {
		gone, _ := s.trip(t)
		b.reply(t, gone, "my last words")
		s.deleteAccount(t, "the account of bob (id 3) is deleted")
		s.stop()
		s.start(bpbridge.Settings{})
		a.ask(t, "GET", "/messages/"+gone).is(200, "$[0].recipients[0].name", `""`, "$[0].recipients[0].user_link", `""`,
			"$[0].message.rendered", `"<p>my last words</p>\n"`)
	})
	t.Run("G13", func(t *testing.T) {
		a.ask(t, "GET", path).is(200, "$[0].recipients[1].user_avatars.full", a.ask(t, "GET", path).get("$[0].recipients[1].user_avatars.full"))
		s.db.MustExec("DELETE FROM wp_options WHERE option_name = 'show_avatars'")
		s.db.MustExec("INSERT INTO wp_options (option_name, option_value) VALUES ('show_avatars', '0')")
		s.stop()
		s.start(bpbridge.Settings{})
		a.ask(t, "GET", path).is(200, "$[0].recipients[1].user_avatars", "")
	})
}
