package schema_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/schema"
)

const prefix = "wp_parley_"

// tables lists the database's tables with their exact definitions.
func tables(t *testing.T, db *sqlx.DB, pattern string) map[string]string {
	t.Helper()
	var names []string
	err := db.Select(&names, "SELECT table_name AS n FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?", pattern)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range names {
		var name, create string
		if err := db.QueryRow("SHOW CREATE TABLE `"+n+"`").Scan(&name, &create); err != nil {
			t.Fatal(err)
		}
		out[n] = create
	}
	return out
}

func TestUpMakesEveryTableAndAgainChangesNothing(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	if err := schema.Ready(ctx, db, prefix); err == nil || !strings.Contains(err.Error(), "migrate up") {
		t.Errorf("an empty database: %v", err)
	}
	applied, err := schema.Up(ctx, db, prefix)
	if err != nil || len(applied) == 0 {
		t.Fatalf("Up = %v, %v", applied, err)
	}
	first := tables(t, db, "%")
	names := schema.Names(prefix)
	for _, n := range []string{names.Conversations, names.Participants, names.Messages, names.MessageText, names.MessageMeta, names.Stars,
		names.Reports, names.Preferences, names.AuditLog, names.Events, names.Migrations} {
		if first[strings.Trim(n, "`")] == "" {
			t.Errorf("%s was not made", n)
		}
	}
	report, err := schema.Status(ctx, db, prefix)
	if err != nil {
		t.Fatal(err)
	}
	again, err := schema.Up(ctx, db, prefix)
	if err != nil || len(again) != 0 {
		t.Fatalf("second Up = %v, %v", again, err)
	}
	after, err := schema.Status(ctx, db, prefix)
	if err != nil || !slices.Equal(report.Migrations, after.Migrations) || len(after.Pending()) != 0 {
		t.Errorf("status changed from %+v to %+v, %v", report, after, err)
	}
	second := tables(t, db, "%")
	for n, create := range first {
		if second[n] != create {
			t.Errorf("%s changed", n)
		}
	}
	if err := schema.Ready(ctx, db, prefix); err != nil {
		t.Error(err)
	}
}

// TestEverythingIsUTF8MB4 reads what the server made of the definitions; the
// database's own default is another collation.
func TestEverythingIsUTF8MB4(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	if _, err := schema.Up(t.Context(), db, prefix); err != nil {
		t.Fatal(err)
	}
	var odd []string
	err := db.Select(&odd, `
		SELECT CONCAT(table_name, ' ', COALESCE(engine,''), ' ', COALESCE(table_collation,'')) AS n FROM information_schema.tables
		WHERE table_schema = DATABASE() AND NOT (engine = 'InnoDB' AND table_collation = ?)
		UNION ALL
		SELECT CONCAT(table_name, '.', column_name, ' ', collation_name) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND collation_name <> ?`, mysql.Collation, mysql.Collation)
	if err != nil || len(odd) != 0 {
		t.Errorf("%v, %v", odd, err)
	}
	text := "Grüße \U0001f469\u200d\U0001f680 你好"
	if _, err := db.Exec("INSERT INTO "+schema.Names(prefix).Conversations+
		" (type, title, created_by, last_activity_at, created_at) VALUES (2, ?, 1, NOW(6), NOW(6))", text); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.Get(&got, "SELECT title FROM "+schema.Names(prefix).Conversations); err != nil || got != text {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOtherTablesAreNeverTouched(t *testing.T) {
	t.Parallel()
	db := testdb.Site(t)
	ctx := t.Context()
	before := tables(t, db, "%")
	var rows int
	if err := db.Get(&rows, "SELECT COUNT(*) FROM wp_usermeta"); err != nil {
		t.Fatal(err)
	}
	// Another prefix that begins alike is foreign too.
	if _, err := schema.Up(ctx, db, "wp_parley_two_"); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.Up(ctx, db, prefix); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.Down(ctx, db, prefix, schema.All); err != nil {
		t.Fatal(err)
	}
	if err := schema.Ready(ctx, db, "wp_parley_two_"); err != nil {
		t.Errorf("the other prefix: %v", err)
	}
	if _, err := schema.Down(ctx, db, "wp_parley_two_", schema.All); err != nil {
		t.Fatal(err)
	}
	after := tables(t, db, "%")
	if len(before) != len(after) {
		t.Errorf("%d tables before, %d after", len(before), len(after))
	}
	for n, create := range before {
		if after[n] != create {
			t.Errorf("%s changed:\n%s\n%s", n, create, after[n])
		}
	}
	var now int
	if err := db.Get(&now, "SELECT COUNT(*) FROM wp_usermeta"); err != nil || now != rows {
		t.Errorf("rows: %d, were %d, %v", now, rows, err)
	}
}

func TestDownToNothingAndUpAgain(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	up, err := schema.Up(ctx, db, prefix)
	if err != nil {
		t.Fatal(err)
	}
	reverted, err := schema.Down(ctx, db, prefix, 1)
	if err != nil || len(reverted) != 1 || reverted[0].Version != len(up) {
		t.Fatalf("Down one = %v, %v", reverted, err)
	}
	if _, err := schema.Down(ctx, db, prefix, schema.All); err != nil {
		t.Fatal(err)
	}
	if left := tables(t, db, "%"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if reverted, err := schema.Down(ctx, db, prefix, schema.All); err != nil || len(reverted) != 0 {
		t.Errorf("Down of nothing = %v, %v", reverted, err)
	}
	if again, err := schema.Up(ctx, db, prefix); err != nil || len(again) != len(up) {
		t.Errorf("Up again = %v, %v", again, err)
	}
}

func TestManyAtOnceApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	dsn := testdb.DSN(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	applied := 0
	for range 8 {
		db := testdb.Connect(t, dsn) // a pool each, as processes have
		wg.Go(func() {
			done, err := schema.Up(t.Context(), db, prefix)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			applied += len(done)
			mu.Unlock()
		})
	}
	wg.Wait()
	report, err := schema.Status(t.Context(), testdb.Connect(t, dsn), prefix)
	if err != nil || applied != len(report.Migrations) || len(report.Pending()) != 0 {
		t.Errorf("%d applied of %+v, %v", applied, report, err)
	}
}

func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	if _, err := schema.Up(ctx, db, prefix); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO " + schema.Names(prefix).Migrations +
		" VALUES (9000, 'of_tomorrow', REPEAT('0', 64), NOW(6), NOW(6))"); err != nil {
		t.Fatal(err)
	}
	before := tables(t, db, "%")
	_, upErr := schema.Up(ctx, db, prefix)
	_, downErr := schema.Down(ctx, db, prefix, 1)
	for what, err := range map[string]error{"Up": upErr, "Down": downErr, "Ready": schema.Ready(ctx, db, prefix)} {
		if !errors.Is(err, schema.ErrNewer) || !strings.Contains(err.Error(), "of_tomorrow") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(tables(t, db, "%")) != len(before) {
		t.Error("a table is gone")
	}
}

func TestAMigrationThatWasChangedAfterwardsIsNoticed(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	if _, err := schema.Up(ctx, db, prefix); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE " + schema.Names(prefix).Migrations + " SET checksum = REPEAT('0', 64) WHERE version = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := schema.Up(ctx, db, prefix)
	for what, err := range map[string]error{"Up": err, "Ready": schema.Ready(ctx, db, prefix)} {
		if err == nil || !strings.Contains(err.Error(), "other statements") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestABadPrefixNeverReachesTheServer(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	for _, bad := range []string{"", "a-b", "a`b", "a b", "ä", strings.Repeat("a", 41), "a;DROP"} {
		_, upErr := schema.Up(t.Context(), db, bad)
		_, downErr := schema.Down(t.Context(), db, bad, schema.All)
		_, statusErr := schema.Status(t.Context(), db, bad)
		if upErr == nil || downErr == nil || statusErr == nil || schema.CheckPrefix(bad) == nil {
			t.Errorf("prefix %q was accepted", bad)
		}
	}
	longest := strings.Repeat("a", 40)
	if _, err := schema.Up(t.Context(), db, longest); err != nil {
		t.Errorf("the longest prefix: %v", err)
	}
}

func TestMissingRightsAreNamed(t *testing.T) {
	t.Parallel()
	s := testdb.NewServer(t)
	root := testdb.Connect(t, s.DSN(""))
	for _, q := range []string{"CREATE DATABASE site", "CREATE USER reader@localhost", "GRANT SELECT ON site.* TO reader@localhost"} {
		if _, err := root.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	db := testdb.Connect(t, "reader@unix("+s.Socket()+")/site")
	if _, err := schema.Up(t.Context(), db, prefix); err == nil || !strings.Contains(err.Error(), "it needs SELECT") {
		t.Errorf("error: %v", err)
	}
}

// TestUpResumesWhereTheConnectionWasLost cuts the connection in the middle of the
// real migrations, again and again, later each time.
func TestUpResumesWhereTheConnectionWasLost(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	var whole int
	n := testdb.CountStatements(t, db, func() {
		if _, err := schema.Up(t.Context(), db, prefix); err != nil {
			t.Fatal(err)
		}
	})
	whole = n.Data
	want := tables(t, db, "%")

	cut := testdb.Open(t)
	interrupted := false
	for k := 1; k <= whole; k++ {
		if _, err := schema.Down(t.Context(), cut, prefix, schema.All); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		stop, _ := mysql.Log(cut.DB, func(string) {
			if seen++; seen == k {
				cancel() // the driver answers by closing the connection
			}
		})
		_, err := schema.Up(ctx, cut, prefix)
		stop()
		cancel()
		if err != nil {
			report, serr := schema.Status(t.Context(), cut, prefix)
			if serr != nil {
				t.Fatal(serr)
			}
			if p := report.Pending(); len(p) > 0 && p[0].State == schema.Interrupted {
				interrupted = true
				if rerr := schema.Ready(t.Context(), cut, prefix); rerr == nil || !strings.Contains(rerr.Error(), "interrupted") {
					t.Errorf("Ready after an interruption: %v", rerr)
				}
			}
		}
		if _, err := schema.Up(t.Context(), cut, prefix); err != nil {
			t.Fatalf("cut at statement %d: %v", k, err)
		}
		got := tables(t, cut, "%")
		if len(got) != len(want) {
			t.Fatalf("cut at statement %d: %d tables, want %d", k, len(got), len(want))
		}
		for name, create := range want {
			if got[name] != create {
				t.Errorf("cut at statement %d: %s differs", k, name)
			}
		}
	}
	if !interrupted {
		t.Error("no run was seen interrupted")
	}
}
