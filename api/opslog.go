package api

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"parley/wpauth"
)

// RequestIDHeader names a request in both directions: a proxy's id is taken over
// when it is well formed, and every answer carries the id that the log has.
const RequestIDHeader = "X-Request-Id"

// noRoute stands in metrics for requests that no route was found for.
const noRoute = "none"

// Observe is the middleware that gives a request its id, counts it and logs one
// line about it when it is answered: never a query string, a body, a cookie or
// another header. metrics may be nil.
func Observe(log *slog.Logger, metrics *Metrics, now func() time.Time) gin.HandlerFunc {
	return func(g *gin.Context) {
		start := now()
		id := requestID(g.Request)
		g.Set(RequestIDKey, id)
		g.Writer.Header()[RequestIDHeader] = []string{id}
		if metrics != nil {
			metrics.inFlight.Inc()
			defer metrics.inFlight.Dec()
		}
		g.Next()
		took := now().Sub(start)
		route := g.GetString(RouteKey)
		if metrics != nil {
			metrics.request(route, g.Request.Method, g.Writer.Status(), took)
		}
		logRequest(g, log, id, route, took)
	}
}

func logRequest(g *gin.Context, log *slog.Logger, id, route string, took time.Duration) {
	level := slog.LevelInfo
	if g.Writer.Status() >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if !log.Enabled(g.Request.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("request_id", id),
		slog.String("method", clip(g.Request.Method, 16)),
		slog.String("path", clip(g.Request.URL.Path, 200)),
		slog.String("route", route),
		slog.Int("status", g.Writer.Status()),
		slog.Int("bytes", max(g.Writer.Size(), 0)),
		slog.Duration("took", took),
	)
	if user, ok := g.Get(UserKey); ok {
		if uid, ok := user.(wpauth.UserID); ok {
			attrs = append(attrs, slog.Int64("user", int64(uid)))
		}
	}
	if cause, ok := g.Get(ErrorKey); ok {
		attrs = append(attrs, slog.Any("error", cause))
	}
	// LogAttrs would look up its caller's line, which no handler of ours writes.
	r := slog.NewRecord(time.Now(), level, "request", 0)
	r.AddAttrs(attrs...)
	_ = log.Handler().Handle(g.Request.Context(), r)
}

func clip(s string, most int) string {
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// requestID takes the id of a proxy, or makes one.
func requestID(r *http.Request) string {
	if id := r.Header.Get(RequestIDHeader); wellFormedID(id) {
		return id
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func wellFormedID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// knownMethods keeps clients from making up label values.
var knownMethods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true,
}

func (m *Metrics) request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = noRoute
	}
	if !knownMethods[method] {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
}
