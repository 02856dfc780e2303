package wpauth

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"parley/config"
	"parley/wpauth/phpvalue"
)

// Options returns the site's settings, a few seconds old at most.
func (s *Site) Options(ctx context.Context) (Options, error) {
	cur, err := s.settings(ctx)
	if err != nil {
		return Options{}, err
	}
	return cur.options, nil
}

// defaultSlug is Jetonomy's own base_slug when its settings say nothing.
const defaultSlug = "community"

// newOptions works Options out of the stored texts, with WordPress's and
// Jetonomy's defaults for what is absent.
func newOptions(wp config.WordPress, raw map[string]string, jetonomy, extensions phpvalue.Value) Options {
	o := Options{
		SiteURL:            siteURL(wp, raw),
		Home:               strings.TrimRight(firstOf(wp.Home, raw["home"]), "/"),
		BlogName:           raw["blogname"],
		Location:           location(raw["timezone_string"], raw["gmt_offset"]),
		TimeFormat:         firstOf(raw["time_format"], "g:i a"),
		DateFormat:         firstOf(raw["date_format"], "F j, Y"),
		PrettyPermalinks:   raw["permalink_structure"] != "",
		CommunitySlug:      strings.Trim(textOf(jetonomy, "base_slug"), "/ "),
		SpaceLabelSingular: firstOf(textOf(jetonomy, "space_label_singular"), "Space"),
		SpaceLabelPlural:   firstOf(textOf(jetonomy, "space_label_plural"), "Spaces"),
		AccentColor:        textOf(jetonomy, "accent_color"),
		ShowAvatars:        switchedOn(raw, "show_avatars"),
		AvatarRating:       avatarRating(raw),
		AvatarDefault:      avatarDefault(raw),
		Smilies:            switchedOn(raw, "use_smilies"),
		Locale:             locale(raw),
	}
	if o.Home == "" {
		o.Home = o.SiteURL
	}
	if defaults, ok := jetonomy.Get("notification_defaults"); ok {
		if message, ok := defaults.Get("private_message"); ok {
			if web, ok := message.Get("web"); ok {
				on := web.Truthy()
				o.MessageWebDefault = &on
			}
		}
	}
	for _, e := range extensions.Entries() {
		// A list of names; a map of name to switch is understood as well.
		if name, ok := e.Value.Str(); (ok && name == "private-messaging") ||
			(e.Key.Text == "private-messaging" && e.Value.Truthy()) {
			o.ReferenceMessaging = true
		}
	}
	return o
}

// switchedOn reads an option WordPress installs as on.
func switchedOn(raw map[string]string, name string) bool {
	value, there := raw[name]
	return !there || phpvalue.NewString(value).Truthy()
}

// locale is get_locale() without its filter: the site's language, else on a network
// the network's; American English is stored as nothing.
func locale(raw map[string]string) string {
	own, there := raw["WPLANG"]
	if !there {
		own = raw[networkPrefix+"WPLANG"]
	}
	return firstOf(own, "en_US")
}

// siteURL is get_option( 'siteurl' ): the constant WP_SITEURL goes first, and
// trailing slashes are cut.
func siteURL(wp config.WordPress, raw map[string]string) string {
	return strings.TrimRight(firstOf(wp.SiteURL, raw["siteurl"]), "/")
}

// siteURLForCookies is get_site_option( 'siteurl' ), the text COOKIEHASH is the
// MD5 of: on a network its own setting, slash and all (wp_cookie_constants).
func siteURLForCookies(wp config.WordPress, raw map[string]string) string {
	if wp.Multisite {
		return raw[networkPrefix+"siteurl"]
	}
	return siteURL(wp, raw)
}

// location is wp_timezone(): the named zone, else the offset in (fractional) hours.
func location(name, offset string) *time.Location {
	if name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	hours, err := strconv.ParseFloat(strings.TrimSpace(offset), 64)
	if err != nil || hours == 0 || math.Abs(hours) > 24 {
		return time.UTC
	}
	minutes := int(math.Round(hours * 60))
	sign, abs := "+", minutes
	if minutes < 0 {
		sign, abs = "-", -minutes
	}
	label := sign + pad(abs/60, 2) + ":" + pad(abs%60, 2)
	return time.FixedZone(label, minutes*60)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func textOf(v phpvalue.Value, key string) string {
	e, _ := v.Get(key)
	return e.Text()
}
