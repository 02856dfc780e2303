package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/internal/sitetest"
	"parley/internal/wpsite"
)

// missed has alice write while bob cannot hear, and returns her lines as they stand in
// the thread.
func missed(t *testing.T, alice *wpsite.Session, id int64) string {
	t.Helper()
	var lines []string
	for i := range 3 {
		lines = append(lines, fmt.Sprintf("Alice %d", i))
		say(t, alice, id, lines[i])
	}
	return strings.Join(lines, "|")
}

// The network of one member goes and comes back, in each of the ways networks have: what
// was written is sent once, what was missed appears in order, once.
func TestTheNetworkGoesAndComesBack(t *testing.T) {
	alice := logIn(t, "alice")
	for name, down := range map[string]func(*person, bool){
		"flight mode": (*person).offline,
		"a cut cable": func(p *person, yes bool) {
			if yes {
				p.cable.Cut()
			} else {
				p.cable.Mend()
			}
		},
		"out of reach": func(p *person, yes bool) {
			if yes {
				p.cable.Silence()
			} else {
				p.cable.Mend()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := group(t, alice, "Down: "+name, "Hello", "bob")
			bob := enter(t, "bob", 1, talk(id))
			settled(t, 1, 0)
			say(t, alice, id, "Before")
			bob.Until(shows("Before"))
			down(bob, true)
			theirs := missed(t, alice, id)
			writes(bob.Browser, "Bob 0")
			writes(bob.Browser, "Bob 1")
			if got := plainOf(t, alice, id); slices.Contains(got, "Bob 0") {
				t.Errorf("sent without a network: %q", got)
			}
			down(bob, false)
			bob.Until(bubbles("Alice") + ` === ` + sitetest.Quoted(theirs) + ` && ` + bubbles("Bob") + ` === "Bob 0|Bob 1" && !$(".pending, .failed")`)
			if got := plainOf(t, alice, id); !slices.Equal(got, []string{"Hello", "Before", "Alice 0", "Alice 1", "Alice 2", "Bob 0", "Bob 1"}) {
				t.Errorf("stored: %q", got)
			}
			say(t, alice, id, "After")
			bob.Until(shows("After"))
		})
	}
}

// A page that the browser put to sleep knows what it missed when it wakes.
func TestAPageThatSleptCatchesUp(t *testing.T) {
	alice := logIn(t, "alice")
	id := group(t, alice, "Sleep", "Hello", "bob")
	bob := enter(t, "bob", 1, talk(id))
	settled(t, 1, 0)
	life := func(state page.SetWebLifecycleStateState) {
		t.Helper()
		if _, err := chromedp.Call(bob.Ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
			bob.Fail(err)
		}
	}
	life(page.SetWebLifecycleStateStateFrozen)
	bob.cable.Cut() // as the network goes down with the machine
	theirs := missed(t, alice, id)
	bob.cable.Mend()
	life(page.SetWebLifecycleStateStateActive)
	bob.Until(bubbles("Alice") + ` === ` + sitetest.Quoted(theirs))
	settled(t, 1, 0)
}

// Where a proxy stands in the way of a WebSocket it is server-sent events, and where it
// holds those back, long polls.
func TestTheNextBestWayIsFound(t *testing.T) {
	alice := logIn(t, "alice")
	for hindrance, way := range map[string]string{wpsite.NoWebSocket: "sse", wpsite.Held: "poll"} {
		t.Run(way, func(t *testing.T) {
			id := direct(t, alice, "bob")
			inAlices := enter(t, "alice", 1, talk(id))
			bob := arrive(t, "bob", logIn(t, "bob"))
			bob.SetCookie("/", wpsite.HindranceCookie, hindrance)
			bob.SeeInbox("", talk(id))
			bob.Until(rung + ` === "` + way + `"`)
			for i := range 3 {
				text := fmt.Sprintf("By %s, %d", way, i)
				writes(inAlices.Browser, text)
				bob.Until(shows(text))
			}
			inAlices.Until(there + ` === "online" && ` + receipt + ` === "seen"`)
			bob.Until(there + ` === "online"`)
			typesUntil(bob.Browser, inAlices.Browser, types)
			typesUntil(inAlices.Browser, bob.Browser, types)
			bob.Until(rung + ` === "` + way + `"`)
		})
	}
}
