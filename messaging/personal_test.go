package messaging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"parley/messaging"
	"parley/messaging/personal"
)

// TestPersonalData has everything of alice's and nothing of anybody else's, in both
// forms.
func TestPersonalData(t *testing.T) {
	h, direct, _, _, _, _ := community(t)
	ctx := context.Background()
	h.send(alice, direct, "<script>alert(1)</script> & <b>bold</b>")
	var text bytes.Buffer
	if err := h.ExportPersonal(ctx, admin, alice.ID, personal.NewJSON(&text)); err != nil {
		t.Fatal(err)
	}
	var out struct {
		Format   string
		Version  int
		Member   struct{ Login, Name string }
		Settings struct {
			NotifyWeb        *bool `json:"notify_web"`
			Receipts, Typing *bool
		}
		Reports       []struct{ Description string }
		Conversations []struct {
			ID      int64
			Title   string
			Others  []struct{ Name string }
			Place   *struct{ State string }
			Blocked []struct{ Name string } `json:"blocked_by_me"`
			Stars   []struct {
				Message int64 `json:"message_id"`
			} `json:"starred_messages_of_others"`
			Messages []struct {
				Text, Subject, Stored string
				Starred               bool
			}
		}
	}
	if err := json.Unmarshal(text.Bytes(), &out); err != nil {
		t.Fatalf("%v in %s", err, &text)
	}
	var said []string
	states, blocked, stars, subjects := map[string]int{}, 0, 0, ""
	for _, c := range out.Conversations {
		states[c.Place.State]++
		blocked += len(c.Blocked)
		stars += len(c.Stars)
		for _, m := range c.Messages {
			said = append(said, m.Text)
			subjects += m.Subject
		}
	}
	if out.Format != "parley-personal-data" || out.Version != 1 || out.Member.Login != "alice" || out.Settings.NotifyWeb == nil || *out.Settings.NotifyWeb ||
		len(out.Reports) != 1 || out.Reports[0].Description != "Alice reports" {
		t.Errorf("head: %+v", out)
	}
	if s := out.Settings; s.Receipts == nil || *s.Receipts || s.Typing != nil {
		t.Errorf("settings: %+v", s)
	}
	if states["left"] != 1 || states["active"] != 5 || blocked != 1 || stars != 1 || subjects != "NotesIt's a subject" {
		t.Errorf("states %v, %d blocked, %d stars, subjects %q", states, blocked, stars, subjects)
	}
	if want := int(h.number("SELECT COUNT(*) FROM wp_parley_messages WHERE sender_id = ? AND kind = 0", alice.ID)); len(said) != want {
		t.Errorf("%d messages, want %d", len(said), want)
	}

	var page bytes.Buffer
	if err := h.ExportPersonal(ctx, admin, alice.ID, personal.NewHTML(&page)); err != nil {
		t.Fatal(err)
	}
	shown := visible(t, page.String())
	for _, want := range append(said, "Alice reports", "It's a subject", "Bob", "off", "as the site has it, off, as the site has it") {
		if !strings.Contains(shown, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, form := range []string{text.String(), shown} {
		for _, foreign := range []string{"Bob's secret", "An answer", "Bob reports"} {
			if strings.Contains(form, foreign) {
				t.Errorf("it holds %q, which is Bob's", foreign)
			}
		}
	}
	if n := h.number("SELECT COUNT(*) FROM wp_parley_audit_log WHERE action = 'member.export' AND member_id = ?", alice.ID); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}
	for name, failing := range map[string]messaging.PersonalWriter{"json": personal.NewJSON(broken{}), "html": personal.NewHTML(broken{})} {
		if err := h.ExportPersonal(ctx, admin, alice.ID, failing); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s on a full disk: %v", name, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// visible is the text of a page, which must hold nothing that runs or is loaded.
func visible(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "style":
				return
			case "script", "img", "iframe", "link", "object", "form", "a", "b":
				t.Errorf("the page holds a <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("the page holds %s=%s", a.Key, a.Val)
				}
			}
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return strings.Join(strings.Fields(b.String()), " ")
}
