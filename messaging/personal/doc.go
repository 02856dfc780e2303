// Package personal writes a member's own data as files for the member: JSON for
// machines and a page of HTML for people. Both are written piece by piece, however
// much there is.
package personal

import (
	"time"

	"parley/messaging"
	"parley/wpauth"
)

// stamp is a moment in UTC; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// person is how somebody is called in an export.
type person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func personOf(m wpauth.Member) person { return person{int64(m.ID), m.Name()} }

func peopleOf(members []wpauth.Member) []person {
	out := make([]person, len(members))
	for i, m := range members {
		out[i] = personOf(m)
	}
	return out
}

// state is what a place in a conversation is called.
func state(p *messaging.Participant) string {
	switch {
	case p == nil:
		return "not a participant"
	case !p.LeftAt.IsZero():
		return "left"
	case !p.DeletedAt.IsZero():
		return "deleted"
	case p.Archived:
		return "archived"
	}
	return "active"
}
