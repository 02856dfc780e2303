package web

import (
	"io"
	"net/http"

	"parley/wpauth"
)

// nonce answers the login cookie's fresh REST nonce as text, as WordPress's
// admin-ajax.php?action=rest-nonce does, for a page whose own has run out; 401 when
// nobody is logged in. Another site can send a browser here, but not read the answer.
func (q *request) nonce() {
	h := q.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	switch q.r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		q.w.WriteHeader(http.StatusForbidden)
		return
	}
	ip, https := q.ClientAddr(q.r)
	viewer, err := q.AuthenticatePage(q.ctx, wpauth.Credentials{Method: q.r.Method, HTTPS: https, Header: q.r.Header, ClientIP: ip})
	if err != nil {
		status, _ := q.explain(err)
		q.w.WriteHeader(status)
		return
	}
	if !viewer.LoggedIn() {
		q.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	q.w.WriteHeader(http.StatusOK)
	if q.r.Method != http.MethodHead {
		_, _ = io.WriteString(q.w, q.Nonce(viewer))
	}
}
