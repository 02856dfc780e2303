package messaging

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/wpauth"
)

// staff may write to everybody.
func staff(id wpauth.UserID) Actor {
	a := actor(id)
	a.Bypass = true
	return a
}

func (g *stage) suggest(a Actor, term string) string {
	g.t.Helper()
	found, err := g.Suggest(context.Background(), a, term, 10)
	if err != nil {
		g.t.Fatal(err)
	}
	var logins []string
	for _, m := range found {
		logins = append(logins, m.Login)
	}
	return strings.Join(logins, " ")
}

// unlimited lifts the limit on look-ups.
func unlimited(o *Options) { o.Limits = DefaultLimits(); o.Limits.SuggestPerMinute = 0 }

func TestSuggestOffersWhomOneSharesASpaceWith(t *testing.T) {
	g := newStage(t, unlimited)
	for _, c := range []struct {
		who  Actor
		term string
		want string
	}{
		{actor(testdb.Alice), "car", "carol"},
		{actor(testdb.Alice), "ČAPK", "carol"},
		{actor(testdb.Alice), "capkova", "carol"},
		{actor(testdb.Alice), "eri", ""},        // another space
		{actor(testdb.Alice), "ali", ""},        // oneself
		{actor(testdb.Alice), "example", ""},    // never by e-mail
		{actor(testdb.Alice), "@ex", ""},        //
		{actor(testdb.Alice), "zed", ""},        // banned from the site
		{actor(testdb.Alice), "sid", "sid"},     // the silenced may receive
		{actor(testdb.Alice), "vor", "vera"},    // so may the unverified
		{actor(testdb.Alice), "%%%", ""},        // nothing is a wildcard
		{actor(testdb.Alice), "___", ""},        //
		{actor(testdb.Alice), "car\x00", ""},    //
		{actor(testdb.Alice), "  bob  ", "bob"}, // trimmed
		{actor(testdb.Alice), "mona", ""},       // staff in no space
		{actor(testdb.Mona), "car", ""},         // a member in no space
		{staff(testdb.Mona), "car", "carol"},    // may write to everybody
		{staff(testdb.Admin), "eri", "erin"},    //
		{staff(testdb.Admin), "zed", ""},        // but not to the banned
		{actor(testdb.Erin), "ali", ""},         //
		{actor(testdb.Bob), "and", "alice"},     // inside the name
		{actor(testdb.Bob), "donitz-ø", "dave"}, //
	} {
		if got := g.suggest(c.who, c.term); got != c.want {
			t.Errorf("%s looks for %q: got %q, want %q", c.who.Login, c.term, got, c.want)
		}
	}
}

func TestSuggestRanksPrefixesThenNamesThenIDs(t *testing.T) {
	g := newStage(t, unlimited)
	add := func(id wpauth.UserID, login, name string) {
		g.exec("INSERT INTO wp_users (ID, user_login, user_nicename, user_email, display_name) VALUES (?, ?, ?, '', ?)", id, login, login+"-nice", name)
		g.exec("INSERT INTO wp_jt_space_members (space_id, user_id) VALUES (?, ?)", testdb.SpaceOne, id)
	}
	add(101, "u101", "Zoe Kimball")
	add(102, "kimble", "Zacharias")
	add(103, "u103", "Kim Possible")
	add(104, "u104", "Anna Kimono")
	add(105, "u105", "Kim Possible")
	add(106, "kim-and-kim", "Kim Kim")
	if got, want := g.suggest(actor(testdb.Alice), "kim"), "kim-and-kim u103 u105 kimble u104 u101"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	found, err := g.Suggest(t.Context(), actor(testdb.Alice), "kim", 2)
	if err != nil || len(found) != 2 || found[1].ID != 103 {
		t.Errorf("a limit of 2 gives %v, %v", found, err)
	}
	// In two common spaces still once.
	g.exec("INSERT INTO wp_jt_space_members (space_id, user_id) VALUES (7, ?), (7, 103)", testdb.Alice)
	if got, want := g.suggest(actor(testdb.Alice), "kim p"), "u103 u105"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSuggestAsksTheDatabaseAboutBlocksAndBansEachTime(t *testing.T) {
	g := newStage(t, unlimited)
	alice, bob := actor(testdb.Alice), actor(testdb.Bob)
	want := func(a Actor, term, want string) {
		t.Helper()
		if got := g.suggest(a, term); got != want {
			t.Errorf("%s looks for %q: got %q, want %q", a.Login, term, got, want)
		}
	}
	want(alice, "carol", "carol")
	g.exec("INSERT INTO wp_jt_blocked_users (blocker_id, blocked_id) VALUES (?, ?)", testdb.Carol, testdb.Alice)
	want(alice, "carol", "")
	want(actor(testdb.Carol), "alice", "")
	want(bob, "carol", "carol")
	g.exec("DELETE FROM wp_jt_blocked_users")
	want(alice, "carol", "carol")

	g.exec("INSERT INTO wp_jt_restrictions (user_id, type, space_id, expires_at) VALUES (?, 'space_ban', ?, ?)", testdb.Carol, testdb.SpaceOne, g.at.Add(time.Hour))
	want(alice, "carol", "")               // her space does not count
	want(actor(testdb.Carol), "alice", "") // nor does it for her
	want(staff(testdb.Mona), "carol", "carol")
	g.exec("UPDATE wp_jt_restrictions SET space_id = ? WHERE type = 'space_ban'", testdb.SpaceTwo)
	want(alice, "carol", "carol") // a ban from another space
	g.exec("UPDATE wp_jt_restrictions SET space_id = ?, expires_at = ? WHERE type = 'space_ban'", testdb.SpaceOne, g.at)
	want(alice, "carol", "carol") // over
	g.exec("UPDATE wp_jt_restrictions SET expires_at = NULL WHERE type = 'space_ban'")
	want(alice, "carol", "") // for ever
	g.exec("UPDATE wp_jt_restrictions SET expires_at = '0000-00-00 00:00:00' WHERE type = 'space_ban'")
	want(alice, "carol", "") // a zero date is no date
	g.exec("DELETE FROM wp_jt_restrictions WHERE type = 'space_ban'")

	g.exec("INSERT INTO wp_jt_restrictions (user_id, type) VALUES (?, 'global_ban')", testdb.Bob)
	want(alice, "bob", "")
	want(staff(testdb.Mona), "bob", "")
	g.exec("DELETE FROM wp_jt_space_members WHERE user_id = ?", testdb.Dave)
	want(alice, "dave", "") // although the roster still knows him
	g.exec("DELETE FROM wp_users WHERE ID = ?", testdb.Vera)
	want(alice, "vera", "")
}

func TestSuggestFindsNewMembersWhenTheRosterIsRenewed(t *testing.T) {
	g := newStage(t, unlimited)
	g.suggest(actor(testdb.Alice), "newcomer")
	g.exec("INSERT INTO wp_users (ID, user_login, user_nicename, user_email, display_name) VALUES (101, 'newcomer', 'newcomer', '', 'N')")
	g.exec("INSERT INTO wp_jt_space_members (space_id, user_id) VALUES (?, 101)", testdb.SpaceOne)
	g.at = g.at.Add(RosterTTL)
	if got := g.suggest(actor(testdb.Alice), "newcomer"); got != "newcomer" {
		t.Errorf("got %q", got)
	}
}

func TestSuggestWithoutJetonomyOffersEverybody(t *testing.T) {
	dsn := testdb.CastDSN(t)
	db := testdb.Connect(t, dsn)
	for _, table := range []string{"user_profiles", "spaces", "space_members", "restrictions", "blocked_users", "notifications", "flags"} {
		if _, err := db.Exec("DROP TABLE IF EXISTS wp_jt_" + table); err != nil {
			t.Fatal(err)
		}
	}
	g := stageOn(t, dsn, unlimited)
	if got := g.suggest(actor(testdb.Alice), "eri"); got != "erin" {
		t.Errorf("got %q", got)
	}
	if got := g.suggest(actor(testdb.Alice), "ali"); got != "" {
		t.Errorf("got oneself: %q", got)
	}
}

func TestSuggestRefusesShortLongAndHurriedLookUps(t *testing.T) {
	g := newStage(t)
	for term, want := range map[string]Reason{
		"": Invalid, "bo": Invalid, " bo ": Invalid, "čč": Invalid, "bob": "", "日本語": "",
		strings.Repeat("x", 64): "", strings.Repeat("é", 64): "", strings.Repeat("x", 65): Invalid,
	} {
		_, err := g.Suggest(t.Context(), actor(testdb.Bob), term, 10)
		wantReason(t, err, want)
	}
	for limit, want := range map[int]Reason{0: Invalid, -1: Invalid, 21: Invalid, 1: "", 20: ""} {
		_, err := g.Suggest(t.Context(), actor(testdb.Bob), "bob", limit)
		wantReason(t, err, want)
	}
	start := g.at
	for n := range 60 {
		g.at = start.Add(time.Duration(n) * time.Second / 2)
		_, err := g.Suggest(t.Context(), actor(testdb.Alice), "carol", 10)
		wantReason(t, err, "")
	}
	_, err := g.Suggest(t.Context(), actor(testdb.Alice), "carol", 10)
	wantReason(t, err, RateLimited)
	if e := err.(*Error); e.RetryAfter != 30500*time.Millisecond {
		t.Errorf("retry after %v", e.RetryAfter)
	}
	_, err = g.Suggest(t.Context(), actor(testdb.Carol), "alice", 10)
	wantReason(t, err, "")
	g.at = start.Add(time.Minute)
	_, err = g.Suggest(t.Context(), actor(testdb.Alice), "carol", 10)
	wantReason(t, err, "")
}

// crowd puts many members into a space.
func (g *stage) crowd(space, first, n int) {
	g.t.Helper()
	for done := 0; done < n; done += 2000 {
		var users, members []string
		for i := range min(2000, n-done) {
			id := first + done + i
			users = append(users, fmt.Sprintf("(%d,'user%d','user%d','u%d@example.test','%s %s')", id, id, id, id,
				vocabulary[id%1999], vocabulary[(id*7)%1993]))
			members = append(members, fmt.Sprintf("(%d,%d)", space, id))
		}
		g.exec("INSERT INTO wp_users (ID, user_login, user_nicename, user_email, display_name) VALUES " + strings.Join(users, ","))
		g.exec("INSERT INTO wp_jt_space_members (space_id, user_id) VALUES " + strings.Join(members, ","))
	}
	g.exec("ANALYZE TABLE wp_users, wp_jt_space_members")
}

func TestSuggestNeverScansTheUsersOfTheSite(t *testing.T) {
	g := newStage(t, unlimited)
	g.crowd(99, 1000, 6000) // of another space
	g.exec("INSERT INTO wp_jt_space_members (space_id, user_id) VALUES (7, ?), (7, ?)", testdb.Alice, testdb.Erin)
	n := testdb.CountStatements(t, g.pool.DB, func() { g.suggest(actor(testdb.Alice), "erin") })
	if n.Data > 4 { // spaces, rosters, who may be offered, cards
		t.Errorf("%d statements: %q", n.Data, n.Log)
	}
	arguments := [][]any{
		{testdb.Alice, g.at},
		{testdb.SpaceOne, 7, RosterMax},
		{testdb.Erin, testdb.Alice, testdb.Alice, g.at, testdb.SpaceOne, 7, g.at},
	}
	for i, args := range arguments {
		for _, step := range testdb.Explain(t, g.pool.DB, n.Log[i], args...) {
			// The two spaces of the actor have ten members; blocks and restrictions have a row or two.
			if step.Rows > 100 || step.Table == "u" && step.Type == "ALL" || strings.Contains(step.Extra, "filesort") {
				t.Errorf("statement %d: %v\n%s", i, step, n.Log[i])
			}
		}
	}
}

func TestRostersAreReadInBoundedPiecesAndKeptInBoundedMemory(t *testing.T) {
	g := newStage(t, unlimited)
	g.crowd(50, 1000, 3000)
	var wg sync.WaitGroup
	n := testdb.CountStatements(t, g.pool.DB, func() {
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				lists, err := g.rosters.people(context.Background(), []int64{1, 2, 50, 51})
				if err != nil || len(lists) != 4 {
					t.Errorf("%d rosters, %v", len(lists), err)
				}
			}()
		}
		wg.Wait()
	})
	if n.Data != 1 {
		t.Errorf("%d statements for eight readers", n.Data)
	}
	if g.rosters.total != 7+1+3000+4 {
		t.Errorf("%d people are counted", g.rosters.total)
	}
	g.rosters.keep(60, make([]person, rostersMax-100))
	if len(g.rosters.spaces) > 4 || g.rosters.total > rostersMax {
		t.Errorf("%d spaces with %d people are kept", len(g.rosters.spaces), g.rosters.total)
	}
}

func BenchmarkSuggest(b *testing.B) {
	g := newStage(b, unlimited)
	g.crowd(testdb.SpaceOne, 1000, 20000)
	for _, c := range []struct{ name, term string }{{"rare", "user4711"}, {"common", "user"}, {"missing", "qqqq"}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Suggest(b.Context(), actor(testdb.Alice), c.term, 10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			g.at = g.at.Add(RosterTTL)
			if _, err := g.Suggest(b.Context(), actor(testdb.Alice), "qqqq", 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
