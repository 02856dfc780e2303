package testdb_test

import (
	"testing"

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
