package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/internal/testdb"
)

func TestOversightFiltersByIdOrLogin(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	cd := c.as("carol").start("hi", "dave")
	list := func(member string) answer {
		t.Helper()
		return c.as("admin").get(admin + "/conversations?member=" + member)
	}
	for _, bob := range []string{"bob", "BOB", "@bob", "%20bob%20", fmt.Sprint(testdb.Bob)} {
		list(bob).want(http.StatusOK).wantIDs(ab).eq("member.login", "bob").eq("member.id", testdb.Bob)
	}
	if _, there := list("").want(http.StatusOK).wantIDs(cd, ab).body.(object)["member"]; there {
		t.Error("everybody's list names a member")
	}
	// Somebody who is gone is still found by id, by the conversations they were in.
	c.exec("DELETE FROM wp_users WHERE ID = ?", testdb.Dave)
	c.eventually("dave is gone", func() bool {
		return list(fmt.Sprint(testdb.Dave)).want(http.StatusOK).wantIDs(cd).str("member.display_name") == "Deleted User"
	})
	for _, nobody := range []string{"nobody-here", "0", "-3", "dave"} {
		list(nobody).refused(http.StatusBadRequest, "rest_invalid_param")
	}
}

func TestOversightShowsALineOfEachMessage(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("<b>One</b>\n\ntwo", "bob")
	c.as("bob").send(ab, strings.Repeat("é", 300))
	c.as("bob").send(ab, strings.Repeat("語", 301))
	page := c.as("admin").get(fmt.Sprintf("%s/conversations/%d/messages", admin, ab)).want(http.StatusOK)
	page.eq("data.2.excerpt", "One two").eq("data.1.excerpt", strings.Repeat("é", 300))
	if long := page.str("data.0.excerpt"); utf8.RuneCountInString(long) != 300 || !strings.HasSuffix(long, "語…") {
		t.Errorf("a long message is cut to %d characters: %s", utf8.RuneCountInString(long), long)
	}
}

func TestTheAuditLogNamesWhoAndWhom(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("admin").get(fmt.Sprintf("%s/members/%d/blocks", admin, testdb.Alice)).want(http.StatusOK)
	c.as("admin").get(admin+"/audit").want(http.StatusOK).
		eq("data.0.action", "audit.view").eq("data.0.member_name", "").
		eq("data.1.action", "blocks.view").eq("data.1.member_name", "Alice Anders").eq("data.1.actor_login", "admin")
}
