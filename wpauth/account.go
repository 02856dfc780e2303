package wpauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"parley/internal/mysql"
	"parley/wpauth/phpvalue"
)

// The user meta this package reads beside {prefix}capabilities.
const (
	metaSessions     = "session_tokens"
	metaAppPasswords = "_application_passwords"
)

// account is a row of wp_users with the meta that was asked for.
type account struct {
	id                                             UserID
	login, passwordHash, nicename, display, mailTo string
	meta                                           map[string]metaRow
}

// metaRow is the first of a user's rows with a key: the one get_user_meta() answers.
type metaRow struct {
	id    int64
	value string
}

// accountByLogin is get_user_by( 'login' ), with one kind of meta and the
// capabilities, in one statement; nil when there is none.
func (s *Site) accountByLogin(ctx context.Context, login, meta string) (*account, error) {
	login = sanitizeUser(login)
	if login == "" {
		return nil, nil
	}
	return s.account(ctx, s.sql.byLogin, login, meta, func(u *account) bool { return u.login == login })
}

// accountByEmail is get_user_by( 'email' ).
func (s *Site) accountByEmail(ctx context.Context, email, meta string) (*account, error) {
	return s.account(ctx, s.sql.byEmail, email, meta, func(u *account) bool { return u.mailTo == email })
}

// account reads accounts that the table's collation takes for what was asked
// (letter case and accents do not count there) and picks the one that is it
// exactly, else the oldest.
func (s *Site) account(ctx context.Context, query, value, meta string, exact func(*account) bool) (*account, error) {
	var found []*account
	err := mysql.Query(ctx, s.db.DB, query, []any{meta, s.capsKey(), value}, func(r mysql.Row) {
		if id := UserID(r.Int(0)); len(found) == 0 || found[len(found)-1].id != id {
			found = append(found, &account{id: id, login: r.Text(1), passwordHash: r.Text(2), nicename: r.Text(3),
				display: r.Text(4), mailTo: r.Text(5), meta: map[string]metaRow{}})
		}
		last := found[len(found)-1]
		if key := r.Text(7); !r.Null(7) {
			if _, dup := last.meta[key]; !dup {
				last.meta[key] = metaRow{r.Int(6), r.Text(8)}
			}
		}
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	for _, u := range found {
		if exact(u) {
			return u, nil
		}
	}
	return found[0], nil
}

// capsKey is the user meta that holds roles and capabilities on this site.
func (s *Site) capsKey() string { return s.wp.SitePrefix() + "capabilities" }

// parseMeta reads a serialized meta value; what cannot be read is logged, without
// its content, and is null.
func (s *Site) parseMeta(u *account, key string) phpvalue.Value {
	stored := u.meta[key].value
	if stored == "" {
		return phpvalue.Value{}
	}
	v, err := phpvalue.Parse(stored)
	if err != nil {
		s.log.Warn("user meta cannot be read and is treated as absent", "user_id", int64(u.id), "meta_key", key, "error", err)
	}
	return v
}

// identity tells who an account is and what it may do on this site.
func (s *Site) identity(cur *settings, u *account) Identity {
	id := Identity{
		UserID:      u.id,
		Login:       u.login,
		Nicename:    u.nicename,
		DisplayName: cur.names.name(u.display, u.nicename, u.login),
		Email:       u.mailTo,
		SuperAdmin:  cur.isSuperAdmin(u.login),
		ofNetwork:   cur.networkBuddyPress,
	}
	id.Roles, id.caps = cur.roles.of(s.parseMeta(u, s.capsKey()))
	return id
}

// sessionExpiry finds the session of a token among user meta session_tokens: its
// key is the token's SHA-256, its value an array with the expiry, or in old rows
// the bare expiry (WP_User_Meta_Session_Tokens).
func sessionExpiry(sessions phpvalue.Value, token string) (expires int64, ok bool) {
	sum := sha256.Sum256([]byte(token))
	return sessionEnd(sessions, hex.EncodeToString(sum[:]))
}

// sessionEnd is sessionExpiry by the key the session is stored under.
func sessionEnd(sessions phpvalue.Value, key string) (expires int64, ok bool) {
	found, ok := sessions.Get(key)
	if !ok {
		return 0, false
	}
	if n, bare := found.Int(); bare {
		return n, true
	}
	expiration, ok := found.Get("expiration")
	if !ok {
		return 0, false
	}
	return expiration.Number()
}

// needsSlashes tells whether WordPress would put slashes into what came in
// (wp_magic_quotes), after which it is no name of anybody.
func needsSlashes(s string) bool { return strings.ContainsAny(s, "'\"\\\x00") }
