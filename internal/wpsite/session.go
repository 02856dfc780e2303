package wpsite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Session is a member's browser without a screen: a cookie jar, a nonce once
// fetched, or instead of them an application password.
type Session struct {
	Site *Site
	HTTP *http.Client
	// Nonce goes into X-WP-Nonce when set. Parley's and WordPress's fresh ones
	// are not taken over by themselves.
	Nonce string
	// User and AppPassword go into Authorization when set.
	User, AppPassword string
	// Origin is where the paths are, Site.URL unless changed to Site.TLSURL.
	Origin string
	// Header holds further headers of every request.
	Header http.Header
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Code is the error code of a WordPress-shaped error body, or "".
func (a Answer) Code() string {
	var e struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Body, &e)
	return e.Code
}

// JSON decodes the body into v.
func (a Answer) JSON(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return fmt.Errorf("%w in an answer %d: %.300s", err, a.Status, a.Body)
	}
	return nil
}

// NewSession is a browser nobody has logged in with. It follows no redirects.
func (s *Site) NewSession() *Session {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // only with options we do not pass
	}
	return &Session{Site: s, Origin: s.URL, HTTP: &http.Client{Jar: jar, Transport: s.transport, Timeout: 60 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// LogIn logs a member in through wp-login.php, "remember me" ticked or not, and
// fetches a nonce from WordPress.
func (s *Site) LogIn(ctx context.Context, login, password string, remember bool) (*Session, error) {
	c := s.NewSession()
	if _, err := c.Do(ctx, "GET", "/wp-login.php", nil); err != nil { // its test cookie
		return nil, err
	}
	form := url.Values{"log": {login}, "pwd": {password}, "wp-submit": {"Log In"}, "testcookie": {"1"},
		"redirect_to": {s.URL + "/"}}
	if remember {
		form.Set("rememberme", "forever")
	}
	a, err := c.Do(ctx, "POST", "/wp-login.php", form)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusFound {
		return nil, fmt.Errorf("WordPress did not log %s in: %d", login, a.Status)
	}
	return c, c.FetchNonce(ctx)
}

// FetchNonce asks WordPress for a REST nonce of the session.
func (c *Session) FetchNonce(ctx context.Context) error {
	a, err := c.Do(ctx, "GET", "/wp-admin/admin-ajax.php?action=rest-nonce", nil)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK || len(a.Body) != 10 {
		return fmt.Errorf("no nonce from WordPress: %d %.100s", a.Status, a.Body)
	}
	c.Nonce = string(a.Body)
	return nil
}

// Do sends a request to a path of the site: url.Values as a form, anything else
// that is not nil as JSON.
func (c *Session) Do(ctx context.Context, method, path string, body any) (Answer, error) {
	var reader io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		reader, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return Answer{}, err
		}
		reader, contentType = bytes.NewReader(j), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Origin+path, reader)
	if err != nil {
		return Answer{}, err
	}
	for name, values := range c.Header {
		req.Header[name] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.Nonce != "" {
		req.Header.Set("X-WP-Nonce", c.Nonce)
	}
	if c.AppPassword != "" {
		req.SetBasicAuth(c.User, c.AppPassword)
	}
	return c.send(req)
}

func (c *Session) send(req *http.Request) (Answer, error) {
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, b}, err
}

// Conversations is the path of Parley's REST collection.
const Conversations = "/wp-json/jetonomy/v1/conversations"

// ErrRefused is wrapped by Want when a status is another.
var ErrRefused = errors.New("unexpected answer")

// Want is Do for callers who expect one status and read the JSON answer into v,
// which may be nil.
func (c *Session) Want(ctx context.Context, status int, method, path string, body, v any) error {
	a, err := c.Do(ctx, method, path, body)
	if err != nil {
		return err
	}
	if a.Status != status {
		return fmt.Errorf("%w: %s %s: %d, not %d: %.500s", ErrRefused, method, path, a.Status, status, a.Body)
	}
	if v == nil {
		return nil
	}
	return a.JSON(v)
}

// Cookies are those of the session by the paths WordPress sets them for; a jar tells
// names and values only.
func (c *Session) Cookies() map[string][]*http.Cookie {
	all := map[string][]*http.Cookie{}
	for _, path := range []string{"/", "/wp-admin/", "/wp-content/plugins/"} {
		u, err := url.Parse(c.Site.URL + path)
		if err != nil {
			panic(err) // our own address
		}
		for _, cookie := range c.HTTP.Jar.Cookies(u) {
			cookie.Path = path
			all[path] = append(all[path], cookie)
		}
	}
	return all
}

// Copy is another browser with the same cookies and nonce, which keeps them when
// the first one's are taken away.
func (c *Session) Copy() *Session {
	d := c.Site.NewSession()
	d.Nonce, d.User, d.AppPassword = c.Nonce, c.User, c.AppPassword
	for path, cookies := range c.Cookies() {
		u, err := url.Parse(c.Site.URL + path)
		if err != nil {
			panic(err) // our own address
		}
		d.HTTP.Jar.SetCookies(u, cookies)
	}
	return d
}

// Get fetches an address of another origin, as the operators' listener.
func (c *Session) Get(ctx context.Context, address string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return Answer{}, err
	}
	return c.send(req)
}
