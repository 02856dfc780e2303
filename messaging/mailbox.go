package messaging

import (
	"context"
	"slices"
	"time"

	"parley/internal/cache"
	"parley/messaging/store"
	"parley/wpauth"
)

// mailboxTTL is how old a count may be (contract 1.3, 7). In this process every
// change drops it at once; the TTL is for what nobody here can see.
const mailboxTTL = 30 * time.Second

// mailboxes caches members' counts. A count whose reading began before a drop is
// never kept (cache.Cache), so a change is visible to whoever asks after it.
type mailboxes struct {
	unread *cache.Cache[wpauth.UserID, int]
	totals *cache.Cache[folder, int]
}

// folder is a list of one member: eight times the user id, plus the filter's place.
type folder int64

// filters are all lists there are.
var filters = [...]Filter{FilterActive, FilterArchived, FilterAll, FilterUnread, FilterDirect, FilterGroup}

// Totals of the BuddyPress surface's boxes have the places behind the filters'.
const (
	inboxTotal = len(filters) + iota
	sentTotal
	totals // how many there are; at most eight fit into folder
)

func folderOf(id wpauth.UserID, filter int) folder { return folder(int64(id)*8 + int64(filter)) }

func newMailboxes() mailboxes {
	return mailboxes{
		unread: cache.New[wpauth.UserID, int](cache.Options{TTL: mailboxTTL, MaxItems: 100_000}),
		totals: cache.New[folder, int](cache.Options{TTL: mailboxTTL, MaxItems: 100_000}),
	}
}

// UnreadCount counts the actor's active conversations with unread messages. cached
// tells whether the answer was in memory.
func (s *Service) UnreadCount(ctx context.Context, a Actor) (n int, cached bool, err error) {
	if n, ok := s.mailboxes.unread.Peek(a.ID); ok {
		return n, true, nil
	}
	n, err = s.mailboxes.unread.Fetch(ctx, a.ID, func(ctx context.Context) (int, error) {
		return s.store.CountUnread(ctx, int64(a.ID))
	})
	return n, false, s.fault(ctx, err)
}

// listTotal returns how many conversations are in a list of the actor.
func (s *Service) listTotal(ctx context.Context, a Actor, f Filter) (int, error) {
	place := max(slices.Index(filters[:], f), 0) // the store takes what it does not know for active
	n, err := s.mailboxes.totals.Fetch(ctx, folderOf(a.ID, place), func(ctx context.Context) (int, error) {
		return s.store.CountMailbox(ctx, int64(a.ID), store.Filter(filters[place]))
	})
	return n, s.fault(ctx, err)
}

// dropMailbox forgets the counts of members whose mailboxes changed. It is to be
// called after the commit, before the caller is answered.
func (s *Service) dropMailbox(ids ...wpauth.UserID) {
	for _, id := range ids {
		s.mailboxes.unread.Delete(id)
		for place := range totals {
			s.mailboxes.totals.Delete(folderOf(id, place))
		}
	}
}

// dropMailboxes forgets everybody's counts.
func (s *Service) dropMailboxes() {
	s.mailboxes.unread.Clear()
	s.mailboxes.totals.Clear()
}

// dropText forgets what a conversation is found by: after a rename or a purge. New
// messages need no drop.
func (s *Service) dropText(id ConversationID) { s.search.texts.Drop(int64(id)) }
