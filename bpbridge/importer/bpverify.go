package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// bpVerifier makes the checks of contract 4.4. What members changed in Parley since the
// import is left out where states are compared.
type bpVerifier struct {
	*Verification
	source *BuddyPress
	tx     *sqlx.Tx // one moment of the source

	checks [11]Check // by number
	// gone are threads of the journal that are not followed any more.
	gone     map[int64]bool
	findings map[int64]Findings
	// other are the conversations whose id is not the thread's, by thread.
	other map[int64]int64
	// People by the number of their threads, and those who did something in Parley.
	threads map[int64]int
	busy    map[int64]bool
	touched int
}

// Verify implements Source.
func (s *BuddyPress) Verify(ctx context.Context, v *Verification) ([]Check, error) {
	if err := s.tables(ctx); err != nil {
		return nil, err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	b := &bpVerifier{Verification: v, source: s, tx: tx, gone: map[int64]bool{}, findings: map[int64]Findings{},
		other: map[int64]int64{}, threads: map[int64]int{}, busy: map[int64]bool{}}
	for i, what := range []string{1: "conversations", 2: "messages of each conversation: number, lowest and highest id",
		3: "participants", 4: "what is in inboxes, and how much of it is unread", 5: "deleted by participants", 6: "stars",
		7: "every text, sender and date", 8: "counters above every id", 9: "oddities found again", 10: "lists of a sample of members"} {
		b.checks[i] = Check{Name: "V" + strconv.Itoa(i), What: what}
	}
	if err := b.remarks(ctx); err != nil {
		return nil, err
	}
	for _, check := range []func(context.Context) error{b.messages, b.people, b.counters, b.oddities, b.lists} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return b.checks[1:], nil
}

func (b *bpVerifier) remarks(ctx context.Context) error {
	list, err := b.Store.ImportRemarks(ctx, b.Journal.ID)
	for _, row := range list {
		if row.State != store.ThreadFollowed {
			b.gone[row.Thread] = true
			continue
		}
		if row.Conversation != row.Thread {
			b.other[row.Thread] = row.Conversation
		}
		var f Findings
		if row.Findings.Valid && json.Unmarshal([]byte(row.Findings.String), &f) == nil {
			b.findings[row.Thread] = f
		}
	}
	return err
}

// out reports whether a thread of the source is left out.
func (b *bpVerifier) out(thread int64) bool { return b.gone[thread] || b.Left(thread) }

// messages makes V1, V2 and V7.
func (b *bpVerifier) messages(ctx context.Context) error {
	v1, v2, v7 := &b.checks[1], &b.checks[2], &b.checks[7]
	var there, here, theirs, ours int64
	var sumThere, sumHere uint64
	differs := func(c *Check, thread int64, format string, args ...any) {
		c.failIn(thread, "thread "+strconv.FormatInt(thread, 10)+": "+format, args...)
		b.Suspect(thread)
	}
	err := merged(b.source.sums(ctx, b.tx, b.Scope, b.erased), b.Store.ImportedSums(ctx, b.Journal.ID),
		func(s, p *store.ThreadSum) int { return compareInt(s.Thread, p.Thread) },
		func(s, p *store.ThreadSum) {
			switch {
			case s != nil && b.out(s.Thread), p != nil && b.Left(p.Thread):
			case p == nil && b.Newest > 0 && s.First > b.Newest:
				b.moving[s.Thread] = true // begun since the pass
			case p == nil:
				differs(v1, s.Thread, "%d messages are missing in Parley", s.Count)
			case s == nil && b.Scope.Whole():
				differs(v1, p.Thread, "is in Parley alone")
			case s == nil:
			default:
				if s.Thread > 0 {
					there, here = there+1, here+1
				}
				theirs, ours = theirs+s.Count, ours+p.Count
				sumThere, sumHere = sumThere+s.Sum, sumHere+p.Sum
				if s.Count != p.Count || s.First != p.First || s.Newest != p.Newest {
					differs(v2, s.Thread, "%d messages from %d to %d in the source, %d from %d to %d in Parley", s.Count, s.First, s.Newest, p.Count, p.First, p.Newest)
				}
				if s.Sum != p.Sum {
					differs(v7, s.Thread, "the sum is %d in the source, %d in Parley", s.Sum, p.Sum)
				}
			}
		})
	v1.Source, v1.Parley = fmt.Sprint(there), fmt.Sprint(here)
	v2.Source, v2.Parley = fmt.Sprint(theirs), fmt.Sprint(ours)
	v7.Source, v7.Parley = fmt.Sprint(sumThere), fmt.Sprint(sumHere)
	if n := len(b.gone); n > 0 {
		v1.Note = fmt.Sprintf("%d threads that were removed in Parley, or are gone from the source and kept, are left out", n)
	}
	return err
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// merged walks two lists of the same order side by side: each is given a pair, or what
// one list alone has.
func merged[S, P any](source iter.Seq2[S, error], parley iter.Seq2[P, error], compare func(*S, *P) int, each func(*S, *P)) error {
	nextS, stopS := iter.Pull2(source)
	defer stopS()
	nextP, stopP := iter.Pull2(parley)
	defer stopP()
	s, errS, moreS := nextS()
	p, errP, moreP := nextP()
	for moreS || moreP {
		if errS != nil {
			return errS
		}
		if errP != nil {
			return errP
		}
		order := 0
		switch {
		case !moreP:
			order = -1
		case !moreS:
			order = 1
		default:
			order = compare(&s, &p)
		}
		switch {
		case order < 0:
			each(&s, nil)
		case order > 0:
			each(nil, &p)
		default:
			each(&s, &p)
		}
		if order <= 0 {
			s, errS, moreS = nextS()
		}
		if order >= 0 {
			p, errP, moreP = nextP()
		}
	}
	return nil
}

// people makes V3 to V6.
func (b *bpVerifier) people(ctx context.Context) error {
	stars, err := b.source.stars(ctx, b.tx, b.Scope)
	if err != nil {
		return err
	}
	remap, err := b.Store.Remap(ctx, b.Journal.ID)
	if err != nil {
		return err
	}
	var n [2]struct{ people, inbox, unread, deleted, stars int64 }
	differs := func(c *Check, thread, user int64, format string, args ...any) {
		c.failIn(thread, fmt.Sprintf("thread %d, user %d: ", thread, user)+format, args...)
		b.Suspect(thread)
	}
	err = merged(b.source.places(ctx, b.tx, b.Scope, stars), present(b.Store.ImportedPeople(ctx, b.Journal.ID)),
		func(s *bpPlace, p *store.ImportedPerson) int {
			if c := compareInt(s.thread, p.Thread); c != 0 {
				return c
			}
			return compareInt(s.user, p.User)
		},
		func(s *bpPlace, p *store.ImportedPerson) {
			switch {
			case p != nil && p.User == 0: // the seat of somebody who was erased
				return
			case s != nil && b.erasedUser(s.user), p != nil && b.erasedUser(p.User):
				return
			case p != nil && (p.Touched || p.Own):
				b.touched++
				b.busy[p.User] = true
				return
			case s != nil && b.out(s.thread), p != nil && b.Left(p.Thread):
				if s != nil {
					b.busy[s.user] = true
				}
				return
			case p == nil:
				if !b.moving[s.thread] {
					differs(&b.checks[3], s.thread, s.user, "has a row in the source and none in Parley")
				}
				return
			case s == nil:
				if b.Scope.Whole() {
					differs(&b.checks[3], p.Thread, p.User, "takes part in Parley and has no row in the source")
				}
				return
			}
			b.threads[s.user]++
			ours := bpPlace{unread: int64(p.Unread), senderOnly: p.SenderOnly, deleted: !p.DeletedAt.IsZero()}
			for side, x := range []bpPlace{*s, ours} {
				n[side].people++
				if x.deleted {
					n[side].deleted++
				} else if !x.senderOnly {
					n[side].inbox++
					n[side].unread += x.unread
				}
			}
			n[0].stars += int64(len(s.stars))
			n[1].stars += int64(len(p.Stars))
			if s.unread != ours.unread || s.senderOnly != ours.senderOnly {
				differs(&b.checks[4], s.thread, s.user, "unread %d, sender only %v in the source, unread %d, sender only %v in Parley", s.unread, s.senderOnly, ours.unread, ours.senderOnly)
			}
			if s.deleted != ours.deleted {
				differs(&b.checks[5], s.thread, s.user, "deleted %v in the source, %v in Parley", s.deleted, ours.deleted)
			}
			wanted := slices.Clone(s.stars)
			for i, id := range wanted {
				wanted[i] = Remap(remap).id(KindMessage, id)
			}
			slices.Sort(wanted)
			if !slices.Equal(wanted, p.Stars) {
				differs(&b.checks[6], s.thread, s.user, "messages %v are starred in the source, %v in Parley", wanted, p.Stars)
			}
		})
	for side, text := range []*[4]*string{{&b.checks[3].Source, &b.checks[4].Source, &b.checks[5].Source, &b.checks[6].Source},
		{&b.checks[3].Parley, &b.checks[4].Parley, &b.checks[5].Parley, &b.checks[6].Parley}} {
		*text[0] = fmt.Sprint(n[side].people)
		*text[1] = fmt.Sprintf("%d in inboxes, %d unread", n[side].inbox, n[side].unread)
		*text[2], *text[3] = fmt.Sprint(n[side].deleted), fmt.Sprint(n[side].stars)
	}
	if b.touched > 0 {
		b.checks[3].Note = fmt.Sprintf("%d rows that members changed in Parley since are left out here and in V4 to V6", b.touched)
	}
	return err
}

// erasedUser tells of a member who was erased, and notes that their lists differ.
func (b *bpVerifier) erasedUser(user int64) bool {
	_, erased := b.erased[user]
	if erased {
		b.busy[user] = true
	}
	return erased
}

// present leaves those out who left by the import.
func present(people iter.Seq2[store.ImportedPerson, error]) iter.Seq2[store.ImportedPerson, error] {
	return func(yield func(store.ImportedPerson, error) bool) {
		for p, err := range people {
			if (err != nil || p.LeftAt.IsZero() || p.Touched) && !yield(p, err) {
				return
			}
		}
	}
}

// counters makes V8.
func (b *bpVerifier) counters(ctx context.Context) error {
	c, err := b.Store.Counters(ctx)
	if err != nil {
		return err
	}
	v, err := b.source.highest(ctx, b.tx)
	if err != nil {
		return err
	}
	check := &b.checks[8]
	check.Source = fmt.Sprintf("thread %d, message %d, recipient %d", v.MaxThread, max(v.MaxMessage, v.MaxNotified), v.MaxRecipient)
	check.Parley = fmt.Sprintf("next %d, %d, %d", c.Conversation, c.Message, c.Row)
	for _, x := range []struct {
		what       string
		next, high int64
	}{{"conversation", c.Conversation, v.MaxThread}, {"message", c.Message, max(v.MaxMessage, v.MaxNotified)}, {"participant", c.Row, v.MaxRecipient}} {
		if x.next <= x.high {
			check.fail("the next %s would get id %d, and the source has %d", x.what, x.next, x.high)
		}
	}
	return nil
}

// highest reads the highest ids there are.
func (s *BuddyPress) highest(ctx context.Context, q sqlx.QueryerContext) (v Inventory, err error) {
	for _, x := range []struct {
		into        *int64
		table       *table
		value, when string
	}{
		{&v.MaxThread, s.messages, "thread_id", ""}, {&v.MaxMessage, s.messages, "id", ""}, {&v.MaxRecipient, s.recipients, "id", ""},
		{&v.MaxNotified, s.notifications, "item_id", ` WHERE component_name = 'messages' AND component_action = 'new_message'`},
	} {
		if x.table == nil {
			continue
		}
		if err := sqlx.GetContext(ctx, q, x.into, `SELECT COALESCE(MAX(`+x.value+`), 0) FROM `+x.table.quoted()+x.when); err != nil {
			return v, err
		}
	}
	return v, nil
}
