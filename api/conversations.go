package api

import (
	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
)

// view says how the caller sees things.
func (s *server) view(c *wprest.Call) *view {
	return &view{viewer: c.Caller.(*caller).id.UserID, now: s.Now(), site: &s.site.Load().options}
}

// flat appends an object twice, on the top level and under "data", so that every
// client finds it (contract 1.0, envelope policy). first and last may add members
// around it; the object is encoded once.
func flat(j *wprest.JSON, first func(*wprest.JSON), object func(*wprest.JSON), last func(*wprest.JSON)) {
	j.Open()
	if first != nil {
		first(j)
	}
	from := len(j.Bytes())
	object(j)
	members := j.Bytes()[from:]
	if first != nil {
		members = members[1:] // the comma
	}
	if last != nil {
		last(j)
	}
	j.Key("data").Open().Members(members).Close()
	j.Close()
}

// one answers with a conversation.
func (s *server) one(c *wprest.Call, conv *messaging.Conversation, err error) error {
	if err != nil {
		return err
	}
	v := s.view(c)
	flat(c.Out, nil, func(j *wprest.JSON) { v.conversation(j, conv) }, nil)
	return nil
}

// listConversations is GET /conversations.
func (s *server) listConversations(c *wprest.Call) error {
	q := messaging.ListQuery{Filter: filterOf(c.Args), Search: c.Args.String("search"), Limit: int(c.Args.Int("limit"))}
	offset := offsetOf(c.Args, int64(q.Limit))
	q.Offset = int(offset)
	page, err := s.Messenger.List(c.Ctx, actor(c), q)
	if err != nil {
		return err
	}
	v, j := s.view(c), c.Out
	j.Open().Key("data").OpenList()
	for i := range page.Conversations {
		j.Open()
		v.conversation(j, &page.Conversations[i])
		j.Close()
	}
	j.CloseList()
	listMeta(c, len(page.Conversations), page.Total, q.Limit, offset)
	j.Close()
	return nil
}

// filterOf reads filter; archived=true without it means all (contract 1.3, 1).
func filterOf(a *wprest.Args) messaging.Filter {
	switch {
	case a.Sent("filter"):
		return messaging.Filter(a.String("filter"))
	case a.Bool("archived"):
		return messaging.FilterAll
	}
	return messaging.FilterActive
}

// maxOffset keeps an offset within what every statement can take.
const maxOffset = 1 << 31

// offsetOf is where a list begins: after>0 beats offset beats page (contract 1.3, 1).
func offsetOf(a *wprest.Args, limit int64) int64 {
	var n int64
	switch {
	case a.Int("after") > 0:
		n = a.Int("after")
	case a.Sent("offset"):
		n = a.Int("offset")
	case a.Sent("page"):
		n = (min(a.Int("page"), maxOffset) - 1) * limit
	}
	return min(n, maxOffset)
}

// listMeta appends meta (contract 1.0, list meta) and sets the total headers.
func listMeta(c *wprest.Call, count, total, limit int, offset int64) {
	next := offset + int64(count)
	more := next < int64(total) && count > 0
	pages := (total + limit - 1) / limit
	j := c.Out
	j.Key("meta").Open()
	j.Key("count").Int(int64(count))
	j.Key("has_more").Bool(more)
	j.Key("cursor_next")
	if more {
		j.Int(next)
	} else {
		j.Null()
	}
	j.Key("total").Int(int64(total))
	j.Key("offset").Int(offset)
	j.Key("limit").Int(int64(limit))
	j.Key("page").Int(offset/int64(limit) + 1)
	j.Key("per_page").Int(int64(limit))
	j.Key("pages").Int(int64(pages))
	j.Close()
	c.SetTotals(int64(total), int64(pages))
}

// startConversation is POST /conversations.
func (s *server) startConversation(c *wprest.Call) error {
	id, err := clientIDOf(c)
	if err != nil {
		return err
	}
	in := messaging.StartInput{Title: c.Args.String("title"), Content: c.Args.String("message"), ClientID: id}
	for _, n := range c.Args.Ints("recipient_ids") {
		in.Recipients = append(in.Recipients, wpauth.UserID(n))
	}
	switch c.Args.String("type") {
	case "direct":
		in.Type = messaging.Direct
	case "group":
		in.Type = messaging.Group
	}
	res, err := s.Messenger.Start(c.Ctx, actor(c), in)
	if err != nil {
		return err
	}
	if !res.Reused {
		c.Status = 201
	}
	v := s.view(c)
	flat(c.Out, func(j *wprest.JSON) {
		j.Key("conversation_id").Int(int64(res.Conversation.ID))
		j.Key("message_id").Int(int64(res.Message))
		j.Key("reused").Bool(res.Reused)
	}, func(j *wprest.JSON) { v.conversation(j, res.Conversation) }, nil)
	return nil
}

// getConversation is GET /conversations/{id}.
func (s *server) getConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.Get(c.Ctx, actor(c), id)
	return s.one(c, conv, err)
}

// patchConversation is PATCH /conversations/{id}.
func (s *server) patchConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.Update(c.Ctx, actor(c), id, messaging.Patch{
		Muted: c.Args.MaybeBool("is_muted"), Archived: c.Args.MaybeBool("archived"), Title: c.Args.MaybeString("title")})
	return s.one(c, conv, err)
}

// muteConversation is POST /conversations/{id}/mute.
func (s *server) muteConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.SetMuted(c.Ctx, actor(c), id, c.Args.MaybeBool("muted"))
	return s.one(c, conv, err)
}

// archiveConversation is POST /conversations/{id}/archive.
func (s *server) archiveConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.SetArchived(c.Ctx, actor(c), id, c.Args.MaybeBool("archived"))
	return s.one(c, conv, err)
}

// blockConversation is POST /conversations/{id}/block.
func (s *server) blockConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.SetBlocked(c.Ctx, actor(c), id, c.Args.MaybeBool("blocked"))
	return s.one(c, conv, err)
}

// readConversation is POST /conversations/{id}/read.
func (s *server) readConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.MarkRead(c.Ctx, actor(c), id)
	return s.one(c, conv, err)
}

// leaveConversation is POST /conversations/{id}/leave and DELETE /conversations/{id}.
func (s *server) leaveConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.Leave(c.Ctx, actor(c), id)
	if err != nil {
		return err
	}
	v := s.view(c)
	flat(c.Out, nil, func(j *wprest.JSON) { v.conversation(j, conv) },
		func(j *wprest.JSON) { j.Key("deleted").Bool(true) })
	return nil
}

// reportConversation is POST /conversations/{id}/report.
func (s *server) reportConversation(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	n, err := s.Messenger.Report(c.Ctx, actor(c), messaging.ReportInput{Conversation: id,
		Message: messaging.MessageID(c.Args.Int("message_id")),
		Reason:  c.Args.String("reason"), Description: c.Args.String("description")})
	if err != nil {
		return err
	}
	c.Status = 201
	c.Out.Open().Key("created").Bool(true).Key("id").Int(n).Close()
	return nil
}

// unreadCount is GET /conversations/unread-count, the badge.
func (s *server) unreadCount(c *wprest.Call) error {
	n, cached, err := s.Messenger.UnreadCount(c.Ctx, actor(c))
	if err != nil {
		return err
	}
	if cached {
		c.SetHeader("X-Cache", "HIT")
	} else {
		c.SetHeader("X-Cache", "MISS")
	}
	count := int64(n)
	c.Out.Open().Key("count").Int(count).Key("unread").Int(count).Key("unread_count").Int(count).Close()
	return nil
}

// suggest is GET /messaging/recipient-suggestions.
func (s *server) suggest(c *wprest.Call) error {
	members, err := s.Messenger.Suggest(c.Ctx, actor(c), c.Args.String("q"), int(c.Args.Int("limit")))
	if err != nil {
		return err
	}
	j := c.Out
	j.Open().Key("data").OpenList()
	for i := range members {
		suggestion(j, &members[i])
	}
	j.CloseList()
	j.Key("meta").Open().Key("count").Int(int64(len(members))).Close()
	j.Close()
	return nil
}
