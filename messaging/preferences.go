package messaging

import (
	"context"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/cache"
	"parley/messaging/store"
	"parley/wpauth"
)

// Preferences are what may be told of a member that they did not write: each goes both
// ways, so that who hides something does not see it of others either.
type Preferences struct {
	// Presence: whether they are there, and when they last were.
	Presence bool
	// Receipts: how far messages reached them and were read.
	Receipts bool
	// Typing: that they are typing.
	Typing bool
}

// and is what both allow.
func (p Preferences) and(q Preferences) Preferences {
	return Preferences{p.Presence && q.Presence, p.Receipts && q.Receipts, p.Typing && q.Typing}
}

// Choice is what a member does with one of their preferences.
type Choice uint8

// The choices. Without one of their own a member's preferences are on.
const (
	KeepChoice Choice = iota
	ChooseDefault
	ChooseOn
	ChooseOff
)

// PreferencesPatch changes a member's own preferences; the zero value changes nothing.
type PreferencesPatch struct{ Presence, Receipts, Typing Choice }

// preferencesAge is how old may be what is known of a member's preferences, where no
// event dropped it sooner.
const preferencesAge = 2 * time.Second

// preferences caches members' own choices.
type preferences struct {
	known *cache.Cache[wpauth.UserID, knownPreferences]

	mu    sync.Mutex
	drops uint64 // how often something was dropped
}

type knownPreferences struct {
	Preferences
	read time.Time
}

func newPreferences() *preferences {
	return &preferences{known: cache.New[wpauth.UserID, knownPreferences](cache.Options{TTL: preferencesAge, MaxItems: 50_000})}
}

func (p *preferences) get(id wpauth.UserID) (Preferences, bool) {
	k, ok := p.known.Get(id)
	return k.Preferences, ok && time.Since(k.read) < preferencesAge
}

// put keeps what was read, unless something was dropped since the reading began.
func (p *preferences) put(begun uint64, read time.Time, found map[wpauth.UserID]Preferences) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drops != begun {
		return
	}
	for id, v := range found {
		p.known.Set(id, knownPreferences{v, read})
	}
}

func (p *preferences) begun() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drops
}

func (p *preferences) drop(id wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drops++
	p.known.Delete(id)
}

func (p *preferences) dropAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drops++
	p.known.Clear()
}

// SitePreferences are what the owner of the site lets members use; what is off here is
// off for everybody.
func (s *Service) SitePreferences() Preferences {
	off := s.switchedOff
	return Preferences{!off.Presence, !off.Receipts, !off.Typing}
}

// PreferencesOf returns the preferences of members as they take effect: their own choice
// and the owner's. Everybody asked for is in the answer. It is never older than 2
// seconds, not older than the last preferences_changed event this process has taken in,
// and costs a statement at most.
func (s *Service) PreferencesOf(ctx context.Context, ids []wpauth.UserID) (map[wpauth.UserID]Preferences, error) {
	site := s.SitePreferences()
	out := make(map[wpauth.UserID]Preferences, len(ids))
	var missing []int64
	for _, id := range ids {
		if site == (Preferences{}) {
			out[id] = site
		} else if own, ok := s.preferences.get(id); ok {
			out[id] = own.and(site)
		} else {
			missing = append(missing, int64(id))
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	begun, now := s.preferences.begun(), time.Now()
	rows, err := s.store.PreferencesOf(ctx, missing)
	if err != nil {
		return nil, s.fault(ctx, err)
	}
	found := make(map[wpauth.UserID]Preferences, len(missing))
	for _, id := range missing {
		own := ownPreferences(rows[id])
		found[wpauth.UserID(id)] = own
		out[wpauth.UserID(id)] = own.and(site)
	}
	s.preferences.put(begun, now, found)
	return out, nil
}

// ownPreferences are a member's choices with the default where they made none.
func ownPreferences(p store.Preference) Preferences {
	on := func(choice *bool) bool { return choice == nil || *choice }
	return Preferences{on(p.Presence), on(p.Receipts), on(p.Typing)}
}

// Preferences implements Messenger.
func (s *Service) Preferences(ctx context.Context, a Actor) (own, site Preferences, err error) {
	rows, err := s.store.PreferencesOf(ctx, []int64{int64(a.ID)})
	return ownPreferences(rows[int64(a.ID)]), s.SitePreferences(), s.fault(ctx, err)
}

// SetPreferences implements Messenger. What stays as it was is neither written nor told.
func (s *Service) SetPreferences(ctx context.Context, a Actor, p PreferencesPatch) (own Preferences, err error) {
	if p == (PreferencesPatch{}) {
		own, _, err = s.Preferences(ctx, a)
		return own, err
	}
	now := s.now()
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		row, err := s.store.LockPreference(ctx, tx, int64(a.ID), now)
		if err != nil {
			return err
		}
		before := row
		for _, c := range []struct {
			field  **bool
			choice Choice
		}{{&row.Presence, p.Presence}, {&row.Receipts, p.Receipts}, {&row.Typing, p.Typing}} {
			choose(c.field, c.choice)
		}
		own = ownPreferences(row)
		if same(row.Presence, before.Presence) && same(row.Receipts, before.Receipts) && same(row.Typing, before.Typing) {
			return nil
		}
		if err := s.store.SavePreference(ctx, tx, int64(a.ID), row, now); err != nil {
			return err
		}
		if own == ownPreferences(before) {
			return nil // the default instead of a choice that was like it
		}
		return s.record(ctx, tx, now, event{EventPreferencesChanged, 0, 0, a.ID,
			PreferencesChanged(own)})
	})
	s.preferences.drop(a.ID)
	return own, err
}

func choose(field **bool, c Choice) {
	switch c {
	case ChooseDefault:
		*field = nil
	case ChooseOn, ChooseOff:
		on := c == ChooseOn
		*field = &on
	}
}

func same(a, b *bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
