package wpauth

import (
	"context"

	"github.com/jmoiron/sqlx"

	"parley/internal/cache"
	"parley/internal/mysql"
	"parley/wpauth/phpvalue"
)

// nameRule is Jetonomy's setting member_name_display (1.9.4).
type nameRule string

const (
	nameDisplay nameRule = "display_name"
	nameHandle  nameRule = "handle"
	nameBoth    nameRule = "both"
)

func newNameRule(jetonomy phpvalue.Value) nameRule {
	switch rule := nameRule(textOf(jetonomy, "member_name_display")); rule {
	case nameHandle, nameBoth:
		return rule
	}
	return nameDisplay
}

// name is what a member is called: display name, else nicename, else login, and
// by the site's choice the handle instead or beside it.
func (r nameRule) name(display, nicename, login string) string {
	name := firstOf(display, nicename, login)
	handle := "@" + firstOf(nicename, login)
	switch r {
	case nameHandle:
		return handle
	case nameBoth:
		return name + " (" + handle + ")"
	}
	return name
}

// Members returns a card for every id; see Directory.
func (s *Site) Members(ctx context.Context, ids []UserID) (map[UserID]Member, error) {
	return s.members(ctx, ids, s.cards.Get)
}

// FreshMembers is Members past the cache; see Directory.
func (s *Site) FreshMembers(ctx context.Context, ids []UserID) (map[UserID]Member, error) {
	return s.members(ctx, ids, func(UserID) (Member, bool) { return Member{}, false })
}

// members takes what known has and loads the others, each once. Nobody (id 0 or
// less) is answered at once.
func (s *Site) members(ctx context.Context, ids []UserID, known func(UserID) (Member, bool)) (map[UserID]Member, error) {
	found := make(map[UserID]Member, len(ids))
	var missing []UserID
	for _, id := range ids {
		if _, dup := found[id]; dup {
			continue
		}
		found[id] = Member{ID: id}
		if id <= 0 {
			continue
		}
		if card, ok := known(id); ok {
			found[id] = card
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	if err := s.loadMembers(ctx, missing, found); err != nil {
		return nil, err
	}
	return found, nil
}

// loadMembers reads the cards of ids, which differ and are positive, in one
// statement into found and the cache. Accounts that are gone keep the empty card.
func (s *Site) loadMembers(ctx context.Context, ids []UserID, found map[UserID]Member) error {
	cur, err := s.settings(ctx)
	if err != nil {
		return err
	}
	query := s.sql.plainCards
	if cur.features.Jetonomy {
		query = s.sql.cards
	}
	query, args, err := sqlx.In(query, ids)
	if err != nil {
		return err
	}
	err = mysql.Query(ctx, s.db.DB, query, args, func(r mysql.Row) {
		m := Member{ID: UserID(r.Int(0)), Login: r.Text(1), Nicename: r.Text(2), StoredName: r.Text(3), Email: r.Text(4),
			TrustLevel: int(r.Int(6)), LastSeenAt: r.Time(7), Exists: true}
		m.DisplayName = cur.names.name(m.StoredName, m.Nicename, m.Login)
		m.AvatarURL = cur.avatars.url(r.Text(5), m.Email, r.Text(8) == "1")
		found[m.ID] = m
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.cards.Set(id, found[id])
	}
	return nil
}

// maxCards bounds the number of cards kept.
const maxCards = 20_000

func newCardCache() *cache.Cache[UserID, Member] {
	return cache.New[UserID, Member](cache.Options{TTL: MemberCacheTTL, MaxItems: maxCards})
}

// CacheStats returns the counters of the caches of callers and of members' cards, by
// name.
func (s *Site) CacheStats() map[string]cache.Stats {
	return map[string]cache.Stats{
		"identity":    s.sessions.Stats(),
		"member_card": s.cards.Stats(),
	}
}
