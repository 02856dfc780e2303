package messaging

import (
	"cmp"
	"context"
	"slices"

	"parley/messaging/store"
	"parley/wpauth"
)

// mayView decides whether the actor may see or change a thread for a viewer: members
// for themselves while they have an active place in it (D1), moderators for everybody
// unless takesPart asks for the viewer's place. foreign tells of a moderator in a thread
// that is not theirs, or in another's name.
func (s *Service) mayView(ctx context.Context, a Actor, id ConversationID, viewer wpauth.UserID, takesPart bool) (place store.Place, foreign bool, err error) {
	place, found, err := s.store.PlaceOf(ctx, int64(id), int64(viewer))
	switch {
	case err != nil:
		return place, false, err
	case !found:
		return place, false, noConversation()
	case viewer != a.ID && !a.Moderator:
		return place, false, notParticipant() // D1
	}
	in := place.Mine != nil && place.Mine.LeftAt.IsZero() && place.Mine.DeletedAt.IsZero()
	switch {
	case in:
	case !a.Moderator || takesPart:
		if place.Mine != nil && !place.Mine.LeftAt.IsZero() {
			return place, false, hasLeft()
		}
		return place, false, notParticipant()
	}
	return place, !in || viewer != a.ID, nil
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
	_, foreign, err := s.mayView(ctx, a, id, q.Viewer, q.ViewerTakesPart)
	if err != nil {
		return nil, err
	}
	if foreign {
		if err := s.oversee(ctx, a, s.foreign(AuditThreadView, a, id, q.Viewer), nil); err != nil {
			return nil, err
		}
	}
	return s.thread(ctx, id, q)
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
	heads, err := s.store.Heads(ctx, []int64{int64(id)})
	if err != nil {
		return nil, err
	}
	threads, err := s.threads(ctx, heads, q)
	if err != nil {
		return nil, err
	}
	if len(threads) == 0 {
		return nil, noConversation()
	}
	return &threads[0], nil
}

// threads makes threads of their heads, in their order: one statement for everybody in
// them, one for messages, at most one for cards that are not cached, and one for
// fields where the site has some. A thread without a message is left out.
func (s *Service) threads(ctx context.Context, heads []store.ThreadHead, q ThreadQuery) ([]Thread, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(heads))
	for i := range heads {
		ids[i] = heads[i].ID
	}
	people, err := s.store.Participants(ctx, ids)
	if err != nil {
		return nil, err
	}
	messages, err := s.threadMessages(ctx, heads, q)
	if err != nil {
		return nil, err
	}
	byThread := split(people)
	out := make([]Thread, 0, len(heads))
	for i := range heads {
		t := messages[heads[i].ID]
		if t.Newest.ID == 0 {
			continue
		}
		t.ID, t.MessageTotal = ConversationID(heads[i].ID), heads[i].Count
		t.receive(byThread[heads[i].ID], q)
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
	first := make(map[int64]string, len(heads))
	for i := range heads {
		h := &heads[i]
		out[h.ID] = &Thread{Messages: []ThreadMessage{}}
		first[h.ID] = firstSubject(h.Title, h.First)
		// The slice holds the newest when it begins there, or goes to the end.
		has := q.NewestFirst && offset == 0 || !q.NewestFirst && (limit < 0 || int64(offset+limit) >= h.Count && int64(offset) < h.Count)
		parts[i] = store.MessageSlice{Conversation: h.ID, Limit: limit, Offset: offset, Newest: !has}
		if int64(offset) >= h.Count {
			parts[i].Limit = 0
		}
	}
	rows, err := s.store.Slices(ctx, int64(q.Viewer), parts, q.NewestFirst)
	if err != nil {
		return nil, err
	}
	newest := make(map[int64]int64, len(heads)) // by sequence
	for i := range rows {
		m := &rows[i]
		t := out[m.Conversation]
		shown := threadMessage(m, first[m.Conversation])
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
