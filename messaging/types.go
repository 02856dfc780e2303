// Package messaging is the heart of Parley: conversations, the people in them,
// and the rules. It knows neither HTTP nor the field names of any surface.
package messaging

import (
	"net/netip"
	"time"

	"parley/wpauth"
)

// ConversationID is a conversation's row id; BuddyPress's thread id. Never used twice.
type ConversationID int64

// MessageID is a message's row id; strictly increasing inside a conversation for
// messages Parley wrote. Never used twice.
type MessageID int64

// Type is the kind of a conversation.
type Type uint8

const (
	// Direct is between two people (or one, a note to self).
	Direct Type = 1
	// Group has a title and up to Limits.Members people.
	Group Type = 2
)

// String is how events spell it: "direct" or "group".
func (t Type) String() string {
	if t == Direct {
		return "direct"
	}
	return "group"
}

// Kind tells member messages from notices.
type Kind uint8

const (
	// KindMessage is written by a member.
	KindMessage Kind = 0
	// KindSystem is a notice ("… left the conversation"). It changes neither
	// preview, count, order nor unread.
	KindSystem Kind = 1
)

// Format says in which dialect Message.Content is stored.
type Format uint8

const (
	// FormatText is raw input that may contain simple HTML (Jetonomy contract 1.2);
	// it is made safe on every reading.
	FormatText Format = 0
	// FormatBuddyPress is what BuddyPress's own filters leave on save.
	FormatBuddyPress Format = 1
)

// Actor is the member on whose behalf a use case runs. Surfaces build it from a
// wpauth.Identity and never from request parameters.
type Actor struct {
	ID          wpauth.UserID
	Login       string
	DisplayName string
	// Roles are the member's on this site; where there is no Jetonomy they may stand
	// for a trust level (Options.RoleTrust).
	Roles []string
	// Bypass is held by manage_options or jetonomy_moderate: no trust gate, no
	// shared-space rule, no daily limit (contract 3.2). Participation still applies.
	Bypass bool
	// Oversight is held by manage_options: the admin use cases (contract 3.9).
	Oversight bool
	// Moderator is BuddyPress's bp_moderate: it reads every thread and acts for its
	// members on that surface (BuddyPress contract 1.2), and has no effect on the other.
	Moderator bool
	// IP and RequestID go into the audit log.
	IP        netip.Addr
	RequestID string
	UserAgent string
}

// Participant is one person's place in a conversation.
type Participant struct {
	RowID        int64 // stable; on the wire of the BuddyPress surface
	Conversation ConversationID
	User         wpauth.UserID
	Member       wpauth.Member
	JoinedAt     time.Time
	LeftAt       time.Time // zero: still in
	LeftSeq      int64     // last sequence visible to somebody who left
	// LastReadSeq and LastReadAt of others are zero when either side has receipts off.
	LastReadSeq int64
	LastReadAt  time.Time // zero: never
	Unread      int
	Muted       bool
	Archived    bool
	// Blocked is set on the row of the member who is blocked (contract 1.3, 11).
	Blocked    bool
	DeletedAt  time.Time // BuddyPress deletion; zero: not deleted
	SenderOnly bool

	hidesReceipts, hidesPresence bool // the member's own choices
}

// Conversation as one member sees it.
type Conversation struct {
	ID        ConversationID
	Type      Type
	Title     string // stored title; may be empty
	CreatedBy wpauth.UserID
	CreatedAt time.Time
	// LastAt, Preview and MessageCount are about non-system messages; frozen at the
	// moment of leaving for a viewer who left.
	LastAt       time.Time // zero: none yet
	Preview      string    // plain, whitespace collapsed, at most 255 code points
	MessageCount int64
	LastSeq      int64 // sequence of the newest row visible to the viewer, notices included
	// Me is the viewer's own row. nil on oversight reads.
	Me *Participant
	// Participants are ordered by JoinedAt, then user id, those who left included.
	Participants []Participant
	// IBlocked is true when the viewer blocked the other side of a direct thread.
	// A block set against the viewer is never visible here.
	IBlocked bool
	// ViewerSilenced feeds can_reply (contract 1.2).
	ViewerSilenced bool
}

// Message is one row of a conversation.
type Message struct {
	ID           MessageID
	Conversation ConversationID
	// Seq is gapless from 1 within the conversation, the order every member sees.
	Seq       int64
	Sender    wpauth.UserID // 0 when erased
	Member    wpauth.Member // the sender's card
	Kind      Kind
	Format    Format
	Subject   string // stored form, of FormatBuddyPress alone
	Content   string // as stored, without the backslashes of FormatBuddyPress: text for wptext.Render
	Plain     string // exactly what a reader sees, newlines kept
	CreatedAt time.Time
}

// Limits bound what members may do; 0 means no limit where noted.
type Limits struct {
	Members           int    // people per conversation, creator included; 20
	MessageRunes      int    // 10 000
	TitleRunes        int    // 255
	SearchRunes       int    // 100
	DescriptionRunes  int    // 2000
	NewPerDay         [5]int // new conversations per rolling 24 h by trust level 0..4+; 0 = no limit; 3,10,30,60,0
	MessagesPerMinute int    // per member; 0 = no limit; 30
	SuggestPerMinute  int    // per member; 0 = no limit; 60
}

// DefaultLimits are the numbers of contract 3.6.
func DefaultLimits() Limits {
	return Limits{Members: 20, MessageRunes: 10000, TitleRunes: 255, SearchRunes: 100,
		DescriptionRunes: 2000, NewPerDay: [5]int{3, 10, 30, 60, 0}, MessagesPerMinute: 30, SuggestPerMinute: 60}
}
