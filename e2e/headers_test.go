package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/internal/wpsite"
)

func TestTheNonceIsForThePageAlone(t *testing.T) {
	c := logIn(t, "alice")
	c.Nonce = ""
	a := do(t, c, "GET", inbox+"nonce", nil)
	h := a.Header
	if a.Status != 200 || len(a.Body) != 10 || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || !strings.Contains(h.Get("Cache-Control"), "no-store") ||
		h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %q %v", a.Status, a.Body, h)
	}
	c.Nonce = string(a.Body)
	whoIs(t, c)
	if a := do(t, site.NewSession(), "GET", inbox+"nonce", nil); a.Status != http.StatusUnauthorized || len(a.Body) != 0 {
		t.Errorf("nobody: %d %s", a.Status, a.Body)
	}
	for _, where := range []string{"cross-site", "same-site"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", site.URL+inbox+"nonce", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", where)
		req.Header.Set("Origin", "https://evil.example")
		resp, err := c.HTTP.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", where, resp.StatusCode, resp.Header)
		}
	}
}

func TestTheHeadersOfThePages(t *testing.T) {
	const (
		before = "default-src 'none'; "
		runs   = "script-src 'self'; connect-src 'self'; "
		after  = "style-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; frame-ancestors "
	)
	alice, admin, mona := logIn(t, "alice"), logIn(t, "admin"), logIn(t, "mona")
	for _, c := range []struct {
		who    *wpsite.Session
		path   string
		status int
		csp    string
	}{
		{alice, inbox, 200, before + runs + after + "'self'"},
		{alice, inbox + "?to=bob", 200, before + runs + after + "'self'"},
		{alice, inbox + "999999/", 404, before + runs + after + "'self'"},
		{alice, inbox + "nothing-here/", 404, before + after + "'none'"},
		{admin, inbox + "oversight/", 200, before + runs + after + "'none'"},
		{alice, inbox + "oversight/", 403, before + after + "'none'"},
		{mona, inbox + "oversight/", 403, before + after + "'none'"},
		{site.NewSession(), inbox + "oversight/", 302, before + after + "'none'"},
		{alice, inbox + "nonce", 200, "default-src 'none'; frame-ancestors 'none'"},
	} {
		a := do(t, c.who, "GET", c.path, nil)
		h := a.Header
		if a.Status != c.status || h.Get("Content-Security-Policy") != c.csp {
			t.Errorf("%s: %d\n %s, want\n %s", c.path, a.Status, h.Get("Content-Security-Policy"), c.csp)
		}
		frame := "DENY"
		if strings.HasSuffix(c.csp, "'self'") {
			frame = "SAMEORIGIN"
		}
		for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": frame} {
			if h.Get(name) != value {
				t.Errorf("%s: %s is %q", c.path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Cache-Control"), "no-store") || !strings.Contains(h.Get("Permissions-Policy"), "camera=()") || slices.Contains(h.Values("Access-Control-Allow-Origin"), "*") {
			t.Errorf("%s: %v", c.path, h)
		}
		// Who may not look is told nothing about what there is.
		if c.status == 403 && (strings.Contains(string(a.Body), "parley-oversight") || strings.Contains(strings.ToLower(string(a.Body)), "conversation")) {
			t.Errorf("%s: a refusal that hints: %s", c.path, a.Body)
		}
		if c.status == 302 && !strings.HasPrefix(h.Get("Location"), site.URL+"/wp-login.php?redirect_to=") {
			t.Errorf("%s leads to %s", c.path, h.Get("Location"))
		}
	}
}
