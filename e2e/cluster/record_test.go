package cluster_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"parley/e2e/cluster/history"
)

// recorder writes down what members do and are told.
type recorder struct {
	begun time.Time

	mu sync.Mutex
	h  history.History
}

// now is the moment, by the one clock of a history.
func (r *recorder) now() time.Duration { return time.Since(r.begun) }

// done writes down an op that is over.
func (r *recorder) done(op history.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Ops = append(r.h.Ops, op)
}

// stream begins to write down what a device is told.
func (r *recorder) stream(name string, member int64) *history.Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &history.Stream{Name: name, Member: member}
	r.h.Streams = append(r.h.Streams, s)
	return s
}

func (r *recorder) fault(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Faults = append(r.h.Faults, fmt.Sprintf("%v %s", r.now().Truncate(time.Millisecond), what))
}

// acknowledged is how many messages were acknowledged so far.
func (r *recorder) acknowledged() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.h.Ops {
		if op := &r.h.Ops[i]; (op.Kind == history.Send || op.Kind == history.Start) && op.Outcome == history.Acknowledged {
			n++
		}
	}
	return n
}

// tables writes down what is stored in the end.
func (s *site) tables(h *history.History) {
	s.t.Helper()
	type row struct {
		ID, LastSeq, Creator int64
		Type                 int
	}
	var rows []row
	s.must(s.db.Select(&rows, `SELECT id, last_seq AS lastseq, created_by AS creator, type FROM wp_parley_conversations ORDER BY id`))
	for _, r := range rows {
		c := history.Conversation{ID: r.ID, LastSeq: r.LastSeq, Creator: r.Creator, Direct: r.Type == 1}
		s.must(s.db.Select(&c.Members, `SELECT user_id AS member, COALESCE(left_seq, 0) AS leftseq, last_read_seq AS readseq
			FROM wp_parley_participants WHERE conversation_id = ? ORDER BY user_id`, r.ID))
		h.Conversations = append(h.Conversations, c)
	}
	s.must(s.db.Select(&h.Messages, `SELECT id, conversation_id AS conversation, seq, sender_id AS sender, kind = 1 AS notice,
		COALESCE(client_id, '') AS clientid, COALESCE(plain, content) AS text FROM wp_parley_messages ORDER BY id`))
	type event struct {
		Position, Conversation, Message, Actor int64
		Kind                                   string
		Payload                                []byte
	}
	var events []event
	s.must(s.db.Select(&events, `SELECT id AS position, kind, conversation_id AS conversation, message_id AS message,
		actor_id AS actor, payload FROM kept_events WHERE kind NOT IN ('', 'pruned') ORDER BY id`))
	for _, e := range events {
		var p struct {
			Seq   int64
			Value bool
		}
		s.must(json.Unmarshal(e.Payload, &p))
		h.Events = append(h.Events, history.Event{Position: e.Position, Kind: e.Kind, Conversation: e.Conversation,
			Message: e.Message, Actor: e.Actor, Seq: p.Seq, Value: p.Value})
	}
}

// threads writes down what everybody can read in the end: members their conversations,
// and a stranger as much as they are let.
func (r *run) threads() {
	r.t.Helper()
	readers := map[int64]*member{}
	for _, m := range r.members {
		readers[m.id] = m
	}
	for i := range r.h.Conversations {
		c := &r.h.Conversations[i]
		for _, seat := range c.Members {
			r.h.Threads = append(r.h.Threads, history.Thread{Member: seat.Member, Conversation: c.ID, Lines: r.thread(readers[seat.Member], c.ID)})
		}
		r.h.Threads = append(r.h.Threads, history.Thread{Member: r.stranger.id, Conversation: c.ID, Lines: r.thread(r.stranger, c.ID)})
	}
}

func (r *run) thread(m *member, conversation int64) (out []history.Line) {
	r.t.Helper()
	for after := int64(0); ; {
		a := m.call(context.Background(), m.rng, "GET", fmt.Sprintf("%s?limit=100&mark_read=false&order=asc&after=%d", messagesOf(conversation), after), nil)
		if a.status != http.StatusOK {
			return out
		}
		page, more := a.lines(r.t)
		out = append(out, page...)
		if !more {
			return out
		}
		after = page[len(page)-1].Message
	}
}

// save writes a history to a file that stays, and returns its path.
func save(h *history.History) (string, error) {
	f, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("parley-history-%d-%d.json.gz", h.Seed, os.Getpid())))
	if err != nil {
		return "", err
	}
	z := gzip.NewWriter(f)
	if err := json.NewEncoder(z).Encode(h); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}
