package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"parley/messaging"
	"parley/realtime"
	"parley/wprest"
)

// presenceRoute tells clients that are not connected by a WebSocket who is there.
func (s *server) presenceRoute() wprest.Route {
	return wprest.Route{Namespace: "parley/v1", Pattern: "/presence", Conditional: true, Endpoints: []wprest.Endpoint{{
		Methods: []string{http.MethodGet}, Gate: s.member, Handle: s.presence,
		Args: wprest.Schema{{Name: "conversations", Type: wprest.TypeInts, Required: true, Min: wprest.Bound(1),
			Description: "Ids of up to 100 conversations. Those of more than 50 members are left out."}},
	}}}
}

// presence is GET /parley/v1/presence.
func (s *server) presence(c *wprest.Call) error {
	var ids []messaging.ConversationID
	for _, id := range c.Args.Ints("conversations") {
		ids = append(ids, messaging.ConversationID(id))
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) > realtime.MostWatched {
		return wprest.InvalidParams(wprest.Fault{Param: "conversations", Code: "rest_too_many_items",
			Message: "conversations must contain at most 100 items."})
	}
	members, err := s.Stream.Hub.Presence(c.Ctx, c.Caller.(*caller).id.UserID, ids)
	if err != nil {
		return err
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	c.Out.Open().Key("members").Raw(body).Close()
	return nil
}
