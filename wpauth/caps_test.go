package wpauth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"parley/config"
	"parley/internal/testdb"
	"parley/wpauth"
	"parley/wpauth/wpauthtest"
)

func TestCapabilities(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	mustExec(t, db, "UPDATE wp_options SET option_value = ? WHERE option_name = 'wp_user_roles'", roles(map[string]string{
		"member": "read", "strict": "!read !level_0", "helper": "read jetonomy_moderate",
	}))
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	for _, tt := range []struct {
		name, stored   string
		read, moderate bool
		roles          []string
	}{
		{"role", `a:1:{s:6:"member";b:1;}`, true, false, []string{"member"}},
		{"two roles", `a:2:{s:6:"member";b:1;s:6:"helper";b:1;}`, true, true, []string{"member", "helper"}},
		{"a later role denies", `a:2:{s:6:"member";b:1;s:6:"strict";b:1;}`, false, false, []string{"member", "strict"}},
		{"a role of value false is a role", `a:1:{s:6:"member";b:0;}`, true, false, []string{"member"}},
		{"unknown role", `a:1:{s:9:"shop_king";b:1;}`, false, false, nil},
		{"own grant", `a:2:{s:6:"member";b:1;s:17:"jetonomy_moderate";b:1;}`, true, true, []string{"member"}},
		{"own denial", `a:2:{s:6:"helper";b:1;s:17:"jetonomy_moderate";b:0;}`, true, false, []string{"helper"}},
		{"no role", `a:0:{}`, false, false, nil},
		{"not an array", `s:6:"member";`, false, false, nil},
		{"broken", `a:1:{s:6:"member";`, false, false, nil},
		{"object", `O:8:"stdClass":1:{s:6:"member";b:1;}`, false, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mustExec(t, db, "UPDATE wp_usermeta SET meta_value = ? WHERE user_id = 2 AND meta_key = 'wp_capabilities'", tt.stored)
			id, _, err := newSite(t, db, wpauth.SiteConfig{WordPress: wp}).Authenticate(context.Background(), request(alice))
			if err != nil || id.UserID != 2 {
				t.Fatalf("user %d, %v", id.UserID, err)
			}
			if id.Can(wpauth.CapRead) != tt.read || id.Can(wpauth.CapJetonomyModerate) != tt.moderate || !slices.Equal(id.Roles, tt.roles) {
				t.Errorf("read %v, moderate %v, roles %v", id.Can(wpauth.CapRead), id.Can(wpauth.CapJetonomyModerate), id.Roles)
			}
		})
	}
}

func TestModerators(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	const plain = "read"
	for _, tt := range []struct {
		name      string
		roles     map[string]string
		overrides string
		want      []string
	}{
		{"Jetonomy has not written its capabilities yet",
			map[string]string{"administrator": plain, "editor": plain, "author": plain}, "", []string{"administrator", "editor"}},
		{"the owner's choice waits to be written",
			map[string]string{"administrator": plain, "editor": plain, "author": plain},
			`a:2:{s:6:"editor";a:0:{}s:6:"author";a:1:{i:0;s:17:"jetonomy_moderate";}}`, []string{"administrator", "author"}},
		{"what is written counts",
			map[string]string{"administrator": plain + " jetonomy_moderate", "editor": plain}, "", []string{"administrator"}},
		{"no such roles", map[string]string{"member": plain}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setOption(t, db, "wp_user_roles", roles(tt.roles))
			setOption(t, db, "jetonomy_role_caps", tt.overrides)
			d, err := newSite(t, db, wpauth.SiteConfig{WordPress: wp}).Diagnose(context.Background())
			if err != nil || !slices.Equal(d.Moderators, tt.want) {
				t.Errorf("got %v, %v; want %v", d.Moderators, err, tt.want)
			}
		})
	}
}

func TestDiagnose(t *testing.T) {
	db := testdb.Site(t)
	d, err := newSite(t, db, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_", Keys: map[string]string{
		"LOGGED_IN_KEY": "a", "LOGGED_IN_SALT": "b", "NONCE_KEY": config.SampleSecret, "NONCE_SALT": "c",
	}}}).Diagnose(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d.LoggedInCookie != "wordpress_logged_in_b1b1bc34ad2d4b5d16003f9364bfdbc8" || !d.ApplicationPasswords || d.ReferenceMessaging {
		t.Errorf("got %+v", d)
	}
	if want := []string{"auth", "secure_auth", "nonce"}; !slices.Equal(d.MissingKeys, want) {
		t.Errorf("missing keys %v, want %v", d.MissingKeys, want)
	}
	if want := []string{"administrator", "editor"}; !slices.Equal(d.Moderators, want) {
		t.Errorf("moderators %v, want %v", d.Moderators, want)
	}
}

func TestIdentity_WithCaps(t *testing.T) {
	id := wpauth.Identity{UserID: 1}.WithCaps(wpauth.CapRead)
	if !id.Can(wpauth.CapRead) || id.Can(wpauth.CapManageOptions) {
		t.Error("not exactly the capabilities given")
	}
	if super := (wpauth.Identity{SuperAdmin: true}); !super.Can(wpauth.CapManageOptions) {
		t.Error("a super admin may do everything")
	}
	if (*wpauth.Identity)(nil).Can(wpauth.CapRead) {
		t.Error("nobody may do anything")
	}
}

// Who moderates BuddyPress (its contract, 1.2): on a network only where BuddyPress is
// not the network's own do the administrators of a site.
func TestIdentity_Moderates(t *testing.T) {
	ctx := context.Background()
	db := testdb.Site(t)
	mustExec(t, db, "CREATE TABLE wp_sitemeta (meta_id BIGINT AUTO_INCREMENT PRIMARY KEY, site_id BIGINT NOT NULL DEFAULT 0, meta_key VARCHAR(255), meta_value LONGTEXT)")
	mustExec(t, db, `INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (4, 'wp_capabilities', 'a:2:{s:10:"subscriber";b:1;s:11:"bp_moderate";b:1;}')`)
	mustExec(t, db, `DELETE FROM wp_usermeta WHERE user_id = 4 AND meta_key = 'wp_capabilities' AND meta_value NOT LIKE '%bp_moderate%'`)
	super := logins(t, db, 3)[0]
	moderators := func(network bool, plugins string) string {
		t.Helper()
		mustExec(t, db, "DELETE FROM wp_sitemeta")
		mustExec(t, db, `INSERT INTO wp_sitemeta (meta_key, meta_value) VALUES ('site_admins', ?), ('active_sitewide_plugins', ?)`,
			fmt.Sprintf(`a:1:{i:0;s:%d:"%s";}`, len(super), super), plugins)
		site := newSite(t, db, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_", Multisite: network, BlogID: 1}})
		var out []string
		for _, login := range logins(t, db, 1, 2, 3, 4) {
			id, err := site.IdentityOf(ctx, login)
			if err != nil {
				t.Fatal(err)
			}
			if id.Moderates() {
				out = append(out, fmt.Sprint(id.UserID))
			}
		}
		return strings.Join(out, " ")
	}
	const ours = `a:1:{s:24:"buddypress/bp-loader.php";i:1700000000;}`
	for _, tt := range []struct {
		name    string
		network bool
		plugins string
		want    string
	}{
		{"a site of its own", false, ours, "1 4"},
		{"a network, BuddyPress on this site", true, "a:0:{}", "1 3 4"},
		{"a network's BuddyPress", true, ours, "3"},
	} {
		if got := moderators(tt.network, tt.plugins); got != tt.want {
			t.Errorf("%s: %q moderate, want %q", tt.name, got, tt.want)
		}
	}
	if (*wpauth.Identity)(nil).Moderates() {
		t.Error("nobody moderates")
	}
}

// logins are the logins of members.
func logins(t *testing.T, db *sqlx.DB, ids ...int) (out []string) {
	t.Helper()
	for _, id := range ids {
		var login string
		if err := db.Get(&login, "SELECT user_login FROM wp_users WHERE ID = ?", id); err != nil {
			t.Fatal(err)
		}
		out = append(out, login)
	}
	return out
}
