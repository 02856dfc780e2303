package importer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging"
	"parley/wpauth"
)

// How V10 takes its sample: members with the most threads, others spread over all, and
// of each list so many pages of a hundred.
const (
	sampleLargest = 5
	sampleSpread  = 15
	samplePages   = 5
	samplePage    = 100
)

// lists makes V10: the boxes of a sample of members as the box rules give them on the
// source (contract 2.2), and as this surface answers.
func (b *bpVerifier) lists(ctx context.Context) error {
	check := &b.checks[10]
	if b.Threads == nil || !b.Scope.Whole() {
		check.Note = "not made for a part of the source"
		return nil
	}
	sample, err := b.sample(ctx)
	if err != nil {
		return err
	}
	if len(sample) == 0 {
		check.Note = "every member did something in Parley since"
		return nil
	}
	var names []string
	compared := 0
	for _, user := range sample {
		boxes, err := b.boxesOf(ctx, user)
		if err != nil {
			return err
		}
		names = append(names, fmt.Sprint(user))
		for _, box := range []messaging.Box{messaging.BoxInbox, messaging.BoxSent, messaging.BoxStarred} {
			n, err := b.compareBox(ctx, user, box, boxes[box])
			if err != nil {
				return err
			}
			compared += n
		}
	}
	check.Source = fmt.Sprintf("%d rows of 3 lists of %d members", compared, len(sample))
	check.Note = "members " + strings.Join(names, ", ")
	return nil
}

// sample chooses members who did nothing in Parley yet.
func (b *bpVerifier) sample(ctx context.Context) ([]int64, error) {
	elsewhere, err := b.Store.PeopleElsewhere(ctx, b.Journal.ID)
	if err != nil {
		return nil, err
	}
	for _, user := range elsewhere {
		b.busy[user] = true
	}
	if err := b.busySuspects(ctx); err != nil {
		return nil, err
	}
	for user := range b.threads {
		if b.busy[user] {
			delete(b.threads, user)
		}
	}
	users := slices.Sorted(maps.Keys(b.threads))
	largest := slices.SortedStableFunc(slices.Values(users), func(x, y int64) int { return cmp.Compare(b.threads[y], b.threads[x]) })
	out := slices.Clone(largest[:min(sampleLargest, len(largest))])
	for i := range sampleSpread {
		if len(users) > 0 {
			out = append(out, users[i*len(users)/sampleSpread])
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// busySuspects leaves everybody out who is in a thread that differs: it may have changed
// in the source since it was read, and where it has not another check names it.
func (b *bpVerifier) busySuspects(ctx context.Context) error {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(b.suspects)), threadsPerRead) {
		args, conversations := make([]any, len(ids)), make([]int64, len(ids))
		for i, id := range ids {
			args[i], conversations[i] = id, id
			if other, ok := b.other[id]; ok {
				conversations[i] = other
			}
		}
		err := each(ctx, b.tx, `SELECT DISTINCT r.user_id FROM `+b.source.recipients.quoted()+` r
			WHERE r.thread_id IN (`+strings.TrimSuffix(strings.Repeat(`?,`, len(ids)), `,`)+`)`, args, func(rows *sqlx.Rows) error {
			var user int64
			err := rows.Scan(&user)
			b.busy[user] = true
			return err
		})
		if err != nil {
			return err
		}
		people, err := b.Store.Participants(ctx, 0, conversations)
		if err != nil {
			return err
		}
		for i := range people {
			b.busy[people[i].User] = true
		}
	}
	return nil
}

// boxRow is a thread in a list.
type boxRow struct {
	thread int64 // Parley's id
	unread int64
	at     time.Time
}

// boxesOf puts a member's boxes together from the source's rows.
func (b *bpVerifier) boxesOf(ctx context.Context, user int64) (map[messaging.Box][]boxRow, error) {
	s := b.source
	places := map[int64]bpPlace{}
	err := each(ctx, b.tx, `SELECT r.thread_id, GREATEST(r.unread_count, 0), r.sender_only <> 0, r.is_deleted <> 0
		FROM `+s.recipients.quoted()+` r WHERE r.user_id = ? AND r.thread_id > 0 ORDER BY r.id`, []any{user}, func(rows *sqlx.Rows) error {
		p := bpPlace{user: user}
		err := rows.Scan(&p.thread, &p.unread, &p.senderOnly, &p.deleted)
		if old, again := places[p.thread]; again {
			p.deleted = p.deleted && old.deleted
		}
		places[p.thread] = p
		return err
	})
	if err != nil {
		return nil, err
	}
	stars := map[int64]bool{}
	if s.meta != nil {
		err = each(ctx, b.tx, `SELECT x.message_id FROM `+s.meta.quoted()+` x WHERE x.meta_key = ? AND x.meta_value = ?`,
			[]any{starKey, fmt.Sprint(user)}, func(rows *sqlx.Rows) error {
				var id int64
				err := rows.Scan(&id)
				stars[id] = true
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	out := map[messaging.Box][]boxRow{}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(places)), threadsPerRead) {
		if err := b.addRows(ctx, out, user, ids, places, stars); err != nil {
			return nil, err
		}
	}
	for _, rows := range out {
		slices.SortFunc(rows, func(x, y boxRow) int { return cmp.Or(y.at.Compare(x.at), cmp.Compare(y.thread, x.thread)) })
	}
	return out, nil
}

// addRows adds some threads to a member's boxes.
func (b *bpVerifier) addRows(ctx context.Context, out map[messaging.Box][]boxRow, user int64, ids []int64, places map[int64]bpPlace, stars map[int64]bool) error {
	threads := map[int64]*bpThread{}
	args := make([]any, len(ids))
	for i, id := range ids {
		threads[id], args[i] = &bpThread{source: b.source, id: id}, id
	}
	chosen := `IN (` + strings.TrimSuffix(strings.Repeat(`?,`, len(ids)), `,`) + `)`
	err := each(ctx, b.tx, `SELECT m.thread_id, m.id, m.sender_id, CAST(m.date_sent AS CHAR) FROM `+b.source.messages.quoted()+` m
		WHERE m.id > 0 AND m.thread_id `+chosen, args, func(rows *sqlx.Rows) error {
		var thread int64
		var m bpMessage
		err := rows.Scan(&thread, &m.id, &m.sender, &m.date)
		threads[thread].messages = append(threads[thread].messages, m)
		return err
	})
	if err != nil {
		return err
	}
	for id, t := range threads {
		p := places[id]
		if len(t.messages) == 0 || p.deleted || b.gone[id] {
			continue
		}
		slices.SortFunc(t.messages, func(x, y bpMessage) int { return cmp.Compare(x.id, y.id) })
		if err := b.source.dateNearby(ctx, b.tx, t); err != nil {
			return err
		}
		d := threadBuilder{bpThread: t, out: &Thread{Findings: Findings{}}, dates: map[int64]time.Time{}}
		d.date()
		newest := map[messaging.Box]time.Time{}
		for i := range t.messages {
			m := &t.messages[i]
			at := d.dates[m.id]
			in := map[messaging.Box]bool{messaging.BoxInbox: !p.senderOnly, messaging.BoxSent: m.sender == user, messaging.BoxStarred: stars[m.id]}
			for box, qualifies := range in {
				if qualifies && at.After(newest[box]) {
					newest[box] = at
				}
			}
		}
		conversation := id
		if other, ok := b.other[id]; ok {
			conversation = other
		}
		for box, at := range newest {
			out[box] = append(out[box], boxRow{conversation, p.unread, at})
		}
	}
	return nil
}

// compareBox asks for a member's list as the surface does, and compares.
func (b *bpVerifier) compareBox(ctx context.Context, user int64, box messaging.Box, want []boxRow) (compared int, err error) {
	check := &b.checks[10]
	actor := messaging.Actor{ID: wpauth.UserID(user)}
	for page := 1; page <= samplePages; page++ {
		answer, err := b.Threads.ListThreads(ctx, actor, messaging.ThreadsQuery{Viewer: actor.ID, Box: box, Page: page, PerPage: samplePage,
			Messages: messaging.Slice{Page: 1, PerPage: 1}, Recipients: messaging.Slice{Page: 1, PerPage: 1}})
		if err != nil {
			return compared, err
		}
		if page == 1 && answer.Total != len(want) {
			check.fail("user %d: %d threads in %s by the source, %d in Parley", user, len(want), box, answer.Total)
		}
		rest := want[min((page-1)*samplePage, len(want)):]
		rest = rest[:min(samplePage, len(rest))]
		for i := range max(len(rest), len(answer.Threads)) {
			compared++
			switch {
			case i >= len(rest) || i >= len(answer.Threads):
				check.fail("user %d: row %d of %s is on one side alone", user, (page-1)*samplePage+i+1, box)
				return compared, nil
			case int64(answer.Threads[i].ID) != rest[i].thread || int64(answer.Threads[i].Unread) != rest[i].unread:
				check.fail("user %d: row %d of %s is thread %d with %d unread by the source, %d with %d in Parley", user, (page-1)*samplePage+i+1, box,
					rest[i].thread, rest[i].unread, answer.Threads[i].ID, answer.Threads[i].Unread)
				return compared, nil
			}
		}
		if len(answer.Threads) < samplePage {
			break
		}
	}
	return compared, nil
}
