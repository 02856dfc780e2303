package api

import (
	"strconv"
	"strings"

	"parley/messaging"
	"parley/wprest"
)

// Spellings of one meaning, in the order in which they win (contract 1.0).
var (
	muteFlag = wprest.Arg{Name: "muted", Aliases: []string{"is_muted"}, Type: wprest.TypeBool,
		Description: "Whether notifications of the conversation are off. Absent: toggle."}
	mutePatch = wprest.Arg{Name: "is_muted", Aliases: []string{"muted"}, Type: wprest.TypeBool,
		Description: "Whether notifications of the conversation are off."}
	archiveFlag = wprest.Arg{Name: "archived", Aliases: []string{"is_archived"}, Type: wprest.TypeBool,
		Description: "Whether the conversation is archived. Absent: toggle."}
	blockFlag = wprest.Arg{Name: "blocked", Aliases: []string{"is_blocked"}, Type: wprest.TypeBool,
		Description: "Whether the other side is blocked here. Absent: toggle."}
	clientID = wprest.Arg{Name: "client_id", Type: wprest.TypeCustom, Parse: parseClientID,
		Description: "Made by the client, up to 64 visible ASCII characters: a repeated request with the same id sends nothing twice. The header Idempotency-Key serves too."}
)

// pageSize is limit, also spelled per_page.
func pageSize(standard int64) wprest.Arg {
	return wprest.Arg{Name: "limit", Aliases: []string{"per_page"}, Type: wprest.TypeInt, Default: standard,
		Min: wprest.Bound(1), Max: wprest.Bound(100), Description: "Maximum number of items in the answer."}
}

// text is the text of a message under its spellings.
func text(name string, aliases ...string) wprest.Arg {
	return wprest.Arg{Name: name, Aliases: aliases, Type: wprest.TypeString, Required: true,
		Description: "Text of the message; may contain simple HTML."}
}

// jetonomyRoutes are the routes of contract 1.1.
func (s *server) jetonomyRoutes() []wprest.Route {
	settings, write := s.mutation(messaging.GateSettings), s.mutation(messaging.GateWrite)
	get := func(h func(*wprest.Call) error, args ...wprest.Arg) wprest.Endpoint {
		return wprest.Endpoint{Methods: []string{"GET"}, Gate: s.member, Args: args, Handle: h}
	}
	change := func(method string, gate, h func(*wprest.Call) error, args ...wprest.Arg) wprest.Endpoint {
		return wprest.Endpoint{Methods: []string{method}, Gate: gate, Args: args, Handle: h}
	}
	route := func(pattern string, endpoints ...wprest.Endpoint) wprest.Route {
		r := wprest.Route{Namespace: "jetonomy/v1", Pattern: pattern, Endpoints: endpoints, Conditional: true}
		switch pattern {
		case "/conversations", "/conversations/{id}":
			r.Schema = conversationSchema
		case "/conversations/{id}/messages":
			r.Schema = messageSchema
		}
		return r
	}
	return []wprest.Route{
		route("/conversations/unread-count", get(s.unreadCount)),
		route("/conversations",
			get(s.listConversations, pageSize(20),
				wprest.Arg{Name: "after", Type: wprest.TypeInt, Min: wprest.Bound(0), Description: "The next offset, as cursor_next told it."},
				wprest.Arg{Name: "offset", Type: wprest.TypeInt, Min: wprest.Bound(0), Description: "Number of items to leave out."},
				wprest.Arg{Name: "page", Type: wprest.TypeInt, Min: wprest.Bound(1), Description: "Page of the list."},
				wprest.Arg{Name: "filter", Type: wprest.TypeString, Description: "Which conversations.",
					Enum: []string{"active", "archived", "all", "unread", "direct", "group"}},
				wprest.Arg{Name: "archived", Type: wprest.TypeBool, Description: "True without filter: archived ones too."},
				wprest.Arg{Name: "search", Type: wprest.TypeString, Trim: true, MaxRunes: s.Limits.SearchRunes,
					Description: "Text to find in titles, members' names and one's messages."}),
			change("POST", write, s.startConversation,
				wprest.Arg{Name: "recipient_ids", Aliases: []string{"recipients", "participants"}, Type: wprest.TypeInts,
					Required: true, Min: wprest.Bound(1), Description: "The members to write to."},
				text("message", "content", "body"),
				wprest.Arg{Name: "title", Type: wprest.TypeString, Description: "Title of a group."},
				wprest.Arg{Name: "type", Type: wprest.TypeString, Enum: []string{"direct", "group"}, Description: "Absent: by the number of recipients."},
				clientID)),
		route("/conversations/{id}",
			get(s.getConversation),
			change("PATCH", settings, s.patchConversation, mutePatch, archiveFlag,
				wprest.Arg{Name: "title", Type: wprest.TypeString, Description: "New title of a group; empty clears it."}),
			change("DELETE", settings, s.leaveConversation)),
		route("/conversations/{id}/messages",
			get(s.listMessages, pageSize(30), cursorArg("before", "Only messages older than this one."),
				cursorArg("after", "Only messages newer than this one."),
				wprest.Arg{Name: "order", Type: wprest.TypeString, Enum: []string{"asc", "desc"}, Description: "Order by id."},
				wprest.Arg{Name: "mark_read", Type: wprest.TypeBool, Default: true, Description: "Whether what is returned counts as read."}),
			change("POST", write, s.sendMessage, text("content", "message", "body"), clientID)),
		route("/conversations/{id}/mute", change("POST", settings, s.muteConversation, muteFlag)),
		route("/conversations/{id}/archive", change("POST", settings, s.archiveConversation, archiveFlag)),
		route("/conversations/{id}/leave", change("POST", settings, s.leaveConversation)),
		route("/conversations/{id}/block", change("POST", settings, s.blockConversation, blockFlag)),
		route("/conversations/{id}/read", change("POST", settings, s.readConversation)),
		route("/conversations/{id}/report", change("POST", s.mutation(messaging.GateReport), s.reportConversation,
			wprest.Arg{Name: "reason", Type: wprest.TypeString, Default: "other", Description: "Why.",
				Enum: []string{"spam", "offensive", "off_topic", "harassment", "other"}},
			wprest.Arg{Name: "description", Type: wprest.TypeString, Description: "In the member's own words."},
			wprest.Arg{Name: "message_id", Type: wprest.TypeInt, Min: wprest.Bound(0), Description: "A message of the thread; needed in a group."})),
		route("/messaging/recipient-suggestions", get(s.suggest,
			wprest.Arg{Name: "q", Type: wprest.TypeString, Required: true, Trim: true, MinRunes: 3, MaxRunes: 64,
				Description: "Part of a name or login."},
			wprest.Arg{Name: "limit", Type: wprest.TypeInt, Default: int64(10), Min: wprest.Bound(1), Max: wprest.Bound(20),
				Description: "Maximum number of members in the answer."})),
	}
}

// cursorArg is a place in a thread: a message id or msg_<id>; 0 or empty is none.
func cursorArg(name, description string) wprest.Arg {
	return wprest.Arg{Name: name, Type: wprest.TypeCustom, Description: description, Parse: parseCursor}
}

func parseCursor(param string, v wprest.Value) (int64, *wprest.Fault) {
	if v.Kind == wprest.String {
		if v.Text == "" {
			return 0, nil
		}
		v.Text = strings.TrimPrefix(v.Text, "msg_")
	}
	if n, err := strconv.ParseUint(v.Text, 10, 63); err == nil {
		return int64(n), nil
	}
	return 0, &wprest.Fault{Param: param, Code: "rest_invalid_param", Message: param + " is not a message cursor."}
}

// maxClientID is the longest client-made id, in characters.
const maxClientID = 64

func parseClientID(param string, v wprest.Value) (int64, *wprest.Fault) {
	if v.Kind != wprest.String || !goodClientID(v.Text) {
		return 0, badClientID(param)
	}
	return 0, nil
}

func badClientID(param string) *wprest.Fault {
	return &wprest.Fault{Param: param, Code: "rest_invalid_pattern",
		Message: param + " must be 1 to 64 visible ASCII characters."}
}

func goodClientID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxClientID
}

// clientIDOf is the client-made id of a request: the field, else the header
// Idempotency-Key.
func clientIDOf(c *wprest.Call) (string, error) {
	if c.Args.Sent("client_id") {
		return c.Args.Value("client_id").Text, nil
	}
	header := c.HTTP.Header.Values("Idempotency-Key")
	if len(header) == 0 {
		return "", nil
	}
	if len(header) > 1 || !goodClientID(header[0]) {
		return "", wprest.InvalidParams(*badClientID("Idempotency-Key"))
	}
	return header[0], nil
}

// conversationID is the id of the path. Digits beyond int64 name nothing, as does 0.
func conversationID(c *wprest.Call) (messaging.ConversationID, error) {
	n, err := strconv.ParseInt(c.Path("id"), 10, 64)
	if err != nil || n == 0 {
		return 0, messaging.Refuse(messaging.NotFound, "")
	}
	return messaging.ConversationID(n), nil
}
