package bpbridge

import (
	"net/http"
	"strconv"
	"unicode/utf8"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
	"parley/wptext"
)

// get answers one thread (contract 1.6). It changes nothing.
func (d *dialect) get(c *wprest.Call) error {
	q := messaging.ThreadQuery{Viewer: d.viewer(c), NewestFirst: c.Args.String("order") == "desc", Fields: d.keys,
		ViewerTakesPart: d.second}
	q.Recipients, q.Messages = slicesOf(c)
	t, err := d.Threads.GetThread(c.Ctx, d.actor(c), messaging.ConversationID(pathID(c)), q)
	settle(c, err)
	if err != nil {
		return d.refuse(d.see, err)
	}
	size := int64(q.Messages.PerPage)
	c.SetTotals(t.MessageTotal, (t.MessageTotal+size-1)/size)
	return d.answerThread(c, t, c.Args.String("context") == "edit")
}

// answerThread answers a list of one thread, or in version 2 the thread.
func (d *dialect) answerThread(c *wprest.Call, t *messaging.Thread, edit bool) error {
	v, err := d.newView(c, edit)
	if err != nil {
		return err
	}
	if err := v.meet(c, []messaging.Thread{*t}); err != nil {
		return err
	}
	if d.second {
		c.KeepLinks = true
		v.writeThread(c.Out, t, true)
		return nil
	}
	c.Out.OpenList()
	v.writeThread(c.Out, t, true)
	c.Out.CloseList()
	return nil
}

// editing reports whether a change is answered with what is stored: always, but in
// version 2 only when asked for.
func (d *dialect) editing(c *wprest.Call) bool {
	return !d.second || c.Args.String("context") == "edit"
}

// drafts are the cookies in which BuddyPress's own form keeps what is not sent yet
// (contract 5.1).
var drafts = []string{"bp_messages_send_to", "bp_messages_subject", "bp_messages_content"}

// create starts a thread or replies to one (contract 1.5). The answer shows what is
// stored, whatever the context.
func (d *dialect) create(c *wprest.Call) error {
	subject, content := phpText(c.Args.Value("subject")), d.messageText(c.Args.Value("message"))
	var t *messaging.Thread
	var err error
	if id, ok := d.threadToReply(c); !ok || !utf8.ValidString(subject) {
		err = messaging.Refuse(messaging.Invalid, "")
	} else if id != 0 {
		t, err = d.Threads.ReplyThread(c.Ctx, d.actor(c), messaging.ConversationID(id), messaging.ThreadReply{
			Subject: subject, Content: content, Fields: d.sentFields(c), ShowFields: d.keys})
		if d.actor(c).Moderator {
			c.State = granted
		} else if settle(c, err); messaging.ReasonOf(err) == messaging.NotFound {
			return forbidden(sayNotAllowed)
		}
	} else {
		in := messaging.ThreadStart{Subject: subject, Content: content, Fields: d.sentFields(c), ShowFields: d.keys}
		for _, n := range c.Args.Ints("recipients") {
			in.Recipients = append(in.Recipients, wpauth.UserID(magnitude(n)))
		}
		t, err = d.Threads.StartThread(c.Ctx, d.actor(c), in)
	}
	if err != nil {
		return d.refuse(d.createWords(c, content), err)
	}
	for _, draft := range drafts {
		c.ExpireCookie(draft)
	}
	return d.answerThread(c, t, d.editing(c))
}

// threadToReply is the id of Create. Version 2 does not check its type: ok is false
// for what stands for a reply and names no thread.
func (d *dialect) threadToReply(c *wprest.Call) (id int64, ok bool) {
	if !d.second {
		return c.Args.Int("id"), true
	}
	v := c.Args.Value("id")
	n, whole := v.Int()
	return n, whole || phpText(v) == "" && v.Kind != wprest.List && v.Kind != wprest.Map
}

// createWords is how Create fails. Version 2 tells why (contract 1.13).
func (d *dialect) createWords(c *wprest.Call, content string) wording {
	if !d.second {
		return createWords
	}
	switch {
	case wptext.StoreMessage(content) == "":
		return createWords.failing(codeCreate, sayNoContent)
	case isReply(c) || !d.startsThread(c):
		w := createWords.failing(codeCreate, sayNotSent)
		w.missing = w.failed
		return w
	case len(c.Args.Ints("recipients")) == 0:
		return createWords.failing(codeCreate, sayNoRecipient)
	}
	return createWords.failing(codeCreate, sayNoUsername)
}

func (d *dialect) startsThread(c *wprest.Call) bool {
	id, ok := d.threadToReply(c)
	return ok && id == 0
}

// phpText is a scalar as PHP makes a string of it; what is empty in PHP is "".
func phpText(v wprest.Value) string {
	switch v.Kind {
	case wprest.Bool:
		if v.Bool {
			return "1"
		}
	case wprest.Number:
		n, whole := v.Int()
		switch {
		case whole && n == 0:
		case whole:
			return strconv.FormatInt(n, 10)
		default:
			return v.Text
		}
	case wprest.String:
		if v.Text != "0" {
			return v.Text
		}
	}
	return ""
}

// messageText is the text of a message: a string that PHP, in version 1, does not
// take for empty. Bytes that are no UTF-8, which a form can hold, the database refuses.
func (d *dialect) messageText(v wprest.Value) string {
	if v.Kind != wprest.String || v.Text == "0" && !d.second || !utf8.ValidString(v.Text) {
		return ""
	}
	return v.Text
}

// update marks a thread read or unread and writes fields (contract 1.7).
func (d *dialect) update(c *wprest.Call) error {
	if d.second && c.Args.Int("message_id") != 0 {
		if err := d.hasMessage(c, messaging.MessageID(magnitude(c.Args.Int("message_id")))); err != nil {
			return err
		}
	}
	t, err := d.Threads.UpdateThread(c.Ctx, d.actor(c), messaging.ConversationID(pathID(c)), messaging.ThreadUpdate{
		Viewer: d.viewer(c), Read: c.Args.Bool("read"), Unread: c.Args.Bool("unread"),
		Message: messaging.MessageID(magnitude(c.Args.Int("message_id"))),
		Fields:  d.sentFields(c), ShowFields: d.keys,
		ViewerTakesPart: d.second,
	})
	settle(c, err)
	if err != nil {
		return d.refuse(d.change, err)
	}
	return d.answerThread(c, t, d.editing(c))
}

// hasMessage is version 2's look for the message of an Update.
func (d *dialect) hasMessage(c *wprest.Call, id messaging.MessageID) error {
	t, err := d.Threads.GetThread(c.Ctx, d.actor(c), messaging.ConversationID(pathID(c)), messaging.ThreadQuery{
		Viewer: d.viewer(c), Recipients: messaging.Slice{Page: 1, PerPage: 1}, ViewerTakesPart: true})
	settle(c, err)
	if err != nil {
		return d.refuse(d.see, err)
	}
	for i := range t.Messages {
		if t.Messages[i].ID == id {
			return nil
		}
	}
	return answer(http.StatusNotFound, codeInvalidID, sayNoMessage)
}

// delete takes a thread from the viewer and answers what it was (contract 1.8).
func (d *dialect) delete(c *wprest.Call) error {
	actor, id := d.actor(c), messaging.ConversationID(pathID(c))
	viewer := d.viewer(c)
	t, err := d.Threads.DeleteThread(c.Ctx, actor, id, messaging.ThreadDelete{Viewer: viewer, ShowFields: d.keys,
		ViewerTakesPart: d.second})
	if err != nil {
		settle(c, err)
		return d.refuse(d.remove, err)
	}
	if !actor.Moderator {
		c.State = refused
	}
	v, err := d.newView(c, d.editing(c))
	if err != nil {
		return err
	}
	if err := v.meet(c, []messaging.Thread{*t}); err != nil {
		return err
	}
	c.Out.Open()
	c.Out.Key("deleted").Bool(true)
	c.Out.Key("previous")
	v.writeThread(c.Out, t, false)
	c.Out.Close()
	return nil
}

// star toggles the caller's star on a message (contract 1.9).
func (d *dialect) star(c *wprest.Call) error {
	m, err := d.Threads.ToggleStar(c.Ctx, d.actor(c), messaging.MessageID(pathID(c)), d.keys)
	settle(c, err)
	if err != nil {
		return d.refuse(starWords, err)
	}
	v, err := d.newView(c, c.Args.String("context") == "edit")
	if err != nil {
		return err
	}
	if err := v.meetSenders(c, []wpauth.UserID{m.Sender}); err != nil {
		return err
	}
	if d.second {
		v.writeMessage(c.Out, m)
		return nil
	}
	c.Out.OpenList()
	v.writeMessage(c.Out, m)
	c.Out.CloseList()
	return nil
}
