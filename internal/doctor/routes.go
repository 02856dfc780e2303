package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SiteHome is the Patient.Through that means the site's own address, home.
const SiteHome = "home"

// routeTimeout bounds each look at the site from outside.
const routeTimeout = 10 * time.Second

// routes asks the site, as a visitor who is not logged in, whether its web server
// sends Parley its addresses and nothing else. Parley is known by the request id it
// repeats, or by answering where WordPress has no route.
func (e *exam) routes(ctx context.Context) {
	o, err := e.site.Options(ctx)
	if err != nil {
		e.add("routes", Problem, "Try again.", "%s", sentence(err.Error()))
		return
	}
	base := e.Through
	if base == SiteHome {
		base = o.Home
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		e.add("routes", Problem, "Give an address like https://example.org.", "%q is no address of a site.", base)
		return
	}
	v := visitor{base: strings.TrimRight(base, "/"), client: &http.Client{Timeout: routeTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	rest := func(route string) string {
		if o.PrettyPermalinks {
			return "/wp-json/" + route
		}
		return "/?rest_route=/" + route
	}
	// WordPress first: nothing else can be told of a site that does not answer.
	if seen := v.look(ctx, rest("")); seen.err != nil {
		e.add("routes", Problem, "Make the site reachable from this machine, or name an address under which it is.",
			"%s cannot be asked: %s.", v.base, seen.err)
		return
	} else if seen.repeated {
		e.add("routes", Problem, "Send Parley only the addresses that the files in deploy/ name.",
			"%s reaches Parley, which leaves WordPress without its own REST interface.", rest(""))
	}
	paths := []string{rest("jetonomy/v1/conversations"), rest("parley/v1/admin/audit")}
	if o.PrettyPermalinks {
		paths = append(paths, "/?rest_route=/parley/v1/admin/audit")
	}
	lost := false
	for _, path := range paths {
		lost = e.reached(path, v.look(ctx, path)) || lost
	}
	page := "/" + strings.Trim(o.CommunitySlug, "/") + "/messages/"
	lost = e.reached(page, v.look(ctx, page)) || lost
	if !lost {
		e.ok("routes", "%s sends Parley its addresses.", v.base)
	}
	if v.look(ctx, rest("buddypress/v1/messages")).repeated {
		e.ok("routes", "BuddyPress clients talk to Parley.")
	} else {
		e.ok("routes", "BuddyPress clients talk to WordPress.")
	}
}

// reached adds a problem, and reports true, when an address does not lead to Parley.
func (e *exam) reached(path string, seen sight) (lost bool) {
	switch {
	case seen.repeated, seen.status == http.StatusUnauthorized && seen.code == "rest_not_logged_in":
		return false
	case seen.err != nil:
		e.add("routes", Problem, "Try again.", "%s was not answered: %s.", path, seen.err)
	case seen.status >= 502 && seen.status <= 504:
		e.add("routes", Problem, "Start Parley, and compare its setting listen with the address in the web server's rules.",
			"The web server sends %s to Parley, and gets no answer (%d).", path, seen.status)
	case seen.status >= 300 && seen.status < 400 && !strings.Contains(seen.location, "wp-login.php"):
		e.add("routes", Problem, "Ask under the address the site is at.", "%s is moved to %s.", path, seen.location)
	case strings.HasSuffix(path, "/messages/") && seen.status < 400:
		return false // a page of the theme that shows the inbox
	default:
		e.add("routes", Problem, "Include the rules of deploy/ for your web server, and reload it.",
			"%s does not reach Parley: %d.", path, seen.status)
	}
	return true
}

// visitor looks at a site from outside.
type visitor struct {
	base   string
	client *http.Client
}

// sight is what a visitor was answered.
type sight struct {
	status         int
	code, location string
	repeated       bool // the answer has the id of the request
	err            error
}

func (v visitor) look(ctx context.Context, path string) (seen sight) {
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	name := "doctor-" + hex.EncodeToString(id)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return sight{err: err}
	}
	req.Header.Set("X-Request-Id", name)
	req.Header.Set("Accept", "application/json, text/html")
	resp, err := v.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return sight{err: err}
	}
	defer resp.Body.Close()
	var body struct {
		Code string `json:"code"`
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil {
		_ = json.Unmarshal(b, &body) // a page has none
	}
	return sight{resp.StatusCode, body.Code, resp.Header.Get("Location"), resp.Header.Get("X-Request-Id") == name, err}
}
