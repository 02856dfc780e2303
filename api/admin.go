package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
	"parley/wptext"
)

// adminRoutes are Parley's own addresses for those who may oversee everything
// (contract 3.9, 5.3). Every call is written into the audit log by messaging.
func (s *server) adminRoutes() []wprest.Route {
	page := wprest.Arg{Name: "page", Type: wprest.TypeInt, Default: int64(1), Min: wprest.Bound(1), Max: wprest.Bound(1 << 24),
		Description: "Page of the list."}
	perPage := wprest.Arg{Name: "per_page", Aliases: []string{"limit"}, Type: wprest.TypeInt, Default: int64(50),
		Min: wprest.Bound(1), Max: wprest.Bound(100), Description: "Maximum number of items in the answer."}
	route := func(pattern string, endpoints ...wprest.Endpoint) wprest.Route {
		return wprest.Route{Namespace: "parley/v1", Pattern: "/admin" + pattern, Endpoints: endpoints, Allow: adminAllow}
	}
	endpoint := func(method string, h func(*wprest.Call) error, args ...wprest.Arg) wprest.Endpoint {
		return wprest.Endpoint{Methods: []string{method}, Gate: s.oversight, Args: args, Handle: h}
	}
	routes := []wprest.Route{
		route("/conversations", endpoint("GET", s.overseeList, page, perPage,
			wprest.Arg{Name: "member", Type: wprest.TypeCustom, Parse: parseMember,
				Description: "Only this member's conversations: an id or a login."},
			moment("before", "Only conversations with their last activity before this moment."),
			moment("after", "Only conversations with their last activity after this moment."))),
		route("/conversations/{id}", endpoint("GET", s.overseeGet), endpoint("DELETE", s.purge)),
		route("/conversations/{id}/messages", endpoint("GET", s.overseeMessages, page, perPage)),
		route("/members/{id}/blocks", endpoint("GET", s.blocks)),
		route("/members/{id}/blocks/{other}", endpoint("DELETE", s.clearBlock)),
		route("/audit", endpoint("GET", s.audit, page, perPage)),
	}
	if s.Doctor != nil {
		routes = append(routes, route("/doctor", endpoint("GET", s.examine)))
	}
	return routes
}

// parseMember reads an id; 0 stands for a login, and for nothing sent at all.
func parseMember(param string, v wprest.Value) (int64, *wprest.Fault) {
	if v.Kind != wprest.String && v.Kind != wprest.Number {
		return 0, noMember(param)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v.Text), 10, 64)
	switch {
	case err == nil && n < 1:
		return 0, noMember(param)
	case err != nil && v.Kind == wprest.Number:
		return 0, noMember(param)
	}
	return n, nil
}

func noMember(param string) *wprest.Fault {
	return &wprest.Fault{Param: param, Code: "rest_invalid_param", Message: param + " is neither the id nor the login of a member."}
}

// overseenMember is the member a list is asked for, by id or login; the zero Member for
// everybody's. Ids of accounts that are gone serve as well.
func (s *server) overseenMember(c *wprest.Call) (wpauth.Member, error) {
	text := strings.TrimSpace(c.Args.Value("member").Text)
	if text == "" {
		return wpauth.Member{}, nil
	}
	if id := wpauth.UserID(c.Args.Int("member")); id > 0 {
		found, err := s.Directory.Members(c.Ctx, []wpauth.UserID{id})
		if err != nil {
			return wpauth.Member{}, err
		}
		m := found[id]
		m.ID = id
		return m, nil
	}
	if s.FindLogin == nil {
		return wpauth.Member{}, wprest.InvalidParams(*noMember("member"))
	}
	m, err := s.FindLogin(c.Ctx, strings.TrimPrefix(text, "@"))
	if err == nil && !m.Exists {
		err = wprest.InvalidParams(*noMember("member"))
	}
	return m, err
}

// adminAllow tells the methods to those who may use them.
func adminAllow(c *wprest.Call) []string {
	if who, ok := c.Caller.(*caller); !ok || !who.LoggedIn() || !who.id.Can("manage_options") {
		return nil
	}
	return c.Route.Methods()
}

// moment is a time: ISO 8601, or a day of the UTC calendar. The parsed value is in
// microseconds since 1970.
func moment(name, description string) wprest.Arg {
	return wprest.Arg{Name: name, Type: wprest.TypeCustom, Description: description,
		Parse: func(param string, v wprest.Value) (int64, *wprest.Fault) {
			if v.Kind == wprest.String {
				for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
					if t, err := time.Parse(layout, v.Text); err == nil && t.Year() >= 1970 {
						return t.UnixMicro(), nil
					}
				}
			}
			return 0, &wprest.Fault{Param: param, Code: "rest_invalid_date", Message: "Invalid date."}
		}}
}

func timeArg(a *wprest.Args, name string) time.Time {
	if !a.Sent(name) {
		return time.Time{}
	}
	return time.UnixMicro(a.Int(name)).UTC()
}

// pathMember is a member id of the path; digits beyond int64 name nobody.
func pathMember(c *wprest.Call, name string) wpauth.UserID {
	n, err := strconv.ParseInt(c.Path(name), 10, 64)
	if err != nil {
		return 0
	}
	return wpauth.UserID(n)
}

func (s *server) overseeList(c *wprest.Call) error {
	member, err := s.overseenMember(c)
	if err != nil {
		return err
	}
	q := messaging.OverseeQuery{Page: int(c.Args.Int("page")), PerPage: int(c.Args.Int("per_page")), Member: member.ID, Before: timeArg(c.Args, "before"), After: timeArg(c.Args, "after")}
	page, err := s.Messenger.OverseeList(c.Ctx, actor(c), q)
	if err != nil {
		return err
	}
	j := c.Out
	j.Open().Key("data").OpenList()
	for i := range page.Conversations {
		s.overseen(j, &page.Conversations[i])
	}
	j.CloseList()
	if member.ID != 0 {
		j.Key("member")
		suggestion(j, &member)
	}
	listMeta(c, len(page.Conversations), page.Total, q.PerPage, int64(q.Page-1)*int64(q.PerPage))
	j.Close()
	return nil
}

func (s *server) overseeGet(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	conv, err := s.Messenger.OverseeGet(c.Ctx, actor(c), id)
	if err != nil {
		return err
	}
	s.overseen(c.Out, conv)
	return nil
}

// overseen appends a conversation as an overseer sees it: with who is muted,
// archived and blocked, which members do not see of each other.
func (s *server) overseen(j *wprest.JSON, c *messaging.Conversation) {
	j.Open()
	j.Key("id").Int(int64(c.ID))
	j.Key("type").Str(typeName(c.Type))
	j.Key("title").Str(c.ShownTitle(0))
	j.Key("created_by").Int(int64(creator(c)))
	j.Key("created_at").Time(c.CreatedAt)
	j.Key("last_message_at").Time(c.LastAt)
	j.Key("last_message_preview")
	preview(j, c)
	j.Key("message_count").Int(c.MessageCount)
	active := int64(0)
	j.Key("participants").OpenList()
	for i := range c.Participants {
		p := &c.Participants[i]
		if p.LeftAt.IsZero() {
			active++
		}
		j.Open()
		j.Key("user_id").Int(int64(p.User))
		j.Key("login").Str(p.Member.Login)
		j.Key("display_name").Str(p.Member.Name())
		j.Key("avatar").Str(p.Member.AvatarURL)
		j.Key("joined_at").Time(p.JoinedAt)
		j.Key("left_at").Time(p.LeftAt)
		j.Key("last_read_at").Time(p.LastReadAt)
		j.Key("is_muted").Bool(p.Muted)
		j.Key("is_archived").Bool(p.Archived)
		j.Key("is_blocked").Bool(p.Blocked)
		j.Close()
	}
	j.CloseList()
	j.Key("participant_count").Int(active)
	j.Close()
}

func (s *server) overseeMessages(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	n, perPage := int(c.Args.Int("page")), int(c.Args.Int("per_page"))
	page, err := s.Messenger.OverseeMessages(c.Ctx, actor(c), id, n, perPage)
	if err != nil {
		return err
	}
	v, j := s.view(c), c.Out
	j.Open().Key("data").OpenList()
	for i := range page.Messages {
		j.Open()
		v.message(j, &page.Messages[i])
		j.Key("excerpt").Str(excerpt(page.Messages[i].Plain))
		j.Close()
	}
	j.CloseList()
	listMeta(c, len(page.Messages), int(page.Total), perPage, int64(n-1)*int64(perPage))
	j.Close()
	return nil
}

// excerptRunes is how much of a message the oversight page shows (contract 5.3).
const excerptRunes = 300

// excerpt is one line of a message, an ellipsis in the place of what is left out.
func excerpt(plain string) string {
	line := wptext.Preview(plain, excerptRunes+1)
	if utf8.RuneCountInString(line) <= excerptRunes {
		return line
	}
	return wptext.Preview(line, excerptRunes-1) + "…"
}

func (s *server) purge(c *wprest.Call) error {
	id, err := conversationID(c)
	if err != nil {
		return err
	}
	if err := s.Messenger.Purge(c.Ctx, actor(c), id); err != nil {
		return err
	}
	c.Out.Open().Key("deleted").Bool(true).Key("id").Int(int64(id)).Close()
	return nil
}

func (s *server) blocks(c *wprest.Call) error {
	list, err := s.Messenger.Blocks(c.Ctx, actor(c), pathMember(c, "id"))
	if err != nil {
		return err
	}
	j := c.Out
	j.Open().Key("data").OpenList()
	for i := range list {
		j.Open()
		j.Key("conversation_id").Int(int64(list[i].Conversation))
		j.Key("blocker")
		suggestion(j, &list[i].Blocker)
		j.Key("blocked")
		suggestion(j, &list[i].Blocked)
		j.Close()
	}
	j.CloseList()
	j.Key("meta").Open().Key("count").Int(int64(len(list))).Close()
	j.Close()
	return nil
}

func (s *server) clearBlock(c *wprest.Call) error {
	member, other := pathMember(c, "id"), pathMember(c, "other")
	n, err := s.Messenger.ClearBlock(c.Ctx, actor(c), member, other)
	if err != nil {
		return err
	}
	c.Out.Open().Key("deleted").Bool(n > 0).Key("cleared").Int(int64(n)).
		Key("member").Int(int64(member)).Key("other").Int(int64(other)).Close()
	return nil
}

func (s *server) audit(c *wprest.Call) error {
	q := messaging.AuditQuery{Page: int(c.Args.Int("page")), PerPage: int(c.Args.Int("per_page"))}
	page, err := s.Messenger.Audit(c.Ctx, actor(c), q)
	if err != nil {
		return err
	}
	var people []wpauth.UserID
	for _, e := range page.Entries {
		for _, id := range []wpauth.UserID{e.Actor, e.Member} {
			if id != 0 {
				people = append(people, id)
			}
		}
	}
	cards, err := s.Directory.Members(c.Ctx, people)
	if err != nil {
		return err
	}
	name := func(id wpauth.UserID) string {
		if id == 0 {
			return ""
		}
		return cards[id].Name()
	}
	j := c.Out
	j.Open().Key("data").OpenList()
	for i := range page.Entries {
		e := &page.Entries[i]
		j.Open()
		j.Key("id").Int(e.ID)
		j.Key("actor_id").Int(int64(e.Actor))
		j.Key("actor_login").Str(e.ActorLogin)
		j.Key("actor_name").Str(name(e.Actor))
		j.Key("action").Str(e.Action)
		j.Key("conversation_id").Int(int64(e.Conversation))
		j.Key("member_id").Int(int64(e.Member))
		j.Key("member_name").Str(name(e.Member))
		j.Key("detail")
		if json.Valid([]byte(e.Detail)) {
			j.Raw([]byte(e.Detail))
		} else {
			j.Null()
		}
		j.Key("ip").Str(e.IP)
		j.Key("request_id").Str(e.RequestID)
		j.Key("at").Time(e.At)
		j.Close()
	}
	j.CloseList()
	listMeta(c, len(page.Entries), page.Total, q.PerPage, int64(q.Page-1)*int64(q.PerPage))
	j.Close()
	return nil
}
