package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"parley/api"
	"parley/bpbridge"
	"parley/config"
	"parley/internal/mysql"
	"parley/messaging"
	"parley/realtime"
	"parley/realtime/redis"
	"parley/realtime/wire"
	"parley/schema"
	"parley/web"
	"parley/wpauth"
)

// rooms is everything behind the listeners that needs the database.
type rooms struct {
	db      *mysql.DB
	prefix  string
	site    *wpauth.Site
	service *messaging.Service
	node    *messaging.Node
	hub     *realtime.Hub // nil without realtime
	stream  *wire.Server  // nil without realtime
	bus     *redis.Bus    // nil without Redis

	stop       context.CancelFunc
	background sync.WaitGroup
}

// Waiting for a database that is not there yet.
const (
	waitPause  = 300 * time.Millisecond
	waitRemind = 30 * time.Second
)

// errSecondWriter is why serve does not start beside the reference extension.
var errSecondWriter = errors.New("the private messaging of Jetonomy Pro is enabled on this site, and two programs must not answer the same addresses: disable that extension, or set messaging.allow_second_writer (PARLEY_MESSAGING_ALLOW_SECOND_WRITER) to true")

// assemble waits for the database, builds the rooms on it, and opens the front.
func (s *Server) assemble(ctx context.Context) error {
	begun := time.Now()
	r, err := s.buildWhenPossible(ctx)
	if err != nil {
		return err
	}
	db := r.db
	s.metrics.Database(db.Stats, db.Available, func() int64 { return db.Counts().Data })
	s.metrics.Gauge("nodes_alive", "Parleys running on the site, this one included, as the registry knows them.",
		func() float64 { return float64(1 + len(r.node.Others())) })
	s.metrics.Messaging(r.service.Counts, r.service.SearchBytes)
	if r.hub != nil {
		s.metrics.Realtime(r.hub.Stats)
	}
	s.metrics.Caches(r.site.CacheStats, r.service.CacheStats)
	h, err := s.handler(r)
	if err != nil {
		r.close()
		return err
	}
	s.front.Open(h)
	s.rooms.Store(r) // from now on /readyz says so
	s.Log.Info("parley serves", "took", time.Since(begun))
	return nil
}

// handler puts the surfaces on the rooms.
func (s *Server) handler(r *rooms) (http.Handler, error) {
	c := s.Config
	pages, err := web.New(web.Options{
		Messenger:        r.service,
		Directory:        r.site,
		AuthenticatePage: r.site.AuthenticatePage,
		Authenticate:     r.site.Authenticate,
		Nonce:            r.site.Nonce,
		FindLogin:        r.site.FindLogin,
		ClientAddr: func(req *http.Request) (netip.Addr, bool) {
			return api.ClientAddr(req, c.TrustedProxies)
		},
		Limits:        limits(c.Limits),
		MinTrustLevel: c.MinTrustLevel,
		RoleTrust:     c.RoleTrust,
		Stream:        c.Realtime.Enabled,
		Refused:       s.metrics.Refused,
		Now:           clock,
		Log:           s.Log,
	})
	if err != nil {
		return nil, err
	}
	if r.stream, err = newStream(c, r, s.Log); err != nil {
		return nil, err
	}
	return api.New(api.Options{
		Messenger:      r.service,
		Threads:        r.service,
		BuddyPress:     buddypress(c),
		WithoutJSONP:   !c.JSONP,
		OwnOriginOnly:  !c.AnyOrigin,
		Directory:      r.site,
		Authenticate:   r.site.Authenticate,
		Limits:         limits(c.Limits),
		TrustedProxies: c.TrustedProxies,
		RequestTimeout: c.RequestTimeout,
		Available:      r.db.Available,
		Guard:          r.db.Guard,
		Pages:          pages,
		Me: func(ctx context.Context, id wpauth.Identity, a messaging.Actor) (any, error) {
			return pages.Me(ctx, id, a)
		},
		FindLogin:  r.site.FindLogin,
		Assets:     pages.ServeAsset,
		Doctor:     examiner(c),
		Version:    s.Version,
		Refused:    s.metrics.Refused,
		Stream:     r.stream,
		Middleware: []gin.HandlerFunc{api.Observe(s.Log, s.metrics, time.Now)},
		Now:        clock,
		Log:        s.Log,
	})
}

// buildWhenPossible builds the rooms, again from the start when the database goes
// away on the way.
func (s *Server) buildWhenPossible(ctx context.Context) (*rooms, error) {
	for {
		db, err := s.waitForDatabase(ctx)
		if err != nil {
			return nil, err
		}
		r, err := s.build(ctx, db)
		if err == nil {
			return r, nil
		}
		_ = db.Close()
		if !mysql.IsUnavailable(err) {
			return nil, err
		}
	}
}

// waitForDatabase opens the database; while it cannot be reached it is tried again,
// any other failure is final.
func (s *Server) waitForDatabase(ctx context.Context) (*mysql.DB, error) {
	var said time.Time
	for {
		db, err := mysql.Open(ctx, mysql.Options{
			DSN:          s.Config.Database.DSN(ctx),
			MaxOpenConns: s.Config.Database.PoolSize,
			Logger:       s.Log,
		})
		if err == nil || !mysql.IsUnavailable(err) {
			return db, err
		}
		if time.Since(said) >= waitRemind {
			said = time.Now()
			s.Log.Warn("waiting for the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(waitPause):
		}
	}
}

// build makes the rooms on a database that answers.
func (s *Server) build(ctx context.Context, db *mysql.DB) (*rooms, error) {
	c := s.Config
	site, err := newSite(ctx, c, db, s.Log)
	if err != nil {
		return nil, err
	}
	o, err := site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if o.ReferenceMessaging {
		if !c.AllowSecondWriter {
			return nil, errSecondWriter
		}
		s.Log.Warn("the private messaging of Jetonomy Pro is enabled beside Parley")
	}
	if c.Migrate {
		if err := migrateUp(ctx, c, s.Log); err != nil {
			return nil, err
		}
	}
	service, err := newService(c, db, site, s.Log)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	node, err := service.RegisterNode(ctx, host, s.Version)
	switch {
	case messaging.ReasonOf(err) == messaging.Unavailable:
		return nil, err
	case err != nil: // without its tables Parley is not ready, but answers that
		s.Log.Warn("this node could not be registered yet", "error", err)
	}
	r := &rooms{db: db, prefix: c.SchemaPrefix, site: site, service: service, node: node}
	feed := messaging.Feed{}
	if c.Realtime.Enabled {
		if r.hub, err = newHub(c, r, s); err != nil {
			return nil, err
		}
		feed = r.hub.Feed()
	}
	tail, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.background.Go(func() { service.Follow(tail, feed) })
	r.background.Go(func() { node.Run(tail) })
	return r, nil
}

// newSite is the WordPress site the settings point to.
func newSite(ctx context.Context, c *config.Config, db *mysql.DB, log *slog.Logger) (*wpauth.Site, error) {
	return wpauth.NewSite(ctx, db.DB, wpauth.SiteConfig{WordPress: c.WordPress, CommunitySlug: c.Slug, Lane: db.Lane, Now: clock, Logger: log})
}

// newService is the use cases as the settings want them.
func newService(c *config.Config, db *mysql.DB, site *wpauth.Site, log *slog.Logger) (*messaging.Service, error) {
	return messaging.New(messaging.Options{
		DB:            db,
		Tables:        schema.Names(c.SchemaPrefix),
		Directory:     site,
		Limits:        limits(c.Limits),
		MinTrustLevel: c.MinTrustLevel,
		RoleTrust:     c.RoleTrust,
		BellType:      c.BellType,
		SearchCache:   c.SearchCache,
		KeepEvents:    c.KeepEvents,
		SwitchedOff:   messaging.Preferences{Presence: !c.Realtime.Presence, Receipts: !c.Realtime.Receipts, Typing: !c.Realtime.Typing},
		Now:           clock,
		Logger:        log,
	})
}

// migrateUp applies what is pending.
func migrateUp(ctx context.Context, c *config.Config, log *slog.Logger) error {
	db, err := openForMigrations(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	applied, err := schema.Up(ctx, db.DB, c.SchemaPrefix)
	for _, m := range applied {
		log.Info("migration applied", "version", m.Version, "name", m.Name)
	}
	if err != nil {
		return fmt.Errorf("the tables of Parley could not be brought up to date: %w", err)
	}
	return nil
}

func (r *rooms) ready(ctx context.Context) error {
	if !r.db.Available() {
		return errors.New("the database is away")
	}
	return schema.Ready(ctx, r.db.DB, r.prefix)
}

// farewell is how long connected members may take to hear that Parley stops.
const farewell = 5 * time.Second

// disconnect tells connected members when to come back, and lets nobody in any more.
func (r *rooms) disconnect() {
	if r.hub == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	r.hub.Close(ctx)
	if r.stream != nil {
		r.stream.Wait(ctx)
	}
}

// close ends what runs in the background, then the database.
func (r *rooms) close() {
	r.disconnect()
	r.stop()
	r.background.Wait()
	if r.bus != nil {
		r.bus.Close()
	}
	r.site.Close()
	_ = r.db.Close()
}

func limits(l config.Limits) messaging.Limits {
	return messaging.Limits{
		Members:           l.Members,
		MessageRunes:      l.MessageRunes,
		TitleRunes:        l.TitleRunes,
		SearchRunes:       l.SearchRunes,
		DescriptionRunes:  l.DescriptionRunes,
		NewPerDay:         l.NewPerDay,
		MessagesPerMinute: l.MessagesPerMinute,
		SuggestPerMinute:  l.SuggestPerMinute,
	}
}

// buddypress is how BuddyPress's interface is served; nil for not at all.
func buddypress(c *config.Config) *bpbridge.Settings {
	b := c.BuddyPress
	if !b.Enabled {
		return nil
	}
	s := &bpbridge.Settings{
		WithoutVersion2: !b.Version2,
		WithoutStars:    !b.Stars,
		StarredSlug:     b.StarredSlug,
		MembersSlug:     b.MembersSlug,
		AvatarsDir:      avatarsDir(c),
		AvatarsURL:      b.AvatarsURL,
		EmojiBase:       b.EmojiImages,
		SenderIDsAsList: b.SenderIDsAsList,
		MaskDeleted:     b.MaskDeleted,
	}
	for _, f := range b.Fields {
		s.Fields = append(s.Fields, bpbridge.Field{Name: f.Name, Type: f.Type, MetaKey: f.MetaKey})
	}
	return s
}

// avatarsDir is where BuddyPress keeps uploaded avatars: the setting, else the folder
// below wp-config.php, where WordPress is on most sites.
func avatarsDir(c *config.Config) string {
	if c.BuddyPress.AvatarsDir != "" || c.WPConfig == "" {
		return c.BuddyPress.AvatarsDir
	}
	return filepath.Join(filepath.Dir(c.WPConfig), "wp-content", "uploads", "avatars")
}
