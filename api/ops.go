package api

import (
	"context"
	"io"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/wpauth"
	"parley/wprest"
)

// Health answers /healthz and /readyz. The zero value is alive and, without Ready,
// not ready.
type Health struct {
	// Ready returns nil when requests can be served: database there, schema current.
	// Its sentence is shown to operators only. Asked a few times a second at most.
	Ready func(context.Context) error

	mu      sync.Mutex
	checked time.Time
	last    error
}

// readyTTL bounds the age of an answer of Ready, so that a flood on /readyz is none
// on the database. readyTimeout bounds one look.
const (
	readyTTL     = 300 * time.Millisecond
	readyTimeout = 800 * time.Millisecond
)

func (h *Health) ready(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.checked) < readyTTL {
		return h.last
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	h.last = h.Ready(ctx)
	h.checked = time.Now()
	return h.last
}

// serve answers the two addresses and reports whether it did. Reasons are for
// operators.
func (h *Health) serve(w http.ResponseWriter, r *http.Request, reasons bool) bool {
	status, text := http.StatusOK, "ok\n"
	switch r.URL.Path {
	case "/healthz":
	case "/readyz":
		text = "ready\n"
		if err := h.ready(r.Context()); err != nil {
			status, text = http.StatusServiceUnavailable, "not ready\n"
			w.Header().Set("Retry-After", "2")
			if reasons {
				text = "not ready: " + ErrorText(err) + "\n"
			}
		}
	default:
		return false
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return true
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, text)
	}
	return true
}

// Ops is the handler of the operators' listener. profiling adds Go's profiles below
// /debug/pprof/.
func Ops(h *Health, m *Metrics, profiling bool) http.Handler {
	metrics := m.handler()
	profiles := http.NotFoundHandler()
	if profiling {
		profiles = profileHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.serve(w, r, true):
		case r.URL.Path == "/metrics":
			metrics.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/debug/pprof/"):
			profiles.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// profileHandler answers what net/http/pprof offers, on an address of its own.
func profileHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// Front is the handler of the public listener. It answers health at once and
// everything else with 503 parley_unavailable until Open is called: a service that
// is up before its database says so instead of refusing connections.
type Front struct {
	health *Health
	next   atomic.Pointer[http.Handler]
}

// NewFront makes a Front that is not open yet.
func NewFront(h *Health) *Front { return &Front{health: h} }

// Open hands all further requests to next.
func (f *Front) Open(next http.Handler) { f.next.Store(&next) }

// Opened reports whether Open was called.
func (f *Front) Opened() bool { return f.next.Load() != nil }

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.health.serve(w, r, false) {
		return
	}
	if next := f.next.Load(); next != nil {
		(*next).ServeHTTP(w, r)
		return
	}
	wprest.WriteError(w, r, newSiteView(wpauth.Options{PrettyPermalinks: true, CommunitySlug: "community"}).rest, unavailable())
}
