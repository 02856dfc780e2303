package importer

import (
	"database/sql"
	"strconv"

	"parley/messaging"
	"parley/messaging/store"
)

// want makes the rows BuddyPress should have. What it has no place for is counted.
func (e *export) want(p *exportPlan) {
	x := p.x
	p.want = bpThread{source: e.target, id: p.thread}
	var first store.First
	if len(x.Messages) > 0 {
		first = store.First{Format: x.Messages[0].Format, Subject: x.Messages[0].Subject}
	}
	forms := messaging.BuddyPressForms(x.Title, first)
	for i := range x.Messages {
		m := &x.Messages[i]
		if m.Kind != int(messaging.KindMessage) {
			p.leftOut.Notices++
			continue
		}
		p.want.messages = append(p.want.messages, e.message(x, &m.Message, forms))
	}
	for i := range x.People {
		r := &x.People[i]
		if !r.LeftAt.IsZero() {
			p.leftOut.Left++
			continue
		}
		p.leftOut.add(ExportLeftOut{Archived: one(r.Archived), Muted: one(r.Muted), Blocked: one(r.Blocked)})
		p.want.recipients = append(p.want.recipients, bpRecipient{id: e.original(KindRecipient, r.RowID), user: r.User,
			unread: int64(r.Unread), senderOnly: r.SenderOnly, deleted: !r.DeletedAt.IsZero()})
		for _, message := range r.Stars {
			p.want.meta = append(p.want.meta, bpMeta{message: e.original(KindMessage, message), key: []byte(starKey), value: strconv.AppendInt(nil, r.User, 10)})
		}
	}
	for _, m := range x.Meta {
		p.want.meta = append(p.want.meta, bpMeta{message: e.original(KindMessage, m.Message), key: bytesOrNil(m.Key), value: bytesOrNil(m.Value)})
	}
}

// message is a message as BuddyPress stores it: what was imported as it was there.
func (e *export) message(x *store.Exportable, m *store.Message, forms func(*store.Message) (string, string)) bpMessage {
	subject, content := forms(m)
	out := bpMessage{id: e.original(KindMessage, m.ID), sender: m.Sender, subject: []byte(subject), content: []byte(content),
		date: m.CreatedAt.UTC().Format(dateLayout)}
	o, ok := x.Originals[m.ID]
	if !ok {
		return out
	}
	out.id = o.SourceMessage
	if o.Sender.Valid {
		out.sender = o.Sender.Int64
	}
	if o.DateSent.Valid {
		out.date = o.DateSent.String
	}
	if o.Subject != nil && e.takes("subject", o.Subject) {
		out.subject = o.Subject
	}
	if o.Content != nil && e.takes("message", o.Content) {
		out.content = o.Content
	}
	return out
}

func (e *export) takes(column string, text []byte) bool {
	return e.target.messages == nil || e.target.messages.takes(column, text)
}

func one(on bool) int {
	if on {
		return 1
	}
	return 0
}

func bytesOrNil(s sql.NullString) []byte {
	if !s.Valid {
		return nil
	}
	return []byte(s.String)
}
