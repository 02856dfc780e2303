package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"parley/wprest"
)

// meRoutes are what an inbox in a browser asks before anything else.
func (s *server) meRoutes() []wprest.Route {
	if s.Me == nil {
		return nil
	}
	return []wprest.Route{{Namespace: "parley/v1", Pattern: "/me", Conditional: true,
		Endpoints: []wprest.Endpoint{{Methods: []string{http.MethodGet}, Gate: s.member, Handle: s.me}}}}
}

// me is GET /parley/v1/me.
func (s *server) me(c *wprest.Call) error {
	answer, err := s.Me(c.Ctx, c.Caller.(*caller).id, actor(c))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	c.Out.Raw(raw)
	return nil
}

// assetName is the file a REST route names, "/parley/v1/assets/inbox.js".
func assetName(route string) (string, bool) {
	const prefix = "/parley/v1/assets/"
	if len(route) <= len(prefix) || !strings.EqualFold(route[:len(prefix)], prefix) {
		return "", false
	}
	return route[len(prefix):], true
}
