package live

import (
	"fmt"
	"testing"
	"time"
)

// switchTo sets one of the switches of the privacy menu by its words.
func (p *person) switchTo(words string, on bool) {
	p.T.Helper()
	item := fmt.Sprintf(`$$("[role=menuitemcheckbox]").find(i => i.innerText.includes(%q))`, words)
	p.Run(`$(".privacy button").click()`)
	p.Until(item)
	if p.Run(`return `+item+`.getAttribute("aria-checked")`) != fmt.Sprint(on) {
		p.Run(item + `.click()`)
	}
	p.Until(item + fmt.Sprintf(`.getAttribute("aria-checked") === "%v"`, on))
	p.Run(`$(".privacy button").click()`)
}

// What a member hides is hidden from the other, and what the other does from the member.
func TestWhatIsSwitchedOffIsGoneInBothDirections(t *testing.T) {
	id := direct(t, logIn(t, "alice"), "carol")
	alice, carol := enter(t, "alice", 1, talk(id)), enter(t, "carol", 2, talk(id))
	settled(t, 1, 1)
	alice.Until(there + ` === "online"`)
	carol.Until(there + ` === "online"`)

	carol.switchTo("online", false)
	alice.Until(`!` + there)
	carol.Until(`!` + there)
	carol.switchTo("online", true)
	alice.Until(there + ` === "online"`)
	carol.Until(there + ` === "online"`)

	writes(alice.Browser, "Have you read this?")
	alice.Until(receipt + ` === "seen"`)
	carol.switchTo("read", false)
	writes(alice.Browser, "And this?")
	writes(carol.Browser, "I do not say.")
	for _, p := range []*person{alice, carol} {
		p.Until(shows("And this?") + ` && ` + shows("I do not say."))
	}
	for p, own := range map[*person]string{alice: "And this?", carol: "I do not say."} {
		state := p.Run(`return $$("article").find(a => a.innerText.includes("` + own + `")).querySelector("[part=receipt]")?.dataset.state ?? ""`)
		if state == "seen" || state == "delivered" {
			t.Errorf("%q is said to be %s though receipts are switched off", own, state)
		}
	}
	carol.switchTo("read", true)

	carol.switchTo("typing", false)
	// Long enough for each browser to have something to say.
	for begun := time.Now(); time.Since(begun) < 4*time.Second; {
		begins(alice.Browser, "o")
		begins(carol.Browser, "o")
	}
	// What is told in the meantime shows that both hear of other things.
	alice.inSight(false)
	carol.Until(there + ` === "away"`)
	for _, p := range []*person{alice, carol} {
		if p.Run(`return Boolean(`+types+`)`) == "true" {
			t.Error("typing is shown though it was switched off")
		}
	}
}
