package wpauth

import (
	"slices"

	"parley/wpauth/phpvalue"
)

// Capabilities Parley asks for.
const (
	// CapRead is held by every role of a member; mutations need it (contract 2).
	CapRead = "read"
	// CapManageOptions makes an administrator: oversight, and all of the next one.
	CapManageOptions = "manage_options"
	// CapJetonomyModerate skips the trust gate, the shared-space rule and the daily
	// limit (contract 3.2).
	CapJetonomyModerate = "jetonomy_moderate"
	// CapBPModerate makes a BuddyPress moderator.
	CapBPModerate = "bp_moderate"
)

// roleCaps are the capabilities of each role, in no order: role, capability,
// granted or denied.
type roleCaps map[string]map[string]bool

// newRoleCaps reads option {prefix}user_roles. Jetonomy writes its capabilities
// into it, as its own screen (option jetonomy_role_caps) says, so what stands
// there is final. Only where no role at all knows jetonomy_moderate has Jetonomy
// not done so yet, and its defaults apply: administrators always; editors unless
// the option names them without it; and whatever other roles the option gives it to.
func newRoleCaps(roles, overrides phpvalue.Value) roleCaps {
	caps := make(roleCaps, len(roles.Entries()))
	registered := false
	for _, role := range roles.Entries() {
		own := map[string]bool{}
		list, _ := role.Value.Get("capabilities")
		for _, c := range list.Entries() {
			if !c.Key.IsInt {
				own[c.Key.Text] = c.Value.Truthy()
			}
		}
		if _, ok := own[CapJetonomyModerate]; ok {
			registered = true
		}
		caps[role.Key.Text] = own
	}
	if registered {
		return caps
	}
	grant := func(role string) {
		if own, ok := caps[role]; ok {
			own[CapJetonomyModerate] = true
		}
	}
	grant("administrator")
	if _, named := overrides.Get("editor"); !named {
		grant("editor")
	}
	for _, role := range overrides.Entries() {
		for _, c := range role.Value.Entries() {
			if name, _ := c.Value.Str(); name == CapJetonomyModerate {
				grant(role.Key.Text)
			}
		}
	}
	return caps
}

// of works out a user's roles and capabilities from user meta
// {prefix}capabilities, as WP_User::get_role_caps does: the keys that are roles
// are the roles, whatever their value; capabilities of later roles override those
// of earlier ones, and the user's own entries override both.
func (r roleCaps) of(stored phpvalue.Value) (roles []string, caps map[string]bool) {
	caps = map[string]bool{}
	for _, e := range stored.Entries() {
		own, isRole := r[e.Key.Text]
		if e.Key.IsInt || !isRole {
			continue
		}
		roles = append(roles, e.Key.Text)
		for name, granted := range own {
			caps[name] = granted
		}
	}
	for _, e := range stored.Entries() {
		if !e.Key.IsInt {
			caps[e.Key.Text] = e.Value.Truthy()
		}
	}
	return roles, caps
}

// isSuperAdmin is is_super_admin() of a network.
func (c *settings) isSuperAdmin(login string) bool { return slices.Contains(c.superAdmins, login) }
