package messaging

import (
	"context"
	"slices"
	"time"

	"parley/messaging/store"
	"parley/wpauth"
)

// PresenceState is how a member is there.
type PresenceState uint8

// The states.
const (
	// Offline: no connection, or nobody may know of one.
	Offline PresenceState = iota
	// Online: a connection whose member is at the screen.
	Online
	// Away: connections alone whose member is not.
	Away
)

// String is how the protocol spells it.
func (s PresenceState) String() string {
	switch s {
	case Online:
		return "online"
	case Away:
		return "away"
	}
	return "offline"
}

// Presence is what others may know of a member.
type Presence struct {
	State PresenceState
	// LastSeen is about when somebody who is offline was last there; zero when that is
	// not known, or for nobody to know.
	LastSeen time.Time
}

// membersPerStatement bounds how many members one statement is about.
const membersPerStatement = 500

// inBatches calls do with at most membersPerStatement members at a time, ascending.
func inBatches(ids []wpauth.UserID, do func(batch []int64) error) error {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	slices.Sort(list)
	for batch := range slices.Chunk(slices.Compact(list), membersPerStatement) {
		if err := do(batch); err != nil {
			return err
		}
	}
	return nil
}

// RecordPresence writes how members are there on a node, Offline for not at all: one
// statement for every 500 who are, and one for every 500 who are not. After an error any
// of it may have been written.
func (s *Service) RecordPresence(ctx context.Context, node NodeID, states map[wpauth.UserID]PresenceState) error {
	var here, gone []wpauth.UserID
	for id, state := range states {
		if state == Offline {
			gone = append(gone, id)
		} else {
			here = append(here, id)
		}
	}
	err := inBatches(here, func(batch []int64) error {
		rows := make(map[int64]int, len(batch))
		for _, id := range batch {
			rows[id] = store.PresentOnline
			if states[wpauth.UserID(id)] == Away {
				rows[id] = store.PresentAway
			}
		}
		return s.store.WritePresence(ctx, int64(node), rows)
	})
	if err == nil {
		err = inBatches(gone, func(batch []int64) error { return s.store.DropPresence(ctx, int64(node), batch) })
	}
	return s.fault(ctx, err)
}

// PresenceOf reads how members are there, on whichever of the nodes that are alive: two
// statements for every 500, besides their preferences. Members who switched it off are
// offline and never were seen.
func (s *Service) PresenceOf(ctx context.Context, ids []wpauth.UserID) (map[wpauth.UserID]Presence, error) {
	out := make(map[wpauth.UserID]Presence, len(ids))
	err := inBatches(ids, func(batch []int64) error {
		chosen, err := s.PreferencesOf(ctx, users(batch))
		if err != nil {
			return err
		}
		open := slices.DeleteFunc(slices.Clone(batch), func(id int64) bool {
			out[wpauth.UserID(id)] = Presence{}
			return !chosen[wpauth.UserID(id)].Presence
		})
		states, err := s.store.PresenceOf(ctx, open)
		if err != nil {
			return err
		}
		for id, state := range states {
			out[wpauth.UserID(id)] = Presence{State: Online}
			if state == store.PresentAway {
				out[wpauth.UserID(id)] = Presence{State: Away}
			}
		}
		gone := slices.DeleteFunc(open, func(id int64) bool { return states[id] != 0 })
		seen, err := s.store.LastSeen(ctx, gone)
		for id, at := range seen {
			out[wpauth.UserID(id)] = Presence{LastSeen: at}
		}
		return err
	})
	return out, s.fault(ctx, err)
}

// hidePresence takes away when members were last there whom this viewer may not see: by
// their own choice or the owner's, or by the viewer's, who then sees nobody. What a block
// hides compose leaves out. Oversight (viewer 0) sees it all.
func (s *Service) hidePresence(viewer wpauth.UserID, c *Conversation) {
	if viewer == 0 {
		return
	}
	open := s.SitePreferences().Presence && (c.Me == nil || !c.Me.hidesPresence)
	for i := range c.Participants {
		if p := &c.Participants[i]; p.User != viewer && (!open || p.hidesPresence) {
			p.Member.LastSeenAt = time.Time{}
		}
	}
}

// Seen implements Messenger.
func (s *Service) Seen(ctx context.Context, a Actor) error {
	return s.dir.TouchLastSeen(ctx, []wpauth.UserID{a.ID}, func(ctx context.Context, ids []wpauth.UserID) ([]wpauth.UserID, error) {
		chosen, err := s.PreferencesOf(ctx, ids)
		return slices.DeleteFunc(ids, func(id wpauth.UserID) bool { return !chosen[id].Presence }), err
	})
}

// SeeMembers notes that members are there, at most once a minute for each: in their
// profiles (contract 4.1), or on a site without Jetonomy in Parley's own table. Whose
// presence is switched off is not for it. One statement for every 500.
func (s *Service) SeeMembers(ctx context.Context, ids []wpauth.UserID) error {
	if s.jetonomy() {
		return s.fault(ctx, s.dir.TouchLastSeen(ctx, ids, nil))
	}
	now := s.now().Truncate(time.Second)
	return s.fault(ctx, inBatches(ids, func(batch []int64) error { return s.store.SeeMembers(ctx, batch, now) }))
}

// NodePresence is how many members a node wrote down, and whether that counts.
type NodePresence struct {
	Node    NodeID
	Members int
	Alive   bool
}

// PresenceByNode reads on which nodes members are, dead ones included.
func (s *Service) PresenceByNode(ctx context.Context) ([]NodePresence, error) {
	rows, err := s.store.PresenceByNode(ctx)
	out := make([]NodePresence, len(rows))
	for i, r := range rows {
		out[i] = NodePresence{NodeID(r.Node), int(r.Members), r.Alive}
	}
	return out, s.fault(ctx, err)
}

// DropDeadNode removes what a node wrote down, unless it is alive after all.
func (s *Service) DropDeadNode(ctx context.Context, node NodeID) error {
	return s.fault(ctx, s.store.DropNode(ctx, int64(node), true))
}

// DropNode removes what a node wrote down, for that node itself.
func (s *Service) DropNode(ctx context.Context, node NodeID) error {
	return s.fault(ctx, s.store.DropNode(ctx, int64(node), false))
}

// BlocksBy reads whom some members blocked for the whole community: blocker first, one
// statement for every 500.
func (s *Service) BlocksBy(ctx context.Context, ids []wpauth.UserID) (pairs [][2]wpauth.UserID, err error) {
	err = inBatches(ids, func(batch []int64) error {
		rows, err := s.store.BlocksBy(ctx, batch)
		for _, r := range rows {
			pairs = append(pairs, [2]wpauth.UserID{wpauth.UserID(r[0]), wpauth.UserID(r[1])})
		}
		return err
	})
	return pairs, s.fault(ctx, err)
}
