package messaging

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/schema"
	"parley/wpauth"
)

// Options are what a Service works with. DB, Tables and Directory are needed.
type Options struct {
	DB        *mysql.DB
	Tables    schema.Tables
	Directory wpauth.Directory
	// Limits are used as they are; DefaultLimits when the zero value.
	Limits Limits
	// MinTrustLevel is needed to start a conversation (contract 3.1); 0 lets everyone.
	MinTrustLevel int
	// RoleTrust gives trust levels on a site without Jetonomy; ignored with it.
	RoleTrust RoleTrust
	// BellType is the notification type of new bell rows; DefaultBellType when "".
	// Preferences are read under private_message whatever it is (contract 4.6).
	BellType string
	// SearchCache is the memory for search, in bytes; 0 means DefaultSearchCache.
	SearchCache int64
	// SearchTimeout bounds one search; 0 means DefaultSearchTimeout.
	SearchTimeout time.Duration
	// KeepEvents is how long events are kept; 0 means DefaultKeepEvents, less than 0
	// for ever.
	KeepEvents time.Duration
	// SwitchedOff is what nobody is to be told of members, whatever they chose.
	SwitchedOff Preferences
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets what no caller is told; nil means slog.Default.
	Logger *slog.Logger
}

// Service is the use cases of Parley. It is safe for concurrent use.
type Service struct {
	db        *mysql.DB
	store     *store.Store
	dir       wpauth.Directory
	features  wpauth.Features
	limits    Limits
	minTrust  int
	roleTrust RoleTrust
	bellType  string
	clock     func() time.Time
	log       *slog.Logger
	senders   *turnstile

	mailboxes   mailboxes
	search      *searcher
	rosters     *rosters
	suggestions *window
	reporting   *turnstile
	keepEvents  time.Duration
	preferences *preferences
	switchedOff Preferences
	tally       tally
	// look is filled after every transaction, for the tail.
	look     chan struct{}
	onCommit atomic.Pointer[func()] // Feed.Committed
}

var _ Messenger = (*Service)(nil)

// New makes a Service. The site's plugins are asked for once: a site that installs
// Jetonomy needs a restart.
func New(o Options) (*Service, error) {
	switch {
	case o.DB == nil:
		return nil, errors.New("messaging: a Service needs a database")
	case o.Directory == nil:
		return nil, errors.New("messaging: a Service needs a directory of members")
	case o.Tables == (schema.Tables{}):
		return nil, errors.New("messaging: a Service needs the names of its tables")
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.BellType == "" {
		o.BellType = DefaultBellType
	}
	if o.SearchCache == 0 {
		o.SearchCache = DefaultSearchCache
	}
	if o.SearchTimeout == 0 {
		o.SearchTimeout = DefaultSearchTimeout
	}
	if o.KeepEvents == 0 {
		o.KeepEvents = DefaultKeepEvents
	}
	st := store.New(o.DB.DB, o.Tables, o.Directory.Tables(), o.Directory.Features()).WithLane(o.DB.Lane)
	s := &Service{
		db:        o.DB,
		store:     st,
		dir:       o.Directory,
		features:  o.Directory.Features(),
		limits:    o.Limits,
		minTrust:  o.MinTrustLevel,
		roleTrust: o.RoleTrust,
		bellType:  o.BellType,
		clock:     o.Now,
		log:       o.Logger,
		senders:   newTurnstile(),

		mailboxes:   newMailboxes(),
		search:      newSearcher(st, o.Directory, o.SearchCache, o.SearchTimeout),
		suggestions: newWindow(o.Limits.SuggestPerMinute, time.Minute),
		reporting:   newTurnstile(),
		keepEvents:  o.KeepEvents,
		preferences: newPreferences(),
		switchedOff: o.SwitchedOff,
		look:        make(chan struct{}, 1),
	}
	s.rosters = newRosters(st, s.now)
	return s, nil
}

// jetonomy reports whether trust, spaces, restrictions, blocks and bell rows exist.
func (s *Service) jetonomy() bool { return s.features.Jetonomy }

// now is the one moment of a use case: UTC, as finely as the tables keep it.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// inTx runs f in a transaction, again after a deadlock, and turns a database that is
// away into Unavailable.
func (s *Service) inTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	err := mysql.InTx(ctx, s.db, f)
	if err == nil {
		s.nudge()
	}
	return s.fault(ctx, err)
}

// retryAfter is what callers are told to wait when the database is away.
const retryAfter = 2 * time.Second

// fault gives errors of the database their Reason: Unavailable when it is away, none
// (an internal fault) otherwise. Refusals pass as they are.
func (s *Service) fault(ctx context.Context, err error) error {
	if err == nil || ReasonOf(err) != "" || !mysql.Unavailable(ctx, err) {
		return err
	}
	return &Error{Reason: Unavailable, RetryAfter: retryAfter, Err: err}
}
