package api_test

import (
	"fmt"
	"testing"
	"time"
)

func TestScenario016EmptyList(t *testing.T) {
	t.Parallel()
	a := newCommunity(t).as("alice").get("/conversations").want(200)
	a.eq("data", []any{}).eq("meta.total", 0).eq("meta.has_more", false)
}

func TestScenario017ListHoldsOnlyMine(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("one", "bob")
	c.as("bob").start("two", "carol")
	c.as("alice").get("/conversations").want(200).wantIDs(ab)
}

func TestScenario018NewestActivityFirst(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice := c.as("alice")
	one := alice.start("1", "bob")
	two := alice.start("2", "carol")
	three := alice.start("3", "dave")
	alice.get("/conversations").wantIDs(three, two, one)
	c.clock.advance(time.Second)
	alice.send(one, "again")
	alice.get("/conversations").wantIDs(one, three, two)
}

// twentyFive makes threads of alice's and returns their ids, newest first.
func twentyFive(t *testing.T) (*community, []int64) {
	t.Helper()
	c := newCommunity(t, noDailyLimit, noMinuteLimit)
	var list []int64
	for _, id := range c.recruit(25) {
		c.clock.advance(time.Second)
		a := c.as("alice").post("/conversations", object{"recipient_ids": []int64{id}, "message": "hi"}).want(201)
		list = append([]int64{a.id()}, list...)
	}
	return c, list
}

func TestScenario019To022Paging(t *testing.T) {
	t.Parallel()
	c, all := twentyFive(t)
	alice := c.as("alice")
	t.Run("019 first page", func(t *testing.T) {
		a := alice.get("/conversations?limit=20").want(200).wantIDs(all[:20]...)
		a.eq("meta.count", 20).eq("meta.has_more", true).eq("meta.cursor_next", 20).eq("meta.total", 25).eq("meta.pages", 2)
		if got := a.header.Get("X-WP-Total") + " " + a.header.Get("X-WP-TotalPages"); got != "25 2" {
			t.Errorf("total headers %q", got)
		}
	})
	t.Run("020 offset", func(t *testing.T) {
		alice.get("/conversations?offset=20&limit=20").want(200).wantIDs(all[20:]...).
			eq("meta.has_more", false).eq("meta.cursor_next", nil).eq("meta.offset", 20).eq("meta.page", 2)
	})
	t.Run("021 page", func(t *testing.T) {
		alice.get("/conversations?per_page=10&page=3").want(200).wantIDs(all[20:]...).eq("meta.per_page", 10)
	})
	t.Run("022 after beats offset beats page", func(t *testing.T) {
		alice.get("/conversations?after=20").want(200).wantIDs(all[20:]...)
		alice.get("/conversations?after=20&offset=3&page=9").want(200).wantIDs(all[20:]...)
		alice.get("/conversations?after=0&offset=21&page=9").want(200).wantIDs(all[21:]...)
		alice.get("/conversations?offset=25").want(200).wantIDs().eq("meta.total", 25)
		alice.get("/conversations?page=9000000000000000000").want(200).wantIDs()
	})
}

func TestScenario023BadLimits(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	for _, limit := range []string{"0", "101", "x", "-1", "", "1.5", "99999999999999999999", "1e400"} {
		a := c.as("alice").get("/conversations?limit="+limit).refused(400, "rest_invalid_param", "Invalid parameter(s): limit")
		if a.str("data.params.limit") == "" || a.str("data.details.limit.code") == "" {
			t.Errorf("limit=%s: %s", limit, a.raw)
		}
	}
	c.as("alice").get("/conversations?limit=x&offset=-1&filter=zz").refused(400, "rest_invalid_param",
		"Invalid parameter(s): limit, offset, filter")
}

func TestScenario024ArchivedThreads(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	alice := c.as("alice")
	ab := alice.start("1", "bob")
	ac := alice.start("2", "carol")
	alice.post(conv(ab)+"/archive", object{"archived": true}).want(200)
	alice.get("/conversations").wantIDs(ac).eq("meta.total", 1)
	alice.get("/conversations?filter=archived").wantIDs(ab).eq("data.0.is_archived", true)
	alice.get("/conversations?filter=all").wantIDs(ac, ab)
	alice.get("/conversations?archived=true").wantIDs(ac, ab)
	alice.get("/conversations?archived=true&filter=active").wantIDs(ac)
	alice.get("/conversations?filter=direct").wantIDs(ac)
	alice.get("/conversations?filter=group").wantIDs()
}

func TestScenario025UnknownFilter(t *testing.T) {
	t.Parallel()
	newCommunity(t).as("alice").get("/conversations?filter=nonsense").refused(400, "rest_invalid_param").
		eq("data.params.filter", "filter is not one of active, archived, all, unread, direct, and group.")
}

func TestScenario026LeftGroupIsInNoList(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	g := c.as("alice").start("hi", "bob", "carol")
	c.as("bob").post(conv(g)+"/leave", nil).want(200)
	for _, filter := range []string{"active", "archived", "all", "unread", "direct", "group"} {
		c.as("bob").get("/conversations?filter=" + filter).want(200).wantIDs()
	}
	c.as("bob").get("/conversations?filter=all&search=hi").want(200).wantIDs()
}

func TestScenario027DirectThreadIsNamedAfterTheOther(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").start("hi", "bob")
	c.as("alice").get("/conversations").eq("data.0.title", "Bob Martinez")
	c.as("bob").get("/conversations").eq("data.0.title", "Alice Anders")
}

func TestScenario028UnreadFilter(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("hi", "bob")
	cb := c.as("carol").start("hi", "bob")
	c.as("bob").get(messages(ab)).want(200)
	c.as("bob").get("/conversations?filter=unread").wantIDs(cb).eq("data.0.unread", true).eq("meta.total", 1)
	c.as("bob").get("/conversations").eq("data.1.unread", false)
}

func TestScenario029SearchFindsWhatISaidAndHeard(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	ab := c.as("alice").start("about the quarterly Invoice of März", "bob")
	c.as("alice").start("nothing of the kind", "carol")
	c.as("alice").get("/conversations?search=invoice").wantIDs(ab)
	c.as("bob").get("/conversations?search=MARZ").wantIDs(ab)
	c.as("carol").get("/conversations?search=invoice").want(200).wantIDs()
	c.as("alice").get("/conversations?search=Martinez").wantIDs(ab)
	c.as("alice").get("/conversations?search=100%25_").want(200).wantIDs()
	c.as("alice").get(fmt.Sprintf("/conversations?search=%0101d", 1)).refused(400, "rest_invalid_param")
}

func TestScenario030EveryFieldWithItsType(t *testing.T) {
	t.Parallel()
	c := newCommunity(t)
	c.as("alice").start("hi", "bob", "carol")
	c.as("bob").start("hi", "alice")
	a := c.as("alice").get("/conversations").want(200)
	for i := range a.ids() {
		wantShape(t, a.at(fmt.Sprintf("data.%d", i)), conversationShape)
	}
}
