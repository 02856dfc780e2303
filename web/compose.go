package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"parley/messaging"
	"parley/wpauth"
)

// showComposer shows the form for a new message, ?to= filled in.
func (q *request) showComposer() {
	to := strings.TrimSpace(q.r.URL.Query().Get("to"))
	v := &composeView{To: to, Form: q.form("", "")}
	notice, status := "", http.StatusOK
	if to != "" {
		members, err := q.recipients(to)
		if err != nil {
			_, notice = q.explain(err)
		}
		v.ToNames, v.members = names(members), members
	}
	q.composer(status, notice, v)
}

func (q *request) composer(status int, notice string, v *composeView) {
	p, err := q.newPage(q.words.T("page.new_message"), 0)
	if err != nil {
		q.fail(err)
		return
	}
	if v.Closed, err = q.startClosed(); err != nil {
		q.fail(err)
		return
	}
	p.Compose, p.Notice, p.Narrow = v, notice, true
	p.Element.To = v.To
	if p.Element.ToMembers, err = chosen(v.members); err != nil {
		q.fail(err)
		return
	}
	q.renderInbox(status, p)
}

// chosen tells the element who is meant by ?to=, in the shape of a suggestion; "" for
// nobody. It could look them up itself, but for logins shorter than a look-up may be.
func chosen(members []wpauth.Member) (string, error) {
	if len(members) == 0 {
		return "", nil
	}
	type suggestion struct {
		ID        int64  `json:"id"`
		Login     string `json:"login"`
		Name      string `json:"display_name"`
		AvatarURL string `json:"avatar_url"`
	}
	var list []suggestion
	for _, m := range members {
		list = append(list, suggestion{int64(m.ID), m.Login, m.Name(), m.AvatarURL})
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// startClosed is a sentence about why the viewer cannot start anything, "" if they can.
func (q *request) startClosed() (string, error) {
	me, err := q.me()
	if err != nil {
		return "", err
	}
	return me.StartClosed, nil
}

// recipients finds the members a To field names: logins, with commas or spaces
// between them.
func (q *request) recipients(to string) ([]wpauth.Member, error) {
	logins := strings.FieldsFunc(to, func(r rune) bool { return r == ',' || r == ';' || r == '\n' })
	var members []wpauth.Member
	for _, login := range logins {
		login = strings.TrimPrefix(strings.TrimSpace(login), "@")
		if login == "" {
			continue
		}
		if len(members) == q.Limits.Members {
			return nil, messaging.Refuse(messaging.Invalid,
				q.words.N("page.too_many", int64(q.Limits.Members)))
		}
		m, err := q.FindLogin(q.ctx, login)
		if err != nil {
			return nil, err
		}
		if !m.Exists {
			return nil, messaging.Refuse(messaging.Invalid, q.words.T("page.user_not_found", "login", login))
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return nil, messaging.Refuse(messaging.Invalid, q.words.T("page.no_recipient"))
	}
	return members, nil
}

func names(members []wpauth.Member) string {
	var n []string
	for _, m := range members {
		n = append(n, m.Name())
	}
	return strings.Join(n, ", ")
}

// start starts a conversation, or goes on with the one two people have.
func (q *request) start() {
	v := &composeView{To: q.field("to"), Title: q.field("title"), Form: q.form(q.field("message"), q.field("client_id"))}
	err := q.mayWrite()
	var members []wpauth.Member
	if err == nil {
		members, err = q.recipients(v.To)
	}
	if err == nil {
		in := messaging.StartInput{Title: strings.TrimSpace(v.Title), Content: v.Form.Text, ClientID: q.field("client_id")}
		for _, m := range members {
			in.Recipients = append(in.Recipients, m.ID)
		}
		var res messaging.StartResult
		if res, err = q.Messenger.Start(q.ctx, q.actor, in); err == nil {
			q.redirect(http.StatusSeeOther, q.threadURL(res.Conversation.ID))
			return
		}
	}
	status, notice := q.explain(err)
	v.ToNames = names(members)
	q.composer(status, notice, v)
}
