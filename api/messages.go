package api

import (
	"parley/messaging"
	"parley/wprest"
)

// listMessages is GET /conversations/{id}/messages.
func (s *server) listMessages(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	q := messagesQuery(c.Args)
	page, err := s.Messenger.Messages(c.Ctx, actor(c), id, q)
	if err != nil {
		return err
	}
	v, j := s.view(c), c.Out
	j.Open().Key("data").OpenList()
	for i := range page.Messages {
		j.Open()
		v.message(j, &page.Messages[i])
		j.Close()
	}
	j.CloseList()
	threadMeta(c, &page, int64(q.Limit))
	j.Close()
	return nil
}

// messagesQuery reads the bounds and the direction: newest first, but with after
// alone oldest first; order overrides (contract 1.3, 5). The page is taken at the
// end where the order begins.
func messagesQuery(a *wprest.Args) messaging.MessagesQuery {
	q := messaging.MessagesQuery{
		Limit:    int(a.Int("limit")),
		Before:   messaging.MessageID(a.Int("before")),
		After:    messaging.MessageID(a.Int("after")),
		MarkRead: a.Bool("mark_read"),
	}
	if a.Sent("order") {
		q.Ascending = a.String("order") == "asc"
	} else {
		q.Ascending = q.After > 0 && q.Before == 0
	}
	q.FromOldest = q.Ascending
	return q
}

// threadMeta appends the meta of a page of messages: cursor_next goes on in the
// direction travelled, cursor_prev back from the page's first message.
func threadMeta(c *wprest.Call, page *messaging.MessagePage, limit int64) {
	j, n := c.Out, len(page.Messages)
	j.Key("meta").Open()
	j.Key("count").Int(int64(n))
	j.Key("has_more").Bool(page.HasMore)
	j.Key("cursor_next")
	if page.HasMore && n > 0 {
		j.Str(cursor(page.Messages[n-1].ID))
	} else {
		j.Null()
	}
	j.Key("cursor_prev")
	if n > 0 {
		j.Str(cursor(page.Messages[0].ID))
	} else {
		j.Null()
	}
	j.Key("total").Int(page.Total)
	j.Key("limit").Int(limit)
	j.Close()
	c.SetTotals(page.Total, (page.Total+limit-1)/limit)
}

// sendMessage is POST /conversations/{id}/messages.
func (s *server) sendMessage(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	key, err := clientIDOf(c)
	if err != nil {
		return err
	}
	m, err := s.Messenger.Send(c.Ctx, actor(c), messaging.SendInput{
		Conversation: id, Content: c.Args.String("content"), ClientID: key})
	if err != nil {
		return err
	}
	c.Status = 201
	v := s.view(c)
	flat(c.Out, nil, func(j *wprest.JSON) { v.message(j, m) }, nil)
	return nil
}
