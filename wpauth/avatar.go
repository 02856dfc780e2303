package wpauth

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// avatarSize is the edge of avatars in pixels (contract 1.2).
const avatarSize = "40"

// avatarRule holds the site's choices for Gravatar addresses.
type avatarRule struct {
	query string
}

// newAvatarRule takes options avatar_default and avatar_rating, with the
// spellings get_avatar_data() sends to Gravatar.
func newAvatarRule(raw map[string]string) avatarRule {
	query := "?s=" + avatarSize
	if fallback := avatarDefault(raw); fallback != "" {
		query += "&d=" + url.QueryEscape(fallback)
	}
	return avatarRule{query + "&r=" + url.QueryEscape(avatarRating(raw))}
}

// avatarDefault is the picture for members without one, in Gravatar's spelling; ""
// for Gravatar's own.
func avatarDefault(raw map[string]string) string {
	switch fallback := firstOf(raw["avatar_default"], "mystery"); fallback {
	case "mm", "mystery", "mysteryman":
		return "mm"
	case "gravatar_default":
		return ""
	default:
		return fallback
	}
}

func avatarRating(raw map[string]string) string {
	return strings.ToLower(firstOf(raw["avatar_rating"], "g"))
}

// url is the avatar of contract 4.1: the profile's own picture, else Gravatar for
// members known to have one, else nothing. Gravatar is addressed by SHA-256, as
// WordPress does since 6.8; it knows every address under both that and MD5.
func (a avatarRule) url(profile, email string, hasGravatar bool) string {
	if profile != "" {
		return profile
	}
	if !hasGravatar || email == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	return "https://secure.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + a.query
}
