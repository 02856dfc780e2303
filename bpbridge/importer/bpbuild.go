package importer

import (
	"cmp"
	"database/sql"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"parley/messaging/store"
	"parley/wptext"
)

const (
	direct, group    = 1, 2 // messaging.Type
	formatBuddyPress = 1    // messaging.FormatBuddyPress
	textRunes        = 255  // of titles, previews and subjects
	contentBytes     = 1<<24 - 1
)

// dateLayout is how the server writes a DATETIME; a fraction may follow when parsing.
const dateLayout = "2006-01-02 15:04:05"

// parseDate reads a DATETIME; ok is false for a zero date and for what is none.
func parseDate(s string) (at time.Time, ok bool) {
	at, err := time.Parse(dateLayout, s)
	return at.Truncate(time.Microsecond), err == nil && at.Year() >= 1000
}

// threadBuilder makes a Thread of BuddyPress's rows.
type threadBuilder struct {
	*bpThread
	out   *Thread
	dates map[int64]time.Time // by message
	seqs  map[int64]int64
}

// build makes the conversation (contract 4.2).
func (t *bpThread) build() *Thread {
	b := threadBuilder{bpThread: t, out: &Thread{Findings: Findings{}}, dates: make(map[int64]time.Time, len(t.messages)),
		seqs: make(map[int64]int64, len(t.messages))}
	if t.id > 0 {
		b.out.ID = t.id
	} else {
		b.out.Findings.Add(ThreadIDs, 1)
	}
	b.date()
	b.buildMessages()
	b.buildPeople()
	b.buildMeta()
	return b.out
}

// date gives every message a date: its own, or that of the message before it by id, or
// of the first that has one (rule 9).
func (b *threadBuilder) date() {
	var at time.Time
	for i := range b.messages {
		if d, ok := parseDate(b.messages[i].date); ok {
			at = d
			break
		}
	}
	if at.IsZero() {
		var ok bool
		if at, ok = parseDate(b.dateBefore); !ok {
			at = time.Unix(0, 0).UTC()
		}
	}
	for i := range b.messages {
		m := &b.messages[i]
		d, ok := parseDate(m.date)
		if ok {
			at = d
		} else {
			b.out.Findings.Add(DatesReplaced, 1)
		}
		b.dates[m.id] = at
	}
}

// buildMessages puts the messages into their order, by date and then id (2.4).
func (b *threadBuilder) buildMessages() {
	order := make([]*bpMessage, len(b.messages))
	for i := range b.messages {
		order[i] = &b.messages[i]
	}
	slices.SortFunc(order, func(x, y *bpMessage) int {
		return cmp.Or(b.dates[x.id].Compare(b.dates[y.id]), cmp.Compare(x.id, y.id))
	})
	c := &b.out.BulkConversation
	c.Messages = make([]store.BulkMessage, len(order))
	for i, m := range order {
		b.seqs[m.id] = int64(i + 1)
		c.Messages[i] = b.message(m)
	}
	first, last := &c.Messages[0], &c.Messages[len(order)-1]
	c.CreatedBy, c.CreatedAt = first.Sender, first.At
	c.Title = wptext.Preview(wptext.Plain(wptext.FromBuddyPress(first.Subject)), textRunes)
	c.Preview = wptext.Preview(last.Plain, textRunes)
}

// message takes over a message, its texts byte for byte where they are text (rule 10).
func (b *threadBuilder) message(m *bpMessage) store.BulkMessage {
	original := store.Original{SourceMessage: m.id, Message: m.id}
	odd := false
	out := store.BulkMessage{ID: m.id, Sender: m.sender, Format: formatBuddyPress, At: b.dates[m.id]}
	if m.sender < 0 {
		out.Sender, odd = 0, true
		original.Sender = sql.NullInt64{Int64: m.sender, Valid: true}
		b.out.Findings.Add(ForeignUsers, 1)
	}
	if out.At.Format(dateLayout) != m.date {
		odd = true
		original.DateSent = sql.NullString{String: m.date, Valid: true}
	}
	columns := b.source.messages
	var verbatim []byte
	if out.Subject, verbatim = b.text(m.subject, columns.isLatin1("subject"), textRunes, 0); verbatim != nil {
		original.Subject, odd = verbatim, true
	}
	if out.Content, verbatim = b.text(m.content, columns.isLatin1("message"), 0, contentBytes); verbatim != nil {
		original.Content, odd = verbatim, true
	}
	out.Plain = wptext.Plain(wptext.FromBuddyPress(out.Content))
	out.Body = wptext.Fold(out.Plain)
	if odd {
		b.out.Originals = append(b.out.Originals, original)
	}
	return out
}

// text makes text of stored bytes, within a number of characters or bytes (0: any).
// verbatim is what was stored where that is not what Parley keeps.
func (b *threadBuilder) text(stored []byte, declaredLatin1 bool, runes, bytes int) (text string, verbatim []byte) {
	text, kind := toText(stored, declaredLatin1)
	switch kind {
	case textConverted:
		b.out.Findings.Add(TextsConverted, 1)
	case textRepaired:
		b.out.Findings.Add(BytesReplaced, 1)
		verbatim = stored
	}
	short := text
	if bytes > 0 && len(short) > bytes {
		end := bytes
		for !utf8.RuneStart(short[end]) {
			end--
		}
		short = short[:end]
	}
	if runes > 0 && len(short) > runes && utf8.RuneCountInString(short) > runes {
		short = string([]rune(short)[:runes])
	}
	if len(short) < len(text) {
		b.out.Findings.Add(TextsShortened, 1)
		return short, stored
	}
	return text, verbatim
}

// buildPeople makes one participant of each member's rows, and one who left of every
// sender without a row (rules 6 and 7).
func (b *threadBuilder) buildPeople() {
	c := &b.out.BulkConversation
	first, newest := c.Messages[0].At, c.Messages[len(c.Messages)-1].At
	place := map[int64]int{}
	for _, r := range b.recipients { // by id: the last one of a member counts
		if r.user <= 0 {
			b.out.Findings.Add(ForeignUsers, 1)
			continue
		}
		if r.unread < 0 {
			b.out.Findings.Add(UnreadBelowZero, 1)
		}
		p := store.BulkPerson{RowID: r.id, User: r.user, Unread: int(max(r.unread, 0)), SenderOnly: r.senderOnly, JoinedAt: first}
		if r.deleted || b.id <= 0 {
			p.DeletedAt = newest // rule 7: nobody can open a thread without an id
		}
		i, again := place[r.user]
		if !again {
			place[r.user] = len(c.People)
			c.People = append(c.People, p)
			continue
		}
		b.out.Findings.Add(DuplicateRows, 1)
		if c.People[i].DeletedAt.IsZero() {
			p.DeletedAt = time.Time{}
		}
		c.People[i] = p
	}
	members := len(c.People)
	if members == 0 {
		b.out.Findings.Add(NoRecipients, 1)
	}
	b.senders(place, newest)
	for i := range c.People[:members] {
		p := &c.People[i]
		p.LastReadSeq, p.LastReadAt = readUpTo(c.Messages, p.User, p.Unread)
	}
	c.Type = group
	if len(c.People) <= 2 {
		c.Type, c.Title = direct, ""
	}
	if len(c.People) == 2 && members == 2 && b.id > 0 {
		x, y := c.People[0].User, c.People[1].User
		b.out.Pair = [2]int64{min(x, y), max(x, y)}
	}
}

// senders notes when members wrote last, and adds who has no row. Those left, and have
// no access by import: the mark of deletion keeps them from reading what they could
// see as members who left.
func (b *threadBuilder) senders(place map[int64]int, newest time.Time) {
	c := &b.out.BulkConversation
	members := len(c.People)
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.Sender <= 0 {
			continue
		}
		at, known := place[m.Sender]
		if !known {
			at = len(c.People)
			place[m.Sender] = at
			c.People = append(c.People, store.BulkPerson{User: m.Sender, JoinedAt: m.At, DeletedAt: newest})
			b.out.Findings.Add(LeftSenders, 1)
		}
		p := &c.People[at]
		p.LastSentAt = m.At
		if at >= members {
			p.LeftAt, p.LeftSeq, p.LastActivity = m.At, int64(i+1), m.At
			p.LastReadSeq, p.LastReadAt = int64(i+1), m.At
		}
	}
}

// readUpTo is the position that leaves so many messages of others unread (4.2): none
// where all of them are.
func readUpTo(messages []store.BulkMessage, user int64, unread int) (seq int64, at time.Time) {
	others := 0
	for i := range messages {
		if messages[i].Sender != user {
			others++
		}
	}
	i := len(messages)
	if unread > 0 && unread >= others {
		i = 0
	}
	for left := unread; left > 0 && i > 0; {
		if i--; messages[i].Sender != user {
			left--
		}
	}
	if i == 0 {
		return 0, time.Time{}
	}
	return int64(i), messages[i-1].At
}

// buildMeta takes over stars of people with a row, and other fields as they are.
func (b *threadBuilder) buildMeta() {
	c := &b.out.BulkConversation
	people := make(map[int64]*store.BulkPerson, len(c.People))
	for i := range c.People {
		people[c.People[i].User] = &c.People[i]
	}
	type star struct{ user, message int64 }
	seen := map[star]bool{}
	for _, x := range b.meta {
		if string(x.key) != starKey {
			c.Meta = append(c.Meta, store.BulkMeta{Message: x.message, Key: b.nullable(x.key, "meta_key"), Value: b.nullable(x.value, "meta_value")})
			continue
		}
		user, err := strconv.ParseInt(string(x.value), 10, 64)
		p := people[user]
		if err != nil || p == nil || !p.LeftAt.IsZero() {
			b.out.Findings.Add(StarsDropped, 1)
			continue
		}
		if s := (star{user, x.message}); !seen[s] {
			seen[s] = true
			p.Stars = append(p.Stars, x.message)
			c.Stars = append(c.Stars, store.BulkStar{User: user, Message: x.message, At: b.dates[x.message]})
		}
	}
}

func (b *threadBuilder) nullable(stored []byte, column string) sql.NullString {
	if stored == nil {
		return sql.NullString{}
	}
	text, _ := toText(stored, b.source.meta.isLatin1(column))
	return sql.NullString{String: text, Valid: true}
}
