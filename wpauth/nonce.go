package wpauth

import (
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// nonceAction is the action of nonces for WordPress's REST interface.
	nonceAction = "wp_rest"
	// nonceTick is half of a nonce's life of a day, in seconds (wp_nonce_tick).
	nonceTick = 43200
)

// tickAt is the number of the half-day a moment is in, rounded up.
func tickAt(now time.Time) int64 {
	u := now.Unix()
	tick := u / nonceTick
	if u%nonceTick > 0 {
		tick++
	}
	return tick
}

// nonceAt is wp_create_nonce( 'wp_rest' ) for a tick; ok is false when the site
// has no key for nonces.
func nonceAt(keys *keyring, tick int64, id UserID, token string) (string, bool) {
	data := strconv.FormatInt(tick, 10) + "|" + nonceAction + "|" + strconv.FormatInt(int64(id), 10) + "|" + token
	sum, ok := keys.hash(schemeNonce, data)
	return string(sum[len(sum)-12 : len(sum)-2]), ok
}

// nonces are the two nonces that are good during a tick for one session.
type nonces struct {
	tick              int64
	key               string // what they were made with
	current, previous string
}

// nonceMemo keeps the nonces of a session from one request to the next.
type nonceMemo struct {
	last atomic.Pointer[nonces]
}

// at returns the good nonces of a session at a moment, nil when the site has no
// key for them.
func (m *nonceMemo) at(keys *keyring, now time.Time, id UserID, token string) *nonces {
	tick, key := tickAt(now), keys[schemeNonce]
	if n := m.last.Load(); n != nil && n.tick == tick && n.key == string(key) {
		return n
	}
	current, ok := nonceAt(keys, tick, id, token)
	if !ok {
		return nil
	}
	previous, _ := nonceAt(keys, tick-1, id, token)
	n := &nonces{tick: tick, key: string(key), current: current, previous: previous}
	m.last.Store(n)
	return n
}

// accept is wp_verify_nonce().
func (n *nonces) accept(sent string) bool {
	return n != nil && (equal(sent, n.current) || equal(sent, n.previous))
}

// Nonce mints a REST nonce for an identity, for a page to send back in
// X-WP-Nonce; "" when the site has no key for nonces. It is good for the rest of
// this half of a day and the next one.
func (s *Site) Nonce(id Identity) string {
	memo := id.nonces
	if memo == nil {
		memo = new(nonceMemo)
	}
	n := memo.at(&s.snapshot.Load().keys, s.now(), id.UserID, id.SessionToken)
	if n == nil {
		return ""
	}
	return n.current
}
