package wpauth_test

import (
	"context"
	"slices"
	"testing"

	"parley/internal/testdb"
	"parley/wpauth"
)

func TestIdentityOfAMemberByIDOrName(t *testing.T) {
	db := testdb.CastSite(t)
	// Somebody whose login is another's id.
	if _, err := db.Exec(`UPDATE wp_users SET user_login = '3' WHERE ID = ?`, testdb.Bob); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE wp_users SET user_login = '777' WHERE ID = ?`, testdb.Carol); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, db, wpauth.SiteConfig{})
	for name, want := range map[string]wpauth.UserID{
		"alice": testdb.Alice, "3": testdb.Alice, "bob": testdb.Bob, "777": testdb.Carol,
		"nobody": 0, "": 0, "0": 0, "-3": 0, "999999": 0, "' OR 1=1 -- ": 0,
	} {
		id, err := site.IdentityOf(context.Background(), name)
		if err != nil || id.UserID != want || id.LoggedIn() != (want != 0) {
			t.Errorf("%q: member %d, %v; want %d", name, id.UserID, err, want)
		}
	}
	id, err := site.IdentityOf(context.Background(), "admin")
	if err != nil || !id.Can("manage_options") || !slices.Equal(id.Roles, []string{"administrator"}) {
		t.Errorf("admin: %+v, %v", id, err)
	}
}
