package config

import (
	"errors"
	"regexp"
	"strings"
)

// BuddyPress says whether and how Parley answers clients of BuddyPress's messages
// interface.
type BuddyPress struct {
	Enabled bool
	// Version2 serves buddypress/v2/messages beside v1.
	Version2 bool
	// Stars is BuddyPress's starring; StarredSlug the word in its route.
	Stars       bool
	StarredSlug string
	// MembersSlug is the first part of the addresses of members' pages.
	MembersSlug string
	// AvatarsDir is the folder of avatars members uploaded, AvatarsURL where it is
	// served; "" for wp-content/uploads/avatars beside wp-config.php, and of the site.
	AvatarsDir, AvatarsURL string
	// EmojiImages is where pictures of emoji are, with a slash at the end; "" for none.
	EmojiImages string
	// SenderIDsAsList writes sender_ids as a list.
	SenderIDsAsList bool
	// MaskDeleted hides the names and words of accounts that are gone.
	MaskDeleted bool
	Fields      []Field
}

// Field is a value clients may keep with a message.
type Field struct {
	Name string
	Type string // string, integer, number or boolean
	// MetaKey is the key it is stored under.
	MetaKey string
}

var (
	partPattern  = regexp.MustCompile(`^[a-z0-9_-]*[a-z_-][a-z0-9_-]*$`)
	fieldPattern = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]{0,63}):(string|integer|number|boolean)(?::([A-Za-z0-9_.-]{1,191}))?$`)
)

// pathPart checks one part of a path; digits alone would be taken for an id.
func pathPart(v string) error {
	if !partPattern.MatchString(v) {
		return errors.New("a part of an address: small letters, digits, - and _, not digits alone")
	}
	return nil
}

var errFields = errors.New("a list of fields as name:type or name:type:key, with the types string, integer, number and boolean")

func fields(v string) error {
	_, err := parseFields(v)
	return err
}

func parseFields(v string) ([]Field, error) {
	var list []Field
	for _, item := range strings.Split(v, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		m := fieldPattern.FindStringSubmatch(item)
		if m == nil {
			return nil, errFields
		}
		f := Field{Name: m[1], Type: m[2], MetaKey: m[3]}
		if f.MetaKey == "" {
			f.MetaKey = f.Name
		}
		list = append(list, f)
	}
	return list, nil
}
