//go:build bench

package bench

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"parley/wpauth/wpauthtest"
)

// siteURL is the one of the site fixture; WordPress names its cookies after it.
const siteURL = "http://127.0.0.1:8090"

// passwordHash is of no password; four of its characters enter the cookie's key.
const passwordHash = "$P$Bbenchbenchbenchbenchbenchbench"

// cookieEnds is when the seeded members' cookies expire.
var cookieEnds = time.Now().Add(48 * time.Hour)

// sessionMeta is the user meta session_tokens that WordPress would have stored.
func sessionMeta(token string, expires time.Time) string {
	sum := sha256.Sum256([]byte(token))
	return fmt.Sprintf(`a:1:{s:64:"%s";a:1:{s:10:"expiration";i:%d;}}`, hex.EncodeToString(sum[:]), expires.Unix())
}

// loginHeaders are what a browser of this member sends.
func loginHeaders(member int64) map[string]string {
	wp := wpauthtest.WordPress()
	sum := md5.Sum([]byte(siteURL))
	return map[string]string{
		"Cookie": "wordpress_logged_in_" + hex.EncodeToString(sum[:]) + "=" +
			wpauthtest.Cookie(wp, "LOGGED_IN", memberLogin(member), passwordHash, token, cookieEnds.Unix()),
		"X-WP-Nonce": wpauthtest.Nonce(wp, member, token, time.Now()),
	}
}

func siteKeys() map[string]string { return wpauthtest.WordPress().Keys }
