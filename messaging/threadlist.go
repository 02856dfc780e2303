package messaging

import (
	"cmp"
	"context"
	"slices"
	"unicode/utf8"

	"parley/messaging/store"
	"parley/wpauth"
)

// ListThreads implements Threads.
func (s *Service) ListThreads(ctx context.Context, a Actor, q ThreadsQuery) (ThreadPage, error) {
	q.Box, q.State = cmp.Or(q.Box, BoxInbox), cmp.Or(q.State, AnyState)
	switch {
	case !slices.Contains([]Box{BoxInbox, BoxSent, BoxStarred}, q.Box):
		return ThreadPage{}, Refuse(Invalid, "There is no such box.")
	case !slices.Contains([]ReadState{AnyState, ReadOnly, UnreadOnly}, q.State):
		return ThreadPage{}, Refuse(Invalid, "There is no such state.")
	}
	if err := checkSlices(Slice{q.Page, q.PerPage}, q.Messages, q.Recipients); err != nil {
		return ThreadPage{}, err
	}
	if q.Search != "" {
		// What no text can hold is not looked for.
		if !utf8.ValidString(q.Search) || utf8.RuneCountInString(q.Search) > threadRunes {
			return ThreadPage{}, s.fault(ctx, s.mayList(ctx, a, q.Viewer))
		}
		p, err := s.searchThreads(ctx, a, q)
		return p, s.fault(ctx, tooLong(err))
	}
	p, err := s.listThreads(ctx, a, q)
	return p, s.fault(ctx, err)
}

// searchThreads is listThreads for no longer than a search may take.
func (s *Service) searchThreads(ctx context.Context, a Actor, q ThreadsQuery) (ThreadPage, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.search.timeout, errSearchTooLong)
	defer cancel()
	p, err := s.listThreads(ctx, a, q)
	if err != nil {
		err = whyEnded(ctx, err)
	}
	return p, err
}

func (s *Service) listThreads(ctx context.Context, a Actor, q ThreadsQuery) (ThreadPage, error) {
	if err := s.mayList(ctx, a, q.Viewer); err != nil {
		return ThreadPage{}, err
	}
	sq := store.BoxQuery{Viewer: int64(q.Viewer), Box: store.Box(q.Box),
		Limit: q.PerPage, Offset: (q.Page - 1) * q.PerPage}
	if q.State != AnyState {
		unread := q.State == UnreadOnly
		sq.Unread = &unread
	}
	if q.With != nil {
		sq.With = plain(q.With)
		if len(sq.With) == 0 {
			return ThreadPage{}, nil
		}
	}
	heads, total, err := s.heads(ctx, sq, q.Search)
	if err != nil {
		return ThreadPage{}, err
	}
	p := ThreadPage{Total: total}
	ids := make([]int64, len(heads))
	for i := range heads {
		ids[i] = heads[i].ID
	}
	people, err := s.store.Participants(ctx, 0, ids)
	if err != nil {
		return ThreadPage{}, err
	}
	p.Threads, err = s.threads(ctx, heads, split(people), ThreadQuery{Viewer: q.Viewer, Messages: q.Messages, Recipients: q.Recipients,
		Fields: q.Fields})
	return p, err
}

// boxPage reads a page of a box. The end of the box tells the total by itself.
func (s *Service) boxPage(ctx context.Context, q store.BoxQuery) (heads []store.ThreadHead, total int, err error) {
	if heads, err = s.store.BoxPage(ctx, q); err != nil {
		return nil, 0, err
	}
	total = q.Offset + len(heads)
	if len(heads) == q.Limit || len(heads) == 0 && q.Offset > 0 {
		total, err = s.boxTotal(ctx, q)
	}
	return heads, total, err
}

// heads reads a page of a box, or of what is found in it.
func (s *Service) heads(ctx context.Context, q store.BoxQuery, term string) (heads []store.ThreadHead, total int, err error) {
	var ids []int64
	switch {
	case term != "":
		ids, err = s.search.searchBox(ctx, q, term)
	case q.Box == store.BoxStarred:
		ids, err = s.store.BoxIDs(ctx, q)
	default:
		return s.boxPage(ctx, q)
	}
	if err != nil {
		return nil, 0, err
	}
	total = len(ids)
	ids = ids[min(q.Offset, total):]
	ids = ids[:min(q.Limit, len(ids))]
	if heads, err = s.store.Heads(ctx, ids); err != nil {
		return nil, 0, err
	}
	slices.SortFunc(heads, func(a, b store.ThreadHead) int {
		return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
	})
	return heads, total, nil
}

// mayList lets members see their own boxes and moderators everybody's (1.4). That the
// member exists is looked at first.
func (s *Service) mayList(ctx context.Context, a Actor, viewer wpauth.UserID) error {
	if viewer == a.ID {
		return nil
	}
	cards, err := s.dir.FreshMembers(ctx, []wpauth.UserID{viewer})
	switch {
	case err != nil:
		return err
	case !cards[viewer].Exists:
		return Refuse(NotFound, "There is no such member.")
	case !a.Moderator:
		return Refuse(Forbidden, "")
	}
	return s.oversee(ctx, a, store.Audit{Action: AuditThreadList, Member: int64(viewer)}, nil)
}

// boxTotal counts a box; whole boxes are counted once in a while only, see mailboxes.
func (s *Service) boxTotal(ctx context.Context, q store.BoxQuery) (int, error) {
	place := inboxTotal
	switch {
	case q.Unread != nil || q.With != nil:
		return s.store.BoxTotal(ctx, q)
	case q.Box == store.BoxSent:
		place = sentTotal
	}
	return s.mailboxes.totals.Fetch(ctx, folderOf(wpauth.UserID(q.Viewer), place), func(ctx context.Context) (int, error) {
		return s.store.BoxTotal(ctx, q)
	})
}

func plain(ids []wpauth.UserID) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}
