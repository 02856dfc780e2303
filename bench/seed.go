//go:build bench

package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"parley/schema"
	"parley/wptext"
)

// size says how much data a run makes.
type size struct {
	members       int
	conversations int
	heavy         int // conversations of the one member whose mailbox is measured
	long          int // of those, how many have longThread messages
}

const (
	longThread = 200
	// firstMember keeps clear of the cast of the site fixture.
	firstMember = 1001
	heavyMember = firstMember
)

func sizeFor(scale int) size {
	return size{members: 2000 * scale, conversations: 20000 * scale, heavy: 1000 * scale, long: 100 * scale}
}

// seeded is what the load needs to know of the data.
type seeded struct {
	size
	messages int
	// long are conversations of the heavy member with at least longThread messages.
	long []int64
	// directs are pairs (conversation, sender) for sending.
	directs [][2]int64
	// rare, medium and common are words by their number of messages on the site.
	rare, medium, common string
	site                 *words
}

// words makes text with a skew like that of a language: few words are everywhere.
type words struct {
	list []string
	zipf *rand.Zipf
	rnd  *rand.Rand
}

func newWords(seed uint64) *words {
	rnd := rand.New(rand.NewPCG(seed, 7))
	const vowels, rest = "aeiou", "bcdfghklmnprstvz"
	list := make([]string, 0, 50000)
	known := map[string]bool{}
	for len(list) < cap(list) {
		var b strings.Builder
		for range 2 + rnd.IntN(3) {
			b.WriteByte(rest[rnd.IntN(len(rest))])
			b.WriteByte(vowels[rnd.IntN(len(vowels))])
		}
		if w := b.String(); !known[w] {
			known[w] = true
			list = append(list, w)
		}
	}
	return &words{list: list, rnd: rnd, zipf: rand.NewZipf(rnd, 1.07, 20, uint64(len(list)-1))}
}

func (w *words) sentence() string {
	var b strings.Builder
	for i := range 3 + w.rnd.IntN(22) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.list[w.zipf.Uint64()])
	}
	return b.String()
}

// seed fills a site with members and conversations as if they had talked for a year.
func seed(ctx context.Context, db *sqlx.DB, t schema.Tables, token string, sz size, now time.Time) (*seeded, error) {
	if err := seedMembers(ctx, db, token, sz, now); err != nil {
		return nil, err
	}
	w := newWords(1)
	out := &seeded{size: sz, site: w, rare: w.list[9000], medium: w.list[400], common: w.list[1]}
	conversations, participants, messages, texts := newLoad(), newLoad(), newLoad(), newLoad()
	wait := make(chan error, 4)
	for _, l := range []struct {
		name, columns string
		load          *load
	}{
		{t.Conversations, "id,type,title,created_by,direct_low,direct_high,last_seq,message_count,last_message_at,last_message_preview,last_activity_at,created_at", conversations},
		{t.Participants, "conversation_id,user_id,folder,last_activity_at,unread_count,has_unread,last_read_seq,last_read_at,joined_at", participants},
		{t.Messages, "conversation_id,id,seq,sender_id,content,created_at", messages},
		{t.MessageText, "conversation_id,message_id,sender_id,body", texts},
	} {
		go func() { wait <- l.load.into(ctx, db, l.name, l.columns) }()
	}
	rnd := rand.New(rand.NewPCG(2, 3))
	pairs := map[[2]int64]bool{}
	start := now.AddDate(-1, 0, 0)
	id := int64(0)
	for c := int64(1); c <= int64(sz.conversations); c++ {
		people := pickPeople(rnd, sz, c, pairs)
		count := 2 + rnd.IntN(17)
		heavy := c <= int64(sz.heavy)
		if c <= int64(sz.long) {
			count = longThread
			out.long = append(out.long, c)
		}
		created := start.Add(time.Duration(rnd.Int64N(int64(300 * 24 * time.Hour))))
		at, preview := created, ""
		for seq := 1; seq <= count; seq++ {
			id++
			sender := people[rnd.IntN(len(people))]
			at = at.Add(time.Duration(1 + rnd.Int64N(int64(6*time.Hour))))
			text := w.sentence()
			preview = text
			messages.row(c, id, seq, sender, text, stamp(at))
			texts.row(c, id, sender, wptext.Fold(text))
		}
		kind, title, low, high := 2, "Group "+fmt.Sprint(c), `\N`, `\N`
		if len(people) == 2 {
			kind, title = 1, `\N`
			low, high = fmt.Sprint(min(people[0], people[1])), fmt.Sprint(max(people[0], people[1]))
			out.directs = append(out.directs, [2]int64{c, people[0]}, [2]int64{c, people[1]})
		}
		conversations.row(c, kind, title, people[0], low, high, count, count, stamp(at), wptext.Preview(preview, 255), stamp(at), stamp(created))
		for i, u := range people {
			unread, read := 0, count
			if i > 0 && rnd.IntN(20) == 0 && !heavy {
				unread, read = 1, count-1
			}
			participants.row(c, u, 0, stamp(at), unread, min(unread, 1), read, stamp(at), stamp(created))
		}
	}
	out.messages = int(id)
	for _, l := range []*load{conversations, participants, messages, texts} {
		l.w.Close()
	}
	for range 4 {
		if err := <-wait; err != nil {
			return nil, err
		}
	}
	for _, q := range []string{
		// What sending would have left behind for the box of sent messages.
		"UPDATE " + t.Participants + " p JOIN (SELECT conversation_id, sender_id, MAX(created_at) AS sent FROM " + t.Messages +
			" GROUP BY conversation_id, sender_id) m ON m.conversation_id = p.conversation_id AND m.sender_id = p.user_id SET p.last_sent_at = m.sent",
		fmt.Sprintf("INSERT INTO %s (user_id, conversation_id, message_id, message_at) SELECT %d, conversation_id, id, created_at FROM %s WHERE conversation_id <= %d AND seq = 2",
			t.Stars, heavyMember, t.Messages, sz.heavy),
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("seeding stars and sent messages: %w", err)
		}
	}
	_, err := db.ExecContext(ctx, "ANALYZE TABLE "+strings.Join([]string{t.Conversations, t.Participants, t.Messages, t.MessageText}, ", "))
	return out, err
}

// pickPeople gives the first sz.heavy conversations to the heavy member; one in
// ten conversations is a group of three to eight.
func pickPeople(rnd *rand.Rand, sz size, c int64, pairs map[[2]int64]bool) []int64 {
	other := func() int64 { return firstMember + 1 + rnd.Int64N(int64(sz.members-1)) }
	for {
		var people []int64
		if c <= int64(sz.heavy) {
			people = []int64{heavyMember, other()}
		} else {
			people = []int64{other(), other()}
		}
		if people[0] == people[1] {
			continue
		}
		if c%10 == 0 {
			seen := map[int64]bool{people[0]: true, people[1]: true}
			for want := 3 + rnd.IntN(6); len(people) < want; {
				if u := other(); !seen[u] {
					seen[u] = true
					people = append(people, u)
				}
			}
			return people
		}
		pair := [2]int64{min(people[0], people[1]), max(people[0], people[1])}
		if !pairs[pair] {
			pairs[pair] = true
			return people
		}
	}
}

// seedMembers adds members of one space at trust level 2, each with a session
// of the given token.
func seedMembers(ctx context.Context, db *sqlx.DB, token string, sz size, now time.Time) error {
	session := sessionMeta(token, now.Add(48*time.Hour))
	for from := 0; from < sz.members; from += 500 {
		var users, meta, profiles, spaces []string
		for i := from; i < min(from+500, sz.members); i++ {
			id := firstMember + i
			login := memberLogin(int64(id))
			users = append(users, fmt.Sprintf("(%d,'%s','%s','%s','%s@example.test','Member %d',NOW())", id, login, passwordHash, login, login, id))
			meta = append(meta, fmt.Sprintf("(%d,'wp_capabilities','a:1:{s:10:\"subscriber\";b:1;}'),(%d,'session_tokens','%s')", id, id, session))
			profiles = append(profiles, fmt.Sprintf("(%d,2,NOW())", id))
			spaces = append(spaces, fmt.Sprintf("(1,%d,'member',NOW())", id))
		}
		for _, q := range []string{
			"INSERT INTO wp_users (ID,user_login,user_pass,user_nicename,user_email,display_name,user_registered) VALUES " + strings.Join(users, ","),
			"INSERT INTO wp_usermeta (user_id,meta_key,meta_value) VALUES " + strings.Join(meta, ","),
			"INSERT INTO wp_jt_user_profiles (user_id,trust_level,created_at) VALUES " + strings.Join(profiles, ","),
			"INSERT INTO wp_jt_space_members (space_id,user_id,role,joined_at) VALUES " + strings.Join(spaces, ","),
		} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("seeding members: %w", err)
			}
		}
	}
	return nil
}

func memberLogin(id int64) string { return fmt.Sprintf("member%d", id) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

// load is one LOAD DATA stream.
type load struct {
	r *io.PipeReader
	w *io.PipeWriter
	b strings.Builder
}

func newLoad() *load {
	r, w := io.Pipe()
	return &load{r: r, w: w}
}

func (l *load) row(values ...any) {
	l.b.Reset()
	for i, v := range values {
		if i > 0 {
			l.b.WriteByte('\t')
		}
		fmt.Fprint(&l.b, v)
	}
	l.b.WriteByte('\n')
	// A failed reader closes the pipe; into reports why.
	_, _ = io.WriteString(l.w, l.b.String())
}

func (l *load) into(ctx context.Context, db *sqlx.DB, table, columns string) error {
	name := strings.Trim(table, "`")
	mysql.RegisterReaderHandler(name, func() io.Reader { return l.r })
	defer mysql.DeregisterReaderHandler(name)
	_, err := db.ExecContext(ctx, fmt.Sprintf(`LOAD DATA LOCAL INFILE 'Reader::%s' INTO TABLE %s CHARACTER SET utf8mb4 (%s)`, name, table, columns))
	if err != nil {
		err = fmt.Errorf("loading %s: %w", table, err)
		l.r.CloseWithError(err)
	}
	return err
}
