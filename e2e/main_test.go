package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// site is the one site of all tests here, made with options.
var (
	site    *wpsite.Site
	options wpsite.Options
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return 1, err
	}
	tmp, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(tmp)
	binary, err := wpsite.Program(root, tmp)
	if err != nil {
		return 1, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	options = wpsite.Options{Root: root, Binary: binary, WordPressDir: os.Getenv("WORDPRESS_DIR"), BuddyPress: true,
		Front: wpsite.Front(os.Getenv("PARLEY_E2E_FRONT")),
		// The tests write faster than members do, and some visit from 127.0.0.2.
		ParleyEnv: []string{"PARLEY_TRUSTED_PROXIES=127.0.0.1", "PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0"}}
	if site, err = wpsite.Start(ctx, options); err != nil {
		return 1, err
	}
	defer func() {
		log := site.ParleyLog()
		// A data race, too, makes Parley end badly.
		if err = errors.Join(err, site.Close()); err != nil || code != 0 {
			fmt.Fprintf(os.Stderr, "Parley's log ends:\n%s\n", tail(log, 8000))
		}
	}()
	defer func() {
		for _, end := range atEnd {
			end()
		}
	}()
	return m.Run(), nil
}

// siteOfItsOwn gives a test a new site, with nothing in it but the sample members, in
// place of the one the tests share.
func siteOfItsOwn(t *testing.T) {
	t.Helper()
	own, err := wpsite.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	shared := site
	site = own
	t.Cleanup(func() {
		site = shared
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
}

// atEnd is called when all tests are done.
var atEnd []func()

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

// eventually waits until ok does not complain, for at most the time given.
func eventually(t *testing.T, atMost time.Duration, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %v", atMost, err)
		case <-tick.C:
		}
	}
}

// logIn logs a member of the site in by HTTP.
func logIn(t *testing.T, login string) *wpsite.Session {
	t.Helper()
	c, err := site.LogIn(t.Context(), login, site.Member(login).Password, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// do sends a request and returns the answer.
func do(t *testing.T, c *wpsite.Session, method, path string, body any) wpsite.Answer {
	t.Helper()
	a, err := c.Do(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// want sends a request whose status is known and reads the answer into v.
func want(t *testing.T, c *wpsite.Session, status int, method, path string, body, v any) {
	t.Helper()
	if err := c.Want(t.Context(), status, method, path, body, v); err != nil {
		t.Fatal(err)
	}
}

// newMember makes an account for one test, for what would spoil another's.
func newMember(t *testing.T, login string) wpsite.Member {
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

// started is the answer to a new conversation.
type started struct {
	ID        int64 `json:"conversation_id"`
	MessageID int64 `json:"message_id"`
	CreatedBy int64 `json:"created_by"`
}

// start begins a conversation.
func start(t *testing.T, c *wpsite.Session, text string, with ...string) started {
	t.Helper()
	var ids []int64
	for _, login := range with {
		ids = append(ids, site.Member(login).ID)
	}
	a := do(t, c, "POST", wpsite.Conversations, map[string]any{"recipient_ids": ids, "message": text})
	if a.Status != 201 && a.Status != 200 {
		t.Fatalf("start: %d %s", a.Status, a.Body)
	}
	var s started
	if err := a.JSON(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func messagesOf(id int64) string { return fmt.Sprintf("%s/%d/messages", wpsite.Conversations, id) }
