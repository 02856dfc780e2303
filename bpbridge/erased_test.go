package bpbridge_test

import (
	"context"
	"testing"

	"parley/bpbridge"
	"parley/config"
	"parley/messaging"
	"parley/schema"
	"parley/wpauth"
)

// TestErasedMember is shown as BuddyPress shows an account that is gone (D10), in both
// versions; who is left can go on in the thread.
func TestErasedMember(t *testing.T) {
	t.Parallel()
	s := newStack(t, false, bpbridge.Settings{})
	_, _, v := s.as("alice").do("POST", "/messages", `{"recipients":[3],"subject":"Trip","message":"From Alice"}`)
	id := at(t, v, "$[0].id")
	s.minute()
	s.as("bob").do("POST", "/messages", `{"id":`+id+`,"message":"From Bob"}`)
	ctx := context.Background()
	site, err := wpauth.NewSite(ctx, s.db.DB, wpauth.SiteConfig{WordPress: config.WordPress{TablePrefix: "wp_"}})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	service, err := messaging.New(messaging.Options{DB: s.db, Tables: schema.Names("wp_parley_"), Directory: site, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Erase(ctx, messaging.Operator("test"), 2, nil); err != nil {
		t.Fatal(err)
	}
	bob := s.as("bob")
	for path, want := range map[string]map[string]string{
		"/messages/" + id: {"$[0].messages[0].sender_id": `0`, "$[0].messages[0].message.rendered": `"<p>From Alice</p>\n"`, "$[0].recipients[0].user_id": `3`,
			"$[0].recipients[1].user_id": `0`, "$[0].recipients[1].name": `""`, "$[0].recipients[1].user_link": `""`, "$[0].unread_count": `1`},
		"/wp-json/buddypress/v2/messages/" + id: {"$.messages[0].sender_id": `0`, "$.messages[0].message.rendered": `"<p>[deleted]</p>\n"`,
			"$.recipients[1].name": `"Deleted User"`, "$.recipients[1].is_deleted": `true`},
	} {
		_, _, v := bob.do("GET", path, "")
		for field, value := range want {
			if got := at(t, v, field); got != value {
				t.Errorf("%s %s: %s, want %s", path, field, got, value)
			}
		}
	}
	s.minute()
	if status, _, v := bob.do("POST", "/messages", `{"id":`+id+`,"message":"Still there?"}`); status != 200 {
		t.Errorf("a reply: %d %s", status, show(v))
	}
	if status, _, _ := s.as("alice").do("GET", "/messages/"+id, ""); status != 403 {
		t.Errorf("who was erased still reads: %d", status)
	}
}
