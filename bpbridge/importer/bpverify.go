package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"strconv"
	"strings"

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

// sums reads the sums of the source's threads: computed there where its texts are UTF-8,
// else here of the texts as they are taken over.
func (s *BuddyPress) sums(ctx context.Context, tx *sqlx.Tx, scope Scope, erased Erased) iter.Seq2[store.ThreadSum, error] {
	where, args := s.where(scope, "m")
	if s.convertsTexts() {
		return s.sumsOfTexts(ctx, tx, where, args, erased)
	}
	return func(yield func(store.ThreadSum, error) bool) {
		err := each(ctx, tx, `SELECT m.thread_id, COUNT(*), MIN(m.id), MAX(m.id),
				COALESCE(SUM(CRC32(CONCAT_WS(':', m.id, m.thread_id, `+erased.sender("m.sender_id", "m.date_sent")+`, CAST(m.subject AS BINARY), CAST(m.message AS BINARY), CAST(m.date_sent AS CHAR)))), 0)
			FROM `+s.messages.quoted()+` m WHERE m.id > 0`+where+` GROUP BY m.thread_id ORDER BY m.thread_id`, args, func(rows *sqlx.Rows) error {
			var t store.ThreadSum
			if err := rows.Scan(&t.Thread, &t.Count, &t.First, &t.Newest, &t.Sum); err != nil {
				return err
			}
			if !yield(t, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(store.ThreadSum{}, err)
		}
	}
}

// convertsTexts reports whether the server would give other bytes than are taken over.
func (s *BuddyPress) convertsTexts() bool {
	return slices.ContainsFunc([]string{"subject", "message"}, func(name string) bool {
		c := s.messages.columns[name]
		return c.Charset != nil && !slices.Contains(asStored, *c.Charset)
	})
}

func (s *BuddyPress) sumsOfTexts(ctx context.Context, tx *sqlx.Tx, where string, args []any, erased Erased) iter.Seq2[store.ThreadSum, error] {
	return func(yield func(store.ThreadSum, error) bool) {
		var t store.ThreadSum
		stopped := false
		err := each(ctx, tx, `SELECT m.thread_id, m.id, `+erased.sender("m.sender_id", "m.date_sent")+`, `+s.messages.bytesOf("m", "subject")+`, `+s.messages.bytesOf("m", "message")+`,
				CAST(m.date_sent AS CHAR)
			FROM `+s.messages.quoted()+` m`+force(s.threadIndex)+` WHERE m.id > 0`+where+` ORDER BY m.thread_id, m.id`, args, func(rows *sqlx.Rows) error {
			var thread, id, sender int64
			var subject, content, date sql.RawBytes
			if err := rows.Scan(&thread, &id, &sender, &subject, &content, &date); err != nil {
				return err
			}
			if t.Count > 0 && t.Thread != thread {
				if stopped = !yield(t, nil); stopped {
					return errEnough
				}
				t = store.ThreadSum{}
			}
			if t.Count == 0 {
				t.Thread, t.First = thread, id
			}
			t.Count, t.Newest = t.Count+1, id
			row := fmt.Sprintf("%d:%d:%d:%s:%s:%s", id, thread, sender, verbatim(subject, s.messages.isLatin1("subject")),
				verbatim(content, s.messages.isLatin1("message")), date)
			t.Sum += uint64(crc32.ChecksumIEEE([]byte(row)))
			return nil
		})
		switch {
		case stopped:
		case err != nil:
			yield(store.ThreadSum{}, err)
		case t.Count > 0:
			yield(t, nil)
		}
	}
}

// verbatim is what Parley keeps as a text's own form.
func verbatim(stored []byte, declaredLatin1 bool) []byte {
	text, kind := toText(stored, declaredLatin1)
	if kind == textConverted {
		return []byte(text)
	}
	return stored
}

// errEnough ends a reading nobody wants more of.
var errEnough = fmt.Errorf("enough")

// bpPlace is somebody's place in a thread of the source, duplicate rows merged (rule 6).
type bpPlace struct {
	thread, user        int64
	unread              int64
	senderOnly, deleted bool
	stars               []int64 // without repetition, rising
}

// places reads everybody in threads that have messages, by thread and user.
func (s *BuddyPress) places(ctx context.Context, tx *sqlx.Tx, scope Scope, stars map[starPlace][]int64) iter.Seq2[bpPlace, error] {
	where, args := s.where(scope, "r")
	return func(yield func(bpPlace, error) bool) {
		var p bpPlace
		some, stopped := false, false
		give := func() bool {
			p.stars = stars[starPlace{p.thread, p.user}]
			return yield(p, nil)
		}
		err := each(ctx, tx, `SELECT r.thread_id, r.user_id, GREATEST(r.unread_count, 0), r.sender_only <> 0, r.is_deleted <> 0
			FROM `+s.recipients.quoted()+` r WHERE r.user_id > 0 AND EXISTS (SELECT 1 FROM `+s.messages.quoted()+` m WHERE m.thread_id = r.thread_id AND m.id > 0)`+where+`
			ORDER BY r.thread_id, r.user_id, r.id`, args, func(rows *sqlx.Rows) error {
			var row bpPlace
			if err := rows.Scan(&row.thread, &row.user, &row.unread, &row.senderOnly, &row.deleted); err != nil {
				return err
			}
			row.deleted = row.deleted || row.thread <= 0 // rule 7
			if some && row.thread == p.thread && row.user == p.user {
				row.deleted = row.deleted && p.deleted
			} else if some {
				if stopped = !give(); stopped {
					return errEnough
				}
			}
			p, some = row, true
			return nil
		})
		switch {
		case stopped:
		case err != nil:
			yield(bpPlace{}, err)
		case some:
			give()
		}
	}
}

type starPlace struct{ thread, user int64 }

// stars reads every star of somebody with a row.
func (s *BuddyPress) stars(ctx context.Context, tx *sqlx.Tx, scope Scope) (map[starPlace][]int64, error) {
	out := map[starPlace][]int64{}
	if s.meta == nil {
		return out, nil
	}
	where, args := s.where(scope, "m")
	err := each(ctx, tx, `SELECT m.thread_id, CAST(x.meta_value AS CHAR), x.message_id FROM `+s.meta.quoted()+` x
		JOIN `+s.messages.quoted()+` m ON m.id = x.message_id WHERE x.meta_key = ?`+where+` ORDER BY x.message_id`,
		append([]any{starKey}, args...), func(rows *sqlx.Rows) error {
			var thread, message int64
			var value sql.NullString
			if err := rows.Scan(&thread, &value, &message); err != nil {
				return err
			}
			if user, err := strconv.ParseInt(value.String, 10, 64); err == nil {
				place := starPlace{thread, user}
				if list := out[place]; len(list) == 0 || list[len(list)-1] != message {
					out[place] = append(list, message)
				}
			}
			return nil
		})
	return out, err
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

// oddities makes V9: what rules 6 to 9 count is counted once more, by other means.
func (b *bpVerifier) oddities(ctx context.Context) error {
	m, r := b.source.messages.quoted(), b.source.recipients.quoted()
	onM, args := b.source.where(b.Scope, "m")
	onR, _ := b.source.where(b.Scope, "r")
	var there, here []string
	for _, x := range []struct {
		kind Finding
		text string
	}{
		{DuplicateRows, `SELECT d.thread_id, SUM(d.n - 1) FROM (SELECT r.thread_id, r.user_id, COUNT(*) AS n FROM ` + r + ` r
			WHERE r.user_id > 0` + onR + ` GROUP BY r.thread_id, r.user_id HAVING COUNT(*) > 1) d
			WHERE EXISTS (SELECT 1 FROM ` + m + ` m WHERE m.thread_id = d.thread_id AND m.id > 0) GROUP BY d.thread_id`},
		{LeftSenders, `SELECT d.thread_id, COUNT(*) FROM (SELECT DISTINCT m.thread_id, m.sender_id FROM ` + m + ` m
			WHERE m.id > 0 AND m.sender_id > 0` + onM + `) d
			WHERE NOT EXISTS (SELECT 1 FROM ` + r + ` r WHERE r.thread_id = d.thread_id AND r.user_id = d.sender_id) GROUP BY d.thread_id`},
		{NoRecipients, `SELECT DISTINCT m.thread_id, 1 FROM ` + m + ` m WHERE m.id > 0` + onM + `
			AND NOT EXISTS (SELECT 1 FROM ` + r + ` r WHERE r.thread_id = m.thread_id AND r.user_id > 0)`},
		{ThreadIDs, `SELECT DISTINCT m.thread_id, 1 FROM ` + m + ` m WHERE m.id > 0 AND m.thread_id < 1` + onM},
		{DatesReplaced, `SELECT m.thread_id, COUNT(*) FROM ` + m + ` m WHERE m.id > 0` + onM + `
			AND (m.date_sent IS NULL OR YEAR(m.date_sent) < 1000 OR MONTH(m.date_sent) = 0 OR DAYOFMONTH(m.date_sent) = 0) GROUP BY m.thread_id`},
	} {
		found := map[int64]int{}
		total, ours := 0, 0
		err := each(ctx, b.tx, x.text, args, func(rows *sqlx.Rows) error {
			var thread int64
			var n int
			err := rows.Scan(&thread, &n)
			if !b.out(thread) {
				found[thread] = n
				total += n
			}
			return err
		})
		if err != nil {
			return err
		}
		for thread, f := range b.findings {
			n, known := found[thread]
			switch {
			case b.Left(thread), !known && !b.Scope.Whole():
			case f[x.kind] != n:
				b.checks[9].failIn(thread, "thread %d: %s is %d in the source and %d in the report", thread, x.kind, n, f[x.kind])
				b.Suspect(thread)
			}
			if !b.Left(thread) && (known || b.Scope.Whole()) {
				ours += f[x.kind]
			}
			delete(found, thread)
		}
		for thread, n := range found {
			b.checks[9].failIn(thread, "thread %d: %s is %d in the source and not in the report", thread, x.kind, n)
			b.Suspect(thread)
		}
		if total+ours > 0 {
			there, here = append(there, fmt.Sprintf("%d %s", total, x.kind)), append(here, fmt.Sprintf("%d %s", ours, x.kind))
		}
	}
	b.checks[9].Source, b.checks[9].Parley = strings.Join(there, ", "), strings.Join(here, ", ")
	return nil
}
