package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// buddyPress is the path of the messages of a version of BuddyPress's interface.
func buddyPress(version string) string { return "/wp-json/buddypress/" + version + "/messages" }

// clientPage is the page of the site with a BuddyPress client's script on it.
const clientPage = "/messages-client/"

// installClient makes that page.
func installClient(t *testing.T) {
	t.Helper()
	plugins := filepath.Join(site.Dir, "wp-content/mu-plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"messages-client.php", "messages-client.js"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(plugins, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := site.PHP(t.Context(), `echo get_page_by_path( 'messages-client' ) ? 1 : wp_insert_post( array( 'post_type' => 'page',
		'post_status' => 'publish', 'post_name' => 'messages-client', 'post_title' => 'Messages client' ) );`)
	if err != nil || out == "0" {
		t.Fatalf("%v %s", err, out)
	}
}

// client is a BuddyPress client in a page of the site.
type client struct {
	*browser
	version, spelling string
}

// heard is what wp.apiRequest told the script about one request.
type heard struct {
	Outcome  string          `json:"outcome"`
	Verb     string          `json:"verb"`
	Override string          `json:"override"`
	Status   int             `json:"status"`
	Total    string          `json:"total"`
	Pages    string          `json:"pages"`
	Nonce    string          `json:"nonce"`
	Body     json.RawMessage `json:"body"`
}

// ask calls a function of testdata/messages-client.js.
func (c client) ask(operation string, args ...any) heard {
	c.T.Helper()
	encoded := make([]string, 0, len(args))
	for _, arg := range args {
		b, err := json.Marshal(arg)
		if err != nil {
			c.T.Fatal(err)
		}
		encoded = append(encoded, string(b))
	}
	expression := fmt.Sprintf("messagesClient(%q, %q).%s(%s)", c.version, c.spelling, operation, strings.Join(encoded, ", "))
	told := c.browser.Ask(expression, chromedp.EvalAwaitPromise)
	var h heard
	if err := json.Unmarshal([]byte(told), &h); err != nil {
		c.T.Fatalf("%s: %v: %s", operation, err, told)
	}
	return h
}

// want is ask for what must succeed, sent in the way of the client's spelling. The
// answer is read into v, as the one element of a list where version 1 makes one.
func (c client) want(v any, operation string, args ...any) heard {
	c.T.Helper()
	h := c.ask(operation, args...)
	verb, override := map[string]string{"list": "GET", "get": "GET", "create": "POST", "remove": "DELETE"}[operation], ""
	if verb == "" {
		verb = "PUT"
	}
	if c.spelling == "method" && (verb == "PUT" || verb == "DELETE") {
		verb, override = "POST", verb
	}
	if h.Outcome != "done" || h.Status != 200 || h.Verb != verb || h.Override != override || h.Nonce == "" {
		c.T.Fatalf("%s %v: %+v %s", operation, args, h, h.Body)
	}
	body := h.Body
	if c.version == "v1" && operation != "list" && operation != "remove" {
		var one []json.RawMessage
		if err := json.Unmarshal(body, &one); err != nil || len(one) != 1 {
			c.T.Fatalf("%s: %v, %d elements: %s", operation, err, len(one), body)
		}
		body = one[0]
	}
	if err := json.Unmarshal(body, v); err != nil {
		c.T.Fatalf("%s: %v: %s", operation, err, body)
	}
	return h
}

// refused asks for what must fail, with an error of WordPress's kind.
func (c client) refused(status int, code, message, operation string, args ...any) {
	c.T.Helper()
	h := c.ask(operation, args...)
	var e struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Data    struct {
			Status int `json:"status"`
		} `json:"data"`
	}
	err := json.Unmarshal(h.Body, &e)
	if err != nil || h.Outcome != "fail" || h.Status != status || e.Data.Status != status || e.Code != code || e.Message != message {
		c.T.Errorf("%s %v: %s %d %s (%v), want %d %s %q", operation, args, h.Outcome, h.Status, h.Body, err, status, code, message)
	}
}

type words struct {
	Raw      *string `json:"raw"`
	Rendered string  `json:"rendered"`
}

type bpMessage struct {
	ID      int64 `json:"id"`
	Sender  int64 `json:"sender_id"`
	Message words `json:"message"`
	Starred bool  `json:"is_starred"`
}

type bpThread struct {
	ID      int64           `json:"id"`
	Newest  int64           `json:"message_id"`
	Subject words           `json:"subject"`
	Message words           `json:"message"`
	Unread  int             `json:"unread_count"`
	Senders json.RawMessage `json:"sender_ids"`
	People  []struct {
		User int64 `json:"user_id"`
	} `json:"recipients"`
	Messages []bpMessage `json:"messages"`
	Starred  []int64     `json:"starred_message_ids"`
}

// newestOf is what a member reads at the end of a conversation over jetonomy/v1.
func newestOf(t *testing.T, c *wpsite.Session, id int64) (text string, message int64) {
	t.Helper()
	var page struct {
		Data []struct {
			ID    int64  `json:"id"`
			Plain string `json:"content_plain"`
		} `json:"data"`
	}
	want(t, c, 200, "GET", messagesOf(id)+"?limit=1", nil, &page)
	if len(page.Data) != 1 {
		t.Fatalf("conversation %d: %+v", id, page)
	}
	return page.Data[0].Plain, page.Data[0].ID
}

// notified counts a member's new and old notifications about a message.
func notified(t *testing.T, user, message int64) (fresh, old int) {
	t.Helper()
	db, err := site.DB("wordpress")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(IF(is_new = 1, 1, NULL)), COUNT(IF(is_new = 0, 1, NULL)) FROM wp_bp_notifications
		WHERE component_name = 'messages' AND component_action = 'new_message' AND user_id = ? AND item_id = ?`,
		user, message).Scan(&fresh, &old); err != nil {
		t.Fatal(err)
	}
	return fresh, old
}

// The six operations as a page of the site sends them with WordPress's own script and
// nonce, in both spellings of the verb and both versions, and what the other member
// makes of it over jetonomy/v1.
func TestAPageOfTheSiteIsABuddyPressClient(t *testing.T) {
	installClient(t)
	b := newBrowser(t)
	b.Open("/wp-login.php")
	b.LogIn("alice")
	b.Open(clientPage)
	if root, version := b.Ask("wpApiSettings.root"), b.Ask("wpApiSettings.versionString"); root != site.URL+"/wp-json/" || version != "wp/v2/" {
		t.Fatalf("WordPress's settings: root %s, version %s", root, version)
	}
	for _, c := range []client{{b, "v1", "method"}, {b, "v1", "type"}, {b, "v2", "method"}, {b, "v2", "type"}} {
		t.Run(c.version+" by "+c.spelling, func(t *testing.T) {
			tab := *b
			tab.T = t
			c.browser = &tab
			walkThread(t, c, logIn(t, "alice"), logIn(t, "bob"))
		})
	}
}

// walkThread lets alice's page and bob's app talk, from the first message until alice
// deletes the thread.
func walkThread(t *testing.T, c client, alice, bob *wpsite.Session) {
	aliceID, bobID := site.Member("alice").ID, site.Member("bob").ID
	subject := "Trip " + c.version + c.spelling
	mine := map[string]any{"search": subject, "per_page": 5}

	var made bpThread
	h := c.want(&made, "create", map[string]any{"recipients": []int64{bobID}, "subject": subject, "message": "Shall we <b>go</b>?"})
	// Version 1 shows what is stored, and senders as an object; version 2 neither.
	senders := fmt.Sprintf(`{"%d":%[1]d}`, aliceID)
	if c.version == "v2" {
		senders = fmt.Sprintf("[%d]", aliceID)
	}
	if made.Subject.Rendered != subject || made.Message.Rendered != "<p>Shall we <b>go</b>?</p>\n" || (made.Message.Raw != nil) != (c.version == "v1") ||
		string(made.Senders) != senders || len(made.People) != 2 || len(made.Messages) != 1 || made.Unread != 0 || h.Total != "" {
		t.Errorf("created: %+v, senders %s, total %q", made, made.Senders, h.Total)
	}
	if fresh, old := notified(t, bobID, made.Newest); fresh != 1 || old != 0 {
		t.Errorf("bob has %d new notifications and %d old ones", fresh, old)
	}
	if text, id := newestOf(t, bob, made.ID); text != "Shall we go?" || id != made.Newest {
		t.Errorf("bob reads %q in message %d", text, id)
	}
	if fresh, old := notified(t, bobID, made.Newest); fresh != 0 || old != 1 {
		t.Errorf("after reading, bob has %d new notifications and %d old ones", fresh, old)
	}
	want(t, bob, 201, "POST", messagesOf(made.ID), map[string]string{"content": "When?"}, nil)

	var list []bpThread
	h = c.want(&list, "list", mine)
	if len(list) != 1 || list[0].ID != made.ID || list[0].Unread != 1 || len(list[0].Messages) != 2 || list[0].Message.Rendered != "<p>When?</p>\n" ||
		h.Total != "1" || h.Pages != "1" {
		t.Fatalf("the inbox: %+v, total %q on %q pages", list, h.Total, h.Pages)
	}
	if h = c.want(&list, "list", map[string]any{"search": subject, "type": "read"}); len(list) != 0 || h.Total != "" {
		t.Errorf("read threads: %+v, total %q", list, h.Total)
	}

	var replied bpThread
	c.want(&replied, "create", map[string]any{"id": made.ID, "recipients": []int64{bobID}, "message": "At noon & by train."})
	if replied.ID != made.ID || replied.Subject.Rendered != "Re: "+subject || len(replied.Messages) != 3 {
		t.Errorf("replied: %+v", replied)
	}
	if text, _ := newestOf(t, bob, made.ID); text != "At noon & by train." {
		t.Errorf("bob reads %q", text)
	}

	var got bpThread
	h = c.want(&got, "get", made.ID, map[string]any{"messages_per_page": 2, "order": "desc"})
	if len(got.Messages) != 2 || got.Messages[0].ID != replied.Newest || got.Messages[1].Sender != bobID || got.Unread != 1 ||
		h.Total != "3" || h.Pages != "2" {
		t.Errorf("got: %+v, total %q on %q pages", got, h.Total, h.Pages)
	}

	c.want(&got, "update", made.ID, map[string]any{"read": true})
	if n := unreadOf(t, alice, made.ID); got.Unread != 0 || n != 0 {
		t.Errorf("marked read: %d unread, over jetonomy/v1 %d", got.Unread, n)
	}
	c.want(&got, "update", made.ID, map[string]any{"unread": true})
	if n := unreadOf(t, alice, made.ID); got.Unread != 1 || n != 1 {
		t.Errorf("marked unread: %d unread, over jetonomy/v1 %d", got.Unread, n)
	}

	starred := map[string]any{"search": subject, "box": "starred"}
	for _, on := range []bool{true, false} {
		var m bpMessage
		c.want(&m, "star", made.Newest)
		c.want(&list, "list", starred)
		if m.ID != made.Newest || m.Starred != on || (len(list) == 1) != on || on && !slices.Equal(list[0].Starred, []int64{made.Newest}) {
			t.Errorf("star %t: %+v, the starred box %+v", on, m, list)
		}
	}

	refusals(t, c, made.ID, bobID)

	var gone struct {
		Deleted  bool     `json:"deleted"`
		Previous bpThread `json:"previous"`
	}
	c.want(&gone, "remove", made.ID, map[string]any{"user_id": aliceID})
	if !gone.Deleted || gone.Previous.ID != made.ID || len(gone.Previous.Messages) != 3 {
		t.Errorf("deleted: %+v", gone)
	}
	if c.want(&list, "list", mine); len(list) != 0 {
		t.Errorf("the inbox after deleting: %+v", list)
	}
	if text, _ := newestOf(t, bob, made.ID); text != "At noon & by train." {
		t.Errorf("after alice deleted the thread, bob reads %q", text)
	}
	notYours := map[string]string{"v1": "Sorry, you are not allowed to see this thread.", "v2": "Sorry, you are not allowed to perform this action."}
	c.refused(403, "bp_rest_authorization_required", notYours[c.version], "get", made.ID)

	// The other member's answer brings it back.
	want(t, bob, 201, "POST", messagesOf(made.ID), map[string]string{"content": "Still there?"}, nil)
	if c.want(&list, "list", mine); len(list) != 1 || list[0].Message.Rendered != "<p>Still there?</p>\n" {
		t.Errorf("the inbox after an answer: %+v", list)
	}
}

// unreadOf is how much of a conversation a member has not read, as jetonomy/v1 says.
func unreadOf(t *testing.T, c *wpsite.Session, id int64) int {
	t.Helper()
	var page struct {
		Data []struct {
			ID     int64 `json:"id"`
			Unread int   `json:"unread_count"`
		} `json:"data"`
	}
	want(t, c, 200, "GET", wpsite.Conversations, nil, &page)
	for _, talk := range page.Data {
		if talk.ID == id {
			return talk.Unread
		}
	}
	t.Fatalf("conversation %d is not on the first page: %+v", id, page)
	return 0
}

// refusals asks for what every client gets wrong sooner or later.
func refusals(t *testing.T, c client, thread, other int64) {
	t.Helper()
	c.refused(400, "rest_missing_callback_param", "Missing parameter(s): message, recipients", "create", map[string]any{"subject": "Empty"})
	c.refused(400, "rest_invalid_param", "Invalid parameter(s): read", "update", thread, map[string]any{"read": "perhaps"})
	c.refused(404, "rest_no_route", "No route was found matching the URL and request method.", "get", "none")
	c.refused(403, "rest_cookie_invalid_nonce", "Cookie check failed", "list", map[string]any{}, map[string]string{"X-WP-Nonce": "0123456789"})
	if c.version == "v1" {
		// Somebody else's user_id in a form: read, and refused (in version 2 it means oneself).
		for _, operation := range []string{"update", "remove"} {
			c.refused(403, "bp_rest_authorization_required", "Sorry, you are not allowed to see this thread.",
				operation, thread, map[string]any{"user_id": other, "read": true})
		}
	}
}

// A visitor's page holds a nonce, too: that of nobody.
func TestAVisitorsPageIsRefusedAsBuddyPressDoes(t *testing.T) {
	installClient(t)
	b := newBrowser(t)
	b.Open(clientPage)
	for _, version := range []string{"v1", "v2"} {
		c := client{b, version, "type"}
		c.refused(401, "bp_rest_authorization_required", "Sorry, you are not allowed to perform this action.", "list")
		c.refused(400, "rest_invalid_param", "Invalid parameter(s): box", "list", map[string]any{"box": "trash"})
	}
}

// Without pretty permalinks WordPress's settings name another root, and wp.apiRequest
// asks for ?rest_route=….
func TestABuddyPressClientWithoutPrettyPermalinks(t *testing.T) {
	installClient(t)
	b := newBrowser(t)
	b.Open("/wp-login.php")
	b.LogIn("carol")
	b.Open(clientPage)
	b.Ask("wpApiSettings.root = " + fmt.Sprintf("%q", site.URL+"/index.php?rest_route=/"))
	for _, spelling := range []string{"method", "type"} {
		c := client{b, "v1", spelling}
		var thread bpThread
		c.want(&thread, "create", map[string]any{"recipients": []int64{site.Member("greta").ID}, "subject": "Plain", "message": "By the long way"})
		c.want(&thread, "update", thread.ID, map[string]any{"unread": "true"})
		if thread.Unread != 1 {
			t.Errorf("by %s: %+v", spelling, thread)
		}
		var list []bpThread
		if h := c.want(&list, "list", map[string]any{"box": "sentbox", "per_page": 1}); len(list) != 1 || list[0].ID != thread.ID || h.Total == "" {
			t.Errorf("by %s: %+v, total %q", spelling, list, h.Total)
		}
		var gone struct {
			Deleted bool `json:"deleted"`
		}
		if c.want(&gone, "remove", thread.ID); !gone.Deleted {
			t.Errorf("by %s: not deleted", spelling)
		}
	}
}
