package wpauth

import (
	"context"
	"strings"
)

// Setup is how the site's logins are set up, for whoever checks an installation.
// It holds no secret.
type Setup struct {
	// LoggedInCookie is the name of the cookie that says who is logged in.
	LoggedInCookie string
	// SiteURL is the address the cookies are named after; StoredSiteURL is the option
	// siteurl, "" when the options table has none (then it is no WordPress's).
	SiteURL, StoredSiteURL string
	// MissingKeys are the purposes (logged_in, nonce, …) that neither wp-config.php
	// nor the options have a key and a salt for.
	MissingKeys []string
	// ApplicationPasswords tells whether somebody has made one.
	ApplicationPasswords bool
}

// Setup reads how the site's logins are set up.
func (s *Site) Setup(ctx context.Context) (Setup, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Setup{}, err
	}
	out := Setup{
		LoggedInCookie:       cur.cookies.loggedIn,
		SiteURL:              siteURLForCookies(s.wp, cur.raw),
		StoredSiteURL:        strings.TrimRight(cur.raw["siteurl"], "/"),
		ApplicationPasswords: cur.appPasswords,
	}
	for i, key := range cur.keys {
		if key == nil {
			out.MissingKeys = append(out.MissingKeys, schemeNames[i])
		}
	}
	return out, nil
}
