package web

import (
	"fmt"
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
		v.ToNames = names(members)
	}
	q.composer(status, notice, v)
}

func (q *request) composer(status int, notice string, v *composeView) {
	p, err := q.newPage("New message", 0)
	if err != nil {
		q.fail(err)
		return
	}
	if v.Closed, err = q.mayNotStart(); err != nil {
		q.fail(err)
		return
	}
	p.Compose, p.Notice = v, notice
	q.render(status, "page.html", p)
}

// mayNotStart says beforehand that the viewer's trust level is too low (contract 6).
func (q *request) mayNotStart() (string, error) {
	jetonomy := q.Directory.Features().Jetonomy
	if q.actor.Bypass || q.MinTrustLevel <= 0 || !jetonomy && len(q.RoleTrust) == 0 {
		return "", nil
	}
	level := q.RoleTrust.Level(q.actor.Roles)
	if jetonomy {
		me, err := q.Directory.Members(q.ctx, []wpauth.UserID{q.viewer.UserID})
		if err != nil {
			return "", err
		}
		level = me[q.viewer.UserID].TrustLevel
	}
	if level < q.MinTrustLevel {
		return sentences[messaging.TrustTooLow].text, nil
	}
	return "", nil
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
				fmt.Sprintf("A conversation can have up to %d members.", q.Limits.Members))
		}
		m, err := q.FindLogin(q.ctx, login)
		if err != nil {
			return nil, err
		}
		if !m.Exists {
			return nil, messaging.Refuse(messaging.Invalid, "User not found: "+login)
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return nil, messaging.Refuse(messaging.Invalid, "Please enter a recipient.")
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
