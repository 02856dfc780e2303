package companion

import (
	"database/sql"
	"maps"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var settingsNonce = regexp.MustCompile(`name="_wpnonce" value="([0-9a-f]+)"`)

func TestPagesForAdministrators(t *testing.T) {
	admin := logIn(t, "admin")
	screens := []string{"parley", "parley-status", "parley-settings"}
	for _, screen := range screens {
		a := do(t, admin, "GET", "/wp-admin/admin.php?page="+screen, nil)
		if a.Status != 200 || a.Header.Get("X-Frame-Options") != "DENY" || a.Header.Get("Content-Security-Policy") != "frame-ancestors 'none'" {
			t.Errorf("%s: %d %v", screen, a.Status, a.Header)
		}
		for _, login := range []string{"mona", "alice"} {
			a := do(t, logIn(t, login), "GET", "/wp-admin/admin.php?page="+screen, nil)
			if a.Status != 403 || strings.Contains(string(a.Body), "arley</") {
				t.Errorf("%s for %s: %d", screen, login, a.Status)
			}
		}
	}
	lacks(t, page(t, logIn(t, "mona"), "/wp-admin/"), "page=parley")
	html := page(t, admin, "/wp-admin/admin.php?page=parley")
	holds(t, html, `<parley-oversight root="/wp-json/" nonce="`, `<script type="module" src="`+site.URL+`/wp-json/parley/v1/assets/oversight.js"`)

	html = page(t, admin, "/wp-admin/admin.php?page=parley-status")
	holds(t, html, "Parley answers at http://"+site.ParleyAddress()+" and is ready.", "The site has pretty permalinks.", "PHP 8", "Parley plugin 1.0.0",
		"The inbox is at "+site.URL+"/community/messages/.", "No other plugin for private messages was found.", "BuddyPress is not active.")
	lacks(t, html, ">Problem<")

	set(t, "url", "'"+site.URL+"'")
	php(t, "update_option( 'jetonomy_pro_extensions', array( 'private-messaging' ) );")
	defer php(t, "delete_option( 'jetonomy_pro_extensions' );")
	standInText(t, "pro.php", "<?php define( 'JETONOMY_PRO_VERSION', '1.9.3-stand-in' );")
	html = page(t, admin, "/wp-admin/admin.php?page=parley-status")
	holds(t, html, "What answers at "+site.URL+" is not Parley.", "The private messaging of Jetonomy Pro is on", ">Problem<")
}

func TestSettingsAreSavedByAdministratorsAlone(t *testing.T) {
	set(t, "url", "'http://"+site.ParleyAddress()+"'")
	admin := logIn(t, "admin")
	html := page(t, admin, "/wp-admin/admin.php?page=parley-settings")
	nonce := settingsNonce.FindStringSubmatch(html)
	if nonce == nil {
		t.Fatal(html)
	}
	form := url.Values{"option_page": {"parley"}, "action": {"update"}, "_wpnonce": {nonce[1]}, "_wp_http_referer": {"/wp-admin/admin.php?page=parley-settings"},
		"parley_settings[url]": {"http://127.0.0.1:9999/"}, "parley_settings[forward_buddypress]": {"1"}, "parley_settings[page]": {"own"}}
	saved := func() string { return php(t, "echo json_encode( get_option( 'parley_settings' ) );") }
	before := saved()
	if a := do(t, logIn(t, "mona"), "POST", "/wp-admin/options.php", form); a.Status != 403 || saved() != before {
		t.Errorf("an editor: %d %s", a.Status, saved())
	}
	if a := do(t, admin, "POST", "/wp-admin/options.php", form); a.Status != 302 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if got := saved(); got != `{"url":"http:\/\/127.0.0.1:9999","forward":false,"forward_buddypress":true,"page":"own"}` {
		t.Errorf("saved: %s", got)
	}
	form.Set("parley_settings[url]", "javascript:alert(1)")
	form.Set("parley_settings[forward]", "1")
	do(t, admin, "POST", "/wp-admin/options.php", form)
	if got := saved(); got != `{"url":"http:\/\/127.0.0.1:9999","forward":true,"forward_buddypress":true,"page":"own"}` {
		t.Errorf("saved: %s", got)
	}
	holds(t, page(t, admin, "/wp-admin/admin.php?page=parley-settings&settings-updated=true"), "That is no address.")
	php(t, "update_option( 'parley_settings', json_decode( '"+before+"', true ) );")
}

// options are all rows of the options table that are not kept for a while only.
func options(t *testing.T) map[string]string {
	t.Helper()
	db, err := site.DB("wordpress")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT option_name, option_value FROM wp_options WHERE option_name NOT LIKE '%\\_transient\\_%' AND option_name <> 'cron'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name string
		var value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		found[name] = value.String
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDeactivatingLeavesNoTrace(t *testing.T) {
	ctx := t.Context()
	use(t, "plain-classic")
	settings := php(t, "echo json_encode( get_option( 'parley_settings' ) );")
	if err := site.DeactivateCompanion(ctx); err != nil {
		t.Fatal(err)
	}
	php(t, "flush_rewrite_rules( false );")
	c := logIn(t, "admin")
	page(t, c, "/") // a theme notes something at the first visit
	before := options(t)
	if err := site.ActivateCompanion(ctx); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", inbox, "/wp-admin/admin.php?page=parley-status", "/wp-admin/admin.php?page=parley-settings"} {
		page(t, c, path)
	}
	during := options(t)
	if during["parley_settings"] == "" || !strings.Contains(during["rewrite_rules"], "parley_inbox") {
		t.Error("while active, there is nothing to be taken back")
	}
	if err := site.DeactivateCompanion(ctx); err != nil {
		t.Fatal(err)
	}
	after := options(t)
	for name := range maps.Clone(before) {
		if after[name] == before[name] {
			delete(before, name)
			delete(after, name)
		}
	}
	if len(before)+len(after) > 0 {
		t.Errorf("options before: %v\nand after: %v", before, after)
	}
	for path, status := range map[string]int{inbox: 404, "/wp-json/parley/v1/me": 404, "/wp-admin/admin.php?page=parley-status": 403} {
		if a := do(t, c, "GET", path, nil); a.Status != status {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	lacks(t, page(t, c, "/"), "parley-badge", "plugins/parley")
	if err := site.ActivateCompanion(ctx); err != nil {
		t.Fatal(err)
	}
	php(t, "update_option( 'parley_settings', json_decode( '"+settings+"', true ) );")
}

// The plugin is for PHP 7.4 and newer: no syntax of PHP 8, and none that is wrong.
func TestTheCodeIsOfPHP74(t *testing.T) {
	const script = `
	$newer = array( 'T_MATCH', 'T_NULLSAFE_OBJECT_OPERATOR', 'T_ENUM', 'T_READONLY', 'T_ATTRIBUTE' );
	foreach ( array_slice( $argv, 1 ) as $file ) {
		foreach ( token_get_all( file_get_contents( $file ), TOKEN_PARSE ) as $token ) {
			$name = is_array( $token ) ? token_name( $token[0] ) : $token;
			if ( in_array( $name, $newer, true ) ) {
				echo "$file: $name\n";
			}
		}
		if ( preg_match( '/function[^({]*\([^)]*,\s*\)|\b(mixed|static|never)\s*[{;]|\b\w+\|\w+\s+\$|catch\s*\(\s*[\w\\\\|]+\s*\)|str_(contains|starts_with|ends_with)/', preg_replace( '#/\*.*?\*/#s', '', file_get_contents( $file ) ), $m ) ) {
			echo "$file: $m[0]\n";
		}
	}`
	var files []string
	for _, pattern := range []string{"*.php", "*/*.php"} {
		found, err := filepath.Glob(filepath.Join("../../wordpress/parley", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("files: %v", files)
	}
	out, err := exec.CommandContext(t.Context(), "php", append([]string{"-d", "display_errors=1", "-r", script, "--"}, files...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
