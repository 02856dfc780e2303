package store

import "context"

// CountUnread counts the active conversations of a member with unread messages, on
// the index badge alone.
func (s *Store) CountUnread(ctx context.Context, user int64) (int, error) {
	var n int
	err := s.db.GetContext(ctx, &n, `
		SELECT COUNT(*) FROM `+s.t.Participants+` p
		 WHERE p.user_id = ? AND p.folder = 0 AND p.has_unread = 1`, user)
	return n, err
}

// CountMailbox counts the conversations of a list.
func (s *Store) CountMailbox(ctx context.Context, user int64, f Filter) (int, error) {
	where, join := s.mailbox(f)
	var n int
	err := s.db.GetContext(ctx, &n, `
		SELECT COUNT(*) FROM `+s.t.Participants+` p`+join+`
		 WHERE p.user_id = ?`+where, user)
	return n, err
}
