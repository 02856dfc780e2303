package messaging

import (
	"fmt"
	"time"
)

// The refusals several use cases share, in the contract's words (1.0, 1.3, 3). Each
// is made anew: callers may add to an Error.

func noConversation() error { return Refuse(NotFound, "Conversation not found.") }

func notParticipant() error {
	return Refuse(NotParticipant, "You are not a participant in this conversation.")
}

func hasLeft() error { return Refuse(Left, "You left this conversation.") }

// cannotSend says nothing about why: a block must leave no trace (contract 3.5).
func cannotSend() error { return Refuse(CannotSend, "Unable to send message.") }

func blockedByActor() error {
	return Refuse(BlockedByActor, "You blocked this conversation. Unblock it to send messages.")
}

// limited refuses until the given moment.
func limited(what string, until, now time.Time) error {
	wait := until.Sub(now)
	if wait <= 0 {
		wait = time.Microsecond
	}
	return &Error{Reason: RateLimited, RetryAfter: wait,
		Text: fmt.Sprintf("%s Please try again in %s.", what, words(wait))}
}

// words says a span the way people do, never shorter than it is.
func words(d time.Duration) string {
	n, unit := int((d+time.Second-1)/time.Second), "second"
	switch {
	case d > time.Hour:
		n, unit = int((d+time.Hour-1)/time.Hour), "hour"
	case d > time.Minute:
		n, unit = int((d+time.Minute-1)/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
