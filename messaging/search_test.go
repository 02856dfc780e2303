package messaging

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/testdb"
	"parley/wpauth"
	"parley/wptext"
)

func (g *stage) search(who wpauth.UserID, f Filter, term string) string {
	g.t.Helper()
	ids, err := g.searchIDs(context.Background(), actor(who), f, term)
	if err != nil {
		g.t.Fatal(err)
	}
	return spell(ids)
}

func people(ids ...wpauth.UserID) []wpauth.UserID { return ids }

func TestSearchFindsTextTitlesAndNamesOfOnesOwnConversations(t *testing.T) {
	g := newStage(t)
	ab := g.seed(Direct, "", people(testdb.Alice, testdb.Bob), line{testdb.Bob, "The quarterly invoice is late"}, line{testdb.Alice, "Straße, CAFÉ au lait"})
	trip := g.seed(Group, "Trip to Zürich", people(testdb.Alice, testdb.Bob, testdb.Carol), line{testdb.Carol, "hello"})
	bc := g.seed(Direct, "", people(testdb.Bob, testdb.Carol), line{testdb.Bob, "invoice too"})
	empty := g.seed(Group, "Nothing yet", people(testdb.Alice, testdb.Erin))
	all := func(ids ...ConversationID) string { return spell(ids) }

	for _, c := range []struct {
		who  wpauth.UserID
		term string
		want string
	}{
		{testdb.Alice, "invoice", all(ab)},
		{testdb.Alice, "INVOI", all(ab)},
		{testdb.Carol, "invoice", all(bc)},
		{testdb.Bob, "invoice", all(bc, ab)},
		{testdb.Erin, "invoice", ""},
		{testdb.Alice, "cafe", all(ab)},
		{testdb.Alice, "strasse", all(ab)},
		{testdb.Alice, "zurich", all(trip)},
		{testdb.Alice, "nothing", all(empty)},
		{testdb.Alice, "martinez", all(trip, ab)},         // Bob's name
		{testdb.Bob, "martinez", ""},                      // one's own name finds nothing
		{testdb.Alice, "capkova hello", all(trip)},        // a name and a text
		{testdb.Alice, "invoice hello", ""},               // never across conversations
		{testdb.Alice, "late cafe", all(ab)},              // two messages of one conversation
		{testdb.Alice, "%", ""},                           // nothing is a wildcard
		{testdb.Alice, "_", ""},                           //
		{testdb.Alice, "' OR 1=1 -- ", ""},                //
		{testdb.Alice, "late\x00", all(ab)},               //
		{testdb.Alice, " \u00b4 ", ""},                    // folds into nothing
		{testdb.Alice, strings.Repeat("\ufdfa", 100), ""}, // folds into 400 words
	} {
		if got := g.search(c.who, FilterActive, c.term); got != c.want {
			t.Errorf("%d searches %q: got %q, want %q", c.who, c.term, got, c.want)
		}
	}
}

func TestSearchRespectsTheFilter(t *testing.T) {
	g := newStage(t)
	direct := g.seed(Direct, "", people(testdb.Alice, testdb.Bob), line{testdb.Bob, "word"})
	group := g.seed(Group, "G", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "word"})
	archived := g.seed(Group, "A", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "word"})
	left := g.seed(Group, "L", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "word"})
	g.exec("UPDATE wp_parley_participants SET folder = 1, is_archived = 1 WHERE user_id = ? AND conversation_id = ?", testdb.Alice, archived)
	g.exec("UPDATE wp_parley_participants SET folder = 2, left_at = ? WHERE user_id = ? AND conversation_id = ?", g.at, testdb.Alice, left)
	for filter, want := range map[Filter]string{
		FilterActive: spell([]ConversationID{group, direct}), FilterArchived: spell([]ConversationID{archived}),
		FilterAll:    spell([]ConversationID{archived, group, direct}),
		FilterUnread: spell([]ConversationID{direct}), FilterDirect: spell([]ConversationID{direct}),
		FilterGroup: spell([]ConversationID{group}),
	} {
		if got := g.search(testdb.Alice, filter, "word"); got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
}

func TestASearchForBlanksIsNoSearch(t *testing.T) {
	g := newStage(t)
	g.seed(Direct, "", people(testdb.Alice, testdb.Bob), line{testdb.Bob, "word"})
	p, err := g.List(context.Background(), actor(testdb.Alice), ListQuery{Search: " \t", Limit: 20})
	if err != nil || p.Total != 1 || len(p.Conversations) != 1 {
		t.Errorf("got %d of %d conversations and %v, want the whole mailbox", len(p.Conversations), p.Total, err)
	}
}

func TestSearchSeesEveryChangeAtOnce(t *testing.T) {
	g := newStage(t)
	c := g.seed(Group, "Old title", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "first"})
	if got := g.search(testdb.Alice, FilterActive, "second"); got != "" {
		t.Fatalf("found %q too early", got)
	}
	g.say(c, testdb.Bob, "second")
	if got := g.search(testdb.Alice, FilterActive, "second"); got != spell([]ConversationID{c}) {
		t.Errorf("a new message is not found: %q", got)
	}
	g.exec("UPDATE wp_parley_conversations SET title = 'New name' WHERE id = ?", c)
	g.dropText(c)
	if g.search(testdb.Alice, FilterActive, "name") == "" || g.search(testdb.Alice, FilterActive, "title") != "" {
		t.Error("a rename is not seen")
	}
	g.exec("DELETE FROM wp_parley_participants WHERE conversation_id = ? AND user_id = ?", c, testdb.Alice)
	if got := g.search(testdb.Alice, FilterActive, "second"); got != "" {
		t.Errorf("found %q without being in it", got)
	}
}

// TestSearchAgreesWithAPlainComparison compares with LIKE over the stored texts, on
// random conversations that keep changing, with a cache too small to hold them.
func TestSearchAgreesWithAPlainComparison(t *testing.T) {
	g := newStage(t, func(o *Options) { o.SearchCache = 24 << 10 })
	r := rand.New(rand.NewPCG(7, 11))
	letters := []string{"a", "b", "c", "á", "B", " "}
	random := func(n int) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	cast := people(testdb.Alice, testdb.Bob, testdb.Carol, testdb.Dave, testdb.Erin, testdb.Mona)
	var all []ConversationID
	for range 60 {
		r.Shuffle(len(cast), func(i, j int) { cast[i], cast[j] = cast[j], cast[i] })
		n := 2 + r.IntN(3)
		kind := Group
		if n == 2 {
			kind = Direct
		}
		who := append([]wpauth.UserID(nil), cast[:n]...)
		c := g.seed(kind, random(8), who)
		for range r.IntN(12) {
			g.say(c, who[r.IntN(n)], random(40))
		}
		all = append(all, c)
	}
	for round := range 150 {
		switch c := all[r.IntN(len(all))]; r.IntN(5) {
		case 0:
			g.say(c, cast[0], random(60))
		case 1:
			g.exec("UPDATE wp_parley_conversations SET title = ? WHERE id = ?", random(8), c)
			g.dropText(c)
		case 2:
			g.exec("UPDATE wp_parley_participants SET folder = ? WHERE conversation_id = ? LIMIT 1", r.IntN(3), c)
		}
		who, term := cast[r.IntN(len(cast))], random(5)
		filter := []Filter{FilterActive, FilterAll, FilterGroup}[r.IntN(3)]
		if want, got := g.plainSearch(who, filter, term), g.search(who, filter, term); got != want {
			t.Fatalf("round %d: %d searches %q in %s: got %q, want %q", round, who, term, filter, got, want)
		}
	}
	if n, bytes := g.Service.search.texts.Size(); bytes > 24<<10 || n == 0 {
		t.Errorf("the cache holds %d entries of %d bytes", n, bytes)
	}
}

// plainSearch is the definition of search as one statement per conversation and word.
func (g *stage) plainSearch(who wpauth.UserID, f Filter, term string) string {
	g.t.Helper()
	where := map[Filter]string{FilterActive: "p.folder = 0", FilterAll: "p.folder IN (0,1)", FilterGroup: "p.folder = 0 AND c.type = 2"}[f]
	words := strings.Fields(term)
	if len(words) == 0 {
		return ""
	}
	query := `SELECT c.id FROM wp_parley_participants p JOIN wp_parley_conversations c ON c.id = p.conversation_id
		WHERE p.user_id = ? AND ` + where
	args := []any{who}
	for _, w := range words {
		like := "%" + w + "%"
		query += ` AND (c.title COLLATE utf8mb4_unicode_520_ci LIKE ?
			OR EXISTS (SELECT 1 FROM wp_parley_messages m WHERE m.conversation_id = c.id AND m.content COLLATE utf8mb4_unicode_520_ci LIKE ?)
			OR EXISTS (SELECT 1 FROM wp_parley_participants o JOIN wp_users u ON u.ID = o.user_id
			            WHERE o.conversation_id = c.id AND o.user_id <> ? AND u.display_name COLLATE utf8mb4_unicode_520_ci LIKE ?))`
		args = append(args, like, like, who, like)
	}
	var ids []ConversationID
	if err := g.pool.Select(&ids, query+` ORDER BY p.last_activity_at DESC, p.conversation_id DESC`, args...); err != nil {
		g.t.Fatal(err)
	}
	return spell(ids)
}

func TestAConversationTooLargeToKeepIsSearchedWhole(t *testing.T) {
	g := newStage(t, func(o *Options) { o.SearchCache = 32 << 10 })
	c := g.seed(Direct, "", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "needleone"})
	for i := range 40 {
		g.say(c, testdb.Bob, fmt.Sprintf("%s middle%d", strings.Repeat("hay ", 100), i))
	}
	g.say(c, testdb.Alice, "needletwo")
	for term, want := range map[string]string{
		"needleone": spell([]ConversationID{c}), "needletwo": spell([]ConversationID{c}),
		"needleone needletwo middle17": spell([]ConversationID{c}), "needlethree": "", "hayneedletwo": "",
		"needletwo martinez": spell([]ConversationID{c}),
	} {
		if got := g.search(testdb.Alice, FilterActive, term); got != want {
			t.Errorf("%q: got %q, want %q", term, got, want)
		}
	}
	if n, _ := g.Service.search.texts.Size(); n != 0 {
		t.Errorf("%d entries were kept", n)
	}
}

func TestSearchHasATimeLimitAndReadsInTurns(t *testing.T) {
	g := newStage(t, func(o *Options) { o.SearchTimeout = 200 * time.Millisecond })
	g.seed(Direct, "", people(testdb.Alice, testdb.Bob), line{testdb.Alice, "word"})
	leave, err := g.Service.search.turns.enter(t.Context(), testdb.Alice)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.searchIDs(t.Context(), actor(testdb.Alice), FilterActive, "word")
	wantReason(t, err, Unavailable)
	if got := g.search(testdb.Bob, FilterActive, "word"); got == "" {
		t.Error("another member had to wait")
	}
	if got := g.search(testdb.Alice, FilterActive, "word"); got == "" {
		t.Error("she had to wait for what is in memory")
	}
	leave()
	g.dropText(1)
	if got := g.search(testdb.Alice, FilterActive, "word"); got == "" {
		t.Error("not found when it was her turn")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.searchIDs(ctx, actor(testdb.Alice), FilterActive, "word"); err == nil || ReasonOf(err) != "" {
		t.Errorf("a caller who left: %v", err)
	}
}

func TestSearchWhileEverythingChanges(t *testing.T) {
	g := newStage(t, func(o *Options) { o.SearchCache = 16 << 10 })
	var all []ConversationID
	for i := range 20 {
		all = append(all, g.seed(Group, "constant", people(testdb.Alice, testdb.Bob), line{testdb.Alice, fmt.Sprint("text ", i)}))
	}
	want := len(all)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Add(1)
	go func() {
		defer wg.Done()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			g.say(all[n%len(all)], testdb.Bob, "more")
			g.dropText(all[(n*7)%len(all)])
		}
	}()
	var searching sync.WaitGroup
	for _, who := range people(testdb.Alice, testdb.Bob, testdb.Alice, testdb.Bob) {
		searching.Add(1)
		go func() {
			defer searching.Done()
			for range 25 {
				ids, err := g.searchIDs(context.Background(), actor(who), FilterActive, "constant")
				if err != nil || len(ids) != want {
					t.Errorf("%d of %d found, %v", len(ids), want, err)
				}
			}
		}()
	}
	searching.Wait()
	close(stop)
	wg.Wait()
}

func TestSearchReadsOneIndexAndABoundedNumberOfStatements(t *testing.T) {
	g := newStage(t)
	g.seedMany(300, 2)
	n := testdb.CountStatements(t, g.pool.DB, func() { g.search(testdb.Alice, FilterActive, "nothing") })
	if n.Data > 1+2*2+1 { // heads; two batches of subjects and texts; names
		t.Errorf("%d statements for a cold search: %q", n.Data, n.Log)
	}
	n = testdb.CountAtMost(t, g.pool.DB, 1, func() { g.search(testdb.Alice, FilterActive, "nothing") })
	if n.Data != 1 {
		t.Errorf("%d statements for a warm search: %q", n.Data, n.Log)
	}
	g.exec("ANALYZE TABLE wp_parley_participants")
	for _, step := range testdb.Explain(t, g.pool.DB, n.Log[0], testdb.Alice) {
		if step.Key != "inbox" || strings.Contains(step.Extra, "filesort") || !strings.Contains(step.Extra, "Using index") {
			t.Errorf("the list of a mailbox: %v", step)
		}
	}
}

// seedMany gives Alice conversations with Bob of some messages each, quickly.
func (g *stage) seedMany(conversations, messages int) {
	g.t.Helper()
	r := rand.New(rand.NewPCG(3, 9))
	var c, p, m, x []string
	flush := func() {
		for _, insert := range []struct {
			into string
			rows *[]string
		}{
			{"wp_parley_conversations (id, type, title, created_by, last_seq, message_count, last_activity_at, created_at)", &c},
			{"wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at)", &p},
			{"wp_parley_messages (id, conversation_id, seq, sender_id, content, created_at)", &m},
			{"wp_parley_message_text (conversation_id, message_id, sender_id, body)", &x},
		} {
			if len(*insert.rows) > 0 {
				g.exec("INSERT INTO " + insert.into + " VALUES " + strings.Join(*insert.rows, ","))
				*insert.rows = nil
			}
		}
	}
	id := g.count("SELECT COALESCE(MAX(id), 0) FROM wp_parley_messages")
	for n := range conversations {
		g.next++
		at := g.at.Add(time.Duration(n) * time.Second).Format("2006-01-02 15:04:05")
		c = append(c, fmt.Sprintf("(%d,2,'Title %d',%d,%d,%d,'%s','%s')", g.next, g.next, testdb.Alice, messages, messages, at, at))
		for _, user := range []int64{testdb.Alice, testdb.Bob, int64(100 + n%200)} {
			p = append(p, fmt.Sprintf("(%d,%d,'%s','%s')", g.next, user, at, at))
		}
		for i := range messages {
			id++
			text := fmt.Sprintf("message %d", id)
			for range 3 + r.IntN(24) {
				text += " " + vocabulary[int(r.ExpFloat64()*150)%len(vocabulary)]
			}
			m = append(m, fmt.Sprintf("(%d,%d,%d,%d,'%s','%s')", id, g.next, i+1, testdb.Bob, text, at))
			x = append(x, fmt.Sprintf("(%d,%d,%d,'%s')", g.next, id, testdb.Bob, wptext.Fold(text)))
		}
		if len(m) >= 2000 {
			flush()
		}
	}
	flush()
	g.at = g.at.Add(time.Duration(conversations) * time.Second)
}

// vocabulary is two thousand made-up words; the first are common.
var vocabulary = func() (out []string) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteByte("bcdfghklmnprstvz"[r.IntN(16)])
			b.WriteByte("aeiou"[r.IntN(5)])
		}
		out = append(out, b.String())
	}
	return out
}()

func BenchmarkSearch(b *testing.B) {
	g := newStage(b)
	g.seedMany(1000, 10)
	g.exec("ANALYZE TABLE wp_parley_participants")
	for _, c := range []struct{ name, term string }{
		{"rare", "message 4711"}, {"common", vocabulary[0] + vocabulary[1][:1]}, {"missing", "qqqq"}, {"two words", vocabulary[3] + " " + vocabulary[40]},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			if _, err := g.searchIDs(b.Context(), actor(testdb.Alice), FilterActive, c.term); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := g.searchIDs(b.Context(), actor(testdb.Alice), FilterActive, c.term); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	// Seven members who are in the same conversations search at the same time.
	b.Run("seven members", func(b *testing.B) {
		for n := range 7 {
			g.exec(`INSERT IGNORE INTO wp_parley_participants (conversation_id, user_id, last_activity_at, joined_at)
				SELECT conversation_id, ?, last_activity_at, joined_at FROM wp_parley_participants WHERE user_id = ?`, 1000+n, testdb.Bob)
		}
		b.SetParallelism(4)
		var next sync.Mutex
		who := wpauth.UserID(1000)
		b.RunParallel(func(pb *testing.PB) {
			next.Lock()
			me := 1000 + who%7
			who++
			next.Unlock()
			for pb.Next() {
				if _, err := g.searchIDs(context.Background(), actor(me), FilterActive, "qqqq"); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
