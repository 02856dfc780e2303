package bpbridge

import (
	"parley/wpauth"
	"slices"
	"strconv"
	"strings"

	"parley/messaging"
	"parley/wprest"
)

// slices reads the arguments that cut the lists inside a thread.
func slicesOf(c *wprest.Call) (recipients, messages messaging.Slice) {
	cut := func(name string) messaging.Slice {
		return messaging.Slice{Page: int(min(c.Args.Int(name+"_page"), maxPage)), PerPage: int(c.Args.Int(name + "_per_page"))}
	}
	return cut("recipients"), cut("messages")
}

// maxPage keeps offsets within what MySQL takes; nothing has so many pages.
const maxPage = 1 << 40

// list answers a page of a box (contract 1.4).
func (d *dialect) list(c *wprest.Call) error {
	page, size := min(c.Args.Int("page"), maxPage), c.Args.Int("per_page")
	q := messaging.ThreadsQuery{
		Viewer: d.viewer(c),
		Box:    messaging.Box(c.Args.String("box")),
		State:  messaging.ReadState(c.Args.String("type")),
		Search: searchTerm(c.Args.String("search")),
		Page:   int(page), PerPage: int(size),
		Fields: d.keys,
	}
	if d.second {
		if err := d.memberExists(c, q.Viewer); err != nil {
			return err
		}
		q.With = companions(c, q.Viewer)
	}
	q.Recipients, q.Messages = slicesOf(c)
	found, err := d.Threads.ListThreads(c.Ctx, d.actor(c), q)
	if err != nil {
		return d.refuse(listWords, err)
	}
	v, err := d.newView(c, c.Args.String("context") == "edit")
	if err != nil {
		return err
	}
	v.turned = d.second
	if err := v.meet(c, found.Threads); err != nil {
		return err
	}
	c.Out.OpenList()
	for i := range found.Threads {
		t := &found.Threads[i]
		if d.second { // the same slice, turned around
			slices.Reverse(t.Messages)
			t.Newest = representative(t, q.Box, v.caller)
		}
		v.writeThread(c.Out, t, true)
	}
	c.Out.CloseList()
	if len(found.Threads) > 0 {
		total := int64(found.Total)
		pages := (total + size - 1) / size
		c.SetTotals(total, pages)
		d.linkPages(c, page, pages)
	}
	return nil
}

// companions are the ids of includes, without the viewer's own; nil for none.
func companions(c *wprest.Call, viewer wpauth.UserID) []wpauth.UserID {
	v := c.Args.Value("includes")
	words, _ := v.Elements()
	var with []wpauth.UserID
	for i := range words {
		n, _ := words[i].Int()
		if id := wpauth.UserID(magnitude(n)); id != viewer {
			with = append(with, id)
		}
	}
	return with
}

// representative is the message version 2's list shows for a thread: in the inbox the
// newest of somebody else than the caller, among the sent the caller's own newest, otherwise the
// oldest; of the messages of the slice.
func representative(t *messaging.Thread, box messaging.Box, caller wpauth.UserID) messaging.ThreadMessage {
	if len(t.Messages) == 0 {
		return t.Newest
	}
	for i := range t.Messages {
		own := t.Messages[i].Sender == caller
		if box == messaging.BoxSent && own || (box == messaging.BoxInbox || box == "") && !own {
			return t.Messages[i]
		}
	}
	return t.Messages[len(t.Messages)-1]
}

// linkPages adds the Link to the pages before and after, for helpers that follow it
// to fetch everything (D16).
func (d *dialect) linkPages(c *wprest.Call, page, pages int64) {
	query := c.HTTP.URL.Query()
	query.Del("rest_route")
	query.Del("_wpnonce")
	address := func(n int64, rel string) string {
		query.Set("page", strconv.FormatInt(n, 10))
		base := c.Site.Root + d.namespace + "/messages"
		mark := "?"
		if strings.Contains(base, "?") {
			mark = "&"
		}
		return "<" + base + mark + query.Encode() + `>; rel="` + rel + `"`
	}
	var links []string
	if page > 1 {
		links = append(links, address(min(page-1, pages), "prev"))
	}
	if page < pages {
		links = append(links, address(page+1, "next"))
	}
	if links != nil {
		c.SetHeader("Link", strings.Join(links, ", "))
	}
}
