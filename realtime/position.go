package realtime

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Positions writes and reads the tokens clients resume from: a position in the site's
// events, signed with a key of the site, so that neither garbage nor a token of another
// site can be taken for one. They do not depend on the node, a clock or a restart.
type Positions struct{ key [sha256.Size]byte }

// NewPositions makes Positions with a key of the site (wpauth.Site.Secret).
func NewPositions(key [sha256.Size]byte) Positions { return Positions{key} }

// macSize is how much of the signature a token carries, in bytes.
const macSize = 8

// Token writes a position: 22 characters of base64url.
func (p Positions) Token(position int64) string {
	var b [8 + sha256.Size]byte
	binary.BigEndian.PutUint64(b[:], uint64(position))
	return base64.RawURLEncoding.EncodeToString(p.sign(b[:8]))
}

// sign returns the eight bytes of a position with the signature behind them.
func (p Positions) sign(position []byte) []byte {
	mac := hmac.New(sha256.New, p.key[:])
	mac.Write(position)
	return append(position[:8:8], mac.Sum(nil)[:macSize]...)
}

// Parse reads a token; ok is false for what is not one of this site.
func (p Positions) Parse(token string) (position int64, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+macSize || !hmac.Equal(raw, p.sign(raw[:8])) {
		return 0, false
	}
	position = int64(binary.BigEndian.Uint64(raw))
	return position, position >= 0
}
