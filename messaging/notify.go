package messaging

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// bellRunes is the length of a bell row's text (contract 4.2).
const bellRunes = 500

// DefaultBellType is the notification type of bell rows (contract decision 16).
const DefaultBellType = "private_message"

// bells reports whether the site has Jetonomy's bell rows.
func (s *Service) bells() bool { return s.features.Jetonomy && s.features.JetonomyBell }

// audience is whom a message reaches, worked out once from the facts.
type audience struct {
	recipients []wpauth.UserID // active members but the sender
	notified   []wpauth.UserID // of those, who get or keep a bell row
	push       []wpauth.UserID // of those, who may also be pushed or mailed

	refresh []int64 // unread bell rows to give the newest text
	insert  []int64 // members to write a new bell row for
	own     int64   // the sender's own unread bell row: writing is reading
	notices []int64 // members BuddyPress notifies
	behind  bool    // the sender has something unread
}

// address decides who is told of a message (contract 3.7): not the sender, nor who
// left, muted the conversation, is banned, gone or has the web preference off.
// Whoever blocked the sender gets the bell row but no push or mail. BuddyPress, which
// knows no web preference, notifies everybody but who muted the conversation or is
// banned, accounts that are gone included (its contract 7).
func (s *Service) address(people []store.Fact, sender wpauth.UserID, siteDefault *bool) audience {
	var to audience
	for i := range people {
		p := &people[i]
		user := wpauth.UserID(p.User)
		switch {
		case p.Left || p.User == 0: // 0 is the seat of somebody who was erased
			continue
		case user == sender:
			to.own, to.behind = p.Bell, p.Unread
			continue
		}
		to.recipients = append(to.recipients, user)
		if !p.Muted && !p.Banned {
			to.notices = append(to.notices, p.User)
		}
		if !s.bells() || p.Muted || p.Banned || !p.Exists || !wantsBell(p.NotifyWeb, p.Settings, siteDefault) {
			continue
		}
		to.notified = append(to.notified, user)
		if !p.BlocksSender {
			to.push = append(to.push, user)
		}
		if p.Bell != 0 {
			to.refresh = append(to.refresh, p.Bell)
		} else {
			to.insert = append(to.insert, p.User)
		}
	}
	return to
}

// wantsBell follows the chain of contract 4.6: one's own choice, the profile's
// settings, the site's default, on.
func wantsBell(own *bool, settings string, siteDefault *bool) bool {
	switch {
	case own != nil:
		return *own
	case settings != "":
		if web := profileChoice(settings); web != nil {
			return *web
		}
	}
	return siteDefault == nil || *siteDefault
}

// profileChoice reads settings.notifications.private_message.web out of a profile's
// JSON; nil when it says nothing or cannot be read.
func profileChoice(settings string) *bool {
	if !strings.Contains(settings, "private_message") {
		return nil
	}
	var profile struct {
		Notifications struct {
			PrivateMessage struct {
				Web json.RawMessage `json:"web"`
			} `json:"private_message"`
		} `json:"notifications"`
	}
	if json.Unmarshal([]byte(settings), &profile) != nil {
		return nil
	}
	switch strings.Trim(string(profile.Notifications.PrivateMessage.Web), `"`) {
	case "", "null":
		return nil
	case "true", "1", "yes", "on":
		on := true
		return &on
	}
	off := false
	return &off
}

// siteDefault is the site's own web preference for messages, nil when it has none.
func (s *Service) siteDefault(ctx context.Context) (*bool, error) {
	if !s.bells() {
		return nil, nil
	}
	o, err := s.dir.Options(ctx)
	return o.MessageWebDefault, err
}

// ring writes the new bell rows of a message, and says what is to be done about those
// that are there.
func (s *Service) ring(ctx context.Context, tx *sqlx.Tx, to audience, step int64, text store.BellText) (store.Bells, error) {
	if !s.bells() {
		return store.Bells{}, nil
	}
	text.Type = s.bellType
	inserted, err := s.store.InsertBells(ctx, tx, to.insert, step, text)
	return store.Bells{Inserted: inserted, Refresh: to.refresh, Done: to.own, Text: text}, err
}

// bellText is "{sender}: {preview}". Its time has whole seconds, as the table does,
// so that it is never rounded into the future.
func bellText(c ConversationID, sender wpauth.Member, preview string, now time.Time) store.BellText {
	text := []rune(sender.Name() + ": " + preview)
	return store.BellText{Conversation: int64(c), Actor: int64(sender.ID),
		Text: string(text[:min(len(text), bellRunes)]), At: now.Truncate(time.Second)}
}
