package api

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"parley/realtime/wire"
	"parley/wpauth"
	"parley/wprest"
)

// server holds what the handlers share.
type server struct {
	Options
	rest *wprest.Server
	// site is the last answer of Directory.Options, so that a request can still be
	// routed and answered while the database is away.
	site atomic.Pointer[siteView]
}

// siteView is what the site's options mean for requests and answers.
type siteView struct {
	options wpauth.Options
	rest    *wprest.Site
	base    string // path of home without a last slash: "" or "/blog"
	pages   string // base + "/community/messages"
}

// New makes the engine. Whatever is not a route of gin's own (the caller may add
// some, as /healthz) is taken apart as WordPress would: WordPress matches paths
// without regard to case and takes them from ?rest_route= as well, which gin's
// tree cannot.
func New(o Options) (*gin.Engine, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &server{Options: o}
	s.site.Store(newSiteView(wpauth.Options{PrettyPermalinks: true, CommunitySlug: "community", Location: time.UTC}))
	routes := slices.Concat(s.jetonomyRoutes(), s.adminRoutes(), s.meRoutes(), s.preferencesRoutes(), s.receiptsRoutes(), s.realtimeRoutes())
	if o.BuddyPress != nil {
		more, err := s.buddypressRoutes()
		if err != nil {
			return nil, err
		}
		routes = append(routes, more...)
	}
	s.rest = &wprest.Server{
		Router:       wprest.NewRouter(routes),
		Authenticate: s.authenticate,
		Translate:    s.translate,
		Observe:      observe,

		WithoutJSONP: o.WithoutJSONP, OwnOriginOnly: o.OwnOriginOnly,
	}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.HandleMethodNotAllowed = false
	e.ContextWithFallback = true
	e.Use(o.Middleware...)
	e.NoRoute(s.dispatch)
	return e, nil
}

// dispatch finds out what a URL means and has it answered within RequestTimeout
// and while the database is there.
func (s *server) dispatch(g *gin.Context) {
	r := g.Request
	defer drain(r)
	defer s.recover(g)
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), ginKey{}, g), s.RequestTimeout)
	defer cancel()
	ctx, release := s.Guard(ctx)
	defer release()
	site := s.currentSite(ctx)
	route, list, isREST := wprest.RouteOf(r.URL, site.base)
	if !isREST && !(s.Pages != nil && site.isPage(r.URL.Path)) {
		http.NotFound(g.Writer, r)
		return
	}
	if list {
		s.fail(g, site, &wprest.Error{Status: http.StatusBadRequest, Code: "rest_path_invalid_type",
			Message: "The REST route parameter must be a string."})
		return
	}
	if name, ok := assetName(route); isREST && ok && s.Assets != nil {
		g.Set(RouteKey, "/parley/v1/assets")
		s.Assets(g.Writer, r, name)
		return
	}
	// Pages say it in their own way, and so does a WebSocket: its client cannot read more
	// than a close code.
	if isREST && !s.Available() && !(s.isStream(route) && wire.IsWebSocket(r)) {
		s.fail(g, site, unavailable())
		return
	}
	if isREST && s.isStream(route) {
		s.stream(g, r.WithContext(ctx), site)
		return
	}
	if isREST {
		s.rest.Serve(ctx, g.Writer, r, route, site.rest)
		return
	}
	g.Set(RouteKey, "/{community}/messages")
	s.Pages.ServeHTTP(g.Writer, r.WithContext(ctx))
}

// ginKey finds the gin context in a request's context.
type ginKey struct{}

func ginFrom(ctx context.Context) *gin.Context {
	g, _ := ctx.Value(ginKey{}).(*gin.Context)
	return g
}

// fail answers a REST error that comes before any route.
func (s *server) fail(g *gin.Context, site *siteView, e *wprest.Error) {
	wprest.WriteError(g.Writer, g.Request, site.rest, e)
}

// recover turns a panic into a 500 that says nothing of it.
func (s *server) recover(g *gin.Context) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.Log.Error("panic while answering", "request_id", g.GetString(RequestIDKey),
		"route", g.GetString(RouteKey), "panic", p, "stack", string(debug.Stack()))
	if !g.Writer.Written() {
		s.fail(g, s.site.Load(), internalFault())
	}
}

// currentSite reads the site's options; they are cached by the directory. While
// they cannot be read the last ones serve. ctx is guarded.
func (s *server) currentSite(ctx context.Context) *siteView {
	last := s.site.Load()
	if !s.Available() {
		return last
	}
	o, err := s.Directory.Options(ctx)
	if err != nil {
		return last
	}
	if o == last.options {
		return last
	}
	next := newSiteView(o)
	s.site.Store(next)
	return next
}

func newSiteView(o wpauth.Options) *siteView {
	home := strings.TrimRight(o.Home, "/")
	v := &siteView{options: o, rest: wprest.NewSite(home, o.PrettyPermalinks)}
	if u, err := url.Parse(home); err == nil {
		v.base = strings.TrimRight(u.Path, "/")
	}
	v.pages = v.base + "/" + strings.Trim(o.CommunitySlug, "/") + "/messages"
	return v
}

// isPage reports whether a path belongs to the inbox pages.
func (v *siteView) isPage(path string) bool {
	rest, ok := strings.CutPrefix(path, v.pages)
	return ok && (rest == "" || rest[0] == '/')
}

// observe notes the route and the caller for logs and metrics.
func observe(ctx context.Context, route *wprest.Route, c wprest.Caller) {
	g := ginFrom(ctx)
	g.Set(RouteKey, route.Address())
	if who, ok := c.(*caller); ok && who.LoggedIn() {
		g.Set(UserKey, who.id.UserID)
	}
}
