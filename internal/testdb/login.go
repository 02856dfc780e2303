package testdb

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"time"
)

// SiteURL is the address of the site of Site and CastSite, option siteurl.
const SiteURL = "http://127.0.0.1:8090"

// CookieHash is WordPress's COOKIEHASH for SiteURL.
const CookieHash = "b1b1bc34ad2d4b5d16003f9364bfdbc8"

// Keys are the constants of wp-config.php that Site's and the cast's cookies and
// nonces are made with, by the constants' names.
var Keys = map[string]string{
	"AUTH_KEY":         "0zARks7!]kcmnE6ZQMQhg>62]D1N`x<z}gC,+&.*Jirm]i}@XB KQuIxPvfjWWjD",
	"SECURE_AUTH_KEY":  "i(Xj$^] Q9p,Quuv{TXLmFJb+N~CL6sq8_[O&d[3!G4N8w`1.hP{`Gq-TOR;L8eX",
	"LOGGED_IN_KEY":    `(vQ]q%B1zx&d^47dNdXjo&6qGEsWc(75C{W [pwL%6{fu9y/b.*08evS6.baF& :`,
	"NONCE_KEY":        `? =/ZQfWggTkMIqtFn[rV!S?*t}RCMmL)Y;OQGQO#,;EALjH=_oiMobzqD,Fpr#/`,
	"AUTH_SALT":        `7.<5TeG}JHrTL9u?q-* W@t_kj&),oDNMRe$zh<_Z9WE>#3@eO^v%DzTZNfryhj;`,
	"SECURE_AUTH_SALT": "bUNB6r m8H_(<To!}8T>^/>E!#$N:Bx/|IIb&F^y8 ,1t<mv[AK`CV=7OHO,q$(*",
	"LOGGED_IN_SALT":   "uFnI5O3y2=B])WG{wk7g$Gf/~mpiuRs).11f@=NIlQWPs1YVZ t7`x:fYn^W7kKn",
	"NONCE_SALT":       `A =DZU=T>ae)[zl#[eOPfJ6WDLs|A:xNiKevqxedci[M3UcD%@F(aM1b^(**NT-P`,
}

// Cookie is the Cookie header of this person's login session, made here as the
// contract's section 2 describes it, apart from wpauth's own code.
func (p Person) Cookie() string {
	fragment := p.hash[len(p.hash)-4:]
	key := sum(md5.New, Keys["LOGGED_IN_KEY"]+Keys["LOGGED_IN_SALT"],
		fmt.Sprintf("%s|%s|%d|%s", p.Login, fragment, sessionEnds, p.SessionToken))
	signature := sum(sha256.New, key, fmt.Sprintf("%s|%d|%s", p.Login, sessionEnds, p.SessionToken))
	return "wordpress_logged_in_" + CookieHash + "=" +
		url.QueryEscape(fmt.Sprintf("%s|%d|%s|%s", p.Login, sessionEnds, p.SessionToken, signature))
}

// Nonce is this person's wp_rest nonce at a moment, for requests with Cookie. It
// lasts half a day at least.
func (p Person) Nonce(at time.Time) string {
	const tick = 12 * 60 * 60
	n := (at.Unix() + tick - 1) / tick
	s := sum(md5.New, Keys["NONCE_KEY"]+Keys["NONCE_SALT"],
		fmt.Sprintf("%d|wp_rest|%d|%s", n, p.ID, p.SessionToken))
	return s[len(s)-12 : len(s)-2]
}

func sum(h func() hash.Hash, key, text string) string {
	mac := hmac.New(h, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
