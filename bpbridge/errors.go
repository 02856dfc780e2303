package bpbridge

import (
	"errors"
	"net/http"
	"time"

	"parley/messaging"
	"parley/wprest"
)

// BuddyPress's error codes (contract 1.12).
const (
	codeAuth      = "bp_rest_authorization_required"
	codeInvalidID = "bp_rest_invalid_id"
	codeCreate    = "bp_rest_messages_create_failed"
	codeUpdate    = "bp_rest_messages_update_failed"
	codeDelete    = "bp_rest_messages_delete_thread_failed"
	codeStar      = "bp_rest_user_cannot_update_starred_message"
)

// BuddyPress's wordings.
const (
	sayNotAllowed   = "Sorry, you are not allowed to perform this action."
	sayNotYours     = "Sorry, you cannot view the messages."
	sayNotThread    = "Sorry, you are not allowed to see this thread."
	sayLoginCreate  = "Sorry, you need to be logged in to create a message."
	sayLoginStar    = "Sorry, you need to be logged in to star/unstar a message."
	sayNotStar      = "Sorry, you are not allowed to star/unstar messages."
	sayNoMember     = "Invalid member ID."
	sayNoThread     = "Sorry, this thread does not exist."
	sayNoStarThread = "Sorry, the thread of this message does not exist."
	sayNotCreated   = "There was an error trying to create the message."
	sayNotUpdated   = "There was an error trying to update the message."
	sayNotDeleted   = "There was an error trying to delete the thread."
	sayNotStarred   = "Sorry, you cannot add the message to your starred box."
	sayNoMessage    = "Sorry, this message does not exist."
	sayNoContent    = "Your message was not sent. Please enter some content."
	sayNoRecipient  = "Message could not be sent. Please enter a recipient."
	sayNoUsername   = "Message could not be sent because you have entered an invalid username. Please try again."
	sayNotSent      = "Message was not sent. Please try again."
	sayCannotSend   = "Unable to send message"
	sayTooMuch      = "The message is too long or has too many recipients."
	sayTooFast      = "Too many requests. Please wait a moment."
)

func answer(status int, code, text string) *wprest.Error {
	return &wprest.Error{Status: status, Code: code, Message: text}
}

func unauthorized(text string) *wprest.Error { return answer(http.StatusUnauthorized, codeAuth, text) }
func forbidden(text string) *wprest.Error    { return answer(http.StatusForbidden, codeAuth, text) }

// wording is how one operation tells refusals.
type wording struct {
	missing   error  // messaging.NotFound
	refused   string // messaging.NotParticipant and Left
	forbidden string // messaging.Forbidden
	failed    error  // messaging.Invalid
}

var (
	listWords = wording{missing: answer(http.StatusNotFound, codeInvalidID, sayNoMember),
		refused: sayNotYours, forbidden: sayNotYours}
	getWords = wording{missing: answer(http.StatusNotFound, codeInvalidID, sayNoThread),
		refused: sayNotThread, forbidden: sayNotAllowed}
	updateWords = getWords.failing(codeUpdate, sayNotUpdated)
	deleteWords = getWords.failing(codeDelete, sayNotDeleted)
	starWords   = wording{missing: answer(http.StatusNotFound, codeInvalidID, sayNoStarThread),
		refused: sayNotStar, forbidden: sayNotStar}.failing(codeStar, sayNotStarred)
	createWords = wording{missing: answer(http.StatusInternalServerError, codeCreate, sayNotCreated),
		refused: sayNotAllowed, forbidden: sayNotAllowed}.failing(codeCreate, sayNotCreated)
)

func (w wording) failing(code, text string) wording {
	w.failed = answer(http.StatusInternalServerError, code, text)
	return w
}

func (w wording) refusing(text string) wording {
	w.refused = text
	return w
}

// refuse is w.translate, and counts what that answers itself; the server counts what
// it leaves.
func (d *dialect) refuse(w wording, err error) error {
	said := w.translate(err)
	if r := messaging.ReasonOf(err); r != "" && messaging.ReasonOf(said) == "" && d.Refused != nil {
		d.Refused(r)
	}
	return said
}

// translate puts a refusal into BuddyPress's words (contract 1.12, D12). What is
// none passes as it is.
func (w wording) translate(err error) error {
	var refusal *messaging.Error
	if !errors.As(err, &refusal) {
		return err
	}
	text := func(otherwise string) string {
		if refusal.Text != "" {
			return refusal.Text
		}
		return otherwise
	}
	switch refusal.Reason {
	case messaging.NotFound:
		return w.missing
	case messaging.NotParticipant, messaging.Left:
		return forbidden(w.refused)
	case messaging.Forbidden:
		return forbidden(w.forbidden)
	case messaging.Invalid:
		if w.failed != nil {
			return w.failed
		}
	case messaging.TooLarge:
		return answer(http.StatusBadRequest, codeCreate, text(sayTooMuch))
	case messaging.CannotSend, messaging.BlockedByActor:
		return answer(http.StatusForbidden, codeCreate, sayCannotSend)
	case messaging.RateLimited:
		e := answer(http.StatusTooManyRequests, codeCreate, text(sayTooFast))
		e.RetryAfter = max(refusal.RetryAfter, time.Second)
		return e
	case messaging.TrustTooLow, messaging.OutOfScope, messaging.Banned, messaging.PendingVerification,
		messaging.Silenced, messaging.IPBanned, messaging.NoReadCapability:
		return forbidden(text(sayNotAllowed))
	}
	return err
}
