// Package history is what clients of Parley saw and did, and what was left in the end,
// written down so that it can be judged afterwards: Check says what of it must not be.
//
// It knows Parley only by its promises (docs/realtime.md). Membership, order and who may
// be told what are worked out here anew, from the tables and from what the clients
// know, not with Parley's own code.
package history

import "time"

// History is one run.
type History struct {
	// Seed is the number the run was planned with.
	Seed uint64 `json:"seed"`
	// Faults are what was done to the site meanwhile, in words.
	Faults []string `json:"faults"`
	// Ops are what members asked for.
	Ops []Op `json:"ops"`
	// Streams are what devices were told.
	Streams []*Stream `json:"streams"`
	// Conversations, Messages and Events are the tables in the end.
	Conversations []Conversation `json:"conversations"`
	Messages      []Message      `json:"messages"`
	Events        []Event        `json:"events"`
	// Threads are the conversations as members could read them in the end.
	Threads []Thread `json:"threads"`
}

// Kind is what a member asked for.
type Kind string

// The kinds.
const (
	Start   Kind = "start"   // a new conversation, with its first message
	Send    Kind = "send"    // a message
	Read    Kind = "read"    // everything is read
	Page    Kind = "page"    // the newest messages, please
	Leave   Kind = "leave"   // a group
	Block   Kind = "block"   // the other one of a direct conversation
	Unblock Kind = "unblock" // the same, taken back
	Typing  Kind = "typing"  // on a stream
)

// Outcome is what a member knows of an op.
type Outcome string

// The outcomes.
const (
	// Unknown: no answer that tells. It may have happened, or may happen yet.
	Unknown Outcome = "unknown"
	// Acknowledged: the answer says it is done.
	Acknowledged Outcome = "acknowledged"
	// Refused: the answer to the last attempt says it must not be.
	Refused Outcome = "refused"
)

// Op is one thing a member asked for, from the first attempt to the last answer.
// Moments are measured from the beginning of the run, by one clock.
type Op struct {
	Kind         Kind          `json:"kind"`
	Member       int64         `json:"member"`
	Conversation int64         `json:"conversation,omitempty"`
	Others       []int64       `json:"others,omitempty"` // Start: who shall take part besides the member
	ClientID     string        `json:"client_id,omitempty"`
	Text         string        `json:"text,omitempty"`
	Invoked      time.Duration `json:"invoked"`
	Returned     time.Duration `json:"returned,omitempty"` // 0: never
	Outcome      Outcome       `json:"outcome"`
	Attempts     int           `json:"attempts"`
	Status       int           `json:"status,omitempty"` // of the last answer
	// Message and Seq are what the acknowledgement said.
	Message int64 `json:"message,omitempty"`
	Seq     int64 `json:"seq,omitempty"`
	// Seen is the newest place of the conversation the member knew when they asked.
	Seen int64 `json:"seen,omitempty"`
	// Answer is what Page answered, in order.
	Answer []Line `json:"answer,omitempty"`
}

// Line is a message as REST shows it.
type Line struct {
	Message int64  `json:"message"`
	Sender  int64  `json:"sender"`
	Text    string `json:"text"`
}

// EntryKind is what a stream's entry is.
type EntryKind string

// The kinds of entries.
const (
	Opened EntryKind = "opened" // hello; Position is where it begins
	Told   EntryKind = "told"   // a stored frame
	Stands EntryKind = "stands" // a position without an event
	Reset  EntryKind = "reset"  // everything was loaded anew; Position is where it goes on
	Hint   EntryKind = "hint"   // a frame that is not stored
	Closed EntryKind = "closed" // the connection ended; Reason says why
)

// Entry is one thing a device was told, or that happened to its connection.
type Entry struct {
	Kind         EntryKind     `json:"kind"`
	At           time.Duration `json:"at"`
	Type         string        `json:"type,omitempty"` // of the frame
	Position     int64         `json:"position,omitempty"`
	Conversation int64         `json:"conversation,omitempty"`
	Member       int64         `json:"member,omitempty"`
	Seq          int64         `json:"seq,omitempty"`
	Message      int64         `json:"message,omitempty"`
	Sender       int64         `json:"sender,omitempty"`
	Text         string        `json:"text,omitempty"`
	Reason       string        `json:"reason,omitempty"`
	// Members are those a presence frame names.
	Members []int64 `json:"members,omitempty"`
}

// Stream is one device of a member, over all its connections.
type Stream struct {
	Name    string  `json:"name"`
	Member  int64   `json:"member"`
	Entries []Entry `json:"entries"`
}

// Conversation is a row, with its members.
type Conversation struct {
	ID      int64  `json:"id"`
	Direct  bool   `json:"direct"`
	LastSeq int64  `json:"last_seq"`
	Creator int64  `json:"creator"`
	Members []Seat `json:"members"`
}

// Seat is a member's row in a conversation.
type Seat struct {
	Member  int64 `json:"member"`
	LeftSeq int64 `json:"left_seq,omitempty"` // the last place they may see; 0: still there
	ReadSeq int64 `json:"read_seq"`
}

// Message is a row.
type Message struct {
	ID           int64  `json:"id"`
	Conversation int64  `json:"conversation"`
	Seq          int64  `json:"seq"`
	Sender       int64  `json:"sender"`
	Notice       bool   `json:"notice,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	Text         string `json:"text"`
}

// Event is a row of the log. Kinds are those of the table.
type Event struct {
	Position     int64  `json:"position"`
	Kind         string `json:"kind"`
	Conversation int64  `json:"conversation"`
	Message      int64  `json:"message,omitempty"`
	Actor        int64  `json:"actor"`
	Seq          int64  `json:"seq,omitempty"`
	Value        bool   `json:"value,omitempty"`
}

// Thread is a conversation as one member could read it in the end, oldest first.
type Thread struct {
	Member       int64  `json:"member"`
	Conversation int64  `json:"conversation"`
	Lines        []Line `json:"lines"`
}
