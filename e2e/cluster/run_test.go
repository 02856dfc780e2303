package cluster_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/e2e/cluster/history"
	"parley/internal/testdb"
)

// run is one history in the making.
type run struct {
	t        testing.TB
	seed     uint64
	site     *site
	rec      *recorder
	h        *history.History
	http     *http.Client
	members  []*member
	stranger *member
	devices  []*device
	stepped  sync.Map // name of a host → its time.Duration off
	sayings  atomic.Int64
	struck   map[string]int // faults by kind
}

// siteOrigin is where the site's pages come from, for a browser.
const siteOrigin = testdb.SiteURL

// recruits are the members beside the cast's.
const recruits = 5

// newRun makes a site and its members. Everything that is chosen at random comes from the
// seed; what happens then depends on who is faster.
func newRun(t testing.TB, seed uint64, nodes int, redis bool) *run {
	t.Helper()
	r := &run{t: t, seed: seed, site: newSite(t, nodes, redis), rec: &recorder{begun: time.Now()}, struck: map[string]int{}}
	r.h = &r.rec.h
	r.h.Seed = seed
	r.http = &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: knock}).DialContext, MaxIdleConnsPerHost: 32, IdleConnTimeout: 20 * time.Second}}
	cast := testdb.Cast()
	for i, login := range []string{"alice", "bob", "carol", "dave"} {
		p := cast[login]
		m := r.newMember(p.ID, p.Login, p.AppPassword)
		if i < 2 {
			m.browser = &p
		}
		r.members = append(r.members, m)
	}
	for i := range recruits {
		id := int64(1000 + i)
		login := fmt.Sprint("recruit", i)
		for _, statement := range []string{
			`INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
				VALUES (@id, @login, 'x', @login, CONCAT(@login, '@example.test'), '2026-01-01 00:00:00', @login)`,
			`INSERT INTO wp_usermeta (user_id, meta_key, meta_value) SELECT @id, meta_key, meta_value FROM wp_usermeta
				WHERE user_id = @like AND meta_key IN ('wp_capabilities', '_application_passwords')`,
			`INSERT INTO wp_jt_user_profiles (user_id, trust_level, created_at) VALUES (@id, 1, '2026-01-01 00:00:00')`,
			`INSERT INTO wp_jt_space_members (space_id, user_id, joined_at) VALUES (@space, @id, '2026-01-01 00:00:00')`,
		} {
			r.exec(statement, map[string]any{"id": id, "login": login, "like": testdb.Alice, "space": testdb.SpaceOne})
		}
		r.members = append(r.members, r.newMember(id, login, cast["alice"].AppPassword))
	}
	erin := cast["erin"]
	r.stranger = r.newMember(erin.ID, erin.Login, erin.AppPassword)
	return r
}

var named = regexp.MustCompile(`@(id|login|like|space)\b`)

// exec runs a statement with named values.
func (r *run) exec(statement string, values map[string]any) {
	r.t.Helper()
	var list []any
	bound := named.ReplaceAllStringFunc(statement, func(name string) string {
		list = append(list, values[name[1:]])
		return "?"
	})
	_, err := r.site.db.Exec(bound, list...)
	r.site.must(err)
}

func (r *run) newMember(id int64, login, password string) *member {
	return &member{run: r, id: id, login: login, password: password, rng: r.random("member " + login), knows: map[int64]*place{}}
}

// random is a source of choices of its own for each purpose.
func (r *run) random(purpose string) *rand.Rand {
	sum := uint64(14695981039346656037)
	for _, b := range []byte(purpose) {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(r.seed, sum))
}

// ways in, given to the devices in turn.
var ways = []string{"websocket", "sse", "poll"}

// connect gives everybody two devices, the stranger as well.
func (r *run) connect(ctx context.Context, group *sync.WaitGroup) {
	for _, m := range append([]*member{r.stranger}, r.members...) {
		for range 2 {
			way := ways[len(r.devices)%len(ways)]
			d := &device{member: m, way: way, say: make(chan []byte, 1), tops: map[int64]int64{}}
			name := fmt.Sprintf("%s's %s %d", m.login, way, len(r.devices))
			if d.cookie = m.browser != nil && len(r.devices)%2 == 0; d.cookie {
				name += " with a cookie"
			}
			d.rng, d.log = r.random(name), r.rec.stream(name, m.id)
			r.devices = append(r.devices, d)
			group.Go(func() { d.run(ctx) })
		}
	}
	for _, d := range r.devices {
		eventually(r.t, d.log.Name+" is connected", func() error {
			if !d.begun.Load() {
				return fmt.Errorf("it is not")
			}
			return nil
		})
	}
}

// offsets are how far clocks of the site may be off, and half a day around that: the
// moments a page with a nonce may have been made at.
func (r *run) offsets() []time.Duration {
	out := []time.Duration{0}
	r.stepped.Range(func(_, off any) bool {
		if off.(time.Duration) != 0 {
			out = append(out, off.(time.Duration))
		}
		return true
	})
	for _, off := range out {
		out = append(out, off+12*time.Hour, off-12*time.Hour)
	}
	return out
}

// begin starts the first conversations, two direct ones and two groups, and returns those
// who will block the other one of a direct one now and then.
func (r *run) begin(ctx context.Context) (quarrelsome []*member) {
	m := r.members
	m[0].start(ctx, m[1])
	m[2].start(ctx, m[3])
	m[0].start(ctx, m[1:6]...)
	m[4].start(ctx, m[5:]...)
	return []*member{m[0], m[2]}
}

// clientID is an id no other message has.
func (r *run) clientID() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d-%d", r.seed, r.sayings.Add(1)))
}
