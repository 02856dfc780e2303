package messaging

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
	"parley/wptext"
)

// Send implements Messenger: one transaction of at most eight statements, however
// many people are in the conversation.
func (s *Service) Send(ctx context.Context, a Actor, in SendInput) (*Message, error) {
	t, err := s.checkContent(in.Content)
	if err == nil {
		err = checkClientID(in.ClientID)
	}
	if err != nil {
		return nil, s.fault(ctx, s.unlessForeign(ctx, a, in.Conversation, err))
	}
	m, err := s.send(ctx, a, in, t)
	return m, s.fault(ctx, err)
}

// unlessForeign puts what is wrong with the input behind what comes first: that the
// conversation exists and the actor is in it (contract 1.0, validation order).
func (s *Service) unlessForeign(ctx context.Context, a Actor, id ConversationID, invalid error) error {
	place, err := s.place(ctx, a, id)
	switch {
	case err != nil:
		return err
	case !place.Mine.LeftAt.IsZero():
		return hasLeft()
	}
	return invalid
}

func (s *Service) send(ctx context.Context, a Actor, in SendInput, t text) (*Message, error) {
	leave, err := s.turn(ctx, a.ID, in.ClientID)
	if err != nil {
		return nil, err
	}
	defer leave()
	if m, err := s.repeated(ctx, a.ID, in.ClientID); m != nil || err != nil {
		return m, err
	}
	out, err := s.outgoing(ctx, a, t, s.now())
	if err != nil {
		return nil, err
	}
	out.clientID = in.ClientID
	var sent store.Message
	var to audience
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		sent, to, err = s.append(ctx, tx, in.Conversation, out)
		return err
	})
	if err != nil {
		return s.orRepeated(ctx, a.ID, in.ClientID, err)
	}
	s.dropMailbox(append(to.recipients, a.ID)...)
	m := message(&sent, out.sender)
	return &m, nil
}

// outgoing is a message on its way, with everything that is known before its
// transaction begins.
type outgoing struct {
	actor       Actor
	sender      wpauth.Member
	text        text
	clientID    string
	now         time.Time
	siteDefault *bool
	// thread follows the BuddyPress surface: the sender's own state stays as it is
	// (D17), moderators write without joining (D22), and nothing is too late for an
	// account that is gone.
	thread bool
	// revive gives the sender back a conversation they deleted: they start it anew.
	revive bool
}

// outgoing reads what a message needs beside its text.
func (s *Service) outgoing(ctx context.Context, a Actor, t text, now time.Time) (outgoing, error) {
	sender, err := s.sender(ctx, a)
	if err != nil {
		return outgoing{}, err
	}
	siteDefault, err := s.siteDefault(ctx)
	return outgoing{actor: a, sender: sender, text: t, now: now, siteDefault: siteDefault}, err
}

// append writes a message into an existing conversation: the plan of every send. A
// refusal leaves nothing behind, because the caller rolls back.
func (s *Service) append(ctx context.Context, tx *sqlx.Tx, id ConversationID, out outgoing) (store.Message, audience, error) {
	fail := func(err error) (store.Message, audience, error) { return store.Message{}, audience{}, err }
	found, err := s.store.Advance(ctx, tx, int64(id), out.now, out.text.preview)
	if err != nil {
		return fail(err)
	}
	if !found {
		return fail(noConversation())
	}
	facts, err := s.store.SendFacts(ctx, tx, int64(id), int64(out.actor.ID), out.now.Add(-time.Minute), out.now)
	if err != nil {
		return fail(err)
	}
	outside, err := mayAppend(facts, out)
	if err != nil {
		return fail(err)
	}
	if err := s.withinMinute(ctx, tx, out.actor, facts.InLastMinute, out.now); err != nil {
		return fail(err)
	}
	row := out.row(id, facts.Seq)
	messageID, err := s.store.InsertMessage(ctx, tx, row)
	if err != nil {
		return fail(err)
	}
	to := s.address(facts.People, out.actor.ID, out.siteDefault)
	if out.thread {
		to.own = 0
	}
	bells, err := s.ring(ctx, tx, to, facts.IDStep, bellText(id, out.sender, out.text.preview, out.now))
	if err != nil {
		return fail(err)
	}
	if err := s.store.InsertNotices(ctx, tx, to.notices, messageID, row.Sender, out.now); err != nil {
		return fail(err)
	}
	if to.behind && !out.thread {
		if err := s.store.ReadNotices(ctx, tx, int64(id), row.Sender, facts.Seq); err != nil {
			return fail(err)
		}
	}
	if err := s.store.Deliver(ctx, tx, row, facts.ActivityAt, bells, out.thread); err != nil {
		return fail(err)
	}
	if outside && Type(facts.Type) == Group {
		if err := s.store.RecordOutsider(ctx, tx, int64(id), row.Sender, row.Seq, out.now); err != nil {
			return fail(err)
		}
	}
	err = s.record(ctx, tx, out.now, event{EventMessageSent, id, MessageID(messageID), out.actor.ID,
		MessageSent{Seq: facts.Seq, Recipients: to.recipients, Notified: to.notified, Push: to.push}})
	return written(messageID, row), to, err
}

// row is the message as the table takes it.
func (o outgoing) row(id ConversationID, seq int64) store.NewMessage {
	return store.NewMessage{Conversation: int64(id), Seq: seq, Sender: int64(o.actor.ID), Kind: int(KindMessage),
		Format: int(o.text.format), Subject: o.text.subject, Content: o.text.content, Plain: o.text.plain, ClientID: o.clientID, At: o.now, Body: wptext.Fold(o.text.plain)}
}

func written(id int64, m store.NewMessage) store.Message {
	return store.Message{ID: id, Conversation: m.Conversation, Seq: m.Seq, Sender: m.Sender, Kind: m.Kind,
		Format: m.Format, Subject: m.Subject, Content: m.Content, Plain: m.Plain, CreatedAt: m.At}
}

// mayAppend holds the rules of an existing conversation (contract 3.1, 3.4, 3.5, 3.8).
// Trust and shared spaces are not asked again. outside tells of a moderator who takes
// no part.
func mayAppend(f store.SendFacts, out outgoing) (outside bool, _ error) {
	me := slices.IndexFunc(f.People, func(p store.Fact) bool { return p.User == int64(out.actor.ID) })
	moderates := out.thread && out.actor.Moderator && len(f.People) > 0
	switch {
	case moderates && (me < 0 || f.People[me].Left):
		return true, nil
	case me < 0:
		return false, notParticipant()
	case f.People[me].Left:
		return false, hasLeft()
	case f.People[me].Deleted && !out.revive && !moderates:
		return false, notParticipant()
	case Type(f.Type) != Direct:
		return false, nil
	}
	return false, mayWriteTo(f, me, out)
}

// mayWriteTo holds the rules between the two of a direct conversation.
func mayWriteTo(f store.SendFacts, me int, out outgoing) error {
	for i := range f.People {
		if peer := &f.People[i]; i != me && peer.Blocked {
			return blockedByActor()
		}
	}
	if f.People[me].Blocked || f.Paired && len(f.People) < 2 {
		return cannotSend()
	}
	for i := range f.People {
		peer := &f.People[i]
		if i != me && (!peer.Exists && !out.thread || peer.Banned || peer.SenderBlocks || peer.BlocksSender) {
			return cannotSend()
		}
	}
	return nil
}

// withinMinute refuses what goes over the limit per minute, until the oldest message
// that counts falls out of it.
func (s *Service) withinMinute(ctx context.Context, tx *sqlx.Tx, a Actor, inLastMinute int, now time.Time) error {
	limit := s.limits.MessagesPerMinute
	if limit <= 0 || inLastMinute < limit {
		return nil
	}
	at, err := s.store.NthNewest(ctx, tx, int64(a.ID), limit)
	if err != nil {
		return err
	}
	return limited("You are sending messages too fast.", at.Add(time.Minute), now)
}

// turn waits for the member's turn to write. Without a limit to count for and without
// a client id there is nothing to wait for.
func (s *Service) turn(ctx context.Context, id wpauth.UserID, clientID string) (leave func(), err error) {
	if s.limits.MessagesPerMinute <= 0 && clientID == "" {
		return func() {}, nil
	}
	return s.senders.enter(ctx, id)
}

// sender is the actor's card, for the answer and the bell rows.
func (s *Service) sender(ctx context.Context, a Actor) (wpauth.Member, error) {
	cards, err := s.dir.Members(ctx, []wpauth.UserID{a.ID})
	return cards[a.ID], err
}

// repeated finds what a client id was used for before; nil when it is new.
func (s *Service) repeated(ctx context.Context, id wpauth.UserID, clientID string) (*Message, error) {
	if clientID == "" {
		return nil, nil
	}
	row, found, err := s.store.MessageByClientID(ctx, int64(id), clientID)
	if err != nil || !found {
		return nil, err
	}
	messages, err := s.withSenders(ctx, []store.Message{row})
	if err != nil {
		return nil, err
	}
	return &messages[0], nil
}

// orRepeated looks once more after a failure under a client id: another process may
// have been first, or a commit whose answer was lost may have happened.
func (s *Service) orRepeated(ctx context.Context, id wpauth.UserID, clientID string, failure error) (*Message, error) {
	if m, err := s.repeated(ctx, id, clientID); m != nil && err == nil {
		s.dropMailbox(id)
		return m, nil
	}
	return nil, failure
}
