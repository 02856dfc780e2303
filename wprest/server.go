package wprest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Site is what answers say about where they come from.
type Site struct {
	// Root is the REST root with its last slash: "https://x.example/wp-json/", or
	// "https://x.example/index.php?rest_route=/" with plain permalinks.
	Root string
	// Link is the Link header made of Root.
	Link []string
	// Origin is the site's own, "https://x.example".
	Origin     string
	cookiePath string
}

// NewSite makes a Site from the home address (without a last slash) and whether
// the site has pretty permalinks.
func NewSite(home string, pretty bool) *Site {
	root := home + "/wp-json/"
	if !pretty {
		root = home + "/index.php?rest_route=/"
	}
	origin := originOf(home)
	return &Site{Root: root, Link: []string{"<" + root + `>; rel="https://api.w.org/"`}, Origin: origin,
		cookiePath: strings.TrimPrefix(home, origin) + "/"}
}

// originOf is the scheme and host of an address.
func originOf(address string) string {
	if scheme := strings.Index(address, "://"); scheme > 0 {
		if end := strings.IndexByte(address[scheme+3:], '/'); end >= 0 {
			return address[:scheme+3+end]
		}
	}
	return address
}

// Server answers REST requests.
type Server struct {
	Router *Router
	// Authenticate says who calls. An error ends the request; no credentials are no
	// error. freshNonce goes into X-WP-Nonce.
	Authenticate func(ctx context.Context, r *Request) (c Caller, freshNonce string, err error)
	// Translate turns any error of a step into an answer. *Error never reaches it.
	Translate func(ctx context.Context, r *http.Request, err error) *Error
	// Observe is told the route that was found, before it is called. May be nil.
	Observe func(ctx context.Context, route *Route, c Caller)
	// WithoutJSONP refuses _jsonp, and OwnOriginOnly keeps pages of other origins from
	// reading answers. WordPress allows both.
	WithoutJSONP, OwnOriginOnly bool
}

var calls = sync.Pool{New: func() any { return &Call{Out: &JSON{b: make([]byte, 0, 4096)}} }}

// maxPooled is the largest buffer that is kept for another answer.
const maxPooled = 256 << 10

// Serve answers one request for a route, "/namespace/…".
func (s *Server) Serve(ctx context.Context, w http.ResponseWriter, h *http.Request, route string, site *Site) {
	c := calls.Get().(*Call)
	out := c.Out
	out.Reset()
	*c = Call{Request: newRequest(h, route), Ctx: ctx, Site: site, Status: http.StatusOK, Out: out, header: c.header[:0]}
	defer func() {
		*c = Call{Out: out, header: c.header[:0]}
		if cap(out.b) <= maxPooled {
			calls.Put(c)
		}
	}()

	setStandardHeaders(w.Header(), site)
	if origin := h.Header["Origin"]; len(origin) > 0 && origin[0] != "" && (!s.OwnOriginOnly || origin[0] == site.Origin) {
		allowOrigin(w.Header(), origin[:1])
	}
	callback, ok := s.jsonpCallback(c, w.Header())
	if !ok {
		writeBody(w, http.StatusBadRequest, c)
		return
	}
	failed := s.run(c, w.Header(), site)
	if failed != nil {
		s.fail(c, failed)
	}
	c.respond(w, callback, failed != nil)
}

// run walks the steps of a request up to its answer.
func (s *Server) run(c *Call, header http.Header, site *Site) error {
	caller, nonce, err := s.Authenticate(c.Ctx, c.Request)
	c.Caller = caller
	if nonce != "" {
		header["X-Wp-Nonce"] = []string{nonce}
	}
	if err != nil {
		return err
	}
	var vars [][2]string
	c.Route, vars = s.Router.match(c.Request.Route)
	c.path = vars
	if s.Observe != nil && c.Route != nil {
		s.Observe(c.Ctx, c.Route, caller)
	}
	if c.Method == http.MethodOptions {
		c.describe(site)
		return nil
	}
	if c.Route == nil {
		return NoRoute()
	}
	e := c.Route.endpoint(c.Method)
	if e == nil {
		c.Route = nil
		return NoRoute()
	}
	if e.Gate != nil {
		if err := e.Gate(c); err != nil {
			return err
		}
	}
	if err := c.Load(); err != nil {
		return err
	}
	args, fault := e.Args.check(c)
	if fault != nil {
		return fault
	}
	c.Args = args
	if e.Permit != nil {
		if err := e.Permit(c); err != nil {
			return err
		}
	}
	return e.Handle(c)
}

// fail puts an error in place of whatever was written so far.
func (s *Server) fail(c *Call, err error) {
	e, ok := err.(*Error)
	if !ok {
		e = s.Translate(c.Ctx, c.HTTP, err)
	}
	c.Out.Reset()
	c.header = c.header[:0]
	c.Status = e.Status
	if n := e.retrySeconds(); n > 0 {
		c.SetHeader("Retry-After", itoa(n))
	}
	e.write(c.Out)
}

// The headers that never change, as values to share; nobody writes into them.
var (
	headerJSON    = []string{"application/json; charset=UTF-8"}
	headerScript  = []string{"application/javascript; charset=UTF-8"}
	headerRobots  = []string{"noindex"}
	headerSniff   = []string{"nosniff"}
	headerExpose  = []string{"X-WP-Total, X-WP-TotalPages, Link"}
	headerHeaders = []string{"Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"}
	headerMethods = []string{"OPTIONS, GET, POST, PUT, PATCH, DELETE"}
	headerTrue    = []string{"true"}
	headerOrigin  = []string{"Origin"}
	headerCache   = []string{"no-cache, must-revalidate, max-age=0, no-store, private"}
	headerExpires = []string{"Wed, 11 Jan 1984 05:00:00 GMT"}
)

// setStandardHeaders sets what every answer carries: WP_REST_Server's headers and
// nocache_headers.
func setStandardHeaders(h http.Header, site *Site) {
	h["Content-Type"] = headerJSON
	h["X-Robots-Tag"] = headerRobots
	h["X-Content-Type-Options"] = headerSniff
	h["Link"] = site.Link
	h["Access-Control-Expose-Headers"] = headerExpose
	h["Access-Control-Allow-Headers"] = headerHeaders
	h["Cache-Control"] = headerCache
	h["Expires"] = headerExpires
	h["Vary"] = headerOrigin
}

// allowOrigin is rest_send_cors_headers, which echoes any origin (the nonce is the guard).
func allowOrigin(h http.Header, origin []string) {
	h["Access-Control-Allow-Origin"] = origin
	h["Access-Control-Allow-Methods"] = headerMethods
	h["Access-Control-Allow-Credentials"] = headerTrue
}

// jsonpCallback returns the name of `_jsonp`, "" when there is none; ok is false when
// the answer is written already: for a name that is none, and where the site has no JSONP.
func (s *Server) jsonpCallback(c *Call, h http.Header) (name string, ok bool) {
	v, sent := c.query.Get("_jsonp")
	if !sent || v.Kind == String && (v.Text == "" || v.Text == "0") {
		return "", true
	}
	refuse := func(code, message string) (string, bool) {
		c.Out.Open().Key("code").Str(code).Key("message").Str(message).Close()
		return "", false
	}
	if s.WithoutJSONP {
		return refuse("rest_callback_disabled", "JSONP support is disabled on this site.")
	}
	h["Content-Type"] = headerScript
	name, ok = callbackName(v)
	if !ok {
		return refuse("rest_callback_invalid", "Invalid JSONP callback function.")
	}
	return name, true
}

// callbackName is wp_check_jsonp_callback.
func callbackName(v Value) (name string, ok bool) {
	if v.Kind != String {
		return "", false
	}
	for i := range len(v.Text) {
		c := v.Text[i]
		if c != '_' && c != '.' && !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return "", false
		}
	}
	return v.Text, true
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// allow is the Allow header, "" for none.
func (c *Call) allow() []string {
	switch {
	case c.Route == nil || c.Caller == nil:
		return nil
	case c.Route.Allow != nil:
		if methods := c.Route.Allow(c); len(methods) > 0 {
			return []string{strings.Join(methods, ", ")}
		}
		return nil
	case c.Caller.LoggedIn():
		return c.Route.anyLogin
	}
	return nil
}
