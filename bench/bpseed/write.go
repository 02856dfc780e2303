package bpseed

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// Write makes BuddyPress's tables anew and fills them. A million messages take about
// 150 MiB of memory and half a minute.
func Write(ctx context.Context, db *sqlx.DB, o Options) (Summary, error) {
	if err := o.fill(); err != nil {
		return Summary{}, err
	}
	// One connection: the checks that are put off hold for it alone.
	conn, err := db.Connx(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer conn.Close()
	// Zero dates are what some old rows hold.
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_mode = ''"); err != nil {
		return Summary{}, err
	}
	if err := makeTables(ctx, conn, o.Prefix); err != nil {
		return Summary{}, err
	}
	w := newWorld(ctx, conn, o)
	if o.Accounts {
		if err := w.accounts(); err != nil {
			return Summary{}, err
		}
	}
	w.begin()
	for _, e := range w.schedule() {
		w.happen(e)
		if w.messages.err != nil {
			break
		}
	}
	w.finish()
	for _, b := range []*batch{w.messages, w.recipients, w.meta, w.notifications} {
		b.flush()
		if b.err != nil {
			return Summary{}, fmt.Errorf("bpseed: writing rows: %w", b.err)
		}
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("ANALYZE TABLE %[1]sbp_messages_messages, %[1]sbp_messages_recipients, %[1]sbp_messages_meta, %[1]sbp_notifications", o.Prefix)); err != nil {
		return Summary{}, err
	}
	w.sum.Messages, w.sum.Recipients, w.sum.Meta, w.sum.Notifications = w.messages.total, w.recipients.total, w.meta.total, w.notifications.total
	return w.sum, nil
}

// world is the community while it talks.
type world struct {
	Options
	ctx  context.Context
	conn *sqlx.Conn
	rnd  *rand.Rand
	text *author
	sum  Summary

	messages, recipients, meta, notifications *batch

	threads []thread
	rowID   int64 // of recipients
	id      int64 // of messages
}

// thread is one conversation and the state of the people in it.
type thread struct {
	subject string
	people  []recipient // in the order of their rows
	creator int64
	begun   bool
	count   int
	odd     oddity
}

type recipient struct {
	user                int64
	unread              int
	senderOnly, deleted bool
	left                bool // the row is gone, the messages stay
}

type oddity uint8

const (
	ordinary oddity = iota
	duplicated
	withoutRecipients
	withoutMessages
	zeroDate
	foreignStar
)

// event is one message: of a thread, at a moment.
type event struct {
	at     int64 // unix seconds
	thread int32
}

func newWorld(ctx context.Context, conn *sqlx.Conn, o Options) *world {
	rnd := rand.New(rand.NewPCG(o.Seed, 0x9a71e4))
	p := o.Prefix + "bp_"
	return &world{Options: o, ctx: ctx, conn: conn, rnd: rnd, text: newAuthor(rnd),
		messages:      newBatch(ctx, conn, p+"messages_messages", "id,thread_id,sender_id,subject,message,date_sent"),
		recipients:    newBatch(ctx, conn, p+"messages_recipients", "id,user_id,thread_id,unread_count,sender_only,is_deleted"),
		meta:          newBatch(ctx, conn, p+"messages_meta", "message_id,meta_key,meta_value"),
		notifications: newBatch(ctx, conn, p+"notifications", "user_id,item_id,secondary_item_id,component_name,component_action,date_notified,is_new"),
	}
}

// accounts writes the members' rows, but for those whose account is gone.
func (w *world) accounts() error {
	b := newBatch(w.ctx, w.conn, w.Prefix+"users", "ID,user_login,user_pass,user_nicename,user_email,display_name,user_registered")
	b.head = "INSERT IGNORE" + b.head[len("INSERT"):]
	for i := range int64(w.Members) {
		id := w.FirstMember + i
		if i%200 == 199 {
			continue
		}
		login := fmt.Sprintf("member%d", id)
		b.row(id, login, "!", login, login+"@example.test", fmt.Sprintf("Member %d", id), stamp(w.Begin.Unix()))
	}
	b.flush()
	return b.err
}

// begin decides how long each thread gets and who is in it. Lengths follow a power
// law: the median is a few messages, the longest thread has one or two in a hundred of
// all.
func (w *world) begin() {
	w.threads = make([]thread, w.Threads)
	weights, sum := make([]float64, w.Threads), 0.0
	for i := range weights {
		weights[i] = math.Min(math.Pow(1-w.rnd.Float64(), -1/1.25), float64(w.Messages)/100)
		sum += weights[i]
	}
	rest := w.Messages - w.Threads // every thread has one
	given := 0
	for i := range w.threads {
		extra := int(weights[i] / sum * float64(rest))
		w.threads[i].count, given = 1+extra, given+extra
	}
	for i := 0; given < rest; i, given = i+1, given+1 { // what rounding left
		w.threads[i%w.Threads].count++
	}
	for i := range w.threads {
		t := &w.threads[i]
		w.sum.Largest = max(w.sum.Largest, t.count)
		w.people(t)
		t.subject = w.text.subject()
		if !w.Clean && i%2000 == 1999 {
			t.odd = oddity(1 + i/2000%5)
		}
	}
	w.sum.Threads = w.Threads
}

// member picks somebody; a few write and receive most.
func (w *world) member() int64 {
	x := w.rnd.Float64()
	return w.FirstMember + int64(x*x*float64(w.Members))
}

// people puts a thread together: 4 % notes to oneself, 76 % pairs, and groups of up to
// twelve, one in 200 of them with up to 300.
func (w *world) people(t *thread) {
	n := 2
	switch k := w.rnd.IntN(100); {
	case k < 4:
		n = 1
	case k >= 80:
		if n = 3 + w.rnd.IntN(10); w.rnd.IntN(200) == 0 {
			n = 50 + w.rnd.IntN(250)
		}
	}
	n = min(n, w.Members/2)
	seen := make(map[int64]bool, n)
	t.people = make([]recipient, 0, n)
	t.creator = w.member()
	if n == 1 {
		t.people = append(t.people, recipient{user: t.creator})
		return
	}
	seen[t.creator] = true
	for len(t.people) < n-1 {
		if u := w.member(); !seen[u] {
			seen[u] = true
			t.people = append(t.people, recipient{user: u})
		}
	}
	// The creator's row is the last and for what is sent only, until somebody answers.
	t.people = append(t.people, recipient{user: t.creator, senderOnly: true})
}

// schedule spreads the messages over the years and sorts them by time: so do their
// ids rise. Threads begin in the order of their ids.
func (w *world) schedule() []event {
	out := make([]event, 0, w.Messages)
	begin, span := w.Begin.Unix(), w.End.Unix()-w.Begin.Unix()
	for i := range w.threads {
		// Sites grow: half of the threads are of the last third of the time.
		start := begin + int64(math.Pow(float64(i)/float64(w.Threads), 0.6)*float64(span)*0.99)
		at := start
		// A thread lasts from minutes to a tenth of the time that is left.
		pace := 1 + int64(w.rnd.ExpFloat64()*float64(begin+span-start)/20)/int64(w.threads[i].count)
		for range w.threads[i].count {
			out = append(out, event{at: min(at, begin+span), thread: int32(i)})
			at += 1 + w.rnd.Int64N(2*pace)
		}
	}
	slices.SortStableFunc(out, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.thread, b.thread))
	})
	return out
}

func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05") }
