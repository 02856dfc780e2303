package importer

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
)

// Existing implements Source. People have no ids there; second conversations of a pair
// need none here.
func (s *JetonomyPro) Existing(ctx context.Context, scope Scope, kind string, ids []int64) (found []int64, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if scope, err = s.resolve(ctx, scope); err != nil {
		return nil, err
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	in := ` IN (NULL` + strings.Repeat(`,?`, len(ids)) + `)`
	switch kind {
	case KindThread:
		within, more := s.within(scope, "x.id")
		err = s.db.SelectContext(ctx, &found, `SELECT x.id FROM `+s.threads()+` x WHERE x.id`+in+within, append(args, more...)...)
		return slices.DeleteFunc(found, func(id int64) bool { return s.merged[id] != 0 }), err
	case KindMessage:
		within, more := s.within(scope, "m.conversation_id")
		err = s.db.SelectContext(ctx, &found, `SELECT m.id FROM `+s.messages.quoted()+` m WHERE m.id`+in+within, append(args, more...)...)
	}
	return found, err
}

// jpVerifier makes the checks of this source; their names are those of BuddyPress's
// where they mean the same (its contract 4.4).
type jpVerifier struct {
	*Verification
	source *JetonomyPro
	tx     *sqlx.Tx
	scope  Scope
	gone   map[int64]bool
	checks map[string]*Check
}

// Verify implements Source.
func (s *JetonomyPro) Verify(ctx context.Context, v *Verification) ([]Check, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	scope, err := s.resolve(ctx, v.Scope)
	if err != nil {
		return nil, err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	j := &jpVerifier{Verification: v, source: s, tx: tx, scope: scope, gone: map[int64]bool{}, checks: map[string]*Check{}}
	list := []Check{{Name: "V1", What: "conversations"}, {Name: "V2", What: "messages of each conversation: number, lowest and highest id"},
		{Name: "V3", What: "participants"}, {Name: "V4", What: "read positions, as unread counts"}, {Name: "V5", What: "muted, archived, blocked, left"},
		{Name: "V7", What: "every text, sender and date"}, {Name: "V8", What: "counters above every id"}}
	for i := range list {
		list[i].OK = true
		j.checks[list[i].Name] = &list[i]
	}
	remarks, err := v.Store.ImportRemarks(ctx, v.Journal.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range remarks {
		if row.State != store.ThreadFollowed {
			j.gone[row.Thread] = true
		}
	}
	for _, check := range []func(context.Context) error{j.conversations, j.people, j.counters} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	if n := len(s.merged); n > 0 {
		j.checks["V1"].Note = fmt.Sprintf("%d second conversations of a pair are counted with the oldest", n)
	}
	return list, nil
}

// differs fails a check for a conversation.
func (j *jpVerifier) differs(check string, thread int64, format string, args ...any) {
	j.checks[check].failIn(thread, fmt.Sprintf("conversation %d: ", thread)+format, args...)
	j.Suspect(thread)
}

func (j *jpVerifier) out(thread int64) bool { return j.gone[thread] || j.Left(thread) }

// root is the conversation that has the messages of another one.
func (s *JetonomyPro) root(id int64) int64 {
	if first, second := s.merged[id]; second {
		return first
	}
	return id
}

// conversations makes V1, V2 and V7.
func (j *jpVerifier) conversations(ctx context.Context) error {
	sums, err := j.sums(ctx)
	if err != nil {
		return err
	}
	ours := map[int64]store.ThreadSum{}
	for t, err := range j.Store.ImportedSums(ctx, j.Journal.ID) {
		if err != nil {
			return err
		}
		ours[t.Thread] = t
	}
	var n [2]struct {
		conversations, messages int
		sum                     uint64
	}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		s, p := sums[id], ours[id]
		if s.Count == 0 { // a conversation without messages has no sum here
			p.Thread = id
		}
		switch {
		case j.out(id):
		case p.Thread == 0 && id != 0 && j.Newest > 0 && s.First > j.Newest:
			j.moving[id] = true
		case p.Thread == 0 && id != 0:
			j.differs("V1", id, "%d messages are missing in Parley", s.Count)
		default:
			for side, x := range []store.ThreadSum{s, p} {
				n[side].conversations++
				n[side].messages += int(x.Count)
				n[side].sum += x.Sum
			}
			if s.Count != p.Count || s.First != p.First || s.Newest != p.Newest {
				j.differs("V2", id, "%d messages from %d to %d in the source, %d from %d to %d in Parley", s.Count, s.First, s.Newest, p.Count, p.First, p.Newest)
			}
			if s.Sum != p.Sum {
				j.differs("V7", id, "the sum is %d in the source, %d in Parley", s.Sum, p.Sum)
			}
		}
	}
	for id := range ours {
		if _, there := sums[id]; !there && !j.out(id) && j.Scope.Whole() {
			j.differs("V1", id, "is in Parley alone")
		}
	}
	for side, into := range []func(c *Check) *string{func(c *Check) *string { return &c.Source }, func(c *Check) *string { return &c.Parley }} {
		*into(j.checks["V1"]) = fmt.Sprint(n[side].conversations)
		*into(j.checks["V2"]) = fmt.Sprint(n[side].messages)
		*into(j.checks["V7"]) = fmt.Sprint(n[side].sum)
	}
	return nil
}

// sums adds the source's messages up by conversation, as ImportedSums does Parley's.
func (j *jpVerifier) sums(ctx context.Context) (map[int64]store.ThreadSum, error) {
	s, out := j.source, map[int64]store.ThreadSum{}
	within, args := s.within(j.scope, "c.id")
	err := each(ctx, j.tx, `SELECT c.id FROM `+s.conversations.quoted()+` c WHERE 1`+within, args, func(rows *sqlx.Rows) error {
		var id int64
		err := rows.Scan(&id)
		if s.root(id) == id {
			out[id] = store.ThreadSum{Thread: id}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	column := "content"
	if !s.messages.has(column) {
		column = "content_plain"
	}
	within, args = s.within(j.scope, "m.conversation_id")
	gone, err := j.missing(ctx)
	if err != nil {
		return nil, err
	}
	return out, each(ctx, j.tx, `SELECT m.conversation_id, m.id, `+j.erased.sender("m.sender_id", "m.created_at")+`, `+s.messages.bytesOf("m", column)+`, CAST(m.created_at AS CHAR)
		FROM `+s.messages.quoted()+` m WHERE m.id > 0`+within, args, func(rows *sqlx.Rows) error {
		var thread, id, sender int64
		var content sql.RawBytes
		var date sql.NullString
		if err := rows.Scan(&thread, &id, &sender, &content, &date); err != nil {
			return err
		}
		text := string(content)
		if gone[sender] || sender < 0 {
			sender = 0
		}
		if _, kind := toText(content, s.messages.isLatin1(column)); kind == textAsIs && column != "content" {
			text = html.EscapeString(text)
		}
		thread = s.root(thread)
		t := out[thread]
		if t.Thread = thread; t.Count == 0 || id < t.First {
			t.First = id
		}
		t.Count, t.Newest = t.Count+1, max(t.Newest, id)
		t.Sum += uint64(crc32.ChecksumIEEE(fmt.Appendf(nil, "%d:%d:%d:%s:%s", id, thread, sender, text, seconds(date.String))))
		out[thread] = t
		return nil
	})
}

// missing are the users of the source without an account.
func (j *jpVerifier) missing(ctx context.Context) (map[int64]bool, error) {
	var users []int64
	err := each(ctx, j.tx, `SELECT sender_id FROM `+j.source.messages.quoted()+` UNION SELECT user_id FROM `+j.source.people.quoted(), nil, func(rows *sqlx.Rows) error {
		var id int64
		err := rows.Scan(&id)
		users = append(users, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return j.source.missing(ctx, users)
}

// seconds is a date without the fraction a column may keep.
func seconds(date string) string { return date[:min(len(date), len(dateLayout))] }

// jpPlace is somebody's place as the source has it.
type jpPlace struct {
	unread                         int64
	muted, archived, blocked, left bool
}

func (p jpPlace) state() string {
	return fmt.Sprintf("muted %v, archived %v, blocked %v, left %v", p.muted, p.archived, p.blocked, p.left)
}

// people makes V3 to V5. People of conversations that were put together are counted
// alone: their states are those of several rows.
func (j *jpVerifier) people(ctx context.Context) error {
	type key struct{ thread, user int64 }
	there := map[key]jpPlace{}
	s, p, m := j.source, j.source.people, j.source.messages.quoted()
	system := "0"
	if s.messages.has("is_system") {
		system = "COALESCE(n.is_system, 0) <> 0"
	}
	flag := func(name string) string { return `COALESCE(` + p.or("p", name, "0") + `, 0) <> 0` }
	upTo := func(column string) string {
		return `COALESCE((SELECT MAX(x.id) FROM ` + m + ` x WHERE x.conversation_id = p.conversation_id AND x.created_at <= ` + p.or("p", column, "NULL") + `), 0)`
	}
	left := p.or("p", "left_at", "NULL") + ` IS NOT NULL AND YEAR(` + p.or("p", "left_at", "NULL") + `) > 0`
	within, args := s.within(j.scope, "p.conversation_id")
	err := each(ctx, j.tx, `SELECT p.conversation_id, p.user_id, `+flag("is_muted")+`, `+flag("is_archived")+`, `+flag("is_blocked")+`, COALESCE(`+left+`, 0),
		(SELECT COUNT(*) FROM `+m+` n
		  WHERE n.conversation_id = p.conversation_id AND n.sender_id <> p.user_id AND NOT `+system+`
		    AND n.id > `+upTo("last_read_at")+` AND (NOT COALESCE(`+left+`, 0) OR n.id <= `+upTo("left_at")+`))
		FROM `+p.quoted()+` p WHERE p.user_id > 0 AND EXISTS (SELECT 1 FROM `+s.threads()+` t WHERE t.id = p.conversation_id)`+within, args, func(rows *sqlx.Rows) error {
		var k key
		var at jpPlace
		err := rows.Scan(&k.thread, &k.user, &at.muted, &at.archived, &at.blocked, &at.left, &at.unread)
		k.thread = s.root(k.thread)
		there[k] = at
		return err
	})
	if err != nil {
		return err
	}
	gone, err := j.missing(ctx)
	if err != nil {
		return err
	}
	count, touched := 0, 0
	var unread [2]int64
	for x, err := range j.Store.ImportedPeople(ctx, j.Journal.ID) {
		if err != nil {
			return err
		}
		k := key{x.Thread, x.User}
		at, known := there[k]
		delete(there, k)
		switch {
		case j.out(x.Thread) || x.User == 0 || j.erasedUser(x.User):
			continue
		case x.Touched || x.Own:
			touched++
			continue
		case !known && !x.LeftAt.IsZero() && !x.DeletedAt.IsZero(): // wrote without a row
			continue
		case !known && j.Scope.Whole():
			j.differs("V3", x.Thread, "user %d takes part in Parley and has no row in the source", x.User)
			continue
		case !known:
			continue
		}
		count++
		if s.also[x.Thread] != nil || gone[x.User] {
			continue // of several rows, or one whose own messages are nobody's
		}
		unread[0], unread[1] = unread[0]+at.unread, unread[1]+int64(x.Unread)
		if at.unread != int64(x.Unread) {
			j.differs("V4", x.Thread, "user %d has %d unread in the source, %d in Parley", x.User, at.unread, x.Unread)
		}
		ours := jpPlace{at.unread, x.Muted, x.Archived, x.Blocked, !x.LeftAt.IsZero()}
		if ours != at {
			j.differs("V5", x.Thread, "user %d: %s in the source; %s in Parley", x.User, at.state(), ours.state())
		}
	}
	missing := 0
	for k := range there {
		if !j.out(k.thread) && !j.moving[k.thread] && !j.erasedUser(k.user) {
			missing++
			j.differs("V3", k.thread, "user %d has a row in the source and none in Parley", k.user)
		}
	}
	j.checks["V3"].Source, j.checks["V3"].Parley = fmt.Sprint(count+missing), fmt.Sprint(count)
	j.checks["V4"].Source, j.checks["V4"].Parley = fmt.Sprint(unread[0]), fmt.Sprint(unread[1])
	if touched > 0 {
		j.checks["V3"].Note = fmt.Sprintf("%d rows that members changed in Parley since are left out here, in V4 and in V5", touched)
	}
	return nil
}

func (j *jpVerifier) erasedUser(user int64) bool { _, erased := j.erased[user]; return erased }

// counters makes V8.
func (j *jpVerifier) counters(ctx context.Context) error {
	c, err := j.Store.Counters(ctx)
	if err != nil {
		return err
	}
	var thread, message int64
	if err := j.tx.QueryRowxContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM `+j.source.threads()+` x`).Scan(&thread); err != nil {
		return err
	}
	if err := j.tx.QueryRowxContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM `+j.source.messages.quoted()).Scan(&message); err != nil {
		return err
	}
	check := j.checks["V8"]
	check.Source, check.Parley = fmt.Sprintf("conversation %d, message %d", thread, message), fmt.Sprintf("next %d, %d", c.Conversation, c.Message)
	if c.Conversation <= thread {
		check.fail("the next conversation would get id %d, and the source has %d", c.Conversation, thread)
	}
	if c.Message <= message {
		check.fail("the next message would get id %d, and the source has %d", c.Message, message)
	}
	return nil
}
