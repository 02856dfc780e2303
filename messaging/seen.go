package messaging

import (
	"strconv"
	"strings"

	"parley/wpauth"
)

// ActorFor is the actor an authenticated caller is: who holds manage_options or
// jetonomy_moderate bypasses the gates of contract 3.2, and manage_options alone
// gives oversight (3.9). The surface adds where the request came from.
func ActorFor(id wpauth.Identity) Actor {
	a := Actor{ID: id.UserID, Login: id.Login, DisplayName: id.DisplayName, Roles: id.Roles, Oversight: id.Can("manage_options"),
		Moderator: id.Moderates()}
	a.Bypass = a.Oversight || id.Can("jetonomy_moderate")
	return a
}

// titleNames is how many names an untitled group shows.
const titleNames = 3

// ShownTitle is the other member's name for a direct thread, the stored title for
// a group, and for an untitled group the names of the others (contract 1.2).
func (c *Conversation) ShownTitle(viewer wpauth.UserID) string {
	if c.Type == Group && c.Title != "" {
		return c.Title
	}
	// Members who left are named only when nobody else is there.
	var names, gone []string
	for i := range c.Participants {
		switch p := &c.Participants[i]; {
		case p.User == viewer:
		case p.LeftAt.IsZero():
			names = append(names, p.Member.Name())
		default:
			gone = append(gone, p.Member.Name())
		}
	}
	if len(names) == 0 {
		names = gone
	}
	switch n := len(names); {
	case n == 0 && len(c.Participants) > 0:
		return c.Participants[0].Member.Name() // a note to self
	case n > titleNames+1:
		return strings.Join(names[:titleNames], ", ") + " and " + strconv.Itoa(n-titleNames) + " others"
	case n > titleNames:
		return strings.Join(names[:titleNames], ", ") + " and 1 other"
	}
	return strings.Join(names, ", ")
}

// CanReply tells the viewer whether sending makes sense. It says nothing about
// blocks set against the viewer (contract 1.2).
func (c *Conversation) CanReply() bool {
	if c.Me == nil || !c.Me.LeftAt.IsZero() || c.IBlocked || c.ViewerSilenced {
		return false
	}
	if c.Type == Direct {
		for i := range c.Participants {
			if p := &c.Participants[i]; p.User != c.Me.User && !p.Member.Exists {
				return false
			}
		}
	}
	return true
}
