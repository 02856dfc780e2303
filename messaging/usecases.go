package messaging

import (
	"context"
	"time"

	"parley/wpauth"
)

// Messenger is the list of use cases; *Service implements it. Every method takes
// the acting member and puts membership into its statements: an id from a request
// never decides access. Order of refusals: existence (NotFound), participation
// (NotParticipant), business rules, rate limits. Account gates (Admit) come first
// and are the surface's to call before it looks at parameters (contract 1.0).
type Messenger interface {
	// Admit reads the actor's standing fresh and refuses a mutation: Banned, then
	// PendingVerification; with write also Silenced and IPBanned (create, send; for
	// report only Silenced applies: pass GateReport).
	Admit(ctx context.Context, a Actor, g Gate) error

	// List returns one page of the actor's inbox. At most 6 statements.
	List(ctx context.Context, a Actor, q ListQuery) (Page, error)
	// Start starts or reuses a conversation and sends its first message, all or nothing.
	Start(ctx context.Context, a Actor, in StartInput) (StartResult, error)
	// Get returns one conversation; also after leaving.
	Get(ctx context.Context, a Actor, id ConversationID) (*Conversation, error)
	// Update changes the actor's settings and a group's title; nil fields stay.
	Update(ctx context.Context, a Actor, id ConversationID, p Patch) (*Conversation, error)
	// Messages returns one page of a thread and, with MarkRead, moves the read position.
	Messages(ctx context.Context, a Actor, id ConversationID, q MessagesQuery) (MessagePage, error)
	// Send appends a message. Committed when it returns nil.
	Send(ctx context.Context, a Actor, in SendInput) (*Message, error)
	// MarkRead moves the read position to the newest message.
	MarkRead(ctx context.Context, a Actor, id ConversationID) (*Conversation, error)
	// UnreadCount counts conversations with unread, not left, not archived. cached
	// tells whether the answer came from the 30-second cache.
	UnreadCount(ctx context.Context, a Actor) (n int, cached bool, err error)
	// SetMuted and SetArchived set, or toggle when to is nil.
	SetMuted(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error)
	SetArchived(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error)
	// Leave leaves a group; again is harmless. Invalid on a direct thread.
	Leave(ctx context.Context, a Actor, id ConversationID) (*Conversation, error)
	// SetBlocked blocks the other side of a direct thread, or toggles. Invalid on a group.
	SetBlocked(ctx context.Context, a Actor, id ConversationID, to *bool) (*Conversation, error)
	// Receipts returns how far the others of a conversation are whose receipts the actor
	// may see; nobody after leaving, or when either side has them off.
	Receipts(ctx context.Context, a Actor, id ConversationID) ([]Receipt, error)
	// Preferences returns what the actor lets others be told, and what the owner lets
	// everybody (SitePreferences): both have to agree. It is not cached.
	Preferences(ctx context.Context, a Actor) (own, site Preferences, err error)
	SitePreferences() Preferences
	// SetPreferences changes the actor's own, tells their other devices, and returns them
	// as they are then.
	SetPreferences(ctx context.Context, a Actor, p PreferencesPatch) (own Preferences, err error)
	// Suggest finds members the actor may write to. term is trimmed, 3-64 code points.
	Suggest(ctx context.Context, a Actor, term string, limit int) ([]wpauth.Member, error)
	// Report records a report and tells Jetonomy's moderators (jt_flags).
	Report(ctx context.Context, a Actor, in ReportInput) (reportID int64, err error)

	// The oversight use cases refuse with Forbidden without manage_options, and
	// write an audit row for every access (contract 3.9, 5.3).
	OverseeList(ctx context.Context, a Actor, q OverseeQuery) (OverseePage, error)
	OverseeGet(ctx context.Context, a Actor, id ConversationID) (*Conversation, error)
	OverseeMessages(ctx context.Context, a Actor, id ConversationID, page, perPage int) (MessagePage, error)
	Purge(ctx context.Context, a Actor, id ConversationID) error
	Blocks(ctx context.Context, a Actor, member wpauth.UserID) ([]Block, error)
	ClearBlock(ctx context.Context, a Actor, member, other wpauth.UserID) (cleared int, err error)
	Audit(ctx context.Context, a Actor, q AuditQuery) (AuditPage, error)
	// OverseeInstallation writes down that the actor looks at the state of the installation.
	OverseeInstallation(ctx context.Context, a Actor) error

	// Seen notes that a caller is there (contract 4.1), unless they switched presence off:
	// at most two statements, once a minute. An error is for the log only.
	Seen(ctx context.Context, a Actor) error

	// Events returns committed events after a position, in order, without gaps:
	// an event is never delivered before one with a smaller position.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
}

// Gate names a class of mutation for Admit.
type Gate uint8

const (
	// GateSettings: mute, archive, leave, block, read, rename. A silence does not stop them.
	GateSettings Gate = iota
	// GateWrite: create and send.
	GateWrite
	// GateReport: report.
	GateReport
)

// Filter selects conversations of a list (contract 1.3, 1).
type Filter string

// The filters; FilterActive is the default.
const (
	FilterActive   Filter = "active"
	FilterArchived Filter = "archived"
	FilterAll      Filter = "all"
	FilterUnread   Filter = "unread"
	FilterDirect   Filter = "direct"
	FilterGroup    Filter = "group"
)

// ListQuery asks for a page. Limit 1-100, Offset from 0.
type ListQuery struct {
	Filter Filter
	Search string // at most Limits.SearchRunes code points; "" = none
	Limit  int
	Offset int
}

// Page is one page of an inbox with the exact total.
type Page struct {
	Conversations []Conversation
	Total         int
}

// StartInput starts a conversation.
type StartInput struct {
	// Recipients as asked for; duplicates and the actor are dropped.
	Recipients []wpauth.UserID
	Title      string
	// Type is 0 to infer: one other member Direct, more Group.
	Type     Type
	Content  string
	ClientID string // "" = none; up to 64 visible ASCII characters

	empty bool // without a message: StartEmpty
}

// StartResult is the outcome of Start; for a repeated ClientID the first outcome.
type StartResult struct {
	Conversation *Conversation
	Message      MessageID
	Reused       bool
}

// Patch changes settings; nil leaves a field alone. Title is for groups; "" clears.
type Patch struct {
	Muted, Archived *bool
	Title           *string
}

// MessagesQuery asks for a page of a thread. Before and After are exclusive
// bounds on the message id, 0 = none.
type MessagesQuery struct {
	Limit         int // 1-100
	Before, After MessageID
	// Ascending lists oldest first.
	Ascending bool
	// FromOldest takes the page at the old end of the range (after=…), else the new end.
	FromOldest bool
	MarkRead   bool
}

// MessagePage is one page. HasMore tells whether the range goes on in the
// direction travelled. Total counts every message visible to the viewer.
type MessagePage struct {
	Messages []Message
	HasMore  bool
	Total    int64
}

// SendInput appends a message to a conversation.
type SendInput struct {
	Conversation ConversationID
	Content      string
	ClientID     string
}

// ReportInput reports the other member of a direct thread, or the sender of
// Message in a group (required there).
type ReportInput struct {
	Conversation ConversationID
	Message      MessageID // 0 = the conversation
	Reason       string    // spam offensive off_topic harassment other
	Description  string    // at most Limits.DescriptionRunes code points
}

// OverseeQuery lists every conversation of the site, most recent activity first.
type OverseeQuery struct {
	Page, PerPage int
	Member        wpauth.UserID // 0 = any
	Before, After time.Time     // last activity; zero = open
}

// OverseePage is a page of OverseeList. Conversations have no Me.
type OverseePage struct {
	Conversations []Conversation
	Total         int
}

// Block is a conversation block: Blocker stopped Blocked in Conversation.
type Block struct {
	Conversation     ConversationID
	Blocker, Blocked wpauth.Member
}

// AuditQuery pages through the audit log, newest first.
type AuditQuery struct{ Page, PerPage int }

// AuditEntry is who did what, when, from where.
type AuditEntry struct {
	ID           int64
	Actor        wpauth.UserID
	ActorLogin   string
	Action       string
	Conversation ConversationID // 0 = none
	Member       wpauth.UserID  // 0 = none
	Detail       string         // JSON object or ""
	IP           string
	RequestID    string
	At           time.Time
}

// AuditPage is a page of the audit log.
type AuditPage struct {
	Entries []AuditEntry
	Total   int
}
