package wpauth_test

import (
	"context"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/config"
	"parley/internal/testdb"
	"parley/wpauth"
)

// frozen is the moment the recorded site lives in.
var frozen = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is a settable time.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newSite(t *testing.T, db *sqlx.DB, cfg wpauth.SiteConfig) *wpauth.Site {
	t.Helper()
	if cfg.WordPress.TablePrefix == "" {
		cfg.WordPress.TablePrefix = "wp_"
	}
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return frozen }
	}
	site, err := wpauth.NewSite(context.Background(), db, cfg)
	if err != nil {
		t.Fatalf("NewSite: %v", err)
	}
	t.Cleanup(site.Close)
	return site
}

func mustExec(t *testing.T, db *sqlx.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestNewSite_RefusesWhatIsNoWordPress(t *testing.T) {
	for name, wp := range map[string]config.WordPress{
		"prefix with SQL":        {TablePrefix: "wp_`; DROP TABLE x; --"},
		"prefix of another site": {TablePrefix: "other_"},
		"empty prefix":           {},
		"custom table with SQL":  {TablePrefix: "wp_", UserTable: "wp_users` WHERE 1 -- "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wpauth.NewSite(context.Background(), testdb.Site(t), wpauth.SiteConfig{WordPress: wp})
			if err == nil {
				t.Fatal("no error")
			}
		})
	}
}

func TestTables(t *testing.T) {
	db := testdb.Site(t)
	for _, tt := range []struct {
		name string
		wp   config.WordPress
		want [4]string // users, usermeta, options, notifications
	}{
		{"single site", config.WordPress{TablePrefix: "wp_"},
			[4]string{"`wp_users`", "`wp_usermeta`", "`wp_options`", "`wp_jt_notifications`"}},
		{"custom tables", config.WordPress{TablePrefix: "wp_", UserTable: "wp_users", UserMetaTable: "mysql.meta-x"},
			[4]string{"`wp_users`", "`mysql`.`meta-x`", "`wp_options`", "`wp_jt_notifications`"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tables := newSite(t, db, wpauth.SiteConfig{WordPress: tt.wp}).Tables()
			got := [4]string{tables.Users, tables.UserMeta, tables.Options, tables.JTNotifications}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	db := testdb.Site(t)
	mustExec(t, db, "UPDATE wp_users SET display_name = '' WHERE ID = 3")
	mustExec(t, db, "UPDATE wp_jt_user_profiles SET avatar_url = 'https://a.test/x.png', last_seen_at = '2026-03-02 08:58:00' WHERE user_id = 2")
	mustExec(t, db, "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (5, 'jetonomy_has_gravatar', '1'), (6, 'jetonomy_has_gravatar', '0')")
	mustExec(t, db, "DELETE FROM wp_jt_user_profiles WHERE user_id = 6")
	site := newSite(t, db, wpauth.SiteConfig{})

	members, err := site.Members(context.Background(), []wpauth.UserID{2, 3, 5, 6, 99, 0, 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(members) != 6 {
		t.Errorf("got %d members, want 6", len(members))
	}
	alice := members[2]
	if alice.Login != "alice" || alice.DisplayName != "Alice Anders" || alice.Email != "alice@example.test" ||
		alice.TrustLevel != 1 || !alice.Exists || alice.AvatarURL != "https://a.test/x.png" {
		t.Errorf("alice is %+v", alice)
	}
	if want := time.Date(2026, 3, 2, 8, 58, 0, 0, time.UTC); !alice.LastSeenAt.Equal(want) {
		t.Errorf("alice was seen %v, want %v", alice.LastSeenAt, want)
	}
	if got := members[3].DisplayName; got != "bob" {
		t.Errorf("without display name: got %q, want the nicename", got)
	}
	// sha256 of dave@example.test
	want := "https://secure.gravatar.com/avatar/e9f02ebcf2aea9d58a4ab0f9ff3c2c5e?s=40&d=mm&r=g"
	if got := members[5].AvatarURL; len(got) != len(want)+32 || got[:35] != want[:35] || got[len(got)-14:] != "?s=40&d=mm&r=g" {
		t.Errorf("gravatar address: got %q", got)
	}
	if erin := members[6]; erin.AvatarURL != "" || erin.TrustLevel != 0 || !erin.LastSeenAt.IsZero() {
		t.Errorf("without a profile: got %+v", erin)
	}
	if gone := members[99]; gone.Exists || gone.Name() != wpauth.DeletedUserName || gone.ID != 99 {
		t.Errorf("gone account: got %+v", gone)
	}

	mustExec(t, db, "UPDATE wp_users SET display_name = 'Alice Aalto' WHERE ID = 2")
	fresh, err := site.FreshMembers(context.Background(), []wpauth.UserID{2, 2})
	if err != nil || fresh[2].DisplayName != "Alice Aalto" {
		t.Errorf("FreshMembers: got %+v, %v", fresh, err)
	}
}

func TestMembers_ByTheSitesNameRule(t *testing.T) {
	db := testdb.Site(t)
	for rule, want := range map[string]string{
		"display_name": "Alice Anders", "handle": "@alice", "both": "Alice Anders (@alice)", "": "Alice Anders",
	} {
		t.Run(rule, func(t *testing.T) {
			setOption(t, db, "jetonomy_settings", `a:1:{`+phpString("member_name_display")+phpString(rule)+`}`)
			site := newSite(t, db, wpauth.SiteConfig{})
			members, err := site.Members(context.Background(), []wpauth.UserID{2})
			if err != nil || members[2].DisplayName != want {
				t.Errorf("got %q, %v; want %q", members[2].DisplayName, err, want)
			}
		})
	}
}

func TestWithoutJetonomy(t *testing.T) {
	db := testdb.Site(t)
	mustExec(t, db, "DROP TABLE wp_jt_user_profiles, wp_jt_restrictions, wp_jt_notifications, wp_jt_flags, wp_bp_notifications")
	site := newSite(t, db, wpauth.SiteConfig{})
	if got := site.Features(); got != (wpauth.Features{}) {
		t.Errorf("got features %+v", got)
	}
	members, err := site.Members(context.Background(), []wpauth.UserID{2})
	if err != nil || members[2].DisplayName != "Alice Anders" || members[2].AvatarURL != "" {
		t.Errorf("got %+v, %v", members[2], err)
	}
	if st, err := site.Standing(context.Background(), 4, netip.MustParseAddr("192.0.2.1")); err != nil || st != (wpauth.Standing{}) {
		t.Errorf("got standing %+v, %v", st, err)
	}
	if err := site.TouchLastSeen(context.Background(), []wpauth.UserID{2}, nil); err != nil {
		t.Errorf("TouchLastSeen: %v", err)
	}
}

func TestStanding(t *testing.T) {
	const ip = "203.0.113.9"
	db := testdb.Site(t)
	for _, tt := range []struct {
		name   string
		insert string
		want   wpauth.Standing
	}{
		{"nothing", "", wpauth.Standing{}},
		{"ban without end", "(2,'global_ban',NULL,'x',NULL)", wpauth.Standing{GlobalBan: true}},
		{"ban with a zero date", "(2,'global_ban',NULL,'x','0000-00-00 00:00:00')", wpauth.Standing{GlobalBan: true}},
		{"ban that ends later", "(2,'global_ban',NULL,'x','2026-03-02 09:00:01')", wpauth.Standing{GlobalBan: true}},
		{"ban that has ended", "(2,'global_ban',NULL,'x','2026-03-02 09:00:00')", wpauth.Standing{}},
		{"ban of another", "(3,'global_ban',NULL,'x',NULL)", wpauth.Standing{}},
		{"silence", "(2,'silence',NULL,'x',NULL)", wpauth.Standing{Silenced: true}},
		{"space ban", "(2,'space_ban',1,'x',NULL)", wpauth.Standing{}},
		{"post restriction", "(2,'post_restrict',NULL,'x',NULL)", wpauth.Standing{}},
		{"address", "(0,'ip_ban',NULL,'203.0.113.9',NULL)", wpauth.Standing{IPBanned: true}},
		{"address in IPv6 form", "(0,'ip_ban',NULL,'::ffff:203.0.113.9',NULL)", wpauth.Standing{IPBanned: true}},
		{"address that was banned", "(0,'ip_ban',NULL,'203.0.113.9','2026-01-01 00:00:00')", wpauth.Standing{}},
		{"longer address", "(0,'ip_ban',NULL,'203.0.113.90',NULL)", wpauth.Standing{}},
		{"empty address", "(0,'ip_ban',NULL,'',NULL)", wpauth.Standing{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mustExec(t, db, "DELETE FROM wp_jt_restrictions")
			if tt.insert != "" {
				mustExec(t, db, "INSERT INTO wp_jt_restrictions (user_id, type, space_id, reason, expires_at) VALUES "+tt.insert)
			}
			site := newSite(t, db, wpauth.SiteConfig{})
			addr := netip.MustParseAddr(ip)
			if tt.name == "address in IPv6 form" {
				addr = netip.MustParseAddr("::ffff:" + ip)
			}
			got, err := site.Standing(context.Background(), 2, addr)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
			if got, err := site.Standing(context.Background(), 2, netip.Addr{}); err != nil || got.IPBanned {
				t.Errorf("unknown address: got %+v, %v", got, err)
			}
		})
	}
}

func TestStanding_PendingVerification(t *testing.T) {
	db := testdb.Site(t)
	site := newSite(t, db, wpauth.SiteConfig{})
	for stored, want := range map[string]bool{
		"1": true, "": false, "0": false, "yes": true, "b:1;": true, "b:0;": false, "a:0:{}": false,
		"i:0;": false, `O:8:"stdClass":0:{}`: true, " ": true,
	} {
		mustExec(t, db, "DELETE FROM wp_usermeta WHERE meta_key = '_jetonomy_pending_verification'")
		mustExec(t, db, "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (2, '_jetonomy_pending_verification', ?)", stored)
		st, err := site.Standing(context.Background(), 2, netip.Addr{})
		if err != nil || st.PendingVerification != want {
			t.Errorf("%q: got %v, %v; want %v", stored, st.PendingVerification, err, want)
		}
	}
}

func TestTouchLastSeen(t *testing.T) {
	for _, version := range []string{"1.9.3", "1.9.4"} {
		t.Run(version, func(t *testing.T) {
			db := testdb.Site(t)
			if version == "1.9.4" {
				mustExec(t, db, "ALTER TABLE wp_jt_user_profiles DROP COLUMN display_name")
			}
			mustExec(t, db, "DELETE FROM wp_jt_user_profiles WHERE user_id = 3")
			at := &clock{frozen}
			site := newSite(t, db, wpauth.SiteConfig{Now: at.now})
			seen := func(id int) (s string) {
				t.Helper()
				if err := db.Get(&s, "SELECT COALESCE(CAST(last_seen_at AS CHAR), '') FROM wp_jt_user_profiles WHERE user_id = ?", id); err != nil {
					t.Fatal(err)
				}
				return s
			}
			touch := func(id wpauth.UserID) {
				t.Helper()
				if err := site.TouchLastSeen(context.Background(), []wpauth.UserID{id}, nil); err != nil {
					t.Fatal(err)
				}
			}
			touch(2)
			touch(3) // has no row yet
			touch(99)
			if got := seen(2); got != "2026-03-02 09:00:00" {
				t.Errorf("alice: %q", got)
			}
			if got := seen(3); got != "2026-03-02 09:00:00" {
				t.Errorf("bob: %q", got)
			}
			var ghosts int
			if err := db.Get(&ghosts, "SELECT COUNT(*) FROM wp_jt_user_profiles WHERE user_id = 99"); err != nil || ghosts != 0 {
				t.Errorf("a profile for nobody: %d, %v", ghosts, err)
			}

			at.t = frozen.Add(59 * time.Second)
			touch(2)
			if got := seen(2); got != "2026-03-02 09:00:00" {
				t.Errorf("within the minute: %q", got)
			}
			at.t = frozen.Add(61 * time.Second)
			mustExec(t, db, "UPDATE wp_jt_user_profiles SET last_seen_at = '2026-03-02 09:00:30' WHERE user_id = 3")
			touch(2)
			touch(3) // WordPress touched it half a minute ago
			if got := seen(2); got != "2026-03-02 09:01:01" {
				t.Errorf("after the minute: %q", got)
			}
			if got := seen(3); got != "2026-03-02 09:00:30" {
				t.Errorf("touched by another: %q", got)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	db := testdb.Site(t)
	site := newSite(t, db, wpauth.SiteConfig{})
	o, err := site.Options(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if o.SiteURL != "http://127.0.0.1:8090" || o.Home != o.SiteURL || o.CommunitySlug != "community" ||
		o.SpaceLabelPlural != "Spaces" || o.MessageWebDefault != nil || o.ReferenceMessaging || !o.PrettyPermalinks ||
		o.Location.String() != "Europe/Berlin" {
		t.Errorf("got %+v", o)
	}
	if !o.ShowAvatars || !o.Smilies || o.AvatarRating != "g" || o.AvatarDefault != "mm" {
		t.Errorf("options that are not there: got %+v", o)
	}
	if got := wpauth.FormatTime(o, time.Date(2026, 7, 1, 16, 49, 0, 0, time.UTC)); got != "6:49 pm" {
		t.Errorf("summer time: %q", got)
	}

	db = testdb.Site(t)
	setOption(t, db, "siteurl", "https://x.test/wp/")
	setOption(t, db, "timezone_string", "")
	setOption(t, db, "gmt_offset", "-3.5")
	setOption(t, db, "permalink_structure", "")
	setOption(t, db, "show_avatars", "0")
	setOption(t, db, "use_smilies", "")
	setOption(t, db, "avatar_rating", "PG")
	setOption(t, db, "avatar_default", "gravatar_default")
	setOption(t, db, "jetonomy_pro_extensions", `a:1:{i:0;`+phpString("private-messaging")+`}`)
	setOption(t, db, "jetonomy_settings", `a:3:{`+phpString("base_slug")+phpString("forum")+
		phpString("space_label_plural")+phpString("Rooms")+
		phpString("notification_defaults")+`a:1:{`+phpString("private_message")+`a:1:{`+phpString("web")+`b:0;}}}`)
	o, err = newSite(t, db, wpauth.SiteConfig{}).Options(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if o.SiteURL != "https://x.test/wp" || o.CommunitySlug != "forum" || o.SpaceLabelPlural != "Rooms" ||
		o.PrettyPermalinks || !o.ReferenceMessaging || o.MessageWebDefault == nil || *o.MessageWebDefault {
		t.Errorf("got %+v", o)
	}
	if o.ShowAvatars || o.Smilies || o.AvatarRating != "pg" || o.AvatarDefault != "" {
		t.Errorf("avatars and smilies: got %+v", o)
	}
	if got := frozen.In(o.Location).Format("15:04 -07:00"); got != "05:30 -03:30" {
		t.Errorf("half-hour zone: %q", got)
	}

	setOption(t, db, "jetonomy_settings", `O:8:"stdClass":0:{}`)
	o, err = newSite(t, db, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_", SiteURL: "https://y.test", Home: "https://z.test/"}}).Options(context.Background())
	if err != nil || o.CommunitySlug != "community" || o.SiteURL != "https://y.test" || o.Home != "https://z.test" {
		t.Errorf("objects in an option: got %+v, %v", o, err)
	}
}

func setOption(t *testing.T, db *sqlx.DB, name, value string) {
	t.Helper()
	mustExec(t, db, "DELETE FROM wp_options WHERE option_name = ?", name)
	mustExec(t, db, "INSERT INTO wp_options (option_name, option_value, autoload) VALUES (?, ?, 'on')", name, value)
}

func phpString(s string) string { return `s:` + strconv.Itoa(len(s)) + `:"` + s + `";` }

func TestWhereTheInboxIs(t *testing.T) {
	for _, tt := range []struct {
		name, configured, base string
		jetonomy               bool
		want                   string
	}{
		{"nothing said", "", "", true, "community"},
		{"nothing said, without Jetonomy", "", "", false, "community"},
		{"Jetonomy's own slug", "inbox", "forum", true, "forum"},
		{"Jetonomy's default", "inbox", "", true, "community"},
		{"the setting, without Jetonomy", "inbox", "", false, "inbox"},
		{"the setting, with a slash", "members/inbox/", "", false, "members/inbox"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := testdb.CastSite(t)
			if tt.base != "" {
				setOption(t, db, "jetonomy_settings", `a:1:{`+phpString("base_slug")+phpString(tt.base)+`}`)
			}
			if !tt.jetonomy {
				if _, err := db.Exec("DROP TABLE wp_jt_user_profiles"); err != nil {
					t.Fatal(err)
				}
			}
			o, err := newSite(t, db, wpauth.SiteConfig{CommunitySlug: tt.configured}).Options(context.Background())
			if err != nil || o.CommunitySlug != tt.want {
				t.Errorf("%q, %v", o.CommunitySlug, err)
			}
		})
	}
}
