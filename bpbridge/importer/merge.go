package importer

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/wptext"
)

// writeChanged brings a conversation up to date with a source that changed (rule 4), in
// a transaction of its own.
func (r *run) writeChanged(ctx context.Context, d *decided, fingerprint []byte) error {
	var src store.ImportSource
	err := mysql.InTx(ctx, r.conn, func(tx *sqlx.Tx) error {
		src, d.added, d.more = r.src, 0, nil
		held, found, err := r.Store.HoldImported(ctx, tx, d.journal.Conversation)
		if err != nil {
			return err
		}
		t := *d.built
		rows := r.journal(&t, d.id, fingerprint)
		for i := range rows {
			rows[i].Conversation = d.journal.Conversation
		}
		if !found {
			for i := range rows {
				rows[i].State = store.ThreadGoneHere
			}
			return r.Store.SaveImportThreads(ctx, tx, rows)
		}
		m := newMerger(held, &t, src.ID)
		if m.another() {
			d.more, err = r.replace(ctx, tx, m, &src, rows)
			return err
		}
		t.ID = held.ID
		r.giveIDs(&src, &t.BulkConversation)
		merge := m.merge()
		merge.Threads = rows
		if err := r.Store.ApplyMerge(ctx, tx, merge); err != nil {
			return taken(err)
		}
		d.added = len(merge.Fresh)
		if err := r.movePair(ctx, tx, held, &t, merge); err != nil {
			return err
		}
		if err := r.tell(ctx, tx, held.ID, memberIDs(merge.People)); err != nil {
			return err
		}
		return r.Store.SaveImportSource(ctx, tx, src)
	})
	if err == nil {
		r.src = src
	}
	return err
}

func memberIDs(people []store.BulkPerson) []int64 {
	ids := make([]int64, len(people))
	for i := range people {
		ids[i] = people[i].User
	}
	return ids
}

// replace puts a thread in the place of another one that had its id before: BuddyPress
// gives the id of the newest thread again when that is removed. What nobody touched
// here goes with it; else both are kept, and the new one gets an id of Parley's.
func (r *run) replace(ctx context.Context, tx *sqlx.Tx, m *merger, src *store.ImportSource, rows []store.ImportThread) (more Findings, _ error) {
	t := m.thread
	if m.untouched() {
		if err := r.Store.RemoveImported(ctx, tx, m.held.ID); err != nil {
			return nil, err
		}
		t.ID = m.held.ID
	} else {
		t.ID = 0
		more = Findings{ThreadsAgain: 1}
	}
	findings := Findings{}
	findings.AddAll(t.Findings)
	findings.AddAll(more)
	c := t.BulkConversation
	r.giveIDs(src, &c)
	for i := range rows {
		rows[i].Conversation, rows[i].Findings = c.ID, findings.text()
	}
	c.Threads = rows
	if err := r.givePairs(ctx, tx, []*Thread{t}, []*store.BulkConversation{&c}); err != nil {
		return nil, err
	}
	if err := r.Store.InsertBulk(ctx, tx, src.ID, []*store.BulkConversation{&c}); err != nil {
		return nil, taken(err)
	}
	if err := r.tell(ctx, tx, m.held.ID, append(memberIDs(m.held.People), memberIDs(c.People)...)); err != nil {
		return nil, err
	}
	return more, r.Store.SaveImportSource(ctx, tx, *src)
}

// movePair looks after the pair's place when a conversation changed: it may have become
// the one with the newest message, or none between two any more.
func (r *run) movePair(ctx context.Context, tx *sqlx.Tx, held *store.Held, t *Thread, m *store.Merge) error {
	if t.Pair == [2]int64{} {
		if held.DirectHigh == 0 {
			return nil
		}
		return r.Store.SetPair(ctx, tx, [2]int64{}, held.ID)
	}
	holders, err := r.Store.PairHolders(ctx, tx, [][2]int64{t.Pair})
	if err != nil {
		return err
	}
	mine := contender{id: held.ID, lastAt: newestAt(m.Messages, m.CreatedAt), imported: true}
	for _, h := range holders {
		if h.Conversation == held.ID || (contender{id: h.Conversation, lastAt: h.LastAt, imported: h.Imported}).beats(mine) {
			return nil
		}
		if err := r.Store.SetPair(ctx, tx, [2]int64{}, h.Conversation); err != nil {
			return err
		}
	}
	return r.Store.SetPair(ctx, tx, t.Pair, held.ID)
}

// merger works out what becomes of a conversation.
type merger struct {
	held   *store.Held
	thread *Thread // as the source has it now; its ids are Parley's
	source int64

	people map[int64]*store.BulkPerson // held, by user
	known  map[int64]*store.HeldMessage
	out    *store.Merge
}

func newMerger(held *store.Held, t *Thread, source int64) *merger {
	m := &merger{held: held, thread: t, source: source, people: map[int64]*store.BulkPerson{}, known: map[int64]*store.HeldMessage{},
		out: &store.Merge{Source: source, Fresh: map[int64]bool{}, Changed: map[int64]bool{}}}
	for i := range held.People {
		m.people[held.People[i].User] = &held.People[i]
	}
	for i := range held.Messages {
		m.known[held.Messages[i].ID] = &held.Messages[i]
	}
	return m
}

// another reports whether the source's thread has no message that was imported before:
// it is another thread under the same id.
func (m *merger) another() bool {
	for i := range m.thread.Messages {
		if x := m.known[m.thread.Messages[i].ID]; x != nil && x.From == m.source {
			return false
		}
	}
	return slices.ContainsFunc(m.held.Messages, func(x store.HeldMessage) bool { return x.From == m.source })
}

// untouched reports whether nobody did anything here since the import.
func (m *merger) untouched() bool {
	return !slices.ContainsFunc(m.held.Messages, func(x store.HeldMessage) bool { return x.From != m.source }) &&
		!slices.ContainsFunc(m.held.People, func(p store.BulkPerson) bool { return p.Own || p.Touched })
}

func (m *merger) merge() *store.Merge {
	out := m.out
	out.BulkConversation = m.thread.BulkConversation
	out.ID = m.held.ID
	out.Messages, out.People, out.Stars, out.Meta = m.messages(), nil, nil, nil
	out.Originals = m.thread.Originals
	newest := &store.BulkMessage{At: out.CreatedAt}
	if len(out.Messages) > 0 {
		if first := &out.Messages[0]; first.At.Before(out.CreatedAt) {
			out.CreatedBy, out.CreatedAt = first.Sender, first.At
		}
		newest = &out.Messages[len(out.Messages)-1]
	}
	for i := len(out.Messages) - 1; i >= 0; i-- {
		if out.Messages[i].Kind == 0 {
			newest = &out.Messages[i]
			break
		}
	}
	out.Preview = wptext.Preview(newest.Plain, textRunes)
	// Searching tells texts of different age by this moment: it has to rise.
	out.LastActivityAt = newest.At
	if len(out.Fresh)+len(out.Changed)+len(out.Gone) > 0 && !out.LastActivityAt.After(m.held.LastActivityAt) {
		out.LastActivityAt = m.held.LastActivityAt.Add(time.Microsecond)
	} else if m.held.LastActivityAt.After(out.LastActivityAt) {
		out.LastActivityAt = m.held.LastActivityAt
	}
	if m.held.Type == group && m.held.Title != "" {
		out.Title = m.held.Title // it may have been renamed here
	}
	m.mergePeople()
	if len(m.people) > 2 && out.Type == direct {
		out.Type = group
	}
	m.mergeMeta()
	return out
}

// messages are those of the source and those written here, in their order.
func (m *merger) messages() []store.BulkMessage {
	list := slices.Clone(m.thread.Messages)
	theirs := make(map[int64]bool, len(list))
	for i := range list {
		x := &list[i]
		theirs[x.ID] = true
		switch old := m.known[x.ID]; {
		case old == nil:
			m.out.Fresh[x.ID] = true
		case old.From == m.source && old.Format != x.Format:
			m.exported(x, old)
		case old.From == m.source && old.CreatedAt.Truncate(time.Second).Equal(x.At):
			// Written here, as finely as Parley keeps time, and exported since.
			if old.Content != x.Content || old.Subject != x.Subject || old.Sender != x.Sender {
				m.out.Changed[x.ID] = true
			}
			x.At = old.CreatedAt
		case old.Content != x.Content || old.Subject != x.Subject || old.Sender != x.Sender || !old.CreatedAt.Equal(x.At):
			m.out.Changed[x.ID] = true
		}
	}
	maps.DeleteFunc(m.out.Changed, func(_ int64, changed bool) bool { return !changed })
	untouched := m.untouched()
	for i := range m.held.Messages {
		switch x := &m.held.Messages[i]; {
		case theirs[x.ID]:
		case x.From == m.source && untouched:
			m.out.Gone = append(m.out.Gone, x.ID)
		default:
			if x.From == m.source {
				m.out.Released = append(m.out.Released, x.ID)
			}
			list = append(list, store.BulkMessage{ID: x.ID, Sender: x.Sender, Kind: x.Kind, Format: x.Format, Subject: x.Subject,
				Content: x.Content, Plain: x.Plain, At: x.CreatedAt})
		}
	}
	slices.SortFunc(list, func(a, b store.BulkMessage) int {
		if m.thread.ByID {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	for i := range list {
		if old := m.known[list[i].ID]; old != nil && old.Seq != int64(i+1) {
			m.out.Renumber = true
		}
	}
	return list
}

// exported keeps a message as it was written here, before it was handed to the source,
// which stores it in its own form.
func (m *merger) exported(x *store.BulkMessage, old *store.HeldMessage) {
	known := slices.ContainsFunc(m.thread.Originals, func(o store.Original) bool { return o.Message == x.ID })
	if !known {
		o := store.Original{Source: m.source, SourceMessage: x.ID, Message: x.ID, Subject: []byte(x.Subject), Content: []byte(x.Content)}
		m.thread.Originals = append(slices.Clip(m.thread.Originals), o)
	}
	*x = store.BulkMessage{ID: x.ID, Sender: x.Sender, Kind: old.Kind, Format: old.Format, Subject: old.Subject,
		Content: old.Content, Plain: old.Plain, Body: wptext.Fold(old.Plain), At: old.CreatedAt}
	if old.Sender != x.Sender {
		m.out.Changed[x.ID] = true
	}
}

// mergePeople brings everybody's place up to date.
func (m *merger) mergePeople() {
	out := m.out
	seqs := make(map[int64]int64, len(out.Messages)) // by message
	sent := map[int64]time.Time{}
	arrived := map[int64]int{} // fresh messages, by sender
	total := 0
	for i := range out.Messages {
		x := &out.Messages[i]
		seqs[x.ID] = int64(i + 1)
		if x.Kind != 0 {
			continue
		}
		sent[x.Sender] = x.At
		if out.Fresh[x.ID] {
			arrived[x.Sender]++
			total++
		}
	}
	position := func(old int64) int64 { // of a sequence as it was
		for i := min(int(old), len(m.held.Messages)) - 1; i >= 0; i-- {
			if seq, ok := seqs[m.held.Messages[i].ID]; ok {
				return seq
			}
		}
		return 0
	}
	target := make(map[int64]*store.BulkPerson, len(m.thread.People))
	for i := range m.thread.People {
		target[m.thread.People[i].User] = &m.thread.People[i]
	}
	for i := range m.held.People {
		p := m.held.People[i]
		if target[p.User] == nil && !p.Own && !p.Touched {
			out.Remove = append(out.Remove, p.User)
			delete(m.people, p.User)
			continue
		}
		if target[p.User] != nil && !p.Own && !p.Touched {
			continue // as the source has it, below
		}
		p.LastReadSeq = position(p.LastReadSeq)
		if p.LeftAt.IsZero() {
			if n := total - arrived[p.User]; n > 0 {
				p.Unread += n
				p.Archived, p.DeletedAt, p.SenderOnly = false, time.Time{}, false
			}
			p.LastActivity = out.LastActivityAt
		} else {
			p.LeftSeq = position(p.LeftSeq)
		}
		p.LastSentAt = sent[p.User]
		out.People = append(out.People, p)
	}
	for _, t := range m.thread.People {
		held := m.people[t.User]
		if held != nil && (held.Own || held.Touched || t.User == 0) {
			continue
		}
		if held != nil && !t.LeftAt.IsZero() && !held.LeftAt.IsZero() {
			t.RowID = held.RowID
		}
		m.place(&t, seqs)
		t.LastSentAt = sent[t.User]
		out.People = append(out.People, t)
		out.Unstar = append(out.Unstar, t.User)
		m.people[t.User] = &t
	}
}

// place works out a position among all messages for somebody who is as the source has
// them.
func (m *merger) place(p *store.BulkPerson, seqs map[int64]int64) {
	if p.LeftAt.IsZero() {
		p.LastReadSeq, p.LastReadAt = readUpTo(m.out.Messages, p.User, p.Unread)
		p.LastActivity = m.out.LastActivityAt
		return
	}
	if p.LeftSeq == 0 {
		return
	}
	last := m.thread.Messages[p.LeftSeq-1].ID
	p.LeftSeq, p.LastReadSeq = seqs[last], seqs[last]
}

// mergeMeta adds stars of people who are as the source has them, and fields nobody set
// here.
func (m *merger) mergeMeta() {
	same := map[int64]bool{}
	for _, id := range m.out.Unstar {
		same[id] = true
	}
	for _, s := range m.thread.Stars {
		if same[s.User] {
			m.out.Stars = append(m.out.Stars, s)
		}
	}
	for _, x := range m.thread.Meta {
		if m.out.Fresh[x.Message] || !m.held.Meta[store.HeldField{Message: x.Message, Key: x.Key.String}] {
			m.out.Meta = append(m.out.Meta, x)
		}
	}
}
