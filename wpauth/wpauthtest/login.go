// Package wpauthtest logs members of a test site in, by doing to its database and
// its keys what WordPress does: sessions, login cookies, nonces and application
// passwords. For tests only.
//
//	wp := wpauthtest.WordPress()
//	site, _ := wpauth.NewSite(ctx, db, wpauth.SiteConfig{WordPress: wp, Now: clock})
//	alice := wpauthtest.Login(t, db, wp, "alice", clock())
//	alice.Apply(request) // Cookie and X-WP-Nonce
package wpauthtest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/crypto/blake2b"

	"parley/config"
	"parley/wpauth/phpvalue"
)

// WordPress is the wp-config.php of a test site: prefix wp_, eight different keys,
// and environment "local", so that application passwords work without https.
func WordPress() config.WordPress {
	wp := config.WordPress{TablePrefix: "wp_", EnvironmentType: "local", Keys: map[string]string{}, BlogID: 1}
	for _, name := range config.SecretNames[:8] {
		wp.Keys[name] = "key of a test site for " + name
	}
	return wp
}

// Session is a member who is logged in through a browser.
type Session struct {
	UserID int64
	Login  string
	// Token is the plain session token.
	Token string
	// Cookie is the value of a Cookie header.
	Cookie string
	// Nonce is the REST nonce of the moment of logging in.
	Nonce string

	wp config.WordPress
}

// sessionLife is how long sessions of Login last: longer than any test's clock runs.
const sessionLife = 14 * 24 * time.Hour

// Login logs a member in at a moment, as wp-login.php does: a session is stored,
// a cookie signed for 14 days, and a REST nonce minted.
func Login(t testing.TB, db *sqlx.DB, wp config.WordPress, login string, at time.Time) Session {
	t.Helper()
	var user struct {
		ID       int64  `db:"ID"`
		Password string `db:"user_pass"`
	}
	if err := db.Get(&user, "SELECT ID, user_pass FROM "+wp.TablePrefix+"users WHERE user_login = ?", login); err != nil {
		t.Fatalf("log %s in: %v", login, err)
	}
	token := randomText(43)
	expires := at.Add(sessionLife).Unix()
	verifier := sha256.Sum256([]byte(token))
	editMeta(t, db, wp, user.ID, "session_tokens", func(v phpvalue.Value) phpvalue.Value {
		return v.With(phpvalue.TextKey(hex.EncodeToString(verifier[:])), phpvalue.NewArray(
			entry("expiration", phpvalue.NewInt(expires)),
			entry("ip", phpvalue.NewString("127.0.0.1")),
			entry("login", phpvalue.NewInt(at.Unix())),
		))
	})
	s := Session{UserID: user.ID, Login: login, Token: token, wp: wp}
	s.Cookie = "wordpress_logged_in_" + cookieHash(t, db, wp) + "=" +
		url.PathEscape(Cookie(wp, "LOGGED_IN", login, user.Password, token, expires))
	s.Nonce = s.NonceAt(at)
	return s
}

// Apply puts Cookie and X-WP-Nonce on a request.
func (s Session) Apply(r *http.Request) {
	r.Header.Set("Cookie", s.Cookie)
	r.Header.Set("X-WP-Nonce", s.Nonce)
}

// NonceAt mints the session's REST nonce of another moment.
func (s Session) NonceAt(at time.Time) string { return Nonce(s.wp, s.UserID, s.Token, at) }

// Logout destroys a session, as wp_destroy_current_session() does.
func Logout(t testing.TB, db *sqlx.DB, s Session) {
	t.Helper()
	verifier := sha256.Sum256([]byte(s.Token))
	key := phpvalue.TextKey(hex.EncodeToString(verifier[:]))
	editMeta(t, db, s.wp, s.UserID, "session_tokens", func(v phpvalue.Value) phpvalue.Value {
		var left []phpvalue.Entry
		for _, e := range v.Entries() {
			if e.Key != key {
				left = append(left, e)
			}
		}
		return phpvalue.NewArray(left...)
	})
}

// Cookie is the content of a login cookie, not yet percent-encoded. scheme is
// LOGGED_IN, AUTH or SECURE_AUTH; hash is the member's user_pass.
func Cookie(wp config.WordPress, scheme, login, hash, token string, expires int64) string {
	fragment := hash[max(0, len(hash)-4):]
	if strings.HasPrefix(hash, "$P$") || strings.HasPrefix(hash, "$2y$") {
		fragment = hash[8:12]
	}
	until := strconv.FormatInt(expires, 10)
	key := hmacMD5(wp, scheme, login+"|"+fragment+"|"+until+"|"+token)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(login + "|" + until + "|" + token))
	return login + "|" + until + "|" + token + "|" + hex.EncodeToString(mac.Sum(nil))
}

// Nonce is the REST nonce of a user and session token at a moment.
func Nonce(wp config.WordPress, userID int64, token string, at time.Time) string {
	tick := (at.Unix() + 43199) / 43200
	sum := hmacMD5(wp, "NONCE", fmt.Sprintf("%d|wp_rest|%d|%s", tick, userID, token))
	return sum[len(sum)-12 : len(sum)-2]
}

// AppPassword makes an application password for a member and returns it plain.
func AppPassword(t testing.TB, db *sqlx.DB, wp config.WordPress, login, name string, at time.Time) string {
	t.Helper()
	plain := randomText(24)
	var id int64
	if err := db.Get(&id, "SELECT ID FROM "+wp.TablePrefix+"users WHERE user_login = ?", login); err != nil {
		t.Fatalf("application password for %s: %v", login, err)
	}
	editMeta(t, db, wp, id, "_application_passwords", func(v phpvalue.Value) phpvalue.Value {
		return v.With(phpvalue.IntKey(int64(len(v.Entries()))), phpvalue.NewArray(
			entry("uuid", phpvalue.NewString(randomText(36))),
			entry("app_id", phpvalue.NewString("")),
			entry("name", phpvalue.NewString(name)),
			entry("password", phpvalue.NewString(FastHash(plain))),
			entry("created", phpvalue.NewInt(at.Unix())),
			entry("last_used", phpvalue.Value{}),
			entry("last_ip", phpvalue.Value{}),
		))
	})
	exec(t, db, "INSERT INTO "+wp.SitePrefix()+"options (option_name, option_value, autoload) VALUES ('using_application_passwords', '1', 'off') "+
		"ON DUPLICATE KEY UPDATE option_value = '1'")
	return plain
}

// RevokeAppPasswords takes all application passwords from a member.
func RevokeAppPasswords(t testing.TB, db *sqlx.DB, wp config.WordPress, login string) {
	t.Helper()
	exec(t, db, "DELETE FROM "+wp.TablePrefix+"usermeta WHERE meta_key = '_application_passwords' AND user_id = "+
		"(SELECT ID FROM "+wp.TablePrefix+"users WHERE user_login = ?)", login)
}

// Basic is the value of an Authorization header.
func Basic(login, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password))
}

// FastHash is how WordPress stores an application password since 6.8.
func FastHash(password string) string {
	h, err := blake2b.New(30, []byte("wp_fast_hash_6.8+"))
	if err != nil {
		panic(err)
	}
	h.Write([]byte(password))
	return "$generic$" + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func hmacMD5(wp config.WordPress, scheme, data string) string {
	mac := hmac.New(md5.New, []byte(wp.Keys[scheme+"_KEY"]+wp.Keys[scheme+"_SALT"]))
	mac.Write([]byte(data))
	return hex.EncodeToString(mac.Sum(nil))
}

func cookieHash(t testing.TB, db *sqlx.DB, wp config.WordPress) string {
	t.Helper()
	if wp.CookieHash != "" {
		return wp.CookieHash
	}
	siteURL := wp.SiteURL
	if siteURL == "" {
		if err := db.Get(&siteURL, "SELECT option_value FROM "+wp.SitePrefix()+"options WHERE option_name = 'siteurl'"); err != nil {
			t.Fatalf("cookie hash: %v", err)
		}
	}
	sum := md5.Sum([]byte(strings.TrimRight(siteURL, "/")))
	return hex.EncodeToString(sum[:])
}

// editMeta changes a serialized array in a member's meta.
func editMeta(t testing.TB, db *sqlx.DB, wp config.WordPress, userID int64, key string, edit func(phpvalue.Value) phpvalue.Value) {
	t.Helper()
	table := wp.TablePrefix + "usermeta"
	var rows []string
	if err := db.Select(&rows, "SELECT meta_value FROM "+table+" WHERE user_id = ? AND meta_key = ? ORDER BY umeta_id LIMIT 1", userID, key); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	var value phpvalue.Value
	if len(rows) > 0 {
		var err error
		if value, err = phpvalue.Parse(rows[0]); err != nil {
			t.Fatalf("read %s: %v", key, err)
		}
	}
	text := edit(value).String()
	if len(rows) == 0 {
		exec(t, db, "INSERT INTO "+table+" (user_id, meta_key, meta_value) VALUES (?, ?, ?)", userID, key, text)
		return
	}
	exec(t, db, "UPDATE "+table+" SET meta_value = ? WHERE user_id = ? AND meta_key = ?", text, userID, key)
}

func exec(t testing.TB, db *sqlx.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func entry(key string, v phpvalue.Value) phpvalue.Entry {
	return phpvalue.Entry{Key: phpvalue.TextKey(key), Value: v}
}

// randomText is n random letters and digits.
func randomText(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}
