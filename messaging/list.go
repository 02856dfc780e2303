package messaging

import (
	"context"
	"slices"
	"strings"

	"parley/messaging/store"
)

// maxPage is the largest page of any list (contract 1.0).
const maxPage = 100

// List implements Messenger.
func (s *Service) List(ctx context.Context, a Actor, q ListQuery) (Page, error) {
	if q.Filter == "" {
		q.Filter = FilterActive
	}
	switch {
	case !slices.Contains([]Filter{FilterActive, FilterArchived, FilterAll, FilterUnread, FilterDirect, FilterGroup}, q.Filter):
		return Page{}, Refuse(Invalid, "There is no such filter.")
	case q.Limit < 1 || q.Limit > maxPage || q.Offset < 0:
		return Page{}, Refuse(Invalid, "There is no such page.")
	}
	// Blanks ask for nothing in particular.
	if strings.TrimSpace(q.Search) != "" {
		if err := checkText("search term", q.Search, s.limits.SearchRunes); err != nil {
			return Page{}, err
		}
		p, err := s.found(ctx, a, q)
		return p, s.fault(ctx, err)
	}
	p, err := s.page(ctx, a, q)
	return p, s.fault(ctx, err)
}

// page reads a page of the mailbox. The end of the mailbox tells the total by itself.
func (s *Service) page(ctx context.Context, a Actor, q ListQuery) (Page, error) {
	rows, err := s.store.Page(ctx, int64(a.ID), store.Filter(q.Filter), q.Limit, q.Offset, s.now())
	if err != nil {
		return Page{}, err
	}
	p := Page{Total: q.Offset + len(rows)}
	if len(rows) == q.Limit || len(rows) == 0 && q.Offset > 0 {
		if p.Total, err = s.listTotal(ctx, a, q.Filter); err != nil {
			return Page{}, err
		}
	}
	p.Conversations, err = s.assemble(ctx, a.ID, rows)
	return p, err
}

// found reads a page of what a search finds.
func (s *Service) found(ctx context.Context, a Actor, q ListQuery) (Page, error) {
	all, err := s.searchIDs(ctx, a, q.Filter, q.Search)
	if err != nil {
		return Page{}, err
	}
	p := Page{Total: len(all)}
	all = all[min(q.Offset, len(all)):]
	all = all[:min(q.Limit, len(all))]
	ids := make([]int64, len(all))
	place := make(map[int64]int, len(all))
	for i, id := range all {
		ids[i], place[int64(id)] = int64(id), i
	}
	rows, err := s.store.Conversations(ctx, int64(a.ID), ids, s.now())
	if err != nil {
		return Page{}, err
	}
	slices.SortFunc(rows, func(x, y store.Conversation) int { return place[x.ID] - place[y.ID] })
	p.Conversations, err = s.assemble(ctx, a.ID, rows)
	// Somebody who left since the search sees no more of it.
	p.Conversations = slices.DeleteFunc(p.Conversations, func(c Conversation) bool {
		return c.Me == nil || !c.Me.LeftAt.IsZero()
	})
	return p, err
}
