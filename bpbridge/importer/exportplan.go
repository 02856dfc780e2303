package importer

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// exportPlan is what has to happen to one thread's rows in BuddyPress's tables.
type exportPlan struct {
	x      *store.Exportable
	thread int64
	known  *store.ImportThread // the journal; nil: BuddyPress never had the thread
	cur    *bpThread           // as it is there
	want   bpThread            // as it should be
	empty  bool                // without messages there is no thread
	fresh  bool                // nothing of it is there

	insert     []bpMessage
	erase      []int64 // messages that become nobody's
	insertRows []bpRecipient
	updateRows []bpRecipient
	deleteRows []int64
	insertMeta []bpMeta
	deleteMeta []int64

	rows    ExportRows
	leftOut ExportLeftOut
	// names say which rows differ, clashes which are in the way whatever the journal says.
	names, clashes []string
	conflicts      []string
}

// changes reports whether rows have to be written.
func (p *exportPlan) changes() bool { return p.rows != (ExportRows{}) }

// differs reports whether anything has to be written, the journal included.
func (p *exportPlan) differs() bool {
	return !p.empty && (p.changes() || p.known == nil || p.known.State != store.ThreadFollowed || !bytes.Equal(p.known.Fingerprint, p.cur.fingerprint()))
}

// plans compares conversations with what BuddyPress's tables hold.
func (e *export) plans(ctx context.Context, tx *sqlx.Tx, ids []int64, lock bool) ([]*exportPlan, error) {
	list, err := e.Store.Exportables(ctx, tx, e.journal.ID, ids, lock)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	plans := make([]*exportPlan, len(list))
	threads := make([]int64, len(list))
	for i, x := range list {
		plans[i] = &exportPlan{x: x, thread: e.original(KindThread, x.ID)}
		if len(x.Journal) > 0 {
			plans[i].known, plans[i].thread = &x.Journal[0], x.Journal[0].SourceThread
		}
		threads[i] = plans[i].thread
	}
	current, err := e.current(ctx, tx, threads)
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		p.cur = current[p.thread]
		e.want(p)
		if p.empty = len(p.want.messages) == 0; !p.empty {
			p.compare()
		} else {
			p.leftOut = ExportLeftOut{Empty: 1}
		}
	}
	return plans, e.taken(ctx, tx, plans)
}

// original is the id a row had there, where it was given another one here.
func (e *export) original(kind string, id int64) int64 {
	if from, ok := e.from[kind][id]; ok {
		return from
	}
	return id
}

// current reads threads as BuddyPress's tables have them; one that is not there is empty.
func (e *export) current(ctx context.Context, tx *sqlx.Tx, threads []int64) (map[int64]*bpThread, error) {
	out := make(map[int64]*bpThread, len(threads))
	args := make([]any, len(threads))
	for i, id := range threads {
		out[id], args[i] = &bpThread{source: e.target, id: id}, id
	}
	in := `IN (?` + strings.Repeat(`,?`, len(threads)-1) + `)`
	if e.target.messages != nil {
		if err := e.target.readMessages(ctx, tx, out, in, args); err != nil {
			return nil, err
		}
		if err := e.target.readMeta(ctx, tx, out, in, args); err != nil {
			return nil, err
		}
	}
	if e.target.recipients != nil {
		if err := e.target.readRecipients(ctx, tx, out, in, args); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compare finds out what has to be written, and whether it may be.
func (p *exportPlan) compare() {
	p.fresh = len(p.cur.messages) == 0
	p.compareMessages()
	p.compareRecipients()
	p.compareMeta()
	there := len(p.cur.messages)+len(p.cur.recipients) > 0
	switch {
	case len(p.clashes) > 0:
		p.conflicts = p.clashes
	case !there || !p.changes():
	case p.known == nil:
		p.conflicts = append([]string{fmt.Sprintf("thread id %d is taken by rows that were not imported from there", p.thread)}, p.names...)
	case !bytes.Equal(p.known.Fingerprint, p.cur.fingerprint()):
		p.conflicts = append([]string{fmt.Sprintf("thread %d changed there since it was imported: bring that over first (parley import buddypress)", p.thread)}, p.names...)
	}
}

func (p *exportPlan) compareMessages() {
	there := make(map[int64]*bpMessage, len(p.cur.messages))
	for i := range p.cur.messages {
		there[p.cur.messages[i].id] = &p.cur.messages[i]
	}
	for i := range p.want.messages {
		w := &p.want.messages[i]
		c := there[w.id]
		delete(there, w.id)
		switch {
		case c == nil:
			p.insert = append(p.insert, *w)
		case !bytes.Equal(c.subject, w.subject) || !bytes.Equal(c.content, w.content):
			p.clashes = append(p.clashes, fmt.Sprintf("message %d has another text there", w.id))
		case c.date != w.date:
			p.clashes = append(p.clashes, fmt.Sprintf("message %d was sent at %s there, at %s in Parley", w.id, c.date, w.date))
		case c.sender != w.sender && w.sender == 0 && p.known != nil:
			p.erase = append(p.erase, w.id)
		case c.sender != w.sender:
			p.clashes = append(p.clashes, fmt.Sprintf("message %d is by user %d there, by user %d in Parley", w.id, c.sender, w.sender))
		}
	}
	for id, c := range there {
		if id > 0 { // those below are left out by an import
			p.clashes = append(p.clashes, fmt.Sprintf("message %d by user %d is there and not in Parley", id, c.sender))
		}
	}
	slices.Sort(p.clashes)
	p.rows.Messages, p.rows.Erased = len(p.insert), len(p.erase)
	if n := len(p.insert); n > 0 && !p.fresh {
		p.names = append(p.names, fmt.Sprintf("message %d is in Parley and not there", p.insert[0].id))
	}
}

func (p *exportPlan) compareRecipients() {
	there := make(map[int64]bpRecipient, len(p.cur.recipients))
	of := map[int64][]bpRecipient{} // by user
	for _, c := range p.cur.recipients {
		there[c.id] = c
		of[c.user] = append(of[c.user], c)
	}
	wanted := map[int64]bool{}
	for _, w := range p.want.recipients {
		c, ok := there[w.id]
		delete(there, w.id)
		wanted[w.user] = true
		switch {
		case !ok && len(of[w.user]) > 0 && w.user > 0:
			p.clashes = append(p.clashes, fmt.Sprintf("user %d has recipient row %d there, %d in Parley", w.user, of[w.user][0].id, w.id))
		case !ok:
			p.insertRows = append(p.insertRows, w)
			p.names = append(p.names, fmt.Sprintf("recipient row %d of user %d is in Parley and not there", w.id, w.user))
		case c.user != w.user && (w.user != 0 || p.known == nil):
			p.clashes = append(p.clashes, fmt.Sprintf("recipient row %d is user %d's there, user %d's in Parley", w.id, c.user, w.user))
		case c != w:
			p.updateRows = append(p.updateRows, w)
			p.names = append(p.names, fmt.Sprintf("recipient row %d of user %d: %s there, %s in Parley", w.id, w.user, c.state(), w.state()))
			// A member with several rows has the same state in all of them.
			for _, again := range of[c.user] {
				if same := w; again.id != w.id {
					same.id = again.id
					p.updateRows = append(p.updateRows, same)
				}
			}
		}
	}
	for _, c := range p.cur.recipients {
		if _, extra := there[c.id]; extra && c.user > 0 && !wanted[c.user] && !slices.ContainsFunc(p.updateRows, func(u bpRecipient) bool { return u.id == c.id }) {
			p.deleteRows = append(p.deleteRows, c.id)
			p.names = append(p.names, fmt.Sprintf("recipient row %d of user %d is there and not in Parley", c.id, c.user))
		}
	}
	p.rows.Recipients, p.rows.RecipientsChanged, p.rows.RecipientsRemoved = len(p.insertRows), len(p.updateRows), len(p.deleteRows)
}

// state is a recipient row in words.
func (r bpRecipient) state() string {
	s := fmt.Sprintf("%d unread", r.unread)
	if r.senderOnly {
		s += ", sender only"
	}
	if r.deleted {
		s += ", deleted"
	}
	return s
}

// compareMeta compares stars and fields. A star of somebody who has no row there never
// came over, and stays.
func (p *exportPlan) compareMeta() {
	member := map[int64]bool{}
	for _, c := range p.cur.recipients {
		member[c.user] = true
	}
	type field struct {
		message    int64
		key, value string
		nulls      byte
	}
	of := func(m *bpMeta) field {
		f := field{message: m.message, key: string(m.key), value: string(m.value)}
		if m.key == nil {
			f.nulls |= 1
		}
		if m.value == nil {
			f.nulls |= 2
		}
		return f
	}
	wanted := map[field]int{}
	for i := range p.want.meta {
		wanted[of(&p.want.meta[i])]++
	}
	starred := map[field]bool{}
	for i := range p.cur.meta {
		c := &p.cur.meta[i]
		f := of(c)
		star := string(c.key) == starKey
		switch user, err := strconv.ParseInt(f.value, 10, 64); {
		case wanted[f] > 0:
			wanted[f]--
			starred[f] = star
		case star && (starred[f] || err != nil || !member[user]):
		case star:
			p.deleteMeta = append(p.deleteMeta, c.id)
			p.rows.StarsRemoved++
			p.names = append(p.names, fmt.Sprintf("message %d is starred by user %s there and not in Parley", c.message, f.value))
		default:
			p.deleteMeta = append(p.deleteMeta, c.id)
			p.rows.FieldsRemoved++
			p.names = append(p.names, fmt.Sprintf("message %d has field %q there and not in Parley", c.message, f.key))
		}
	}
	for i := range p.want.meta {
		w := &p.want.meta[i]
		f := of(w)
		if wanted[f] == 0 {
			continue
		}
		wanted[f]--
		p.insertMeta = append(p.insertMeta, *w)
		if string(w.key) == starKey {
			p.rows.Stars++
			p.names = append(p.names, fmt.Sprintf("message %d is starred by user %s in Parley and not there", w.message, f.value))
		} else {
			p.rows.Fields++
			p.names = append(p.names, fmt.Sprintf("message %d has field %q in Parley and not there", w.message, f.key))
		}
	}
}

// taken finds rows of other threads that have an id a new row is to get.
func (e *export) taken(ctx context.Context, tx *sqlx.Tx, plans []*exportPlan) error {
	messages, rows := map[int64]*exportPlan{}, map[int64]*exportPlan{}
	for _, p := range plans {
		if len(p.conflicts) > 0 {
			continue
		}
		for i := range p.insert {
			messages[p.insert[i].id] = p
		}
		for _, r := range p.insertRows {
			rows[r.id] = p
		}
	}
	for _, look := range []struct {
		table *table
		ids   map[int64]*exportPlan
		what  string
	}{{e.target.messages, messages, "message"}, {e.target.recipients, rows, "recipient row"}} {
		if look.table == nil {
			continue
		}
		var ids []any
		for id := range look.ids {
			ids = append(ids, id)
		}
		for chunk := range slices.Chunk(ids, idsPerQuestion) {
			err := each(ctx, tx, `SELECT id, thread_id FROM `+look.table.quoted()+` WHERE id IN (?`+strings.Repeat(`,?`, len(chunk)-1)+`) ORDER BY id`, chunk, func(r *sqlx.Rows) error {
				var id, thread int64
				err := r.Scan(&id, &thread)
				if p := look.ids[id]; p != nil {
					p.conflicts = append(p.conflicts, fmt.Sprintf("the id of %s %d is taken there, by a row of thread %d", look.what, id, thread))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
