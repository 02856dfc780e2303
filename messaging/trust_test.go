package messaging_test

import (
	"context"
	"testing"
	"time"

	"parley/messaging"
	"parley/wpauth"
)

func TestTheHighestLevelOfAMembersRolesCounts(t *testing.T) {
	levels := messaging.RoleTrust{"subscriber": 1, "author": 3, "guest": 0}
	for _, tt := range []struct {
		roles []string
		want  int
	}{
		{nil, 0},
		{[]string{"subscriber"}, 1},
		{[]string{"author", "subscriber"}, 3},
		{[]string{"subscriber", "author"}, 3},
		{[]string{"guest"}, 0},
		{[]string{"unheard_of"}, 0},
		{[]string{"unheard_of", "subscriber"}, 1},
	} {
		if got := levels.Level(tt.roles); got != tt.want {
			t.Errorf("%v: level %d, want %d", tt.roles, got, tt.want)
		}
	}
	if got := messaging.RoleTrust(nil).Level([]string{"administrator"}); got != 0 {
		t.Errorf("without levels: %d", got)
	}
}

func TestRolesComeFromTheIdentity(t *testing.T) {
	a := messaging.ActorFor(wpauth.Identity{UserID: 7, Roles: []string{"author", "subscriber"}})
	if len(a.Roles) != 2 || a.Roles[0] != "author" {
		t.Errorf("roles %v", a.Roles)
	}
}

func TestRolesGiveTrustLevelsWithoutJetonomy(t *testing.T) {
	h := open(t)
	h.withoutJetonomy()
	roles := func(levels messaging.RoleTrust) func(*messaging.Options) {
		return func(o *messaging.Options) { o.RoleTrust, o.MinTrustLevel = levels, 2 }
	}
	h.Service = h.service(roles(messaging.RoleTrust{"subscriber": 1, "author": 2, "editor": 3}),
		withLimits(func(l *messaging.Limits) { l.NewPerDay = [5]int{0, 0, 1, 0, 0} }))
	ctx := context.Background()
	as := func(a messaging.Actor, roles ...string) messaging.Actor {
		a.Roles, a.Bypass = roles, false
		return a
	}
	start := func(a, to messaging.Actor) error {
		_, err := h.Start(ctx, a, messaging.StartInput{Recipients: ids(to), Content: "Hi"})
		return err
	}
	starts := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	refused(t, start(as(alice), bob), messaging.TrustTooLow, trustText)
	refused(t, start(as(alice, "subscriber"), bob), messaging.TrustTooLow, trustText)
	if n := h.number("SELECT COUNT(*) FROM wp_parley_messages"); n != 0 {
		t.Errorf("%d messages of refused starts", n)
	}
	starts(start(as(alice, "subscriber", "author"), bob))
	refused(t, start(as(alice, "subscriber", "author"), carol), messaging.RateLimited, "") // level 2: one a day
	starts(start(as(alice, "author", "editor"), carol))                                    // level 3: as many as they like
	refused(t, start(as(bob, "subscriber"), alice), messaging.TrustTooLow, trustText)      // reuse is a start
	h.send(as(bob, "subscriber"), 1, "Replying is free")
	starts(start(mona, dave)) // staff need no level
	h.clock.pass(25 * time.Hour)
	starts(start(as(alice, "author"), dave))
}

func TestRolesGiveNoTrustBesideJetonomy(t *testing.T) {
	h := open(t, func(o *messaging.Options) { o.RoleTrust = messaging.RoleTrust{"subscriber": 5} })
	a := dave
	a.Roles = []string{"subscriber"}
	_, err := h.Start(context.Background(), a, messaging.StartInput{Recipients: ids(alice), Content: "Hi"})
	refused(t, err, messaging.TrustTooLow, trustText)
}
