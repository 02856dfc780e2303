package main

import (
	"log/slog"
	"net/http"
	"net/netip"

	"parley/api"
	"parley/config"
	"parley/realtime"
	"parley/realtime/wire"
)

// newHub is the connections of this node, as the settings want them.
func newHub(c *config.Config, r *rooms, s *Server) (*realtime.Hub, error) {
	limits := realtime.DefaultLimits()
	limits.Sockets = c.Realtime.Connections
	return realtime.New(realtime.Options{
		Service: r.service,
		Site:    r.site,
		Shape:   api.Shape(r.site),
		Limits:  limits,
		Guard:   r.db.Guard,
		Node:    r.node,
		Relay:   realtime.NewTableRelay(r.node, s.Log),
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
