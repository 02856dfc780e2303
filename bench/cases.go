//go:build bench

package bench

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/schema"
)

// benchCase is one kind of request.
type benchCase struct {
	name string
	pick func(i int64) request
	// writes says that a replay needs the rows of the recorded requests gone again.
	writes bool
}

// talking is how many pairs of member and conversation take turns in the case "send".
const talking = 400

func cases(svc *service, d *seeded) []benchCase {
	heavy := loginHeaders(heavyMember)
	get := func(path string) request {
		return newRequest(svc.addr, "GET", "/wp-json/jetonomy/v1"+path, heavy, "", 200)
	}
	var threads, searches []request
	for _, c := range d.long {
		threads = append(threads, get("/conversations/"+itoa(c)+"/messages?limit=50"))
	}
	for _, term := range []string{d.rare, d.medium, d.common} {
		searches = append(searches, get("/conversations?search="+term))
	}
	inbox, unread := get("/conversations"), get("/conversations/unread-count")
	inboxTen := get("/conversations?limit=10")
	bp := func(path string) request {
		return newRequest(svc.addr, "GET", "/wp-json/buddypress/v1/messages"+path, heavy, "", 200)
	}
	var bpThreads, bpSearches []request
	for _, c := range d.long {
		bpThreads = append(bpThreads, bp("/"+itoa(c)+"?messages_per_page=50"))
	}
	for _, term := range []string{d.rare, d.medium, d.common} {
		bpSearches = append(bpSearches, bp("?search="+term))
	}
	bpList, bpStarred := bp(""), bp("?box=starred")
	replies := make([]func(int64) request, len(d.directs))
	for i, p := range d.directs {
		headers, thread := loginHeaders(p[1]), p[0]
		replies[i] = func(n int64) request {
			return newRequest(svc.addr, "POST", "/wp-json/buddypress/v1/messages", headers, fmt.Sprintf(`{"id":%d,"recipients":[%d],"message":"Reply %d of the bench, about as long as people write."}`, thread, p[1], n), 200)
		}
	}
	sends := make([]func(int64) request, len(d.directs))
	for i, p := range d.directs {
		headers := loginHeaders(p[1])
		path := "/wp-json/jetonomy/v1/conversations/" + itoa(p[0]) + "/messages"
		sends[i] = func(n int64) request {
			return newRequest(svc.addr, "POST", path, headers, fmt.Sprintf(`{"content":"Message %d of the bench, about as long as people write."}`, n), 201)
		}
	}
	return []benchCase{
		{name: "inbox", pick: func(int64) request { return inbox }},
		{name: "thread", pick: func(i int64) request { return threads[i%int64(len(threads))] }},
		// Members who are at it: 400 of them, so that who they are is known after the first.
		{name: "send", writes: true, pick: func(i int64) request {
			return sends[int64(len(sends)-talking)+(i*7919)%talking](i)
		}},
		// Everybody in turn, so that almost every send is a member's first in minutes and
		// pays for looking them up and noting their presence. A stride that is prime to the
		// number of pairs visits them all.
		{name: "first send", writes: true, pick: func(i int64) request {
			return sends[(i*7919)%int64(len(sends))](i)
		}},
		{name: "unread", pick: func(int64) request { return unread }},
		{name: "search", pick: func(i int64) request { return searches[i%int64(len(searches))] }},
		{name: "inbox of 10", pick: func(int64) request { return inboxTen }},
		{name: "bp list", pick: func(int64) request { return bpList }},
		{name: "bp thread", pick: func(i int64) request { return bpThreads[i%int64(len(bpThreads))] }},
		{name: "bp reply", writes: true, pick: func(i int64) request { return replies[(i*7919)%int64(len(replies))](i) }},
		{name: "bp search", pick: func(i int64) request { return bpSearches[i%int64(len(bpSearches))] }},
		{name: "bp starred", pick: func(int64) request { return bpStarred }},
	}
}

// replays are recorded requests as lists of statements.
type replays struct {
	lists  []captured
	writes bool
	mark   *rowMark // of writes
	used   atomic.Int64
}

func (r *replays) sample() captured {
	if len(r.lists) == 0 {
		return nil
	}
	// Background work may slip into a recording; the median list is a request's own.
	byLength := slices.Clone(r.lists)
	slices.SortFunc(byLength, func(a, b captured) int { return len(a) - len(b) })
	return byLength[len(byLength)/2]
}

// recordedReads and recordedWrites bound how many requests are recorded. Writes
// cannot be replayed twice, so there must be enough for every cell.
const (
	recordedReads  = 24
	recordedWrites = 8000
)

// record notes the statements of requests. Reads are recorded one by one; writes
// in a row over one connection each, and their rows are removed again so that the
// replay finds the tables as the requests did.
func (c benchCase) record(ctx context.Context, db *sqlx.DB, svc *service, t schema.Tables) (*replays, error) {
	out := &replays{writes: c.writes}
	cl := &client{addr: svc.addr}
	defer cl.close()
	if !c.writes {
		for i := range int64(recordedReads) {
			list, err := captureOne(ctx, db, func() error { return cl.do(c.pick(i)) })
			if err != nil {
				return nil, err
			}
			if len(list) > 0 {
				out.lists = append(out.lists, list)
			}
		}
		if len(out.lists) < recordedReads/2 {
			out.lists = nil // answered from memory
		}
		return out, nil
	}
	mark, err := markRows(ctx, db, t)
	if err != nil {
		return nil, err
	}
	all, err := capture(ctx, db, func() error {
		for i := range int64(recordedWrites) {
			if err := cl.do(c.pick(i + 1<<32)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, list := range all {
		out.lists = append(out.lists, transactions(list)...)
	}
	out.mark = mark
	return out, out.restore(ctx, db, t)
}

// restore takes back what recorded or replayed writes did.
func (r *replays) restore(ctx context.Context, db *sqlx.DB, t schema.Tables) error {
	if r.mark == nil {
		return nil
	}
	return r.mark.restore(ctx, db, t)
}

// transactions cuts the statements of a connection behind each COMMIT.
func transactions(list captured) []captured {
	var out []captured
	from := 0
	for i, q := range list {
		if q == "COMMIT" {
			out = append(out, list[from:i+1])
			from = i + 1
		}
	}
	return out
}

func (r *replays) run(ctx context.Context, db *sqlx.DB, n int, d time.Duration) (result, time.Duration, error) {
	res, cpu, err := bare(ctx, db, n, d, func(i int64) captured {
		if !r.writes {
			return r.lists[i%int64(len(r.lists))]
		}
		at := r.used.Add(1) - 1
		if at >= int64(len(r.lists)) {
			return nil
		}
		return r.lists[at]
	})
	if err == nil && res.firstError != nil && res.firstError != errUsedUp {
		err = res.firstError
	}
	return res, cpu, err
}
