package api

import (
	"net/http"

	"parley/messaging"
	"parley/wprest"
)

// receiptsRoutes tell how far messages came.
func (s *server) receiptsRoutes() []wprest.Route {
	return []wprest.Route{{Namespace: "parley/v1", Pattern: "/conversations/{id}/receipts", Conditional: true,
		Endpoints: []wprest.Endpoint{{Methods: []string{http.MethodGet}, Gate: s.member, Handle: s.receipts}}}}
}

// receipts is GET /parley/v1/conversations/{id}/receipts.
func (s *server) receipts(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	list, err := s.Messenger.Receipts(c.Ctx, actor(c), id)
	if err != nil {
		return err
	}
	j := c.Out
	mark := func(m messaging.Mark) {
		j.Open().Key("seq").Int(m.Seq)
		j.Key("message").Int(int64(m.Message))
	}
	j.Open().Key("data").OpenList()
	for _, r := range list {
		j.Open().Key("member").Int(int64(r.Member))
		j.Key("delivered")
		mark(r.Delivered)
		j.Close()
		j.Key("read")
		mark(r.Read)
		j.Key("at").Time(r.ReadAt)
		j.Close().Close()
	}
	j.CloseList().Close()
	return nil
}
