package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parley/e2e/cluster/history"
)

// ask makes one request and writes it down, the answer read by read if it was granted.
func (m *member) ask(ctx context.Context, rng *rand.Rand, op history.Op, method, path string, body any, read func(answer, *history.Op)) history.Op {
	op.Member, op.Invoked = m.id, m.rec.now()
	a := m.call(ctx, rng, method, path, body)
	op.Outcome, op.Attempts, op.Status = a.outcome(), a.attempts, a.status
	if op.Outcome != history.Unknown {
		op.Returned = m.rec.now()
	}
	if op.Outcome == history.Acknowledged && read != nil {
		read(a, &op)
	}
	m.rec.done(op)
	return op
}

// start starts a conversation.
func (m *member) start(ctx context.Context, others ...*member) {
	op := history.Op{Kind: history.Start, ClientID: m.clientID()}
	op.Text = m.login + " begins " + op.ClientID
	for _, o := range others {
		op.Others = append(op.Others, o.id)
	}
	m.ask(ctx, m.rng, op, "POST", root, map[string]any{"recipient_ids": op.Others, "message": op.Text, "client_id": op.ClientID},
		func(a answer, op *history.Op) {
			var made struct {
				Conversation int64 `json:"conversation_id"`
				Message      int64 `json:"message_id"`
			}
			a.into(m.t, &made)
			op.Conversation, op.Message = made.Conversation, made.Message
			m.learn(made.Conversation, len(others) == 1)
		})
}

// send sends a message.
func (m *member) send(ctx context.Context, id int64) history.Op {
	op := history.Op{Kind: history.Send, Conversation: id, ClientID: m.clientID()}
	op.Text = m.login + " says " + op.ClientID
	return m.ask(ctx, m.rng, op, "POST", messagesOf(id), map[string]any{"content": op.Text, "client_id": op.ClientID},
		func(a answer, op *history.Op) {
			var made struct {
				ID int64 `json:"id"`
			}
			a.into(m.t, &made)
			op.Message = made.ID
		})
}

// read reads everything.
func (m *member) read(ctx context.Context, id int64) {
	m.ask(ctx, m.rng, history.Op{Kind: history.Read, Conversation: id, Seen: m.seen(id)}, "POST", conversationOf(id)+"/read", nil, nil)
}

// page reads the newest messages.
func (m *member) page(ctx context.Context, id int64) {
	m.ask(ctx, m.rng, history.Op{Kind: history.Page, Conversation: id}, "GET", messagesOf(id)+"?limit=20&mark_read=false", nil,
		func(a answer, op *history.Op) {
			op.Answer, _ = a.lines(m.t)
			slices.Reverse(op.Answer)
		})
}

// leave leaves a group, for good.
func (m *member) leave(ctx context.Context, id int64) {
	m.mu.Lock()
	m.knows[id].left = true
	m.mu.Unlock()
	m.ask(ctx, m.rng, history.Op{Kind: history.Leave, Conversation: id}, "POST", conversationOf(id)+"/leave", nil, nil)
}

// block blocks the other one of a direct conversation, or takes that back.
func (m *member) block(ctx context.Context, rng *rand.Rand, id int64, on bool) {
	kind := history.Unblock
	if on {
		kind = history.Block
	}
	m.ask(ctx, rng, history.Op{Kind: kind, Conversation: id}, "POST", conversationOf(id)+"/block", map[string]any{"blocked": on}, nil)
}

// types says on one of the member's sockets that they type.
func (m *member) types(id int64) {
	for _, d := range m.devices {
		if d.member != m || d.way != "websocket" {
			continue
		}
		select {
		case d.say <- fmt.Appendf(nil, `{"type":"typing","conversation":%d}`, id):
			m.rec.done(history.Op{Kind: history.Typing, Member: m.id, Conversation: id, Invoked: m.rec.now(), Outcome: history.Unknown})
		default:
		}
	}
}

// live does what members do until sending ends; what was begun is ended until ctx ends.
func (m *member) live(sending, ctx context.Context) {
	for sending.Err() == nil {
		places := m.open()
		if len(places) > 0 {
			m.act(ctx, places[m.rng.IntN(len(places))], len(places))
		}
		pause(sending, time.Duration(20+m.rng.IntN(120))*time.Millisecond)
	}
}

// act does one thing, most often sending.
func (m *member) act(ctx context.Context, p place, places int) {
	switch dice := m.rng.IntN(1000); {
	case dice < 600:
		m.send(ctx, p.id)
	case dice < 620: // somebody who loses patience for good
		brief, cancel := context.WithTimeout(ctx, time.Duration(m.rng.IntN(400))*time.Millisecond)
		m.send(brief, p.id)
		cancel()
	case dice < 780:
		m.read(ctx, p.id)
	case dice < 900:
		m.page(ctx, p.id)
	case dice < 980:
		m.types(p.id)
	case dice < 990 && !p.direct && places > 2:
		m.leave(ctx, p.id)
	case dice >= 990:
		var others []*member
		for _, o := range m.run.members {
			if o != m && m.rng.IntN(2) == 0 {
				others = append(others, o)
			}
		}
		if len(others) > 1 {
			m.start(ctx, others...)
		}
	}
}

// quarrel blocks and unblocks in a direct conversation.
func (m *member) quarrel(sending, ctx context.Context, id int64) {
	rng := m.random(fmt.Sprint("quarrel ", id))
	for pause(sending, time.Duration(500+rng.IntN(3000))*time.Millisecond) {
		m.block(ctx, rng, id, true)
		pause(sending, time.Duration(rng.IntN(1500))*time.Millisecond)
		m.block(ctx, rng, id, false)
	}
}
