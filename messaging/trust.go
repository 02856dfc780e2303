package messaging

import "parley/messaging/store"

// RoleTrust gives trust levels (0-5, contract 4.1) to roles, for sites without Jetonomy. Empty: such a
// site has no trust levels, and neither the trust gate nor the limits by trust level
// apply.
type RoleTrust map[string]int

// Level is the highest level among a member's roles; 0 when none of them has one.
func (r RoleTrust) Level(roles []string) (level int) {
	for _, role := range roles {
		level = max(level, r[role])
	}
	return level
}

// trust is the level of who starts a conversation; counts is false on a site that has
// none. Jetonomy's own levels go before those of roles.
func (s *Service) trust(a Actor, f store.StartFacts) (level int, counts bool) {
	switch {
	case s.jetonomy():
		return f.Trust, true
	case len(s.roleTrust) > 0:
		return s.roleTrust.Level(a.Roles), true
	}
	return 0, false
}
