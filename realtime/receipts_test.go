package realtime

import (
	"fmt"
	"testing"

	"parley/messaging"
)

func TestRecentForgetsWhatWasNotUsedLately(t *testing.T) {
	t.Parallel()
	r := recent[int]{most: 100}
	for i := range 1000 {
		if !r.rise(i, 5) || r.rise(i, 5) || r.rise(i, 4) || !r.rise(i, 6) || r.get(i) != 6 {
			t.Fatalf("%d is %d", i, r.get(i))
		}
		if n := len(r.young) + len(r.old); n > 200 {
			t.Fatalf("%d are remembered", n)
		}
	}
	for i, want := range map[int]int64{0: 0, 799: 0, 901: 6, 999: 6} {
		if got := r.get(i); got != want {
			t.Errorf("%d is %d, want %d", i, got, want)
		}
	}
}

// owing is a connection that was told messages of conversations, in turn.
func owing(messages, conversations int) *Conn {
	c := &Conn{hub: &Hub{receipts: newReceipts()}, kind: WebSocket, Member: 3}
	for i := range messages {
		id := messaging.ConversationID(1 + i%conversations)
		c.owesLocked(&Frame{position: int64(10 + i), message: messageOf{id, int64(1 + i/conversations), 2}})
	}
	return c
}

func TestWhatAClientOwesIsBounded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ messages, conversations, most int }{{1, 1, 8}, {1000, 1, 8}, {1000, 3, 8}, {20, 20, 40}, {100_000, 5000, 2 * owedMost}} {
		c := owing(row.messages, row.conversations)
		if cap(c.owed) > row.most {
			t.Errorf("%+v: room for %d", row, cap(c.owed))
		}
		c.acknowledge(int64(10 + row.messages))
		if c.owed != nil {
			t.Errorf("%+v: acknowledged, %d are owed", row, len(c.owed))
		}
		if got := len(c.hub.receipts.reached); got < min(row.conversations, owedMost) || got > row.conversations {
			t.Errorf("%+v: %d conversations were reached", row, got)
		}
	}
	// Own messages, and those told to clients that say nothing, are not remembered.
	c := owing(0, 1)
	c.owesLocked(&Frame{position: 10, message: messageOf{1, 1, 3}}, &Frame{position: 11})
	c.kind = ServerEvents
	c.owesLocked(&Frame{position: 12, message: messageOf{1, 2, 2}})
	if len(c.owed) != 0 {
		t.Errorf("%v is owed", c.owed)
	}
}

func TestAcknowledgingPartOfWhatIsOwed(t *testing.T) {
	t.Parallel()
	c := owing(6, 2) // positions 10 to 15, conversations 1 2 1 2 1 2
	c.acknowledge(9)
	c.acknowledge(13)
	if got := fmt.Sprint(c.hub.receipts.reached); got != "map[{1 3}:2 {2 3}:2]" || len(c.owed) != 2 {
		t.Errorf("reached %s, %d owed", got, len(c.owed))
	}
	c.acknowledge(13)
	c.acknowledge(14)
	if got := fmt.Sprint(c.hub.receipts.reached); got != "map[{1 3}:3 {2 3}:2]" || len(c.owed) != 1 {
		t.Errorf("reached %s, %d owed", got, len(c.owed))
	}
}

func TestReceiptsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	r := newReceipts()
	many := make([]reader, 0, receiptsWaiting+10)
	for i := range receiptsWaiting + 10 {
		many = append(many, reader{messaging.ConversationID(i + 1), 3})
		r.add(many[i], 1)
	}
	r.hear(many)
	r.hear([]reader{{0, 3}, {3, -1}})
	r.add(many[0], 7)
	if len(r.reached) != receiptsWaiting || len(r.heard) != receiptsWaiting || r.reached[many[0]] != 7 {
		t.Errorf("%d and %d wait, the first to %d", len(r.reached), len(r.heard), r.reached[many[0]])
	}
	rounds := 1
	for ; r.take().full(); rounds++ {
	}
	if rounds != receiptsWaiting/receiptsAtOnce+1 {
		t.Errorf("%d rounds", rounds)
	}
}
