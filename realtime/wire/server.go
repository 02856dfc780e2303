// Package wire connects clients to a realtime.Hub over HTTP: WebSockets and server-sent
// events on one address. It knows origins, handshakes and frames of the transport; what
// is told to whom is the Hub's business.
package wire

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/internal/mysql"
	"parley/realtime"
	"parley/wpauth"
)

// Options are what New needs; Hub, Authenticate, Site and ClientAddr are required.
type Options struct {
	Hub *realtime.Hub
	// Authenticate says who calls (wpauth.Site.Authenticate).
	Authenticate func(context.Context, wpauth.Credentials) (wpauth.Identity, string, error)
	// Site answers the site's addresses, whose pages may connect with a cookie.
	Site func(context.Context) (wpauth.Options, error)
	// Origins are further ones, as "https://app.example".
	Origins []string
	// ClientAddr tells the visitor's address and whether they used https.
	ClientAddr func(*http.Request) (netip.Addr, bool)
	// Guard makes a context that ends when the database goes away. nil: none.
	Guard func(context.Context) (context.Context, context.CancelFunc)
	// Bounds; DefaultBounds where zero.
	Bounds Bounds
	Log    *slog.Logger
}

// lookups is how many clients are looked up in the database at once.
const lookups = 3

// Server answers the address of the stream.
type Server struct {
	Options
	lobby    *lobby
	lookups  chan struct{} // holds a token for each client that is being looked up
	joining  chan struct{} // holds a token for each client that is authenticated and caught up
	sessions sessions
}

// New makes a Server.
func New(o Options) (*Server, error) {
	if o.Hub == nil || o.Authenticate == nil || o.Site == nil || o.ClientAddr == nil {
		return nil, errors.New("wire: Hub, Authenticate, Site and ClientAddr are required")
	}
	if o.Guard == nil {
		o.Guard = context.WithCancel
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Bounds = o.Bounds.orDefault()
	return &Server{Options: o, lobby: newLobby(o.Bounds.Strangers), lookups: make(chan struct{}, lookups), joining: make(chan struct{}, o.Bounds.Joining)}, nil
}

// ErrNoStream is a request for neither a WebSocket nor server-sent events.
var ErrNoStream = errors.New("wire: neither a WebSocket nor an event stream was asked for")

// Serve connects the client of a request. The connection outlives the request. An error,
// an *realtime.Ending, a *HandshakeError or another, is for the caller to answer: nothing
// was written. A WebSocket is told of refusals by close codes, because browsers show
// nothing else.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) error {
	c := s.candidate(r)
	switch {
	case IsWebSocket(r):
		return s.upgrade(w, r, c)
	case isEventStream(r):
		return s.refused(s.events(w, r, c))
	}
	return ErrNoStream
}

// candidate is a client before anybody knows who it is. It keeps nothing of the request
// but what it needs.
type candidate struct {
	credentials wpauth.Credentials
	origin      string
	since       string
	away        bool // the member is not at the screen
}

func (s *Server) candidate(r *http.Request) *candidate {
	ip, https := s.ClientAddr(r)
	c := &candidate{
		credentials: wpauth.Credentials{Method: http.MethodGet, HTTPS: https, ClientIP: ip, Header: http.Header{}},
		origin:      r.Header.Get("Origin"),
		since:       r.URL.Query().Get("since"),
		away:        r.URL.Query().Get("state") == "away",
	}
	for _, name := range []string{"Cookie", "Authorization", "X-Wp-Nonce"} {
		if v := r.Header[name]; len(v) > 0 {
			c.credentials.Header[name] = slices.Clone(v)
		}
	}
	if v, sent := r.URL.Query()["_wpnonce"]; sent {
		c.credentials.NonceParam = &v[0]
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		c.since = id // it is younger than what the address says
	}
	return c
}

// Origin decides whether a page may connect. One of another site never may: its visitor's
// cookie, or a password the browser remembers, is not its own. Without an Origin header
// it is no page, or one of this site reading (browsers leave it out there); opening a
// WebSocket browsers always send it, so a cookie that comes without is refused.
func (s *Server) Origin(ctx context.Context, origin string, cookieSocket bool) error {
	if origin == "" {
		if cookieSocket {
			return realtime.ForeignOrigin
		}
		return nil
	}
	site, err := s.Site(ctx)
	if err != nil {
		return err
	}
	for _, own := range append([]string{site.Home, site.SiteURL}, s.Origins...) {
		if u, err := url.Parse(own); err == nil && u.Host != "" && strings.EqualFold(originOf(u), origin) {
			return nil
		}
	}
	return realtime.ForeignOrigin
}

// originOf is the origin of an address: browsers leave out a scheme's own port.
func originOf(u *url.URL) string {
	host := u.Host
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

func (c *candidate) hasCookie() bool { return len(c.credentials.Header["Cookie"]) > 0 }

func (c *candidate) hasPassword() bool { return len(c.credentials.Header["Authorization"]) > 0 }

// byCookie reports whether a candidate has nothing to show but a cookie.
func (c *candidate) byCookie() bool { return c.hasCookie() && !c.hasPassword() }

// knows reports whether a candidate's password is one of this site. Browsers also send
// one that a web server in front asks for.
func (s *Server) knows(ctx context.Context, c *candidate) bool {
	if !c.hasPassword() {
		return false
	}
	_, err := s.who(ctx, c)
	return err == nil
}

// nonceSent reports whether the request already said its nonce.
func (c *candidate) nonceSent() bool {
	return c.credentials.NonceParam != nil || len(c.credentials.Header["X-Wp-Nonce"]) > 0
}

// who authenticates a candidate. Few are looked up at once: when everybody comes back,
// the others wait here and not in front of visitors for the database.
func (s *Server) who(ctx context.Context, c *candidate) (wpauth.Identity, error) {
	select {
	case s.lookups <- struct{}{}:
		defer func() { <-s.lookups }()
	case <-ctx.Done():
		return wpauth.Identity{}, ctx.Err()
	}
	id, _, err := s.Authenticate(ctx, c.credentials)
	switch {
	case errors.Is(err, wpauth.ErrInvalidNonce):
		return id, realtime.Unauthenticated
	case err != nil:
		return id, err
	case !id.LoggedIn():
		return id, realtime.Unauthenticated
	}
	return id, nil
}

// ending is what a failure to connect means to the client. What is no refusal is logged.
func (s *Server) ending(ctx context.Context, err error) *realtime.Ending {
	var e *realtime.Ending
	if errors.As(err, &e) {
		return e
	}
	if !mysql.Unavailable(ctx, err) && ctx.Err() == nil {
		s.Log.Error("a client could not be connected", "error", err)
	}
	return realtime.Unavailable()
}

// Poll answers a long poll of a caller who was authenticated, from a page of origin.
func (s *Server) Poll(ctx context.Context, id wpauth.Identity, origin, since string, wait time.Duration, away bool) (realtime.Answer, error) {
	if err := s.Origin(ctx, origin, false); err != nil {
		return realtime.Answer{}, s.refused(err)
	}
	return s.Hub.Poll(ctx, id, since, wait, away)
}

// refused counts an error that is a refusal.
func (s *Server) refused(err error) error {
	var e *realtime.Ending
	if errors.As(err, &e) {
		s.Hub.Refused(e)
	}
	return err
}
