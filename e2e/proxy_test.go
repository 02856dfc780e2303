package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/wpsite"
)

// front is the web server of this run.
func front() wpsite.Front {
	if f := wpsite.Front(os.Getenv("PARLEY_E2E_FRONT")); f != "" {
		return f
	}
	return wpsite.Nginx
}

// whose says who has answered: "parley", "wordpress" or, for neither, "web server".
func whose(a wpsite.Answer) string {
	switch {
	case a.Header.Get("X-Request-Id") != "":
		return "parley"
	case strings.Contains(strings.Join(a.Header.Values("Link"), " ")+a.Header.Get("X-Redirect-By"), "api.w.org"),
		strings.Contains(a.Header.Get("Set-Cookie"), "wordpress_test_cookie"), a.Header.Get("X-Powered-By") != "":
		return "wordpress"
	}
	return "web server"
}

// Whoever writes an address in an unusual way gets what the address means, or a
// refusal, and never another's messages.
func TestUnusualSpellingsOfAddresses(t *testing.T) {
	c, nobody := logIn(t, "alice"), site.NewSession()
	id := fmt.Sprint(start(t, c, "For the list", "bob").ID)
	for _, x := range []struct {
		path, whose string
		status      int
	}{
		{"//wp-json/jetonomy/v1/conversations", "parley", 200},
		{"/wp-json//jetonomy/v1//conversations//" + id, "parley", 200},
		{"/wp-json/jetonomy/v1/%63onversations/" + id + "/", "parley", 200},
		{"/wp-json/jetonomy/v1/conversations/%20", "parley", 404},
		{"/wp-json/jetonomy/v1/conversations/0" + id, "parley", 200},
		{"/index.php/wp-json/jetonomy/v1/conversations/" + id, "parley", 200},
		{"/?rest_route=%2fJetonomy%2fv1%2fconversations%2f" + id, "parley", 200},
		{"/?rest_route=/jetonomy/v1/conversations/" + id + "/messages", "parley", 200},
		{"/wp-json/jetonomy/v1/conversations%252F" + id, "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations%3Flimit=1", "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations;x", "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations%20", "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations.json", "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations/../spaces", "wordpress", 404},
		{"/wp-json/jetonomy/v1/conversations/%2e%2e/spaces", "wordpress", 404},
		{"/community/messages/../../wp-login.php", "wordpress", 200},
		{"/wp-login.php?rest_route=/jetonomy/v1/conversations", "wordpress", 200},
	} {
		if a := do(t, c, "GET", x.path, nil); a.Status != x.status || whose(a) != x.whose {
			t.Errorf("%s: %d of %s, want %d of %s: %.200s", x.path, a.Status, whose(a), x.status, x.whose, a.Body)
		}
		if a := do(t, nobody, "GET", x.path, nil); x.whose == "parley" && a.Status != 401 && a.Status != 404 {
			t.Errorf("%s without a login: %d %.200s", x.path, a.Status, a.Body)
		}
	}
	// An encoded slash means a slash; Apache refuses it for every address of a site.
	for _, path := range []string{wpsite.Conversations + "%2F" + id, wpsite.Conversations + "/" + id + "%2Fmessages", "/wp-json%2Fjetonomy/v1/conversations"} {
		a := do(t, c, "GET", path, nil)
		if front() == wpsite.Apache && (a.Status != 404 || whose(a) != "web server") ||
			front() != wpsite.Apache && (a.Status != 200 || whose(a) != "parley") {
			t.Errorf("%s: %d of %s", path, a.Status, whose(a))
		}
	}
	// What web servers and Parley disagree on is refused, or ends where it is harmless.
	for _, path := range []string{"/wp-json/jetonomy/v1/spaces/../conversations", "/wp-json/wp/v2/%2e%2e/%2e%2e/jetonomy/v1/conversations/" + id,
		wpsite.Conversations + "/..%2Fspaces", wpsite.Conversations + "%00", wpsite.Conversations + "%0a", inbox + "..%2f..%2fwp-login.php", inbox + "%2e%2e/" + id} {
		if a := do(t, nobody, "GET", path, nil); a.Status < 400 && a.Status != http.StatusFound && whose(a) != "wordpress" {
			t.Errorf("%s without a login: %d of %s: %.200s", path, a.Status, whose(a), a.Body)
		}
		if a := do(t, c, "GET", path, nil); a.Status >= 500 {
			t.Errorf("%s: %d of %s: %.200s", path, a.Status, whose(a), a.Body)
		}
	}
}

func TestBodiesThatAreTooLargeAreRefusedInWordPressManner(t *testing.T) {
	c := logIn(t, "alice")
	talk := start(t, c, "Large ones", "bob")
	for _, size := range []int{300 << 10, 5 << 20} {
		for name, path := range map[string]string{"REST": messagesOf(talk.ID), "rest_route": fmt.Sprintf("/?rest_route=/jetonomy/v1/conversations/%d/messages", talk.ID)} {
			a := do(t, c, "POST", path, map[string]string{"content": strings.Repeat("x", size)})
			if a.Status != 413 || a.Code() != "parley_body_too_large" || whose(a) != "parley" {
				t.Errorf("%d bytes by %s: %d of %s: %.200s", size, name, a.Status, whose(a), a.Body)
			}
		}
	}
	nobody := site.NewSession()
	if a := do(t, nobody, "POST", messagesOf(talk.ID), map[string]string{"content": strings.Repeat("x", 5<<20)}); a.Status != 401 || a.Code() != "rest_not_logged_in" {
		t.Errorf("5 MB without a login: %d %.200s", a.Status, a.Body)
	}
	if a := do(t, nobody, "POST", inbox+"new/", url.Values{"message": {strings.Repeat("x", 5<<20)}}); whose(a) != "parley" || a.Status >= 500 {
		t.Errorf("a form of 5 MB: %d of %s", a.Status, whose(a))
	}
	want(t, c, 201, "POST", messagesOf(talk.ID), map[string]string{"content": strings.Repeat("y", 4000)}, nil)
}

func TestMethodsReachParley(t *testing.T) {
	c := logIn(t, "alice")
	get, head := do(t, c, "GET", wpsite.Conversations, nil), do(t, c, "HEAD", wpsite.Conversations, nil)
	if head.Status != 200 || len(head.Body) != 0 || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || whose(head) != "parley" {
		t.Errorf("HEAD: %d %v", head.Status, head.Header)
	}
	c.Header = http.Header{"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"x-wp-nonce"}}
	options := do(t, c, "OPTIONS", wpsite.Conversations, nil)
	if options.Status != 200 || options.Header.Get("Access-Control-Allow-Origin") != "https://app.example" ||
		options.Header.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(options.Header.Get("Allow"), "POST") ||
		len(options.Header.Values("Access-Control-Allow-Origin")) != 1 {
		t.Errorf("OPTIONS: %d %v", options.Status, options.Header)
	}
	for _, method := range []string{"PATCH", "PROPFIND"} {
		if a := do(t, c, method, wpsite.Conversations, nil); a.Status != 404 || a.Code() != "rest_no_route" {
			t.Errorf("%s: %d %s", method, a.Status, a.Body)
		}
	}
	talk := start(t, c, "To be renamed", "bob", "carol")
	c.Header = http.Header{"X-Http-Method-Override": {"DELETE"}}
	if a := do(t, c, "POST", fmt.Sprintf("/wp-json/parley/v1/admin/conversations/%d", talk.ID), nil); a.Status != 403 {
		t.Errorf("DELETE by a header: %d %s", a.Status, a.Body)
	}
}

// A client that has an answer already is told so, however it came: plain, compressed by
// the web server, or by Parley's build.
func TestWhatAClientHasIsNotSentAgain(t *testing.T) {
	c := logIn(t, "alice")
	start(t, c, "Nothing new", "bob")
	for _, path := range []string{wpsite.Conversations, "/?rest_route=/jetonomy/v1/conversations", "/wp-json/parley/v1/assets/inbox.js", inbox + "assets/inbox.js"} {
		tags := map[string]bool{}
		for _, encoding := range []string{"identity", "gzip", "gzip, deflate, br"} {
			c.Header = http.Header{"Accept-Encoding": {encoding}}
			first := do(t, c, "GET", path, nil)
			tag := first.Header.Get("ETag")
			if first.Status != 200 || tag == "" || len(first.Body) == 0 || encoding == "identity" && first.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s in %s: %d, %d bytes, %v", path, encoding, first.Status, len(first.Body), first.Header)
			}
			tags[tag] = true
			c.Header.Set("If-None-Match", tag)
			if again := do(t, c, "GET", path, nil); again.Status != 304 || len(again.Body) != 0 || whose(again) != "parley" {
				t.Errorf("%s in %s with %s: %d of %s, %d bytes", path, encoding, tag, again.Status, whose(again), len(again.Body))
			}
			// A tag of something else is not taken for it.
			c.Header.Set("If-None-Match", `W/"something-else-gzip", "5f2b"`)
			if other := do(t, c, "GET", path, nil); other.Status != 200 {
				t.Errorf("%s in %s with another tag: %d", path, encoding, other.Status)
			}
		}
		if strings.HasSuffix(path, ".js") && len(tags) != 3 {
			t.Errorf("%s: its three forms have the tags %v", path, tags)
		}
	}
}

// newPassword makes an application password in WordPress.
func newPassword(t *testing.T, c *wpsite.Session, name string) (made appPassword) {
	t.Helper()
	want(t, c, 201, "POST", appPasswords, map[string]string{"name": name}, &made)
	return made
}

const appPasswords = "/wp-json/wp/v2/users/me/application-passwords"

// WordPress shows where an application password was last used from, as Parley has
// recorded it.
func TestTheVisitorsAddressIsTheOneTheWebServerSaw(t *testing.T) {
	c := logIn(t, "erin")
	direct := "http://" + site.ParleyAddress()
	lies := http.Header{"X-Forwarded-For": {"203.0.113.9"}}
	for name, x := range map[string]struct {
		origin, address, recorded string
		header                    http.Header
	}{
		"honest":                   {site.URL, "127.0.0.2", "127.0.0.2", nil},
		"lying":                    {site.URL, "127.0.0.2", "127.0.0.2", lies},
		"past the web server":      {direct, "127.0.0.3", "127.0.0.3", lies},
		"a proxy that is believed": {direct, "127.0.0.1", "203.0.113.9", lies},
	} {
		t.Run(name, func(t *testing.T) {
			made := newPassword(t, c, name)
			app := from(site.NewSession(), x.address)
			app.Origin, app.Header, app.User, app.AppPassword = x.origin, x.header, "erin", made.Password
			accepted(t, app)
			var seen appPassword
			eventually(t, 5*time.Second, func() error {
				if err := c.Want(t.Context(), 200, "GET", appPasswords+"/"+made.UUID, nil, &seen); err != nil {
					return err
				}
				if seen.LastIP == nil {
					return errors.New("WordPress knows of no use")
				}
				return nil
			})
			if *seen.LastIP != x.recorded {
				t.Errorf("last used from %s, want %s", *seen.LastIP, x.recorded)
			}
		})
	}
}

// WordPress takes application passwords over https only, but for a site in a local
// environment; who comes over https is for the web server to say.
func TestOnlyTheWebServerSaysThatAVisitorUsesHTTPS(t *testing.T) {
	made := newPassword(t, logIn(t, "greta"), "over https")
	if err := site.StopParley(); err != nil {
		t.Fatal(err)
	}
	if err := site.StartParley(t.Context(), "PARLEY_WORDPRESS_ENVIRONMENT_TYPE=production"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(site.StopParley(), site.StartParley(t.Context())); err != nil {
			t.Fatal(err)
		}
	}()
	app := func(origin, says string) *wpsite.Session {
		c := site.NewSession()
		if says != "" {
			c = from(c, "127.0.0.2")
			c.Header = http.Header{"X-Forwarded-Proto": {says}}
		}
		c.Origin, c.User, c.AppPassword = origin, "greta", made.Password
		return c
	}
	accepted(t, app(site.TLSURL, ""))
	for name, c := range map[string]*wpsite.Session{
		"http":                          app(site.URL, ""),
		"http that says https":          app(site.URL, "https"),
		"past the web server, as https": app("http://"+site.ParleyAddress(), "https"),
	} {
		if a := do(t, c, "GET", wpsite.Conversations, nil); a.Status != 401 {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
}

func TestDoctorSeesWhetherTheWebServerSendsParleyItsAddresses(t *testing.T) {
	out, err := site.Command(t.Context(), "doctor", "--site-url", "home")
	if err != nil || !strings.Contains(out, site.URL+" sends Parley its addresses.") || !strings.Contains(out, "BuddyPress clients talk to Parley.") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := site.StopParley(); err != nil {
		t.Fatal(err)
	}
	out, err = site.Command(t.Context(), "doctor", "--site-url", site.URL)
	if startErr := site.StartParley(t.Context()); startErr != nil {
		t.Fatal(startErr)
	}
	if err == nil || !strings.Contains(out, "The web server sends "+inbox+" to Parley, and gets no answer (50") {
		t.Errorf("without Parley: %v\n%s", err, out)
	}
}

func TestWithoutParleyTheSiteGoesOnAndParleyIsBackAtOnce(t *testing.T) {
	c := logIn(t, "alice")
	if err := site.StopParley(); err != nil {
		t.Fatal(err)
	}
	stopped := true
	defer func() {
		if stopped {
			_ = site.StartParley(t.Context())
		}
	}()
	// Several times: a web server may give an upstream up for a while.
	for range 3 {
		for _, path := range []string{wpsite.Conversations, inbox, "/?rest_route=/jetonomy/v1/conversations", buddyPress("v2"), stream} {
			if a := do(t, c, "GET", path, nil); a.Status != 502 && a.Status != 503 {
				t.Errorf("%s without Parley: %d of %s", path, a.Status, whose(a))
			}
		}
		for _, path := range []string{"/", "/wp-json/wp/v2/users/me", "/wp-json/jetonomy/v1/spaces"} {
			if a := do(t, c, "GET", path, nil); a.Status >= 500 || whose(a) != "wordpress" {
				t.Errorf("%s without Parley: %d of %s", path, a.Status, whose(a))
			}
		}
	}
	if err := site.StartParley(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped = false
	for _, path := range []string{wpsite.Conversations, inbox, buddyPress("v2")} {
		want := 200
		if a := do(t, c, "GET", path, nil); a.Status != want {
			t.Errorf("%s with Parley back: %d of %s", path, a.Status, whose(a))
		}
	}
	// A Parley that takes the connection and says nothing holds nobody else up.
	if err := site.StopParley(); err != nil {
		t.Fatal(err)
	}
	stopped = true
	silent, err := net.Listen("tcp", site.ParleyAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	waiting := site.NewSession()
	waiting.HTTP.Timeout = 500 * time.Millisecond
	for range 8 {
		if a, err := waiting.Do(t.Context(), "GET", wpsite.Conversations, nil); err == nil {
			t.Errorf("a silent Parley answers %d", a.Status)
		}
	}
	if a := do(t, c, "GET", "/", nil); a.Status != 200 {
		t.Errorf("WordPress beside a silent Parley: %d", a.Status)
	}
	silent.Close()
	if err := site.StartParley(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped = false
	want(t, c, 200, "GET", wpsite.Conversations, nil, nil)
}
