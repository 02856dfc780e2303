package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"parley/internal/mysql"
	"parley/wpauth"
)

// wordpress looks for the site behind the table prefix and reports whether it is there.
func (e *exam) wordpress(ctx context.Context) bool {
	site, err := wpauth.NewSite(ctx, e.db.DB, wpauth.SiteConfig{WordPress: e.Config.WordPress, CommunitySlug: e.Config.Slug, Now: e.Now})
	switch {
	case mysql.IsNoTable(err):
		e.add("wordpress", Problem, e.prefixAdvice(ctx),
			"There is no WordPress with the table prefix %s in this database.", e.Config.WordPress.SitePrefix())
		return false
	case mysql.IsDenied(err):
		e.add("wordpress", Problem, fmt.Sprintf("As an administrator of the database: GRANT SELECT ON `%s`.* TO %s;", e.schemaName(ctx), e.user(ctx)),
			"The database user may not read WordPress's tables.")
		return false
	case err != nil:
		e.add("wordpress", Problem, "Correct what it names.", "%s", sentence(err.Error()))
		return false
	}
	e.site = site
	return true
}

// prefixAdvice names the prefixes under which the database does have a WordPress.
func (e *exam) prefixAdvice(ctx context.Context) string {
	var tables []string
	err := e.db.SelectContext(ctx, &tables, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = DATABASE() AND (table_name LIKE '%options' OR table_name LIKE '%usermeta')`)
	var found []string
	for _, t := range tables {
		if p, ok := strings.CutSuffix(t, "options"); ok && slices.Contains(tables, p+"usermeta") {
			found = append(found, p)
		}
	}
	if err != nil || len(found) == 0 {
		return "Check that it is the right database: it holds no WordPress at all, as far as its user can see."
	}
	return "Correct $table_prefix in wp-config.php or the setting wordpress.table_prefix; in this database there is: " + strings.Join(found, ", ") + "."
}

// logins checks what cookies and nonces depend on.
func (e *exam) logins(ctx context.Context) {
	s, err := e.site.Setup(ctx)
	if err != nil {
		e.add("logins", Problem, "Try again.", "%s", sentence(err.Error()))
		return
	}
	if s.StoredSiteURL == "" {
		e.add("logins", Problem, "Finish the installation of WordPress, or correct the table prefix.",
			"The options table has no siteurl.")
		return
	}
	missing := slices.DeleteFunc(s.MissingKeys, func(name string) bool { return name != "logged_in" && name != "nonce" })
	if len(missing) > 0 {
		var names []string
		for _, m := range missing {
			names = append(names, strings.ToUpper(m)+"_KEY", strings.ToUpper(m)+"_SALT")
		}
		e.add("logins", Problem,
			"Put eight different random phrases into wp-config.php (https://api.wordpress.org/secret-key/1.1/salt/ makes some); when Parley does not read that file, set wordpress.logged_in_key and its like to the same.",
			"%s are not defined, or still the sample phrase, or all the same, and WordPress keeps none in its options: nobody's login can be checked.", strings.Join(names, ", "))
	} else {
		e.ok("logins", "Keys and salts are there; the login cookie is %s, after %s.", s.LoggedInCookie, s.SiteURL)
	}
	if !e.Config.WordPress.Multisite && s.SiteURL != s.StoredSiteURL {
		e.add("logins", Note,
			"Nothing, if WordPress itself has WP_SITEURL so. Otherwise nobody will be logged in: correct wordpress.site_url.",
			"The site's address is %s by wp-config.php or settings, but %s in the options table; cookies are named after the first.", s.SiteURL, s.StoredSiteURL)
	}
	if !s.ApplicationPasswords {
		e.add("logins", Note, "Nothing, unless apps should log in: WordPress offers application passwords in the profile of each user.",
			"Nobody has made an application password.")
	}
}

// https checks that application passwords can work: WordPress takes them over https
// or in a local environment only.
func (e *exam) https(ctx context.Context) {
	o, err := e.site.Options(ctx)
	if err != nil {
		e.add("https", Problem, "Try again.", "%s", sentence(err.Error()))
		return
	}
	home, err := url.Parse(o.Home)
	switch {
	case err != nil || home.Host == "":
		e.add("https", Problem, "Correct the option home, or set wordpress.home.", "The site's address %q is none.", o.Home)
	case e.Config.WordPress.EnvironmentType == "local":
		e.ok("https", "The site is a local one; application passwords work without https.")
	case home.Scheme != "https":
		e.add("https", Note, "Serve the site over https.", "The site's address is %s: without https, application passwords are not accepted and logins can be read on the way.", o.Home)
	case len(e.Config.TrustedProxies) == 0:
		e.add("https", Note, "Name the web server in trusted_proxies (PARLEY_TRUSTED_PROXIES).",
			"No web server is trusted to say that visitors use https, so application passwords are not accepted.")
	default:
		e.ok("https", "The site uses https; web servers at %s are believed about it.", join(e.Config.TrustedProxies))
	}
}

func join[T fmt.Stringer](items []T) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = item.String()
	}
	return strings.Join(texts, ", ")
}

// plugins says which plugins' tables there are, and whether another program writes
// messages.
func (e *exam) plugins(ctx context.Context) {
	f := e.site.Features()
	switch {
	case f.Jetonomy && !(f.JetonomyBell && f.JetonomyFlags):
		e.add("plugins", Problem, "Deactivate and activate Jetonomy in WordPress, which makes its tables.",
			"Jetonomy's tables are incomplete; members get no bell notifications, or moderators no reports.")
	case f.Jetonomy:
		e.ok("plugins", "Jetonomy is there: trust levels, shared spaces, restrictions and its bell apply.")
	case len(e.Config.RoleTrust) > 0:
		e.ok("plugins", "Jetonomy is not there: roles give trust levels; no shared spaces, restrictions or community blocks apply.")
	default:
		e.ok("plugins", "Jetonomy is not there: no trust levels, shared spaces, restrictions or community blocks apply.")
	}
	if f.BuddyPress {
		e.ok("plugins", "BuddyPress is there.")
	} else {
		e.ok("plugins", "BuddyPress is not there.")
	}
	o, err := e.site.Options(ctx)
	if err != nil || !o.ReferenceMessaging {
		e.ok("second writer", "No other private messaging is enabled.")
		return
	}
	verdict := Problem
	if e.Config.AllowSecondWriter {
		verdict = Note
	}
	e.add("second writer", verdict, "Disable the private messaging of Jetonomy Pro, or allow it with messaging.allow_second_writer (PARLEY_MESSAGING_ALLOW_SECOND_WRITER).",
		"The private messaging of Jetonomy Pro is enabled: two programs would answer the same addresses.")
}

// rights checks, without changing a row, what Parley does to tables that are not
// its own: it reads them, and writes the few columns that WordPress or Jetonomy
// would write for the same act.
func (e *exam) rights(ctx context.Context) {
	t, f := e.site.Tables(), e.site.Features()
	type need struct{ right, table, statement string }
	needs := []need{
		{"SELECT", t.Users, "SELECT * FROM " + t.Users + " LIMIT 0"},
		{"SELECT", t.UserMeta, "SELECT * FROM " + t.UserMeta + " LIMIT 0"},
		{"UPDATE", t.UserMeta, "EXPLAIN UPDATE " + t.UserMeta + " SET meta_value = '' WHERE umeta_id = 0"},
	}
	if f.Jetonomy {
		for _, table := range []string{t.JTProfiles, t.JTBlockedUsers, t.JTRestrictions, t.JTSpaceMembers, t.JTSpaces} {
			needs = append(needs, need{"SELECT", table, "SELECT * FROM " + table + " LIMIT 0"})
		}
		needs = append(needs,
			need{"INSERT", t.JTProfiles, "EXPLAIN INSERT INTO " + t.JTProfiles + " (user_id, last_seen_at, created_at) VALUES (0, NULL, NOW())"},
			need{"UPDATE", t.JTProfiles, "EXPLAIN UPDATE " + t.JTProfiles + " SET last_seen_at = NULL WHERE user_id = 0"})
	}
	if f.JetonomyBell {
		needs = append(needs,
			need{"SELECT", t.JTNotifications, "SELECT * FROM " + t.JTNotifications + " LIMIT 0"},
			need{"INSERT", t.JTNotifications, "EXPLAIN INSERT INTO " + t.JTNotifications + " (user_id, actor_id, type, object_type, object_id, message, is_read, created_at) VALUES (0, 0, '', 'message', 0, '', 0, NOW())"},
			need{"UPDATE", t.JTNotifications, "EXPLAIN UPDATE " + t.JTNotifications + " SET is_read = 1 WHERE id = 0"})
	}
	if f.JetonomyFlags {
		needs = append(needs,
			need{"INSERT", t.JTFlags, "EXPLAIN INSERT INTO " + t.JTFlags + " (reporter_id, object_type, object_id, reason, description, status, created_at) VALUES (0, 'user', 0, 'other', '', 'pending', NOW())"})
	}
	var grants []string
	for _, n := range needs {
		rows, err := e.db.QueryContext(ctx, n.statement)
		if err == nil {
			err = rows.Close()
		}
		switch {
		case err == nil:
		case mysql.IsDenied(err):
			grants = append(grants, fmt.Sprintf("GRANT %s ON `%s`.%s TO %s;", n.right, e.schemaName(ctx), n.table, e.user(ctx)))
		default:
			e.add("rights", Problem, "Look at the structure of the table; WordPress and Jetonomy repair theirs when they are updated.",
				"%s on %s failed: %v.", n.right, n.table, err)
		}
	}
	if len(grants) > 0 {
		e.add("rights", Problem, "As an administrator of the database: "+strings.Join(grants, " "),
			"The database user lacks rights on tables of WordPress and its plugins.")
		return
	}
	e.ok("rights", "Parley may read WordPress's tables and write what it must.")
}
