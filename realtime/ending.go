package realtime

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Ending is why a connection ends: a close code of WebSocket with its word, and when to
// come back. docs/realtime.md lists them.
type Ending struct {
	Code int
	// Reason is one word clients can match.
	Reason string
	// Retry is how long to wait before coming back; 0: at once, less than 0: not without
	// a change (a new login, other credentials).
	Retry time.Duration
}

func (e *Ending) Error() string { return fmt.Sprintf("realtime: %d %s", e.Code, e.Reason) }

// never marks endings after which coming back alike is of no use.
const never = -1 * time.Second

// The endings. Codes are append-only: clients match them.
var (
	// Left: the client closed.
	Left = &Ending{1000, "closed", 0}
	// ProtocolError: not the protocol of WebSocket; compressed frames are among that.
	ProtocolError = &Ending{1002, "protocol_error", never}
	// Binary: frames are text in one piece.
	Binary = &Ending{1003, "unsupported_frame", never}
	// NotUTF8: a text frame whose text is none.
	NotUTF8 = &Ending{1007, "not_utf8", never}
	// TooLarge: a frame of more than MaxFrame bytes.
	TooLarge = &Ending{1009, "frame_too_large", never}
	// BadFrame: no JSON, an unknown type, a missing field.
	BadFrame = &Ending{4400, "bad_frame", never}
	// Unauthenticated: no credentials, a wrong nonce, or none in time.
	Unauthenticated = &Ending{4401, "unauthenticated", never}
	// LoggedOut: the credential ended (logout, new password, revoked application password).
	LoggedOut = &Ending{4402, "logged_out", never}
	// Banned: the member was banned.
	Banned = &Ending{4403, "banned", never}
	// NoConversation: a frame about a conversation the member is not in. They may have
	// left it a moment ago on another device: they come back, without that frame.
	NoConversation = &Ending{4404, "no_conversation", time.Second}
	// ForeignOrigin: a cookie from a page of another site, or without saying which.
	ForeignOrigin = &Ending{4405, "origin", never}
	// Slow: the client did not read fast enough. It comes back and resumes.
	Slow = &Ending{4408, "slow", 0}
	// BadPosition: garbage, of another site, or of a future this site does not have.
	BadPosition = &Ending{4410, "position", never}
	// TooManyFrames: more frames than the limit allows.
	TooManyFrames = &Ending{4428, "too_many_frames", 10 * time.Second}
	// TooManySockets: more connections of one member than the limit allows.
	TooManySockets = &Ending{4429, "too_many_connections", 30 * time.Second}
	// Gone: the client cannot be reached any more; nobody is told.
	Gone = &Ending{1006, "gone", 0}
	// Away: the database is away, before anybody was connected.
	Away = &Ending{4503, "unavailable", unavailablePause}
)

// endings are all there are, one for each reason: what is counted by reason is counted
// from the start.
var endings = []*Ending{Left, Gone, restart(0), renew(), ProtocolError, Binary, NotUTF8, TooLarge, BadFrame, Unauthenticated, LoggedOut,
	Banned, NoConversation, ForeignOrigin, Slow, BadPosition, TooManyFrames, TooManySockets, Away}

// unavailablePause is how long those wait at least who came while the database was away.
const unavailablePause = 5 * time.Second

// Unavailable is Away for one client of many: each comes back at a time of its own.
func Unavailable() *Ending { return unavailable(unavailablePause) }

func unavailable(spread time.Duration) *Ending {
	return &Ending{Away.Code, Away.Reason, unavailablePause + rand.N(spread)}
}

// Return times of a crowd.
const (
	soonest = time.Second
	latest  = 25 * time.Second
	// perSecond is how many clients of a node are asked to come back within a second: few
	// enough that visitors do not notice, on a small machine with two nodes as well.
	perSecond = 400
)

// spreadOf is the time over which a crowd that is sent away together comes back.
func spreadOf(crowd int) time.Duration {
	return min(latest, 2*time.Second+time.Duration(crowd)*time.Second/perSecond)
}

// restart is the ending of a connection when Parley stops: each of a crowd has a time of
// its own to come back.
func restart(crowd int) *Ending {
	return &Ending{1001, "restart", soonest + rand.N(spreadOf(crowd))}
}

// renew ends a connection that has to be made anew now and then.
func renew() *Ending { return &Ending{1001, "renew", 0} }
