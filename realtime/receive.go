package realtime

import (
	"encoding/json"
	"time"

	"parley/messaging"
)

// Allow counts one frame of the client and reports whether it may send that many.
func (c *Conn) Allow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frames.take(c.hub.Limits.Frames, c.hub.Limits.FramesPer, time.Now())
}

// pong answers a client's own ping, which browsers cannot send as WebSocket's.
var pong = encode("pong", struct {
	Type string `json:"type"`
}{"pong"})

// Receive takes in a client's frame, or says why the connection has to end.
func (c *Conn) Receive(raw []byte) *Ending {
	var f struct {
		Type         string                    `json:"type"`
		Conversation *messaging.ConversationID `json:"conversation"`
	}
	if json.Unmarshal(raw, &f) != nil {
		return BadFrame
	}
	switch f.Type {
	case "ping":
		c.give(pong)
	case "typing":
		if f.Conversation == nil {
			return BadFrame
		}
		return c.hub.isTyping(c.Member, *f.Conversation)
	case "auth": // once more, by a client that always says it
	default:
		return BadFrame
	}
	return nil
}
