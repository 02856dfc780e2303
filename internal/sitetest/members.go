package sitetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/internal/wpsite"
)

// LogIn logs a member of the site in by HTTP.
func LogIn(t *testing.T, site *wpsite.Site, login string) *wpsite.Session {
	t.Helper()
	c, err := site.LogIn(t.Context(), login, site.Member(login).Password, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Do sends a request and returns the answer.
func Do(t *testing.T, c *wpsite.Session, method, path string, body any) wpsite.Answer {
	t.Helper()
	a, err := c.Do(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Want sends a request whose status is known and reads the answer into v.
func Want(t *testing.T, c *wpsite.Session, status int, method, path string, body, v any) {
	t.Helper()
	if err := c.Want(t.Context(), status, method, path, body, v); err != nil {
		t.Fatal(err)
	}
}

// NewMember makes an account for one test, for what would spoil another's. Its password
// is the login and "-secret".
func NewMember(t *testing.T, site *wpsite.Site, login string) wpsite.Member {
	t.Helper()
	m := wpsite.Member{Login: login, Password: login + "-secret", Name: strings.ToUpper(login[:1]) + login[1:]}
	args, err := json.Marshal(map[string]string{"user_login": m.Login, "user_pass": m.Password,
		"user_email": login + "@example.org", "display_name": m.Name, "role": "subscriber"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := site.PHP(t.Context(), "echo wp_insert_user( json_decode( '"+string(args)+"', true ) );")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(out, &m.ID); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return m
}

// Started is the answer to a new conversation.
type Started struct {
	ID        int64 `json:"conversation_id"`
	MessageID int64 `json:"message_id"`
	CreatedBy int64 `json:"created_by"`
}

// Start begins a conversation with members of the site, or goes on with the one there is.
func Start(t *testing.T, c *wpsite.Session, text string, with ...string) Started {
	t.Helper()
	a := Do(t, c, "POST", wpsite.Conversations, map[string]any{"recipient_ids": ids(c.Site, with), "message": text})
	if a.Status != 201 && a.Status != 200 {
		t.Fatalf("start: %d %s", a.Status, a.Body)
	}
	var s Started
	if err := a.JSON(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Group starts a group conversation.
func Group(t *testing.T, c *wpsite.Session, title, text string, with ...string) int64 {
	t.Helper()
	var s Started
	Want(t, c, 201, "POST", wpsite.Conversations,
		map[string]any{"recipient_ids": ids(c.Site, with), "message": text, "title": title, "type": "group"}, &s)
	return s.ID
}

func ids(site *wpsite.Site, logins []string) (ids []int64) {
	for _, login := range logins {
		ids = append(ids, site.Member(login).ID)
	}
	return ids
}

// Say sends a message.
func Say(t *testing.T, c *wpsite.Session, id int64, text string) {
	t.Helper()
	Want(t, c, 201, "POST", MessagesOf(id), map[string]any{"content": text}, nil)
}

// MessagesOf is the path of a conversation's messages.
func MessagesOf(id int64) string { return fmt.Sprintf("%s/%d/messages", wpsite.Conversations, id) }

// PlainOf are the texts of a thread, oldest first.
func PlainOf(t *testing.T, c *wpsite.Session, id int64) (texts []string) {
	t.Helper()
	var page struct {
		Data []struct {
			Plain string `json:"content_plain"`
		} `json:"data"`
	}
	Want(t, c, 200, "GET", MessagesOf(id)+"?limit=100&order=asc&mark_read=false", nil, &page)
	for _, m := range page.Data {
		texts = append(texts, m.Plain)
	}
	return texts
}
