package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"

	"parley/api"
	"parley/config"
	"parley/realtime"
	"parley/realtime/redis"
	"parley/realtime/wire"
)

// newHub is the connections of this node, as the settings want them.
func newHub(c *config.Config, r *rooms, s *Server) (*realtime.Hub, error) {
	relay, err := newRelay(c, r, s.Log)
	if err != nil {
		return nil, err
	}
	limits := realtime.DefaultLimits()
	limits.Sockets = c.Realtime.Connections
	return realtime.New(realtime.Options{
		Service: r.service,
		Site:    r.site,
		Shape:   api.Shape(r.site),
		Limits:  limits,
		Guard:   r.db.Guard,
		Node:    r.node,
		Relay:   relay,
		Lag:     s.metrics.RealtimeLag,
		Log:     s.Log,
	})
}

// newRelay carries hints between nodes: by Redis where there is one, which is not waited
// for, else through the database.
func newRelay(c *config.Config, r *rooms, log *slog.Logger) (realtime.Relay, error) {
	if c.Realtime.Redis == "" {
		return realtime.NewTableRelay(r.node, log), nil
	}
	bus, err := redis.New(redis.Options{URL: c.Realtime.Redis, Silence: realtime.BusSilence,
		Channel: redis.Channel(r.site.Secret("realtime channel"))})
	if err != nil {
		return nil, fmt.Errorf("the setting realtime.redis (PARLEY_REALTIME_REDIS) is %w", err)
	}
	r.bus = bus
	return realtime.NewBusRelay(bus, r.node, log), nil
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
