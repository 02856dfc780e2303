package wpauth

import (
	"context"
	"net/netip"
	"time"
)

// Directory is what messaging needs to know about members and the site. *Site
// implements it; the interface exists so that its contract stands in one place.
type Directory interface {
	// Members returns a card for every id (missing accounts with Exists false),
	// in at most one statement for the ids not cached.
	Members(ctx context.Context, ids []UserID) (map[UserID]Member, error)
	// FreshMembers is Members past the cache, for decisions (who may be written to).
	FreshMembers(ctx context.Context, ids []UserID) (map[UserID]Member, error)
	// Standing reads restrictions and verification fresh, in one statement.
	Standing(ctx context.Context, id UserID, ip netip.Addr) (Standing, error)
	// TouchLastSeen records at most once a minute per member that they are there
	// (contract 4.1), creating the profile row if missing: one statement for every 500.
	// shown, unless nil, is asked which of those whose minute is over may be written.
	// Errors are for the log only.
	TouchLastSeen(ctx context.Context, ids []UserID, shown func(context.Context, []UserID) ([]UserID, error)) error
	// Options returns the site's settings (cached up to 30 seconds).
	Options(ctx context.Context) (Options, error)
	Tables() Tables
	Features() Features
}

// Options are the WordPress and Jetonomy options that shape answers.
type Options struct {
	SiteURL, Home, BlogName string
	// Location is option timezone_string, else gmt_offset as a fixed zone.
	Location *time.Location
	// TimeFormat and DateFormat are PHP date() formats.
	TimeFormat, DateFormat string
	// Locale is the site's language as WordPress writes it, "de_DE".
	Locale string
	// PrettyPermalinks is false when option permalink_structure is empty.
	PrettyPermalinks bool
	// CommunitySlug is jetonomy_settings.base_slug; without one SiteConfig.CommunitySlug
	// on a site without Jetonomy, else "community".
	CommunitySlug string
	// SpaceLabelSingular and -Plural are the site's own nouns; "Space", "Spaces".
	SpaceLabelSingular, SpaceLabelPlural string
	AccentColor                          string
	// ShowAvatars is option show_avatars, AvatarRating avatar_rating in lower case, and
	// AvatarDefault avatar_default as get_avatar_data() hands it to Gravatar.
	ShowAvatars                 bool
	AvatarRating, AvatarDefault string
	// Smilies is option use_smilies.
	Smilies bool
	// MessageWebDefault is notification_defaults.private_message.web, nil when unset.
	MessageWebDefault *bool
	// ReferenceMessaging is true when Jetonomy Pro's private-messaging extension
	// is enabled: a second writer (contract decision 30).
	ReferenceMessaging bool
}
