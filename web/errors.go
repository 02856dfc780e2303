package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"parley/internal/mysql"
	"parley/messaging"
)

// statuses of refusals on the page. What they say is in the catalogues, "page.refused."
// and the reason; the English wording is the contract's (1.3, 3, 6).
var statuses = map[messaging.Reason]int{
	messaging.NotFound:            http.StatusNotFound,
	messaging.NotParticipant:      http.StatusForbidden,
	messaging.Left:                http.StatusForbidden,
	messaging.TrustTooLow:         http.StatusForbidden,
	messaging.OutOfScope:          http.StatusForbidden,
	messaging.CannotSend:          http.StatusForbidden,
	messaging.BlockedByActor:      http.StatusForbidden,
	messaging.Banned:              http.StatusForbidden,
	messaging.PendingVerification: http.StatusForbidden,
	messaging.Silenced:            http.StatusForbidden,
	messaging.IPBanned:            http.StatusForbidden,
	messaging.NoReadCapability:    http.StatusForbidden,
	messaging.Forbidden:           http.StatusForbidden,
	messaging.Invalid:             http.StatusUnprocessableEntity,
	messaging.RateLimited:         http.StatusTooManyRequests,
	messaging.Unavailable:         http.StatusServiceUnavailable,
}

// refusal says a refusal in the language of the page. The text it brings along is
// English; elsewhere it serves only where it says more than its reason.
func (w *words) refusal(e *messaging.Error) string {
	key := "page.refused." + string(e.Reason)
	says := e.Reason == messaging.Invalid || e.Reason == messaging.RateLimited
	if text := w.T(key); text != key && (e.Text == "" || !says && !w.isEnglish()) {
		return text
	}
	if e.Text != "" {
		return e.Text
	}
	return w.T("page.refused")
}

// explain turns an error into a status and a sentence to show. What is no refusal
// is logged and shown as nothing in particular.
func (q *request) explain(err error) (int, string) {
	var refusal *messaging.Error
	if !errors.As(err, &refusal) {
		if !mysql.Unavailable(q.ctx, err) && !errors.Is(err, context.DeadlineExceeded) {
			q.Log.Error("a page failed", "path", q.r.URL.Path, "error", err)
			return http.StatusInternalServerError, q.words.T("page.fault")
		}
		refusal = &messaging.Error{Reason: messaging.Unavailable, RetryAfter: 2 * time.Second, Err: err}
	}
	q.Refused(refusal.Reason)
	status, ok := statuses[refusal.Reason]
	if !ok {
		status = http.StatusForbidden
	}
	if refusal.RetryAfter > 0 {
		q.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(refusal.RetryAfter.Seconds()+0.5))))
	}
	return status, q.words.refusal(refusal)
}

// fail shows an error on a page of its own.
func (q *request) fail(err error) {
	status, text := q.explain(err)
	q.sentence(status, text)
}

func (q *request) notFound() { q.sentence(http.StatusNotFound, q.words.T("page.not_found")) }

// sentence shows one sentence on a page of its own.
func (q *request) sentence(status int, text string) {
	q.policy("'none'", false)
	q.render(status, "sentence.html", map[string]any{
		"W": q.words, "Title": text, "Base": q.base, "CSS": q.base + q.assets.path("parley.css"), "Styled": q.base != "",
	})
}
