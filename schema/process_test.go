package schema_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/schema"
)

// migrateVariable makes this test binary a program that migrates the database of
// the DSN it holds, so that real processes can meet.
const migrateVariable = "PARLEY_SCHEMA_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(migrateVariable); dsn != "" {
		os.Exit(migrateOnce(dsn))
	}
	os.Exit(m.Run())
}

func TestProcessesMayMigrateAtOnceAndBeKilled(t *testing.T) {
	t.Parallel()
	dsn := testdb.DSN(t)
	db := testdb.Connect(t, dsn)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	start := func() *exec.Cmd {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), migrateVariable+"="+dsn)
		return cmd
	}
	// One is killed as soon as it has begun.
	victim := start()
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if r, err := schema.Status(t.Context(), db, prefix); err == nil && r.Migrations[0].State != schema.Pending {
			break
		}
	}
	_ = victim.Process.Kill()
	_ = victim.Wait()
	// The rest meet each other, and the lock of the dead.
	var wg sync.WaitGroup
	var mu sync.Mutex
	worked := 0
	for range 4 {
		wg.Go(func() {
			out, err := start().CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			worked += strings.Count(string(out), "applied ")
		})
	}
	wg.Wait()
	if err := schema.Ready(t.Context(), db, prefix); err != nil {
		t.Error(err)
	}
	r, err := schema.Status(t.Context(), db, prefix)
	if err != nil || worked > len(r.Migrations) {
		t.Errorf("%d migrations applied, there are %d, %v", worked, len(r.Migrations), err)
	}
}

func migrateOnce(dsn string) int {
	c, err := mysql.NewConnector(dsn)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	db := sqlx.NewDb(sql.OpenDB(c), "mysql")
	defer db.Close()
	done, err := schema.Up(context.Background(), db, prefix)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, m := range done {
		fmt.Println("applied", m.Version)
	}
	return 0
}
