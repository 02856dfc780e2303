package bpbridge

import (
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"strings"

	"parley/wpauth"
	"parley/wprest"
)

// Edges of BuddyPress's avatars in pixels.
const (
	avatarFull  = "150"
	avatarThumb = "50"
)

// userLink is the address of a member's page (bp_members_get_user_url), "" for an
// account that is gone.
func (v *view) userLink(m wpauth.Member) string {
	switch {
	case !m.Exists:
		return ""
	case v.site.PrettyPermalinks:
		return v.site.Home + "/" + v.d.MembersSlug + "/" + m.Nicename + "/"
	}
	return v.site.Home + "/?bp_members=1&#038;bp_member=" + m.Nicename
}

// writeAvatars writes user_avatars, unless the site shows none (contract 1.10).
func (v *view) writeAvatars(j *wprest.JSON, m wpauth.Member) {
	if !v.site.ShowAvatars {
		return
	}
	sum := md5.Sum([]byte(strings.ToLower(m.Email)))
	base := "//www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s="
	rest := "&#038;r=" + url.QueryEscape(v.site.AvatarRating)
	if v.site.AvatarDefault != "" {
		rest += "&#038;d=" + url.QueryEscape(v.site.AvatarDefault)
	}
	j.Key("user_avatars").Open()
	j.Key("full").Str(base + avatarFull + rest)
	j.Key("thumb").Str(base + avatarThumb + rest)
	j.Close()
}
