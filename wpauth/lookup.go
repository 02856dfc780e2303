package wpauth

import (
	"context"
	"database/sql"
	"errors"
)

// FindLogin returns the member whose login, or else whose nicename, is name; the
// page's ?to= and To field name people by either. Nobody: a Member that does not exist.
func (s *Site) FindLogin(ctx context.Context, name string) (Member, error) {
	var id UserID
	err := s.db.QueryRowContext(ctx, "SELECT ID FROM "+s.tables.Users+
		" WHERE user_login = ? OR user_nicename = ? ORDER BY user_login = ? DESC, ID LIMIT 1", name, name, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Member{}, nil
	}
	if err != nil {
		return Member{}, err
	}
	found, err := s.FreshMembers(ctx, []UserID{id})
	return found[id], err
}
