package messaging

import (
	"encoding/json"
	"time"

	"parley/wpauth"
)

// EventKind names what happened. Kinds are append-only: events outlive releases.
type EventKind string

// The kinds. Payloads are the structs named beside them, as JSON.
const (
	EventConversationCreated EventKind = "conversation_created" // ConversationCreated
	EventMessageSent         EventKind = "message_sent"         // MessageSent
	EventConversationRead    EventKind = "conversation_read"    // ReadMoved
	EventMuted               EventKind = "conversation_muted"   // SettingChanged
	EventArchived            EventKind = "conversation_archived"
	EventBlocked             EventKind = "conversation_blocked" // BlockChanged
	EventLeft                EventKind = "conversation_left"    // MemberLeft
	EventRenamed             EventKind = "conversation_renamed" // Renamed
	EventReported            EventKind = "conversation_reported"
	EventMarkedUnread        EventKind = "conversation_unread"  // none; the actor is whose mailbox it is
	EventDeleted             EventKind = "conversation_deleted" // none; deleted by or for the actor alone
	EventPurged              EventKind = "conversation_purged"  // Purged
	EventErased              EventKind = "conversation_erased"  // Erased
	// EventImported tells that an import changed a conversation, or with conversation 0
	// that it brought many. It is for caches: nobody is notified of old messages.
	EventImported EventKind = "conversation_imported" // Imported
	// EventsGone stands for everything up to its position: it was let go
	// (Options.KeepEvents), and who reads from before it has missed it.
	EventsGone EventKind = "pruned"
	// EventPreferencesChanged tells that its actor changed what others are told of them.
	// It belongs to no conversation.
	EventPreferencesChanged EventKind = "preferences_changed" // PreferencesChanged
)

// Event is one committed change. Position orders all events of the site.
type Event struct {
	Position     int64
	Kind         EventKind
	Conversation ConversationID
	Message      MessageID // 0 = none
	Actor        wpauth.UserID
	At           time.Time
	Payload      json.RawMessage
}

// ConversationCreated is the payload of EventConversationCreated.
type ConversationCreated struct {
	Type         string          `json:"type"`
	Participants []wpauth.UserID `json:"participants"`
}

// MessageSent is the payload of EventMessageSent. Recipients are the active
// members but the sender; Notified those who got or kept a bell row; Push those
// of them who may also be pushed or mailed (contract 3.7). It never holds text.
type MessageSent struct {
	Seq        int64           `json:"seq"`
	Recipients []wpauth.UserID `json:"recipients"`
	Notified   []wpauth.UserID `json:"notified,omitempty"`
	Push       []wpauth.UserID `json:"push,omitempty"`
	System     bool            `json:"system,omitempty"`
}

// ReadMoved is the payload of EventConversationRead.
type ReadMoved struct {
	Seq int64 `json:"seq"`
}

// SettingChanged is the payload of EventMuted and EventArchived.
type SettingChanged struct {
	Value bool `json:"value"`
}

// BlockChanged is the payload of EventBlocked.
type BlockChanged struct {
	Other wpauth.UserID `json:"other"`
	Value bool          `json:"value"`
	// Blocker is set when an administrator took the block away: whose it was.
	Blocker wpauth.UserID `json:"blocker,omitempty"`
}

// MemberLeft is the payload of EventLeft.
type MemberLeft struct {
	Seq     int64           `json:"seq"`
	Members []wpauth.UserID `json:"members"`
}

// Renamed is the payload of EventRenamed. It does not hold the title: events outlive
// a purge, and what people wrote must not.
type Renamed struct {
	Members []wpauth.UserID `json:"members"`
}

// Purged is the payload of EventPurged.
type Purged struct {
	Members []wpauth.UserID `json:"members"`
	By      wpauth.UserID   `json:"by"`
}

// Erased is the payload of EventErased: somebody's name was taken off everything in the
// conversation, and they are no longer in it. Members are all who were.
type Erased struct {
	Members []wpauth.UserID `json:"members"`
}

// Imported is the payload of EventImported.
type Imported struct {
	Members []wpauth.UserID `json:"members"`
}

// PreferencesChanged is the payload of EventPreferencesChanged: all of the member's own
// choices, the owner's not considered.
type PreferencesChanged struct {
	Presence bool `json:"presence"`
	Receipts bool `json:"receipts"`
	Typing   bool `json:"typing"`
}

// Reported is the payload of EventReported. It is for moderators: nothing of it may
// reach the people of the conversation.
type Reported struct {
	Report int64 `json:"report"`
}
