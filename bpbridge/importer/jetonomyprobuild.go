package importer

import (
	"database/sql"
	"html"
	"slices"
	"strings"
	"time"

	"parley/messaging/store"
	"parley/wptext"
)

// formatText is messaging.FormatText.
const formatText = 0

// jpBuilder makes a Thread of Jetonomy Pro's rows.
type jpBuilder struct {
	*jpThread
	out *Thread
}

// build makes the conversation (Jetonomy contract 4.7). Messages are in the order of
// their ids.
func (t *jpThread) build() *Thread {
	b := jpBuilder{t, &Thread{Findings: Findings{}, Also: t.also, ByID: true}}
	if t.id > 0 {
		b.out.ID = t.id
	} else {
		b.out.Findings.Add(ThreadIDs, 1)
	}
	if len(t.rows) == 0 {
		b.out.Findings.Add(NoConversationRow, 1)
	}
	b.out.Findings.Add(PairsMerged, len(t.also))
	b.buildMessages()
	b.buildHead()
	b.buildPeople()
	return b.out
}

func (b *jpBuilder) buildMessages() {
	c := &b.out.BulkConversation
	var at time.Time
	for i := range b.messages {
		if d, ok := parseDate(b.messages[i].date); ok {
			at = d
			break
		}
	}
	if at.IsZero() {
		at = b.begun()
	}
	c.Messages = make([]store.BulkMessage, len(b.messages))
	for i := range b.messages {
		m := &b.messages[i]
		out := store.BulkMessage{ID: m.id, Sender: m.sender, Format: formatText}
		original := store.Original{SourceMessage: m.id, Message: m.id}
		if d, ok := parseDate(m.date); ok {
			at = d
		} else {
			b.out.Findings.Add(DatesReplaced, 1)
			original.DateSent = sql.NullString{String: seconds(m.date), Valid: true}
		}
		out.At = at
		if m.sender == 0 && !m.system {
			b.out.Findings.Add(ErasedSenders, 1)
		}
		var odd bool
		if out.Content, odd = b.text(m.content, "content"); odd {
			original.Content = m.content
		}
		if m.escaped {
			out.Content = html.EscapeString(out.Content)
		}
		out.Plain = wptext.Plain(out.Content)
		if m.system {
			out.Kind = 1
		} else {
			out.Body = wptext.Fold(out.Plain)
			c.Preview = wptext.Preview(out.Plain, textRunes)
		}
		c.Messages[i] = out
		if original.DateSent.Valid || original.Content != nil {
			c.Originals = append(c.Originals, original)
		}
	}
}

// text makes text of stored bytes; odd tells that it is not those.
func (b *jpBuilder) text(stored []byte, column string) (text string, odd bool) {
	text, kind := toText(stored, b.source.messages.isLatin1(column))
	switch kind {
	case textConverted:
		b.out.Findings.Add(TextsConverted, 1)
	case textRepaired:
		b.out.Findings.Add(BytesReplaced, 1)
	}
	if len(text) > contentBytes {
		text = strings.ToValidUTF8(text[:contentBytes], "")
		b.out.Findings.Add(TextsShortened, 1)
		return text, true
	}
	return text, kind != textAsIs
}

// begun is when the conversation began by its own row, else the beginning of time.
func (b *jpBuilder) begun() time.Time {
	if len(b.rows) > 0 {
		if at, ok := parseDate(b.rows[0].createdAt); ok {
			return at
		}
	}
	return time.Unix(0, 0).UTC()
}

// buildHead fills what the conversation's own row says, and what stands for it where
// there is none.
func (b *jpBuilder) buildHead() {
	c := &b.out.BulkConversation
	c.CreatedAt = b.begun()
	if c.CreatedAt.Unix() == 0 && len(c.Messages) > 0 {
		c.CreatedAt = c.Messages[0].At
	}
	switch {
	case len(b.rows) > 0 && b.source.conversations.has("created_by"):
		c.CreatedBy = b.rows[0].createdBy
	case len(c.Messages) > 0:
		c.CreatedBy = c.Messages[0].Sender
	}
	if len(b.rows) > 0 {
		title, _ := toText(b.rows[0].title, b.source.conversations.isLatin1("title"))
		c.Title = wptext.Preview(strings.TrimSpace(title), textRunes)
	}
}

// buildPeople makes a participant of each member, one who left of each sender without a
// row, and of a direct conversation's other side that is gone an empty seat.
func (b *jpBuilder) buildPeople() {
	c := &b.out.BulkConversation
	place := map[int64]int{}
	from := map[int64][]jpPerson{}
	for _, p := range b.people {
		if p.user <= 0 {
			b.out.Findings.Add(ForeignUsers, 1)
			continue
		}
		rows := from[p.user]
		if n := len(rows); n > 0 && rows[n-1].conversation == p.conversation {
			b.out.Findings.Add(DuplicateRows, 1)
			rows[n-1] = p
			continue
		}
		if rows == nil {
			place[p.user] = len(c.People)
			c.People = append(c.People, store.BulkPerson{User: p.user})
		}
		from[p.user] = append(rows, p)
	}
	for i := range c.People {
		b.person(&c.People[i], from[c.People[i].User])
	}
	if len(c.People) == 0 {
		b.out.Findings.Add(NoRecipients, 1)
	}
	members := len(c.People)
	b.senders(place, members)
	b.kind(members)
}

// person is a member's place: read up to the newest message that is not newer than
// their last reading. Of several rows, one for each conversation of the pair, nothing
// that is unread in one becomes read by another.
func (b *jpBuilder) person(p *store.BulkPerson, rows []jpPerson) {
	c := &b.out.BulkConversation
	end := int64(len(c.Messages))
	p.JoinedAt, p.Archived, p.LastReadSeq = c.CreatedAt, true, end
	left := time.Time{}
	for i, r := range rows {
		if at, ok := parseDate(r.joined); ok && (i == 0 || at.Before(p.JoinedAt)) {
			p.JoinedAt = at
		}
		read, _ := parseDate(r.lastRead)
		if read.After(p.LastReadAt) {
			p.LastReadAt = read
		}
		p.LastReadSeq = min(p.LastReadSeq, b.readUpTo(p.User, r.conversation, read, len(rows) > 1))
		p.Muted, p.Blocked, p.Archived = p.Muted || r.muted, p.Blocked || r.blocked, p.Archived && r.archived
		at, ok := parseDate(r.left)
		if !ok || i > 0 && left.IsZero() {
			left = time.Time{}
		} else if at.After(left) {
			left = at
		}
	}
	if !left.IsZero() {
		p.LeftAt, p.LastActivity = left, p.JoinedAt
		for i := range c.Messages {
			if !c.Messages[i].At.After(left) {
				p.LeftSeq = int64(i + 1)
				if c.Messages[i].Kind == 0 {
					p.LastActivity = c.Messages[i].At
				}
			}
		}
		end = p.LeftSeq
		p.LastReadSeq = min(p.LastReadSeq, end)
	}
	answered, began := false, true
	for i := range c.Messages {
		m := &c.Messages[i]
		switch {
		case m.Kind != 0:
		case m.Sender == p.User:
			p.LastSentAt = m.At
		default:
			began = began && !p.LastSentAt.IsZero()
			answered = true
			if seq := int64(i + 1); seq > p.LastReadSeq && seq <= end {
				p.Unread++
			}
		}
	}
	p.SenderOnly = began && !answered
}

// readUpTo is the sequence of the newest message of a conversation that is not newer
// than a moment; of a merged one, the last before what is unread in this part of it.
func (b *jpBuilder) readUpTo(user, conversation int64, read time.Time, merged bool) int64 {
	seq := int64(0)
	for i := range b.out.Messages {
		m := &b.out.Messages[i]
		if b.messages[i].conversation == conversation && !read.IsZero() && !m.At.After(read) {
			seq = int64(i + 1)
		}
	}
	if !merged {
		return seq
	}
	for i := int(seq); i < len(b.out.Messages); i++ {
		m := &b.out.Messages[i]
		if b.messages[i].conversation == conversation && m.Kind == 0 && m.Sender != user {
			return int64(i)
		}
	}
	return int64(len(b.out.Messages))
}

// senders adds who wrote and has no row. They left; the mark of deletion keeps them
// from reading what members who left could.
func (b *jpBuilder) senders(place map[int64]int, members int) {
	c := &b.out.BulkConversation
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.Sender <= 0 {
			continue
		}
		at, known := place[m.Sender]
		if !known {
			at = len(c.People)
			place[m.Sender] = at
			c.People = append(c.People, store.BulkPerson{User: m.Sender, JoinedAt: m.At, DeletedAt: c.Messages[len(c.Messages)-1].At})
			b.out.Findings.Add(LeftSenders, 1)
		}
		if at >= members {
			p := &c.People[at]
			p.LeftAt, p.LeftSeq, p.LastActivity = m.At, int64(i+1), m.At
			p.LastReadSeq, p.LastReadAt = int64(i+1), m.At
			if m.Kind == 0 {
				p.LastSentAt = m.At
			}
		}
	}
}

// kind decides between direct and group, and seats nobody where the other side of a
// direct conversation is gone.
func (b *jpBuilder) kind(members int) {
	c := &b.out.BulkConversation
	named := ""
	if len(b.rows) > 0 {
		named = b.rows[0].kind
	}
	switch {
	case len(c.People) > 2:
		c.Type = group
		if named == "direct" {
			b.out.Findings.Add(WrongType, 1)
		}
	case named == "group" || named == "" && c.Title != "":
		c.Type = group
	default:
		c.Type, c.Title = direct, ""
	}
	if c.Type != direct || members == 0 {
		return
	}
	switch {
	case len(c.People) == 1:
		b.out.Findings.Add(EmptySeats, 1)
		c.People = append(c.People, emptySeat(c))
	case members == 2 && !slices.ContainsFunc(c.People, func(p store.BulkPerson) bool { return !p.LeftAt.IsZero() }):
		x, y := c.People[0].User, c.People[1].User
		b.out.Pair = [2]int64{min(x, y), max(x, y)}
	}
}
