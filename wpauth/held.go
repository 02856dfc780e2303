package wpauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/wpauth/phpvalue"
)

// Held is the credential somebody came with, kept for as long as they stay connected
// so that it can be looked at again. It holds no secret. Not for concurrent use.
type Held struct {
	UserID UserID

	via   Method
	until int64 // unix time; 0 for application passwords
	// session is the SHA-256 of the session's token, as the user meta is keyed.
	session [sha256.Size]byte
	// proof is the SHA-1 of the stored hash the credential was checked against.
	proof digest
	// seen is the digest of the user meta the credential was last found in.
	seen digest
}

// Hold keeps the credential of an identity that Authenticate answered.
func (id *Identity) Hold() *Held {
	return &Held{UserID: id.UserID, via: id.Via, until: id.until,
		session: sha256.Sum256([]byte(id.SessionToken)), proof: sha1.Sum([]byte(id.proof))}
}

// Verdict is what became of a held credential.
type Verdict uint8

const (
	// StillGood: nothing speaks against it.
	StillGood Verdict = iota
	// Ended: the session was destroyed or ran out, the password was changed, the
	// application password was revoked, or the account is gone.
	Ended
	// Shut: the member was banned from the community.
	Shut
)

// recheckBatch is how many members one statement looks at.
const recheckBatch = 500

// heldMeta are the user meta that hold credentials.
var heldMeta = [2]string{metaSessions, metaAppPasswords}

// meta is where in heldMeta a method's credentials are.
func (m Method) meta() int {
	if m == ByApplicationPassword {
		return 1
	}
	return 0
}

// Recheck looks at credentials again, past every cache: one statement for every 500
// members, and a second one for those whose user meta changed since the last look. Of
// credentials that are looked at for the first time the first statement reads it all. It
// answers in the order it was asked.
func (s *Site) Recheck(ctx context.Context, held []*Held) ([]Verdict, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	out := make([]Verdict, len(held))
	byUser := make(map[UserID][]int, len(held))
	ids := make([]UserID, 0, len(held))
	for i, h := range held {
		if _, known := byUser[h.UserID]; !known {
			ids = append(ids, h.UserID)
		}
		byUser[h.UserID] = append(byUser[h.UserID], i)
		if h.until != 0 && h.until < now.Unix() || h.via == ByApplicationPassword && !cur.appPasswords {
			out[i] = Ended
		}
	}
	whole := !slices.ContainsFunc(held, func(h *Held) bool { return h.seen != digest{} })
	found := make(map[UserID]standingOf, min(len(ids), recheckBatch))
	for len(ids) > 0 {
		n := min(len(ids), recheckBatch)
		if err := s.recheckSome(ctx, cur, ids[:n], byUser, held, out, found, whole, now); err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return out, nil
}

// digest is a SHA-1 the database made.
type digest [sha1.Size]byte

// standingOf is what recheckSome reads of one member: digests instead of what they are of,
// so that ten thousand rows are little to send.
type standingOf struct {
	password digest
	// meta are the digests of the user meta that hold credentials; zero for none.
	meta   [2]digest
	banned bool
	// text are those user meta themselves, where they were asked for.
	text [2]string
}

func (s *Site) recheckSome(ctx context.Context, cur *settings, ids []UserID, byUser map[UserID][]int, held []*Held, out []Verdict, found map[UserID]standingOf, whole bool, now time.Time) error {
	if err := s.readStandings(ctx, cur, ids, found, whole, now); err != nil {
		return err
	}
	var err error
	var changed [2][]UserID
	for _, id := range ids {
		at, known := found[id]
		for _, i := range byUser[id] {
			h := held[i]
			which := h.via.meta()
			switch meta := at.meta[which]; {
			case out[i] != StillGood:
			case !known, h.via == ByCookie && at.password != h.proof:
				out[i] = Ended
			case at.banned:
				out[i] = Shut
			case meta == digest{}:
				out[i] = Ended
			case meta != h.seen:
				changed[which] = append(changed[which], id)
			}
		}
	}
	for which, users := range changed {
		if len(users) == 0 {
			continue
		}
		var metas map[UserID]phpvalue.Value
		if whole {
			metas = parsedMeta(found, which, users)
		} else if metas, err = s.readMeta(ctx, heldMeta[which], users); err != nil {
			return err
		}
		for _, id := range users {
			for _, i := range byUser[id] {
				h := held[i]
				if out[i] != StillGood || h.via.meta() != which {
					continue
				}
				if out[i] = h.in(metas[id], now); out[i] == StillGood {
					h.seen = found[id].meta[which]
				}
			}
		}
	}
	return nil
}

// in looks for the credential in its user meta.
func (h *Held) in(meta phpvalue.Value, now time.Time) Verdict {
	if h.via == ByCookie {
		if expires, ok := sessionEnd(meta, hex.EncodeToString(h.session[:])); ok && expires >= now.Unix() {
			return StillGood
		}
		return Ended
	}
	for _, e := range meta.Entries() {
		hash, _ := e.Value.Get("password")
		text, ok := hash.Str()
		sum := sha1.Sum([]byte(text))
		if ok && hmac.Equal(sum[:], h.proof[:]) {
			return StillGood
		}
	}
	return Ended
}

// readStandings fills found, which it clears first. whole asks for the user meta
// themselves beside their digests.
func (s *Site) readStandings(ctx context.Context, cur *settings, ids []UserID, found map[UserID]standingOf, whole bool, now time.Time) error {
	text := `NULL`
	if whole {
		text = `m.meta_value`
	}
	banned := `0`
	args := []any{}
	if cur.features.Jetonomy {
		banned = `EXISTS (SELECT 1 FROM ` + s.tables.JTRestrictions + ` r WHERE r.user_id = u.ID AND r.type = 'global_ban'
			AND (r.expires_at IS NULL OR r.expires_at > ? OR r.expires_at < '1000-01-01'))`
		args = append(args, now.UTC())
	}
	query, args, err := sqlx.In(`SELECT u.ID, UNHEX(SHA1(u.user_pass)), `+banned+`, m.meta_key = '`+metaAppPasswords+`', UNHEX(SHA1(m.meta_value)), `+text+`
		FROM `+s.tables.Users+` u
		LEFT JOIN `+s.tables.UserMeta+` m ON m.user_id = u.ID AND m.meta_key IN ('`+metaSessions+`', '`+metaAppPasswords+`')
		WHERE u.ID IN (?) ORDER BY u.ID, m.umeta_id`, append(args, ids)...)
	if err != nil {
		return err
	}
	clear(found)
	return mysql.Query(ctx, s.lane.DB, query, args, func(r mysql.Row) {
		id := UserID(r.Int(0))
		at, more := found[id]
		if !more {
			copy(at.password[:], r.Bytes(1))
			at.banned = r.Bool(2)
		}
		if !r.Null(4) {
			if meta := &at.meta[r.Int(3)]; *meta == (digest{}) {
				copy(meta[:], r.Bytes(4))
				at.text[r.Int(3)] = r.Text(5)
			}
		}
		found[id] = at
	})
}

// parsedMeta are user meta that were read with the standings.
func parsedMeta(found map[UserID]standingOf, which int, ids []UserID) map[UserID]phpvalue.Value {
	out := make(map[UserID]phpvalue.Value, len(ids))
	for _, id := range ids {
		out[id], _ = phpvalue.Parse(found[id].text[which])
	}
	return out
}

// readMeta reads one kind of user meta of several members.
func (s *Site) readMeta(ctx context.Context, key string, ids []UserID) (map[UserID]phpvalue.Value, error) {
	query, args, err := sqlx.In(`SELECT user_id, meta_value FROM `+s.tables.UserMeta+`
		WHERE user_id IN (?) AND meta_key = ? ORDER BY umeta_id`, ids, key)
	if err != nil {
		return nil, err
	}
	out := make(map[UserID]phpvalue.Value, len(ids))
	err = mysql.Query(ctx, s.lane.DB, query, args, func(r mysql.Row) {
		id := UserID(r.Int(0))
		if _, dup := out[id]; !dup {
			// What cannot be read is of no use to WordPress either: nobody is logged in by it.
			out[id], _ = phpvalue.Parse(r.Text(1))
		}
	})
	return out, err
}

// Secret derives a key for one purpose from the site's own keys, the same on every node
// of this site and on no other.
func (s *Site) Secret(purpose string) [sha256.Size]byte {
	cur := s.snapshot.Load()
	mac := hmac.New(sha256.New, cur.keys[schemeAuth])
	mac.Write([]byte(purpose + "\x00" + s.wp.SitePrefix() + "\x00" + siteURLForCookies(s.wp, cur.raw)))
	return [sha256.Size]byte(mac.Sum(nil))
}
