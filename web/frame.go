package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// frame is what stands around an element: the site's name, the community's
// navigation, where one is (contract 6, "Frame"), and the scripts.
type frame struct {
	W        *words
	Title    string
	SiteName string
	Home     string
	Base     string
	CSS      string
	Viewer   string
	Places   []place
	// Messages is set on the inbox itself, Narrow where a phone shows the right pane.
	Messages, Narrow bool
	Element          elementView
}

// place is an entry of the navigation.
type place struct {
	URL, Name, Icon string
	Badge           string // how many, "" for none
	Current         bool
	ID              string
}

// elementView are the attributes of an element and the addresses of its files.
type elementView struct {
	Root, Nonce, NonceURL, Base, Boot   string
	To, ToMembers, Conversation, Unread string
	// Script, Page and Catalogue are addresses, "" for what was not built: the
	// element's script, the frame's, and the language's wording.
	Script, Page, Catalogue string
}

func (q *request) newFrame(title string) frame {
	return frame{W: q.words, Title: title, SiteName: q.site.BlogName, Home: q.home + "/", Base: q.base,
		CSS: q.base + q.assets.path("parley.css"), Viewer: q.viewer.DisplayName}
}

// me works out once what the element has to know.
func (q *request) me() (*Me, error) {
	if q.self == nil {
		me, err := q.Me(q.ctx, q.viewer, q.actor)
		if err != nil {
			return nil, err
		}
		q.self = me
	}
	return q.self, nil
}

// prepare fills in the element's attributes and the navigation, when everything else
// of the page is done: the badge counts what is unread by then.
func (q *request) prepare(f *frame, script string) error {
	me, err := q.me()
	if err != nil {
		return err
	}
	boot, err := json.Marshal(me)
	if err != nil {
		return err
	}
	e := &f.Element
	e.Root, e.Nonce, e.NonceURL, e.Base, e.Boot = q.restRoot(), q.Nonce(q.viewer), q.base+"nonce", q.base, string(boot)
	e.Script, e.Page = q.assetURL(script), q.assetURL("page.js")
	if language, _, _ := strings.Cut(f.W.Lang, "-"); language != "en" {
		e.Catalogue = q.assetURL("lang/" + language + ".json")
	}
	unread, _, err := q.Messenger.UnreadCount(q.ctx, q.actor)
	if err != nil {
		return err
	}
	f.Places = q.places(unread, f.Messages)
	q.policy("'self'", e.Script != "")
	return nil
}

// restRoot is the path of the REST interface on this origin.
func (q *request) restRoot() string {
	if !q.site.PrettyPermalinks {
		return pathOf(q.home) + "/?rest_route=/"
	}
	return pathOf(q.home) + "/wp-json/"
}

func (q *request) assetURL(stable string) string {
	if p := q.assets.path(stable); p != "" {
		return q.base + p
	}
	return ""
}

// places is the community's navigation: Jetonomy's own addresses where it is installed.
func (q *request) places(unread int, inbox bool) []place {
	messages := place{URL: q.base, Name: q.words.T("app.messages"), Icon: "bubble", Current: inbox, ID: "messages"}
	if unread > 0 {
		messages.Badge = strconv.Itoa(unread)
	}
	if !q.Directory.Features().Jetonomy {
		return q.oversightPlace([]place{{URL: q.home + "/", Name: q.words.T("page.nav.home"), Icon: "home"}, messages}, inbox)
	}
	root := pathOf(q.home) + "/" + url.PathEscape(q.site.CommunitySlug) + "/"
	list := []place{
		{URL: root, Name: q.words.T("page.nav.community"), Icon: "home"},
		{URL: root + "search/", Name: q.words.T("page.nav.search"), Icon: "search"},
		{URL: root + "leaderboard/", Name: q.words.T("page.nav.leaderboard"), Icon: "trophy"},
		{URL: root + "u/" + url.PathEscape(q.viewer.Login) + "/", Name: q.words.T("page.nav.profile"), Icon: "person"},
	}
	if q.actor.Bypass {
		list = append(list, place{URL: root + "mod/", Name: q.words.T("page.nav.moderation"), Icon: "shield"})
	}
	return q.oversightPlace(append(list, messages), inbox)
}

// oversightPlace adds the oversight page for those who may open it.
func (q *request) oversightPlace(list []place, inbox bool) []place {
	if !q.actor.Oversight {
		return list
	}
	return append(list, place{URL: q.base + "oversight/", Name: q.words.T("page.nav.oversight"), Icon: "eye", Current: !inbox})
}

// showOversight shows the page of those who may oversee every conversation (contract
// 3.9, 5.3). Whoever may not is not told that there is one.
func (q *request) showOversight() {
	if !q.actor.Oversight {
		q.sentence(http.StatusForbidden, q.words.T("page.refused.forbidden"))
		return
	}
	f := q.newFrame(q.words.T("page.nav.oversight"))
	if err := q.prepare(&f, "oversight.js"); err != nil {
		q.fail(err)
		return
	}
	f.Element.Base = q.base + "oversight/"
	q.policy("'none'", f.Element.Script != "")
	q.render(http.StatusOK, "oversight.html", f)
}
