package wpauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/config"
	"parley/internal/testdb"
	"parley/wpauth"
	"parley/wpauth/phpvalue"
)

// The vectors in testdata were recorded from WordPress 6.1.9, 6.7.7 and 7.1.0;
// see testdata/README.md for their form.

// vectorCount is how many there are: a file that is not read shows.
const (
	requestVectors  = 526
	passwordVectors = 155
)

type vector struct {
	Name      string
	About     string
	WPVersion string `json:"wp_version"`
	Given     struct {
		Site struct {
			SiteURL     string `json:"siteurl"`
			Home        string
			CookieHash  string            `json:"cookiehash"`
			CookieNames map[string]string `json:"cookie_names"`
			IsMultisite bool              `json:"is_multisite"`
			TablePrefix string            `json:"table_prefix"`
			WPConfig    configConstants   `json:"wp_config"`
			SiteMeta    []map[string]any  `json:"sitemeta"`
		}
		Users    []map[string]any
		UserMeta []map[string]any `json:"usermeta"`
		Options  []map[string]any
	}
	Request struct {
		At         int64
		HTTPS      bool
		Method     string
		Path       string
		Query      string
		Headers    map[string]string
		Body       *string
		RemoteAddr string `json:"remote_addr"`
	}
	Expect struct {
		Status  int
		UserID  *wpauth.UserID `json:"user_id"`
		Code    string
		Headers map[string]string
		Body    struct {
			Roles        []string
			Capabilities []string
		}
		UserMetaAfter []map[string]any `json:"usermeta_after"`
		IsSuperAdmin  *bool            `json:"is_super_admin"`
	}
	AppPasswordsAvailable *bool `json:"application_passwords_available"`
}

// configConstants reads PHP's empty array as well as an object.
type configConstants map[string]string

func (c *configConstants) UnmarshalJSON(b []byte) error {
	if string(b) == "[]" {
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(c))
}

func readVectors[V any](t *testing.T, file string) []V {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Vectors []V }
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return doc.Vectors
}

// dbVersions are the values of option db_version of the recorded releases.
var dbVersions = map[string]string{"6.1.9": "53496", "6.7.7": "58975", "7.1.0": "61833"}

func TestVectors(t *testing.T) {
	db := testdb.Open(t)
	createWordPressTables(t, db)
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "password-hashes") {
			continue
		}
		for _, v := range readVectors[vector](t, file) {
			total++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+v.Name, func(t *testing.T) { v.check(t, db) })
		}
	}
	if total != requestVectors {
		t.Errorf("%d vectors, want %d", total, requestVectors)
	}
}

func (v vector) check(t *testing.T, db *sqlx.DB) {
	v.load(t, db)
	wp := config.WordPress{
		TablePrefix: v.Given.Site.TablePrefix,
		Keys:        v.Given.Site.WPConfig,
		Multisite:   v.Given.Site.IsMultisite,
		BlogID:      1,
	}
	if wp.Multisite && strings.HasPrefix(v.Request.Path, "/two/") {
		wp.BlogID = 2
	}
	site := newSite(t, db, wpauth.SiteConfig{
		WordPress: wp,
		Now:       func() time.Time { return time.Unix(v.Request.At, 0) },
	})
	id, nonce, err := site.Authenticate(context.Background(), v.credentials(t))
	if err != nil && !errors.Is(err, wpauth.ErrInvalidNonce) {
		t.Fatal(err)
	}
	wantRefused := v.Expect.Code == "rest_cookie_invalid_nonce"
	if refused := err != nil; refused != wantRefused {
		t.Fatalf("%s: refused for its nonce: %v, want %v", v.About, refused, wantRefused)
	}
	if v.Expect.UserID != nil && id.UserID != *v.Expect.UserID {
		t.Errorf("%s: user %d, want %d", v.About, id.UserID, *v.Expect.UserID)
	}
	if id.LoggedIn() != (id.Via != wpauth.Anonymous) {
		t.Errorf("user %d by method %d", id.UserID, id.Via)
	}
	if want := v.Expect.Headers["X-WP-Nonce"]; nonce != want {
		t.Errorf("%s: fresh nonce %q, want %q", v.About, nonce, want)
	}
	if nonce != "" && site.Nonce(id) != nonce && id.LoggedIn() {
		t.Errorf("minted nonce %q, answered %q", site.Nonce(id), nonce)
	}
	v.checkCapabilities(t, id)
	v.checkUsage(t, site, db)
}

func (v vector) checkCapabilities(t *testing.T, id wpauth.Identity) {
	if v.Expect.Body.Roles == nil {
		return
	}
	if !slices.Equal(id.Roles, v.Expect.Body.Roles) {
		t.Errorf("roles %v, want %v", id.Roles, v.Expect.Body.Roles)
	}
	for _, name := range v.Expect.Body.Capabilities {
		if !id.Can(name) {
			t.Errorf("may not %s", name)
		}
	}
	if v.Expect.Body.Capabilities != nil && !id.SuperAdmin && id.Can("manage_options") != slices.Contains(v.Expect.Body.Capabilities, "manage_options") {
		t.Errorf("manage_options: %v", id.Can("manage_options"))
	}
	if v.Expect.IsSuperAdmin != nil && id.SuperAdmin != *v.Expect.IsSuperAdmin {
		t.Errorf("super admin: %v, want %v", id.SuperAdmin, *v.Expect.IsSuperAdmin)
	}
}

func (v vector) checkUsage(t *testing.T, site *wpauth.Site, db *sqlx.DB) {
	site.Close()
	for _, row := range v.Expect.UserMetaAfter {
		var got string
		if err := db.Get(&got, "SELECT meta_value FROM wp_usermeta WHERE umeta_id = ?", row["umeta_id"]); err != nil {
			t.Fatal(err)
		}
		if got != row["meta_value"] {
			t.Errorf("%v afterwards:\n got %s\nwant %s", row["meta_key"], got, row["meta_value"])
		}
	}
}

func (v vector) credentials(t *testing.T) wpauth.Credentials {
	t.Helper()
	c := wpauth.Credentials{Method: v.Request.Method, HTTPS: v.Request.HTTPS, Header: http.Header{}}
	for name, value := range v.Request.Headers {
		c.Header.Set(name, value)
	}
	form := v.Request.Query
	if c.Header.Get("Content-Type") == "application/x-www-form-urlencoded" && v.Request.Body != nil {
		form = *v.Request.Body + "&" + form
	}
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	if values.Has("_wpnonce") {
		nonce := values.Get("_wpnonce")
		c.NonceParam = &nonce
	}
	if v.Request.RemoteAddr != "" {
		c.ClientIP = netip.MustParseAddr(v.Request.RemoteAddr)
	}
	return c
}

// load puts the given rows into the tables and nothing else.
func (v vector) load(t *testing.T, db *sqlx.DB) {
	t.Helper()
	replaceRows(t, db, "wp_users", v.Given.Users)
	replaceRows(t, db, "wp_usermeta", v.Given.UserMeta)
	tables := []string{"wp_options"}
	if v.Given.Site.IsMultisite {
		tables = append(tables, "wp_2_options")
	}
	for _, table := range tables {
		options := append([]map[string]any{
			{"option_name": "siteurl", "option_value": v.Given.Site.SiteURL},
			{"option_name": "home", "option_value": v.Given.Site.Home},
			{"option_name": "db_version", "option_value": dbVersions[v.WPVersion]},
			{"option_name": strings.TrimSuffix(table, "options") + "user_roles", "option_value": defaultRoles},
		}, v.Given.Options...)
		// One vector's rows are those of a site with such passwords; its option is not among them.
		if v.Name == "usage-is-recorded" {
			options = append(options, map[string]any{"option_name": "using_application_passwords", "option_value": "1"})
		}
		replaceRows(t, db, table, options)
	}
	for _, row := range v.Given.Site.SiteMeta {
		row["site_id"] = 1
	}
	replaceRows(t, db, "wp_sitemeta", v.Given.Site.SiteMeta)
}

// replaceRows empties a table and puts rows, all of the same columns, into it.
func replaceRows(t *testing.T, db *sqlx.DB, table string, rows []map[string]any) {
	t.Helper()
	mustExec(t, db, "DELETE FROM "+table)
	if len(rows) == 0 {
		return
	}
	columns := slices.Sorted(maps.Keys(rows[0]))
	marks := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	var args []any
	for _, row := range rows {
		for _, name := range columns {
			args = append(args, row[name])
		}
	}
	mustExec(t, db, "INSERT INTO "+table+" ("+strings.Join(columns, ",")+") VALUES "+
		strings.TrimSuffix(strings.Repeat(marks+",", len(rows)), ","), args...)
}

func createWordPressTables(t *testing.T, db *sqlx.DB) {
	t.Helper()
	const end = ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci"
	mustExec(t, db, `CREATE TABLE wp_users (
		ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_login varchar(60) NOT NULL DEFAULT '',
		user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '',
		user_email varchar(100) NOT NULL DEFAULT '', user_status int NOT NULL DEFAULT 0,
		display_name varchar(250) NOT NULL DEFAULT '', spam tinyint NOT NULL DEFAULT 0,
		deleted tinyint NOT NULL DEFAULT 0, KEY user_login_key (user_login), KEY user_email (user_email)`+end)
	mustExec(t, db, `CREATE TABLE wp_usermeta (
		umeta_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint unsigned NOT NULL DEFAULT 0,
		meta_key varchar(255), meta_value longtext, KEY user_id (user_id), KEY meta_key (meta_key(191))`+end)
	mustExec(t, db, `CREATE TABLE wp_sitemeta (
		meta_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, site_id bigint NOT NULL DEFAULT 0,
		meta_key varchar(255), meta_value longtext, KEY meta_key (meta_key(191))`+end)
	for _, table := range []string{"wp_options", "wp_2_options"} {
		mustExec(t, db, `CREATE TABLE `+table+` (
			option_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, option_name varchar(191) NOT NULL UNIQUE,
			option_value longtext NOT NULL`+end)
	}
}

// defaultRoles has what matters of the roles WordPress installs.
var defaultRoles = roles(map[string]string{
	"administrator": "activate_plugins create_users delete_others_pages delete_others_posts delete_pages delete_plugins delete_posts delete_private_pages delete_private_posts delete_published_pages delete_published_posts delete_themes delete_users edit_dashboard edit_files edit_others_pages edit_others_posts edit_pages edit_plugins edit_posts edit_private_pages edit_private_posts edit_published_pages edit_published_posts edit_theme_options edit_themes edit_users export import install_plugins install_themes level_0 level_1 level_10 level_2 level_3 level_4 level_5 level_6 level_7 level_8 level_9 list_users manage_categories manage_links manage_options moderate_comments promote_users publish_pages publish_posts read read_private_pages read_private_posts remove_users switch_themes unfiltered_html unfiltered_upload update_core update_plugins update_themes upload_files",
	"editor":        "delete_others_pages delete_others_posts delete_pages delete_posts delete_private_pages delete_private_posts delete_published_pages delete_published_posts edit_others_pages edit_others_posts edit_pages edit_posts edit_private_pages edit_private_posts edit_published_pages edit_published_posts level_0 level_1 level_2 level_3 level_4 level_5 level_6 level_7 manage_categories manage_links moderate_comments publish_pages publish_posts read read_private_pages read_private_posts unfiltered_html upload_files",
	"subscriber":    "level_0 read",
})

func roles(of map[string]string) string {
	var out []phpvalue.Entry
	for role, caps := range of {
		var list []phpvalue.Entry
		for _, name := range strings.Fields(caps) {
			name, denied := strings.CutPrefix(name, "!")
			list = append(list, phpvalue.Entry{Key: phpvalue.TextKey(name), Value: phpvalue.NewBool(!denied)})
		}
		out = append(out, phpvalue.Entry{Key: phpvalue.TextKey(role), Value: phpvalue.NewArray(
			phpvalue.Entry{Key: phpvalue.TextKey("name"), Value: phpvalue.NewString(role)},
			phpvalue.Entry{Key: phpvalue.TextKey("capabilities"), Value: phpvalue.NewArray(list...)},
		)})
	}
	return phpvalue.NewArray(out...).String()
}

func TestPasswordVectors(t *testing.T) {
	type passwordVector struct {
		Name, Password, Hash string
		Check                *bool `json:"wp_check_password"`
		CheckWrong           *bool `json:"wp_check_password_wrong"`
		VerifyFast           *bool `json:"wp_verify_fast_hash"`
	}
	files, err := filepath.Glob("testdata/password-hashes-*.json")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range files {
		for _, v := range readVectors[passwordVector](t, file) {
			total++
			t.Run(filepath.Base(file)+"/"+v.Name, func(t *testing.T) {
				for _, c := range []struct {
					name     string
					want     *bool
					check    func(password, stored string) bool
					password string
				}{
					{"wp_check_password", v.Check, wpauth.CheckPassword, v.Password},
					{"wp_check_password, wrong", v.CheckWrong, wpauth.CheckPassword, v.Password + "x"},
					{"wp_verify_fast_hash", v.VerifyFast, wpauth.CheckFastHash, v.Password},
				} {
					if c.want != nil && c.check(c.password, v.Hash) != *c.want {
						t.Errorf("%s: %v, want %v", c.name, !*c.want, *c.want)
					}
				}
			})
		}
	}
	if total != passwordVectors {
		t.Errorf("%d vectors, want %d", total, passwordVectors)
	}
}
