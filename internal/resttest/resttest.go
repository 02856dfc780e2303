// Package resttest puts the service's rooms on a test database and serves their REST
// interfaces, for the tests of the surfaces.
package resttest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"parley/api"
	"parley/config"
	"parley/internal/mysql"
	"parley/internal/testdb"
	"parley/messaging"
	"parley/schema"
	"parley/wpauth"
)

// Settings say what the rooms are built on.
type Settings struct {
	DSN string
	// Environment is the site's WP_ENVIRONMENT_TYPE.
	Environment   string
	Limits        messaging.Limits
	MinTrustLevel int
	// SwitchedOff is what the site's owner switched off.
	SwitchedOff messaging.Preferences
	// Now is the service's clock; nil: time.Now.
	Now func() time.Time
	// Before are statements that change the site before the service looks at it.
	Before []string
}

// Rooms are the service without a listener.
type Rooms struct {
	DB      *mysql.DB
	Site    *wpauth.Site
	Service *messaging.Service

	settings Settings
	once     sync.Once
}

// Open makes Parley's tables in the database of a site with the keys of testdb, and
// builds the rooms. They are closed when the test ends, if not before.
func Open(t testing.TB, s Settings) *Rooms {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	r := &Rooms{settings: s}
	var err error
	r.DB, err = mysql.Open(ctx, mysql.Options{DSN: s.DSN, MaxOpenConns: 8, Logger: quiet})
	must(err)
	t.Cleanup(r.Close)
	_, err = schema.Up(ctx, r.DB.DB, "wp_parley_")
	must(err)
	for _, statement := range s.Before {
		_, err = r.DB.ExecContext(ctx, statement)
		must(err)
	}
	r.Site, err = wpauth.NewSite(ctx, r.DB.DB, wpauth.SiteConfig{Now: s.Now, Logger: quiet,
		WordPress: config.WordPress{TablePrefix: "wp_", Keys: testdb.Keys, EnvironmentType: s.Environment}})
	must(err)
	r.Service, err = messaging.New(messaging.Options{DB: r.DB, Tables: schema.Names("wp_parley_"), Directory: r.Site,
		Limits: s.Limits, MinTrustLevel: s.MinTrustLevel, SwitchedOff: s.SwitchedOff, Now: s.Now})
	must(err)
	return r
}

// Close ends what the rooms have open.
func (r *Rooms) Close() {
	r.once.Do(func() {
		if r.Site != nil {
			r.Site.Close()
		}
		_ = r.DB.Close()
	})
}

// Serve answers jetonomy/v1 and what shape adds to it, until the test ends or the
// server is closed.
func (r *Rooms) Serve(t testing.TB, shape func(*api.Options)) *httptest.Server {
	t.Helper()
	o := api.Options{Messenger: r.Service, Directory: r.Site, Authenticate: r.Site.Authenticate, Limits: r.settings.Limits,
		Available: r.DB.Available, Guard: r.DB.Guard, Now: r.settings.Now}
	if shape != nil {
		shape(&o)
	}
	engine, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(engine)
	t.Cleanup(srv.Close)
	return srv
}
