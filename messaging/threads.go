package messaging

import (
	"context"
	"time"

	"parley/wpauth"
)

// Threads is the list of use cases of the BuddyPress surface; *Service implements it.
// They work on the same conversations as Messenger, under the same rules. Numbers of
// sections and decisions in this file are the BuddyPress contract's.
//
// Access (1.6, D1): the viewer is the member whose state is shown or changed. Nobody
// but a moderator may name another viewer; a viewer needs an active place: taken part,
// not left, not deleted. What moderators see or do in threads that are not theirs goes
// into the audit log (D19). Account gates (Admit) come first, as in Messenger.
//
// Reasons: NotFound (no such thread, message or, in a list, member), NotParticipant
// (refused on a thread), Left (the same, after leaving), Forbidden (another's list; a
// deletion without a row), Invalid (the operation fails: nothing to say, nobody to
// write to, a message that is not the caller's), TooLarge (too many people, too long a
// text), TrustTooLow, OutOfScope, CannotSend, BlockedByActor and RateLimited as in
// Messenger (D12).
type Threads interface {
	// ListThreads returns a page of a box of the viewer, newest qualifying message
	// first (2.2, 2.4), with the exact total. At most 6 statements.
	ListThreads(ctx context.Context, a Actor, q ThreadsQuery) (ThreadPage, error)
	// GetThread returns one thread; nothing is marked read (D21).
	GetThread(ctx context.Context, a Actor, id ConversationID, q ThreadQuery) (*Thread, error)
	// StartThread always starts a new thread (D11) and answers it whole. It takes the
	// pair's place as the one direct conversation only when there is none.
	StartThread(ctx context.Context, a Actor, in ThreadStart) (*Thread, error)
	// ReplyThread appends to a thread and answers it whole. The writer's own unread
	// count stays (D17); members who deleted the thread have it again. A moderator who
	// takes no part may write without joining (D22).
	ReplyThread(ctx context.Context, a Actor, id ConversationID, in ThreadReply) (*Thread, error)
	// UpdateThread marks a thread and writes message fields, and answers it whole.
	UpdateThread(ctx context.Context, a Actor, id ConversationID, in ThreadUpdate) (*Thread, error)
	// DeleteThread takes the thread from the viewer until somebody else writes, and
	// answers it whole as it was before. When nobody is left it is removed for good.
	DeleteThread(ctx context.Context, a Actor, id ConversationID, in ThreadDelete) (*Thread, error)
	// ToggleStar stars a message for the actor, or takes the star away (1.9, D23).
	ToggleStar(ctx context.Context, a Actor, id MessageID, fields []string) (*ThreadMessage, error)
	// MayStar reports whether ToggleStar would be allowed.
	MayStar(ctx context.Context, a Actor, id MessageID) (bool, error)
}

var _ Threads = (*Service)(nil)

// Box is one of a member's lists of threads (2.2).
type Box string

// The boxes. Archived threads are missing from the inbox alone (2.10).
const (
	BoxInbox   Box = "inbox"
	BoxSent    Box = "sentbox"
	BoxStarred Box = "starred"
)

// ReadState selects threads by the viewer's unread count.
type ReadState string

// The read states; AnyState is the default.
const (
	AnyState   ReadState = "all"
	ReadOnly   ReadState = "read"
	UnreadOnly ReadState = "unread"
)

// Slice is a page inside a thread, from page 1. The zero value is everything.
type Slice struct{ Page, PerPage int }

// ThreadsQuery asks for a page of a box. Page counts from 1, PerPage is 1-100.
type ThreadsQuery struct {
	Viewer        wpauth.UserID // whose box; the caller's own for everybody but moderators
	Box           Box           // "" = BoxInbox
	State         ReadState     // "" = AnyState
	Search        string        // in stored subjects and texts, case-insensitive; "" = none
	Page, PerPage int
	Messages      Slice
	Recipients    Slice
	With          []wpauth.UserID // only threads in which one of these takes part; nil = all threads
	Fields        []string        // meta keys to fill in ThreadMessage.Fields
}

// ThreadPage is one page of a box with the exact total.
type ThreadPage struct {
	Threads []Thread
	Total   int
}

// ThreadQuery says how one thread is shown.
type ThreadQuery struct {
	Viewer      wpauth.UserID
	Messages    Slice
	Recipients  Slice
	NewestFirst bool
	Fields      []string
	// ViewerTakesPart asks that the viewer takes part even when a moderator calls, as
	// version 2 of the interface does.
	ViewerTakesPart bool
}

// ThreadStart starts a thread.
type ThreadStart struct {
	// Recipients as asked for: ids are ids (D7); unknown ones and repetitions are
	// dropped, and the actor too unless nobody else is named: a note to self.
	Recipients []wpauth.UserID
	Subject    string // as sent; "" for BuddyPress's "No Subject" (2.6)
	Content    string // as sent
	Fields     map[string]string
	ShowFields []string // as ThreadQuery.Fields
}

// ThreadReply appends to a thread.
type ThreadReply struct {
	Subject    string // as sent; "" for "Re: " and the first message's (2.6)
	Content    string // as sent
	Fields     map[string]string
	ShowFields []string
}

// ThreadUpdate changes the viewer's state in a thread, and fields of a message.
type ThreadUpdate struct {
	Viewer wpauth.UserID
	// Read sets the viewer's unread count to 0 and marks their notifications; Unread
	// sets it to exactly 1, afterwards. Without either the message must be in the
	// thread and the actor's own, or the actor a moderator (1.7).
	Read, Unread bool
	Message      MessageID // 0 = the newest
	// Fields are written to Message (when it is there and may be changed as above).
	Fields          map[string]string
	ShowFields      []string
	ViewerTakesPart bool // as ThreadQuery's
}

// ThreadDelete deletes a thread for the viewer.
type ThreadDelete struct {
	Viewer          wpauth.UserID
	ShowFields      []string
	ViewerTakesPart bool
}

// Thread is a conversation as the BuddyPress surface shows it to a viewer. Notices of
// the other surface ("… left the conversation") are no messages here.
type Thread struct {
	ID ConversationID
	// Newest is the newest message; its fields are the thread's (D9).
	Newest ThreadMessage
	// Unread is the viewer's; 0 when they have no place in the thread.
	Unread int
	// Recipients are a slice of everybody who did not leave, in the order of their
	// rows, and RecipientTotal their number.
	Recipients     []Recipient
	RecipientTotal int
	// Messages are a slice, and MessageTotal the number of all.
	Messages     []ThreadMessage
	MessageTotal int64
}

// Recipient is one member's place in a thread.
type Recipient struct {
	RowID      int64 // stable and unique on the site
	User       wpauth.UserID
	Member     wpauth.Member
	Unread     int
	SenderOnly bool // wrote first, and nobody has answered
	Deleted    bool
}

// ThreadMessage is a message in the forms BuddyPress stores: subject with backslashes
// before quotes, both filtered and with emoji as references (3.1). What was written on
// the other surface is converted.
type ThreadMessage struct {
	ID      MessageID
	Thread  ConversationID
	Sender  wpauth.UserID // 0 when erased
	Subject string
	Content string
	At      time.Time // UTC
	Starred bool      // by the viewer
	// Fields are the message's meta values by key, for the keys asked for.
	Fields map[string]string
}
