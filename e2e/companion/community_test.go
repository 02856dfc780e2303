package companion

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestInsideJetonomy(t *testing.T) {
	use(t, "plain-classic")
	standIn(t, "jetonomy.php")
	c := logIn(t, "alice")
	for path, route := range map[string]string{inbox: "messages/", inbox + "12/": "conversation/12"} {
		html := page(t, c, path)
		holds(t, html, `data-route="`+route+`"`, `<a href="`+site.URL+inbox+`" class="parley-nav-link active" title="Messages" aria-current="page">`,
			`<span class="jt-nav-label">Messages</span><span class="parley-badge" data-parley-badge hidden></span></a>`, "<title>Messages &#8211; Parley demo</title>",
			`<nav class="parley-breadcrumb" aria-label="Breadcrumb">`)
		holds(t, element(t, html), `base="/community/messages/"`)
		if strings.Contains(html, `conversation="12"`) != strings.Contains(path, "12") {
			t.Errorf("%s: %s", path, element(t, html))
		}
	}
	if a := do(t, site.NewSession(), "GET", inbox, nil); a.Status != http.StatusFound {
		t.Errorf("nobody: %d", a.Status)
	}
	var told struct {
		App struct {
			Enabled  bool            `json:"app_enabled"`
			Features map[string]bool `json:"features"`
		} `json:"app"`
		Message, Badge string
		Messages       bool
	}
	if err := site.NewSession().Want(t.Context(), 200, "GET", "/wp-json/stand-in/v1/jetonomy", nil, &told); err != nil {
		t.Fatal(err)
	}
	if !told.App.Features["messaging"] || told.App.Features["polls"] || told.App.Enabled || !told.Messages ||
		told.Message != site.URL+inbox+"17/" || told.Badge != "" {
		t.Errorf("%+v", told)
	}

	// Beside the private messaging of Jetonomy Pro nothing of it is shown or taken over.
	php(t, "update_option( 'jetonomy_pro_extensions', array( 'private-messaging' ) );")
	defer php(t, "delete_option( 'jetonomy_pro_extensions' );")
	standInText(t, "pro.php", "<?php define( 'JETONOMY_PRO_VERSION', '1.9.3-stand-in' );")
	if err := site.NewSession().Want(t.Context(), 200, "GET", "/wp-json/stand-in/v1/jetonomy", nil, &told); err != nil {
		t.Fatal(err)
	}
	if told.Messages || told.Message != "" {
		t.Errorf("beside Jetonomy Pro: %+v", told)
	}
}

func TestInsideBuddyPress(t *testing.T) {
	use(t, "plain-classic")
	standIn(t, "buddypress.php")
	defer php(t, "delete_option( 'stand_in_messages' );")
	c := logIn(t, "alice")
	toBob := `<a class="button parley-message-button" href="` + site.URL + inbox + `?to=bob">Message</a>`
	toCarol := strings.ReplaceAll(toBob, "bob", "carol")
	for _, own := range []bool{false, true} {
		if own {
			php(t, "update_option( 'stand_in_messages', 1 );")
		}
		html := page(t, c, "/?member=bob")
		holds(t, html, `<li><a id="user-messages" href="`+site.URL+inbox+`">Messages</a></li>`, `<div id="hover-card">`+toCarol+`</div>`)
		header := html[strings.Index(html, `id="item-buttons"`):strings.Index(html, `id="members-list"`)]
		list := html[strings.Index(html, `id="members-list"`):strings.Index(html, `id="hover-card"`)]
		if own {
			holds(t, header, `<a class="theirs" href="`+site.URL+inbox+`?to=bob">Private Message</a>`)
			lacks(t, header, "parley-message-button")
		} else {
			holds(t, header, `<div class="generic-button">`+toBob+`</div>`)
		}
		holds(t, list, toBob, toCarol)
		lacks(t, list, "?to=alice") // herself
		html = page(t, site.NewSession(), "/?member=bob")
		lacks(t, html, "parley-message-button", "Messages</a>")
	}

	// BuddyPress's own pages lead to the inbox; notices stay.
	for box, to := range map[string]string{"inbox": inbox, "view,12": inbox + "12/", "compose&r=bob": inbox + "?to=bob", "sentbox": inbox} {
		if a := do(t, c, "GET", "/?member=alice&box="+box, nil); a.Status != http.StatusFound || a.Header.Get("Location") != site.URL+to {
			t.Errorf("%s: %d to %s", box, a.Status, a.Header.Get("Location"))
		}
	}
	page(t, c, "/?member=alice&box=notices")
	page(t, c, "/?member=bob&box=inbox")

	var told struct {
		Thread, String string
		Array          map[string]string
		Count          json.Number
		Bar            []map[string]string
	}
	if err := c.Want(t.Context(), 200, "GET", "/wp-json/stand-in/v1/buddypress", nil, &told); err != nil {
		t.Fatal(err)
	}
	if told.Thread != site.URL+inbox+"12/" || told.String != `<a href="`+site.URL+inbox+`">A &lt;sent&gt; it</a>` ||
		told.Array["link"] != site.URL+inbox || told.Array["text"] != "3 new" || told.Count != "0" ||
		len(told.Bar) != 2 || told.Bar[0]["href"] != site.URL+inbox || told.Bar[1]["id"] != "my-account-messages-notices" {
		t.Errorf("%+v", told)
	}
}
