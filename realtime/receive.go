package realtime

import (
	"encoding/json"
	"time"

	"parley/messaging"
)

// Allow counts one frame of the client and reports whether it may send that many, alone
// and together with the member's other connections.
func (c *Conn) Allow() bool {
	l, now := &c.hub.Limits, time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames.take(l.Frames, l.FramesPer, now) && c.together.take(l.MemberFrames, l.FramesPer, now)
}

// pong answers a client's own ping, which browsers cannot send as WebSocket's.
var pong = encode("pong", struct {
	Type string `json:"type"`
}{"pong"})

// frames is what a client may say, by type.
var frames = map[string]func(c *Conn, raw []byte) *Ending{
	"auth":   func(*Conn, []byte) *Ending { return nil }, // once more, by a client that always says it
	"ping":   func(c *Conn, _ []byte) *Ending { c.give(pong); return nil },
	"typing": (*Conn).saysTyping,
	"state":  (*Conn).saysState,
	"watch":  (*Conn).saysWatch,
	"ack":    (*Conn).saysAck,
}

// Receive takes in a client's frame, or says why the connection has to end.
func (c *Conn) Receive(raw []byte) *Ending {
	var f struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &f) != nil {
		return BadFrame
	}
	if take := frames[f.Type]; take != nil {
		return take(c, raw)
	}
	return BadFrame
}

func (c *Conn) saysTyping(raw []byte) *Ending {
	var f struct {
		Conversation *messaging.ConversationID `json:"conversation"`
	}
	if json.Unmarshal(raw, &f) != nil || f.Conversation == nil {
		return BadFrame
	}
	return c.hub.isTyping(c.Member, *f.Conversation)
}
