package bpbridge

import (
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"strconv"
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

// writeAvatars writes user_avatars, unless the site shows none (contract 1.10): what a
// member uploaded, else their Gravatar.
func (v *view) writeAvatars(j *wprest.JSON, m wpauth.Member) {
	if !v.site.ShowAvatars {
		return
	}
	sum := md5.Sum([]byte(strings.ToLower(m.Email)))
	base := "//www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s="
	if v.gravatarEnd == "" {
		v.gravatarEnd = "&#038;r=" + url.QueryEscape(v.site.AvatarRating)
		if v.site.AvatarDefault != "" {
			v.gravatarEnd += "&#038;d=" + url.QueryEscape(v.site.AvatarDefault)
		}
	}
	full, thumb := base+avatarFull+v.gravatarEnd, base+avatarThumb+v.gravatarEnd
	if m.Exists {
		folder := v.d.avatarsURL(v.site) + "/" + strconv.FormatInt(int64(m.ID), 10) + "/"
		uploaded := v.d.pictures.of(m.ID)
		if uploaded.full != "" {
			full = folder + uploaded.full
		}
		if uploaded.thumb != "" {
			thumb = folder + uploaded.thumb
		}
	}
	j.Key("user_avatars").Open()
	j.Key("full").Str(full)
	j.Key("thumb").Str(thumb)
	j.Close()
}

// avatarsURL is where the folder of uploaded avatars is served, without a last slash.
func (d *dialect) avatarsURL(site wpauth.Options) string {
	if d.AvatarsURL != "" {
		return strings.TrimRight(d.AvatarsURL, "/")
	}
	return strings.TrimRight(site.SiteURL, "/") + "/wp-content/uploads/avatars"
}
