package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
)

// ExportOptions say what a way back works with. DB, Store and Prefix are needed.
type ExportOptions struct {
	DB    *mysql.DB // Parley's tables and BuddyPress's are in it
	Store *store.Store
	// Prefix is that of BuddyPress's tables: {prefix}bp_messages_….
	Prefix string
	// Users is the quoted name of a table of WordPress, whose character set tables get
	// that have to be made.
	Users string
	// Write writes; without it the export only looks.
	Write bool
	// Progress is told how far it is; nil: nobody.
	Progress func(Progress)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// ExportReport is what a way back came to, or without Write would come to.
type ExportReport struct {
	Source  string  `json:"target"`
	Written bool    `json:"written"`
	Seconds float64 `json:"seconds"`
	// Tables had to be made.
	Tables  []string      `json:"tables_made"`
	Threads ExportThreads `json:"threads"`
	Rows    ExportRows    `json:"rows"`
	LeftOut ExportLeftOut `json:"left_out"`
	// Conflicts are threads of which nothing was written.
	Conflicts []ExportConflict `json:"conflicts"`
	Notes     []string         `json:"notes"`
	OK        bool             `json:"ok"`
}

// ExportThreads counts threads by what became of them.
type ExportThreads struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"` // members removed them in Parley
	Refused   int `json:"refused"`
}

// ExportRows counts rows of BuddyPress's tables.
type ExportRows struct {
	Messages          int `json:"messages_new"`
	Erased            int `json:"messages_erased"` // their sender is nobody now
	Recipients        int `json:"recipients_new"`
	RecipientsChanged int `json:"recipients_changed"`
	RecipientsRemoved int `json:"recipients_removed"`
	Stars             int `json:"stars_new"`
	StarsRemoved      int `json:"stars_removed"`
	Fields            int `json:"fields_new"`
	FieldsRemoved     int `json:"fields_removed"`
}

func (r *ExportRows) add(o ExportRows) {
	r.Messages += o.Messages
	r.Erased += o.Erased
	r.Recipients += o.Recipients
	r.RecipientsChanged += o.RecipientsChanged
	r.RecipientsRemoved += o.RecipientsRemoved
	r.Stars += o.Stars
	r.StarsRemoved += o.StarsRemoved
	r.Fields += o.Fields
	r.FieldsRemoved += o.FieldsRemoved
}

// ExportLeftOut counts what BuddyPress has no place for.
type ExportLeftOut struct {
	Empty    int `json:"conversations_without_messages"`
	Notices  int `json:"notices"`
	Archived int `json:"archived"`
	Muted    int `json:"muted"`
	Blocked  int `json:"blocked"`
	Left     int `json:"members_who_left"`
}

func (l *ExportLeftOut) add(o ExportLeftOut) {
	l.Empty += o.Empty
	l.Notices += o.Notices
	l.Archived += o.Archived
	l.Muted += o.Muted
	l.Blocked += o.Blocked
	l.Left += o.Left
}

// ExportConflict is a thread that was not written, and why: sentences that name rows.
type ExportConflict struct {
	Thread       int64    `json:"thread"`
	Conversation int64    `json:"conversation"`
	Rows         []string `json:"rows"`
}

// ErrRefused says that threads were not written because rows are in the way.
var ErrRefused = errors.New("some threads were not written: see the conflicts")

const (
	// exportedPerWrite is how many threads one transaction writes.
	exportedPerWrite = 50
	// conflictsKept and rowsNamed bound the report.
	conflictsKept = 1000
	rowsNamed     = 5
)

// export is one way back.
type export struct {
	ExportOptions
	report  *ExportReport
	conn    *sqlx.Conn // holds the lock
	mode    string     // conn's sql_mode as it was
	target  *BuddyPress
	journal store.ImportSource // ID 0: there is none yet
	from    map[string]map[int64]int64
}

// ExportBuddyPress brings what is new and changed in Parley back into BuddyPress's
// tables, so that its plugin goes on as if it had never been away. Nothing is written of
// a thread whose rows there are neither those that were imported nor those an earlier
// export left. Every thread is written whole or not at all, with Parley's journal: an
// import afterwards finds nothing new, and the same export again does nothing.
func ExportBuddyPress(ctx context.Context, o ExportOptions) (*ExportReport, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if err := CheckPrefix(o.Prefix); err != nil {
		return nil, err
	}
	e := &export{ExportOptions: o, target: NewBuddyPress(o.DB.DB, o.Prefix, nil)}
	e.report = &ExportReport{Source: e.target.Name(), Written: o.Write, Tables: []string{}, Conflicts: []ExportConflict{}, Notes: []string{}}
	begun := time.Now()
	err := e.run(ctx)
	if e.conn != nil {
		e.close(context.WithoutCancel(ctx))
	}
	e.report.Seconds = time.Since(begun).Seconds()
	if err == nil && e.report.Threads.Refused > 0 {
		err = ErrRefused
	}
	e.report.OK = err == nil
	return e.report, err
}

func (e *export) run(ctx context.Context) error {
	if e.Write {
		var err error
		if e.conn, err = e.Store.LockImport(ctx, lockPatience); errors.Is(err, store.ErrLocked) {
			return errors.New("another parley import or export works on these tables; wait until it has ended, or stop it, and try again")
		} else if err != nil {
			return err
		}
		// As WordPress has it, zero dates are taken; unlike there, nothing is shortened
		// in silence.
		if err := e.conn.GetContext(ctx, &e.mode, `SELECT @@SESSION.sql_mode`); err != nil {
			return err
		}
		if _, err := e.conn.ExecContext(ctx, `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'`); err != nil {
			return err
		}
	}
	var err error
	if e.journal, _, err = e.Store.ImportSource(ctx, e.target.Name()); err != nil {
		return err
	}
	if e.journal.State == store.ImportRunning {
		return errors.New("an import of these tables has begun and not come to its end: run it to its end first (parley import buddypress), so that it is known which rows are whose")
	}
	if e.from, err = e.Store.Remapped(ctx, e.journal.ID); err != nil {
		return err
	}
	if err := e.tables(ctx); err != nil {
		return err
	}
	if err := e.walk(ctx); err != nil {
		return e.goOn(err)
	}
	if err := e.removed(ctx); err != nil {
		return e.goOn(err)
	}
	if e.Write {
		return e.goOn(e.raise(ctx))
	}
	return nil
}

// goOn tells how to go on after an export that broke off.
func (e *export) goOn(err error) error {
	if err == nil || !e.Write {
		return err
	}
	return fmt.Errorf("%w. Every thread is either whole in BuddyPress's tables or as it was; run the same command again, and it goes on", explainFailure(err))
}

// close gives the connection back without what was set on it.
func (e *export) close(ctx context.Context) {
	_, _ = e.conn.ExecContext(ctx, `SET SESSION sql_mode = ?`, e.mode)
	_ = e.Store.UnlockImport(ctx, e.conn)
}

// source is the journal, which is begun with the first thing that is written in it.
func (e *export) source(ctx context.Context) error {
	if e.journal.ID != 0 {
		return nil
	}
	return mysql.InTx(ctx, e.conn, func(tx *sqlx.Tx) (err error) {
		e.journal, err = e.Store.BeginExportJournal(ctx, tx, e.target.Name(), e.Now().UTC().Truncate(time.Microsecond))
		return err
	})
}

// walk goes through all conversations, some at a time.
func (e *export) walk(ctx context.Context) error {
	total, err := e.Store.MessageTotal(ctx)
	if err != nil {
		return err
	}
	at := Progress{Phase: "exporting", OfMessages: total}
	if !e.Write {
		at.Phase = "looking"
	}
	for after := int64(0); ; {
		e.Progress(at)
		ids, messages, err := e.Store.ConversationIDs(ctx, after, threadsPerRead)
		if err != nil || len(ids) == 0 {
			return err
		}
		n, read := 0, int64(0)
		for n < len(ids) && (n == 0 || read+messages[n] <= messagesPerRead) {
			read += messages[n]
			n++
		}
		if err := e.batch(ctx, ids[:n]); err != nil {
			return err
		}
		after = ids[n-1]
		at.Threads += int64(n)
		at.Messages += read
	}
}

// batch compares some conversations with what BuddyPress's tables hold, and writes those
// that differ.
func (e *export) batch(ctx context.Context, ids []int64) error {
	var plans []*exportPlan
	err := e.reading(ctx, func(tx *sqlx.Tx) (err error) {
		plans, err = e.plans(ctx, tx, ids, false)
		return err
	})
	if err != nil {
		return err
	}
	var todo []int64
	for _, p := range plans {
		switch {
		case !p.differs() && len(p.conflicts) == 0:
			e.count(p)
		case !e.Write:
			e.count(p)
		default:
			todo = append(todo, p.x.ID)
		}
	}
	for len(todo) > 0 {
		n := min(len(todo), exportedPerWrite)
		if err := e.writeGroup(ctx, todo[:n]); err != nil {
			return err
		}
		todo = todo[n:]
	}
	return nil
}

// reading runs f in a transaction that sees everything at one moment.
func (e *export) reading(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := e.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return f(tx)
}

// count adds a thread to the report, once it is known what becomes of it.
func (e *export) count(p *exportPlan) {
	t := &e.report.Threads
	switch {
	case len(p.conflicts) > 0:
		e.refuse(p.thread, p.x.ID, p.conflicts)
		return
	case p.empty:
	case p.fresh:
		t.New++
	case p.rows != (ExportRows{}):
		t.Changed++
	default:
		t.Unchanged++
	}
	e.report.Rows.add(p.rows)
	e.report.LeftOut.add(p.leftOut)
}

func (e *export) refuse(thread, conversation int64, rows []string) {
	e.report.Threads.Refused++
	if len(e.report.Conflicts) < conflictsKept {
		if more := len(rows) - rowsNamed; more > 0 {
			rows = append(rows[:rowsNamed:rowsNamed], fmt.Sprintf("and %d more", more))
		}
		e.report.Conflicts = append(e.report.Conflicts, ExportConflict{thread, conversation, rows})
	}
}

// fatal reports whether an error is not about one thread.
func fatal(ctx context.Context, err error) bool {
	return ctx.Err() != nil || away(ctx, err) || mysql.IsDenied(err) || mysql.IsNoTable(err) || mysql.IsFull(err)
}

// writeGroup writes some threads with one transaction; when it fails for what is in them,
// each with its own, so that the one at fault is known.
func (e *export) writeGroup(ctx context.Context, ids []int64) error {
	if err := e.source(ctx); err != nil {
		return err
	}
	var plans []*exportPlan
	err := mysql.InTx(ctx, e.conn, func(tx *sqlx.Tx) (err error) {
		if plans, err = e.plans(ctx, tx, ids, true); err != nil {
			return err
		}
		return e.apply(ctx, tx, plans)
	})
	switch {
	case err == nil:
		for _, p := range plans {
			e.count(p)
		}
		return nil
	case mysql.IsDenied(err):
		return e.denied(ctx, err)
	case fatal(ctx, err):
		return err
	case len(ids) == 1:
		e.refuse(e.threadOf(plans, ids[0]), ids[0], []string{"the database does not take it: " + err.Error()})
		return nil
	}
	for _, id := range ids {
		if err := e.writeGroup(ctx, []int64{id}); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) threadOf(plans []*exportPlan, conversation int64) int64 {
	for _, p := range plans {
		if p.x.ID == conversation {
			return p.thread
		}
	}
	return conversation
}

// denied says which right is missing.
func (e *export) denied(ctx context.Context, err error) error {
	return fmt.Errorf("%w (the database user needs the right to write: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER ON %sbp_messages_… TO …)",
		denied(ctx, e.DB.DB, e.Prefix+"bp_messages_messages", err), e.Prefix)
}
