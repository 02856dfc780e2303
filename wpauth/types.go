// Package wpauth answers two questions about a WordPress site: who is calling,
// and what may be known about a member. It reads WordPress's and Jetonomy's
// tables; the only rows it writes are the ones WordPress itself would write for
// the same call: an application password's last use, and a member's last_seen_at.
package wpauth

import (
	"net/http"
	"net/netip"
	"time"
)

// UserID is a row id of wp_users. 0 is nobody (or an erased account).
type UserID int64

// Method tells how a caller proved who they are.
type Method uint8

const (
	// Anonymous is a caller without valid credentials.
	Anonymous Method = iota
	// ByCookie is a login cookie together with its REST nonce.
	ByCookie
	// ByApplicationPassword is HTTP Basic with an application password.
	ByApplicationPassword
	// ByCookieOnly is a login cookie without a nonce, for pages that only show
	// things (the inbox page). WordPress's REST interface treats it as Anonymous;
	// only AuthenticatePage ever returns it.
	ByCookieOnly
)

// Identity is an authenticated caller. The zero value is nobody.
type Identity struct {
	UserID      UserID
	Login       string
	Nicename    string
	DisplayName string
	Email       string
	Via         Method
	// SessionToken is the plain token of the login cookie; it enters nonces. Empty
	// for application passwords. Never logged.
	SessionToken string
	// Roles are the role slugs on this site, in stored order.
	Roles []string
	// SuperAdmin is set for logins in the network option site_admins (multisite).
	SuperAdmin bool

	caps   map[string]bool
	nonces *nonceMemo
	// ofNetwork is set where BuddyPress belongs to the network.
	ofNetwork bool
	// proof is what the credential was checked against: the stored hash of the account's
	// password, or of the application password. until is when a cookie ends, unix time.
	proof string
	until int64
}

// LoggedIn reports whether somebody is calling.
func (id *Identity) LoggedIn() bool { return id != nil && id.UserID > 0 }

// Can reports whether the caller has a capability, as WordPress's
// WP_User::has_cap decides for primitive capabilities: role capabilities, then
// the user's own grants and denials; on a network a super admin may do everything.
func (id *Identity) Can(capability string) bool {
	return id != nil && (id.SuperAdmin || id.caps[capability])
}

// Moderates reports whether the caller is a moderator of BuddyPress: whoever holds
// manage_options or bp_moderate, but where BuddyPress is activated for a whole network
// its super admins alone (BuddyPress contract 1.2).
func (id *Identity) Moderates() bool {
	return id != nil && (id.SuperAdmin || !id.ofNetwork && (id.Can(CapManageOptions) || id.Can(CapBPModerate)))
}

// WithCaps is the identity with exactly these capabilities, for programs that act
// without a request, and for tests.
func (id Identity) WithCaps(capabilities ...string) Identity {
	id.caps = make(map[string]bool, len(capabilities))
	for _, c := range capabilities {
		id.caps[c] = true
	}
	return id
}

// Credentials is what a request carries that can say who is calling. It is
// filled by the HTTP surface; the fields keep WordPress's distinctions.
type Credentials struct {
	// Method is the real request method, not an overridden one (the cookie's hour
	// of grace is for a real POST only).
	Method string
	// HTTPS is true when the visitor used https (X-Forwarded-Proto counts only
	// from a declared proxy).
	HTTPS bool
	// Header holds Cookie, Authorization, X-WP-Nonce.
	Header http.Header
	// NonceParam is `_wpnonce` from the query or a form body; it goes before the
	// header even when empty. nil: not sent.
	NonceParam *string
	// ClientIP is the visitor's address, recorded as an application password's last_ip.
	ClientIP netip.Addr
}

// Member is what everybody who may see a member may know. Values may be up to
// MemberCacheTTL old; nothing here decides access.
type Member struct {
	ID       UserID
	Login    string
	Nicename string
	// DisplayName is wp_users.display_name, else nicename, else login (Jetonomy
	// contract 4.1; option member_name_display is applied).
	DisplayName string
	// StoredName is wp_users.display_name as it is stored, for BuddyPress's interface.
	StoredName string
	Email      string
	// AvatarURL is a 40 px image address or "" (clients draw initials).
	AvatarURL string
	// TrustLevel is 0-5; 0 without a profile row.
	TrustLevel int
	// LastSeenAt is UTC; the zero time when never seen.
	LastSeenAt time.Time
	// Exists is false when wp_users has no such row: show "Deleted User".
	Exists bool
}

// DeletedUserName is shown for accounts that are gone (Jetonomy contract 1.2).
const DeletedUserName = "Deleted User"

// OnlineWindow is how recent LastSeenAt must be to count as online (contract 4.1).
const OnlineWindow = 5 * time.Minute

// MemberCacheTTL bounds the age of Member values.
const MemberCacheTTL = 5 * time.Second

// Name is the name to show: DisplayName, or DeletedUserName.
func (m Member) Name() string {
	if !m.Exists {
		return DeletedUserName
	}
	return m.DisplayName
}

// Standing is a member's account state on this site at this moment, read fresh
// for every mutation (Jetonomy contract 2, "Restrictions").
type Standing struct {
	GlobalBan           bool
	Silenced            bool
	PendingVerification bool
	// IPBanned is about the caller's address, not the member.
	IPBanned bool
}

// Tables holds the names of the tables Parley reads, prefix applied and quoted
// with backticks. Names of absent optional tables are still filled; ask Features.
type Tables struct {
	Users, UserMeta, Options, SiteMeta                                          string
	JTProfiles, JTNotifications, JTBlockedUsers, JTRestrictions, JTSpaceMembers string
	JTSpaces, JTFlags                                                           string
	BPNotifications                                                             string
}

// Features tells which plugins' tables the site has.
type Features struct {
	// Jetonomy: trust levels, shared spaces, restrictions, community blocks and
	// bell rows apply. Without it none of them do (running.md, "Sites without Jetonomy").
	Jetonomy bool
	// JetonomyBell and JetonomyFlags tell whether its tables for bell rows and for
	// reports exist; a site whose plugin was installed properly has both.
	JetonomyBell, JetonomyFlags bool
	// BuddyPress: bp_notifications exists. BuddyPressKey: it has BuddyPress's key useritem
	// (user_id, is_new).
	BuddyPress, BuddyPressKey bool
}
