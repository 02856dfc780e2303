package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"parley/messaging"
	"parley/realtime"
	"parley/realtime/wire"
	"parley/wpauth"
	"parley/wprest"
)

// streamRoute is where clients connect. It is no route of wprest's: its answer is not
// JSON, and outlives the request.
const streamRoute = "/parley/v1/stream"

// maxWait is how long a long poll may wait, in seconds: less than what web servers allow
// an upstream by default.
const maxWait = 25

// realtimeRoutes is the long poll.
func (s *server) realtimeRoutes() []wprest.Route {
	if s.Stream == nil {
		return nil
	}
	return []wprest.Route{s.presenceRoute(), s.typingRoute(), {Namespace: "parley/v1", Pattern: "/sync", Endpoints: []wprest.Endpoint{{
		Methods: []string{"GET"}, Gate: s.member, Handle: s.sync,
		Args: wprest.Schema{
			{Name: "since", Type: wprest.TypeString, Description: "The position of the last answer. Absent: answer the present one at once."},
			{Name: "wait", Type: wprest.TypeInt, Default: int64(maxWait), Min: wprest.Bound(0), Max: wprest.Bound(maxWait),
				Description: "How long to wait for something to happen, in seconds."},
			{Name: "state", Type: wprest.TypeString, Default: "online", Enum: []string{"online", "away"},
				Description: "Whether the member is at the screen."},
		},
	}}}}
}

func (s *server) isStream(route string) bool {
	return s.Stream != nil && strings.EqualFold(strings.TrimRight(route, "/"), streamRoute)
}

// stream connects a client. Only what is refused before there is a stream is answered here.
func (s *server) stream(g *gin.Context, r *http.Request, site *siteView) {
	g.Set(RouteKey, streamRoute)
	if wire.IsWebSocket(r) {
		g.Status(http.StatusSwitchingProtocols)
	}
	err := s.Stream.Serve(g.Writer, r)
	if err == nil {
		return
	}
	if e := streamRefusal(err); e != nil {
		switch e.Status {
		case http.StatusUpgradeRequired:
			g.Header("Connection", "Upgrade")
			g.Header("Upgrade", "websocket")
			g.Header("Sec-WebSocket-Version", "13")
		case http.StatusMethodNotAllowed:
			g.Header("Allow", http.MethodGet)
		}
		s.fail(g, site, e)
		return
	}
	s.fail(g, site, s.translate(r.Context(), r, err))
}

// sync is GET /sync. It may take longer than other requests: its time is its own.
func (s *server) sync(c *wprest.Call) error {
	wait := time.Duration(c.Args.Int("wait")) * time.Second
	limit := wait + s.RequestTimeout
	control := http.NewResponseController(ginFrom(c.Ctx).Writer)
	_ = control.SetReadDeadline(time.Now().Add(limit))
	_ = control.SetWriteDeadline(time.Now().Add(limit + s.RequestTimeout))
	ctx, release := s.Guard(c.HTTP.Context())
	defer release()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a, err := s.Stream.Poll(ctx, c.Caller.(*caller).id, c.HTTP.Header.Get("Origin"), c.Args.String("since"), wait,
		c.Args.String("state") == "away")
	if e := streamRefusal(err); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	j := c.Out.Open()
	j.Key("version").Int(realtime.Version)
	j.Key("position").Str(a.Position)
	j.Key("unread").Int(int64(a.Unread))
	j.Key("events").OpenList()
	for _, f := range a.Frames {
		j.Raw(f.Body)
	}
	j.CloseList()
	j.Key("more").Bool(a.More)
	j.Close()
	return nil
}

// streamRefusal is how the endings of a stream are told before there is one; nil for
// what is no refusal of realtime.
func streamRefusal(err error) *wprest.Error {
	if errors.Is(err, wire.ErrNoStream) {
		return &wprest.Error{Status: http.StatusUpgradeRequired, Code: "parley_upgrade_required",
			Message: "This address speaks WebSocket, and server-sent events to clients that ask for text/event-stream."}
	}
	var h *wire.HandshakeError
	if errors.As(err, &h) {
		return &wprest.Error{Status: h.Status, Code: "parley_bad_handshake", Message: h.Problem}
	}
	var e *realtime.Ending
	if !errors.As(err, &e) {
		return nil
	}
	refused := func(status int, code, message string) *wprest.Error {
		return &wprest.Error{Status: status, Code: code, Message: message, RetryAfter: max(0, e.Retry)}
	}
	switch e {
	case realtime.Unauthenticated, realtime.LoggedOut:
		return notLoggedIn()
	case realtime.Banned:
		return refused(http.StatusForbidden, "jetonomy_user_banned", "Your account has been banned from this community.")
	case realtime.ForeignOrigin:
		return refused(http.StatusForbidden, "parley_origin", "Pages of other sites may not connect.")
	case realtime.BadPosition:
		return refused(http.StatusBadRequest, "parley_position", "This position is not one of this site. Load everything anew.")
	case realtime.TooManySockets:
		return refused(http.StatusTooManyRequests, "parley_too_many_connections", "Too many connections are open. Please close some.")
	}
	u := unavailable()
	u.RetryAfter = max(time.Second, e.Retry)
	return u
}

// Shape returns how realtime shows a message: as jetonomy/v1 does (contract 1.2).
func Shape(directory wpauth.Directory) func(context.Context, *messaging.Message) ([]byte, error) {
	return func(ctx context.Context, m *messaging.Message) ([]byte, error) {
		site, err := directory.Options(ctx)
		if err != nil {
			return nil, err
		}
		v, j := view{site: &site}, &wprest.JSON{}
		j.Open()
		v.message(j, m)
		j.Close()
		return j.Bytes(), nil
	}
}
