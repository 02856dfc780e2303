package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/sitetest"
)

// Two members on two nodes see what the other does, as it happens.
func TestTwoMembersTalkThroughTwoNodes(t *testing.T) {
	id := direct(t, logIn(t, "alice"), "bob")
	alice := enter(t, "alice", 1, talk(id))
	bob := enter(t, "bob", 2, "")
	settled(t, 1, 1)
	alice.Until(there + ` === "online"`)
	badge := `Number(document.querySelector("#badge").textContent)`
	before := bob.Run(`return ` + badge)

	writes(alice.Browser, "Can you hear me?")
	alice.Until(receipt + ` === "delivered"`)
	bob.Until(fmt.Sprintf(`%s >= Math.max(1, %s) && !document.querySelector("#badge").hidden`, badge, before))
	bob.Until(`$(".row.unread")?.innerText.includes("Can you hear me?")`)
	typesUntil(alice.Browser, bob.Browser, `$(".row [part=typing]")`)

	bob.Run(`$(".row.unread").click()`)
	bob.Until(shows("Can you hear me?"))
	alice.Until(receipt + ` === "seen"`)
	bob.Until(fmt.Sprintf(`document.querySelector("#badge").hidden || %s < 1 + %s`, badge, before))

	typesUntil(bob.Browser, alice.Browser, types+`?.innerText.includes("Bob Martinez")`)
	writes(bob.Browser, "Loud and clear")
	alice.Until(shows("Loud and clear") + ` && !` + types)
	bob.Until(receipt + ` === "seen"`)

	bob.inSight(false)
	alice.Until(there + ` === "away"`)
	bob.inSight(true)
	alice.Until(there + ` === "online"`)
	bob.Open("/wp-login.php")
	alice.Until(`!` + there + ` && $(".pane header").innerText.includes("Last seen")`)
}

// A node is killed while both write: both go on, nothing is lost, nothing is there twice.
func TestBothGoOnWhenANodeIsKilled(t *testing.T) {
	app := logIn(t, "alice")
	id := group(t, app, "A node is killed", "Hello", "bob")
	backAtTheEnd(t, site.Nodes[1])
	alice, bob := enter(t, "alice", 1, talk(id)), enter(t, "bob", 2, talk(id))
	settled(t, 1, 1)
	const each = 8
	both := []*person{alice, bob}
	var all []string
	for i := range each {
		if i == 3 {
			site.Nodes[1].Kill()
		}
		for n, p := range both {
			text := fmt.Sprintf("No. %d of %d", i, n)
			writes(p.Browser, text)
			all = append(all, text)
		}
		if i == 5 {
			if err := site.Nodes[1].Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range both {
		p.Until(fmt.Sprintf(`%s.split("|").length === %d && !$(".pending, .failed")`, bubbles("No. "), 2*each))
	}
	stored := plainOf(t, app, id)[1:]
	// Both write at the same time, each in order.
	if got := slices.Sorted(slices.Values(stored)); !slices.Equal(got, slices.Sorted(slices.Values(all))) {
		t.Errorf("stored: %q", stored)
	}
	for n := range both {
		mine := func(s string) bool { return !strings.HasSuffix(s, fmt.Sprint("of ", n)) }
		if got := slices.DeleteFunc(slices.Clone(stored), mine); !slices.IsSorted(got) {
			t.Errorf("one member's messages: %q", got)
		}
	}
	for _, p := range both {
		p.Until(bubbles("No. ") + ` === ` + sitetest.Quoted(strings.Join(stored, "|")))
	}
}

// All of Parley is away for a while: both are back by themselves, and what was written
// meanwhile is sent once.
func TestARestartIsSurvived(t *testing.T) {
	app := logIn(t, "alice")
	id := group(t, app, "A restart", "Hello", "bob")
	alice, bob := enter(t, "alice", 1, talk(id)), enter(t, "bob", 2, talk(id))
	settled(t, 1, 1)
	if err := site.StopParley(); err != nil {
		t.Fatal(err)
	}
	writes(alice.Browser, "Is it gone?")
	writes(bob.Browser, "It is.")
	if err := site.StartParley(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice.Until(shows("It is.") + ` && !$(".pending, .failed")`)
	bob.Until(shows("Is it gone?") + ` && !$(".pending, .failed")`)
	if got := slices.Sorted(slices.Values(plainOf(t, app, id)[1:])); !slices.Equal(got, []string{"Is it gone?", "It is."}) {
		t.Errorf("stored: %q", got)
	}
	settled(t, 1, 1)
}
