package messaging

import (
	"cmp"
	"context"
	"slices"

	"parley/messaging/store"
	"parley/wpauth"
)

// opened is a thread and everybody in it, as somebody looks at it.
type opened struct {
	head   store.ThreadHead
	people []store.Participant
	// mine is the viewer's own row, nil when they have none.
	mine *store.Participant
	// foreign tells of a moderator in a thread that is not theirs, or in another's name.
	foreign bool
}

// mayView opens a thread if the actor may see or change it for a viewer: members for
// themselves while they have an active place in it (D1), moderators for everybody
// unless takesPart asks for the viewer's place.
func (s *Service) mayView(ctx context.Context, a Actor, id ConversationID, viewer wpauth.UserID, takesPart bool) (o opened, err error) {
	var found bool
	o.head, o.people, found, err = s.store.Open(ctx, int64(id))
	switch {
	case err != nil:
		return o, err
	case !found:
		return o, noConversation()
	case viewer != a.ID && !a.Moderator:
		return o, notParticipant() // D1
	}
	if i := slices.IndexFunc(o.people, func(p store.Participant) bool { return p.User == int64(viewer) }); i >= 0 {
		mine := o.people[i]
		o.mine = &mine
	}
	in := o.mine != nil && o.mine.LeftAt.IsZero() && o.mine.DeletedAt.IsZero()
	switch {
	case in:
	case !a.Moderator || takesPart:
		if o.mine != nil && !o.mine.LeftAt.IsZero() {
			return o, hasLeft()
		}
		return o, notParticipant()
	}
	o.foreign = !in || viewer != a.ID
	return o, nil
}

// GetThread implements Threads.
func (s *Service) GetThread(ctx context.Context, a Actor, id ConversationID, q ThreadQuery) (*Thread, error) {
	if err := checkSlices(q.Messages, q.Recipients); err != nil {
		return nil, err
	}
	t, err := s.getThread(ctx, a, id, q)
	return t, s.fault(ctx, err)
}

func (s *Service) getThread(ctx context.Context, a Actor, id ConversationID, q ThreadQuery) (*Thread, error) {
	o, err := s.mayView(ctx, a, id, q.Viewer, q.ViewerTakesPart)
	if err != nil {
		return nil, err
	}
	if o.foreign {
		if err := s.oversee(ctx, a, s.foreign(AuditThreadView, a, id, q.Viewer), nil); err != nil {
			return nil, err
		}
	}
	return s.show(ctx, o, q)
}

// foreign is the audit row of what a moderator does in a thread that is not theirs.
func (s *Service) foreign(action string, a Actor, id ConversationID, viewer wpauth.UserID) store.Audit {
	entry := store.Audit{Action: action, Conversation: int64(id)}
	if viewer != a.ID {
		entry.Member = int64(viewer)
	}
	return entry
}

// thread reads one thread. The caller has decided that it may be shown.
func (s *Service) thread(ctx context.Context, id ConversationID, q ThreadQuery) (*Thread, error) {
	var o opened
	var found bool
	var err error
	if o.head, o.people, found, err = s.store.Open(ctx, int64(id)); err != nil {
		return nil, err
	}
	if !found {
		return nil, noConversation()
	}
	return s.show(ctx, o, q)
}

// show makes a thread of what was opened. One without a message is none.
func (s *Service) show(ctx context.Context, o opened, q ThreadQuery) (*Thread, error) {
	threads, err := s.threads(ctx, []store.ThreadHead{o.head}, map[int64][]store.Participant{o.head.ID: o.people}, q)
	if err != nil {
		return nil, err
	}
	if len(threads) == 0 {
		return nil, noConversation()
	}
	return &threads[0], nil
}

// threads makes threads of their heads and of everybody in them, in the order of the
// heads: one statement for messages, at most one for cards that are not cached, and one
// for fields where the site has some. A thread without a message is left out.
func (s *Service) threads(ctx context.Context, heads []store.ThreadHead, people map[int64][]store.Participant, q ThreadQuery) ([]Thread, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	messages, err := s.threadMessages(ctx, heads, q)
	if err != nil {
		return nil, err
	}
	out := make([]Thread, 0, len(heads))
	for i := range heads {
		t := messages[heads[i].ID]
		if t.Newest.ID == 0 {
			continue
		}
		t.ID, t.MessageTotal = ConversationID(heads[i].ID), heads[i].Count
		t.receive(people[heads[i].ID], q)
		out = append(out, *t)
	}
	return out, s.fill(ctx, out, q.Fields)
}

// receive puts in who takes part: a slice of those who did not leave, in the order of
// their rows, and the viewer's unread count wherever they are.
func (t *Thread) receive(people []store.Participant, q ThreadQuery) {
	slices.SortFunc(people, func(a, b store.Participant) int { return cmp.Compare(a.RowID, b.RowID) })
	in := make([]Recipient, 0, len(people))
	for i := range people {
		p := &people[i]
		if !p.LeftAt.IsZero() {
			continue
		}
		if wpauth.UserID(p.User) == q.Viewer {
			t.Unread = p.Unread
		}
		in = append(in, Recipient{RowID: p.RowID, User: wpauth.UserID(p.User), Unread: p.Unread,
			SenderOnly: p.SenderOnly, Deleted: !p.DeletedAt.IsZero()})
	}
	t.RecipientTotal = len(in)
	limit, offset := q.Recipients.bounds()
	in = in[min(offset, len(in)):]
	if limit >= 0 {
		in = in[:min(limit, len(in))]
	}
	t.Recipients = in
}

// threadMessages reads the messages of threads: their slices and the newest of each.
func (s *Service) threadMessages(ctx context.Context, heads []store.ThreadHead, q ThreadQuery) (map[int64]*Thread, error) {
	limit, offset := q.Messages.bounds()
	parts := make([]store.MessageSlice, len(heads))
	out := make(map[int64]*Thread, len(heads))
	named := make(map[int64]*subjects, len(heads))
	for i := range heads {
		h := &heads[i]
		out[h.ID] = &Thread{Messages: []ThreadMessage{}}
		named[h.ID] = subjectsOf(h.Title, h.First)
		// The slice holds the newest when it begins there, or goes to the end.
		has := q.NewestFirst && offset == 0 || !q.NewestFirst && (limit < 0 || int64(offset+limit) >= h.Count && int64(offset) < h.Count)
		parts[i] = store.MessageSlice{Conversation: h.ID, Limit: limit, Offset: offset, Newest: !has}
		if int64(offset) >= h.Count {
			parts[i].Limit = 0
		}
		if h.Count == h.LastSeq {
			parts[i].LastSeq = h.LastSeq
		}
	}
	rows, err := s.store.Slices(ctx, int64(q.Viewer), parts, q.NewestFirst)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b store.ThreadMessage) int {
		if q.NewestFirst {
			a, b = b, a
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	newest := make(map[int64]int64, len(heads)) // by sequence
	for i := range rows {
		m := &rows[i]
		t := out[m.Conversation]
		shown := threadMessage(m, named[m.Conversation])
		if m.Seq > newest[m.Conversation] {
			newest[m.Conversation], t.Newest = m.Seq, shown
		}
		if !m.Newest {
			t.Messages = append(t.Messages, shown)
		}
	}
	return out, nil
}

// fill puts the cards of recipients and the fields of messages in.
func (s *Service) fill(ctx context.Context, threads []Thread, fields []string) error {
	var users []wpauth.UserID
	for i := range threads {
		for _, r := range threads[i].Recipients {
			users = append(users, r.User)
		}
	}
	slices.Sort(users)
	cards, err := s.dir.Members(ctx, slices.Compact(users))
	if err != nil {
		return err
	}
	var messages []*ThreadMessage
	for i := range threads {
		t := &threads[i]
		for j := range t.Recipients {
			t.Recipients[j].Member = cards[t.Recipients[j].User]
		}
		messages = append(messages, &t.Newest)
		for j := range t.Messages {
			messages = append(messages, &t.Messages[j])
		}
	}
	return s.fillFields(ctx, messages, fields)
}

func (s *Service) fillFields(ctx context.Context, messages []*ThreadMessage, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = int64(m.ID)
	}
	values, err := s.store.Fields(ctx, ids, fields)
	if err != nil {
		return err
	}
	for _, m := range messages {
		m.Fields = values[int64(m.ID)]
	}
	return nil
}

// bounds are what a slice means to a statement: limit -1 is everything.
func (s Slice) bounds() (limit, offset int) {
	if s == (Slice{}) {
		return -1, 0
	}
	return s.PerPage, (s.Page - 1) * s.PerPage
}

// checkSlices refuses slices that are none.
func checkSlices(slices ...Slice) error {
	for _, s := range slices {
		if s != (Slice{}) && (s.Page < 1 || s.Page > maxPages || s.PerPage < 1 || s.PerPage > maxPage) {
			return Refuse(Invalid, "There is no such page.")
		}
	}
	return nil
}

// maxPages keeps offsets far inside what the database takes.
const maxPages = 1 << 40
