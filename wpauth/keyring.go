package wpauth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"strings"

	"parley/config"
)

// scheme is one of WordPress's purposes of keys (wp_salt).
type scheme uint8

const (
	schemeAuth scheme = iota
	schemeSecureAuth
	schemeLoggedIn
	schemeNonce
	schemeCount
)

var schemeNames = [schemeCount]string{"auth", "secure_auth", "logged_in", "nonce"}

// keyring holds what wp_salt() returns for each scheme; nil where the site has
// none yet (WordPress would generate one at that moment, so nothing can have
// been signed with it).
type keyring [schemeCount][]byte

// newKeyring follows wp_salt(): a constant counts when it is neither empty, the
// sample phrase, nor defined twice with the same value; the old SECRET_KEY comes
// next, and then what WordPress generated into the options. option looks one of
// those up.
func newKeyring(constants map[string]string, option func(name string) string) keyring {
	count := map[string]int{config.SampleSecret: 2, "": 2}
	for _, name := range config.SecretNames {
		if value, defined := constants[name]; defined {
			count[value]++
		}
	}
	usable := func(name string) string {
		if value := constants[name]; count[value] == 1 {
			return value
		}
		return ""
	}
	var ring keyring
	for s := range schemeCount {
		name := schemeNames[s]
		upper := strings.ToUpper(name)
		key := firstOf(usable(upper+"_KEY"), usable("SECRET_KEY"), option(name+"_key"))
		var old string
		if s == schemeAuth {
			old = usable("SECRET_SALT")
		}
		salt := firstOf(usable(upper+"_SALT"), old, option(name+"_salt"))
		if key != "" && salt != "" {
			ring[s] = []byte(key + salt)
		}
	}
	return ring
}

// hash is wp_hash( data, scheme ): HMAC-MD5 in lower-case hex. ok is false when
// the site has no key for the scheme.
func (k *keyring) hash(s scheme, data string) (sum [2 * md5.Size]byte, ok bool) {
	if k[s] == nil {
		return sum, false
	}
	mac := hmac.New(md5.New, k[s])
	mac.Write([]byte(data))
	var raw [md5.Size]byte
	hex.Encode(sum[:], mac.Sum(raw[:0]))
	return sum, true
}
