package realtime

import (
	"context"
	"maps"
	"slices"

	"parley/messaging"
	"parley/wpauth"
)

// sweep looks for what nobody tells: rows of nodes that died are removed, this node's are
// written anew when somebody else removed them, members who may be on other nodes are
// looked at again because hints get lost, and so are the community's blocks, which
// another program writes.
func (h *Hub) sweep(ctx context.Context) error {
	p := h.presence
	nodes, err := h.Service.PresenceByNode(ctx)
	if err != nil {
		return err
	}
	others, mine := false, 0
	for _, n := range nodes {
		switch {
		case n.Node == p.node:
			mine = n.Members
		case n.Alive:
			others = true
		default:
			others = true
			if err := h.Service.DropDeadNode(ctx, n.Node); err != nil {
				return err
			}
		}
	}
	if mine > len(p.written) && p.node != 0 {
		if err := h.Service.DropNode(ctx, p.node); err != nil {
			return err
		}
		mine = -1
	}
	if mine != len(p.written) {
		h.restate()
	}
	if others || p.others {
		p.notice(p.watched())
	}
	p.others = others
	return h.sweepBlocks(ctx)
}

// seenParts is in how many sweeps everybody who is at the screen was noted once.
const seenParts = 6

// see notes that members are there: those who came since the last sweep, and of the
// others a part each time, so that it is a few full statements.
func (h *Hub) see(ctx context.Context) error {
	p := h.presence
	p.sweeps++
	ids := p.arrived
	p.mu.Lock()
	for id, state := range p.written {
		if _, gone := p.lingers[id]; state == messaging.Online && !gone && int(id)%seenParts == p.sweeps%seenParts {
			ids = append(ids, id)
		}
	}
	p.mu.Unlock()
	p.arrived = nil
	return h.Service.SeeMembers(ctx, ids)
}

// watched is everybody who is watched here.
func (p *presence) watched() []wpauth.UserID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.subjects))
}

// sweepBlocks finds blocks of the community that were set or taken back since the last
// sweep, among members who are watched: those who watch are among them.
func (h *Hub) sweepBlocks(ctx context.Context) error {
	p := h.presence
	ids := p.watched()
	found, err := h.Service.BlocksBy(ctx, ids)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := map[pair]struct{}{}
	for _, b := range found {
		if p.subjects[b[0]] != nil && p.subjects[b[1]] != nil {
			now[pairOf(b[0], b[1])] = struct{}{}
		}
	}
	for two := range now {
		if _, before := p.blocks[two]; !before {
			p.turned[two] = struct{}{}
		}
	}
	for two := range p.blocks {
		if _, still := now[two]; !still {
			p.turned[two] = struct{}{}
		}
	}
	p.blocks = now
	return nil
}

// heard takes in what an event changes. Under Hub.mu.
func (p *presence) heard(h *Hub, d *messaging.Delivery) {
	switch detail := d.Detail.(type) {
	case messaging.BlockChanged:
		one := d.Actor
		if detail.Blocker != 0 {
			one = detail.Blocker
		}
		p.mu.Lock()
		p.turned[pairOf(one, detail.Other)] = struct{}{}
		p.mu.Unlock()
	case messaging.PreferencesChanged:
		h.typing.changes.Add(1)
		p.chose(h, d.Actor)
	case messaging.MessageSent:
		if p.revived(d) {
			h.typing.circles.Delete(d.Conversation)
		}
	}
}

// chose takes in that a member may have switched presence on or off. Under Hub.mu.
func (p *presence) chose(h *Hub, id wpauth.UserID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved[id] = true
	if p.subjects[id] != nil {
		p.noticed[id] = struct{}{}
	}
	for _, c := range h.members[id] {
		if c.watch != nil {
			p.wait(c)
		}
	}
}

// revived has those who watch a conversation told anew when somebody is in it again who
// had deleted it, and reports whether that is so.
func (p *presence) revived(d *messaging.Delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[d.Conversation]
	if r == nil || !slices.ContainsFunc(d.To, func(id wpauth.UserID) bool { return !slices.Contains(r.members, id) }) {
		return false
	}
	for _, c := range r.conns {
		p.wait(c)
	}
	return true
}
