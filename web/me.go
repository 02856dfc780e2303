package web

import (
	"context"
	"errors"

	"parley/messaging"
	"parley/wpauth"
)

// Me is what an inbox has to know before it shows anything: who looks, what they may,
// and where they are (GET /parley/v1/me).
type Me struct {
	Viewer   MeViewer `json:"viewer"`
	CanStart bool     `json:"can_start"`
	// StartClosed says in a sentence why not, StartClosedReason in a word
	// (messaging.Reason); both are empty when CanStart is true.
	StartClosed       string          `json:"start_closed"`
	StartClosedReason string          `json:"start_closed_reason"`
	Limits            MeLimits        `json:"limits"`
	Labels            MeLabels        `json:"labels"`
	Site              MeSite          `json:"site"`
	Features          map[string]bool `json:"features"`
	// Preferences are what others are told of the caller, and the caller of others.
	Preferences MePreferences `json:"preferences"`
}

// MePreferences are on when the caller and the owner of the site agree.
type MePreferences struct {
	Presence bool `json:"presence"`
	Receipts bool `json:"receipts"`
	Typing   bool `json:"typing"`
}

// MeViewer is the caller.
type MeViewer struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Login     string `json:"login"`
	AvatarURL string `json:"avatar_url"`
	// CanOversee is held by manage_options.
	CanOversee bool `json:"can_oversee"`
}

// MeLimits are in code points, members with the creator.
type MeLimits struct {
	MessageLength     int `json:"message_length"`
	Members           int `json:"members"`
	TitleLength       int `json:"title_length"`
	SearchLength      int `json:"search_length"`
	DescriptionLength int `json:"description_length"`
}

// MeLabels are the site's own nouns for Jetonomy's spaces; empty on a site without.
type MeLabels struct {
	SpaceSingular string `json:"space_singular"`
	SpacePlural   string `json:"space_plural"`
}

// MeSite is the site.
type MeSite struct {
	Name string `json:"name"`
	Home string `json:"home"`
	// Locale is a BCP 47 tag, Timezone a name of the tz database, or an offset like +05:30.
	Locale      string `json:"locale"`
	Timezone    string `json:"timezone"`
	MessagesURL string `json:"messages_url"`
}

// Me answers who looks and what they may.
func (s *Pages) Me(ctx context.Context, id wpauth.Identity, a messaging.Actor) (*Me, error) {
	site, err := s.Directory.Options(ctx)
	if err != nil {
		return nil, err
	}
	members, err := s.Directory.Members(ctx, []wpauth.UserID{id.UserID})
	if err != nil {
		return nil, err
	}
	self := members[id.UserID]
	own, offered, err := s.Messenger.Preferences(ctx, a)
	if err != nil {
		return nil, err
	}
	home := homeOf(site)
	me := &Me{
		Viewer: MeViewer{ID: int64(id.UserID), Name: self.Name(), Login: id.Login, AvatarURL: self.AvatarURL,
			CanOversee: a.Oversight},
		Limits: MeLimits{MessageLength: s.Limits.MessageRunes, Members: s.Limits.Members, TitleLength: s.Limits.TitleRunes,
			SearchLength: s.Limits.SearchRunes, DescriptionLength: s.Limits.DescriptionRunes},
		Site: MeSite{Name: site.BlogName, Home: home + "/", Locale: languageTag(site.Locale), Timezone: zone(site).String(),
			MessagesURL: home + inboxPath(site)},
		Features: map[string]bool{"archive": true, "block": true, "groups": s.Limits.Members > 2, "leave": true, "mute": true,
			"read_receipts": offered.Receipts, "rename": true, "report": true, "search": true, "stream": s.Stream,
			"presence": offered.Presence, "receipts": offered.Receipts, "typing": offered.Typing},
		Preferences: MePreferences{Presence: own.Presence && offered.Presence, Receipts: own.Receipts && offered.Receipts,
			Typing: own.Typing && offered.Typing},
	}
	if s.Directory.Features().Jetonomy {
		me.Labels = MeLabels{site.SpaceLabelSingular, site.SpaceLabelPlural}
	}
	refusal, err := s.mayNotStart(ctx, id, a, self)
	if err != nil {
		return nil, err
	}
	if me.CanStart = refusal == nil; refusal != nil {
		me.StartClosed, me.StartClosedReason = s.catalogues.in(site.Locale).refusal(refusal), string(refusal.Reason)
	}
	return me, nil
}

// mayNotStart says beforehand why a member cannot start a conversation with anybody: an
// account gate (contract 2), or a trust level that is too low (3.1). nil: they may.
func (s *Pages) mayNotStart(ctx context.Context, id wpauth.Identity, a messaging.Actor, self wpauth.Member) (*messaging.Error, error) {
	if err := s.Messenger.Admit(ctx, a, messaging.GateWrite); err != nil {
		var refusal *messaging.Error
		if errors.As(err, &refusal) && refusal.Reason != messaging.Unavailable {
			return refusal, nil
		}
		return nil, err
	}
	if !id.Can("read") {
		return messaging.Refuse(messaging.NoReadCapability, ""), nil
	}
	jetonomy := s.Directory.Features().Jetonomy
	if a.Bypass || s.MinTrustLevel <= 0 || !jetonomy && len(s.RoleTrust) == 0 {
		return nil, nil
	}
	level := s.RoleTrust.Level(a.Roles)
	if jetonomy {
		level = self.TrustLevel
	}
	if level < s.MinTrustLevel {
		return messaging.Refuse(messaging.TrustTooLow, ""), nil
	}
	return nil, nil
}
