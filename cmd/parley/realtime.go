package main

import (
	"log/slog"
	"net/http"
	"net/netip"

	"parley/api"
	"parley/config"
	"parley/internal/mysql"
	"parley/messaging"
	"parley/realtime"
	"parley/realtime/wire"
	"parley/wpauth"
)

// newHub is the connections of this node, as the settings want them.
func newHub(c *config.Config, db *mysql.DB, site *wpauth.Site, service *messaging.Service, s *Server) (*realtime.Hub, error) {
	limits := realtime.DefaultLimits()
	limits.Sockets = c.Realtime.Connections
	return realtime.New(realtime.Options{
		Service: service,
		Site:    site,
		Shape:   api.Shape(site),
		Limits:  limits,
		Guard:   db.Guard,
		Lag:     s.metrics.RealtimeLag,
		Log:     s.Log,
	})
}

// newStream answers the addresses of realtime; nil without.
func newStream(c *config.Config, r *rooms, log *slog.Logger) (*wire.Server, error) {
	if r.hub == nil {
		return nil, nil
	}
	return wire.New(wire.Options{
		Hub:          r.hub,
		Authenticate: r.site.Authenticate,
		Site:         r.site.Options,
		Origins:      c.Realtime.Origins,
		ClientAddr: func(req *http.Request) (netip.Addr, bool) {
			return api.ClientAddr(req, c.TrustedProxies)
		},
		Guard: r.db.Guard,
		Log:   log,
	})
}
