package wprest

import (
	"context"
	"strings"
)

// Caller is whoever calls; surfaces bring their own type.
type Caller interface {
	// LoggedIn reports whether somebody is known to call.
	LoggedIn() bool
}

// Route is one address with its endpoints.
type Route struct {
	Namespace string // "jetonomy/v1"
	// Pattern is the address below the namespace: "/conversations/{id}". A variable
	// matches decimal digits only; the rest matches in any case.
	Pattern   string
	Endpoints []Endpoint
	// Schema writes the item schema for OPTIONS; may be nil.
	Schema func(*JSON)
	// Allow lists the methods the caller could use with this request's parameters.
	// nil: every method of the route for whoever is logged in.
	Allow func(*Call) []string

	// Conditional gives answers to GET an ETag and honours If-None-Match.
	Conditional bool

	segments []string // of namespace and pattern; "{id}" for a variable
	methods  []string
	anyLogin []string // the Allow header of a route without Allow
}

// Endpoint answers some methods of a route. The steps run in the order of the
// fields; the first error is the answer.
type Endpoint struct {
	Methods []string
	// Gate runs before the body and the parameters are looked at. May be nil.
	Gate func(*Call) error
	Args Schema
	// Permit runs when the parameters are known to be good. May be nil.
	Permit func(*Call) error
	// Handle writes the answer into Call.Out.
	Handle func(*Call) error
}

// Call is one request on its way to an answer.
type Call struct {
	*Request
	Ctx    context.Context
	Caller Caller
	Route  *Route
	Args   *Args
	// Site is where answers say they come from.
	Site *Site
	// Status of the answer; 200 unless changed.
	Status int
	// Out takes the JSON answer.
	Out *JSON
	// KeepLinks spares the _links of an object from _fields: WordPress adds those of a
	// single item after the filter.
	KeepLinks bool
	// State is the surface's own: what one step found out for those after it.
	State any

	header  []headerField
	expired []string
}

type headerField struct {
	name, value string
	number      bool
}

// SetHeader adds a header to the answer. With _envelope it moves into the body. A
// Link stands beside the one every answer carries.
func (c *Call) SetHeader(name, value string) {
	c.header = append(c.header, headerField{name: name, value: value})
}

// ExpireCookie makes browsers forget a cookie of the site, if they have it.
func (c *Call) ExpireCookie(name string) { c.expired = append(c.expired, name) }

// SetTotals adds X-WP-Total and X-WP-TotalPages.
func (c *Call) SetTotals(total, pages int64) {
	c.header = append(c.header,
		headerField{"X-WP-Total", itoa(total), true}, headerField{"X-WP-TotalPages", itoa(pages), true})
}

// Router finds routes. It is made once and then only read.
type Router struct{ routes []*Route }

// NewRouter prepares routes for matching.
func NewRouter(routes []Route) *Router {
	rt := &Router{}
	for i := range routes {
		r := &routes[i]
		r.segments = strings.Split(strings.Trim(r.Namespace+r.Pattern, "/"), "/")
		r.gather()
		r.anyLogin = []string{strings.Join(r.methods, ", ")}
		rt.routes = append(rt.routes, r)
	}
	return rt
}

// gather collects the methods of a route's endpoints.
func (r *Route) gather() {
	r.methods = nil
	for _, e := range r.Endpoints {
		r.methods = append(r.methods, e.Methods...)
	}
}

// match returns the route of a path and its variables.
func (rt *Router) match(path string) (*Route, [][2]string) {
	var parts [12]string
	n := 0
	for rest := strings.TrimPrefix(path, "/"); rest != ""; n++ {
		if n == len(parts) {
			return nil, nil
		}
		parts[n], rest, _ = strings.Cut(rest, "/")
	}
	for _, r := range rt.routes {
		if len(r.segments) == n && r.fits(parts[:n]) {
			return r, r.variables(parts[:n])
		}
	}
	return nil, nil
}

func (r *Route) fits(parts []string) bool {
	for i, s := range r.segments {
		if s[0] == '{' {
			if !digits(parts[i]) {
				return false
			}
		} else if !strings.EqualFold(s, parts[i]) {
			return false
		}
	}
	return true
}

func (r *Route) variables(parts []string) (vars [][2]string) {
	for i, s := range r.segments {
		if s[0] == '{' {
			vars = append(vars, [2]string{s[1 : len(s)-1], parts[i]})
		}
	}
	return vars
}

// endpoint finds who answers a method; HEAD is answered by GET.
func (r *Route) endpoint(method string) *Endpoint {
	for i := range r.Endpoints {
		for _, m := range r.Endpoints[i].Methods {
			if m == method {
				return &r.Endpoints[i]
			}
		}
	}
	if method == "HEAD" {
		return r.endpoint("GET")
	}
	return nil
}

// Address is namespace and pattern, a bounded set of values fit for logs and
// metrics.
func (r *Route) Address() string { return "/" + r.Namespace + r.Pattern }

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// Methods are the methods of all endpoints, in order.
func (r *Route) Methods() []string { return r.methods }
