package testdb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/testdb"
)

func TestOpenGivesAnEmptyDatabaseToEachCaller(t *testing.T) {
	t.Parallel()
	a, b := testdb.Open(t), testdb.Open(t)
	if _, err := a.Exec("CREATE TABLE x (id INT)"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.Get(&n, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"); err != nil || n != 0 {
		t.Fatalf("tables in the other database: %d, %v", n, err)
	}
}

func TestSiteHoldsTheRecordedMembers(t *testing.T) {
	t.Parallel()
	db := testdb.Site(t)
	var names []string
	if err := db.Select(&names, "SELECT user_login FROM wp_users ORDER BY ID"); err != nil {
		t.Fatal(err)
	}
	if len(names) != 7 || names[1] != "alice" {
		t.Fatalf("members: %v", names)
	}
}

func TestTablesAreMadeWithoutRows(t *testing.T) {
	t.Parallel()
	dsn := testdb.DSN(t)
	testdb.Load(t, dsn, testdb.Tables("wp_jt_")+testdb.Tables("wp_bp_notifications"))
	db := testdb.Connect(t, dsn)
	var names []string
	if err := db.Select(&names, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"); err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "wp_bp_notifications wp_jt_access_rules wp_jt_blocked_users wp_jt_categories wp_jt_flags "+
		"wp_jt_notifications wp_jt_restrictions wp_jt_space_members wp_jt_spaces wp_jt_user_profiles" {
		t.Errorf("tables: %s", got)
	}
	var members int
	if err := db.Get(&members, "SELECT COUNT(*) FROM wp_jt_space_members"); err != nil || members != 0 {
		t.Errorf("%d members, %v", members, err)
	}
}

func TestCastIsAsTheContractSays(t *testing.T) {
	t.Parallel()
	db := testdb.CastSite(t)
	var rows []struct {
		Login  string `db:"user_login"`
		Trust  int    `db:"trust_level"`
		Spaces string `db:"spaces"`
		Limits string `db:"limits"`
	}
	err := db.Select(&rows, `SELECT u.user_login, p.trust_level,
		COALESCE((SELECT GROUP_CONCAT(space_id) FROM wp_jt_space_members s WHERE s.user_id = u.ID), '') AS spaces,
		COALESCE((SELECT GROUP_CONCAT(type) FROM wp_jt_restrictions r WHERE r.user_id = u.ID), '') AS limits
		FROM wp_users u JOIN wp_jt_user_profiles p ON p.user_id = u.ID ORDER BY u.ID`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s/%d/%s/%s", r.Login, r.Trust, r.Spaces, r.Limits))
	}
	want := "admin/0// mona/0// alice/1/1/ bob/1/1/ carol/1/1/ dave/0/1/ erin/1/2/ sid/1/1/silence zed/1/1/global_ban vera/1/1/"
	if strings.Join(got, " ") != want {
		t.Errorf("cast:\n got %s\nwant %s", strings.Join(got, " "), want)
	}
}

// TestLoginsAreMadeAsWordPressMadeThem checks the recipe on a recorded login.
func TestLoginsAreMadeAsWordPressMadeThem(t *testing.T) {
	p := testdb.Recorded("alice", 2, "$wp$2y$10$VQUp3BlQUF/jYUUznpcoZONbZmRA2dyFj6A3KQPt0D3mET8p6BCsi", "Nmhspu8ysjl3QZgGyQBA78Par9mwZdAyt3JLbZbTHf2")
	want := "wordpress_logged_in_b1b1bc34ad2d4b5d16003f9364bfdbc8=alice%7C2087802000%7CNmhspu8ysjl3QZgGyQBA78Par9mwZdAyt3JLbZbTHf2%7Cde4e39fbd93f91c3958c146317952b24135e8dc2ec0ed39f557b1b9b753030ca"
	if got := p.Cookie(); got != want {
		t.Errorf("cookie\n got %s\nwant %s", got, want)
	}
	if got := p.Nonce(time.Unix(1772442000, 0)); got != "ecf8cace69" {
		t.Errorf("nonce %s", got)
	}
}

func TestCountStatementsTellsDataFromControl(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	n := testdb.CountStatements(t, db, func() {
		tx, err := db.Beginx()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var one int
			if err := tx.Get(&one, "SELECT ?", 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	})
	if n.Data != 3 || n.Control != 2 || len(n.Log) != 5 || n.Log[4] != "COMMIT" {
		t.Errorf("counted %+v", n)
	}
}

func TestExplainNamesTheIndex(t *testing.T) {
	t.Parallel()
	db := testdb.Site(t)
	steps := testdb.Explain(t, db, "SELECT ID FROM wp_users WHERE user_login = ?", "alice")
	if len(steps) != 1 || steps[0].Type != "ref" || steps[0].Key != "user_login_key" {
		t.Errorf("plan: %v", steps)
	}
}

func TestServerComesBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	db := testdb.Connect(t, s.Database(t))
	if _, err := db.Exec("CREATE TABLE x (id INT) ENGINE=InnoDB"); err != nil {
		t.Fatal(err)
	}
	for i, end := range []func(testing.TB){s.Kill, s.Stop} {
		if _, err := db.Exec("INSERT INTO x VALUES (?)", i); err != nil {
			t.Fatal(err)
		}
		end(t)
		if err := db.Ping(); err == nil {
			t.Fatal("a stopped server answers")
		}
		s.Start(t)
		var n int
		if err := db.Get(&n, "SELECT COUNT(*) FROM x"); err != nil || n != i+1 {
			t.Fatalf("rows after the return: %d, %v", n, err)
		}
	}
}
