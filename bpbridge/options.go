package bpbridge

import (
	"context"
	"errors"

	"parley/messaging"
	"parley/wpauth"
	"parley/wprest"
)

// Options are what the surface needs. Threads, Admit, Seen, Directory, Identity and Actor
// are required.
type Options struct {
	Threads messaging.Threads
	// Admit refuses changes by members whose account is restricted (messaging.Service.Admit).
	Admit func(context.Context, messaging.Actor, messaging.Gate) error
	// Seen notes that a caller is there (messaging.Service.Seen).
	Seen func(context.Context, messaging.Actor) error
	// Refused counts refusals; nil: nobody counts.
	Refused func(messaging.Reason)
	// Directory answers for members and for the site's options.
	Directory wpauth.Directory
	// Identity is who calls, and Actor the same with where the call came from.
	Identity func(*wprest.Call) wpauth.Identity
	Actor    func(*wprest.Call) messaging.Actor

	Settings
}

// Settings are the choices of a site (settings buddypress.*). The zero value serves
// both versions with BuddyPress's defaults.
type Settings struct {
	// WithoutVersion2 leaves buddypress/v2/messages to WordPress.
	WithoutVersion2 bool
	// WithoutStars takes the star route, the starred box and the stars in answers away.
	WithoutStars bool
	// StarredSlug is the word in the path of the star route; "starred" when "".
	StarredSlug string
	// MembersSlug is the first part of members' addresses; "members" when "".
	MembersSlug string
	// EmojiBase is where pictures of emoji are found, with a slash at the end
	// (https://s.w.org/images/core/emoji/17.0.2/72x72/); "" shows characters (D14).
	EmojiBase string
	// SenderIDsAsList writes sender_ids as the documented list instead of an object (D3).
	SenderIDsAsList bool
	// MaskDeleted hides in version 1 too what version 2 hides: the names and words of
	// accounts that are gone (D10).
	MaskDeleted bool
	// AvatarsDir is the folder of avatars members uploaded through BuddyPress, and
	// AvatarsURL where it is served; without a folder everybody has a Gravatar, and ""
	// for the address is wp-content/uploads/avatars of the site.
	AvatarsDir, AvatarsURL string
	// Fields are kept with each message and shown (contract 1.11).
	Fields []Field
}

// Field is a value that clients may write with a message and read back.
type Field struct {
	Name        string // in answers and arguments
	Description string
	Type        string   // string, integer, number or boolean
	Contexts    []string // view, edit; both when empty
	MetaKey     string   // under which it is stored; Name when ""
}

func (f *Field) contexts() []string {
	if len(f.Contexts) == 0 {
		return both
	}
	return f.Contexts
}

func (f *Field) key() string {
	if f.MetaKey == "" {
		return f.Name
	}
	return f.MetaKey
}

func (o *Options) complete() error {
	if o.Threads == nil || o.Admit == nil || o.Seen == nil || o.Directory == nil || o.Identity == nil || o.Actor == nil {
		return errors.New("bpbridge: Threads, Admit, Seen, Directory, Identity and Actor are required")
	}
	if o.StarredSlug == "" {
		o.StarredSlug = "starred"
	}
	if o.MembersSlug == "" {
		o.MembersSlug = "members"
	}
	return nil
}

// dialect is one version of the interface.
type dialect struct {
	Options
	namespace string
	keys      []string // meta keys of Fields
	pictures  *pictures
	texts     *shownTexts
	// second is version 2, BuddyPress 15's own (contract 1.13).
	second bool
	// see, change and remove are the wordings of Get, Update and Delete.
	see, change, remove wording
}

// Routes returns the routes of buddypress/v1/messages, and of buddypress/v2/messages
// unless the settings leave them out.
func Routes(o Options) ([]wprest.Route, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	var keys []string
	for i := range o.Fields {
		keys = append(keys, o.Fields[i].key())
	}
	uploaded, texts := newPictures(o.AvatarsDir), newShownTexts()
	first := &dialect{Options: o, namespace: "buddypress/v1", keys: keys, pictures: uploaded, texts: texts,
		see: getWords, change: updateWords, remove: deleteWords}
	routes := first.routes()
	routes = append(routes, wprest.IndexOf(first.namespace, routes))
	if !o.WithoutVersion2 {
		second := &dialect{Options: o, namespace: "buddypress/v2", keys: keys, pictures: uploaded, texts: texts, second: true,
			see: getWords.refusing(sayNotAllowed), change: updateWords.refusing(sayNotAllowed),
			remove: deleteWords.refusing(sayNotAllowed)}
		more := second.routes()
		routes = append(append(routes, more...), wprest.IndexOf(second.namespace, more))
	}
	return routes, nil
}

func (d *dialect) stars() bool { return !d.WithoutStars }

// masks reports whether names and words of accounts that are gone are hidden (D10).
func (d *dialect) masks() bool { return d.second || d.MaskDeleted }

func (d *dialect) routes() []wprest.Route {
	changes := []string{"POST", "PUT", "PATCH"}
	routes := []wprest.Route{
		{Namespace: d.namespace, Pattern: "/messages", Schema: d.writeSchema, Allow: d.allowCollection,
			Endpoints: []wprest.Endpoint{
				{Methods: []string{"GET"}, Args: d.listArgs(), Permit: d.mayList, Handle: d.list},
				{Methods: []string{"POST"}, Args: d.createArgs(), Permit: d.mayCreate, Handle: d.create},
			}},
		{Namespace: d.namespace, Pattern: "/messages/{id}", Schema: d.writeSchema, Allow: d.allowItem,
			Endpoints: []wprest.Endpoint{
				{Methods: []string{"GET"}, Args: d.getArgs(), Permit: d.maySee, Handle: d.get},
				{Methods: changes, Args: d.updateArgs(), Permit: d.maySee, Handle: d.update},
				{Methods: []string{"DELETE"}, Args: d.deleteArgs(), Permit: d.maySee, Handle: d.delete},
			}},
	}
	if d.stars() {
		routes = append(routes, wprest.Route{Namespace: d.namespace, Pattern: "/messages/" + d.StarredSlug + "/{id}",
			Schema: d.writeSchema, Allow: d.allowStar,
			Endpoints: []wprest.Endpoint{{Methods: changes, Args: d.starArgs(), Permit: d.mayStar, Handle: d.star}}})
	}
	return routes
}
