package companion

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// site is the one site of all tests here.
var site *wpsite.Site

func TestMain(m *testing.M) {
	sitetest.Main(m, "../..", wpsite.Options{Front: wpsite.Bare, Companion: true,
		ParleyEnv: []string{"PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0"}},
		func(s *wpsite.Site) error {
			site = s
			return os.CopyFS(filepath.Join(site.Dir, "wp-content/themes"), os.DirFS("testdata/themes"))
		}, complaints)
}

// complaints are what PHP had to say about the plugin while all tests ran.
func complaints() error {
	log, err := site.WordPressLog()
	if err != nil {
		return err
	}
	var ours []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "plugins/parley") || strings.Contains(line, "parley_") || strings.Contains(line, "was called <strong>incorrectly") {
			ours = append(ours, line)
		}
	}
	if len(ours) > 0 {
		return fmt.Errorf("PHP complains:\n%s", strings.Join(ours, ""))
	}
	return nil
}

var (
	eventually = sitetest.Eventually
	do         = sitetest.Do
)

// sessions are the logins so far.
var sessions = map[string]*wpsite.Session{}

// logIn is a member's session, a browser of its own for every caller.
func logIn(t *testing.T, login string) *wpsite.Session {
	t.Helper()
	if sessions[login] == nil {
		sessions[login] = sitetest.LogIn(t, site, login)
	}
	return sessions[login].Copy()
}

// page fetches a page that must be there.
func page(t *testing.T, c *wpsite.Session, path string) string {
	t.Helper()
	a := do(t, c, "GET", path, nil)
	if a.Status != 200 {
		t.Fatalf("%s: %d to %q", path, a.Status, a.Header.Get("Location"))
	}
	return string(a.Body)
}

// holds checks that a page holds texts.
func holds(t *testing.T, html string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(html, text) {
			t.Errorf("there is no %s in\n%s", text, bodyOf(html))
		}
	}
}

// lacks checks that a page does not hold texts.
func lacks(t *testing.T, html string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(html, text) {
			t.Errorf("there is %s in\n%s", text, bodyOf(html))
		}
	}
}

// bodyOf leaves the head of a page out, most of which is style.
func bodyOf(html string) string {
	_, body, found := strings.Cut(html, "<body")
	if !found {
		return html
	}
	return body
}

// php runs code in WordPress and returns what it printed.
func php(t *testing.T, code string) string {
	t.Helper()
	out, err := site.PHP(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// use switches to a theme until the test ends.
func use(t *testing.T, theme string) {
	t.Helper()
	before := php(t, "echo get_stylesheet(); switch_theme( '"+theme+"' );")
	t.Cleanup(func() {
		if _, err := site.PHP(context.Background(), "switch_theme( '"+before+"' );"); err != nil {
			t.Error(err)
		}
	})
}

// set changes a setting of the plugin until the test ends; value is PHP.
func set(t *testing.T, name, value string) {
	t.Helper()
	before := php(t, "echo var_export( parley_settings()['"+name+"'], true );")
	if err := site.SetCompanion(t.Context(), name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.SetCompanion(context.Background(), name, before); err != nil {
			t.Error(err)
		}
	})
}

// standIn puts a plugin of testdata/mu-plugins in place until the test ends.
func standIn(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/mu-plugins", name))
	if err != nil {
		t.Fatal(err)
	}
	standInText(t, name, string(b))
}

// standInText puts a plugin in place until the test ends.
func standInText(t *testing.T, name, text string) {
	t.Helper()
	dir := filepath.Join(site.Dir, "wp-content/mu-plugins")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	})
}

// start begins a conversation and returns its id.
func start(t *testing.T, c *wpsite.Session, text string, with ...string) int64 {
	t.Helper()
	return sitetest.Start(t, c, text, with...).ID
}
