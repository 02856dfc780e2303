package testdb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/blake2b"
)

// Member ids of the cast. A test names people, not numbers.
const (
	Admin = iota + 1 // administrator, in no space, trust level 0
	Mona             // editor (jetonomy_moderate), in no space, trust level 0
	Alice            // S1, trust level 1
	Bob              // S1, trust level 1
	Carol            // S1, trust level 1
	Dave             // S1, trust level 0
	Erin             // S2 alone, trust level 1
	Sid              // S1, trust level 1, silenced
	Zed              // S1, trust level 1, banned from the site
	Vera             // S1, trust level 1, e-mail not confirmed
)

// The spaces of the cast.
const (
	SpaceOne = 1 // S1: alice bob carol dave sid zed vera
	SpaceTwo = 2 // S2: erin
)

// Person is one member of the cast and everything needed to act for them.
type Person struct {
	ID          int64
	Login       string
	Email       string
	DisplayName string
	Role        string
	TrustLevel  int
	Space       int // 0 = none
	// Password is the ordinary one; AppPassword an application password as typed,
	// blanks included; SessionToken belongs to a login session that lasts until 2036.
	Password, AppPassword, SessionToken string

	hash string // user_pass
}

// Cast returns the people of the contract's acceptance scenarios (section 7), by login.
func Cast() map[string]Person { return castOnce() }

var castOnce = sync.OnceValue(func() map[string]Person {
	cast := map[string]Person{}
	for _, p := range []Person{
		{ID: Admin, Login: "admin", DisplayName: "Ada Admin", Role: "administrator"},
		{ID: Mona, Login: "mona", DisplayName: "Mona Moderna", Role: "editor"},
		{ID: Alice, Login: "alice", DisplayName: "Alice Anders", TrustLevel: 1, Space: SpaceOne},
		{ID: Bob, Login: "bob", DisplayName: "Bob Martinez", TrustLevel: 1, Space: SpaceOne},
		{ID: Carol, Login: "carol", DisplayName: "Carol Čapková", TrustLevel: 1, Space: SpaceOne},
		{ID: Dave, Login: "dave", DisplayName: "Dave Dönitz-Øst", Space: SpaceOne},
		{ID: Erin, Login: "erin", DisplayName: "Erin O'Neil", TrustLevel: 1, Space: SpaceTwo},
		{ID: Sid, Login: "sid", DisplayName: "Sid Silent", TrustLevel: 1, Space: SpaceOne},
		{ID: Zed, Login: "zed", DisplayName: "Zed Zimmer", TrustLevel: 1, Space: SpaceOne},
		{ID: Vera, Login: "vera", DisplayName: "Vera Vorerst", TrustLevel: 1, Space: SpaceOne},
	} {
		if p.Role == "" {
			p.Role = "subscriber"
		}
		p.Email = p.Login + "@example.test"
		p.Password = p.Login + "-pass-1"
		p.AppPassword = appPassword(p.Login)
		p.SessionToken = alphanumeric("session of "+p.Login, 43)
		p.hash = passwordHash(p.Password)
		cast[p.Login] = p
	}
	return cast
})

// CastSite returns a pool on a fresh database with the cast in it: the tables and
// options of the recorded site (prefix wp_, keys Keys, cookie hash CookieHash,
// Europe/Berlin), and no conversations.
func CastSite(t testing.TB) *sqlx.DB {
	t.Helper()
	return Connect(t, CastDSN(t))
}

// CastDSN is CastSite, as a DSN.
func CastDSN(t testing.TB) string {
	t.Helper()
	dsn := DSN(t)
	SeatCast(t, dsn)
	return dsn
}

// SeatCast makes what CastSite has in an empty database, on whatever server.
func SeatCast(t testing.TB, dsn string) {
	t.Helper()
	Load(t, dsn, siteDump([]string{"wp_users", "wp_usermeta", "wp_jt_user_profiles", "wp_jt_spaces",
		"wp_jt_space_members", "wp_jt_restrictions", "wp_jt_blocked_users", "wp_bp_friends"}))
	db := Connect(t, dsn)
	defer db.Close()
	const made = "2026-01-01 00:00:00"
	rows := map[string][][]any{
		"wp_options (option_name, option_value, autoload)": {
			{"time_format", "g:i a", "on"}, {"date_format", "F j, Y", "on"}},
		"wp_jt_spaces (id, author_id, title, slug, visibility, created_at, updated_at)": {
			{SpaceOne, Admin, "Space One", "space-one", "public", made, made},
			{SpaceTwo, Admin, "Space Two", "space-two", "private", made, made}},
		"wp_jt_restrictions (user_id, type, issued_by, created_at)": {
			{Sid, "silence", Admin, made}, {Zed, "global_ban", Admin, made}},
	}
	const users = "wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)"
	const meta = "wp_usermeta (user_id, meta_key, meta_value)"
	const profiles = "wp_jt_user_profiles (user_id, trust_level, created_at)"
	const spaces = "wp_jt_space_members (space_id, user_id, joined_at)"
	rows[meta] = [][]any{{Vera, "_jetonomy_pending_verification", "1"}}
	for _, p := range Cast() {
		rows[users] = append(rows[users], []any{p.ID, p.Login, p.hash, p.Login, p.Email, made, p.DisplayName})
		rows[meta] = append(rows[meta],
			[]any{p.ID, "nickname", p.DisplayName},
			[]any{p.ID, "wp_capabilities", fmt.Sprintf(`a:1:{s:%d:"%s";b:1;}`, len(p.Role), p.Role)},
			[]any{p.ID, "session_tokens", p.sessions()},
			[]any{p.ID, "_application_passwords", p.appPasswords()})
		rows[profiles] = append(rows[profiles], []any{p.ID, p.TrustLevel, made})
		if p.Space != 0 {
			rows[spaces] = append(rows[spaces], []any{p.Space, p.ID, made})
		}
	}
	for table, values := range rows {
		one := "(?" + strings.Repeat(", ?", len(values[0])-1) + ")"
		statement := "INSERT INTO " + table + " VALUES " + one + strings.Repeat(", "+one, len(values)-1)
		if _, err := db.ExecContext(context.Background(), statement, slices.Concat(values...)...); err != nil {
			t.Fatalf("testdb: cast: %v", err)
		}
	}
}

// sessionEnds is when the cast's login sessions and cookies expire: 2036-02-28 09:00 UTC.
const sessionEnds = 2087802000

func (p Person) sessions() string {
	sum := sha256.Sum256([]byte(p.SessionToken))
	return fmt.Sprintf(`a:1:{s:64:"%s";a:3:{s:10:"expiration";i:%d;s:2:"ip";s:11:"203.0.113.7";s:5:"login";i:1772442000;}}`,
		hex.EncodeToString(sum[:]), sessionEnds)
}

func (p Person) appPasswords() string {
	h, err := blake2b.New(30, []byte("wp_fast_hash_6.8+"))
	if err != nil {
		panic(err)
	}
	h.Write([]byte(alphanumeric("application password of "+p.Login, 24)))
	stored := "$generic$" + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	return fmt.Sprintf(`a:1:{i:0;a:7:{s:4:"uuid";s:36:"00000000-0000-4000-8000-%012d";s:6:"app_id";s:0:"";s:4:"name";s:4:"test";`+
		`s:8:"password";s:%d:"%s";s:7:"created";i:1767225600;s:9:"last_used";N;s:7:"last_ip";N;}}`, p.ID, len(stored), stored)
}

// passwordHash is WordPress 6.8's, at the lowest cost: tests log in often.
func passwordHash(password string) string {
	mac := hmac.New(sha512.New384, []byte("wp-sha384"))
	mac.Write([]byte(password))
	hash, err := bcrypt.GenerateFromPassword([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	// PHP writes the same algorithm as 2y.
	return "$wp$2y" + string(hash[3:])
}

// appPassword is shown in groups of four, as WordPress shows it.
func appPassword(login string) string {
	s := alphanumeric("application password of "+login, 24)
	return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:16] + " " + s[16:20] + " " + s[20:]
}

// alphanumeric makes n letters and digits of a seed, always the same.
func alphanumeric(seed string, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	sum := sha512.Sum512([]byte(seed))
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[int(sum[i])%len(letters)]
	}
	return string(out)
}

// CookieExpires is when the cast's cookies expire.
var CookieExpires = time.Unix(sessionEnds, 0).UTC()
