package wpauth

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"

	"parley/config"
)

// graceSeconds is how long an expired cookie is still good for a POST
// (wp_validate_auth_cookie).
const graceSeconds = 3600

// cookieNames are the names of the login cookies of each scheme.
type cookieNames struct {
	auth, secureAuth, loggedIn string
}

// newCookieNames follows wp_cookie_constants(): names end in COOKIEHASH, the MD5
// of the site's address, unless wp-config.php says otherwise.
func newCookieNames(wp config.WordPress, siteURL string) cookieNames {
	hash := wp.CookieHash
	if hash == "" && siteURL != "" {
		sum := md5.Sum([]byte(siteURL))
		hash = hex.EncodeToString(sum[:])
	}
	return cookieNames{
		auth:       firstOf(wp.AuthCookie, "wordpress_"+hash),
		secureAuth: firstOf(wp.SecureAuthCookie, "wordpress_sec_"+hash),
		loggedIn:   firstOf(wp.LoggedInCookie, "wordpress_logged_in_"+hash),
	}
}

// cookieValue finds a cookie as PHP does: of several with one name the first
// counts, white space before the name is skipped, the value is taken as it stands,
// quotation marks and all, still percent-encoded.
func cookieValue(headers []string, name string) (value string, found bool) {
	for _, header := range headers {
		for header != "" {
			var pair string
			pair, header, _ = strings.Cut(header, ";")
			pair = strings.TrimLeft(pair, " \t\r\n\v\f")
			if key, value, ok := strings.Cut(pair, "="); ok && key == name {
				return value, true
			}
		}
	}
	return "", false
}

// rawURLDecode is PHP's rawurldecode(): %XX becomes a byte, anything else stays;
// a plus is a plus.
func rawURLDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				out = append(out, b[0])
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// authCookie is the content of a login cookie (wp_parse_auth_cookie).
type authCookie struct {
	scheme     scheme
	login      string
	expiration string
	token      string
	mac        string
	expires    int64
}

// parseAuthCookie splits a cookie's value as it came in the header. WordPress
// puts slashes before quotation marks and backslashes of everything that comes
// in, so a cookie with one never matches its signature; those are refused here.
func parseAuthCookie(scheme scheme, raw string) (authCookie, bool) {
	parts := strings.Split(rawURLDecode(raw), "|")
	if len(parts) != 4 || needsSlashes(strings.Join(parts, "")) {
		return authCookie{}, false
	}
	return authCookie{scheme: scheme, login: parts[0], expiration: parts[1], token: parts[2], mac: parts[3]}, true
}

// inTime checks the expiry the cookie itself tells, which only its signature
// proves, and reads it. A real POST has an hour of grace.
func (c *authCookie) inTime(now int64, post bool) bool {
	var err error
	if c.expires, err = strconv.ParseInt(c.expiration, 10, 64); err != nil || c.expires < 0 {
		return false
	}
	return !expired(c.expires, now, post)
}

func expired(expires, now int64, post bool) bool {
	if post {
		expires += graceSeconds
	}
	return expires < now
}

// signedBy checks the signature against a stored password hash
// (wp_generate_auth_cookie).
func (c *authCookie) signedBy(keys *keyring, rule fragmentRule, storedHash string) bool {
	for _, fragment := range rule.fragments(storedHash) {
		key, ok := keys.hash(c.scheme, c.login+"|"+fragment+"|"+c.expiration+"|"+c.token)
		if !ok {
			return false
		}
		mac := hmac.New(sha256.New, key[:])
		mac.Write([]byte(c.login + "|" + c.expiration + "|" + c.token))
		want := hex.EncodeToString(mac.Sum(nil))
		if subtle.ConstantTimeCompare([]byte(want), []byte(c.mac)) == 1 {
			return true
		}
	}
	return false
}

// fragmentRule says which four characters of the stored password hash enter the
// key of a cookie: that changed with WordPress 6.8.
type fragmentRule uint8

const (
	// fragmentEither is for sites whose version cannot be told. Both fragments go
	// through the same secret key, so accepting either gives nothing away.
	fragmentEither fragmentRule = iota
	fragmentBefore68
	fragmentSince68
)

// dbVersion67 is option db_version of WordPress 6.7, and still of 6.8.0 and 6.8.1;
// 6.8.2 has a later one.
const dbVersion67 = 58975

// newFragmentRule tells WordPress's version by option db_version.
func newFragmentRule(dbVersion string) fragmentRule {
	n, err := strconv.Atoi(strings.TrimSpace(dbVersion))
	switch {
	case err != nil || n <= 0 || n == dbVersion67:
		return fragmentEither
	case n < dbVersion67:
		return fragmentBefore68
	}
	return fragmentSince68
}

// fragments returns the fragments to try: characters 9 to 12 before 6.8; since
// then only for phpass and plain bcrypt, and the last four for every other hash.
func (r fragmentRule) fragments(hash string) []string {
	before := ""
	if len(hash) > 8 {
		before = hash[8:min(12, len(hash))]
	}
	if r == fragmentBefore68 || strings.HasPrefix(hash, "$P$") || strings.HasPrefix(hash, "$2y$") {
		return []string{before}
	}
	since := hash[max(0, len(hash)-4):]
	if r == fragmentSince68 || since == before {
		return []string{since}
	}
	return []string{since, before}
}
