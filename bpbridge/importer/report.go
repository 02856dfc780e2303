package importer

import (
	"time"
)

// Report is what a pass came to; the commands print it.
type Report struct {
	Source     string    `json:"source"`
	DryRun     bool      `json:"dry_run"`
	VerifyOnly bool      `json:"verify_only"`
	StartedAt  time.Time `json:"started_at"`
	Seconds    float64   `json:"seconds"`
	// PerSecond is how many messages were written a second, of the time the walk took.
	PerSecond float64    `json:"messages_per_second"`
	Inventory *Inventory `json:"source_holds"`
	Pass      Pass       `json:"this_pass"`
	// Ids are the ranges that are, or with DryRun would be, kept for the source.
	Ids Ranges `json:"ids"`
	// Findings are those of everything that was imported, of this pass and of earlier ones.
	Findings []FindingReport `json:"findings"`
	// Conflicts are ids of the source that are taken here; nothing is written then.
	Conflicts []Conflict `json:"conflicts"`
	// Checks are those of the verification; empty where none was made.
	Checks []Check `json:"checks"`
	OK     bool    `json:"ok"`
}

// Pass counts what was done with threads and messages.
type Pass struct {
	New         int `json:"threads_new"`
	NewMessages int `json:"messages_new"`
	Changed     int `json:"threads_changed"`
	Added       int `json:"messages_added_to_them"`
	Unchanged   int `json:"threads_unchanged"`
	// GoneHere were removed in Parley and are not brought again; Removed are gone from
	// the source and were removed here, Kept too but somebody had touched them.
	GoneHere int `json:"threads_removed_in_parley"`
	Removed  int `json:"threads_removed_with_the_source"`
	Kept     int `json:"threads_kept_without_the_source"`
	Messages int `json:"messages_read"`
}

// Ranges say up to which ids belong to the source, and where Parley's own begin.
type Ranges struct {
	Thread    Range `json:"thread"`
	Message   Range `json:"message"`
	Recipient Range `json:"recipient"`
}

// Range is one of Ranges.
type Range struct {
	Highest int64 `json:"highest_in_source"`
	Kept    int64 `json:"kept_for_source_up_to"`
	Own     int64 `json:"next_of_parley"`
}

// FindingReport tells how often a finding was made, and of the first threads.
type FindingReport struct {
	Kind    Finding `json:"kind"`
	Count   int     `json:"count"`
	Threads []int64 `json:"threads,omitempty"`
}

// Conflict is an id that cannot be kept.
type Conflict struct {
	Kind string `json:"kind"` // thread, message, recipient
	ID   int64  `json:"id"`
}

// Progress tells how far a pass is.
type Progress struct {
	// Phase says what is being done, as a few words for people.
	Phase string
	// Messages and Threads are done; OfMessages and OfThreads all there are, 0 when unknown.
	Messages, OfMessages int64
	Threads, OfThreads   int64
}

// exampleThreads bounds FindingReport.Threads.
const exampleThreads = 10

// tally gathers findings and their first threads.
type tally struct {
	counts   Findings
	examples map[Finding][]int64
}

func newTally() *tally { return &tally{Findings{}, map[Finding][]int64{}} }

func (t *tally) add(thread int64, f Findings) {
	for kind, n := range f {
		t.counts.Add(kind, n)
		if n != 0 && len(t.examples[kind]) < exampleThreads {
			t.examples[kind] = append(t.examples[kind], thread)
		}
	}
}

// report lists what was found, in the order of findings.
func (t *tally) report() []FindingReport {
	out := []FindingReport{}
	for _, kind := range findings {
		if n := t.counts[kind]; n != 0 {
			out = append(out, FindingReport{Kind: kind, Count: n, Threads: t.examples[kind]})
		}
	}
	return out
}

// findings are all kinds, in the order reports have them.
var findings = []Finding{DuplicateRows, LeftSenders, NoRecipients, ThreadIDs, ThreadsAgain, MessageIDs, RowsWithoutThread, DatesReplaced,
	StarsDropped, BytesReplaced, TextsConverted, TextsShortened, UnreadBelowZero, ForeignUsers, MissingUsers, PairsMerged,
	NoConversationRow, ErasedSenders, EmptySeats, WrongType}

// Explain is a sentence about a finding for the site owner.
func (f Finding) Explain() string { return explanations[f] }

var explanations = map[Finding]string{
	DuplicateRows:     "recipient rows of a member who has another one in the same thread; merged",
	LeftSenders:       "people who wrote in a thread they have no row in; kept as members who left",
	NoRecipients:      "threads nobody has a row in; only oversight can open them",
	ThreadIDs:         "threads with id 0 or below; they have an id of Parley's",
	ThreadsAgain:      "threads whose id had belonged to another one that is kept; they have an id of Parley's",
	MessageIDs:        "messages with id 0 or below; left out",
	RowsWithoutThread: "recipient rows of threads without messages; left out",
	DatesReplaced:     "messages without a date; they have that of their neighbour",
	StarsDropped:      "stars of people who have no row in the thread; left out",
	BytesReplaced:     "texts with bytes that are no text; each is shown as U+FFFD",
	TextsConverted:    "texts that were stored as latin1; converted",
	TextsShortened:    "texts longer than Parley keeps; shortened",
	UnreadBelowZero:   "recipient rows with less than no unread message; taken as 0",
	ForeignUsers:      "rows of a user id 0 or below; nobody's",
	MissingUsers:      "people whose account is gone; their id is kept",
	NoConversationRow: "conversations that have messages and no row of their own; made of the messages",
	ErasedSenders:     "messages of people whose account is gone; they are a deleted user's",
	EmptySeats:        "direct conversations whose other side is gone; a deleted user has the seat",
	WrongType:         "direct conversations of more than two; groups here",
	PairsMerged:       "direct conversations of two people who had another one; put together",
}
