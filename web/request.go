package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/messaging"
	"parley/wpauth"
)

// maxForm bounds the body of a form: the longest message, every byte of it escaped.
const maxForm = 256 << 10

// request is one request on its way to an answer.
type request struct {
	*Pages
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context

	site  wpauth.Options
	words *words
	home  string // address of the site, no slash at the end
	base  string // path of the inbox, with one

	viewer wpauth.Identity
	actor  messaging.Actor
	self   *Me // what me() worked out
	// stale is set for a form whose nonce is no longer good while its sender is
	// logged in: nothing may be done, but what was typed is shown again.
	stale bool
}

// headers sets what every answer here has: nothing is cached or guessed at, and no
// address of a conversation goes to another site.
func (q *request) headers() {
	h := q.w.Header()
	h.Set("Cache-Control", "no-cache, must-revalidate, max-age=0, no-store, private")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
	q.policy("'none'", false)
}

// permissions are the powers of a browser no page here uses.
const permissions = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), " +
	"microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()"

// policy says who may frame the page ('none' or 'self'), and whether it runs scripts.
// Nothing but the page's own files and pictures is loaded, and nothing inline runs.
func (q *request) policy(ancestors string, scripts bool) {
	policy := "default-src 'none'; "
	if scripts {
		policy += "script-src 'self'; connect-src 'self'; "
	}
	h := q.w.Header()
	h.Set("Content-Security-Policy", policy+"style-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; frame-ancestors "+ancestors)
	h.Set("X-Frame-Options", "DENY")
	if ancestors == "'self'" {
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
}

// authenticate finds out who asks. Nobody is sent to WordPress's login and comes
// back to the page; false then, and when the answer is given already.
func (q *request) authenticate(reading bool) bool {
	ip, https := q.ClientAddr(q.r)
	cred := wpauth.Credentials{Method: q.r.Method, HTTPS: https, Header: q.r.Header, ClientIP: ip}
	var err error
	if reading {
		q.viewer, err = q.AuthenticatePage(q.ctx, cred)
	} else {
		if !q.parseForm() {
			return false
		}
		nonce := q.r.PostForm.Get("_wpnonce")
		cred.NonceParam = &nonce
		q.viewer, _, err = q.Authenticate(q.ctx, cred)
		if errors.Is(err, wpauth.ErrInvalidNonce) {
			q.stale = true
			q.viewer, err = q.AuthenticatePage(q.ctx, cred)
		}
	}
	if err != nil {
		q.fail(err)
		return false
	}
	if !q.viewer.LoggedIn() {
		back := q.r.URL.RequestURI()
		if path := pathOf(q.home); path != "" { // home has that path already
			back = strings.TrimPrefix(back, path)
		}
		q.redirect(http.StatusFound, strings.TrimRight(q.site.SiteURL, "/")+
			"/wp-login.php?redirect_to="+url.QueryEscape(q.home+back))
		return false
	}
	q.actor = messaging.ActorFor(q.viewer)
	q.actor.IP, q.actor.UserAgent = ip, q.r.UserAgent()
	if err := q.Messenger.Seen(q.ctx, q.actor); err != nil {
		q.Log.Warn("presence was not recorded", "error", err)
	}
	return true
}

func (q *request) parseForm() bool {
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxForm)
	err := q.r.ParseForm()
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		q.sentence(http.StatusRequestEntityTooLarge, q.words.T("page.too_long"))
		return false
	}
	if err != nil {
		q.sentence(http.StatusBadRequest, q.words.T("page.bad_form"))
		return false
	}
	return true
}

// field is a form field with the line ends that browsers send made plain.
func (q *request) field(name string) string {
	return strings.ReplaceAll(q.r.PostForm.Get(name), "\r\n", "\n")
}

// redirect answers with a Location and nothing to read.
func (q *request) redirect(status int, to string) {
	q.w.Header().Set("Location", to)
	q.w.WriteHeader(status)
}

// number is a positive number of the query, or otherwise.
func (q *request) number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(q.r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}
