package testdb

import (
	"crypto/rand"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	gomysql "github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
)

// DSNVariable names the environment variable with the DSN of a server to use.
const DSNVariable = "PARLEY_TEST_DSN"

//go:embed testdata/site.sql
var siteSQL string

//go:embed testdata/jetonomy.sql
var jetonomySQL string

// Open returns a pool on a fresh, empty database, which is dropped when the test
// ends. Its default collation differs from Parley's on purpose: tables that do
// not say what they want show up.
func Open(t testing.TB) *sqlx.DB {
	t.Helper()
	return Connect(t, DSN(t))
}

// DSN creates a fresh, empty database and returns a DSN of it.
func DSN(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(DSNVariable); dsn != "" {
		return createDatabase(t, dsn, true)
	}
	s, err := shared()
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	return createDatabase(t, s.DSN(""), true)
}

// Site returns a pool on a fresh database with the WordPress site of the recorded
// conversations in it (prefix wp_): seven members with the passwords and sessions of
// the recordings, spaces, restrictions, the empty BuddyPress tables, and Jetonomy's
// tables for bell rows and reports. Keys and CookieHash are this site's.
func Site(t testing.TB) *sqlx.DB {
	t.Helper()
	return Connect(t, SiteDSN(t))
}

// SiteDSN is Site, as a DSN.
func SiteDSN(t testing.TB) string {
	t.Helper()
	dsn := DSN(t)
	Load(t, dsn, siteDump(nil))
	return dsn
}

// siteDump is the recorded site as few statements: its rows table by table, without
// the DROPs, and without the rows of some tables.
func siteDump(without []string) string {
	var b strings.Builder
	open := "" // the INSERT that is being written
	for line := range strings.Lines(siteSQL + jetonomySQL) {
		into, row, isRow := strings.Cut(line, " VALUES ")
		isRow = isRow && strings.HasPrefix(into, "INSERT INTO `")
		if open != "" && (!isRow || into != open) {
			b.WriteString(";\n")
			open = ""
		}
		switch {
		case strings.HasPrefix(line, "DROP TABLE"):
		case !isRow:
			b.WriteString(line)
		case slices.Contains(without, strings.Trim(into[len("INSERT INTO "):], "`")):
		default:
			b.WriteString(map[bool]string{true: ", ", false: into + " VALUES "}[open != ""])
			b.WriteString(strings.TrimSuffix(strings.TrimRight(row, "\n"), ";"))
			open = into
		}
	}
	return b.String()
}

// Tables returns the statements that make the recorded site's tables whose names begin
// with a prefix, as "wp_jt_", without their rows.
func Tables(prefix string) string {
	var b strings.Builder
	for _, statement := range tableStatement.FindAllString(siteSQL+jetonomySQL, -1) {
		if strings.HasPrefix(statement, "CREATE TABLE `"+prefix) {
			b.WriteString(statement)
		}
	}
	return b.String()
}

var tableStatement = regexp.MustCompile("(?ms)^CREATE TABLE `.*?^\\)[^;]*;\n")

// Connect opens a pool with Parley's connection settings, closed when the test ends.
func Connect(t testing.TB, dsn string) *sqlx.DB {
	t.Helper()
	c, err := mysql.NewConnector(dsn)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	db := sqlx.NewDb(sql.OpenDB(c), "mysql")
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(16)
	t.Cleanup(func() { db.Close() })
	return db
}

// Load runs a dump of many statements on the database of a DSN, its rows in one transaction.
func Load(t testing.TB, dsn, dump string) {
	t.Helper()
	cfg, err := mysql.Config(dsn)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	cfg.MultiStatements = true
	c, err := gomysql.NewConnector(cfg)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	db := sql.OpenDB(c)
	defer db.Close()
	if _, err := db.Exec("SET autocommit = 0;\n" + dump + "\nCOMMIT"); err != nil {
		t.Fatalf("testdb: load: %v", err)
	}
}

// shared is the server of this process, started at the first need.
var shared = sync.OnceValues(func() (*Server, error) { return newServer(false, nil, nil) })

func createDatabase(t testing.TB, server string, drop bool) string {
	t.Helper()
	cfg, err := mysql.Config(server)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	cfg.DBName = ""
	c, err := gomysql.NewConnector(cfg)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	admin := sql.OpenDB(c)
	defer admin.Close()
	var b [6]byte
	_, _ = rand.Read(b[:])
	name := "parley_test_" + hex.EncodeToString(b[:])
	if _, err := admin.Exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"); err != nil {
		t.Fatalf("testdb: create a database: %v", err)
	}
	if drop {
		t.Cleanup(func() {
			admin := sql.OpenDB(c)
			defer admin.Close()
			if _, err := admin.Exec("DROP DATABASE IF EXISTS " + name); err != nil {
				t.Errorf("testdb: drop %s: %v", name, err)
			}
		})
	}
	out, err := gomysql.ParseDSN(server)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	out.DBName = name
	return out.FormatDSN()
}

// LoadSite puts the site of Site into an empty database.
func LoadSite(t testing.TB, dsn string) {
	t.Helper()
	Load(t, dsn, siteDump(nil))
}
