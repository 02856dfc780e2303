package messaging

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/internal/mysql"
	"parley/messaging/store"
	"parley/wpauth"
)

// Start implements Messenger.
func (s *Service) Start(ctx context.Context, a Actor, in StartInput) (StartResult, error) {
	plan, err := s.plan(a, in)
	if err != nil {
		return StartResult{}, err
	}
	r, err := s.start(ctx, a, plan)
	return r, s.fault(ctx, err)
}

// beginning is a conversation somebody wants to start, checked as far as that goes
// without looking at anybody.
type beginning struct {
	others   []int64
	typ      Type
	title    string
	text     text
	clientID string
	// thread starts a new conversation in any case (BuddyPress contract, D11); toSelf
	// is a note to self, where others holds the actor alone.
	thread, toSelf bool
}

func (s *Service) plan(a Actor, in StartInput) (p beginning, err error) {
	if !in.empty {
		if p.text, err = s.checkContent(in.Content); err != nil {
			return p, err
		}
	}
	if p.title, err = s.checkTitle(in.Title); err != nil {
		return p, err
	}
	if err := checkClientID(in.ClientID); err != nil {
		return p, err
	}
	p.clientID, p.typ = in.ClientID, in.Type
	if p.others, err = s.others(a, in.Recipients); err != nil {
		return p, err
	}
	if p.typ == 0 {
		p.typ = Group
		if len(p.others) == 1 {
			p.typ = Direct
		}
	}
	switch {
	case p.typ != Direct && p.typ != Group:
		return p, Refuse(Invalid, "There is no such type of conversation.")
	case p.typ == Direct && len(p.others) > 1:
		return p, Refuse(Invalid, "A direct conversation has exactly one recipient.")
	case p.typ == Direct:
		p.title = ""
	}
	return p, nil
}

// others are the recipients without repetitions and without the actor, in the order
// asked for.
func (s *Service) others(a Actor, recipients []wpauth.UserID) ([]int64, error) {
	seen := map[wpauth.UserID]bool{a.ID: true}
	var out []int64
	for _, id := range recipients {
		if id <= 0 {
			return nil, Refuse(Invalid, "One of the recipients does not exist.")
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, int64(id))
		}
	}
	switch {
	case len(out) == 0 && len(recipients) > 0:
		return nil, Refuse(Invalid, "You cannot message only yourself.")
	case len(out) == 0:
		return nil, Refuse(Invalid, "Please choose at least one recipient.")
	case len(out) >= s.limits.Members:
		return nil, Refuse(Invalid, "A conversation cannot have that many members.")
	}
	return out, nil
}

func (s *Service) start(ctx context.Context, a Actor, p beginning) (StartResult, error) {
	leave, err := s.senders.enter(ctx, a.ID)
	if err != nil {
		return StartResult{}, err
	}
	defer leave()
	if m, err := s.repeated(ctx, a.ID, p.clientID); m != nil || err != nil {
		return s.first(ctx, a, m, err)
	}
	r, err := s.begin(ctx, a, p)
	if err == nil {
		r.Conversation, err = s.get(ctx, a, r.Conversation.ID)
		return r, err
	}
	m, err := s.orRepeated(ctx, a.ID, p.clientID, err)
	return s.first(ctx, a, m, err)
}

// first answers a repeated start as the first one was answered, even to a member who
// deleted the conversation meanwhile.
func (s *Service) first(ctx context.Context, a Actor, m *Message, err error) (StartResult, error) {
	if err != nil {
		return StartResult{}, err
	}
	c, err := s.getDeleted(ctx, a, m.Conversation)
	if err != nil {
		return StartResult{}, err
	}
	return StartResult{Conversation: c, Message: m.ID, Reused: m.Seq > 1 || c.CreatedBy != a.ID}, nil
}

// begin applies the rules of starting and writes. Of the result's conversation only
// the id is filled.
func (s *Service) begin(ctx context.Context, a Actor, p beginning) (StartResult, error) {
	now := s.now()
	facts, err := s.store.StartFacts(ctx, int64(a.ID), p.others, now.Add(-day), now.Add(-time.Minute), now)
	if err != nil {
		return StartResult{}, err
	}
	if err := s.mayStart(a, p, facts); err != nil {
		return StartResult{}, err
	}
	out, err := s.outgoing(ctx, a, p.text, now)
	if err != nil {
		return StartResult{}, err
	}
	out.clientID = p.clientID
	if p.typ == Group {
		return s.create(ctx, a, p, facts, out)
	}
	// The pair's thread may be made, or purged, by somebody else at any moment.
	pair := facts.Candidates[0].Pair
	for range startAttempts {
		var r StartResult
		if pair == 0 {
			if r, err = s.create(ctx, a, p, facts, out); !mysql.IsDuplicate(err, "direct_pair") {
				return r, err
			}
			if pair, err = s.store.PairOf(ctx, min(int64(a.ID), p.others[0]), max(int64(a.ID), p.others[0])); err != nil {
				return r, err
			}
			continue
		}
		if r, err = s.reuse(ctx, ConversationID(pair), out); ReasonOf(err) != NotFound {
			return r, err
		}
		pair = 0
	}
	return StartResult{}, err
}

// startAttempts bounds how often two members' thread is looked for while others make
// and purge it.
const startAttempts = 5

const day = 24 * time.Hour

// mayStart holds the rules of starting, in the contract's order: trust, who exists,
// shared spaces, then what must not be told apart (3.1 to 3.5, 3.8).
func (s *Service) mayStart(a Actor, p beginning, f store.StartFacts) error {
	jetonomy := s.jetonomy()
	if level, counts := s.trust(a, f); counts && !a.Bypass && level < s.minTrust {
		return Refuse(TrustTooLow, "You need a higher trust level to send messages.")
	}
	if p.toSelf {
		return nil
	}
	every := func(refused func(store.Candidate) bool, err error) error {
		if slices.ContainsFunc(f.Candidates, refused) {
			return err
		}
		return nil
	}
	if err := every(func(c store.Candidate) bool { return !c.Exists },
		Refuse(Invalid, "One of the recipients does not exist.")); err != nil {
		return err
	}
	if jetonomy && !a.Bypass {
		if err := every(func(c store.Candidate) bool { return !c.SharesSpace },
			Refuse(OutOfScope, "You can only message people who share at least one space with you.")); err != nil {
			return err
		}
	}
	if p.thread && p.typ == Direct {
		if err := every(func(c store.Candidate) bool { return c.BlocksInPair }, blockedByActor()); err != nil {
			return err
		}
	}
	return every(func(c store.Candidate) bool {
		// In the pair's own thread the block is judged with everything else about it.
		return c.Banned || c.SenderBlocks || c.BlocksSender || (p.typ == Group || p.thread) && c.BlockedInPair
	}, cannotSend())
}

// reuse appends to the pair's thread.
func (s *Service) reuse(ctx context.Context, id ConversationID, out outgoing) (StartResult, error) {
	var sent store.Message
	var to audience
	err := s.inTx(ctx, func(tx *sqlx.Tx) (err error) {
		out.revive = true
		sent, to, err = s.append(ctx, tx, id, out)
		return err
	})
	if err != nil {
		return StartResult{}, err
	}
	s.dropMailbox(append(to.recipients, out.actor.ID)...)
	return StartResult{Conversation: &Conversation{ID: id}, Message: MessageID(sent.ID), Reused: true}, nil
}

// create makes a new conversation with its first message.
func (s *Service) create(ctx context.Context, a Actor, p beginning, f store.StartFacts, out outgoing) (StartResult, error) {
	if err := s.withinDay(ctx, a, f, out.now); err != nil {
		return StartResult{}, err
	}
	people := make([]store.Fact, len(f.Candidates))
	for i, c := range f.Candidates {
		people[i] = store.Fact{User: c.User, Exists: c.Exists, Banned: c.Banned, SenderBlocks: c.SenderBlocks,
			BlocksSender: c.BlocksSender, NotifyWeb: c.NotifyWeb, Settings: c.Settings}
	}
	others := p.others
	to := s.address(people, a.ID, out.siteDefault)
	if p.toSelf {
		others, to.notices = nil, p.others
	}
	row := store.NewConversation{Type: int(p.typ), Title: p.title, CreatedBy: int64(a.ID), At: out.now, Preview: p.text.preview}
	if p.typ == Direct && !p.toSelf && f.Candidates[0].Pair == 0 {
		row.Low, row.High = min(row.CreatedBy, p.others[0]), max(row.CreatedBy, p.others[0])
	}
	var id ConversationID
	var messageID int64
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := s.withinMinute(ctx, tx, a, f.InLastMinute, out.now); err != nil {
			return err
		}
		made, err := s.store.InsertConversation(ctx, tx, row)
		if err != nil {
			return err
		}
		id = ConversationID(made)
		if messageID, err = s.store.InsertMessage(ctx, tx, out.row(id, 1)); err != nil {
			return err
		}
		bells, err := s.ring(ctx, tx, to, f.IDStep, bellText(id, out.sender, out.text.preview, out.now))
		if err != nil {
			return err
		}
		if err := s.store.InsertParticipants(ctx, tx, made, int64(a.ID), others, out.now, bells.Inserted); err != nil {
			return err
		}
		if err := s.store.InsertNotices(ctx, tx, to.notices, messageID, int64(a.ID), out.now); err != nil {
			return err
		}
		everybody := append([]wpauth.UserID{a.ID}, to.recipients...)
		return s.record(ctx, tx, out.now,
			event{EventConversationCreated, id, 0, a.ID, ConversationCreated{Type: p.typ.String(), Participants: everybody}},
			event{EventMessageSent, id, MessageID(messageID), a.ID,
				MessageSent{Seq: 1, Recipients: to.recipients, Notified: to.notified, Push: to.push}})
	})
	if err != nil {
		return StartResult{}, err
	}
	s.dropMailbox(append(to.recipients, a.ID)...)
	return StartResult{Conversation: &Conversation{ID: id}, Message: MessageID(messageID)}, nil
}

// withinDay refuses a new conversation over the trust level's limit for 24 hours
// (contract 3.6), until the oldest that counts falls out of them.
func (s *Service) withinDay(ctx context.Context, a Actor, f store.StartFacts, now time.Time) error {
	level, counts := s.trust(a, f)
	if !counts || a.Bypass {
		return nil
	}
	limit := s.limits.NewPerDay[min(max(level, 0), len(s.limits.NewPerDay)-1)]
	if limit <= 0 || f.InLastDay < limit {
		return nil
	}
	at, err := s.store.NthNewestConversation(ctx, int64(a.ID), limit)
	if err != nil {
		return err
	}
	return limited("You have started too many conversations today.", at.Add(day), now)
}
