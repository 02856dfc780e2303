package importer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/messaging/store"
)

// Erased are members who were erased in Parley, and when. What other software still has
// of them from before that does not come back.
type Erased map[int64]time.Time

// Before reports whether something a member did at a moment was erased.
func (e Erased) Before(user int64, at time.Time) bool {
	until, erased := e[user]
	return erased && !at.After(until)
}

// apply takes erased members out of a thread as messaging.Erase does: their messages are
// nobody's, their places go, and the other side of a direct conversation keeps an empty
// seat.
func (e Erased) apply(t *Thread) {
	if len(e) == 0 {
		return
	}
	first := t.CreatedAt
	for i := range t.Messages {
		if m := &t.Messages[i]; e.Before(m.Sender, m.At) {
			m.Sender = 0
		}
	}
	if e.Before(t.CreatedBy, first) {
		t.CreatedBy = 0
	}
	direct := t.Type == direct
	gone := func(user int64) bool { return e.Before(user, first) }
	before := len(t.People)
	t.People = slices.DeleteFunc(t.People, func(p store.BulkPerson) bool { return gone(p.User) })
	if len(t.People) == before {
		return
	}
	t.Stars = slices.DeleteFunc(t.Stars, func(s store.BulkStar) bool { return gone(s.User) })
	t.Pair = [2]int64{}
	if direct && len(t.People) == 1 && t.People[0].User != 0 {
		t.People = append(t.People, emptySeat(&t.BulkConversation))
	}
}

// emptySeat is the place of somebody who is gone from a direct conversation.
func emptySeat(c *store.BulkConversation) store.BulkPerson {
	seat := store.BulkPerson{JoinedAt: c.CreatedAt, LastReadSeq: int64(len(c.Messages))}
	for i := range c.Messages {
		if m := &c.Messages[i]; m.Sender == 0 && m.Kind == 0 {
			seat.LastSentAt = m.At
		}
	}
	return seat
}

// sender is an expression for a sender, 0 where they were erased.
func (e Erased) sender(sender, date string) string {
	var b strings.Builder
	for user, until := range e {
		fmt.Fprintf(&b, " WHEN %s = %d AND %s <= '%s' THEN 0", sender, user, date, until.UTC().Format(dateLayout))
	}
	if b.Len() == 0 {
		return sender
	}
	return "CASE" + b.String() + " ELSE " + sender + " END"
}
