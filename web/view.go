package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/messaging"
	"parley/wpauth"
	"parley/wptext"
)

// page is what the template page.html shows: the list, and beside it a thread, the
// composer, or nothing.
type page struct {
	frame
	Notice  string // a sentence about what went wrong
	Missing string // why the thread asked for is not there
	List    listView
	Thread  *threadView
	Compose *composeView
}

type listView struct {
	Rows         []rowView
	Archived     bool
	Newer, Older string // addresses, "" for none
}

type rowView struct {
	URL, Title, Preview string
	Avatar              avatarView
	Ago, At             string
	Unread, Selected    bool
}

type threadView struct {
	URL, Title string
	Group      bool
	Members    []avatarView
	Older      string
	Messages   []messageView
	// Closed says why nothing can be sent; "" shows the form.
	Closed string
	Form   formView
}

type messageView struct {
	Name    string
	Avatar  avatarView
	HTML    template.HTML
	Plain   string
	At, ISO string
	Day     string // set on the first message of a day
	Own     bool
	System  bool
}

type composeView struct {
	To, ToNames, Title string
	Closed             string
	Form               formView
	members            []wpauth.Member // those To names
}

// formView is what every form carries: the text typed so far, a nonce, and an id by
// which a form sent twice is one message.
type formView struct {
	Text, Nonce, ClientID string
	MaxLength             int
}

type avatarView struct{ URL, Initials, Name string }

func avatar(m wpauth.Member) avatarView {
	return avatarView{m.AvatarURL, initials(m.Name()), m.Name()}
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return strings.ToUpper(string([]rune(words[0])[:1]))
	}
	return strings.ToUpper(string([]rune(words[0])[:1]) + string([]rune(words[len(words)-1])[:1]))
}

func (q *request) row(c *messaging.Conversation, selected messaging.ConversationID) rowView {
	at := c.LastAt
	if at.IsZero() {
		at = c.CreatedAt
	}
	v := rowView{
		URL: q.threadURL(c.ID), Title: c.ShownTitle(q.viewer.UserID), Preview: c.Preview,
		Ago: q.words.ago(q.Now().Sub(at)), At: q.dateTime(at),
		Unread: c.Me != nil && c.Me.Unread > 0, Selected: c.ID == selected,
	}
	// A group is known by its first letter.
	v.Avatar = avatarView{Initials: string([]rune(initials(v.Title))[:1]), Name: v.Title}
	if c.Type == messaging.Direct {
		for i := range c.Participants {
			if p := &c.Participants[i]; p.User != q.viewer.UserID {
				v.Avatar = avatar(p.Member)
			}
		}
	}
	return v
}

func (q *request) message(m *messaging.Message, before time.Time) messageView {
	at := m.CreatedAt.In(zone(q.site))
	v := messageView{
		Name: m.Member.Name(), Avatar: avatar(m.Member), Plain: m.Plain,
		At: wpauth.FormatTime(q.site, m.CreatedAt), ISO: m.CreatedAt.UTC().Format(time.RFC3339),
		Own: m.Sender == q.viewer.UserID, System: m.Kind == messaging.KindSystem,
	}
	if before.IsZero() || before.In(zone(q.site)).YearDay() != at.YearDay() || before.In(zone(q.site)).Year() != at.Year() {
		v.Day = q.words.date(q.site, m.CreatedAt)
	}
	if v.Own {
		v.Name = q.words.T("page.you")
	}
	if !v.System {
		// Render lets nothing through but its own short list of tags.
		v.HTML = template.HTML(wptext.Render(m.Content))
	}
	return v
}

func (q *request) dateTime(t time.Time) string {
	return q.words.date(q.site, t) + ", " + wpauth.FormatTime(q.site, t)
}

func (q *request) threadURL(id messaging.ConversationID) string {
	return q.base + strconv.FormatInt(int64(id), 10) + "/"
}

// listURL is the address of a page of the list.
func (q *request) listURL(archived bool, n int64) string {
	v := url.Values{}
	if archived {
		v.Set("filter", "archived")
	}
	if n > 1 {
		v.Set("page", strconv.FormatInt(n, 10))
	}
	return withQuery(q.base, v.Encode())
}
