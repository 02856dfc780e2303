package wpauth

import (
	"fmt"
	"strings"
	"testing"

	"parley/config"
	"parley/internal/testdb"
)

// TestStatements_RideOnIndexes holds the statements of authentication and of
// account gates to the indexes WordPress and Jetonomy have.
func TestStatements_RideOnIndexes(t *testing.T) {
	db := testdb.Site(t)
	var users, meta, profiles, restrictions []string
	for i := 100; i < 3100; i++ {
		users = append(users, fmt.Sprintf("(%d,'user%d','user%d@example.test')", i, i, i))
		profiles = append(profiles, fmt.Sprintf("(%d)", i))
		restrictions = append(restrictions, fmt.Sprintf("(%d,'silence','x')", i))
		for _, key := range []string{"session_tokens", "wp_capabilities", "nickname", "first_name"} {
			meta = append(meta, fmt.Sprintf("(%d,'%s','x')", i, key))
		}
	}
	for into, rows := range map[string][]string{
		"wp_users (ID, user_login, user_email)":       users,
		"wp_usermeta (user_id, meta_key, meta_value)": meta,
		"wp_jt_user_profiles (user_id)":               profiles,
		"wp_jt_restrictions (user_id, type, reason)":  restrictions,
	} {
		if _, err := db.Exec("INSERT INTO " + into + " VALUES " + strings.Join(rows, ",")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("ANALYZE TABLE wp_users, wp_usermeta, wp_jt_user_profiles, wp_jt_restrictions"); err != nil {
		t.Fatal(err)
	}
	tables, err := tableNames(config.WordPress{TablePrefix: "wp_"})
	if err != nil {
		t.Fatal(err)
	}
	sql := newStatements(tables)
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"by login":  {sql.byLogin, []any{metaSessions, "wp_capabilities", "user200"}},
		"by e-mail": {sql.byEmail, []any{metaAppPasswords, "wp_capabilities", "user200@example.test"}},
		"cards":     {strings.Replace(sql.cards, "(?)", "(?,?,?)", 1), []any{200, 201, 202}},
		"record":    {sql.appPasswordCAS, []any{"x", 200, "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range testdb.Explain(t, db, q.query, q.args...) {
				if step.Type == "ALL" || step.Type == "index" || step.Rows > 50 {
					t.Errorf("%v", step)
				}
			}
		})
	}
	// Bans of addresses have no index of their own before Jetonomy 1.9.4: one step
	// looks through the restrictions.
	t.Run("standing", func(t *testing.T) {
		scans := 0
		for _, step := range testdb.Explain(t, db, sql.standing, 200, "2026-01-01", 200, "2026-01-01", "a", "b", "c", "2026-01-01", 200) {
			if step.Type == "ALL" || step.Rows > 50 {
				scans++
			}
		}
		if scans > 1 {
			t.Errorf("%d steps look through whole tables", scans)
		}
	})
}
