package messaging

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"parley/messaging/store"
	"parley/wpauth"
)

// event is what a use case has to tell; payload is the struct named beside its kind.
type event struct {
	kind         EventKind
	conversation ConversationID
	message      MessageID
	actor        wpauth.UserID
	payload      any
}

// record writes events with the change they tell of, in one statement.
func (s *Service) record(ctx context.Context, tx *sqlx.Tx, now time.Time, events ...event) error {
	rows := make([]store.Event, len(events))
	for i, e := range events {
		payload, err := json.Marshal(e.payload)
		if err != nil {
			return err
		}
		rows[i] = store.Event{Kind: string(e.kind), Conversation: int64(e.conversation),
			Message: int64(e.message), Actor: int64(e.actor), Payload: payload}
	}
	if err := s.store.AppendEvents(ctx, tx, now, rows); err != nil {
		return err
	}
	s.tally.add(events)
	return nil
}
