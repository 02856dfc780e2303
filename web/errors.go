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

// sentences say a refusal on the page; the wording is the contract's (1.3, 3, 6).
var sentences = map[messaging.Reason]struct {
	status int
	text   string
}{
	messaging.NotFound:            {http.StatusNotFound, "Conversation not found."},
	messaging.NotParticipant:      {http.StatusForbidden, "You are not a participant in this conversation."},
	messaging.Left:                {http.StatusForbidden, "You left this conversation."},
	messaging.TrustTooLow:         {http.StatusForbidden, "You need a higher trust level to send messages."},
	messaging.OutOfScope:          {http.StatusForbidden, "You can only message people who share at least one space with you."},
	messaging.CannotSend:          {http.StatusForbidden, "Unable to send message."},
	messaging.BlockedByActor:      {http.StatusForbidden, "You blocked this conversation. Unblock it to send messages."},
	messaging.Banned:              {http.StatusForbidden, "Your account has been banned from this community."},
	messaging.PendingVerification: {http.StatusForbidden, "Confirm your email to finish signing up before posting."},
	messaging.Silenced:            {http.StatusForbidden, "You are currently silenced."},
	messaging.IPBanned:            {http.StatusForbidden, "Your address has been banned from this community."},
	messaging.NoReadCapability:    {http.StatusForbidden, "Your account has no access to this site."},
	messaging.Invalid:             {http.StatusUnprocessableEntity, "That could not be sent."},
	messaging.RateLimited:         {http.StatusTooManyRequests, "You are sending too fast. Please wait a moment."},
	messaging.Unavailable:         {http.StatusServiceUnavailable, "Messages are not available right now. Please try again in a moment."},
}

// explain turns an error into a status and a sentence to show. What is no refusal
// is logged and shown as nothing in particular.
func (q *request) explain(err error) (int, string) {
	var refusal *messaging.Error
	if !errors.As(err, &refusal) {
		if !mysql.Unavailable(q.ctx, err) && !errors.Is(err, context.DeadlineExceeded) {
			q.Log.Error("a page failed", "path", q.r.URL.Path, "error", err)
			return http.StatusInternalServerError, "Something went wrong. Please try again."
		}
		refusal = &messaging.Error{Reason: messaging.Unavailable, RetryAfter: 2 * time.Second, Err: err}
	}
	q.Refused(refusal.Reason)
	s, ok := sentences[refusal.Reason]
	if !ok {
		s.status, s.text = http.StatusForbidden, "That is not possible."
	}
	if refusal.Text != "" {
		s.text = refusal.Text
	}
	if refusal.RetryAfter > 0 {
		q.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(refusal.RetryAfter.Seconds()+0.5))))
	}
	return s.status, s.text
}

// fail shows an error on a page of its own.
func (q *request) fail(err error) {
	status, text := q.explain(err)
	q.sentence(status, text)
}

func (q *request) notFound() { q.sentence(http.StatusNotFound, "There is no such page.") }

// sentence shows one sentence on a page of its own.
func (q *request) sentence(status int, text string) {
	q.render(status, "sentence.html", map[string]any{
		"Title": text, "Base": q.base, "CSS": q.base + q.assets.css, "Styled": q.base != "",
	})
}
