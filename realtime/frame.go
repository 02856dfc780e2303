package realtime

import (
	"encoding/json"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// Version is the version of the protocol: the first number a client is told.
const Version = 1

// Frame is one thing told, shared by everybody it is told to: never changed after it
// was made.
type Frame struct {
	// Type is the frame's type; "" for a ping of the transport.
	Type string
	// Body is the JSON object, in one line.
	Body []byte
	// ID is the position to resume behind; "" for what is not stored.
	ID string

	position int64
	at       time.Time // when the event was committed; zero for what is not stored
	message  messageOf // of what tells a message
}

// messageOf is which message a frame tells.
type messageOf struct {
	conversation messaging.ConversationID
	seq          int64 // 0: none
	sender       wpauth.UserID
}

// ping asks a sink to find out whether the client is still there.
var ping = &Frame{}

// stamp is what every stored frame begins with.
type stamp struct {
	Type         string                   `json:"type"`
	Position     string                   `json:"position"`
	At           string                   `json:"at"`
	Conversation messaging.ConversationID `json:"conversation,omitempty"` // 0: about none
}

// The stored frames.
type (
	messageCreated struct {
		stamp
		Seq     int64           `json:"seq"`
		Message json.RawMessage `json:"message"`
	}
	conversationCreated struct {
		stamp
		Kind    string          `json:"kind"`
		By      wpauth.UserID   `json:"by"`
		Members []wpauth.UserID `json:"members"`
	}
	conversationChanged struct {
		stamp
		Change string `json:"change"`
	}
	memberLeft struct {
		stamp
		Member wpauth.UserID `json:"member"`
		Seq    int64         `json:"seq"`
	}
	readMoved struct {
		stamp
		Member  wpauth.UserID       `json:"member"`
		Seq     int64               `json:"seq"`
		Message messaging.MessageID `json:"message"` // 0: none
	}
	settingChanged struct {
		stamp
		Setting string `json:"setting"`
		Value   bool   `json:"value"`
	}
	preferencesChanged struct {
		stamp
		messaging.PreferencesChanged
	}
)

// The frames that are not stored.
type (
	hello struct {
		Type     string        `json:"type"`
		Version  int           `json:"version"`
		Member   wpauth.UserID `json:"member"`
		Position string        `json:"position"`
		Resumed  bool          `json:"resumed"`
		Ping     int           `json:"ping"`
	}
	reset struct {
		Type     string   `json:"type"`
		Position string   `json:"position"`
		Reason   string   `json:"reason"`
		Reload   []string `json:"reload"`
	}
	positionOnly struct {
		Type     string `json:"type"`
		Position string `json:"position"`
	}
	unreadCount struct {
		Type  string `json:"type"`
		Count int    `json:"count"`
	}
	closing struct {
		Type   string `json:"type"`
		Code   int    `json:"code"`
		Reason string `json:"reason"`
		Retry  int64  `json:"retry"`
	}
)

// reloads is what a client loads anew after a reset.
var reloads = []string{"conversations", "messages", "unread"}

// encode makes a frame that is not stored.
func encode(kind string, v any) *Frame {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only types of this package, which can be written
	}
	return &Frame{Type: kind, Body: body}
}

// Close is the frame that goes before a connection's end. Retry is in milliseconds; -1:
// not without a change.
func (e *Ending) Close() *Frame {
	retry := e.Retry.Milliseconds()
	if e.Retry < 0 {
		retry = -1
	}
	return encode("close", closing{"close", e.Code, e.Reason, retry})
}

// facts are what a frame tells beside the event itself: of a message its JSON, of a read
// position the message there.
type facts struct {
	shape []byte
	read  messaging.MessageID
}

// frame makes the frame of a delivery; nil when there is nothing to tell, as of a
// message that was purged meanwhile.
func (h *Hub) frame(d *messaging.Delivery, known facts) *Frame {
	s := stamp{Position: h.positions.Token(d.Position), At: d.At.UTC().Format("2006-01-02T15:04:05.000Z"), Conversation: d.Conversation}
	var v any
	setting := func(name string, value bool) { s.Type = "settings"; v = settingChanged{s, name, value} }
	changed := func(what string) { s.Type = "conversation.changed"; v = conversationChanged{s, what} }
	switch p := d.Detail.(type) {
	case messaging.ConversationCreated:
		s.Type = "conversation.created"
		v = conversationCreated{s, p.Type, d.Actor, p.Participants}
	case messaging.MessageSent:
		if known.shape == nil {
			return nil
		}
		s.Type = "message.created"
		v = messageCreated{s, p.Seq, known.shape}
	case messaging.MemberLeft:
		s.Type = "member.left"
		v = memberLeft{s, d.Actor, p.Seq}
	case messaging.Renamed:
		changed("title")
	case messaging.Erased:
		changed("members")
	case messaging.Purged:
		changed("removed")
	case messaging.ReadMoved:
		s.Type = "read"
		v = readMoved{s, d.Actor, p.Seq, known.read}
	case messaging.SettingChanged:
		name := "muted"
		if d.Kind == messaging.EventArchived {
			name = "archived"
		}
		setting(name, p.Value)
	case messaging.PreferencesChanged:
		s.Type = "preferences"
		v = preferencesChanged{s, p}
	case messaging.BlockChanged:
		setting("blocked", p.Value)
	default:
		switch d.Kind {
		case messaging.EventMarkedUnread:
			setting("unread", true)
		case messaging.EventDeleted:
			setting("deleted", true)
		default:
			return nil
		}
	}
	f := encode(s.Type, v)
	f.ID, f.position, f.at = s.Position, d.Position, d.At
	if p, sent := d.Detail.(messaging.MessageSent); sent {
		f.message = messageOf{d.Conversation, p.Seq, d.Actor}
	}
	return f
}
