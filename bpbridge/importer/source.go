// Package importer moves conversations of other messaging software into Parley, in
// passes that may be repeated and interrupted (BuddyPress contract, section 4).
//
// A Source reads; the Runner decides what is new, changed or known, writes whole threads
// with their journal, and verifies. Statements on Parley's tables are messaging/store's.
package importer

import (
	"context"
	"time"

	"parley/messaging"
	"parley/messaging/store"
)

// Source is where conversations come from. Nothing is ever written to it.
type Source interface {
	// Name is what the journal knows the source by: its kind and its tables.
	Name() string
	// Inspect looks at the tables and counts what there is. An error is a sentence for
	// the site owner: a table or a column that is missing, a right that is.
	Inspect(ctx context.Context, scope Scope) (*Inventory, error)
	// Read returns the next threads above an id, by ascending id: whole threads, each as
	// of one moment.
	Read(ctx context.Context, scope Scope, after int64) (Batch, error)
	// Existing returns which of some ids of a kind (thread, message, recipient) the source
	// has in a scope.
	Existing(ctx context.Context, scope Scope, kind string, ids []int64) ([]int64, error)
	// Verify compares what was imported with the source and returns its checks.
	Verify(ctx context.Context, v *Verification) ([]Check, error)
}

// Scope is the part of a source a pass is about. The zero value is everything.
type Scope struct {
	// Since selects threads with a message written at or after it; zero: all.
	Since time.Time
	// Threads selects these alone; nil: all.
	Threads []int64
}

// Whole reports whether nothing is left out.
func (s Scope) Whole() bool { return s.Since.IsZero() && s.Threads == nil }

// Batch is some threads of a source.
type Batch struct {
	Threads []SourceThread
	// Last is the highest thread id that was looked at. Done tells that none follow.
	Last int64
	Done bool
}

// SourceThread is one thread as it was read.
type SourceThread struct {
	ID       int64
	Messages int
	// Fingerprint is 16 bytes that change with anything an import takes over.
	Fingerprint []byte
	// Build makes the conversation. It is called once at most, by any goroutine, and not
	// at all for a thread that did not change.
	Build func() *Thread
}

// Thread is a thread as Parley is to hold it. Ids are the source's own: the Runner puts
// others in where an operator asked for it, and gives ids to what has none (a
// conversation with id 0, people with row id 0). It fills Threads and the pair's place.
type Thread struct {
	store.BulkConversation
	// Pair are the two members who may have the conversation as their one direct one;
	// zeros where nobody can.
	Pair [2]int64
	// Also are further threads of the source this one was put together with.
	Also []int64
	// ByID orders messages by their ids alone; else by date and then id.
	ByID bool
	// Findings counts what was odd.
	Findings Findings
}

// Kinds of ids, as conflicts and tables of other ids name them.
const (
	KindThread    = "thread"
	KindMessage   = "message"
	KindRecipient = "recipient"
)

// Findings counts what is odd in a thread, or in a whole source, by kind.
type Findings map[Finding]int

// Finding is a kind of oddity (rules 6 to 10).
type Finding string

// The findings. Their names are in the JSON report and in the journal.
const (
	DuplicateRows     Finding = "duplicate_recipient_rows"   // merged into one participant
	LeftSenders       Finding = "senders_without_a_row"      // participants who left
	NoRecipients      Finding = "threads_without_recipients" // for oversight only
	ThreadIDs         Finding = "thread_ids_not_above_zero"  // given an id of Parley's
	DatesReplaced     Finding = "dates_replaced"             // zero or no date
	StarsDropped      Finding = "stars_dropped"              // of somebody without a row
	BytesReplaced     Finding = "texts_with_invalid_bytes"
	TextsConverted    Finding = "texts_converted_from_latin1"
	TextsShortened    Finding = "texts_shortened"
	ForeignUsers      Finding = "user_ids_not_above_zero"
	PairsMerged       Finding = "direct_conversations_merged"
	RowsWithoutThread Finding = "recipient_rows_without_messages" // skipped
	ThreadsAgain      Finding = "thread_ids_used_again"           // given an id of Parley's
	UnreadBelowZero   Finding = "unread_counts_below_zero"
	MessageIDs        Finding = "message_ids_not_above_zero" // skipped
	MissingUsers      Finding = "missing_users"              // keep their id
)

// Add counts.
func (f Findings) Add(kind Finding, n int) {
	if n != 0 {
		f[kind] += n
	}
}

// AddAll counts what another counted.
func (f Findings) AddAll(other Findings) {
	for kind, n := range other {
		f.Add(kind, n)
	}
}

// Inventory is what a source holds.
type Inventory struct {
	Threads    int64 `json:"threads"`
	Messages   int64 `json:"messages"`
	Recipients int64 `json:"recipient_rows"`
	Stars      int64 `json:"stars"`
	// The id ranges: of the whole source, whatever the scope. MaxNotified is the highest
	// message a notification tells of.
	MaxThread    int64 `json:"highest_thread_id"`
	MaxMessage   int64 `json:"highest_message_id"`
	MaxRecipient int64 `json:"highest_recipient_id"`
	MaxNotified  int64 `json:"highest_notified_message_id"`
	// MadeThreads and MadeRows are how many ids of Parley's own are needed.
	MadeThreads int64 `json:"ids_for_threads_without_one"`
	MadeRows    int64 `json:"ids_for_people_without_a_row"`
	// Findings are those only the whole source shows.
	Findings Findings `json:"findings"`
	// Notes are sentences about the tables: charsets, engines, what is missing.
	Notes []string `json:"notes"`
}

// Check is the outcome of one check of a verification.
type Check struct {
	Name string `json:"name"` // V1 to V10
	What string `json:"what"`
	OK   bool   `json:"ok"`
	// Source and Parley are what was compared, where it is a number.
	Source string `json:"source,omitempty"`
	Parley string `json:"parley,omitempty"`
	// Rows name what differs, the first few.
	Rows []string `json:"rows,omitempty"`
	// Note tells what was left out of the comparison.
	Note string `json:"note,omitempty"`

	differences []difference
}

// Verification is what a Source's checks work with.
type Verification struct {
	Store   *store.Store
	Journal store.ImportSource
	Scope   Scope
	// Threads answers as the BuddyPress surface does; nil leaves its check out.
	Threads messaging.Threads
	// Newest was the highest message id of the source when the pass began: what is above
	// came later. 0: unknown.
	Newest int64

	erased           Erased
	moving, suspects map[int64]bool
}
