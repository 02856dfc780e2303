package api

import (
	"parley/bpbridge"
	"parley/wpauth"
	"parley/wprest"
)

// buddypressRoutes are the routes of BuddyPress's messages interface.
func (s *server) buddypressRoutes() ([]wprest.Route, error) {
	return bpbridge.Routes(bpbridge.Options{
		Threads:   s.Threads,
		Admit:     s.Messenger.Admit,
		Seen:      s.Messenger.Seen,
		Refused:   s.Refused,
		Directory: s.Directory,
		Identity:  func(c *wprest.Call) wpauth.Identity { return c.Caller.(*caller).id },
		Actor:     actor,
		Settings:  *s.BuddyPress,
	})
}
