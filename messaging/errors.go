package messaging

import (
	"errors"
	"fmt"
	"time"
)

// Reason says why a use case refused. Reasons are append-only: each surface maps
// them to its own codes, statuses and wording in one place.
type Reason string

// The reasons. The comments name the contract's rule.
const (
	NotFound            Reason = "not_found"            // conversation, message or report target absent
	NotParticipant      Reason = "not_participant"      // outsider, administrators included
	Left                Reason = "left"                 // the actor left the group
	TrustTooLow         Reason = "trust_too_low"        // 3.1
	OutOfScope          Reason = "out_of_scope"         // 3.3
	CannotSend          Reason = "cannot_send"          // 3.4, 3.5, 3.8: says nothing about why
	BlockedByActor      Reason = "blocked_by_actor"     // 3.5, the blocker's own wording
	Banned              Reason = "banned"               // global_ban
	PendingVerification Reason = "pending_verification" // e-mail not confirmed
	Silenced            Reason = "silenced"
	IPBanned            Reason = "ip_banned"
	NoReadCapability    Reason = "no_read_capability" // account without a role on this site
	Invalid             Reason = "invalid"            // semantic error; Text says which
	AlreadyReported     Reason = "already_reported"
	ReportSelf          Reason = "report_self"
	RateLimited         Reason = "rate_limited" // RetryAfter is set
	Forbidden           Reason = "forbidden"    // oversight without manage_options
	Unavailable         Reason = "unavailable"  // the database is away
	TooLarge            Reason = "too_large"    // too many people or too long a text on the BuddyPress surface (its D12)
)

// Error is a refusal. Anything else a use case returns is an internal fault and
// is never shown.
type Error struct {
	Reason Reason
	// Text is a complete English sentence, safe to show; empty when the surface's
	// own wording for Reason serves.
	Text string
	// RetryAfter is set with RateLimited and Unavailable.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Reason, e.Text, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Reason, e.Text)
}

func (e *Error) Unwrap() error { return e.Err }

// Refuse makes an Error.
func Refuse(r Reason, text string) *Error { return &Error{Reason: r, Text: text} }

// ReasonOf returns the reason of a refusal, or "" for nil and internal faults.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
