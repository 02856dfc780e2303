package wpauth

import (
	"context"
	"strconv"
)

// IdentityOf is the member called name (a user id, else a login, else a nicename), with
// their roles and capabilities, for a program that acts in their name without a
// request. Nobody: an Identity that is not LoggedIn.
func (s *Site) IdentityOf(ctx context.Context, name string) (Identity, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Identity{}, err
	}
	var who Member
	if id, wrong := strconv.ParseInt(name, 10, 64); wrong == nil {
		found, err := s.FreshMembers(ctx, []UserID{UserID(id)})
		if err != nil {
			return Identity{}, err
		}
		who = found[UserID(id)]
	}
	if !who.Exists {
		if who, err = s.FindLogin(ctx, name); err != nil || !who.Exists {
			return Identity{}, err
		}
	}
	u, err := s.accountByLogin(ctx, who.Login, metaSessions)
	if err != nil || u == nil || u.id != who.ID {
		return Identity{}, err
	}
	return s.identity(cur, u), nil
}
