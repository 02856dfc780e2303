package personal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"parley/messaging"
)

// Version is the format's number; it rises when a field changes its meaning.
const Version = 1

// JSON writes the data as one JSON object; docs/operations.md describes it.
type JSON struct {
	w             *bufio.Writer
	conversations int
	messages      int
}

// NewJSON makes a writer of JSON.
func NewJSON(w io.Writer) *JSON { return &JSON{w: bufio.NewWriterSize(w, 1<<16)} }

type jsonHead struct {
	Format    string       `json:"format"`
	Version   int          `json:"version"`
	Generated string       `json:"generated_at"`
	Member    jsonMember   `json:"member"`
	Settings  jsonSettings `json:"settings"`
	Reports   []jsonReport `json:"reports"`
}

type jsonMember struct {
	ID     int64  `json:"id"`
	Login  string `json:"login"`
	Name   string `json:"name"`
	Exists bool   `json:"has_account"`
	Seen   string `json:"last_seen_at,omitempty"`
}

type jsonSettings struct {
	NotifyWeb   *bool `json:"notify_web"`
	NotifyEmail *bool `json:"notify_email"`
	Presence    *bool `json:"presence"`
	Receipts    *bool `json:"receipts"`
	Typing      *bool `json:"typing"`
}

type jsonReport struct {
	ID           int64  `json:"id"`
	About        person `json:"about"`
	Conversation int64  `json:"conversation_id"`
	Message      int64  `json:"message_id"`
	Reason       string `json:"reason"`
	Description  string `json:"description"`
	At           string `json:"created_at"`
}

type jsonConversation struct {
	ID      int64      `json:"id"`
	Type    string     `json:"type"`
	Title   string     `json:"title"`
	At      string     `json:"created_at"`
	Started bool       `json:"started_by_me"`
	Others  []person   `json:"others"`
	Place   *jsonPlace `json:"place"`
	Blocked []person   `json:"blocked_by_me"`
	Stars   []jsonStar `json:"starred_messages_of_others"`
}

type jsonPlace struct {
	State    string `json:"state"`
	Joined   string `json:"joined_at"`
	Left     string `json:"left_at"`
	LastRead string `json:"last_read_at"`
	Unread   int    `json:"unread_count"`
	Muted    bool   `json:"muted"`
	Archived bool   `json:"archived"`
}

type jsonStar struct {
	Message int64  `json:"message_id"`
	Sender  person `json:"sender"`
	At      string `json:"sent_at"`
}

type jsonMessage struct {
	ID      int64  `json:"id"`
	At      string `json:"sent_at"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	Stored  string `json:"stored,omitempty"` // where it is not the text
	Starred bool   `json:"starred,omitempty"`
}

// Begin implements messaging.PersonalWriter.
func (j *JSON) Begin(p *messaging.Personal) error {
	head := jsonHead{Format: "parley-personal-data", Version: Version, Generated: stamp(p.At),
		Member:   jsonMember{int64(p.Member.ID), p.Member.Login, p.Member.Name(), p.Member.Exists, stamp(p.LastSeen)},
		Settings: jsonSettings{p.NotifyWeb, p.NotifyEmail, p.Presence, p.Receipts, p.Typing}, Reports: []jsonReport{}}
	for _, r := range p.Reports {
		head.Reports = append(head.Reports, jsonReport{r.ID, personOf(r.About), int64(r.Conversation), int64(r.Message), r.Reason, r.Description, stamp(r.At)})
	}
	return j.open(head, `,"conversations":[`)
}

// Conversation implements messaging.PersonalWriter.
func (j *JSON) Conversation(c *messaging.PersonalConversation) error {
	if err := j.closeConversation(); err != nil {
		return err
	}
	if j.conversations > 0 {
		if err := j.text(","); err != nil {
			return err
		}
	}
	j.conversations++
	out := jsonConversation{ID: int64(c.ID), Type: c.Type.String(), Title: c.Title, At: stamp(c.CreatedAt), Started: c.Started,
		Others: peopleOf(c.Others), Blocked: peopleOf(c.Blocked), Stars: []jsonStar{}}
	if me := c.Me; me != nil {
		out.Place = &jsonPlace{state(me), stamp(me.JoinedAt), stamp(me.LeftAt), stamp(me.LastReadAt), me.Unread, me.Muted, me.Archived}
	}
	for _, s := range c.Stars {
		out.Stars = append(out.Stars, jsonStar{int64(s.Message), personOf(s.Sender), stamp(s.At)})
	}
	if err := j.text("\n"); err != nil {
		return err
	}
	return j.open(out, `,"messages":[`)
}

// Message implements messaging.PersonalWriter.
func (j *JSON) Message(m *messaging.PersonalMessage) error {
	out := jsonMessage{ID: int64(m.ID), At: stamp(m.At), Subject: m.Subject, Text: m.Text, Starred: m.Starred}
	if m.Stored != m.Text {
		out.Stored = m.Stored
	}
	line, err := encode(out)
	if err != nil {
		return err
	}
	separator := "\n  "
	if j.messages > 0 {
		separator = ",\n  "
	}
	j.messages++
	return j.text(separator, string(line))
}

// End implements messaging.PersonalWriter.
func (j *JSON) End() error {
	if err := j.closeConversation(); err != nil {
		return err
	}
	if err := j.text("\n]}\n"); err != nil {
		return err
	}
	return j.w.Flush()
}

func (j *JSON) closeConversation() error {
	if j.conversations == 0 {
		return nil
	}
	j.messages = 0
	return j.text("]}")
}

// open writes an object without its last bracket, and what follows instead.
func (j *JSON) open(v any, then string) error {
	line, err := encode(v)
	if err != nil {
		return err
	}
	return j.text(string(line[:len(line)-1]), then)
}

func (j *JSON) text(parts ...string) error {
	for _, s := range parts {
		if _, err := j.w.WriteString(s); err != nil {
			return err
		}
	}
	return nil
}

// encode is json.Marshal that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}
