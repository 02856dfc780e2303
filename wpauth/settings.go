package wpauth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/wpauth/phpvalue"
)

// settingsTTL bounds the age of the site's settings. Roles, keys kept in options
// and the application-password switch decide access, so this and identityTTL
// together stay within five seconds.
const settingsTTL = 2 * time.Second

// featuresTTL is how often the database is asked which plugins' tables it has.
const featuresTTL = time.Minute

// loadTimeout bounds a load that several requests wait for together.
const loadTimeout = 10 * time.Second

// settings is everything read from the options table (and the network's), at one
// moment. It is never changed after it was made.
type settings struct {
	loaded   time.Time
	raw      map[string]string
	options  Options
	names    nameRule
	avatars  avatarRule
	roles    roleCaps
	keys     keyring
	cookies  cookieNames
	fragment fragmentRule
	// appPasswords is using_application_passwords: somebody has made one.
	appPasswords bool
	superAdmins  []string
	// networkBuddyPress is set where BuddyPress is activated for a whole network.
	networkBuddyPress bool

	features        Features
	featuresChecked time.Time
}

// settings returns the site's settings, at most settingsTTL old. Callers that
// come while they are being read wait for the same reading.
func (s *Site) settings(ctx context.Context) (*settings, error) {
	if cur := s.snapshot.Load(); cur != nil && time.Since(cur.loaded) < settingsTTL {
		return cur, nil
	}
	result := s.flights.DoChan("settings", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		next, err := s.loadSettings(ctx, s.snapshot.Load())
		if err != nil {
			return nil, err
		}
		s.snapshot.Store(next)
		return next, nil
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*settings), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Features tells which plugins' tables the site had when it was last looked at,
// at most a minute and a request ago.
func (s *Site) Features() Features { return s.snapshot.Load().features }

// loadSettings reads everything anew; what is expensive to work out is taken from
// prev where the stored text is the same.
func (s *Site) loadSettings(ctx context.Context, prev *settings) (*settings, error) {
	loaded := time.Now()
	raw, err := s.readOptions(ctx)
	if err != nil {
		return nil, err
	}
	next := &settings{loaded: loaded, raw: raw}
	if prev != nil && time.Since(prev.featuresChecked) < featuresTTL {
		next.features, next.featuresChecked = prev.features, prev.featuresChecked
	} else {
		if next.features, err = s.readFeatures(ctx); err != nil {
			return nil, err
		}
		next.featuresChecked = loaded
	}
	rolesKey := s.wp.SitePrefix() + "user_roles"
	if prev != nil && prev.raw[rolesKey] == raw[rolesKey] && prev.raw["jetonomy_role_caps"] == raw["jetonomy_role_caps"] {
		next.roles = prev.roles
	} else {
		next.roles = newRoleCaps(s.parseOption(rolesKey, raw), s.parseOption("jetonomy_role_caps", raw))
	}
	jetonomy := s.parseOption("jetonomy_settings", raw)
	next.options = newOptions(s.wp, raw, jetonomy, s.parseOption("jetonomy_pro_extensions", raw))
	if next.options.CommunitySlug == "" {
		next.options.CommunitySlug = defaultSlug
		if !next.features.Jetonomy {
			next.options.CommunitySlug = s.slug
		}
	}
	next.names = newNameRule(jetonomy)
	next.avatars = newAvatarRule(raw)
	next.keys = newKeyring(s.wp.Keys, func(name string) string { return raw[s.networkKey(name)] })
	next.cookies = newCookieNames(s.wp, siteURLForCookies(s.wp, raw))
	next.fragment = newFragmentRule(raw["db_version"])
	next.appPasswords = phpvalue.NewString(raw[s.networkKey("using_application_passwords")]).Truthy()
	if s.wp.Multisite {
		for _, e := range s.parseOption(networkPrefix+"site_admins", raw).Entries() {
			if login, ok := e.Value.Str(); ok {
				next.superAdmins = append(next.superAdmins, login)
			}
		}
		_, next.networkBuddyPress = s.parseOption(networkPrefix+"active_sitewide_plugins", raw).Get("buddypress/bp-loader.php")
	}
	return next, nil
}

// networkPrefix marks settings of the network in settings.raw.
const networkPrefix = "network:"

// networkKey is where get_site_option() looks for a name: among the network's
// settings, or on a single site among its options.
func (s *Site) networkKey(name string) string {
	if s.wp.Multisite {
		return networkPrefix + name
	}
	return name
}

var (
	siteOptions = []string{
		"siteurl", "home", "blogname", "timezone_string", "gmt_offset", "time_format", "date_format",
		"permalink_structure", "db_version", "avatar_default", "avatar_rating",
		"show_avatars", "use_smilies", "WPLANG",
		"jetonomy_settings", "jetonomy_pro_extensions", "jetonomy_role_caps",
	}
	networkOptions = []string{
		"auth_key", "auth_salt", "secure_auth_key", "secure_auth_salt",
		"logged_in_key", "logged_in_salt", "nonce_key", "nonce_salt",
		"using_application_passwords",
	}
)

// readOptions reads the options in one statement, and on a network a second one
// for the network's settings.
func (s *Site) readOptions(ctx context.Context) (map[string]string, error) {
	names := append(slices.Clone(siteOptions), s.wp.SitePrefix()+"user_roles")
	if !s.wp.Multisite {
		names = append(names, networkOptions...)
	}
	raw := make(map[string]string, len(names))
	if err := s.readPairs(ctx, s.sql.options, names, "", raw); err != nil {
		return nil, err
	}
	if s.wp.Multisite {
		names := append(slices.Clone(networkOptions), "siteurl", "site_admins", "WPLANG", "active_sitewide_plugins")
		if err := s.readPairs(ctx, s.sql.siteMeta, names, networkPrefix, raw); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// readPairs stores name and value of each row under prefix+name. Names differing
// in letter case only, which the table's collation cannot tell apart, are left out;
// of several rows with one name the first counts.
func (s *Site) readPairs(ctx context.Context, query string, names []string, prefix string, into map[string]string) error {
	query, args, err := sqlx.In(query, names)
	if err != nil {
		return err
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		if _, dup := into[prefix+name]; !dup && slices.Contains(names, name) {
			into[prefix+name] = value
		}
	}
	return rows.Err()
}

// parseOption reads a serialized option; what cannot be read is logged and is null.
func (s *Site) parseOption(name string, raw map[string]string) phpvalue.Value {
	text := raw[name]
	if text == "" {
		return phpvalue.Value{}
	}
	v, err := phpvalue.Parse(text)
	if err != nil {
		s.log.Warn("option cannot be read and is treated as absent",
			"option", strings.TrimPrefix(name, networkPrefix), "error", err)
		return phpvalue.Value{}
	}
	return v
}

// readFeatures asks which of the plugins' tables exist.
func (s *Site) readFeatures(ctx context.Context) (Features, error) {
	names := map[string]*bool{}
	var f Features
	for quoted, found := range map[string]*bool{
		s.tables.JTProfiles:      &f.Jetonomy,
		s.tables.JTNotifications: &f.JetonomyBell,
		s.tables.JTFlags:         &f.JetonomyFlags,
		s.tables.BPNotifications: &f.BuddyPress,
	} {
		names[strings.Trim(quoted, "`")] = found
	}
	query, args, err := sqlx.In(`SELECT table_name FROM information_schema.tables
		WHERE table_schema = DATABASE() AND table_name IN (?)`, keysOf(names))
	if err != nil {
		return Features{}, err
	}
	var present []string
	if err := s.db.SelectContext(ctx, &present, query, args...); err != nil {
		return Features{}, fmt.Errorf("look which tables there are: %w", err)
	}
	for _, name := range present {
		for want, found := range names {
			// Servers on case-insensitive file systems answer in lower case.
			if strings.EqualFold(want, name) {
				*found = true
			}
		}
	}
	if f.BuddyPress {
		err = s.db.GetContext(ctx, &f.BuddyPressKey, `SELECT COUNT(*) = 2 FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'useritem'
			AND (seq_in_index, column_name) IN ((1, 'user_id'), (2, 'is_new'))`, strings.Trim(s.tables.BPNotifications, "`"))
		if err != nil {
			return Features{}, fmt.Errorf("look which keys there are: %w", err)
		}
	}
	return f, nil
}

func keysOf(m map[string]*bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
