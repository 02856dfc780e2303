package e2e

import (
	"os"
	"testing"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// site is the one site of all tests here, made with options.
var (
	site    *wpsite.Site
	options wpsite.Options
)

func TestMain(m *testing.M) {
	options = wpsite.Options{BuddyPress: true, Front: wpsite.Front(os.Getenv("PARLEY_E2E_FRONT")),
		// The tests write faster than members do, and some visit from 127.0.0.2.
		ParleyEnv: []string{"PARLEY_TRUSTED_PROXIES=127.0.0.1", "PARLEY_LIMITS_MESSAGES_PER_MINUTE=0", "PARLEY_LIMITS_NEW_CONVERSATIONS=0,0,0,0,0"}}
	sitetest.Main(m, "..", options, func(s *wpsite.Site) error { site, options = s, s.Options(); return nil }, nil)
}

// siteOfItsOwn gives a test a new site, with nothing in it but the sample members, in
// place of the one the tests share.
func siteOfItsOwn(t *testing.T) {
	t.Helper()
	own, err := wpsite.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	shared := site
	site = own
	t.Cleanup(func() {
		site = shared
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The short names of what is shared with other tests of sites.
type (
	browser = sitetest.Browser
	started = sitetest.Started
	variant = sitetest.Variant
)

const inbox = sitetest.Inbox

var (
	eventually = sitetest.Eventually
	do         = sitetest.Do
	want       = sitetest.Want
	start      = sitetest.Start
	group      = sitetest.Group
	say        = sitetest.Say
	plainOf    = sitetest.PlainOf
	messagesOf = sitetest.MessagesOf
	quoted     = sitetest.Quoted
)

func logIn(t *testing.T, login string) *wpsite.Session {
	t.Helper()
	return sitetest.LogIn(t, site, login)
}

func newMember(t *testing.T, login string) wpsite.Member {
	t.Helper()
	return sitetest.NewMember(t, site, login)
}

func newBrowser(t *testing.T) *browser { t.Helper(); return sitetest.NewBrowser(t, site) }

// seeInbox opens a path below the inbox, signs in when login is not "", and waits until the
// inbox can be used. It then looks for news more often than members' browsers do.
func seeInbox(b *browser, login, path string) {
	b.T.Helper()
	b.SeeInbox(login, path)
	b.Run(`document.querySelector("parley-inbox").setAttribute("poll", "1,0.5")`)
}
