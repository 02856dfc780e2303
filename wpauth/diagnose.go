package wpauth

import (
	"context"
	"slices"
)

// Diagnosis is what an operator needs to know about how this site's members log
// in. It holds no secret.
type Diagnosis struct {
	// LoggedInCookie is the name of the login cookie that is looked for.
	LoggedInCookie string
	// MissingKeys are the schemes (auth, secure_auth, logged_in, nonce) for which
	// there is a key or salt neither in wp-config.php nor in the options. Without
	// logged_in nobody can log in by cookie, without nonce no cookie is accepted.
	MissingKeys []string
	// ApplicationPasswords tells whether somebody on the site has made one.
	ApplicationPasswords bool
	// Roles are the site's role slugs, sorted; none means a wrong table prefix.
	Roles []string
	// Moderators are the roles that hold jetonomy_moderate, sorted.
	Moderators []string
	// ReferenceMessaging is Options.ReferenceMessaging.
	ReferenceMessaging bool
	Features           Features
}

// Diagnose looks at the site's settings as they are now.
func (s *Site) Diagnose(ctx context.Context) (Diagnosis, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Diagnosis{}, err
	}
	d := Diagnosis{
		LoggedInCookie:       cur.cookies.loggedIn,
		ApplicationPasswords: cur.appPasswords,
		ReferenceMessaging:   cur.options.ReferenceMessaging,
		Features:             cur.features,
	}
	for scheme, name := range schemeNames {
		if cur.keys[scheme] == nil {
			d.MissingKeys = append(d.MissingKeys, name)
		}
	}
	for role, caps := range cur.roles {
		d.Roles = append(d.Roles, role)
		if caps[CapJetonomyModerate] {
			d.Moderators = append(d.Moderators, role)
		}
	}
	slices.Sort(d.Roles)
	slices.Sort(d.Moderators)
	return d, nil
}
