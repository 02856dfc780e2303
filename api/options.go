// Package api is Parley's HTTP surface: the gin engine, jetonomy/v1, oversight,
// health and metrics. Handlers decide nothing: they say who asks and for what, and
// shape what messaging answers.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"parley/bpbridge"
	"parley/internal/doctor"
	"parley/messaging"
	"parley/realtime/wire"
	"parley/wpauth"
)

// Options are what New needs. Messenger, Authenticate and Directory are required.
type Options struct {
	Messenger messaging.Messenger
	Directory wpauth.Directory
	// Threads and BuddyPress serve buddypress/v1/messages; without BuddyPress nothing
	// is there.
	Threads    messaging.Threads
	BuddyPress *bpbridge.Settings
	// Authenticate says who calls (wpauth.Site.Authenticate): nobody is no error;
	// wpauth.ErrInvalidNonce is answered with 403 rest_cookie_invalid_nonce. The
	// string is a fresh wp_rest nonce, "" for none.
	Authenticate func(context.Context, wpauth.Credentials) (wpauth.Identity, string, error)
	// WithoutJSONP and OwnOriginOnly are wprest.Server's.
	WithoutJSONP, OwnOriginOnly bool
	// Limits shape the parameter checks; messaging enforces them again.
	Limits messaging.Limits
	// TrustedProxies are the peers whose X-Forwarded-For and X-Forwarded-Proto are
	// believed (setting trusted_proxies).
	TrustedProxies []netip.Prefix
	// RequestTimeout ends a request that takes longer; 10 s when 0.
	RequestTimeout time.Duration
	// Available tells whether the database is there (mysql.DB.Available). nil: always.
	Available func() bool
	// Guard makes a context that ends when the database goes away (mysql.DB.Guard).
	// nil: none.
	Guard func(context.Context) (context.Context, context.CancelFunc)
	// Pages serves what is below /{community}/messages; nil: nothing is there.
	Pages http.Handler
	// Stream answers the addresses of realtime; nil: there are none.
	Stream *wire.Server
	// Doctor examines the installation for its administrators; nil: there is no such
	// address. Version is Parley's, told beside it.
	Doctor  func(context.Context) doctor.Report
	Version string
	// Me answers what an inbox has to know first (web.Pages.Me), as JSON; nil: there is
	// no such address.
	Me func(context.Context, wpauth.Identity, messaging.Actor) (any, error)
	// FindLogin finds a member by login (wpauth.Site.FindLogin), for oversight's filter;
	// nil: it goes by ids alone.
	FindLogin func(context.Context, string) (wpauth.Member, error)
	// Assets serves the scripts of the pages by name below /parley/v1/assets/
	// (web.Pages.ServeAsset); nil: nothing is there.
	Assets func(w http.ResponseWriter, r *http.Request, name string)
	// Refused counts refusals (Metrics.Refused); nil: nobody counts.
	Refused func(messaging.Reason)
	// Middleware runs around every request: request id, log, metrics.
	Middleware []gin.HandlerFunc
	Log        *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// defaultRequestTimeout bounds a request that has no other bound.
const defaultRequestTimeout = 10 * time.Second

func (o *Options) complete() error {
	if o.Messenger == nil || o.Directory == nil || o.Authenticate == nil {
		return errors.New("api: Messenger, Directory and Authenticate are required")
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = defaultRequestTimeout
	}
	if o.Available == nil {
		o.Available = func() bool { return true }
	}
	if o.Guard == nil {
		o.Guard = context.WithCancel
	}
	if o.Refused == nil {
		o.Refused = func(messaging.Reason) {}
	}
	if o.Limits == (messaging.Limits{}) {
		o.Limits = messaging.DefaultLimits()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// Keys under which a request's gin.Context holds what logs and metrics name.
const (
	// RequestIDKey holds the request id (string); the middleware that makes it sets it.
	RequestIDKey = "parley.request_id"
	// RouteKey holds the route that was found, "/jetonomy/v1/conversations/{id}" (string).
	RouteKey = "parley.route"
	// UserKey holds the caller's id (wpauth.UserID); absent for nobody.
	UserKey = "parley.user"
	// ErrorKey holds the cause of an answer 5xx (error).
	ErrorKey = "parley.error"
)
