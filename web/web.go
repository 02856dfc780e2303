// Package web serves the inbox at /{base_slug}/messages/ and the oversight page below
// it. Each page holds a custom element of web/app, built into dist; inside the inbox's
// stand plain pages made on the server, which serve as long as no script runs. A page
// decides nothing: it asks messaging for the viewer's conversations, and its forms call
// the same use cases as the REST surface.
package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Options are what New needs; all but MinTrustLevel, RoleTrust, Stream, Refused, Log and Now are required.
type Options struct {
	Messenger messaging.Messenger
	Directory wpauth.Directory
	// AuthenticatePage says who looks (wpauth.Site.AuthenticatePage): the login
	// cookie alone, for pages that only show things.
	AuthenticatePage func(context.Context, wpauth.Credentials) (wpauth.Identity, error)
	// Authenticate says who posts a form (wpauth.Site.Authenticate): the cookie and
	// the form's nonce.
	Authenticate func(context.Context, wpauth.Credentials) (wpauth.Identity, string, error)
	// Nonce makes the nonce of a form (wpauth.Site.Nonce).
	Nonce func(wpauth.Identity) string
	// FindLogin finds a recipient (wpauth.Site.FindLogin).
	FindLogin func(context.Context, string) (wpauth.Member, error)
	// ClientAddr is the visitor's address, and whether they use https (api.ClientAddr).
	ClientAddr func(*http.Request) (netip.Addr, bool)
	// Limits, MinTrustLevel and RoleTrust are messaging's; the composer says beforehand what
	// would be refused.
	Limits        messaging.Limits
	MinTrustLevel int
	RoleTrust     messaging.RoleTrust
	// Stream tells that the addresses of realtime are there.
	Stream bool
	// Refused counts refusals (api.Metrics.Refused); nil: nobody counts.
	Refused func(messaging.Reason)
	Log     *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

//go:embed templates/*.html
var templateFiles embed.FS

// Pages serves everything below /{base_slug}/messages.
type Pages struct {
	Options
	pages      *template.Template
	assets     *Assets
	catalogues catalogues
}

// New makes the handler of everything below /{base_slug}/messages. It reads the
// slug from the site's options, so the caller only has to send it the requests.
func New(o Options) (*Pages, error) {
	if o.Messenger == nil || o.Directory == nil || o.AuthenticatePage == nil || o.Authenticate == nil ||
		o.Nonce == nil || o.FindLogin == nil || o.ClientAddr == nil {
		return nil, errors.New("web: Options lacks something required")
	}
	if o.Limits == (messaging.Limits{}) {
		o.Limits = messaging.DefaultLimits()
	}
	if o.Refused == nil {
		o.Refused = func(messaging.Reason) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	pages, err := template.ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	a, err := loadAssets(distFiles, assetFiles)
	if err != nil {
		return nil, err
	}
	if !a.has("inbox.js") {
		o.Log.Warn("this build holds no scripts: the inbox is the plain page (make build makes them)")
	}
	c, err := loadCatalogues()
	if err != nil {
		return nil, err
	}
	return &Pages{Options: o, pages: pages, assets: a, catalogues: c}, nil
}

// ServeAsset answers a file of the pages by its name, as "inbox.js"; it needs no database.
func (s *Pages) ServeAsset(w http.ResponseWriter, r *http.Request, name string) {
	s.assets.Serve(w, r, name)
}

// ServeHTTP finds the page of a path below {base_slug}/messages/.
func (s *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, name, ok := strings.Cut(r.URL.Path, "/messages/assets/"); ok {
		s.assets.Serve(w, r, name)
		return
	}
	q := &request{Pages: s, w: w, r: r, ctx: r.Context(), words: s.catalogues.in("en_US")}
	q.headers()
	site, err := s.Directory.Options(q.ctx)
	if err != nil {
		q.fail(err)
		return
	}
	q.site, q.words = site, s.catalogues.in(site.Locale)
	q.home = homeOf(site)
	q.base = pathOf(q.home) + inboxPath(site)

	path, ok := strings.CutPrefix(r.URL.Path, q.base)
	if !ok {
		if r.URL.Path+"/" == q.base {
			q.redirect(http.StatusMovedPermanently, withQuery(q.base, r.URL.RawQuery))
			return
		}
		q.notFound()
		return
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reading && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		q.sentence(http.StatusMethodNotAllowed, q.words.T("page.wrong_method"))
		return
	}
	if path == "nonce" && reading {
		q.nonce()
		return
	}
	if !q.authenticate(reading) {
		return
	}
	id, isThread := threadID(path)
	switch {
	case path == "" && reading:
		q.showInbox()
	case path == "new/" && reading:
		q.showComposer()
	case path == "new/":
		q.start()
	case path == "oversight/" && reading:
		q.showOversight()
	case isThread && reading:
		q.showThread(id)
	case isThread:
		q.send(id)
	case reading && !strings.HasSuffix(path, "/"):
		q.redirect(http.StatusMovedPermanently, withQuery(q.base+path+"/", r.URL.RawQuery))
	default:
		q.notFound()
	}
}

// threadID reads the path of a thread, "12/".
func threadID(path string) (messaging.ConversationID, bool) {
	digits, ok := strings.CutSuffix(path, "/")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return messaging.ConversationID(n), err == nil
}

// homeOf is the address of the site without a slash at its end.
func homeOf(site wpauth.Options) string { return strings.TrimRight(site.Home, "/") }

// inboxPath is where the inbox is below the site's home.
func inboxPath(site wpauth.Options) string {
	return "/" + strings.Trim(site.CommunitySlug, "/") + "/messages/"
}

// pathOf is the path of an address, without a slash at the end.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// render shows a page whole or not at all.
func (q *request) render(status int, name string, p any) {
	var b bytes.Buffer
	if err := q.pages.ExecuteTemplate(&b, name, p); err != nil {
		q.Log.Error("a page could not be made", "page", name, "error", err)
		http.Error(q.w, q.words.T("page.fault"), http.StatusInternalServerError)
		return
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(b.Bytes())
	}
}
