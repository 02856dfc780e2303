package bpbridge

import (
	"slices"
	"strconv"
	"time"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
	"parley/wptext"
)

// view is what the shapes of one answer need to know.
type view struct {
	d     *dialect
	site  wpauth.Options
	style wptext.Style
	root  string // REST root, with a slash at the end
	// edit adds what is stored to what is shown.
	edit bool
	// caller is who is answered.
	caller wpauth.UserID
	// own is set when the caller is no moderator, and so can only see what is theirs.
	own bool
	// turned is set where the messages were turned around after their senders had been
	// gathered: in version 2's list.
	turned bool
	// gravatarEnd is how addresses of Gravatars end; "" until the first.
	gravatarEnd string
	// gone are senders whose account is gone, where their words are hidden.
	gone map[wpauth.UserID]bool
}

// deletedWords stand for what an account that is gone wrote, where that is hidden.
const deletedWords = "[deleted]"

// meet finds out which senders are gone.
func (v *view) meet(c *wprest.Call, threads []messaging.Thread) error {
	var senders []wpauth.UserID
	for i := range threads {
		senders = append(senders, threads[i].Newest.Sender)
		for k := range threads[i].Messages {
			senders = append(senders, threads[i].Messages[k].Sender)
		}
	}
	return v.meetSenders(c, senders)
}

func (v *view) meetSenders(c *wprest.Call, senders []wpauth.UserID) error {
	if !v.d.masks() || len(senders) == 0 {
		return nil
	}
	cards, err := v.d.Directory.Members(c.Ctx, senders)
	if err != nil {
		return err
	}
	v.gone = map[wpauth.UserID]bool{}
	for id, card := range cards {
		v.gone[id] = !card.Exists
	}
	return nil
}

// words are a message's text as it may be shown.
func (v *view) words(m *messaging.ThreadMessage) string {
	if v.gone[m.Sender] {
		return deletedWords
	}
	return m.Content
}

func (d *dialect) newView(c *wprest.Call, edit bool) (*view, error) {
	site, err := d.Directory.Options(c.Ctx)
	if err != nil {
		return nil, err
	}
	return &view{d: d, site: site, root: c.Site.Root, edit: edit, caller: d.caller(c), own: !d.actor(c).Moderator,
		style: wptext.Style{SiteURL: site.Home, PlainSmilies: !site.Smilies, EmojiBase: d.EmojiBase}}, nil
}

// writeDate writes a moment as the clocks of a zone show it. WordPress reads that
// text once more, as of the site's zone (mysql_to_rfc3339), where an hour a year is
// missing: what falls into it comes out behind it.
func (v *view) writeDate(j *wprest.JSON, t time.Time, zone *time.Location) {
	if t.IsZero() {
		j.Null()
		return
	}
	shown := t.In(zone)
	if zone == time.UTC {
		shown = shown.Add(v.missing(shown))
	}
	j.Clock(shown)
}

// missing is by how much the site's clocks are put forward over the time of day that
// a clock shows; 0 for a time they show too.
func (v *view) missing(clock time.Time) time.Duration {
	site := time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, v.site.Location)
	if site.Hour() == clock.Hour() && site.Minute() == clock.Minute() {
		return 0
	}
	const around = 3 * time.Hour
	_, before := site.Add(-around).Zone()
	_, after := site.Add(around).Zone()
	return time.Duration(after-before) * time.Second
}

// writeText writes a text as it is shown, and with edit as it is stored.
func (v *view) writeText(j *wprest.JSON, kind textKind, stored string) {
	text := v.d.texts.of(kind, v.style, stored)
	j.Open()
	if v.edit {
		j.Key("raw").Raw(text.raw)
	}
	j.Key("rendered").Raw(text.rendered)
	j.Close()
}

// writeThread writes a thread (contract 1.10); links are left out of what was deleted.
func (v *view) writeThread(j *wprest.JSON, t *messaging.Thread, links bool) {
	newest := &t.Newest
	id := strconv.FormatInt(int64(t.ID), 10)
	j.Open()
	j.Key("id").Int(int64(t.ID))
	j.Key("message_id").Int(int64(newest.ID))
	j.Key("last_sender_id").Int(int64(newest.Sender))
	j.Key("subject")
	v.writeText(j, subjectText, newest.Subject)
	content := v.words(newest)
	j.Key("excerpt")
	v.writeText(j, excerptText, content)
	j.Key("message")
	if v.d.second {
		v.writeText(j, messageText, content)
	} else {
		v.writeText(j, threadText, content)
	}
	j.Key("date")
	v.writeDate(j, newest.At, v.site.Location)
	j.Key("date_gmt")
	v.writeDate(j, newest.At, time.UTC)
	j.Key("unread_count").Int(int64(t.Unread))
	j.Key("sender_ids")
	v.writeSenders(j, t.Messages)
	j.Key("recipients").OpenList()
	for i := range t.Recipients {
		v.writeRecipient(j, t.ID, &t.Recipients[i])
	}
	j.CloseList()
	j.Key("messages").OpenList()
	for i := range t.Messages {
		v.writeMessage(j, &t.Messages[i])
	}
	j.CloseList()
	if v.d.stars() {
		j.Key("starred_message_ids").OpenList()
		for i := range t.Messages {
			if t.Messages[i].Starred {
				j.Int(int64(t.Messages[i].ID))
			}
		}
		j.CloseList()
	}
	v.writeFields(j, newest.Fields)
	if links {
		v.writeLinks(j, id, t)
	}
	j.Close()
}

// writeSenders writes who wrote the messages of the slice, in the order of their
// first: a PHP array from id to id, which is an object unless it is empty (D3).
func (v *view) writeSenders(j *wprest.JSON, messages []messaging.ThreadMessage) {
	seen := make([]wpauth.UserID, 0, 8)
	for i := range messages {
		m := &messages[i]
		if v.turned {
			m = &messages[len(messages)-1-i]
		}
		if !slices.Contains(seen, m.Sender) {
			seen = append(seen, m.Sender)
		}
	}
	if len(seen) == 0 || v.d.SenderIDsAsList || v.d.second {
		j.OpenList()
		for _, id := range seen {
			j.Int(int64(id))
		}
		j.CloseList()
		return
	}
	j.Open()
	for _, id := range seen {
		j.Key(strconv.FormatInt(int64(id), 10)).Int(int64(id))
	}
	j.Close()
}

func (v *view) writeRecipient(j *wprest.JSON, thread messaging.ConversationID, r *messaging.Recipient) {
	name, deleted := r.Member.StoredName, r.Deleted
	if !r.Member.Exists && v.d.masks() {
		name, deleted = wpauth.DeletedUserName, deleted || v.d.second
	}
	j.Open()
	j.Key("id").Int(r.RowID)
	j.Key("is_deleted")
	v.writeFlag(j, deleted)
	j.Key("name").Str(name)
	j.Key("sender_only")
	v.writeFlag(j, r.SenderOnly)
	j.Key("thread_id").Int(int64(thread))
	j.Key("unread_count").Int(int64(r.Unread))
	j.Key("user_id").Int(int64(r.User))
	j.Key("user_link").Str(v.userLink(r.Member))
	v.writeAvatars(j, r.Member)
	j.Close()
}

// writeFlag writes a truth as each version does.
func (v *view) writeFlag(j *wprest.JSON, b bool) {
	if v.d.second {
		j.Bool(b)
	} else {
		j.Int(flag(b))
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (v *view) writeMessage(j *wprest.JSON, m *messaging.ThreadMessage) {
	j.Open()
	j.Key("id").Int(int64(m.ID))
	j.Key("thread_id").Int(int64(m.Thread))
	j.Key("sender_id").Int(int64(m.Sender))
	j.Key("subject")
	v.writeText(j, subjectText, m.Subject)
	j.Key("message")
	v.writeText(j, messageText, v.words(m))
	j.Key("date_sent")
	if v.d.second {
		v.writeDate(j, m.At, v.site.Location)
		j.Key("date_sent_gmt")
	}
	v.writeDate(j, m.At, time.UTC)
	if v.d.stars() {
		j.Key("is_starred").Bool(m.Starred)
	}
	v.writeFields(j, m.Fields)
	j.Close()
}

// writeLinks writes _links. The star routes are each under its message's id, in
// version 2 all under one name.
func (v *view) writeLinks(j *wprest.JSON, id string, t *messaging.Thread) {
	base := v.root + v.d.namespace + "/messages/"
	j.Key("_links").Open()
	j.Key("self").OpenList().Open()
	j.Key("href").Str(base + id)
	if !v.d.second || v.takesPart(t) {
		j.Key("targetHints").Open().Key("allow")
		texts(j, itemMethods)
		j.Close()
	}
	j.Close().CloseList()
	j.Key("collection").OpenList().Open().Key("href").Str(base).Close().CloseList()
	if v.d.stars() && len(t.Messages) > 0 {
		if v.d.second {
			j.Key("star-messages").OpenList()
		}
		for i := range t.Messages {
			id := strconv.FormatInt(int64(t.Messages[i].ID), 10)
			if !v.d.second {
				j.Key(id).OpenList()
			}
			j.Open().Key("href").Str(base + v.d.StarredSlug + "/" + id).Close()
			if !v.d.second {
				j.CloseList()
			}
		}
		if v.d.second {
			j.CloseList()
		}
	}
	j.Close()
}

// itemMethods are the methods of a thread. In version 1 whoever is answered a thread
// may use all of them.
var itemMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// takesPart reports whether the caller, who may be a moderator looking for somebody
// else, has a place in a thread. Whoever asks for themselves has.
func (v *view) takesPart(t *messaging.Thread) bool {
	if v.own {
		return true
	}
	for i := range t.Recipients {
		if t.Recipients[i].User == v.caller {
			return !t.Recipients[i].Deleted
		}
	}
	return false
}
