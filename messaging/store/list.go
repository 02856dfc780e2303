package store

import (
	"context"
	"time"
)

// Page reads one page of a mailbox in list order: last activity, newest first, then
// id. The active and archived folders are one backward range of the index inbox;
// unread reads the index badge and sorts what is unread.
func (s *Store) Page(ctx context.Context, user int64, f Filter, limit, offset int, now time.Time) ([]Conversation, error) {
	text, args := s.pageText(user, f, limit, offset, now)
	return s.conversations(ctx, limit, text, args...)
}

func (s *Store) pageText(user int64, f Filter, limit, offset int, now time.Time) (string, []any) {
	silenced, args := s.silenced(user, now)
	return `SELECT ` + conversationColumns + `, ` + silenced + s.pageFrom(f), append(args, s.pageArgs(user, f, limit, offset)...)
}

// pageFrom is everything of a page's statement but its columns.
func (s *Store) pageFrom(f Filter) string {
	const order = ` ORDER BY p.last_activity_at DESC, p.conversation_id DESC LIMIT ? OFFSET ?`
	join := ` STRAIGHT_JOIN ` + s.t.Conversations + ` c ON c.id = p.conversation_id`
	switch f {
	case All:
		// One bounded range per folder, merged, so that the whole mailbox is never sorted.
		part := func(folder string) string {
			return `(SELECT last_activity_at, conversation_id FROM ` + s.t.Participants + ` FORCE INDEX (inbox)
				WHERE user_id = ? AND folder = ` + folder + `
				ORDER BY last_activity_at DESC, conversation_id DESC LIMIT ?)`
		}
		return ` FROM (` + part("0") + ` UNION ALL ` + part("1") + `) p` + join + order
	case Unread:
		return ` FROM ` + s.t.Participants + ` p FORCE INDEX (badge)` + join + `
			WHERE p.user_id = ? AND p.folder = 0 AND p.has_unread = 1` + order
	}
	where, typed := s.mailbox(f)
	if typed != "" {
		join = typed
	}
	return ` FROM ` + s.t.Participants + ` p FORCE INDEX (inbox)` + join + `
		WHERE p.user_id = ?` + where + order
}

func (s *Store) pageArgs(user int64, f Filter, limit, offset int) []any {
	if f == All {
		return []any{user, offset + limit, user, offset + limit, limit, offset}
	}
	return []any{user, limit, offset}
}
