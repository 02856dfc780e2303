package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// me is who WordPress says is calling.
type me struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

func whoIs(t *testing.T, c *wpsite.Session) me {
	t.Helper()
	var m me
	want(t, c, 200, "GET", "/wp-json/wp/v2/users/me", nil, &m)
	return m
}

func TestWordPressAndParleyAgreeOnWhoIsWho(t *testing.T) {
	var others []string
	for _, m := range site.Members {
		if m.Login != "admin" {
			others = append(others, m.Login)
		}
	}
	admin := logIn(t, "admin")
	group := start(t, admin, "Who is who?", others...)
	if want := whoIs(t, admin).ID; group.CreatedBy != want {
		t.Errorf("Parley says %d began, WordPress %d", group.CreatedBy, want)
	}
	for _, login := range others {
		c := logIn(t, login)
		var said struct {
			SenderID   int64  `json:"sender_id"`
			SenderName string `json:"sender_name"`
			Sender     struct {
				Login string `json:"login"`
			} `json:"sender"`
		}
		want(t, c, 201, "POST", messagesOf(group.ID), map[string]string{"content": "I am " + login}, &said)
		w := whoIs(t, c)
		if said.SenderID != w.ID || said.Sender.Login != w.Slug || said.SenderName != w.Name {
			t.Errorf("Parley: %+v, WordPress: %+v", said, w)
		}
	}
	// Nobody is nobody on both sides.
	nobody := site.NewSession()
	for _, path := range []string{"/wp-json/wp/v2/users/me", wpsite.Conversations} {
		if a := do(t, nobody, "GET", path, nil); a.Status != 401 || a.Code() != "rest_not_logged_in" {
			t.Errorf("%s without a login: %d %s", path, a.Status, a.Body)
		}
	}
	// A cookie without its nonce is nobody, with a wrong one refused: on both sides.
	c := logIn(t, "alice")
	for nonce, expect := range map[string]struct {
		status int
		code   string
	}{"": {401, "rest_not_logged_in"}, "0123456789": {403, "rest_cookie_invalid_nonce"}, admin.Nonce: {403, "rest_cookie_invalid_nonce"}} {
		c.Nonce = nonce
		for _, path := range []string{"/wp-json/wp/v2/users/me", wpsite.Conversations} {
			if a := do(t, c, "GET", path, nil); a.Status != expect.status || a.Code() != expect.code {
				t.Errorf("%s with nonce %q: %d %s", path, nonce, a.Status, a.Body)
			}
		}
	}
}

func TestANonceOfOneSideIsGoodOnTheOther(t *testing.T) {
	c := logIn(t, "alice")
	fromParley := do(t, c, "GET", wpsite.Conversations, nil).Header.Get("X-WP-Nonce")
	fromWordPress := do(t, c, "GET", "/wp-json/wp/v2/users/me", nil).Header.Get("X-WP-Nonce")
	if fromParley == "" || fromWordPress == "" {
		t.Fatalf("X-WP-Nonce: %q of Parley, %q of WordPress", fromParley, fromWordPress)
	}
	c.Nonce = fromParley
	whoIs(t, c)
	c.Nonce = fromWordPress
	want(t, c, 200, "GET", wpsite.Conversations, nil, nil)
}

// refused complains while Parley still answers a member's old credentials.
func refused(t *testing.T, c *wpsite.Session) error {
	a, err := c.Do(t.Context(), "GET", wpsite.Conversations, nil)
	if err != nil {
		return err
	}
	if a.Status != 401 && a.Status != 403 {
		return fmt.Errorf("still answered: %d", a.Status)
	}
	return nil
}

var logoutLink = regexp.MustCompile(`action=logout&amp;[^"']*_wpnonce=([0-9a-f]{10})`)

func TestWhoLogsOutOfWordPressIsRefused(t *testing.T) {
	c := logIn(t, "bob")
	stolen := c.Copy()
	want(t, stolen, 200, "GET", wpsite.Conversations, nil, nil)
	page := do(t, c, "GET", "/wp-login.php?action=logout", nil) // asks "do you really want to?"
	link := logoutLink.FindSubmatch(page.Body)
	if link == nil {
		t.Fatalf("no logout link: %d %.2000s", page.Status, page.Body)
	}
	if a := do(t, c, "GET", "/wp-login.php?action=logout&_wpnonce="+string(link[1]), nil); a.Status != http.StatusFound {
		t.Fatalf("logout: %d", a.Status)
	}
	eventually(t, 5*time.Second, func() error { return refused(t, stolen) })
	if a := do(t, stolen, "GET", wpsite.Conversations, nil); a.Status != 403 || a.Code() != "rest_cookie_invalid_nonce" {
		t.Errorf("with the old nonce: %d %s", a.Status, a.Body)
	}
	// So is WordPress's own answer.
	if a := do(t, stolen, "GET", "/wp-json/wp/v2/users/me", nil); a.Status != 403 {
		t.Errorf("WordPress: %d %s", a.Status, a.Body)
	}
	// The page sends such a visitor to the login.
	if a := do(t, stolen, "GET", "/community/messages/", nil); a.Status != http.StatusFound {
		t.Errorf("the page: %d", a.Status)
	}
}

func TestAChangedPasswordEndsOldSessions(t *testing.T) {
	m := newMember(t, "pia")
	c, err := site.LogIn(t.Context(), m.Login, m.Password, false)
	if err != nil {
		t.Fatal(err)
	}
	old := c.Copy()
	want(t, old, 200, "GET", wpsite.Conversations, nil, nil)
	want(t, c, 200, "POST", "/wp-json/wp/v2/users/me", map[string]string{"password": "another one entirely"}, nil)
	eventually(t, 5*time.Second, func() error { return refused(t, old) })
	again, err := site.LogIn(t.Context(), m.Login, "another one entirely", false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, again, 200, "GET", wpsite.Conversations, nil, nil)
}

func TestADeletedAccountIsRefused(t *testing.T) {
	m := newMember(t, "gone")
	c, err := site.LogIn(t.Context(), m.Login, m.Password, false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, c, 200, "GET", wpsite.Conversations, nil, nil)
	want(t, logIn(t, "admin"), 200, "DELETE", fmt.Sprintf("/wp-json/wp/v2/users/%d?force=true&reassign=1", m.ID), nil, nil)
	eventually(t, 5*time.Second, func() error { return refused(t, c) })
}

func TestRememberMeIsALongSession(t *testing.T) {
	c, err := site.LogIn(t.Context(), "carol", site.Member("carol").Password, true)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(site.URL)
	for _, cookie := range c.HTTP.Jar.Cookies(u) {
		if name, value, _ := strings.Cut(cookie.String(), "="); strings.HasPrefix(name, "wordpress_logged_in_") {
			value, _ = url.QueryUnescape(value)
			var expires int64
			if _, err := fmt.Sscan(strings.Split(value, "|")[1], &expires); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(time.Unix(expires, 0)); left < 13*24*time.Hour {
				t.Errorf("the session ends in %s", left)
			}
		}
	}
	want(t, c, 200, "GET", wpsite.Conversations, nil, nil)
}

// appPassword is an entry of WordPress's own list.
type appPassword struct {
	UUID     string  `json:"uuid"`
	Password string  `json:"password"`
	LastUsed *string `json:"last_used"`
	LastIP   *string `json:"last_ip"`
}

// accepted waits until Parley takes an application password: the very first one of
// a site turns them on, which Parley learns within five seconds.
func accepted(t *testing.T, c *wpsite.Session) {
	t.Helper()
	eventually(t, 5*time.Second, func() error {
		return c.Want(t.Context(), 200, "GET", wpsite.Conversations, nil, nil)
	})
}

func TestAnApplicationPasswordMadeInWordPressWorksUntilItIsRevoked(t *testing.T) {
	const list = "/wp-json/wp/v2/users/me/application-passwords"
	c := logIn(t, "greta")
	var made appPassword
	want(t, c, 201, "POST", list, map[string]string{"name": "phone"}, &made)

	phone := site.NewSession()
	phone.User, phone.AppPassword = "greta", made.Password
	accepted(t, phone)
	if id := whoIs(t, phone).ID; id != site.Member("greta").ID {
		t.Errorf("WordPress takes the password for %d", id)
	}
	byMail := site.NewSession()
	byMail.User, byMail.AppPassword = "greta@example.org", strings.ToLower(made.Password)
	if a := do(t, byMail, "GET", wpsite.Conversations, nil); a.Status != 401 {
		t.Errorf("in lower case: %d", a.Status)
	}
	byMail.AppPassword = strings.ReplaceAll(made.Password, " ", "")
	want(t, byMail, 200, "GET", wpsite.Conversations, nil, nil)
	byMail.AppPassword = site.Member("greta").Password
	if a := do(t, byMail, "GET", wpsite.Conversations, nil); a.Status != 401 {
		t.Errorf("the login password: %d", a.Status)
	}

	want(t, c, 200, "DELETE", list+"/"+made.UUID, nil, nil)
	eventually(t, 5*time.Second, func() error { return refused(t, phone) })
}

func TestTheLastUseOfAnApplicationPasswordIsRecordedForWordPress(t *testing.T) {
	const list = "/wp-json/wp/v2/users/me/application-passwords"
	c := logIn(t, "erin")
	var made, seen appPassword
	want(t, c, 201, "POST", list, map[string]string{"name": "tablet"}, &made)
	tablet := site.NewSession()
	tablet.User, tablet.AppPassword = "erin", made.Password
	accepted(t, tablet) // nobody but Parley has seen it
	eventually(t, 5*time.Second, func() error {
		if err := c.Want(t.Context(), 200, "GET", list+"/"+made.UUID, nil, &seen); err != nil {
			return err
		}
		if seen.LastUsed == nil || seen.LastIP == nil {
			return errors.New("WordPress knows of no use")
		}
		return nil
	})
	if *seen.LastIP != "127.0.0.1" || !strings.HasPrefix(*seen.LastUsed, time.Now().UTC().Format("2006-01-")) {
		t.Errorf("last used %s from %s", *seen.LastUsed, *seen.LastIP)
	}
}
