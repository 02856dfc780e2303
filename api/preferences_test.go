package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"parley/messaging"
	"parley/realtime"
)

const preferences = me + "/preferences"

// wantPreferences checks an answer of the preferences' address.
func (a answer) wantPreferences(presence, receipts, typing bool) answer {
	a.t.Helper()
	return a.want(200).eq("presence", presence).eq("receipts", receipts).eq("typing", typing)
}

// expectPreferences reads until the frame comes that tells another device.
func (s *socket) expectPreferences(presence, receipts, typing bool) {
	s.t.Helper()
	f := s.expect("preferences")
	var got struct{ Presence, Receipts, Typing bool }
	if err := json.Unmarshal(f.raw, &got); err != nil || f.Position == "" ||
		got.Presence != presence || got.Receipts != receipts || got.Typing != typing {
		s.t.Errorf("%s was told %s", s.name, f.raw)
	}
}

func TestMembersChooseWhatOthersAreTold(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, live(realtime.DefaultLimits()))
	bob := c.as("bob")
	bob.get(preferences).wantPreferences(true, true, true).eq("site", object{"presence": true, "receipts": true, "typing": true})
	device, alice := c.connect("bob", ""), c.connect("alice", "")
	bob.patch(preferences, object{"receipts": false}).wantPreferences(true, false, true).eq("site.receipts", true)
	device.expectPreferences(true, false, true)
	bob.patch(preferences, object{"receipts": false}).wantPreferences(true, false, true) // nothing new, not told
	bob.patch(preferences, object{"typing": "0", "presence": 0, "unknown": 17}).wantPreferences(false, false, false)
	device.expectPreferences(false, false, false)
	bob.get(me).want(200).eq("preferences", object{"presence": false, "receipts": false, "typing": false}).eq("features.receipts", true)
	bob.patch(preferences, object{"receipts": nil, "typing": true}).wantPreferences(false, true, true)
	device.expectPreferences(false, true, true)
	bob.get(preferences).wantPreferences(false, true, true)
	c.as("carol").get(preferences).wantPreferences(true, true, true)

	// Nobody else is told.
	alice.say(object{"type": "ping"})
	alice.until("a pong", func(f told) bool {
		if f.Type == "preferences" {
			t.Errorf("alice was told %s", f.raw)
		}
		return f.Type == "pong"
	})
	c.nobody().get(preferences).refused(http.StatusUnauthorized, "rest_not_logged_in")
	c.nobody().patch(preferences, object{"typing": false}).refused(http.StatusUnauthorized, "rest_not_logged_in")
	c.as("zed").patch(preferences, object{"typing": false}).want(http.StatusForbidden)
	for _, wrong := range []object{{"typing": "perhaps"}, {"typing": 2}, {"presence": []bool{true}}, {"receipts": object{}}, {"receipts": ""}} {
		bob.patch(preferences, wrong).refused(http.StatusBadRequest, "rest_invalid_param")
	}
	bob.patch(preferences, `{"typing":`).refused(http.StatusBadRequest, "rest_invalid_json")
	bob.get(preferences).wantPreferences(false, true, true)
	bob.post(preferences, object{"typing": false}).want(http.StatusNotFound)
}

func TestTheOwnerSwitchesOffForEverybody(t *testing.T) {
	t.Parallel()
	c := newCommunity(t, switchedOff(messaging.Preferences{Presence: true, Typing: true}))
	bob := c.as("bob")
	bob.get(preferences).wantPreferences(true, true, true).eq("site", object{"presence": false, "receipts": true, "typing": false})
	bob.patch(preferences, object{"receipts": false}).wantPreferences(true, false, true).eq("site.receipts", true).eq("site.typing", false)
	bob.get(me).want(200).eq("preferences", object{"presence": false, "receipts": false, "typing": false}).
		eq("features.presence", false).eq("features.receipts", true).eq("features.typing", false).eq("features.stream", false)
	c.as("alice").get(me).want(200).eq("preferences", object{"presence": false, "receipts": true, "typing": false})
}
