package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"parley/internal/mysql"
	"parley/messaging"
	"parley/wprest"
)

// refusal is how a reason is told on jetonomy/v1 (contract 1.0, errors).
type refusal struct {
	status  int
	code    string
	message string // where messaging gives no text of its own
}

// refusals is the one table from reasons to answers.
var refusals = map[messaging.Reason]refusal{
	messaging.NotFound:            {http.StatusNotFound, "jetonomy_not_found", "Conversation not found."},
	messaging.NotParticipant:      {http.StatusForbidden, "jetonomy_forbidden", "You are not a participant in this conversation."},
	messaging.Left:                {http.StatusForbidden, "jetonomy_forbidden", "You left this conversation."},
	messaging.TrustTooLow:         {http.StatusForbidden, "jetonomy_forbidden", "You need a higher trust level to send messages."},
	messaging.OutOfScope:          {http.StatusForbidden, "jetonomy_forbidden", "You can only message people who share at least one space with you."},
	messaging.CannotSend:          {http.StatusForbidden, "jetonomy_cannot_send", "Unable to send message."},
	messaging.BlockedByActor:      {http.StatusForbidden, "jetonomy_cannot_send", "You blocked this conversation. Unblock it to send messages."},
	messaging.Banned:              {http.StatusForbidden, "jetonomy_user_banned", "Your account has been banned from this community."},
	messaging.PendingVerification: {http.StatusForbidden, "jetonomy_pending_verification", "Confirm your email to finish signing up before posting."},
	messaging.Silenced:            {http.StatusForbidden, "silenced", "You are currently silenced."},
	messaging.IPBanned:            {http.StatusForbidden, "jetonomy_forbidden", "You do not have permission to perform this action."},
	messaging.NoReadCapability:    {http.StatusForbidden, "rest_forbidden", "Sorry, you are not allowed to do that."},
	messaging.Invalid:             {http.StatusBadRequest, "jetonomy_validation", "The request cannot be carried out."},
	messaging.AlreadyReported:     {http.StatusConflict, "jetonomy_already_flagged", "You have already reported this content."},
	messaging.ReportSelf:          {http.StatusBadRequest, "jetonomy_flag_self", "You cannot report your own content."},
	messaging.RateLimited:         {http.StatusTooManyRequests, "jetonomy_rate_limited", "Too many requests. Please wait a moment."},
	messaging.Forbidden:           {http.StatusForbidden, "rest_forbidden", "Sorry, you are not allowed to do that."},
	messaging.Unavailable:         {http.StatusServiceUnavailable, "parley_unavailable", "Messages are unavailable for a moment. Please try again."},
}

// retryUnavailable is what Retry-After says while the database is away.
const retryUnavailable = 5 * time.Second

func notLoggedIn() *wprest.Error {
	return &wprest.Error{Status: http.StatusUnauthorized, Code: "rest_not_logged_in",
		Message: "You must be logged in to perform this action."}
}

func unavailable() *wprest.Error {
	r := refusals[messaging.Unavailable]
	return &wprest.Error{Status: r.status, Code: r.code, Message: r.message, RetryAfter: retryUnavailable}
}

func internalFault() *wprest.Error {
	return &wprest.Error{Status: http.StatusInternalServerError, Code: "parley_internal",
		Message: "Something went wrong. Please try again."}
}

// translate turns an error of a step into an answer and keeps the cause of a 5xx
// for the log.
func (s *server) translate(ctx context.Context, r *http.Request, err error) *wprest.Error {
	var refused *messaging.Error
	if errors.As(err, &refused) {
		s.Refused(refused.Reason)
		if row, ok := refusals[refused.Reason]; ok {
			e := &wprest.Error{Status: row.status, Code: row.code, Message: row.message, RetryAfter: refused.RetryAfter}
			if refused.Text != "" {
				e.Message = refused.Text
			}
			switch {
			case e.RetryAfter > 0:
			case refused.Reason == messaging.RateLimited:
				e.RetryAfter = time.Second
			case refused.Reason == messaging.Unavailable:
				e.RetryAfter = retryUnavailable
			}
			if e.Status >= http.StatusInternalServerError {
				noteCause(ctx, err)
			}
			return e
		}
	}
	noteCause(ctx, err)
	if away(ctx, err) {
		return unavailable()
	}
	if r.Context().Err() == nil {
		s.Log.Error("internal fault", "request_id", actorRequestID(ctx), "error", err)
	}
	return internalFault()
}

// away reports whether an error comes of a database that went away or did not
// answer in time.
func away(ctx context.Context, err error) bool {
	return mysql.Unavailable(ctx, err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

func noteCause(ctx context.Context, err error) {
	if g := ginFrom(ctx); g != nil {
		g.Set(ErrorKey, err)
	}
}

func actorRequestID(ctx context.Context) string {
	if g := ginFrom(ctx); g != nil {
		return g.GetString(RequestIDKey)
	}
	return ""
}
