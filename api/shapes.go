package api

import (
	"strconv"
	"time"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
	"parley/wptext"
)

// view is what shapes depend on besides the thing shown: who looks, when, and the
// site's time of day.
type view struct {
	viewer wpauth.UserID // 0 on oversight reads
	now    time.Time
	site   *wpauth.Options
}

// conversation appends the members of a Conversation (contract 1.2) to an open
// object; in this order, the first fourteen being the app's exact set.
func (v *view) conversation(j *wprest.JSON, c *messaging.Conversation) {
	me := c.Me
	if me == nil {
		me = &messaging.Participant{}
	}
	updated := c.LastAt
	if updated.IsZero() {
		updated = c.CreatedAt
	}
	j.Key("id").Int(int64(c.ID))
	j.Key("title").Str(c.ShownTitle(v.viewer))
	j.Key("type").Str(typeName(c.Type))
	j.Key("created_by").Int(int64(creator(c)))
	j.Key("participants").OpenList()
	active := 0
	for i := range c.Participants {
		p := &c.Participants[i]
		if p.LeftAt.IsZero() {
			active++
		}
		v.participant(j, c, p)
	}
	j.CloseList()
	j.Key("last_message_at").Time(c.LastAt)
	j.Key("last_message_preview")
	preview(j, c)
	j.Key("message_count").Int(c.MessageCount)
	j.Key("unread").Bool(me.Unread > 0)
	j.Key("is_muted").Bool(me.Muted)
	j.Key("is_archived").Bool(me.Archived)
	j.Key("left_at").Time(me.LeftAt)
	j.Key("is_blocked").Bool(c.IBlocked)
	j.Key("created_at").Time(c.CreatedAt)
	j.Key("last_message")
	preview(j, c)
	j.Key("unread_count").Int(int64(me.Unread))
	j.Key("muted").Bool(me.Muted)
	j.Key("archived").Bool(me.Archived)
	j.Key("updated_at").Time(updated)
	j.Key("participant_count").Int(int64(active))
	j.Key("can_reply").Bool(c.CanReply())
}

func preview(j *wprest.JSON, c *messaging.Conversation) {
	if c.LastAt.IsZero() {
		j.Null()
		return
	}
	j.Str(c.Preview)
}

func typeName(t messaging.Type) string {
	if t == messaging.Group {
		return "group"
	}
	return "direct"
}

// creator is created_by: 0 when that account is known to be gone.
func creator(c *messaging.Conversation) wpauth.UserID {
	for i := range c.Participants {
		if c.Participants[i].User == c.CreatedBy && !c.Participants[i].Member.Exists {
			return 0
		}
	}
	return c.CreatedBy
}

// participant appends one member. Settings are private: they are told truthfully
// of the viewer alone, and a block only to whoever set it.
func (v *view) participant(j *wprest.JSON, c *messaging.Conversation, p *messaging.Participant) {
	own := p.User == v.viewer
	j.Open()
	j.Key("user_id").Int(int64(p.User))
	j.Key("id").Int(int64(p.User))
	j.Key("display_name").Str(p.Member.Name())
	j.Key("avatar").Str(p.Member.AvatarURL)
	j.Key("avatar_url").Str(p.Member.AvatarURL)
	j.Key("last_read_at").Time(p.LastReadAt)
	j.Key("is_muted").Bool(own && p.Muted)
	j.Key("is_archived").Bool(own && p.Archived)
	j.Key("left_at").Time(p.LeftAt)
	j.Key("is_blocked").Bool(!own && c.IBlocked)
	j.Key("joined_at").Time(p.JoinedAt)
	j.Key("login").Str(p.Member.Login)
	j.Key("user_login").Str(p.Member.Login)
	j.Key("trust_level").Int(int64(p.Member.TrustLevel))
	j.Key("is_online").Bool(online(&p.Member, v.now))
	j.Close()
}

func online(m *wpauth.Member, now time.Time) bool {
	return !m.LastSeenAt.IsZero() && m.LastSeenAt.After(now.Add(-wpauth.OnlineWindow))
}

// message appends the members of a Message (contract 1.2) to an open object.
func (v *view) message(j *wprest.JSON, m *messaging.Message) {
	sender := m.Sender
	if !m.Member.Exists {
		sender = 0
	}
	html := wptext.Render(m.Content)
	j.Key("id").Int(int64(m.ID))
	j.Key("conversation_id").Int(int64(m.Conversation))
	j.Key("sender_id").Int(int64(sender))
	j.Key("sender_name").Str(m.Member.Name())
	j.Key("sender_avatar").Str(m.Member.AvatarURL)
	j.Key("content")
	from := len(j.Bytes())
	j.Str(html)
	// The same text again below: quoting it once is a tenth of a thread page's JSON.
	quoted := j.Bytes()[from:]
	j.Key("content_plain").Str(m.Plain)
	j.Key("is_system").Bool(m.Kind == messaging.KindSystem)
	j.Key("created_at").Time(m.CreatedAt)
	j.Key("created_at_human").Str(wpauth.FormatTime(*v.site, m.CreatedAt))
	j.Key("sender")
	if sender == 0 {
		j.Null()
	} else {
		j.Open()
		j.Key("id").Int(int64(sender))
		j.Key("login").Str(m.Member.Login)
		j.Key("display_name").Str(m.Member.Name())
		j.Key("avatar").Str(m.Member.AvatarURL)
		j.Key("trust_level").Int(int64(m.Member.TrustLevel))
		j.Close()
	}
	j.Key("body").Raw(quoted)
	j.Key("cursor").Str(cursor(m.ID))
}

// cursor is a message's place in a thread as clients pass it on.
func cursor(id messaging.MessageID) string { return "msg_" + strconv.FormatInt(int64(id), 10) }

// suggestion appends one member of the composer's typeahead (contract 1.3, 12).
func suggestion(j *wprest.JSON, m *wpauth.Member) {
	j.Open()
	j.Key("id").Int(int64(m.ID))
	j.Key("user_login").Str(m.Login)
	j.Key("login").Str(m.Login)
	j.Key("handle").Str(m.Nicename)
	j.Key("display_name").Str(m.Name())
	j.Key("avatar_url").Str(m.AvatarURL)
	j.Key("avatar").Str(m.AvatarURL)
	j.Close()
}
