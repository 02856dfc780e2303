package wpauth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"parley/internal/cache"
)

// ErrInvalidNonce is a nonce that was sent and is wrong or empty: 403
// rest_cookie_invalid_nonce, whatever was asked for (rest_cookie_check_errors).
var ErrInvalidNonce = errors.New("wpauth: cookie check failed")

// identityTTL bounds how long somebody stays who they were: a changed password, a
// destroyed session, a deleted account or a revoked application password is
// refused when it has passed. Expiries are looked at every time.
const identityTTL = 3 * time.Second

const (
	// maxIdentities bounds how many callers are remembered.
	maxIdentities = 20_000
	// maxRejected bounds how many wrong application passwords are.
	maxRejected = 4_000
)

// session is what credentials were found to be good for. Cached and shared: never
// changed after it was made.
type session struct {
	id Identity
	// cookieExpires and sessionExpires are unix times; zero for Basic.
	cookieExpires, sessionExpires int64
}

// valid tells whether the expiries still hold. A nil session is nobody's.
func (s *session) valid(now int64, post bool) bool {
	if s == nil || s.id.Via == ByApplicationPassword {
		return s != nil
	}
	return !expired(s.cookieExpires, now, post) && s.sessionExpires >= now
}

type (
	sessionCache  = cache.Cache[string, *session]
	rejectedCache = cache.Cache[string, struct{}]
)

func newSessionCache() *sessionCache {
	return cache.New[string, *session](cache.Options{TTL: identityTTL, MaxItems: maxIdentities})
}

func newRejectedCache() *rejectedCache {
	return cache.New[string, struct{}](cache.Options{TTL: identityTTL, MaxItems: maxRejected})
}

// Authenticate tells who a REST request is from, as WordPress decides it: the
// login cookie is looked at first, Basic credentials when there is no good one. A
// cookie counts only together with its nonce; without any nonce the caller is
// Anonymous, which is no error. freshNonce is for the answer's X-WP-Nonce, ""
// when none goes out.
//
// Errors are ErrInvalidNonce and those of the database.
func (s *Site) Authenticate(ctx context.Context, c Credentials) (id Identity, freshNonce string, err error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Identity{}, "", err
	}
	who, token, err := s.byCookie(ctx, cur, &c)
	if err != nil {
		return Identity{}, "", err
	}
	if who == nil {
		who, err = s.byBasic(ctx, cur, &c)
		if who != nil || err != nil {
			return identityOf(who), "", err
		}
	}
	sent, ok := sentNonce(&c)
	if !ok {
		return Identity{}, "", nil
	}
	memo, user := new(nonceMemo), UserID(0)
	if who != nil {
		memo, user, token = who.id.nonces, who.id.UserID, who.id.SessionToken
	}
	good := memo.at(&cur.keys, s.now(), user, token)
	if !good.accept(sent) {
		return Identity{}, "", ErrInvalidNonce
	}
	return identityOf(who), good.current, nil
}

// AuthenticatePage tells who looks at a page: the login cookie alone decides, as
// for every page of WordPress. Errors are those of the database.
func (s *Site) AuthenticatePage(ctx context.Context, c Credentials) (Identity, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Identity{}, err
	}
	who, _, err := s.byCookie(ctx, cur, &c)
	id := identityOf(who)
	if who != nil {
		id.Via = ByCookieOnly
	}
	return id, err
}

func identityOf(who *session) Identity {
	if who == nil {
		return Identity{}
	}
	return who.id
}

// sentNonce is the nonce of a request: a parameter goes before the header, and
// one that is empty was still sent.
func sentNonce(c *Credentials) (string, bool) {
	if c.NonceParam != nil {
		return *c.NonceParam, true
	}
	switch values := c.Header["X-Wp-Nonce"]; len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], true
	}
	return "", true // PHP joins several lines into one text, which is no nonce
}

// byCookie finds the session of a request's login cookies, nil when they are
// nobody's. token is what the logged_in cookie holds in its place, good or not:
// it enters the nonce even of those who are not logged in (wp_get_session_token).
func (s *Site) byCookie(ctx context.Context, cur *settings, c *Credentials) (who *session, token string, err error) {
	headers := c.Header["Cookie"]
	if len(headers) == 0 {
		return nil, "", nil
	}
	name, first := cur.cookies.auth, schemeAuth
	if c.HTTPS {
		name, first = cur.cookies.secureAuth, schemeSecureAuth
	}
	auth, _ := cookieValue(headers, name)
	loggedIn, _ := cookieValue(headers, cur.cookies.loggedIn)
	if auth == "" && loggedIn == "" {
		return nil, "", nil
	}
	post := c.Method == http.MethodPost
	key := s.credentialKey(cookieKey(first, post), auth, loggedIn)
	now := s.now().Unix()
	if who, ok := s.sessions.Peek(key); ok {
		if who.valid(now, post) {
			return who, who.id.SessionToken, nil
		}
		s.sessions.Delete(key)
	}
	cookies := make([]authCookie, 0, 2)
	if auth != "" {
		if parsed, ok := parseAuthCookie(first, auth); ok && parsed.inTime(now, post) {
			cookies = append(cookies, parsed)
		}
	}
	if loggedIn != "" {
		if parsed, ok := parseAuthCookie(schemeLoggedIn, loggedIn); ok {
			token = parsed.token
			if parsed.inTime(now, post) {
				cookies = append(cookies, parsed)
			}
		}
	}
	if len(cookies) == 0 {
		return nil, token, nil
	}
	who, err = s.sessions.Fetch(ctx, key, func(ctx context.Context) (*session, error) {
		return s.verifyCookies(ctx, cur, cookies, token, now)
	})
	if errors.Is(err, errNobody) {
		return nil, token, nil
	}
	return who, token, err
}

// errNobody keeps refusals out of the cache of sessions.
var errNobody = errors.New("wpauth: nobody")

// verifyCookies tries cookies in their order. The first good one tells who it is.
func (s *Site) verifyCookies(ctx context.Context, cur *settings, cookies []authCookie, token string, now int64) (*session, error) {
	var u *account
	var err error
	for i := range cookies {
		cookie := &cookies[i]
		if i == 0 || cookie.login != cookies[i-1].login {
			if u, err = s.accountByLogin(ctx, cookie.login, metaSessions); err != nil {
				return nil, err
			}
		}
		if u == nil || !cookie.signedBy(&cur.keys, cur.fragment, u.passwordHash) {
			continue
		}
		expires, ok := sessionExpiry(s.parseMeta(u, metaSessions), cookie.token)
		if !ok || expires < now {
			continue
		}
		id := s.identity(cur, u)
		id.Via, id.SessionToken, id.nonces = ByCookie, token, new(nonceMemo)
		id.proof, id.until = u.passwordHash, min(cookie.expires, expires)
		return &session{id: id, cookieExpires: cookie.expires, sessionExpires: expires}, nil
	}
	return nil, errNobody
}

// keyBasic marks credential keys of application passwords; those of cookies have
// the numbers of cookieKey.
const keyBasic byte = 0xff

// cookieKey tells cookies apart by scheme, and POST requests, which have the
// grace hour, from others.
func cookieKey(first scheme, post bool) byte {
	kind := byte(first) << 1
	if post {
		kind |= 1
	}
	return kind
}

// credentialKey is what credentials are remembered under: a hash with a secret of
// this process, so that neither passwords nor cookies stay in memory, and nobody
// can make two that share a place.
func (s *Site) credentialKey(kind byte, parts ...string) string {
	var space [1024]byte
	buf := append(space[:0], s.secret[:]...)
	buf = append(buf, kind)
	for _, p := range parts {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(p)))
		buf = append(buf, p...)
	}
	sum := sha256.Sum256(buf)
	return string(sum[:])
}
