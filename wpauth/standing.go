package wpauth

import (
	"context"
	"database/sql"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/wpauth/phpvalue"
)

// Standing reads restrictions and verification; see Directory. A restriction
// counts while expires_at is null (or a zero date) or in the future. ip is the
// caller's address; an invalid one is never banned.
func (s *Site) Standing(ctx context.Context, id UserID, ip netip.Addr) (Standing, error) {
	cur, err := s.settings(ctx)
	if err != nil || !cur.features.Jetonomy {
		return Standing{}, err
	}
	now := s.now().UTC()
	short, asSent, long := ipSpellings(ip)
	var (
		st      Standing
		pending sql.NullString
	)
	err = s.db.QueryRowContext(ctx, s.sql.standing,
		id, now, id, now, short, asSent, long, now, id,
	).Scan(&st.GlobalBan, &st.Silenced, &st.IPBanned, &pending)
	if err != nil {
		return Standing{}, err
	}
	st.IPBanned = st.IPBanned && ip.IsValid()
	st.PendingVerification = pending.Valid && metaTruthy(pending.String)
	return st, nil
}

// ipSpellings are the ways an address may have been written into a ban: as IPv4
// when it is one inside IPv6, as it came, and with all of its groups.
func ipSpellings(ip netip.Addr) (short, asSent, long string) {
	if !ip.IsValid() {
		return "", "", ""
	}
	ip = ip.WithZone("")
	return ip.Unmap().String(), ip.String(), ip.Unmap().StringExpanded()
}

// metaTruthy is PHP's truth of a meta value after maybe_unserialize(). What looks
// serialized and cannot be read counts as set.
func metaTruthy(stored string) bool {
	if v, err := phpvalue.Parse(stored); err == nil {
		return v.Truthy()
	}
	return phpvalue.NewString(stored).Truthy()
}

// presenceInterval is how often a member's last_seen_at is written at most.
const presenceInterval = time.Minute

// maxPresence bounds how many members are remembered as just written.
const maxPresence = 50_000

// presence remembers whose last_seen_at this process wrote within the last minute.
type presence struct {
	mu    sync.Mutex
	wrote map[UserID]time.Time
}

func newPresence() *presence { return &presence{wrote: map[UserID]time.Time{}} }

// due tells whether id is to be written at now, and takes the turn if so.
func (p *presence) due(id UserID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last, ok := p.wrote[id]; ok && now.Sub(last) < presenceInterval && !now.Before(last) {
		return false
	}
	if len(p.wrote) >= maxPresence {
		clear(p.wrote)
	}
	p.wrote[id] = now
	return true
}

// forget gives turns back that could not be used.
func (p *presence) forget(ids []UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		delete(p.wrote, id)
	}
}

// touchBatch is how many members one statement of TouchLastSeen writes.
const touchBatch = 500

// TouchLastSeen records that members are there; see Directory. Without Jetonomy there is
// no place for it and nothing is done.
func (s *Site) TouchLastSeen(ctx context.Context, ids []UserID, shown func(context.Context, []UserID) ([]UserID, error)) error {
	if !s.Features().Jetonomy {
		return nil
	}
	now := s.now().UTC().Truncate(time.Second)
	var due []UserID
	for _, id := range ids {
		if id > 0 && s.seen.due(id, now) {
			due = append(due, id)
		}
	}
	if len(due) == 0 {
		return nil
	}
	err := s.touch(ctx, due, shown, now)
	if err != nil {
		s.seen.forget(due)
	}
	return err
}

func (s *Site) touch(ctx context.Context, ids []UserID, shown func(context.Context, []UserID) ([]UserID, error), now time.Time) (err error) {
	if shown != nil {
		if ids, err = shown(ctx, ids); err != nil {
			return err
		}
	}
	for batch := range slices.Chunk(ids, touchBatch) {
		query, args, err := sqlx.In(s.sql.touch, now, now, batch, now.Add(-presenceInterval), now)
		if err != nil {
			return err
		}
		if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
