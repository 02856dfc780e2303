package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging"
	"parley/messaging/store"
	"parley/wpauth"
)

// Options say what a pass works with. DB, Store and Source are needed.
type Options struct {
	DB     *mysql.DB // Parley's tables are in it
	Store  *store.Store
	Source Source
	Scope  Scope
	// DryRun writes nothing; VerifyOnly makes the checks of the last pass once more.
	DryRun, VerifyOnly bool
	// NoTables says that Parley's tables were never made, which is enough for a dry run.
	NoTables bool
	// Remap gives rows other ids; what earlier passes were told stays.
	Remap Remap
	// Threads answers as the BuddyPress surface does, for the verification.
	Threads messaging.Threads
	// Patience is how long the database may be away before a pass gives up; 0 means
	// DefaultPatience.
	Patience time.Duration
	// Progress is told how far the pass is, from one goroutine at a time; nil: nobody.
	Progress func(Progress)
	// Say is told sentences that matter while the pass runs, maybe by several goroutines;
	// nil: nobody.
	Say func(string)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// DefaultPatience is how long a pass waits for a database that is away.
const DefaultPatience = 5 * time.Minute

// lockPatience is how long a pass waits for another one to end. The lock of a process
// that was killed is gone as soon as the server has noticed.
const lockPatience = 3 * time.Second

// run is one pass.
type run struct {
	Options
	conn      *sqlx.Conn // holds the lock; everything is written through it
	src       store.ImportSource
	inventory *Inventory
	report    *Report
	tally     *tally
	began     time.Time
	walked    time.Duration
	vanished  []store.ImportThread
	erased    Erased
}

// Run makes a pass, or what else the options ask for, and returns its report; where it
// failed on the way, what is known of it, too. ErrNotVerified says that everything was
// done and a check does not hold.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	r := &run{Options: o, tally: newTally()}
	r.began = r.now()
	r.report = &Report{Source: o.Source.Name(), DryRun: o.DryRun, VerifyOnly: o.VerifyOnly, StartedAt: r.began,
		Findings: []FindingReport{}, Conflicts: []Conflict{}, Checks: []Check{}}
	err := r.run(ctx)
	if r.conn != nil {
		_ = r.Store.UnlockImport(context.WithoutCancel(ctx), r.conn)
	}
	r.report.Seconds = r.now().Sub(r.began).Seconds()
	r.report.OK = err == nil
	return r.report, err
}

// ErrNotVerified says that a check of the verification failed.
var ErrNotVerified = errors.New("what was imported is not what the source holds: see the checks")

func (r *run) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }

func (r *run) run(ctx context.Context) error {
	r.Progress(Progress{Phase: "looking at the source"})
	var err error
	if r.inventory, err = r.Source.Inspect(ctx, r.Scope); err != nil {
		return err
	}
	r.report.Inventory = r.inventory
	if err := r.open(ctx); err != nil {
		return err
	}
	if !r.VerifyOnly {
		if err := r.conflicts(ctx); err != nil {
			return err
		}
		if len(r.report.Conflicts) > 0 && !r.DryRun {
			return &ConflictError{r.report.Conflicts}
		}
		if err := r.reserve(ctx); err != nil {
			return err
		}
		if err := r.walk(ctx); err != nil {
			return r.goOn(err)
		}
		if err := r.settle(ctx); err != nil {
			return r.goOn(err)
		}
	}
	if r.DryRun {
		r.tally.add(0, r.inventory.Findings)
		r.report.Findings = withoutZero(r.tally.report())
		return nil
	}
	return r.verify(ctx)
}

// goOn tells how to go on after a pass that broke off.
func (r *run) goOn(err error) error {
	return fmt.Errorf("%w. Every thread is either whole in Parley or not there at all; run the same command again, and it goes on", err)
}

// open finds the journal and, unless nothing is to be written, takes the lock.
func (r *run) open(ctx context.Context) error {
	if !r.DryRun && !r.VerifyOnly {
		if err := r.lock(ctx, lockPatience); err != nil {
			return err
		}
	}
	if r.NoTables {
		r.src = store.ImportSource{Name: r.Source.Name(), State: store.ImportRunning, StartedAt: r.began}
		return nil
	}
	src, found, err := r.Store.ImportSource(ctx, r.Source.Name())
	if err != nil {
		return err
	}
	if !found && r.VerifyOnly {
		return fmt.Errorf("nothing was imported from %s yet", r.Source.Name())
	}
	if !found {
		src = store.ImportSource{Name: r.Source.Name()}
	} else {
		known, err := r.Store.Remap(ctx, src.ID)
		if err != nil {
			return err
		}
		if r.Remap, err = joined(known, r.Remap); err != nil {
			return err
		}
	}
	if !r.VerifyOnly {
		src.State, src.StartedAt, src.LastThread = store.ImportRunning, r.began, 0
	}
	r.src = src
	r.erased, err = r.Store.Erased(ctx)
	return err
}

// joined is the new ids earlier passes were told and those of now.
func joined(known, more Remap) (Remap, error) {
	for kind, ids := range more {
		for from, to := range ids {
			if old, ok := known[kind][from]; ok && old != to {
				return nil, fmt.Errorf("%s %d was given the id %d before; it cannot become %d", kind, from, old, to)
			}
			if known[kind] == nil {
				known[kind] = map[int64]int64{}
			}
			known[kind][from] = to
		}
	}
	return known, nil
}

// lock takes the lock, and with it the connection to write through.
func (r *run) lock(ctx context.Context, wait time.Duration) (err error) {
	r.conn, err = r.Store.LockImport(ctx, wait)
	if errors.Is(err, store.ErrLocked) {
		return errors.New("another parley import works on these tables; wait until it has ended, or stop it, and try again")
	}
	return err
}

// walk reads the whole source, thread by thread, and writes what is new or changed.
func (r *run) walk(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	begun := time.Now()
	at := Progress{Phase: "importing", OfMessages: r.inventory.Messages, OfThreads: r.inventory.Threads}
	if r.DryRun {
		at.Phase = "looking"
	}
	r.Progress(at)
	work, wait := r.pipeline(ctx)
	defer func() { cancel(); wait() }()
	for p := range work {
		if p.err != nil {
			return p.err
		}
		if err := r.write(ctx, &p); err != nil {
			return err
		}
		r.count(&p)
		for _, t := range p.batch.Threads {
			at.Messages += int64(t.Messages)
		}
		at.Threads += int64(len(p.batch.Threads))
		r.Progress(at)
	}
	r.report.Pass.Messages = int(at.Messages)
	r.walked = time.Since(begun)
	if written := r.report.Pass.NewMessages + r.report.Pass.Added; r.walked > 0 {
		r.report.PerSecond = float64(written) / r.walked.Seconds()
	}
	return ctx.Err()
}

// count adds what became of a batch to the report.
func (r *run) count(p *prepared) {
	for i := range p.threads {
		t := &p.threads[i]
		switch t.verdict {
		case threadNew:
			r.report.Pass.New++
			r.report.Pass.NewMessages += len(t.built.Messages)
		case threadChanged:
			r.report.Pass.Changed++
			r.report.Pass.Added += t.added
		case threadKnown:
			r.report.Pass.Unchanged++
		case threadGoneHere:
			r.report.Pass.GoneHere++
		}
		switch {
		case t.verdict == threadGoneHere:
		case t.built != nil:
			r.tally.add(t.id, t.built.Findings)
			r.tally.add(t.id, t.more)
		case t.journal.Findings.Valid:
			var f Findings
			if json.Unmarshal([]byte(t.journal.Findings.String), &f) == nil {
				r.tally.add(t.id, f)
			}
		}
	}
	if r.Scope.Whole() {
		r.vanished = append(r.vanished, p.vanished...)
	}
}

// settle ends a pass: what is gone from the source goes, and the journal says so.
func (r *run) settle(ctx context.Context) error {
	if r.DryRun {
		return nil
	}
	if err := r.removeVanished(ctx); err != nil {
		return err
	}
	r.tally.add(0, r.inventory.Findings)
	r.report.Findings = withoutZero(r.tally.report())
	return r.holding(ctx, func(ctx context.Context) error {
		src := r.src
		src.State, src.FinishedAt.Time, src.FinishedAt.Valid = store.ImportComplete, r.now(), true
		src.Passes++
		text, err := json.Marshal(r.report)
		if err != nil {
			return err
		}
		src.Report.String, src.Report.Valid = string(text), true
		err = mysql.InTx(ctx, r.conn, func(tx *sqlx.Tx) error {
			if err := r.Store.SaveImportSource(ctx, tx, src); err != nil || r.report.Pass.New == 0 {
				return err
			}
			return r.tell(ctx, tx, 0, nil) // of everything that is new, once
		})
		if err == nil {
			r.src = src
		}
		return err
	})
}

// withoutZero keeps 0 from standing for a thread: findings of the whole source have none.
func withoutZero(list []FindingReport) []FindingReport {
	for i := range list {
		if t := list[i].Threads; len(t) > 0 && t[len(t)-1] == 0 && list[i].Kind != ThreadIDs {
			list[i].Threads = t[:len(t)-1]
		}
	}
	return list
}

// tell writes the event that lets running nodes forget what they knew of a conversation,
// or with 0 of everybody's mailbox. Nobody is notified of it.
func (r *run) tell(ctx context.Context, tx *sqlx.Tx, conversation int64, members []int64) error {
	payload, err := json.Marshal(messaging.Imported{Members: userIDs(members)})
	if err != nil {
		return err
	}
	return r.Store.AppendEvents(ctx, tx, r.now(), []store.Event{{Kind: string(messaging.EventImported), Conversation: conversation, Payload: payload}})
}

// beyond is above every thread id.
const beyond = math.MaxInt64

func userIDs(ids []int64) []wpauth.UserID {
	out := make([]wpauth.UserID, len(ids))
	for i, id := range ids {
		out[i] = wpauth.UserID(id)
	}
	return out
}
