package wpauth

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/singleflight"

	"parley/config"
	"parley/internal/cache"
)

// SiteConfig is what Site has to know beforehand about the WordPress site.
type SiteConfig struct {
	// WordPress is what wp-config.php says: table prefix, keys and salts, constants.
	WordPress config.WordPress
	// CommunitySlug is where the inbox is on a site without Jetonomy; "" means
	// community. Jetonomy's own base_slug goes before it.
	CommunitySlug string
	// Lane is the pool credentials of connections are looked at with, so that it does
	// not wait behind visitors. nil: the site's own.
	Lane *sqlx.DB
	// Now is the clock that cookies, nonces, restrictions and presence go by.
	// nil: time.Now. The age of caches is not measured with it.
	Now func() time.Time
	// Logger takes what went wrong beside a request. nil: slog.Default().
	Logger *slog.Logger
}

// Site is one WordPress site: it authenticates callers and implements Directory.
// It is safe for concurrent use.
type Site struct {
	db     *sqlx.DB
	lane   *sqlx.DB
	wp     config.WordPress
	slug   string
	now    func() time.Time
	log    *slog.Logger
	tables Tables
	sql    statements

	snapshot atomic.Pointer[settings]
	flights  singleflight.Group

	// secret keys the hashes credentials are remembered under.
	secret   [32]byte
	sessions *sessionCache
	rejected *rejectedCache
	cards    *cache.Cache[UserID, Member]
	seen     *presence

	background sync.WaitGroup
}

var _ Directory = (*Site)(nil)

// NewSite checks the names given in cfg and reads the site's settings once, so
// that a wrong prefix or a database without WordPress is an error here.
func NewSite(ctx context.Context, db *sqlx.DB, cfg SiteConfig) (*Site, error) {
	tables, err := tableNames(cfg.WordPress)
	if err != nil {
		return nil, err
	}
	s := &Site{
		db:     db,
		wp:     cfg.WordPress,
		slug:   firstOf(strings.Trim(cfg.CommunitySlug, "/"), defaultSlug),
		now:    cfg.Now,
		log:    cfg.Logger,
		tables: tables,
		sql:    newStatements(tables),

		sessions: newSessionCache(),
		rejected: newRejectedCache(),
		cards:    newCardCache(),
		seen:     newPresence(),
	}
	_, _ = rand.Read(s.secret[:]) // never fails
	if s.lane = cfg.Lane; s.lane == nil {
		s.lane = db
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if _, err := s.settings(ctx); err != nil {
		return nil, fmt.Errorf("read the settings of the WordPress site: %w", err)
	}
	return s, nil
}

// Close waits for records still being written in the background (the last use of
// application passwords). The database stays open.
func (s *Site) Close() { s.background.Wait() }

// Tables returns the names of the tables this site's data is in.
func (s *Site) Tables() Tables { return s.tables }

var (
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)
	tablePattern  = regexp.MustCompile(`^(?:([A-Za-z0-9_$-]{1,64})\.)?([A-Za-z0-9_$-]{1,64})$`)
)

// tableNames applies the prefixes as wpdb::set_prefix does: users, their meta
// and the network's tables have the base prefix, everything else the site's own.
func tableNames(wp config.WordPress) (Tables, error) {
	base, site := wp.TablePrefix, wp.SitePrefix()
	if !prefixPattern.MatchString(base) || !prefixPattern.MatchString(site) {
		return Tables{}, fmt.Errorf("table prefix %q: only letters, digits and underscores are possible", site)
	}
	quote := func(name string) string { return "`" + name + "`" }
	t := Tables{
		Users:           quote(base + "users"),
		UserMeta:        quote(base + "usermeta"),
		SiteMeta:        quote(base + "sitemeta"),
		Options:         quote(site + "options"),
		JTProfiles:      quote(site + "jt_user_profiles"),
		JTNotifications: quote(site + "jt_notifications"),
		JTBlockedUsers:  quote(site + "jt_blocked_users"),
		JTRestrictions:  quote(site + "jt_restrictions"),
		JTSpaceMembers:  quote(site + "jt_space_members"),
		JTSpaces:        quote(site + "jt_spaces"),
		JTFlags:         quote(site + "jt_flags"),
		// BuddyPress keeps one set of tables per network (bp_core_get_table_prefix).
		BPNotifications: quote(base + "bp_notifications"),
	}
	for _, custom := range []struct {
		constant, name string
		target         *string
	}{
		{"CUSTOM_USER_TABLE", wp.UserTable, &t.Users},
		{"CUSTOM_USER_META_TABLE", wp.UserMetaTable, &t.UserMeta},
	} {
		if custom.name == "" {
			continue
		}
		parts := tablePattern.FindStringSubmatch(custom.name)
		if parts == nil {
			return Tables{}, fmt.Errorf("%s: %q is no table name", custom.constant, custom.name)
		}
		if *custom.target = quote(parts[2]); parts[1] != "" {
			*custom.target = quote(parts[1]) + "." + quote(parts[2])
		}
	}
	return t, nil
}
