package wpauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/testdb"
	"parley/wpauth"
	"parley/wpauth/wpauthtest"
)

func request(s wpauthtest.Session) wpauth.Credentials {
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	s.Apply(r)
	return wpauth.Credentials{Method: r.Method, Header: r.Header}
}

func basic(login, password string) wpauth.Credentials {
	return wpauth.Credentials{
		Method:   http.MethodGet,
		Header:   http.Header{"Authorization": {wpauthtest.Basic(login, password)}},
		ClientIP: netip.MustParseAddr("203.0.113.7"),
	}
}

// whoIs authenticates and fails the test on errors of the database.
func whoIs(t *testing.T, site *wpauth.Site, c wpauth.Credentials) (wpauth.UserID, error) {
	t.Helper()
	id, _, err := site.Authenticate(context.Background(), c)
	if err != nil && !errors.Is(err, wpauth.ErrInvalidNonce) {
		t.Fatal(err)
	}
	return id.UserID, err
}

// refusedWithin waits until the caller is nobody, and fails when that takes longer
// than the contract allows.
func refusedWithin(t *testing.T, site *wpauth.Site, c wpauth.Credentials, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if id, _ := whoIs(t, site, c); id == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still let in after %v", limit)
		}
	}
}

// revocation is how fast a change made in WordPress must be seen.
const revocation = 3500 * time.Millisecond

func TestRevocation_IsSeenWithinSeconds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, db *sqlx.DB, s wpauthtest.Session)
	}{
		{"session destroyed", func(t *testing.T, db *sqlx.DB, s wpauthtest.Session) { wpauthtest.Logout(t, db, s) }},
		{"password changed", func(t *testing.T, db *sqlx.DB, _ wpauthtest.Session) {
			mustExec(t, db, "UPDATE wp_users SET user_pass = '$wp$2y$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcdefg' WHERE ID = 2")
		}},
		{"account deleted", func(t *testing.T, db *sqlx.DB, _ wpauthtest.Session) {
			mustExec(t, db, "DELETE FROM wp_users WHERE ID = 2")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, wp := testdb.Site(t), wpauthtest.WordPress()
			site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
			alice := wpauthtest.Login(t, db, wp, "alice", frozen)
			if id, err := whoIs(t, site, request(alice)); id != 2 || err != nil {
				t.Fatalf("before: user %d, %v", id, err)
			}
			tt.change(t, db, alice)
			refusedWithin(t, site, request(alice), revocation)
		})
	}
	t.Run("application password revoked", func(t *testing.T) {
		t.Parallel()
		db, wp := testdb.Site(t), wpauthtest.WordPress()
		site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
		password := wpauthtest.AppPassword(t, db, wp, "bob", "phone", frozen)
		if id, _ := whoIs(t, site, basic("bob", password)); id != 3 {
			t.Fatalf("before: user %d", id)
		}
		wpauthtest.RevokeAppPasswords(t, db, wp, "bob")
		refusedWithin(t, site, basic("bob", password), revocation)
	})
	t.Run("role taken", func(t *testing.T) {
		t.Parallel()
		db, wp := testdb.Site(t), wpauthtest.WordPress()
		site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
		admin := wpauthtest.Login(t, db, wp, "admin", frozen)
		can := func() bool {
			id, _, err := site.Authenticate(context.Background(), request(admin))
			if err != nil {
				t.Fatal(err)
			}
			return id.Can(wpauth.CapManageOptions)
		}
		if !can() {
			t.Fatal("the administrator is none")
		}
		mustExec(t, db, "UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = 1 AND meta_key = 'wp_capabilities'")
		for deadline := time.Now().Add(revocation); can(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("still an administrator")
			}
		}
	})
}

func TestExpiry_IsLookedAtThoughCached(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	at := &clock{frozen}
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp, Now: at.now})
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	expires := frozen.Add(14 * 24 * time.Hour)
	at.t = expires
	alice.Nonce = alice.NonceAt(at.t)
	post := request(alice)
	post.Method = http.MethodPost
	for _, c := range []wpauth.Credentials{request(alice), post} {
		if id, err := whoIs(t, site, c); id != 2 || err != nil {
			t.Errorf("%s in the last second: user %d, %v", c.Method, id, err)
		}
	}
	at.t = expires.Add(time.Second)
	for _, c := range []wpauth.Credentials{request(alice), post} {
		if id, err := whoIs(t, site, c); id != 0 || err == nil {
			t.Errorf("%s afterwards: user %d, %v", c.Method, id, err)
		}
	}
}

func TestCookie_OfTheRecordedSite(t *testing.T) {
	db := testdb.Site(t)
	wp := recordedWordPress(t)
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	for login, user := range recordedUsers(t) {
		c := wpauth.Credentials{Method: http.MethodGet, Header: http.Header{
			"Cookie": {user.Cookie}, "X-Wp-Nonce": {user.Nonce}}}
		id, _, err := site.Authenticate(context.Background(), c)
		if err != nil || id.UserID != user.ID || id.Login != login {
			t.Errorf("%s: %+v, %v", login, id, err)
		}
		if got, want := id.Can(wpauth.CapJetonomyModerate), user.Role == "administrator" || user.Role == "editor"; got != want {
			t.Errorf("%s moderates: %v, want %v", login, got, want)
		}
		if got, want := id.Can(wpauth.CapManageOptions), user.Role == "administrator"; got != want {
			t.Errorf("%s manages options: %v, want %v", login, got, want)
		}
		if !id.Can(wpauth.CapRead) || id.Roles[0] != user.Role {
			t.Errorf("%s has roles %v", login, id.Roles)
		}
		app := basic(login, user.AppPassword)
		app.HTTPS = true
		if id, err := whoIs(t, site, app); id != user.ID || err != nil {
			t.Errorf("%s by application password: user %d, %v", login, id, err)
		}
	}
}

func TestAuthenticatePage(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	c := request(alice)
	c.Header.Del("X-WP-Nonce")
	id, err := site.AuthenticatePage(context.Background(), c)
	if err != nil || id.UserID != 2 || id.Via != wpauth.ByCookieOnly {
		t.Fatalf("got %+v, %v", id, err)
	}
	if got := site.Nonce(id); got != alice.Nonce {
		t.Errorf("minted %q, want %q", got, alice.Nonce)
	}
	if user, err := whoIs(t, site, c); user != 0 || err != nil {
		t.Errorf("the same over REST: user %d, %v", user, err)
	}
	password := wpauthtest.AppPassword(t, db, wp, "bob", "phone", frozen)
	if id, err := site.AuthenticatePage(context.Background(), basic("bob", password)); err != nil || id.LoggedIn() {
		t.Errorf("application password on a page: %+v, %v", id, err)
	}
}

func TestHostileCredentials_AreNobodys(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	wpauthtest.AppPassword(t, db, wp, "alice", "x", frozen)
	name, _, _ := strings.Cut(alice.Cookie, "=")
	for _, value := range []string{
		"", "|||", "%00|1|2|3", "alice%00|2087802000|t|h", "' OR 1=1 -- |2087802000|t|h", "alice|99999999999999999999|t|h",
		"alice|-1|t|h", "alice|2087802000||", "\xff\xfe|2087802000|t|h", "<b>alice</b>|2087802000|t|h",
		strings.Repeat("a", 100_000) + "|2087802000|t|h", strings.Repeat("|", 100_000), "%", "%zz|%7|%|",
	} {
		c := wpauth.Credentials{Method: http.MethodGet, Header: http.Header{"Cookie": {name + "=" + value}}}
		if id, err := whoIs(t, site, c); id != 0 || err != nil {
			t.Errorf("cookie %.40q: user %d, %v", value, id, err)
		}
		if id, err := whoIs(t, site, basic(value, value)); id != 0 || err != nil {
			t.Errorf("Basic %.40q: user %d, %v", value, id, err)
		}
	}
}

func TestSerializedObjectsInUserMeta_OpenNothing(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	password := wpauthtest.AppPassword(t, db, wp, "alice", "x", frozen)
	for _, key := range []string{"session_tokens", "_application_passwords", "wp_capabilities"} {
		mustExec(t, db, "UPDATE wp_usermeta SET meta_value = CONCAT('a:2:{i:0;O:8:\"stdClass\":0:{}', SUBSTRING(meta_value, 6)) WHERE user_id = 2 AND meta_key = ?", key)
	}
	if id, _ := whoIs(t, site, request(alice)); id != 0 {
		t.Errorf("cookie: user %d", id)
	}
	if id, _ := whoIs(t, site, basic("alice", password)); id != 0 {
		t.Errorf("Basic: user %d", id)
	}
}

func TestUseOfAppPassword_IsRecordedOnceADay(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	at := &clock{frozen}
	password := wpauthtest.AppPassword(t, db, wp, "bob", "téléphone", frozen)
	stored := func() (s string) {
		t.Helper()
		if err := db.Get(&s, "SELECT meta_value FROM wp_usermeta WHERE user_id = 3 AND meta_key = '_application_passwords'"); err != nil {
			t.Fatal(err)
		}
		return s
	}
	use := func() {
		t.Helper()
		site := newSite(t, db, wpauth.SiteConfig{WordPress: wp, Now: at.now})
		if id, err := whoIs(t, site, basic("bob", password)); id != 3 || err != nil {
			t.Fatalf("user %d, %v", id, err)
		}
		site.Close()
	}
	use()
	first := stored()
	if !strings.Contains(first, `s:9:"last_used";i:1772442000;s:7:"last_ip";s:11:"203.0.113.7";`) {
		t.Fatalf("after the first use: %s", first)
	}
	at.t = frozen.Add(24*time.Hour - time.Second)
	if use(); stored() != first {
		t.Errorf("within the day: %s", stored())
	}
	at.t = frozen.Add(24 * time.Hour)
	if use(); !strings.Contains(stored(), `i:1772528400;`) {
		t.Errorf("after the day: %s", stored())
	}
}

func TestUseOfAppPassword_NeverOverwritesAChange(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	password := wpauthtest.AppPassword(t, db, wp, "bob", "phone", frozen)
	// WordPress changes the row between reading and recording: a lock on it holds
	// the recording back until the change is committed.
	tx, err := db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = 3 AND meta_key = '_application_passwords'"); err != nil {
		t.Fatal(err)
	}
	if id, err := whoIs(t, site, basic("bob", password)); id != 3 || err != nil {
		t.Fatalf("user %d, %v", id, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	site.Close()
	var got string
	if err := db.Get(&got, "SELECT meta_value FROM wp_usermeta WHERE user_id = 3 AND meta_key = '_application_passwords'"); err != nil || got != "a:0:{}" {
		t.Errorf("the row is %q, %v", got, err)
	}
}

func TestManyRequestsAtOnce_AskTheDatabaseOnce(t *testing.T) {
	db, wp := testdb.Site(t), wpauthtest.WordPress()
	site := newSite(t, db, wpauth.SiteConfig{WordPress: wp})
	alice := wpauthtest.Login(t, db, wp, "alice", frozen)
	statements := testdb.CountStatements(t, db, func() {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if id, _, err := site.Authenticate(context.Background(), request(alice)); err != nil || id.UserID != 2 {
					t.Errorf("user %d, %v", id.UserID, err)
				}
			})
		}
		all.Wait()
	})
	if statements.Data > 2 {
		t.Errorf("%d statements: %q", statements.Data, statements.Log)
	}
}

func BenchmarkAuthenticate_Cached(b *testing.B) {
	db, wp := testdb.Site(b), wpauthtest.WordPress()
	site, err := wpauth.NewSite(context.Background(), db, wpauth.SiteConfig{WordPress: wp, Now: func() time.Time { return frozen }})
	if err != nil {
		b.Fatal(err)
	}
	alice := wpauthtest.Login(b, db, wp, "alice", frozen)
	c := request(alice)
	password := wpauthtest.AppPassword(b, db, wp, "bob", "phone", frozen)
	app := basic("bob", password)
	for _, bb := range []struct {
		name string
		c    wpauth.Credentials
	}{{"cookie", c}, {"basic", app}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if id, _, err := site.Authenticate(context.Background(), bb.c); err != nil || id.UserID == 0 {
					b.Fatal(id, err)
				}
			}
		})
	}
}
