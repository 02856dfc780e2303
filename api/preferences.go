package api

import (
	"net/http"

	"parley/messaging"
	"parley/wprest"
)

// preferenceNames are a member's preferences, as they stand in requests and answers.
var preferenceNames = [...]string{"presence", "receipts", "typing"}

// preferencesRoutes are what a member lets others be told of them.
func (s *server) preferencesRoutes() []wprest.Route {
	args := wprest.Schema{
		{Name: "presence", Type: wprest.TypeBool, Description: "Whether others see that I am there and when I last was, and I see it of them. null: as the site has it."},
		{Name: "receipts", Type: wprest.TypeBool, Description: "Whether others see how far messages reached me and were read, and I see it of them. null: as the site has it."},
		{Name: "typing", Type: wprest.TypeBool, Description: "Whether others see that I am typing, and I see it of them. null: as the site has it."},
	}
	return []wprest.Route{{Namespace: "parley/v1", Pattern: "/me/preferences", Conditional: true, Endpoints: []wprest.Endpoint{
		{Methods: []string{http.MethodGet}, Gate: s.member, Handle: s.getPreferences},
		{Methods: []string{http.MethodPatch}, Gate: s.mutation(messaging.GateSettings), Args: args, Handle: s.patchPreferences},
	}}}
}

// getPreferences is GET /parley/v1/me/preferences.
func (s *server) getPreferences(c *wprest.Call) error {
	own, site, err := s.Messenger.Preferences(c.Ctx, actor(c))
	if err != nil {
		return err
	}
	writePreferences(c, own, site)
	return nil
}

// patchPreferences is PATCH /parley/v1/me/preferences.
func (s *server) patchPreferences(c *wprest.Call) error {
	choice := func(name string) messaging.Choice {
		switch to := c.Args.MaybeBool(name); {
		case to != nil && *to:
			return messaging.ChooseOn
		case to != nil:
			return messaging.ChooseOff
		case c.IsNull(name):
			return messaging.ChooseDefault
		}
		return messaging.KeepChoice
	}
	own, err := s.Messenger.SetPreferences(c.Ctx, actor(c), messaging.PreferencesPatch{
		Presence: choice("presence"), Receipts: choice("receipts"), Typing: choice("typing")})
	if err != nil {
		return err
	}
	writePreferences(c, own, s.Messenger.SitePreferences())
	return nil
}

func writePreferences(c *wprest.Call, own, site messaging.Preferences) {
	members := func(p messaging.Preferences) {
		for i, on := range [...]bool{p.Presence, p.Receipts, p.Typing} {
			c.Out.Key(preferenceNames[i]).Bool(on)
		}
	}
	c.Out.Open()
	members(own)
	c.Out.Key("site").Open()
	members(site)
	c.Out.Close().Close()
}
