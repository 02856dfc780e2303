package wpauth_test

import (
	"testing"

	"parley/config"
	"parley/internal/testdb"
	"parley/wpauth"
)

func TestFindLoginFindsByLoginAndNicename(t *testing.T) {
	db := testdb.Site(t)
	if _, err := db.Exec("UPDATE wp_users SET user_nicename = 'bobby' WHERE user_login = 'bob'"); err != nil {
		t.Fatal(err)
	}
	site, err := wpauth.NewSite(t.Context(), db, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"alice": "alice", "bob": "bob", "bobby": "bob", "nobody": "", "": "", "' OR 1=1 -- ": ""} {
		m, err := site.FindLogin(t.Context(), name)
		if err != nil || m.Login != want || m.Exists != (want != "") {
			t.Errorf("FindLogin(%q) = %q, exists %v, %v", name, m.Login, m.Exists, err)
		}
	}
}
