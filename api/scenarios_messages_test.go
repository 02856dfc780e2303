package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"parley/internal/testdb"
)

var timePattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

func TestScenario065NewestFirst(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	two, three := c.as("bob").send(ab, "2"), c.as("alice").send(ab, "3")
	a := c.as("alice").get(messages(ab)).want(200)
	got := a.ids()
	if len(got) != 3 || got[0] != three || got[1] != two || got[2] >= two {
		t.Errorf("ids %v", got)
	}
	a.eq("meta.count", 3).eq("meta.total", 3).eq("meta.has_more", false).eq("meta.cursor_next", nil).eq("meta.limit", 30)
	for i := range got {
		wantShape(t, a.at(fmt.Sprintf("data.%d", i)), messageShape)
	}
}

// thread is DM ab with n messages by alice; ids oldest first.
func thread(t *testing.T, n int) (*community, int64, []int64) {
	t.Helper()
	c := newCommunity(t, noMinuteLimit)
	a := c.as("alice").post("/conversations", object{"recipient_ids": ids("bob"), "message": "0"}).want(201)
	list := []int64{a.num("message_id")}
	for i := 1; i < n; i++ {
		list = append(list, c.as("alice").send(a.id(), fmt.Sprint(i)))
	}
	return c, a.id(), list
}

func reversed(list []int64) []int64 {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func TestScenario066PagesBackwards(t *testing.T) {
	t.Parallel()
	c, ab, all := thread(t, 70)
	newest := reversed(all)
	a := c.as("bob").get(messages(ab)).want(200).wantIDs(newest[:30]...).eq("meta.has_more", true)
	a.eq("meta.cursor_next", fmt.Sprintf("msg_%d", newest[29])).eq("data.29.cursor", fmt.Sprintf("msg_%d", newest[29]))
	a = c.as("bob").get(messages(ab)+fmt.Sprintf("?before=%d", newest[29])).wantIDs(newest[30:60]...).eq("meta.has_more", true)
	a = c.as("bob").get(messages(ab)+"?before="+a.str("meta.cursor_next")).wantIDs(newest[60:]...).eq("meta.has_more", false)
	a.eq("meta.cursor_next", nil).eq("meta.total", 70)
}

func TestScenario067CursorZeroIsNone(t *testing.T) {
	t.Parallel()
	c, ab, all := thread(t, 3)
	for _, query := range []string{"?before=0", "?before=", "?after=0&before=0", "?before=msg_0", "?after="} {
		c.as("alice").get(messages(ab) + query).want(200).wantIDs(reversed(all)...)
	}
}

func TestScenario068BothSpellingsOfACursor(t *testing.T) {
	t.Parallel()
	c, ab, all := thread(t, 4)
	c.as("alice").get(messages(ab)+fmt.Sprintf("?before=msg_%d", all[2])).wantIDs(all[1], all[0])
	c.as("alice").get(messages(ab)+fmt.Sprintf("?before=%d", all[2])).wantIDs(all[1], all[0])
}

func TestScenario069AfterListsOldestFirst(t *testing.T) {
	t.Parallel()
	c, ab, all := thread(t, 5)
	alice := c.as("alice")
	alice.get(messages(ab) + fmt.Sprintf("?after=%d", all[1])).wantIDs(all[2:]...)
	alice.get(messages(ab)+fmt.Sprintf("?after=%d&limit=2", all[1])).wantIDs(all[2:4]...).
		eq("meta.has_more", true).eq("meta.cursor_next", fmt.Sprintf("msg_%d", all[3]))
	alice.get(messages(ab)+fmt.Sprintf("?after=%d", all[4])).want(200).wantIDs().eq("meta.has_more", false)
	// Both bounds: newest first. order decides over both.
	alice.get(messages(ab)+fmt.Sprintf("?after=%d&before=%d", all[0], all[4])).wantIDs(all[3], all[2], all[1])
	alice.get(messages(ab)+fmt.Sprintf("?after=%d&order=desc", all[1])).wantIDs(all[4], all[3], all[2])
	alice.get(messages(ab) + "?order=asc").wantIDs(all...)
	alice.get(messages(ab)+"?order=ASC").refused(400, "rest_invalid_param")
	// A cursor of another thread is a number like any other.
	alice.get(messages(ab) + "?before=9223372036854775807").wantIDs(reversed(all)...)
}

func TestScenario070MalformedCursors(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 1)
	for _, query := range []string{"before=xyz", "after=msg_ab", "before=-1", "before=1.5", "before=msg_", "before=msg_-1",
		"before=1%20OR%201=1", "after=99999999999999999999", "before[]=1", "after=msg_1'--", "before=%00"} {
		a := c.as("alice").get(messages(ab)+"?"+query).refused(400, "rest_invalid_param")
		if a.at("data.params") == nil || a.at("data.details") == nil {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
}

func TestScenario071ReadingMarksRead(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("carol").start("hi", "bob")
	if n := c.as("bob").unread(); n != 2 {
		t.Fatalf("unread %d", n)
	}
	if n := len(c.bells("bob", ab)); n != 1 {
		t.Fatalf("%d bell rows", n)
	}
	c.as("alice").get(conv(ab)).eq("participants.1.last_read_at", nil)
	c.as("bob").get(messages(ab)).want(200)
	if n := c.as("bob").unread(); n != 1 {
		t.Errorf("unread %d after reading one of two", n)
	}
	if n := len(c.bells("bob", ab)); n != 0 {
		t.Errorf("%d unread bell rows", n)
	}
	if s := c.as("alice").get(conv(ab)).str("participants.1.last_read_at"); !timePattern.MatchString(s) {
		t.Errorf("read receipt %q", s)
	}
}

func TestScenario072ReadPositionNeverFalls(t *testing.T) {
	t.Parallel()
	c, ab, all := thread(t, 10)
	c.as("bob").get(messages(ab)).want(200)
	c.as("bob").get(messages(ab) + fmt.Sprintf("?before=%d&limit=2", all[3])).want(200)
	c.as("bob").get(conv(ab)).eq("unread", false).eq("unread_count", 0)
	c.as("alice").send(ab, "new")
	c.as("bob").get(messages(ab) + fmt.Sprintf("?before=%d&limit=2", all[3])).want(200)
	c.as("bob").get(conv(ab)).eq("unread_count", 1)
}

func TestScenario073MarkReadFalse(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 2)
	for _, f := range []string{"false", "0"} {
		c.as("bob").get(messages(ab) + "?mark_read=" + f).want(200)
		c.as("bob").get(conv(ab)).eq("unread", true)
	}
}

func TestScenario074OutsidersNeitherReadNorSend(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 1)
	for _, who := range []string{"carol", "admin"} {
		c.as(who).get(messages(ab)).refused(403, "jetonomy_forbidden", outsiderText)
		c.as(who).post(messages(ab), object{"content": "x"}).refused(403, "jetonomy_forbidden", outsiderText)
	}
	c.as("alice").get(messages(999999)).refused(404, "jetonomy_not_found")
	c.as("alice").post(messages(999999), object{"content": "x"}).refused(404, "jetonomy_not_found")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario075Send(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("first", "bob")
	c.as("carol").start("other", "bob")
	c.clock.advance(time.Second)
	a := c.as("alice").post(messages(ab), object{"content": "Hi"}).want(201)
	a.eq("content_plain", "Hi").eq("created_at_human", "6:49 pm").eq("sender_id", testdb.Alice).eq("data.id", a.id())
	a.eq("sender.login", "alice").eq("sender_name", "Alice Anders").eq("is_system", false).eq("conversation_id", ab)
	wantShape(t, a.at("data"), messageShape)
	bob := c.as("bob").get("/conversations").want(200)
	bob.eq("data.0.id", ab).eq("data.0.last_message_preview", "Hi").eq("data.0.last_message", "Hi").eq("data.0.message_count", 2)
}

func TestScenario076SpellingsOfTheText(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 1)
	c.as("alice").post(messages(ab), object{"body": "x"}).want(201).eq("content_plain", "x")
	c.as("alice").post(messages(ab), object{"message": "y"}).want(201).eq("content_plain", "y")
	c.as("alice").post(messages(ab), object{"body": "z", "message": "y", "content": "x"}).want(201).eq("content_plain", "x")
	c.as("alice").do("POST", messages(ab), "content=a%26b+c", "Content-Type", "application/x-www-form-urlencoded").want(201).eq("content_plain", "a&b c")
}

func TestScenario077NoText(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 1)
	c.as("alice").post(messages(ab), object{}).refused(400, "rest_missing_callback_param").eq("data.params", []string{"content"})
	c.as("alice").post(messages(ab), object{"content": " \n "}).refused(400, "jetonomy_validation")
	c.as("alice").post(messages(ab), object{"content": 7}).refused(400, "rest_invalid_param")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario078NewcomerReplies(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ad := c.as("alice").start("hi", "dave")
	c.as("dave").send(ad, "thanks")
	c.as("dave").post("/conversations", object{"recipient_ids": ids("alice"), "message": "x"}).refused(403, "jetonomy_forbidden", trustText)
}

func TestScenario079SilencedMayMuteButNotSend(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	as := c.as("alice").start("hi", "sid")
	c.as("sid").post(messages(as), object{"content": "x"}).refused(403, "silenced")
	c.as("sid").post(conv(as)+"/mute", nil).want(200).eq("is_muted", true)
	c.as("sid").post(conv(as)+"/report", nil).refused(403, "silenced")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_messages")
}

func TestScenario080MessageUnarchives(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("bob").post(conv(ab)+"/archive", object{"archived": true}).want(200)
	c.as("bob").get("/conversations").wantIDs()
	c.as("alice").send(ab, "back")
	c.as("bob").get("/conversations").wantIDs(ab).eq("data.0.is_archived", false)
}

func TestScenario081MutedRingsNoBell(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.as("bob").get(messages(ab)).want(200)
	c.as("bob").post(conv(ab)+"/mute", object{"muted": true}).want(200)
	c.as("alice").send(ab, "psst")
	if n := len(c.bells("bob", ab)); n != 0 {
		t.Errorf("%d bell rows", n)
	}
	c.as("bob").get(conv(ab)).eq("unread", true)
	if n := c.as("bob").unread(); n != 1 {
		t.Errorf("unread %d", n)
	}
}

func TestScenario082OneBellRowPerThread(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("one", "bob")
	c.as("alice").send(ab, "two")
	c.as("alice").send(ab, "three")
	if got := c.bells("bob", ab); len(got) != 1 || got[0] != "Alice Anders: three" {
		t.Errorf("bell rows %q", got)
	}
}

func TestScenario083TextComesBackAsSent(t *testing.T) {
	t.Parallel()
	c, ab, _ := thread(t, 1)
	a := c.as("alice").post(messages(ab), object{"content": "a < b & c"}).want(201)
	a.eq("content_plain", "a < b & c").eq("content", "<p>a &lt; b &amp; c</p>").eq("body", a.at("content"))
	c.as("alice").post(messages(ab), object{"content": "Hello <script>alert(1)</script><b onclick=x>you</b>\nhttps://x.example/?a=1&b=2"}).want(201).
		eq("content_plain", "Hello you\nhttps://x.example/?a=1&b=2")
}

func TestScenario084MinuteLimit(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("1", "bob")
	for i := 2; i <= 30; i++ {
		c.as("alice").send(ab, fmt.Sprint(i))
	}
	a := c.as("alice").post(messages(ab), object{"content": "31"}).refused(429, "jetonomy_rate_limited")
	if n := a.num("data.retry_after"); n <= 0 || n > 60 || a.header.Get("Retry-After") != fmt.Sprint(n) {
		t.Errorf("wait %d, header %q", n, a.header.Get("Retry-After"))
	}
	c.wantCount(30, "SELECT COUNT(*) FROM wp_parley_messages")
	c.as("bob").send(ab, "mine is another count")
	c.clock.advance(time.Minute)
	c.as("alice").send(ab, "now")
}

func TestScenario085DeletedAccount(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	c.exec("DELETE FROM wp_users WHERE ID = ?", testdb.Alice)
	c.exec("DELETE FROM wp_usermeta WHERE user_id = ?", testdb.Alice)
	c.eventually("the card is forgotten", func() bool {
		return c.as("bob").get(messages(ab)).want(200).str("data.0.sender_name") == "Deleted User"
	})
	a := c.as("bob").get(messages(ab)).want(200)
	a.eq("data.0.sender", nil).eq("data.0.sender_id", 0).eq("data.0.content_plain", "hi")
	c.as("bob").post(messages(ab), object{"content": "x"}).refused(403, "jetonomy_cannot_send", "Unable to send message.")
	c.as("bob").get(conv(ab)).eq("created_by", 0).eq("title", "Deleted User").eq("can_reply", false)
}
