package api_test

import (
	"testing"

	"parley/internal/testdb"
	"parley/realtime"
)

func TestTypingIsToldToThoseItConcerns(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	ab := c.as("alice").start("hello", "bob")
	g := c.as("alice").start("the three of us", "bob", "carol")
	c.settled()
	alice, bob, carol, dave := c.connect("alice", ""), c.connect("bob", ""), c.connect("carol", ""), c.connect("dave", "")
	types := func(s *socket, conversation int64) {
		s.say(object{"type": "typing", "conversation": conversation})
		s.say(object{"type": "ping"})
		s.expect("pong")
	}
	// notTold reads up to a pong: what was told before the ping has arrived by then.
	notTold := func(s *socket) {
		t.Helper()
		s.say(object{"type": "ping"})
		if f := s.until("a pong", func(f told) bool { return f.Type == "pong" || f.Type == "typing" }); f.Type == "typing" {
			t.Errorf("%s was told %s", s.name, f.raw)
		}
	}

	types(alice, g)
	types(alice, g) // within three seconds: once is enough
	for _, s := range []*socket{bob, carol} {
		if f := s.expect("typing"); f.Conversation != g || f.Member != testdb.Alice {
			t.Errorf("%s was told %s", s.name, f.raw)
		}
		notTold(s)
	}
	notTold(alice)
	notTold(dave)

	// A block hides each side from the other, and leaves no trace.
	types(alice, ab)
	bob.expect("typing")
	c.as("bob").post(conv(ab)+"/block", object{"blocked": true}).want(200)
	bob.until("the block", func(f told) bool { return f.Setting == "blocked" })
	types(bob, ab)
	notTold(alice)

	// Who left, and who never was in, is refused.
	c.as("carol").post(conv(g)+"/leave", nil).want(200)
	carol.expect("member.left")
	carol.say(object{"type": "typing", "conversation": g})
	carol.ends(4404, "no_conversation")
	dave.say(object{"type": "typing", "conversation": ab})
	dave.ends(4404, "no_conversation")
	bob.say(object{"type": "typing"})
	bob.ends(4400, "bad_frame")
}
