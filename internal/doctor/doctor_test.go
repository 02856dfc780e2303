package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gomysql "github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"parley/config"
	"parley/internal/doctor"
	"parley/internal/testdb"
	"parley/schema"
)

// load points the settings at a database.
func load(t *testing.T, dsn string) *config.Config {
	t.Helper()
	t.Setenv("PARLEY_DATABASE_DSN", dsn)
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:0")
	t.Setenv("PARLEY_OPS_LISTEN", "127.0.0.1:0")
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// examine runs the checks with the keys of the cast's site.
func examine(t *testing.T, dsn string) doctor.Report {
	t.Helper()
	for name, value := range testdb.Keys {
		t.Setenv("PARLEY_WORDPRESS_"+name, value)
	}
	return doctor.Examine(t.Context(), doctor.Patient{Config: load(t, dsn)})
}

// find returns the first finding of a check that has a verdict.
func find(r doctor.Report, check string, v doctor.Verdict) (doctor.Finding, bool) {
	for _, f := range r.Findings {
		if f.Check == check && f.Verdict == v {
			return f, true
		}
	}
	return doctor.Finding{}, false
}

// wantProblem holds a report to one problem that says the given parts.
func wantProblem(t *testing.T, r doctor.Report, check string, parts ...string) {
	t.Helper()
	f, ok := find(r, check, doctor.Problem)
	if !ok || r.OK {
		t.Fatalf("no problem with %s in %+v", check, r)
	}
	for _, part := range parts {
		if !strings.Contains(f.Text+" "+f.Mend, part) {
			t.Errorf("%q is not in %q, %q", part, f.Text, f.Mend)
		}
	}
	if f.Mend == "" {
		t.Errorf("nothing says how to mend %q", f.Text)
	}
}

func TestHealthyInstallation(t *testing.T) {
	dsn := testdb.CastDSN(t)
	r := examine(t, dsn)
	if !r.OK {
		t.Fatalf("%+v", r)
	}
	if f, ok := find(r, "schema", doctor.Note); !ok || !strings.Contains(f.Text, "not up to date") {
		t.Errorf("before migrating: %+v", f)
	}
	db := testdb.Connect(t, dsn)
	if _, err := schema.Up(t.Context(), db, "wp_parley_"); err != nil {
		t.Fatal(err)
	}
	r = examine(t, dsn)
	for _, check := range []string{"settings", "database", "version", "clock", "logins", "plugins", "second writer", "rights", "own tables", "schema", "listener"} {
		if _, ok := find(r, check, doctor.OK); !ok {
			t.Errorf("%s is not in order: %+v", check, r)
		}
	}
	if f, _ := find(r, "logins", doctor.OK); !strings.Contains(f.Text, "wordpress_logged_in_"+testdb.CookieHash) {
		t.Errorf("logins: %+v", f)
	}
	var left int
	if err := db.Get(&left, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE '%doctor%'"); err != nil || left != 0 {
		t.Errorf("%d tables left behind, %v", left, err)
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "Nothing is wrong.") {
		t.Errorf("%v\n%s", err, b.String())
	}
	for _, secret := range testdb.Keys {
		if strings.Contains(b.String(), secret) {
			t.Error("a key is shown")
		}
	}
}

// restricted makes a database user with some rights only and returns its DSN.
func restricted(t *testing.T, dsn string, grants ...string) string {
	t.Helper()
	cfg, err := gomysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := testdb.Connect(t, dsn)
	user := fmt.Sprintf("doc_%d", time.Now().UnixNano()%1e12)
	exec(t, db, "CREATE USER '"+user+"'@'%' IDENTIFIED BY 'pw', '"+user+"'@'localhost' IDENTIFIED BY 'pw'")
	t.Cleanup(func() { exec(t, testdb.Connect(t, dsn), "DROP USER '"+user+"'@'%', '"+user+"'@'localhost'") })
	for _, g := range grants {
		right, table, _ := strings.Cut(g, " ON ")
		exec(t, db, fmt.Sprintf("GRANT %s ON `%s`.%s TO '%s'@'%%', '%s'@'localhost'", right, cfg.DBName, table, user, user))
	}
	cfg.User, cfg.Passwd = user, "pw"
	return cfg.FormatDSN()
}

func exec(t *testing.T, db *sqlx.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestMissingRightsAreNamedWithTheGrantThatMendsThem(t *testing.T) {
	dsn := testdb.CastDSN(t)
	t.Run("reading only", func(t *testing.T) {
		r := examine(t, restricted(t, dsn, "SELECT ON *"))
		wantProblem(t, r, "rights", "GRANT UPDATE ON `parley_test_", "`wp_usermeta`", "GRANT INSERT ON", "`wp_jt_notifications`", "`wp_jt_flags`", "TO 'doc_")
		wantProblem(t, r, "own tables", "CREATE", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP")
	})
	t.Run("no reading", func(t *testing.T) {
		r := examine(t, restricted(t, dsn, "SELECT ON `wp_users`"))
		wantProblem(t, r, "wordpress", "may not read", "GRANT SELECT")
	})
	t.Run("no altering", func(t *testing.T) {
		r := examine(t, restricted(t, dsn, "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON *"))
		wantProblem(t, r, "own tables", "ALTER, INDEX")
		if _, ok := find(r, "rights", doctor.OK); !ok {
			t.Errorf("%+v", r)
		}
	})
	t.Run("just enough", func(t *testing.T) {
		grants := []string{"SELECT ON *", "UPDATE (meta_value) ON `wp_usermeta`",
			"INSERT, UPDATE ON `wp_jt_user_profiles`", "INSERT, UPDATE ON `wp_jt_notifications`", "INSERT ON `wp_jt_flags`",
			"CREATE, ALTER, INDEX, DROP, INSERT, UPDATE, DELETE ON `wp_parley_doctor`"}
		if r := examine(t, restricted(t, dsn, grants...)); !r.OK {
			t.Errorf("%+v", r)
		}
	})
}

func TestWhatIsWrongWithTheDatabase(t *testing.T) {
	cfg, err := gomysql.ParseDSN(testdb.CastDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("unreachable", func(t *testing.T) {
		wantProblem(t, examine(t, "u:hunter2@tcp(127.0.0.1:1)/n"), "database", "127.0.0.1:1", "Start the database")
	})
	t.Run("password", func(t *testing.T) {
		c := cfg.Clone()
		c.User, c.Passwd = "nobody_of_this_name", "hunter2"
		r := examine(t, c.FormatDSN())
		wantProblem(t, r, "database", "nobody_of_this_name", "DB_PASSWORD")
		if strings.Contains(fmt.Sprint(r), "hunter2") {
			t.Error("the password is shown")
		}
	})
	t.Run("name", func(t *testing.T) {
		c := cfg.Clone()
		c.DBName = "there_is_none"
		wantProblem(t, examine(t, c.FormatDSN()), "database", "there_is_none")
	})
	t.Run("prefix", func(t *testing.T) {
		t.Setenv("PARLEY_WORDPRESS_TABLE_PREFIX", "other_")
		wantProblem(t, examine(t, cfg.FormatDSN()), "wordpress", "other_", "there is: wp_")
	})
	t.Run("empty", func(t *testing.T) {
		wantProblem(t, examine(t, testdb.DSN(t)), "wordpress", "no WordPress at all")
	})
	t.Run("clock", func(t *testing.T) {
		r := doctor.Examine(t.Context(), doctor.Patient{Config: load(t, cfg.FormatDSN()),
			Now: func() time.Time { return time.Now().Add(-time.Minute) }})
		wantProblem(t, r, "clock", "1m0s", "NTP")
	})
	t.Run("migrations", func(t *testing.T) {
		t.Setenv("PARLEY_MIGRATE", "false")
		wantProblem(t, examine(t, cfg.FormatDSN()), "schema", "parley migrate up")
	})
}

func TestWhatIsWrongWithTheSite(t *testing.T) {
	dsn := testdb.CastDSN(t)
	db := testdb.Connect(t, dsn)
	t.Run("keys", func(t *testing.T) {
		t.Setenv("PARLEY_WORDPRESS_NONCE_KEY", "")
		c := load(t, dsn)
		c.WordPress.Keys = map[string]string{"LOGGED_IN_KEY": config.SampleSecret, "LOGGED_IN_SALT": "s"}
		wantProblem(t, doctor.Examine(t.Context(), doctor.Patient{Config: c}), "logins", "LOGGED_IN_KEY", "NONCE_SALT", "wp-config.php")
	})
	t.Run("address", func(t *testing.T) {
		t.Setenv("PARLEY_WORDPRESS_SITE_URL", "https://other.example")
		r := examine(t, dsn)
		if f, ok := find(r, "logins", doctor.Note); !ok || !strings.Contains(f.Text, "https://other.example") || !strings.Contains(f.Text, testdb.SiteURL) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("https", func(t *testing.T) {
		if f, ok := find(examine(t, dsn), "https", doctor.Note); !ok || !strings.Contains(f.Text, "application passwords") {
			t.Errorf("http: %+v", f)
		}
		t.Setenv("PARLEY_WORDPRESS_HOME", "https://example.org")
		if f, ok := find(examine(t, dsn), "https", doctor.OK); !ok || !strings.Contains(f.Text, "127.0.0.0/8") {
			t.Errorf("https: %+v", f)
		}
		t.Setenv("PARLEY_TRUSTED_PROXIES", "none")
		if f, ok := find(examine(t, dsn), "https", doctor.Note); !ok || !strings.Contains(f.Mend, "PARLEY_TRUSTED_PROXIES") {
			t.Errorf("https, no proxy: %+v", f)
		}
		t.Setenv("PARLEY_WORDPRESS_ENVIRONMENT_TYPE", "local")
		if f, ok := find(examine(t, dsn), "https", doctor.OK); !ok || !strings.Contains(f.Text, "local") {
			t.Errorf("local: %+v", f)
		}
	})
	t.Run("second writer", func(t *testing.T) {
		exec(t, db, "INSERT INTO wp_options (option_name, option_value, autoload) VALUES ('jetonomy_pro_extensions', 'a:1:{i:0;s:17:\"private-messaging\";}', 'on')")
		wantProblem(t, examine(t, dsn), "second writer", "Jetonomy Pro", "PARLEY_MESSAGING_ALLOW_SECOND_WRITER")
		t.Setenv("PARLEY_MESSAGING_ALLOW_SECOND_WRITER", "true")
		if r := examine(t, dsn); !r.OK {
			t.Errorf("allowed: %+v", r)
		}
	})
	t.Run("not installed", func(t *testing.T) {
		exec(t, db, "DELETE FROM wp_options WHERE option_name = 'siteurl'")
		wantProblem(t, examine(t, dsn), "logins", "siteurl")
	})
}

func TestAddressInUse(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	parley := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "not ready: the database is away\n")
	}))
	defer parley.Close()
	c := load(t, "u:p@tcp(127.0.0.1:1)/n")
	c.Listen, c.OpsListen = strings.TrimPrefix(parley.URL, "http://"), other.Addr().String()
	r := doctor.Examine(t.Context(), doctor.Patient{Config: c})
	if f, ok := find(r, "listener", doctor.OK); !ok || !strings.Contains(f.Text, "is not ready") {
		t.Errorf("Parley itself: %+v", r)
	}
	wantProblem(t, r, "listener", other.Addr().String(), "PARLEY_OPS_LISTEN")
}

func TestReportOfUnreadableSettings(t *testing.T) {
	r := doctor.Unreadable(errors.New("the setting x is wrong"))
	wantProblem(t, r, "settings", "The setting x is wrong.")
}

func TestSiteIsReadFromWPConfig(t *testing.T) {
	dsn, err := gomysql.ParseDSN(testdb.CastDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	host := map[string]string{"unix": "localhost:" + dsn.Addr, "tcp": dsn.Addr}[dsn.Net]
	path := filepath.Join(t.TempDir(), "wp-config.php")
	text := fmt.Sprintf("<?php define('DB_NAME', '%s'); define('DB_USER', '%s'); define('DB_PASSWORD', '%s'); define('DB_HOST', '%s'); define('DB_CHARSET', 'latin1');",
		dsn.DBName, dsn.User, dsn.Passwd, host)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLEY_WP_CONFIG", path)
	r := examine(t, "")
	if !r.OK {
		t.Errorf("%+v", r)
	}
	if f, ok := find(r, "settings", doctor.Note); !ok || !strings.Contains(f.Text, "latin1") {
		t.Errorf("charset: %+v", f)
	}
	if f, ok := find(r, "settings", doctor.OK); !ok || !strings.Contains(f.Text, path) {
		t.Errorf("settings: %+v", f)
	}
}

// What counts is the limit of the service, not of the shell, and how many members are
// logged in.
func TestOpenFilesForEverybodyLoggedIn(t *testing.T) {
	dsn := testdb.CastDSN(t)
	db := testdb.Connect(t, dsn)
	db.MustExec("INSERT INTO wp_usermeta (user_id, meta_key, meta_value) SELECT 1000 + s.seq, 'session_tokens', 'a:0:{}' FROM seq_1_to_9000 s")
	for name, value := range testdb.Keys {
		t.Setenv("PARLEY_WORDPRESS_"+name, value)
	}
	for limit, want := range map[int]doctor.Verdict{512: doctor.Note, 9000: doctor.Note, 65536: doctor.OK} {
		ops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "# TYPE parley_build_info gauge\nparley_build_info{version=\"1\"} 1\nprocess_max_fds %d\n", limit)
		}))
		c := load(t, dsn)
		c.OpsListen = ops.Listener.Addr().String()
		r := doctor.Examine(t.Context(), doctor.Patient{Config: c})
		ops.Close()
		f, found := find(r, "open files", want)
		if !found || !strings.Contains(f.Text, fmt.Sprint(limit)) || (want == doctor.OK) != (f.Mend == "") {
			t.Errorf("with a limit of %d: %+v", limit, r.Findings)
		}
		if limit == 9000 && !strings.Contains(f.Text, "90") {
			t.Errorf("%q does not say how many are logged in", f.Text)
		}
	}
}
