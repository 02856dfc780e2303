package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

func TestTheSnippetSendsParleyItsAddressesAndNothingElse(t *testing.T) {
	c := logIn(t, "alice")
	start(t, c, "For the list", "bob")
	parleys := []string{
		wpsite.Conversations, wpsite.Conversations + "/", wpsite.Conversations + "?limit=1", "/wp-json/Jetonomy/V1/conversations",
		wpsite.Conversations + "/unread-count", "/wp-json/jetonomy/v1/messaging/recipient-suggestions?q=bob",
		"/?rest_route=/jetonomy/v1/conversations", "/index.php?rest_route=/jetonomy/v1/conversations",
		"/?rest_route=%2Fjetonomy%2Fv1%2Fconversations&limit=1", "/?limit=1&rest_route=/jetonomy/v1/conversations",
		buddyPress("v1"), buddyPress("v1") + "/", buddyPress("v1") + "?per_page=1", "/wp-json/BuddyPress/V1/messages", buddyPress("v2"),
		"/index.php/wp-json/buddypress/v1/messages", "/?rest_route=/buddypress/v1/messages",
		"/index.php?box=inbox&rest_route=%2Fbuddypress%2Fv2%2Fmessages",
	}
	for _, path := range parleys {
		if a := do(t, c, "GET", path, nil); a.Status != 200 || !json.Valid(a.Body) {
			t.Errorf("%s: %d %.200s", path, a.Status, a.Body)
		}
	}
	if a := do(t, c, "GET", "/wp-json/parley/v1/admin/conversations", nil); a.Status != 403 || a.Code() != "rest_forbidden" {
		t.Errorf("oversight: %d %s", a.Status, a.Body)
	}
	want(t, logIn(t, "admin"), 200, "GET", "/wp-json/parley/v1/admin/conversations", nil, nil)
	for path, status := range map[string]int{
		"/": 200, "/wp-json/": 200, "/wp-json/jetonomy/v1/spaces": 404, "/wp-json/wp/v2/users/me": 200,
		"/?rest_route=/wp/v2/users/me": 200, "/?rest_route=/jetonomy/v1/spaces": 404, "/community/": 404, "/community/messagesque/": 404,
		"/wp-json/buddypress/v1/members": 404, "/wp-json/buddypress/v1/messagesque": 404, "/wp-json/buddypress/v3/messages": 404,
		"/?rest_route=/buddypress/v2/members/me": 404,
	} {
		a := do(t, c, "GET", path, nil)
		if a.Status != status || !strings.Contains(strings.Join(a.Header.Values("Link"), " ")+a.Header.Get("X-Redirect-By"), "api.w.org") {
			t.Errorf("%s is WordPress's: %d, headers %v", path, a.Status, a.Header)
		}
	}
	// A body sent by the ?rest_route= form arrives.
	var s started
	a := do(t, c, "POST", "/?rest_route=/jetonomy/v1/conversations",
		map[string]any{"recipient_ids": []int64{site.Member("bob").ID}, "message": "By the other way"})
	if err := a.JSON(&s); err != nil || a.Status != 200 || s.MessageID == 0 {
		t.Errorf("POST by rest_route: %d %s", a.Status, a.Body)
	}
}

func TestTheDatabaseGoesAwayAndComesBack(t *testing.T) {
	c := logIn(t, "alice")
	talk := start(t, c, "Before the outage", "bob")
	site.Database.Stop(t)
	stopped := true
	defer func() {
		if stopped {
			site.Database.Start(t)
		}
	}()
	began := time.Now()
	eventually(t, 2*time.Second, func() error {
		a, err := c.Do(t.Context(), "GET", wpsite.Conversations, nil)
		if err != nil {
			return err
		}
		if a.Status != 503 || a.Code() != "parley_unavailable" || a.Header.Get("Retry-After") == "" {
			return fmt.Errorf("%d %s", a.Status, a.Body)
		}
		return nil
	})
	if took := time.Since(began); took > time.Second {
		t.Errorf("503 after %s", took)
	}
	if a := do(t, c, "POST", messagesOf(talk.ID), map[string]string{"content": "lost?"}); a.Status != 503 {
		t.Errorf("send: %d %s", a.Status, a.Body)
	}
	if a := do(t, c, "GET", "/community/messages/", nil); a.Status != 503 || !strings.Contains(string(a.Body), "try again") {
		t.Errorf("page: %d %s", a.Status, a.Body)
	}
	nobody := site.NewSession()
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 503} {
		if a, err := nobody.Get(t.Context(), site.OpsURL+path); err != nil || a.Status != status {
			t.Errorf("%s: %d, %v", path, a.Status, err)
		}
	}
	site.Database.Start(t)
	stopped = false
	eventually(t, 10*time.Second, func() error {
		return c.Want(t.Context(), 201, "POST", messagesOf(talk.ID), map[string]string{"content": "After the outage"}, nil)
	})
	var thread struct {
		Data []struct {
			Plain string `json:"content_plain"`
		} `json:"data"`
	}
	want(t, c, 200, "GET", messagesOf(talk.ID)+"?limit=2", nil, &thread)
	if len(thread.Data) != 2 || thread.Data[0].Plain != "After the outage" || thread.Data[1].Plain != "Before the outage" {
		t.Errorf("the thread ends: %+v", thread.Data)
	}
}

func TestParleyStopsInGoodOrderAndGoesOnWhereItWas(t *testing.T) {
	c := logIn(t, "alice")
	talk := start(t, c, "Before the restart", "bob")
	if err := site.StopParley(); err != nil {
		t.Error(err)
	}
	if a := do(t, c, "GET", wpsite.Conversations, nil); a.Status != 502 && a.Status != 503 {
		t.Errorf("without Parley: %d", a.Status)
	}
	if a := do(t, c, "GET", "/", nil); a.Status != 200 {
		t.Errorf("WordPress without Parley: %d", a.Status)
	}
	if err := site.StartParley(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, c, 201, "POST", messagesOf(talk.ID), map[string]string{"content": "After the restart"}, nil)
}
