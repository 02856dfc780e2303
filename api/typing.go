package api

import (
	"net/http"

	"parley/messaging"
	"parley/wprest"
)

// typingRoute says for clients that cannot send frames that their member is typing.
func (s *server) typingRoute() wprest.Route {
	return wprest.Route{Namespace: "parley/v1", Pattern: "/typing", Endpoints: []wprest.Endpoint{{
		Methods: []string{http.MethodPost}, Gate: s.mutation(messaging.GateWrite), Handle: s.typing,
		Args: wprest.Schema{{Name: "conversation", Type: wprest.TypeInt, Required: true, Min: wprest.Bound(1),
			Description: "Where."}},
	}}}
}

// typing is POST /parley/v1/typing.
func (s *server) typing(c *wprest.Call) error {
	told, err := s.Stream.Hub.Typing(c.Ctx, actor(c), messaging.ConversationID(c.Args.Int("conversation")))
	if err != nil {
		return err
	}
	c.Out.Open().Key("typing").Bool(told).Close()
	return nil
}
