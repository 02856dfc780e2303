package web

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/messaging"
)

const (
	rowsPerPage     = 50 // contract 6
	messagesPerPage = 50
)

// newPage makes a page with the list in it.
func (q *request) newPage(title string, selected messaging.ConversationID) (*page, error) {
	archived := q.r.URL.Query().Get("filter") == "archived"
	n := min(q.number("page", 1), 1<<20)
	query := messaging.ListQuery{Filter: messaging.FilterActive, Limit: rowsPerPage, Offset: int(n-1) * rowsPerPage}
	if archived {
		query.Filter = messaging.FilterArchived
	}
	found, err := q.Messenger.List(q.ctx, q.actor, query)
	if err != nil {
		return nil, err
	}
	p := &page{frame: q.newFrame(title), List: listView{Archived: archived}}
	p.Messages = true
	p.Narrow = selected != 0
	for i := range found.Conversations {
		p.List.Rows = append(p.List.Rows, q.row(&found.Conversations[i], selected))
	}
	if n > 1 {
		p.List.Newer = q.listURL(archived, n-1)
	}
	if query.Offset+len(found.Conversations) < found.Total {
		p.List.Older = q.listURL(archived, n+1)
	}
	return p, nil
}

// form is an empty form.
func (q *request) form(text, clientID string) formView {
	if clientID == "" {
		clientID = rand.Text()
	}
	// Browsers count UTF-16 units, of which a code point has up to two.
	return formView{Text: text, Nonce: q.Nonce(q.viewer), ClientID: clientID, MaxLength: q.Limits.MessageRunes * 2}
}

// showInbox shows the list; with ?to= the composer beside it.
func (q *request) showInbox() {
	if q.r.URL.Query().Has("to") {
		q.showComposer()
		return
	}
	p, err := q.newPage(q.words.T("app.messages"), 0)
	if err != nil {
		q.fail(err)
		return
	}
	q.renderInbox(http.StatusOK, p)
}

// showThread shows a page of a thread, which marks it read.
func (q *request) showThread(id messaging.ConversationID) {
	q.thread(http.StatusOK, id, "", q.form("", ""))
}

func (q *request) thread(status int, id messaging.ConversationID, notice string, form formView) {
	// How much was unread before: the script asks only when that is gone.
	c, err := q.Messenger.Get(q.ctx, q.actor, id)
	if err != nil {
		q.noThread(id, err)
		return
	}
	// Read before the list beside it is, so that it knows.
	found, err := q.Messenger.Messages(q.ctx, q.actor, id, messaging.MessagesQuery{
		Limit: messagesPerPage, Before: messaging.MessageID(q.number("before", 0)), Ascending: true, MarkRead: true})
	if err != nil {
		q.fail(err)
		return
	}
	title := c.ShownTitle(q.viewer.UserID)
	p, err := q.newPage(title, id)
	if err != nil {
		q.fail(err)
		return
	}
	v := &threadView{URL: q.threadURL(id), Title: title, Group: c.Type == messaging.Group, Form: form, Closed: q.closed(c)}
	for i := range c.Participants {
		if c.Participants[i].LeftAt.IsZero() {
			v.Members = append(v.Members, avatar(c.Participants[i].Member))
		}
	}
	var before time.Time
	for i := range found.Messages {
		m := &found.Messages[i]
		v.Messages = append(v.Messages, q.message(m, before))
		before = m.CreatedAt
	}
	if found.HasMore && len(found.Messages) > 0 {
		v.Older = v.URL + "?before=" + strconv.FormatInt(int64(found.Messages[0].ID), 10)
	}
	p.Thread, p.Notice = v, notice
	p.Element.Conversation = strconv.FormatInt(int64(id), 10)
	if c.Me != nil && c.Me.Unread > 0 {
		p.Element.Unread = strconv.Itoa(int(c.Me.Unread))
	}
	q.renderInbox(status, p)
}

// noThread shows the inbox, and in the place of a thread why it is not there.
func (q *request) noThread(id messaging.ConversationID, err error) {
	status, text := q.explain(err)
	p, err := q.newPage(text, 0)
	if err != nil {
		q.fail(err)
		return
	}
	p.Missing, p.Narrow = text, true
	p.Element.Conversation = strconv.FormatInt(int64(id), 10)
	q.renderInbox(status, p)
}

// renderInbox puts the element's attributes in and shows the page.
func (q *request) renderInbox(status int, p *page) {
	if err := q.prepare(&p.frame, "inbox.js"); err != nil {
		q.fail(err)
		return
	}
	q.render(status, "page.html", p)
}

// closed says why a member cannot write here, as far as they may know.
func (q *request) closed(c *messaging.Conversation) string {
	because := func(r messaging.Reason) string { return q.words.refusal(messaging.Refuse(r, "")) }
	switch {
	case c.CanReply():
		return ""
	case c.Me != nil && !c.Me.LeftAt.IsZero():
		return because(messaging.Left)
	case c.IBlocked:
		return because(messaging.BlockedByActor)
	case c.ViewerSilenced:
		return because(messaging.Silenced)
	}
	return q.words.T("page.gone")
}

// send appends what the form holds. A form sent twice is one message, by its
// client_id; the redirect keeps a reload from sending at all.
func (q *request) send(id messaging.ConversationID) {
	text, clientID := q.field("message"), q.field("client_id")
	err := q.mayWrite()
	if err == nil {
		_, err = q.Messenger.Send(q.ctx, q.actor, messaging.SendInput{Conversation: id, Content: text, ClientID: clientID})
	}
	if err != nil {
		status, notice := q.explain(err)
		q.thread(status, id, notice, q.form(text, clientID))
		return
	}
	q.redirect(http.StatusSeeOther, q.threadURL(id))
}

// errStale refuses a form whose nonce ran out; its text is not lost.
var errStale = messaging.Refuse("stale_form", "")

// mayWrite is the gate before a form's fields are looked at (contract 2).
func (q *request) mayWrite() error {
	if q.stale {
		return errStale
	}
	if err := q.Messenger.Admit(q.ctx, q.actor, messaging.GateWrite); err != nil {
		return err
	}
	if !q.viewer.Can("read") {
		return messaging.Refuse(messaging.NoReadCapability, "")
	}
	if clientID := q.field("client_id"); len(clientID) > 64 || strings.Trim(clientID, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return errStale
	}
	return nil
}
